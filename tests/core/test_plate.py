import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charteroak.core.plate import (
    LONGEST,
    PatternTooWideError,
    PlatePattern,
    PlateText,
    UnreadablePatternError,
    UnreadablePlateError,
    match_key,
)

GLYPHS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
plates = st.text(GLYPHS, min_size=1, max_size=LONGEST).map(PlateText)
patterns = st.text(GLYPHS + "?*", min_size=1, max_size=12)


@given(plates)
def test_the_raw_reading_is_never_rewritten(plate: PlateText) -> None:
    assert PlateText.parse(plate.glyphs).glyphs == plate.glyphs


@given(plates)
def test_folding_is_idempotent_and_keeps_the_length(plate: PlateText) -> None:
    key = plate.match_key
    assert match_key(key) == key
    assert len(key) == len(plate.glyphs)
    assert "O" not in key


@given(st.text(GLYPHS, min_size=1, max_size=LONGEST), st.sampled_from(" -.·'"))
def test_separators_and_case_do_not_matter(glyphs: str, separator: str) -> None:
    assert PlateText.parse(separator.join(glyphs.lower())).glyphs == glyphs


@pytest.mark.parametrize(
    "text",
    ["", " - ", "A" * 11, "ABC\x0012", "АВС123", "ABC🚗", "AB\n12", "ß" * 9],  # noqa: RUF001 - Cyrillic on purpose
)
def test_what_is_no_plate_is_refused_without_naming_it(text: str) -> None:
    if text == "AB\n12":
        assert PlateText.parse(text).glyphs == "AB12"
        return
    with pytest.raises(UnreadablePlateError) as refused:
        PlateText.parse(text)
    assert not text.strip(" -") or text not in str(refused.value)


@given(st.text(max_size=200))
def test_any_text_is_a_plate_or_our_error(text: str) -> None:
    try:
        plate = PlateText.parse(text)
    except UnreadablePlateError:
        return
    assert re.fullmatch(r"[A-Z0-9]{1,10}", plate.glyphs)


@given(plates)
def test_a_plate_never_shows_in_its_repr(plate: PlateText) -> None:
    shown = f"{plate!r}{plate}"
    assert shown == f"PlateText(<{len(plate.glyphs)} characters>)" * 2


def slow_match(pattern: str, key: str) -> bool:
    """The definition: `?` is any one character, `*` any number."""
    if not pattern:
        return not key
    if pattern[0] == "*":
        return any(slow_match(pattern[1:], key[cut:]) for cut in range(len(key) + 1))
    return (
        bool(key) and pattern[0] in ("?", key[0]) and slow_match(pattern[1:], key[1:])
    )


@given(patterns, plates)
def test_wildcards_are_what_their_definition_says(text: str, plate: PlateText) -> None:
    try:
        pattern = PlatePattern.parse(text)
    except (PatternTooWideError, UnreadablePatternError):
        return
    assert pattern.matches(plate.match_key) == slow_match(
        match_key(text), plate.match_key
    )


@given(plates)
def test_a_plate_of_two_or_more_is_its_own_pattern(plate: PlateText) -> None:
    if len(plate.glyphs) >= 2:
        pattern = PlatePattern.parse(plate.glyphs)
        assert pattern.exact
        assert pattern.matches(plate.match_key)


@pytest.mark.parametrize("text", ["*", "?", "A*", "*7?", "**"])
def test_a_pattern_for_everybody_is_refused(text: str) -> None:
    with pytest.raises(PatternTooWideError):
        PlatePattern.parse(text)


@pytest.mark.parametrize("text", ["", "AB%1", "AB;1", "AB🚗", "A" * 90])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(UnreadablePatternError):
        PlatePattern.parse(text)
