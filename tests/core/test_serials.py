"""What formats of serials may do to a reading: rank states, cast doubt, nothing else."""

import itertools
import typing

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from charteroak.core import serials
from charteroak.core.alternatives import Alternatives
from charteroak.core.plate import PlateText
from charteroak.core.read import STATES
from charteroak.core.serial_format import (
    DIGITS,
    LETTERS,
    BrokenFormatError,
    Format,
    places_of,
    runs,
)
from charteroak.core.serials import OTHER, Doubt, Grammar, Judgement

GLYPHS = LETTERS + DIGITS
YEAR = 2026


def form(
    state: str,
    text: str,
    *,
    share: float = 1.0,
    since: int = 1990,
    until: int | None = None,
) -> Format:
    return Format(
        state=state, places=places_of(text), since=since, until=until, share=share
    )


SOME = (
    form("NY", "@@@ ####"),
    form("CT", "###-@@@", until=2013),
    form("CT", "@@.#####"),
    form("NJ", "@##-@@@"),
    form("OR", "CL#####"),
    form("OR", "### @@@", share=9),
    form("CA", "#@@@###"),
    form("TX", "@@@-####"),
)
GRAMMAR = Grammar.of(SOME, year=YEAR)
ISSUERS = sorted({"NY", "CT", "NJ", "OR", "CA", "TX", "VT", OTHER})


def judged(
    text: str, states: typing.Mapping[str, float], *, sure: float = 1.0
) -> Judgement:
    return GRAMMAR.judge(PlateText(text), characters=(sure,) * len(text), states=states)


@st.composite
def looks(
    draw: st.DrawFn, *, longest: int = 8
) -> tuple[PlateText, tuple[float, ...], Alternatives]:
    """A reading as an engine gives it: some certain, some with better alternatives."""
    text = draw(
        st.one_of(
            st.text(GLYPHS, min_size=1, max_size=longest),
            st.sampled_from(
                [each.places for each in SOME if len(each.places) <= longest]
            )
            .flatmap(lambda places: st.tuples(*map(st.sampled_from, places)))
            .map("".join)
            if longest > 5
            else st.nothing(),
        )
    )
    characters, alternatives = [], []
    for glyph in text:
        chance = draw(st.floats(0, 1))
        others = draw(
            st.lists(
                st.sampled_from(sorted(set(GLYPHS) - {glyph})), max_size=3, unique=True
            )
        )
        left = 1 - chance
        named = []
        for other in others:
            part = draw(st.floats(0, 1)) * left
            left -= part
            named.append((other, part))
        characters.append(chance)
        alternatives.append(tuple(sorted(named, key=lambda each: -each[1])))
    return PlateText(text), tuple(characters), tuple(alternatives)


states_given = st.dictionaries(
    st.sampled_from(ISSUERS), st.floats(0.001, 1), min_size=1
)


def strings_in(thing: object) -> set[str]:
    if isinstance(thing, str):
        return {str(thing)}
    if isinstance(thing, Judgement):
        return strings_in(attrs.asdict(thing, recurse=False))
    if isinstance(thing, dict):
        return strings_in([*thing.values()])
    if isinstance(thing, (list, tuple, set, frozenset)):
        return set().union(*map(strings_in, thing))
    return set()


@given(look=looks(), states=states_given, weight=st.floats(0, 1))
def test_nothing_of_a_text_comes_back(
    look: tuple[PlateText, tuple[float, ...], Alternatives],
    states: dict[str, float],
    weight: float,
) -> None:
    plate, characters, alternatives = look
    before = plate.glyphs
    judgement = GRAMMAR.judge(
        plate,
        characters=characters,
        alternatives=alternatives,
        states=states,
        weight=weight,
    )
    assert strings_in(judgement) <= STATES | {OTHER} | set(map(str, Doubt))
    assert plate.glyphs == before
    assert {state for state, _ in judgement.states} == set(states)
    assert sum(chance for _, chance in judgement.states) == pytest.approx(1)
    assert all(0 <= at < len(before) for at in judgement.places)
    assert bool(judgement.places) == (Doubt.LOOKALIKE in judgement.doubts)
    # What a glyph may be instead moves states; what is odd is told of what was read.
    again = GRAMMAR.judge(
        plate,
        characters=(1.0,) * len(before),
        states={judgement.states[0][0]: 1.0},
    )
    assert (again.doubts, again.places) == (judgement.doubts, judgement.places)


