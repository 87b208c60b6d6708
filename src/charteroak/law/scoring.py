"""A policy's own answers beside the presets and the statute, term by term.

Whoever has no rules yet, only a document, answers a few questions in a file; the answers
are set beside what the statute and our presets say to the very same questions.
"""

import tomllib
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

import attrs
import msgspec

from charteroak.core.codes import (
    FEDERAL,
    AgencyKind,
    DataKind,
    Declared,
    Process,
)
from charteroak.core.errors import CharterOakError
from charteroak.core.hotlist import ListClass
from charteroak.core.people import Act, Role
from charteroak.core.policy import Permit, Request, RuleBook, decide
from charteroak.core.search import Purpose
from charteroak.core.time import whole_years
from charteroak.law.loader import load_profile, load_terms
from charteroak.law.numbers import Span
from charteroak.law.profile import (
    Profile,
    Terms,
    strictest,
    strictest_for_papers,
)

PRESETS: Final = ("minimal", "local", "statutory")


class Receiver(StrEnum):
    """Who may be given reads, as a document would say it."""

    ANY_STATE = "any_state"
    ANY_STATE_BY_WARRANT = "any_state_by_warrant"
    FEDERAL = "federal"
    NEIGHBOR_BY_DECLARATION = "neighbor_by_declaration"
    STATE = "state"
    STATE_BY_AGREEMENT = "state_by_agreement"
    VENDOR = "vendor"


class UnreadableAnswersError(CharterOakError):
    """The file of answers is none."""

    code = "charteroak.law.unreadable-answers"
    hint = "`charteroak law score --help` shows an example."


