"""Notes that should stop stop, those that should pass pass, and each says why."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charteroak.core.folding import words
from charteroak.core.screening import Screened, Verdict, screen
from charteroak.law.screening import BrokenNoteListError, note_rules, read_note_rules
from charteroak.law.vocabulary import is_purpose

RULES = note_rules()
NOTES = Path(__file__).with_name("notes")
STOP = (NOTES / "should-stop.txt").read_text("utf-8").splitlines()
PASS = (NOTES / "should-pass.txt").read_text("utf-8").splitlines()
# Kept apart from this project, so that it says how far the list generalises.
ELSEWHERE = Path(__file__).parents[3] / "shared" / "data" / "notes"

LIST = """
negations = ["not"]
harmless = ["black ice"]
groups = { drugs = ["meth"] }
vague = { id = "V", why = "w", near = [], words = [], beside = [], short = [] }
[[rule]]
id = "R"
ban = "immigration"
verdict = "block"
why = "w"
words = ["ice"]
softened = { drugs = "review" }
"""


def screened(note: str) -> Screened:
    return screen(note, RULES)


def test_the_lists_are_long_and_name_nothing_twice() -> None:
    assert len(STOP) >= 150
    assert len(PASS) >= 300
    assert len({*STOP, *PASS}) == len(STOP) + len(PASS)


@pytest.mark.parametrize("note", STOP)
def test_stops(note: str) -> None:
    found = screened(note)

    assert found.verdict is not Verdict.OK
    assert found.rule is not None
    assert found.rule.why


@pytest.mark.parametrize("note", PASS)
def test_passes(note: str) -> None:
    assert screened(note).verdict is Verdict.OK


@pytest.mark.skipif(not ELSEWHERE.is_dir(), reason="kept apart from this project")
def test_lists_that_were_written_elsewhere() -> None:
    def stopped(name: str) -> int:
        notes = (ELSEWHERE / name).read_text("utf-8").splitlines()
        return sum(screened(note).verdict is not Verdict.OK for note in notes)

    assert stopped("should-stop.txt") >= 31
    assert stopped("should-pass.txt") <= 1


@pytest.mark.parametrize(
    "note",
    [
        *("justice", "officer", "287pc", "service", "vice", "license", "zero"),
        *("case 26-13287", "burglary at mosque", "8 ball of heroin", "title search"),
        *("robbery at 287 G Street", "ice skate theft", "hispanic male robbery"),
    ],
)
def test_ordinary_police_text_is_never_refused(note: str) -> None:
    assert screened(note).verdict is not Verdict.BLOCK


@pytest.mark.parametrize(
    "note", ["not immigration related", "no ICE involvement", "non-immigration case"]
)
def test_a_denial_goes_to_a_second_person_and_is_never_enough(note: str) -> None:
    assert screened(note).verdict is Verdict.REVIEW


def test_a_denial_of_something_else_does_not_count() -> None:
    assert screened("no warrant, ICE hold").verdict is Verdict.BLOCK
    assert screened("No Kings").verdict is Verdict.BLOCK


def test_the_words_that_it_is_about_are_named() -> None:
    note = "stolen car (I.C.\N{ZERO WIDTH SPACE}E.) hold"
    found = screened(note)

    assert note[found.start : found.end] == "I.C.\N{ZERO WIDTH SPACE}E"
    assert found.rule is not None
    assert (found.rule.rule_id, found.rule.ban) == (
        "CO-note-immigration-agency",
        "immigration",
    )


def test_the_gravest_of_several_counts() -> None:
    assert screened("rally then abortion clinic").verdict is Verdict.BLOCK


@pytest.mark.parametrize("note", ["", "  ", "26-13287", "211pc", "10851 vc"])
def test_a_number_is_enough_where_the_purpose_says_the_rest(note: str) -> None:
    assert screened(note).verdict is Verdict.OK
    assert screen(note, RULES, must_say=True).verdict is Verdict.VAGUE


@pytest.mark.parametrize(
    ("note", "verdict"),
    [
        ("robbery", Verdict.VAGUE),
        ("robbery at the pharmacy", Verdict.OK),
        ("investigation of a suspect vehicle", Verdict.VAGUE),
        ("26-0132 26-0133 26-0134", Verdict.VAGUE),
        ("ICE fugitive at large", Verdict.BLOCK),
    ],
)
def test_where_only_the_note_says_it_it_must_say_enough(
    note: str, verdict: Verdict
) -> None:
    assert screen(note, RULES, must_say=True).verdict is verdict


@given(st.text(max_size=80))
def test_any_text_has_an_answer_with_a_span_inside_it(note: str) -> None:
    found = screened(note)

    assert 0 <= found.start <= found.end <= len(note)
    assert (found.rule is None) == (found.verdict is Verdict.OK)


@given(st.sampled_from(PASS), st.sampled_from(["abortion", "immigration", "No Kings"]))
def test_what_is_forbidden_is_found_in_any_company(note: str, term: str) -> None:
    together = screened(f"{note}, {term}")

    assert together.verdict in {Verdict.BLOCK, Verdict.REVIEW}


def test_every_rule_bans_a_purpose_that_exists() -> None:
    terms = [term for some in RULES.by_word.values() for term in some]
    bans = {term.rule.ban for term in terms if term.rule is not None}

    assert all(ban is not None and is_purpose(ban) for ban in bans)
    assert len(bans) == 7


def test_no_term_is_written_so_that_it_is_never_found() -> None:
    """Terms are compared with words as `folding` gives them: no signs, no articles."""
    unreachable = [
        word
        for some in RULES.by_word.values()
        for term in some
        for part in term.parts
        for word in part.any_of
        if [each.text for each in words(word)] != [word] and len(word) > 1
    ]
    assert not unreachable


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('ban = "immigration"', 'ban = "imigration"'),
        ("drugs = ", "narcotics = "),
        ('"black ice"', '"{slid} ice"'),
        ('verdict = "block"', 'verdict = "forbid"'),
        ('words = ["ice"]', 'words = [" "]'),
        ("negations", "negation"),
        ("[[rule]]", "[[rule"),
    ],
)
def test_a_broken_list_is_refused_with_its_name(right: str, wrong: str) -> None:
    read_note_rules(LIST)
    with pytest.raises(BrokenNoteListError, match=r"notes\.toml"):
        read_note_rules(LIST.replace(right, wrong, 1))


def test_fast_enough_to_screen_while_somebody_types() -> None:
    notes = [*STOP, *PASS]
    for note in notes:
        screened(note)
    began = time.process_time()
    for note in notes:
        screened(note)
    assert len(notes) / (time.process_time() - began) >= 10_000