def test_no_public_function_gives_a_plate() -> None:
    """A plate that comes out could be another one than went in."""
    public = [
        each
        for name, each in vars(serials).items()
        if not name.startswith("_")
        and getattr(each, "__module__", "") == serials.__name__
    ]
    methods = [
        getattr(each, name)
        for each in public
        if isinstance(each, type)
        for name in vars(each)
        if not name.startswith("_")
    ]
    functions = [
        each for each in [*public, *methods] if hasattr(each, "__annotations__")
    ]
    given_back = [
        typing.get_type_hints(each).get("return")
        for each in functions
        if callable(each) and not isinstance(each, type)
    ]
    assert set(given_back) == {Grammar, Judgement}
    fields = typing.get_type_hints(Judgement)
    assert fields == {
        "states": tuple[tuple[str, float], ...],
        "doubts": frozenset[Doubt],
        "places": tuple[int, ...],
    }


@settings(max_examples=25)
@given(look=looks(longest=2), states=states_given, weight=st.sampled_from([0.35, 1]))
def test_states_are_ranked_as_the_definition_says(
    look: tuple[PlateText, tuple[float, ...], Alternatives],
    states: dict[str, float],
    weight: float,
) -> None:
    """Slowly: every text that the plate may bear, as likely as the reader finds it."""
    short = [
        (form("NY", "@#"), 0.25),
        (form("NY", "##"), 0.75),
        (form("CT", "C#"), 1.0),
        (form("VT", "@"), 1.0),
    ]
    known = Grammar.of(
        [attrs.evolve(each, share=share) for each, share in short], year=YEAR
    )
    plate, characters, alternatives = look

    def chance(number: int, glyph: str) -> float:
        named = dict(alternatives[number])
        named[plate.glyphs[number]] = characters[number]
        rest = max(1 - sum(named.values()), 0) / (len(GLYPHS) - len(named))
        return named.get(glyph, rest)

    def issued(text: str, state: str) -> float:
        return sum(
            share / len(list(itertools.product(*each.places)))
            for each, share in short
            if each.state == state and each.fits(text)
        )

    likely = dict.fromkeys(states, 0.0)
    for glyphs in itertools.product(GLYPHS, repeat=len(plate.glyphs)):
        sure = 1.0
        for number, glyph in enumerate(glyphs):
            sure *= chance(number, glyph)
        text = "".join(glyphs)
        country = sum(issued(text, state) for state in STATES) / len(STATES)
        for state in likely:
            own = country if state == OTHER else issued(text, state)
            likely[state] += sure * (
                0.8 * own + 0.2 * country + 0.01 * 36.0 ** -len(text)
            )
    scores = {state: given * likely[state] ** weight for state, given in states.items()}
    judgement = known.judge(
        plate,
        characters=characters,
        alternatives=alternatives,
        states=states,
        weight=weight,
    )
    assert dict(judgement.states) == pytest.approx(
        {state: score / sum(scores.values()) for state, score in scores.items()},
        rel=1e-6,
    )


@given(look=looks(), one=st.sampled_from(ISSUERS), other=st.sampled_from(ISSUERS))
def test_formats_never_say_much(
    look: tuple[PlateText, tuple[float, ...], Alternatives], one: str, other: str
) -> None:
    """At most about six to one, whatever was read: they barely tell a state."""
    assume(one != other)
    plate, characters, alternatives = look
    judgement = GRAMMAR.judge(
        plate,
        characters=characters,
        alternatives=alternatives,
        states={one: 0.5, other: 0.5},
    )
    odds = judgement.states[0][1] / judgement.states[1][1]
    assert odds < 6.5


def test_a_text_that_fits_nothing_leaves_the_states_as_they_were() -> None:
    seen = {"NY": 0.5, "CT": 0.3, OTHER: 0.2}
    judgement = judged("CHOWDER", seen)
    assert dict(judgement.states) == pytest.approx(seen)
    assert judgement.doubts == {Doubt.NO_FORMAT}


