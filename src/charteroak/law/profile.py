"""What the law of one state asks, from one date on: rules, numbers and their sources."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

import attrs

from charteroak.core.camera import Place
from charteroak.core.hotlist import ListClass
from charteroak.core.policy import Rule, RuleSet
from charteroak.law.vocabulary import PurposeName


class Kind(StrEnum):
    """Who stands behind a set of rules."""

    CONTRACT = "contract"
    POLICY = "policy"
    PRESET = "preset"
    STATUTE = "statute"


@attrs.frozen(kw_only=True)
class Fact:
    """One fact of law that the profile stands on.

    Attributes:
        says: the fact in a plain sentence.
        confidence: high, medium or low; see the profile's own file.
        source_words: what the source says, in its words.
        still_to_read: what a lawyer must still read; may be empty.
    """

    fact_id: str
    says: str
    statute: str
    confidence: str
    source_words: str
    still_to_read: str


@attrs.frozen(kw_only=True)
class Report:
    """A report that the law asks of an agency.

    Attributes:
        to: who gets it.
        due: when, in words.
        contents: what it must hold.
    """

    to: str
    due: str
    statute: str
    confidence: str
    contents: tuple[str, ...]


@attrs.frozen(kw_only=True)
class ImageRule:
    """What the law says of pictures, in a plain sentence."""

    says: str
    statute: str
    confidence: str


@attrs.frozen(kw_only=True, eq=False)
class Terms:
    """What narrows the law for an agency: its policy, a preset or a contract.

    Attributes:
        code: such as `CO-MINIMAL`.
        name: in words.
        read_limit: how long a read that hit nothing may be kept; None where it says
            nothing about that.
        papers_limit: how long papers are kept after the answer; None where it says
            nothing about that.
        edge_only: whether a read that hit nothing may not leave the memory of the box.
        facts: what it stands on.
        rules: what decides, beside the statute.
    """

    code: str
    name: str
    kind: Kind
    read_limit: timedelta | None
    facts: tuple[Fact, ...]
    rules: RuleSet
    edge_only: bool = False
    papers_limit: timedelta | None = None


@attrs.frozen(kw_only=True, eq=False)
class Profile:
    """The law in force for an agency. Made by `charteroak.law.loader` alone.

    Attributes:
        code: such as `US-CT`.
        name: the state, in words.
        custodian: how the rules name it, such as `CT`.
        effective: first day on which it is in force.
        read_limit: how long a read that hit nothing may be kept.
        papers_limit: how long the papers of a request are kept after its answer.
        retention: how long each class may be kept: `nonhit`, `hit`, `audit_log`,
            `papers`.
        list_refresh: how old a list may be; None where nothing is said.
        audit_every: how often the system is audited; None where nothing is said.
        edge_only: whether a read that hit nothing may not leave the memory of the box.
        visual_confirmation: whether a person must look before anybody acts on a hit.
        reports: what the agency must report.
        image_rules: what is said of pictures.
        refused_lists: the rule against each class of list that is never loaded.
        refused_places: the rule against each place where no camera may stand.
        purposes: all that can be chosen, banned ones too.
        facts: what it stands on.
        rules: what decides.
    """

    code: str
    name: str
    custodian: str
    effective: date
    read_limit: timedelta
    papers_limit: timedelta
    retention: Mapping[str, timedelta]
    list_refresh: timedelta | None
    audit_every: timedelta | None
    edge_only: bool
    visual_confirmation: bool
    reports: tuple[Report, ...]
    image_rules: tuple[ImageRule, ...]
    refused_lists: Mapping[ListClass, Rule]
    refused_places: Mapping[Place, Rule]
    purposes: tuple[PurposeName, ...]
    facts: tuple[Fact, ...]
    rules: RuleSet

    @property
    def prohibited_lists(self) -> frozenset[ListClass]:
        """Classes of hot lists that may not be loaded."""
        return frozenset(self.refused_lists)

    def statute(self, fact_id: str) -> str:
        """Where the law says a fact; empty where this profile does not know it."""
        return next(
            (fact.statute for fact in self.facts if fact.fact_id == fact_id), ""
        )

    @property
    def questions(self) -> tuple[Fact, ...]:
        """What a lawyer must still read, least sure first."""
        return unread(self.facts)


def unread(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """What a lawyer must still read of some facts, least sure first."""
    order = {"low": 0, "medium": 1}
    return tuple(
        sorted(
            (fact for fact in facts if fact.still_to_read),
            key=lambda fact: order.get(fact.confidence, 2),
        )
    )


@attrs.frozen(kw_only=True)
class Limit:
    """The one limit in force for reads, or for papers, and who set it.

    Attributes:
        because: code of the statute, policy or contract, or `agency setting`.
        statute: where it is written; empty for a setting.
    """

    limit: timedelta
    because: str
    statute: str


def strictest(
    profile: Profile, terms: Iterable[Terms] = (), *, own: timedelta | None = None
) -> Limit:
    """The shortest period of statute, policy, contract and setting, with its reason.

    Of equal ones the earlier counts: the statute first.

    Args:
        profile: the statute's.
        terms: what narrows it.
        own: the agency's own setting, where it has one.
    """
    law = Limit(
        limit=profile.read_limit,
        because=profile.code,
        statute=profile.statute("read-limit"),
    )
    return _shortest(law, ((each, each.read_limit) for each in terms), own, _FOR_READS)


def strictest_for_papers(
    profile: Profile, terms: Iterable[Terms] = (), *, own: timedelta | None = None
) -> Limit:
    """The same of how long the papers of a request are kept after its answer."""
    law = Limit(
        limit=profile.papers_limit,
        because=profile.code,
        statute=profile.statute(PAPERS_FACT),
    )
    said = ((each, each.papers_limit) for each in terms)
    return _shortest(law, said, own, (PAPERS_FACT,))


PAPERS_FACT: Final = "papers-limit"
"""The fact that says how long papers are kept."""

_FOR_READS: Final = ("read-limit", "kept", "period")


def _shortest(
    law: Limit,
    said: Iterable[tuple[Terms, timedelta | None]],
    own: timedelta | None,
    facts: tuple[str, ...],
) -> Limit:
    limits = [law]
    for each, limit in said:
        if limit is not None:
            where = next((f.statute for f in each.facts if f.fact_id in facts), "")
            limits.append(Limit(limit=limit, because=each.code, statute=where))
    if own is not None:
        limits.append(Limit(limit=own, because="agency setting", statute=""))
    return min(limits, key=lambda each: each.limit)
