"""Screening a note: does what somebody wrote say that they want what is forbidden?

A screen catches the honest and the careless; what holds is that purpose and case are
asked for apart. So it is a list that anybody can read, with no model behind it: a
refusal must be explainable to the officer and to a court. It never clears anybody: a
note that says "not immigration" goes to a second person.

Order: words that mean something harmless are set aside first ("black ice"), then each
term of the list is looked for on whole words, then what was found is weighed by the
words beside it. Only a note in which nothing was found can be vague.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Final

import attrs

from charteroak.core.folding import Word, disguises, one_apart, shortened, words
from charteroak.core.search import Purpose

SHORTEST_NOTE: Final = 15
"""Characters that a note has at least where it must say what the search is about."""

_NEAR_FROM: Final = 6
_SHORT: Final = 4
_SPLIT_FROM: Final = 7
_NEGATION_REACH: Final = 4
_REFERENCE_DIGITS: Final = 3
_SAYING_LETTERS: Final = 3


class Verdict(StrEnum):
    """What a note comes to, the gravest first."""

    BLOCK = "block"
    REVIEW = "review"
    VAGUE = "vague"
    OK = "ok"


_GRAVITY: Final = {verdict: place for place, verdict in enumerate(Verdict)}


@attrs.frozen(kw_only=True)
class NoteRule:
    """One rule of the list.

    Attributes:
        rule_id: its name in the log.
        ban: the purpose that a note which it catches speaks of; None for vagueness.
        verdict: what a note comes to that it catches.
        why: in one plain sentence, for the person who wrote the note.
        softened: groups of words that make it less grave when one stands in the note,
            with what it then comes to.
    """

    rule_id: str
    ban: Purpose | None
    verdict: Verdict
    why: str
    softened: Mapping[str, Verdict] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Screened:
    """What a note comes to.

    Attributes:
        rule: what says so; None where nothing does.
        start: where the words that it is about begin in the note as typed.
        end: where they end, exclusive.
        note_list: fingerprint of the list that the note was held against.
    """

    verdict: Verdict
    rule: NoteRule | None = None
    start: int = 0
    end: int = 0
    note_list: str = ""


NOTHING: Final = Screened(verdict=Verdict.OK)


@attrs.frozen
class Part:
    """One word of a term: any of some words, or any that begins so."""

    any_of: frozenset[str] = frozenset()
    prefix: str = ""

    def fits(self, names: tuple[str, ...]) -> bool:
        """Whether one of a word's readings fits."""
        if self.prefix:
            return any(name.startswith(self.prefix) for name in names)
        return not self.any_of.isdisjoint(names)


@attrs.frozen(kw_only=True)
class Term:
    """Words in a row; `rule` is None for those that are harmless."""

    parts: tuple[Part, ...] = attrs.field(validator=attrs.validators.min_len(1))
    rule: NoteRule | None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class NoteRules:
    """The list, ready for use; made by `charteroak.law.screening` alone.

    Attributes:
        by_word: terms by what their first word may be.
        by_prefix: terms whose first word begins so.
        prefix_lengths: how long these beginnings are.
        near: words that are also meant when one letter is wrong, by what they are with
            a letter left out.
        groups: words by the name of their group.
        negations: words such as `not`.
        empty: words that say nothing; all prefixes of such are in it too.
        beside: words that say nothing beside an empty one.
        short: words of two letters that do say something.
        vague: the rule for notes that say nothing.
        fingerprint: SHA-256 of the list's file, hexadecimal.
    """

    by_word: Mapping[str, tuple[Term, ...]]
    by_prefix: Mapping[str, tuple[Term, ...]]
    prefix_lengths: tuple[int, ...]
    near: Mapping[str, frozenset[str]]
    groups: Mapping[str, frozenset[str]]
    negations: frozenset[str]
    empty: frozenset[str]
    beside: frozenset[str]
    short: frozenset[str]
    vague: NoteRule
    fingerprint: str

    @property
    def rules(self) -> tuple[NoteRule, ...]:
        """Every rule of the list once, the gravest first."""
        terms = (*self.by_word.values(), *self.by_prefix.values())
        found = {
            term.rule.rule_id: term.rule
            for some in terms
            for term in some
            if term.rule is not None
        }
        return tuple(
            sorted(
                (*found.values(), self.vague),
                key=lambda rule: (_GRAVITY[rule.verdict], rule.rule_id),
            )
        )


@attrs.frozen
class _Seen:
    word: Word
    # The word itself first; then what it may be meant to look like.
    names: tuple[str, ...]
    # Those that may begin here.
    terms: tuple[Term, ...]


@attrs.frozen
class _Match:
    term: Term
    at: int
    end: int


def screen(note: str, rules: NoteRules, *, must_say: bool = False) -> Screened:
    """What a note comes to; the gravest of what is found.

    Args:
        note: as typed.
        rules: the list.
        must_say: whether the note alone must say which crime or person; else purpose
            and case say it, and the note may be empty, or a bare number.
    """
    found = _screened(note, rules, must_say=must_say)
    return attrs.evolve(found, note_list=rules.fingerprint)