def test_a_format_tips_a_doubtful_state() -> None:
    states = dict(judged("AB12345", {"NJ": 0.55, "CT": 0.45}).states)
    assert states["CT"] > 0.75
    # Of the few plates that begin so in Oregon each is likelier than any in Connecticut.
    states = dict(judged("CL12345", {"OR": 0.5, "CT": 0.5}).states)
    assert states["OR"] > states["CT"]


@pytest.mark.parametrize(
    ("text", "state", "doubts", "places"),
    [
        ("ABC1234", "NY", set(), ()),
        ("ABC1234", "NJ", {Doubt.NOT_OF_STATE}, ()),
        ("A8C1234", "NY", {Doubt.NO_FORMAT, Doubt.LOOKALIKE}, (1,)),
        ("ABCI234", "NY", {Doubt.NO_FORMAT, Doubt.LOOKALIKE}, (3,)),
        ("A8C12E4", "NY", {Doubt.NO_FORMAT}, ()),
        ("4BC1234", "TX", {Doubt.NO_FORMAT, Doubt.LOOKALIKE}, (0,)),
        ("0B12345", "CT", {Doubt.NO_FORMAT, Doubt.LOOKALIKE}, (0,)),
        ("8ABC123", "CT", {Doubt.NOT_OF_STATE}, ()),
        ("0L12345", "OR", {Doubt.NO_FORMAT}, ()),
        ("123456", "VT", {Doubt.NO_FORMAT}, ()),
        ("ABC1234", OTHER, set(), ()),
        ("1", OTHER, {Doubt.NO_FORMAT}, ()),
    ],
)
def test_what_is_odd(
    text: str, state: str, doubts: set[Doubt], places: tuple[int, ...]
) -> None:
    judgement = judged(text, {state: 1.0})
    assert judgement.doubts == frozenset(doubts)
    assert judgement.places == places


def test_formats_have_their_time() -> None:
    old, new = form("CT", "###-@@@", until=2010), form("CT", "@@.#####", since=2015)
    assert (new.on_the_road(2014), new.on_the_road(2015)) == (0, 1)
    assert [old.on_the_road(year) for year in (2010, 2018, 2026)] == [1, 0.5, 0.25]
    before = Grammar.of([old, new], year=2014)
    judgement = before.judge(
        PlateText("AB12345"), characters=(1.0,) * 7, states={"CT": 1.0}
    )
    assert judgement.doubts == {Doubt.NO_FORMAT}


def test_what_no_engine_gives_is_refused() -> None:
    with pytest.raises(ValueError, match="states"):
        judged("ABC1234", {"ZZ": 1.0})
    with pytest.raises(ValueError, match="states"):
        judged("ABC1234", {"NY": 0.0})
    with pytest.raises(ValueError, match="characters"):
        GRAMMAR.judge(PlateText("ABC1234"), characters=(), states={"NY": 1.0})


def test_the_language() -> None:
    parts = [(run.signs, run.kind) for run in runs("{AV}-[1@] ##.?")]
    assert parts == [
        ("AV", "stacked"), ("", "dash"), ("1@", "small"), ("", "gap"), ("##", "full"),
        ("", "dot"), ("?", "full"),
    ]  # fmt: skip
    assert places_of("{1@} ?", "AB") == ("1", "AB", DIGITS + "AB")


@pytest.mark.parametrize("broken", ["", "ab", "{AV", "{ABCD}", "[]", "*", "A/B"])
def test_what_is_not_of_the_language_is_refused(broken: str) -> None:
    with pytest.raises(BrokenFormatError):
        runs(broken)


@pytest.mark.parametrize(
    ("state", "places", "until", "share", "what"),
    [
        ("ZZ", ("A",), None, 1.0, "no state"),
        ("CT", (), None, 1.0, "no place"),
        ("CT", ("A", ""), None, 1.0, "no place"),
        ("CT", ("A",) * 11, None, 1.0, "too many"),
        ("CT", ("A",), 1980, 1.0, "before it begins"),
        ("CT", ("A",), None, 0.0, "no share"),
        ("CT", ("A",), None, float("nan"), "no share"),
    ],
)
def test_a_format_that_cannot_be_is_refused(
    state: str, places: tuple[str, ...], until: int | None, share: float, what: str
) -> None:
    with pytest.raises(BrokenFormatError, match=what):
        Format(state=state, places=places, since=1990, until=until, share=share)
