"""What the law of one state asks, from one date on: rules, numbers and their sources."""

from collections.abc import Mapping
from datetime import date, timedelta

import attrs

from charteroak.core.hotlist import ListClass
from charteroak.core.policy import RuleSet
from charteroak.law.vocabulary import PurposeName


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


@attrs.frozen(kw_only=True, eq=False)
class Profile:
    """The law in force for an agency. Made by `charteroak.law.loader` alone.

    Attributes:
        code: such as `US-CT`.
        name: the state, in words.
        custodian: how the rules name it, such as `CT`.
        effective: first day on which it is in force.
        read_limit: how long a read that hit nothing may be kept.
        list_statutes: the statute for each prohibited class of list.
        list_reasons: the reason for each, in a plain sentence.
        purposes: all that can be chosen, banned ones too.
        facts: what it stands on.
        rules: what decides.
    """

    code: str
    name: str
    custodian: str
    effective: date
    read_limit: timedelta
    list_statutes: Mapping[ListClass, str]
    list_reasons: Mapping[ListClass, str]
    purposes: tuple[PurposeName, ...]
    facts: tuple[Fact, ...]
    rules: RuleSet

    @property
    def prohibited_lists(self) -> frozenset[ListClass]:
        """Classes of hot lists that may not be loaded."""
        return frozenset(self.list_statutes)

    def statute(self, fact_id: str) -> str:
        """Where the law says a fact; empty where this profile does not know it."""
        return next(
            (fact.statute for fact in self.facts if fact.fact_id == fact_id), ""
        )

    @property
    def questions(self) -> tuple[Fact, ...]:
        """What a lawyer must still read, least sure first."""
        order = {"low": 0, "medium": 1}
        return tuple(
            sorted(
                (fact for fact in self.facts if fact.still_to_read),
                key=lambda fact: order.get(fact.confidence, 2),
            )
        )
