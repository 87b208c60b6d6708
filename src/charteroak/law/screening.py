"""Loading the list by which notes are screened, from the package's data.

The list is `notes.toml`, which grows: each of its rules has a name, the banned purpose
that it speaks of, and a reason in plain words.
"""

import hashlib
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import msgspec

from charteroak.core.errors import CharterOakError
from charteroak.core.folding import shortened
from charteroak.core.screening import NoteRule, NoteRules, Part, Term, Verdict
from charteroak.core.search import Purpose
from charteroak.law.vocabulary import is_purpose

FILE: Final = "notes.toml"
_JOINED_FROM: Final = 4
_PREFIX_FROM: Final = 3


class BrokenNoteListError(CharterOakError):
    """The list for screening notes cannot be relied on."""

    code = "charteroak.law.broken-note-list"
    hint = "Repair the file that is named, or install the package again."


class _RuleText(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    id: str
    ban: str
    verdict: Literal["block", "review"]
    why: str
    words: tuple[str, ...]
    near: tuple[str, ...] = ()
    softened: dict[str, Literal["review", "ok"]] = {}


class _VagueText(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    id: str
    why: str
    words: tuple[str, ...]
    near: tuple[str, ...]
    beside: tuple[str, ...]
    short: tuple[str, ...]


class _ListText(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    negations: tuple[str, ...]
    harmless: tuple[str, ...]
    groups: dict[str, tuple[str, ...]]
    vague: _VagueText
    rule: tuple[_RuleText, ...]


@cache
def note_rules() -> NoteRules:
    """The list that ships with the package.

    Raises:
        BrokenNoteListError: it cannot be relied on.
    """
    return read_note_rules(files(__package__).joinpath(FILE).read_text("utf-8"))


def read_note_rules(text: str) -> NoteRules:
    """Parse a list.

    A word that ends in `*` stands for all that begin so; `{group}` for any word of a
    group. Words in a row are also found where somebody typed them as one.

    Raises:
        BrokenNoteListError: it is no TOML; a field is missing, unknown or impossible; a
            purpose or a group is named that does not exist.
    """
    try:
        listed = msgspec.convert(tomllib.loads(text), _ListText)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as broken:
        msg = f"{FILE}: {broken}"
        raise BrokenNoteListError(msg) from broken
    groups = {name: frozenset(words) for name, words in listed.groups.items()}
    terms = [
        Term(parts=parts, rule=None)
        for words in listed.harmless
        for parts in _parts(words, groups)
    ]
    for each in listed.rule:
        rule = _rule(each, groups)
        terms += [
            Term(parts=parts, rule=rule)
            for words in (*each.words, *each.near)
            for parts in _parts(words, groups)
        ]
    vague = listed.vague
    by_word, by_prefix = _indexed(terms)
    return NoteRules(
        by_word=by_word,
        by_prefix=by_prefix,
        prefix_lengths=tuple(sorted({len(prefix) for prefix in by_prefix})),
        near=_near(
            [*vague.near, *(word for each in listed.rule for word in each.near)]
        ),
        groups=groups,
        negations=frozenset(listed.negations),
        empty=frozenset(
            {
                *vague.words,
                *vague.near,
                *(cut for word in vague.near for cut in _begun(word)),
            }
        ),
        beside=frozenset(vague.beside),
        short=frozenset(vague.short),
        vague=NoteRule(
            rule_id=vague.id, ban=None, verdict=Verdict.VAGUE, why=vague.why
        ),
        fingerprint=hashlib.sha256(text.encode()).hexdigest(),
    )


def _rule(text: _RuleText, groups: dict[str, frozenset[str]]) -> NoteRule:
    if not is_purpose(text.ban):
        msg = f"{FILE}: {text.id} names a purpose that does not exist: {text.ban}"
        raise BrokenNoteListError(msg)
    for group in text.softened:
        if group not in groups:
            msg = f"{FILE}: {text.id} names a group that does not exist: {group}"
            raise BrokenNoteListError(msg)
    return NoteRule(
        rule_id=text.id,
        ban=Purpose(text.ban),
        verdict=Verdict(text.verdict),
        why=text.why,
        softened={group: Verdict(to) for group, to in text.softened.items()},
    )


def _parts(words: str, groups: dict[str, frozenset[str]]) -> Iterator[tuple[Part, ...]]:
    """The term, and once more as one word where it is of plain words."""
    spelled = words.split()
    if not spelled:
        msg = f"{FILE}: an empty term"
        raise BrokenNoteListError(msg)
    yield tuple(_part(word, groups) for word in spelled)
    whole = "".join(spelled)
    if len(spelled) > 1 and len(whole) >= _JOINED_FROM and whole.isalnum():
        yield (Part(frozenset({whole})),)


def _part(word: str, groups: dict[str, frozenset[str]]) -> Part:
    if word.startswith("{"):
        name = word.strip("{}")
        if name not in groups:
            msg = f"{FILE}: a group that does not exist: {name}"
            raise BrokenNoteListError(msg)
        return Part(groups[name])
    if word.endswith("*"):
        return Part(prefix=word[:-1])
    return Part(frozenset({word}))


def _indexed(
    terms: Iterable[Term],
) -> tuple[dict[str, tuple[Term, ...]], dict[str, tuple[Term, ...]]]:
    by_word: defaultdict[str, list[Term]] = defaultdict(list)
    by_prefix: defaultdict[str, list[Term]] = defaultdict(list)
    for term in terms:
        first = term.parts[0]
        for word in first.any_of:
            by_word[word].append(term)
        if first.prefix:
            by_prefix[first.prefix].append(term)
    return (
        {word: tuple(some) for word, some in by_word.items()},
        {prefix: tuple(some) for prefix, some in by_prefix.items()},
    )


def _near(words: Iterable[str]) -> dict[str, frozenset[str]]:
    near: defaultdict[str, set[str]] = defaultdict(set)
    for word in words:
        for cut in shortened(word):
            near[cut].add(word)
    return {cut: frozenset(some) for cut, some in near.items()}


def _begun(word: str) -> list[str]:
    """All that somebody may have typed of a word: `inv`, `inve`, `inves`..."""
    return [word[:length] for length in range(_PREFIX_FROM, len(word))]
