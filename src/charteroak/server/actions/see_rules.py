"""See the rules in force, in plain words, with their sources."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

import attrs

from charteroak.core.case_file import CASE_DOUBTS
from charteroak.core.export import NOT_THEIR_CASE
from charteroak.core.package import fingerprint
from charteroak.core.policy import Rule, RuleSet
from charteroak.core.search_check import as_rule
from charteroak.law.loader import next_change
from charteroak.law.profile import Kind, Limit, Profile
from charteroak.law.screening import note_rules
from charteroak.server.agency import Agency
from charteroak.server.law_in_force import NotAdopted, today
from charteroak.server.store import retention_changes
from charteroak.server.store.retention_changes import RetentionChange

_LIMITS: Final = 100


@attrs.frozen(kw_only=True, eq=False)
class InForce:
    """A set of rules that narrows the law.

    Attributes:
        kind: who stands behind it; None: the council, by its moratorium.
        read_limit: how long it lets reads be kept; None where it says nothing.
    """

    name: str
    kind: Kind | None
    rules: RuleSet
    read_limit: timedelta | None


@attrs.frozen(kw_only=True)
class RulesInForce:
    """The law profile of this agency, and the one limit that follows for its reads.

    Attributes:
        read_limit: the strictest of law, policy, contract and the agency's own setting.
        papers: how long papers of the disclosure desk are kept, and who says so.
        statute: the rules of law.
        own: policy, contract and moratorium, as far as there are any.
        fingerprint: of all together; in every record of a decision, but of a council's
            orders, which the statute's set alone decides.
        own_limit: whether something beside the law is the stricter one.
        limits: which limit was in force before, and who decided; the newest first.
        beside: rules about what is written with a search, and about its case.
        changes_on: the day on which other rules of the state take effect, where known.
        signing_key: fingerprint of the key that signs packages; outsiders ask for it.
        refused: rules that were offered and cannot be used; the ones here go on.
    """

    profile: Profile
    statute: RuleSet
    own: tuple[InForce, ...]
    fingerprint: str
    read_limit: timedelta
    papers: Limit
    own_limit: bool
    limits: tuple[RetentionChange, ...]
    beside: tuple[Rule, ...]
    signing_key: str
    changes_on: date | None
    refused: NotAdopted | None


def see_rules(agency: Agency) -> RulesInForce:
    """The rules in force; open to everybody who is signed in."""
    with agency.database.changes() as tx:
        limits = retention_changes.newest(tx, most=_LIMITS)
    now = today(agency.settings, agency.clock())
    return RulesInForce(
        statute=agency.rules.sets[0],
        own=tuple(_own(agency)),
        fingerprint=agency.rules.fingerprint,
        profile=agency.profile,
        read_limit=agency.retention.limit,
        papers=agency.papers_term,
        own_limit=agency.retention.limit < agency.profile.read_limit,
        limits=tuple(limits),
        signing_key=fingerprint(agency.keys.public_pem),
        beside=(
            *(as_rule(rule, rule.verdict) for rule in note_rules().rules),
            *CASE_DOUBTS.values(),
            NOT_THEIR_CASE,
        ),
        changes_on=next_change(agency.settings.jurisdiction, on=now),
        refused=agency.law.refused,
    )


def _own(agency: Agency) -> Iterator[InForce]:
    named = {each.rules.fingerprint: each for each in agency.terms}
    moratorium = agency.rules.sets[-1] if agency.council.suspended else None
    for rules in agency.rules.sets[1:]:
        each = named.get(rules.fingerprint)
        kind = each.kind if each is not None else Kind.POLICY
        yield InForce(
            name=each.name if each is not None else "",
            kind=None if rules is moratorium else kind,
            rules=rules,
            read_limit=each.read_limit if each is not None else None,
        )