def _screened(note: str, rules: NoteRules, *, must_say: bool) -> Screened:
    seen = [_Seen(word, *_looked_up(word.text, rules)) for word in words(note)]
    matches = _matches(seen, rules)
    gravest = NOTHING
    for found in _found(matches, seen, rules):
        if _GRAVITY[found.verdict] < _GRAVITY[gravest.verdict]:
            gravest = found
    if gravest is not NOTHING:
        return gravest
    says = any(match.term.rule is None for match in matches) or any(
        _says(each, rules) for each in seen
    )
    if _vague(note, seen, rules, says=says, must_say=must_say):
        return Screened(verdict=Verdict.VAGUE, rule=rules.vague, end=len(note))
    return NOTHING


def _looked_up(text: str, rules: NoteRules) -> tuple[tuple[str, ...], tuple[Term, ...]]:
    # What has a digit in it may be a plate, and is not remembered.
    return _remembered(text, rules) if text.isalpha() else _readings(text, rules)


def _readings(text: str, rules: NoteRules) -> tuple[tuple[str, ...], tuple[Term, ...]]:
    """What a word may be meant to be, and the terms that begin so."""
    names = [text, *disguises(text)]
    if len(text) >= _NEAR_FROM and text not in rules.by_word:
        meant = {
            word
            for name in names
            for cut in shortened(name)
            for word in rules.near.get(cut, ())
            if one_apart(name, word)
        }
        names += sorted(meant)
    terms: list[Term] = []
    for name in names:
        terms += rules.by_word.get(name, ())
        for length in rules.prefix_lengths:
            terms += rules.by_prefix.get(name[:length], ())
    return tuple(names), tuple(terms)


_remembered: Final = lru_cache(maxsize=4096)(_readings)


def _matches(seen: list[_Seen], rules: NoteRules) -> list[_Match]:
    found = [
        _Match(term, at, at + len(term.parts))
        for at, each in enumerate(seen)
        for term in each.terms
        if _fits(term, seen, at)
    ]
    for at, (one, other) in enumerate(pairwise(seen)):
        whole = one.word.text + other.word.text
        if len(whole) >= _SPLIT_FROM and whole in rules.by_word:
            split = (term for term in rules.by_word[whole] if len(term.parts) == 1)
            found += [_Match(term, at, at + 2) for term in split]
    return found


def _found(
    matches: list[_Match], seen: list[_Seen], rules: NoteRules
) -> Iterable[Screened]:
    """What the list finds, but where a harmless term covers it."""
    harmless = {
        place
        for match in matches
        if match.term.rule is None
        for place in range(match.at, match.end)
    }
    for match in matches:
        rule = match.term.rule
        if rule is not None and harmless.isdisjoint(range(match.at, match.end)):
            yield Screened(
                verdict=_weighed(match, rule, seen, rules),
                rule=rule,
                start=seen[match.at].word.start,
                end=seen[match.end - 1].word.end,
            )


def _fits(term: Term, seen: list[_Seen], at: int) -> bool:
    """Whether the words after the first fit too."""
    parts = term.parts
    if at + len(parts) > len(seen):
        return False
    # A loop: most terms fail at their second word, and there are very many.
    for further in range(1, len(parts)):
        if not parts[further].fits(seen[at + further].names):
            return False
    return True


def _weighed(
    match: _Match, rule: NoteRule, seen: list[_Seen], rules: NoteRules
) -> Verdict:
    """How grave a match is, by the words around it."""
    verdict = rule.verdict
    around = [*seen[: match.at], *seen[match.end :]]
    for group, softer in rule.softened.items():
        if any(not rules.groups[group].isdisjoint(each.names) for each in around):
            verdict = max(verdict, softer, key=_GRAVITY.__getitem__)
    if verdict is Verdict.BLOCK and (
        _negated(match, seen, rules) or _doubtful(match, seen)
    ):
        return Verdict.REVIEW
    return verdict


def _negated(match: _Match, seen: list[_Seen], rules: NoteRules) -> bool:
    before = seen[max(match.at - _NEGATION_REACH, 0) : match.at]
    after = seen[match.end : match.end + 1]
    clause = seen[match.at].word.clause
    return any(
        each.word.text in rules.negations and each.word.clause == clause
        for each in (*before, *after)
    )


def _doubtful(match: _Match, seen: list[_Seen]) -> bool:
    """Whether a short word only looks like one of the list: it may be something else."""
    text = seen[match.at].word.text
    return (
        match.end - match.at == 1
        and len(text) <= _SHORT
        and not match.term.parts[0].fits((text,))
    )


def _vague(
    note: str, seen: list[_Seen], rules: NoteRules, *, says: bool, must_say: bool
) -> bool:
    if not note.strip():
        return must_say
    if must_say:
        return not says or len(note.strip()) < SHORTEST_NOTE
    if says or any(_refers(each.word.text) for each in seen):
        return False
    # A word such as "police" says nothing beside "business"; alone it is only short.
    return not seen or any(each.word.text not in rules.beside for each in seen)


def _says(each: _Seen, rules: NoteRules) -> bool:
    text = each.word.text
    if any(sign.isdigit() for sign in text) or len(set(text)) == 1:
        return False
    if any(name in rules.empty or name in rules.beside for name in each.names):
        return False
    return len(text) >= _SAYING_LETTERS or text in rules.short


def _refers(text: str) -> bool:
    """Whether a word is the number of a case or of a statute."""
    return sum(sign.isdigit() for sign in text) >= _REFERENCE_DIGITS