class Answers(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The short form that a policy is told in.

    Attributes:
        name: whose policy.
        state: such as `us_ct`.
        kept: how long a read that hit nothing is kept.
        papers: how long the papers of a request are kept after its answer; None where
            the policy says nothing, as most do: the statute's term is meant.
        shared_with: who may be given reads; empty for nobody.
        lists: which classes of lists are compared.
    """

    name: str
    state: str
    kept: Span
    shared_with: frozenset[Receiver]
    lists: frozenset[ListClass]
    papers: Span | None = None


@attrs.frozen(kw_only=True)
class Row:
    """One term.

    Attributes:
        term: in words.
        own: what the policy says.
        law: what the statute says.
        presets: what it and each preset say together, in the order of `PRESETS`.
        beyond: whether the policy goes beyond the statute.
        within: of each preset, whether the policy is at least as strict.
    """

    term: str
    own: str
    law: str
    presets: tuple[str, ...]
    beyond: bool
    within: tuple[bool, ...]


def read_answers(file: Path) -> Answers:
    """Parse a file of answers, TOML.

    Raises:
        UnreadableAnswersError: it is none.
    """
    try:
        found = tomllib.loads(file.read_text("utf-8"))
        return msgspec.convert(found, Answers)
    except OSError as refused:
        msg = f"{file} cannot be read: {refused.strerror}"
        raise UnreadableAnswersError(msg) from refused
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as no:
        msg = f"{file}: {no}"
        raise UnreadableAnswersError(msg) from no


def score(answers: Answers, *, on: date) -> list[Row]:
    """Every term of a policy beside the statute's and the presets'.

    Raises:
        UnknownJurisdictionError: there is no profile of its state.
        NotInForceError: nothing of it is in force on that day.
    """
    profile = load_profile(answers.state, on=on)
    presets = [load_terms(name, custodian=profile.custodian) for name in PRESETS]
    rows = [_kept(answers, profile, presets), _papers(answers, profile, presets)]
    rows += [
        _permission(
            f"given to: {RECEIVERS[each]}",
            answers_yes=each in answers.shared_with,
            request=disclosure(each, profile.custodian),
            profile=profile,
            presets=presets,
        )
        for each in Receiver
    ]
    rows += [
        _permission(
            f"compared with: {each.value.replace('_', ' ')}",
            answers_yes=each in answers.lists,
            request=Request(
                act=Act.LOAD_HOTLIST,
                custodian=profile.custodian,
                roles=frozenset({Role.LIST_CLERK}),
                list_class=each,
            ),
            profile=profile,
            presets=presets,
        )
        for each in ListClass
    ]
    return rows


RECEIVERS: Final = {
    Receiver.ANY_STATE: "another state's police, as they ask",
    Receiver.ANY_STATE_BY_WARRANT: "another state's police, by a judge's warrant",
    Receiver.FEDERAL: "a federal agency, as it asks",
    Receiver.NEIGHBOR_BY_DECLARATION: "a neighbor's police, by a declaration",
    Receiver.STATE: "the state's own police, as they ask",
    Receiver.STATE_BY_AGREEMENT: "the state's own police, by agreement",
    Receiver.VENDOR: "the vendor",
}
"""Each in words."""

_NEIGHBORS: Final = {"CT": "NY"}
"""A state that the statute treats as a neighbor, where it treats any so."""


def disclosure(receiver: Receiver, custodian: str) -> Request:
    """The plainest request of its kind: a hit, for a robbery."""
    afar = "TX" if custodian != "TX" else "OK"
    asked = Request(
        act=Act.DISCLOSE,
        custodian=custodian,
        requester=custodian,
        agency_kind=AgencyKind.MUNICIPAL_POLICE,
        purpose=Purpose("robbery"),
        declaration=Declared.NONE,
        data_kind=DataKind.HIT,
        legal_process=Process.NONE,
    )
    neighbor = _NEIGHBORS.get(custodian, afar)
    return {
        Receiver.ANY_STATE: attrs.evolve(asked, requester=afar),
        Receiver.ANY_STATE_BY_WARRANT: attrs.evolve(
            asked, requester=afar, legal_process=Process.JUDICIAL_WARRANT
        ),
        Receiver.FEDERAL: attrs.evolve(
            asked, requester=FEDERAL, agency_kind=AgencyKind.FEDERAL_AGENCY
        ),
        Receiver.NEIGHBOR_BY_DECLARATION: attrs.evolve(
            asked, requester=neighbor, declaration=Declared.VALID
        ),
        Receiver.STATE: asked,
        Receiver.STATE_BY_AGREEMENT: attrs.evolve(asked, declaration=Declared.VALID),
        Receiver.VENDOR: attrs.evolve(asked, agency_kind=AgencyKind.VENDOR),
    }[receiver]


def _kept(answers: Answers, profile: Profile, presets: list[Terms]) -> Row:
    own = answers.kept.length
    limits = [strictest(profile, [each]).limit for each in presets]
    return Row(
        term="a read that hit nothing is kept",
        own=how_long(own),
        law=how_long(profile.read_limit),
        presets=tuple(how_long(each) for each in limits),
        beyond=own > profile.read_limit,
        within=tuple(own <= each for each in limits),
    )


def _papers(answers: Answers, profile: Profile, presets: list[Terms]) -> Row:
    own = answers.papers.length if answers.papers else profile.papers_limit
    limits = [strictest_for_papers(profile, [each]).limit for each in presets]
    return Row(
        term="the papers of a request are kept after its answer",
        own=how_long(own) if answers.papers else "not said",
        law=how_long(profile.papers_limit),
        presets=tuple(how_long(each) for each in limits),
        beyond=own > profile.papers_limit,
        within=tuple(own <= each for each in limits),
    )


def _permission(
    term: str,
    *,
    answers_yes: bool,
    request: Request,
    profile: Profile,
    presets: list[Terms],
) -> Row:
    def says(*terms: Terms) -> bool:
        book = RuleBook(sets=(profile.rules, *(each.rules for each in terms)))
        return isinstance(decide(book, request), Permit)

    law, with_presets = says(), [says(each) for each in presets]
    return Row(
        term=term,
        own=_word(answers_yes),
        law=_word(law),
        presets=tuple(_word(each) for each in with_presets),
        beyond=answers_yes and not law,
        within=tuple(not answers_yes or each for each in with_presets),
    )


def _word(yes: bool) -> str:  # noqa: FBT001 - a decision, not a switch
    return "yes" if yes else "no"


def how_long(span: timedelta) -> str:
    """A period in its largest whole unit; years have their leap days in them.

    >>> how_long(timedelta(seconds=180)), how_long(timedelta(days=1))
    ('3 minutes', '1 day')
    >>> how_long(timedelta(days=731))
    '2 years'
    """
    seconds = int(span.total_seconds())
    years = whole_years(span)
    if years and seconds % 86_400 == 0:
        return f"{years} year{'' if years == 1 else 's'}"
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds % length == 0:
            count = seconds // length
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"
