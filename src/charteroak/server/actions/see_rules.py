"""See the rules in force, in plain words, with their sources."""

from datetime import timedelta

import attrs

from charteroak.core.case_file import CASE_DOUBTS
from charteroak.core.export import NOT_THEIR_CASE
from charteroak.core.policy import Rule, RuleSet
from charteroak.core.search_check import as_rule
from charteroak.law.profile import Profile
from charteroak.law.screening import note_rules
from charteroak.server.agency import Agency


@attrs.frozen(kw_only=True)
class RulesInForce:
    """The law profile of this agency, and the one limit that follows for its reads.

    Attributes:
        read_limit: the strictest of the law and the agency's own setting.
        statute: the rules of law.
        policy: the agency's own; None where it has adopted none.
        fingerprint: of both together; in every record of a decision.
        own_limit: whether the agency's own setting is the stricter one.
        beside: rules about what is written with a search, and about its case.
    """

    profile: Profile
    statute: RuleSet
    policy: RuleSet | None
    fingerprint: str
    read_limit: timedelta
    own_limit: bool
    beside: tuple[Rule, ...]


def see_rules(agency: Agency) -> RulesInForce:
    """The rules in force; open to everybody who is signed in."""
    statute, *own = agency.rules.sets
    return RulesInForce(
        statute=statute,
        policy=own[0] if own else None,
        fingerprint=agency.rules.fingerprint,
        profile=agency.profile,
        read_limit=agency.retention.limit,
        own_limit=agency.retention.limit < agency.profile.read_limit,
        beside=(
            *(as_rule(rule, rule.verdict) for rule in note_rules().rules),
            *CASE_DOUBTS.values(),
            NOT_THEIR_CASE,
        ),
    )
