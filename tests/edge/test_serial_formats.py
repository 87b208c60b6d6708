"""The formats that come with the project: complete, and those that training draws."""

import pytest
from training.designs import designs

from charteroak.core.plate import PlateText
from charteroak.core.read import STATES
from charteroak.core.serial_format import BrokenFormatError, Format, places_of
from charteroak.core.serials import OTHER, Doubt
from charteroak.edge.serial_formats import grammar, parsed, shipped


def covered(places: tuple[str, ...], formats: list[Format]) -> bool:
    return any(
        len(each.places) == len(places)
        and all(set(a) <= set(b) for a, b in zip(places, each.places, strict=True))
        for each in formats
    )


def test_every_state_has_formats_that_are_still_issued() -> None:
    year, formats = parsed(shipped())
    assert {each.state for each in formats if each.until is None} == STATES
    assert all(each.since <= year for each in formats)


def test_what_training_draws_is_listed() -> None:
    """One source: what the recogniser learnt must not look odd to the grammar."""
    _, formats = parsed(shipped())
    missing = [
        f"{design.state} {form}"
        for design in designs()
        for form in design.serials
        if form != "*"
        and not covered(
            places_of(form, design.letters),
            [each for each in formats if each.state == design.state],
        )
    ]
    assert not missing


@pytest.mark.parametrize(
    ("state", "text", "seconds"),
    [
        ("CT", "AB12345", "CA"),
        ("CA", "8ABC123", "CT"),
        ("NJ", "D12ABC", "PA"),
        ("FL", "ABCD12", "GA"),
        ("MO", "AB1C2D", "KS"),
        ("NY", "T123456C", "NJ"),
        ("DE", "123456", "MD"),
    ],
)
def test_a_known_format_helps_its_state(state: str, text: str, seconds: str) -> None:
    judgement = grammar().judge(
        PlateText(text),
        characters=(0.98,) * len(text),
        states={state: 0.45, seconds: 0.5, OTHER: 0.05},
    )
    assert judgement.states[0][0] == state
    assert not judgement.doubts


def test_a_digit_among_letters_is_told_and_left() -> None:
    judgement = grammar().judge(
        PlateText("A8C1234"),
        characters=(0.99, 0.5, *(0.99,) * 5),
        alternatives=((), (("B", 0.49),), *((),) * 5),
        states={"NY": 0.9, "CT": 0.1},
    )
    assert judgement.doubts == {Doubt.NO_FORMAT, Doubt.LOOKALIKE}
    assert judgement.places == (1,)


@pytest.mark.parametrize(
    "broken",
    [
        b"\xff",
        b"as_of = 2026",
        b"as_of = 2026\n[states]\nCT = [{form='#', since=1990}]",
        b"as_of = 2026\n[states]\nZZ = [{form='#', since=1990, share=1}]",
        b"as_of = 2026\n[states]\nCT = [{form='a', since=1990, share=1}]",
        b"as_of = 2026\n[states]\nCT = [{form='#', since=1990, share=1, till=2000}]",
    ],
)
def test_a_broken_list_is_refused(broken: bytes) -> None:
    with pytest.raises(BrokenFormatError):
        parsed(broken)
