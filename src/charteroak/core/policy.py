"""Deciding: may this be done, and which rule says so.

Rules are Cedar text with a schema whose codes are enumerated entities. A decision is a
permit only if Cedar says Allow *and* reports no error: an engine that had to skip a
broken prohibition has not said yes. Silence is no. (Cedar skips a policy whose
evaluation fails; measured, see docs/decisions.)

Somebody with several roles asks as all of them at once: permitted if a rule permits
any of them, refused if a rule stands against any of them. So an administrator who is
also an investigator cannot search: separation of duties is not undone by adding a role.

The statute and the agency's own policy are rule sets of their own, and all of them must
permit: a policy can only narrow what the law leaves open.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain, combinations
from typing import Final

import attrs
import cedarpy
import msgspec

from charteroak.core.camera import Location, Mount, Place
from charteroak.core.codes import (
    ASKED_BY_A_JURISDICTION,
    CODES,
    DECIDED_BY,
    AgencyKind,
    Approval,
    Case,
    DataKind,
    Declared,
    Freshness,
    Ground,
    Held,
    Keys,
    Process,
    Reach,
    Standing,
    Step,
    Store,
)
from charteroak.core.hotlist import ListClass
from charteroak.core.people import Act, Person, Role
from charteroak.core.search import Purpose


@attrs.frozen(kw_only=True)
class Rule:
    """One rule of law, as it is shown to people.

    Attributes:
        rule_id: its `@id`.
        statute: where it is written.
        plain: what it says, in one plain sentence.
        confidence: how sure the project is of this reading: high, medium or low.
        review: who has reviewed it.
        change: what the asker could change so that it no longer says no; may be empty.
        permits: whether it permits; else it forbids.
    """

    rule_id: str
    statute: str
    plain: str
    confidence: str
    review: str = ""
    change: str = ""
    permits: bool = False


NO_PURPOSE: Final = Purpose("")

SILENCE: Final = Rule(
    rule_id="CO-silence-is-no",
    statute="Charter Oak: what no rule permits is not done",
    plain="No rule permits this.",
    confidence="high",
)
BROKEN: Final = Rule(
    rule_id="CO-broken-rule",
    statute="Charter Oak: a rule that cannot be evaluated counts against",
    plain="A rule could not be evaluated, so the answer is no.",
    confidence="high",
    change="Tell the administrator: the rules need repair.",
)


DISAGREED: Final = Rule(
    rule_id="CO-table-disagrees",
    statute="Charter Oak: what leaves the house is decided twice, or not at all",
    plain="The rules and the table made from them do not agree, so the answer is no.",
    confidence="high",
    change="Tell the administrator: the rules need repair.",
)
ALARMING: Final = frozenset({BROKEN.rule_id, DISAGREED.rule_id})
"""Rules of a refusal that is no answer of the law but a fault: somebody must look."""


@attrs.frozen(kw_only=True)
class Request:
    """Everything that a decision depends on; finite, so that it can be enumerated.

    Which of the codes an act is decided by, `codes.DECIDED_BY` says; the others are not
    looked at. One that is needed and missing is refused, like a code nobody knows.

    Attributes:
        custodian: whose reads, as the rules name it.
        roles: all that the asker has; empty where another agency asks.
        requester: whose agency asks; empty where people of one's own do.
    """

    act: Act
    custodian: str
    roles: frozenset[Role] = frozenset()
    requester: str = ""
    purpose: Purpose = NO_PURPOSE
    case: Case = Case.NONE
    reach: Reach = Reach.BEYOND
    agency_kind: AgencyKind | None = None
    approval: Approval | None = None
    data_kind: DataKind | None = None
    declaration: Declared | None = None
    freshness: Freshness | None = None
    ground: Ground | None = None
    held: Held | None = None
    keys: Keys | None = None
    legal_process: Process | None = None
    list_class: ListClass | None = None
    location: Location | None = None
    mount: Mount | None = None
    place: Place | None = None
    standing: Standing | None = None
    step: Step | None = None
    store: Store | None = None

    @property
    def codes(self) -> dict[str, str]:
        """Field -> code, of the fields that the act is decided by and that are given."""
        fields = DECIDED_BY.get(self.act, ())
        given = ((field, getattr(self, field)) for field in fields)
        return {field: str(code) for field, code in given if code is not None}


def request(  # noqa: PLR0913  (all that a decision depends on, by name)
    act: Act,
    who: Person,
    *,
    custodian: str,
    purpose: Purpose,
    case_ref: str,
    since: datetime,
    at: datetime,
    limit: timedelta,
) -> Request:
    """What a person asks, as the rules see it.

    Args:
        act: what is to be done.
        who: all roles of this person count.
        custodian: whose reads.
        purpose: why.
        case_ref: empty where none was given.
        since: the earliest moment that is looked at.
        at: the moment of asking.
        limit: how far back the law lets anybody look.
    """
    return Request(
        act=act,
        roles=who.roles,
        custodian=custodian,
        purpose=purpose,
        case=Case.GIVEN if case_ref else Case.NONE,
        reach=Reach.BEYOND if since < at - limit else Reach.WITHIN,
    )


@attrs.frozen(kw_only=True)
class Permit:
    """Proof that the rules allow a request. Made by `verdict` alone."""

    request: Request
    because: tuple[Rule, ...]
    fingerprint: str


@attrs.frozen(kw_only=True)
class Denial:
    """A refusal: a value with its rules, never an exception."""

    request: Request
    because: tuple[Rule, ...]
    fingerprint: str

    @property
    def alarming(self) -> bool:
        """Whether it is no answer of the law but a fault that somebody must look at."""
        return any(rule.rule_id in ALARMING for rule in self.because)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RuleSet:
    """Rules in force, parsed and checked; made by `charteroak.law.loader`.

    Attributes:
        askers: see `askers`; of the same schema.
        rules: every rule by its id, in the order of the text.
        text: the policy as it is written.
        fingerprint: SHA-256 of all its answers (`core.decision_table`), hexadecimal.
    """

    policies: cedarpy.PolicySet
    schema: cedarpy.Schema
    askers: cedarpy.Entities
    rules: Mapping[str, Rule]
    text: str
    fingerprint: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RuleBook:
    """All rule sets in force for an agency; each of them must permit.

    Attributes:
        sets: at least one; the statute first.
    """

    sets: tuple[RuleSet, ...] = attrs.field(validator=attrs.validators.min_len(1))

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the fingerprints of the sets, hexadecimal."""
        whole = "\n".join(each.fingerprint for each in self.sets)
        return hashlib.sha256(whole.encode()).hexdigest()

    def rule(self, rule_id: str) -> Rule | None:
        """A rule by its id, of whichever set."""
        return next(
            (each.rules[rule_id] for each in self.sets if rule_id in each.rules), None
        )


def decide(book: RuleBook, request: Request) -> Permit | Denial:
    """Answer a request by all rules in force; safe to call from any thread.

    A refusal names the rules against it of every set.
    """
    question = _question(request)
    answers = [_answer(rules, request, question) for rules in book.sets]
    against = [each for each in answers if isinstance(each, Denial)]
    # Once each, in the order of the sets: two sets may be silent alike.
    because = dict.fromkeys(
        rule for answer in against or answers for rule in answer.because
    )
    made = Denial if against else Permit
    return made(request=request, because=tuple(because), fingerprint=book.fingerprint)


def decide_by(rules: RuleSet, request: Request) -> Permit | Denial:
    """Answer a request by one rule set alone."""
    return _answer(rules, request, _question(request))


def _answer(
    rules: RuleSet, request: Request, question: dict[str, object]
) -> Permit | Denial:
    answer = cedarpy.is_authorized(question, rules.policies, rules.askers, rules.schema)
    return verdict(answer, rules, request)


def decide_all(rules: RuleSet, requests: Sequence[Request]) -> list[Permit | Denial]:
    """Answer many requests by one rule set, in their order; faster than one by one."""
    answers = cedarpy.is_authorized_batch(
        [_question(request) for request in requests],
        rules.policies,
        rules.askers,
        rules.schema,
    )
    return [
        verdict(answer, rules, request)
        for answer, request in zip(answers, requests, strict=True)
    ]


def verdict(
    answer: cedarpy.AuthzResult, rules: RuleSet, request: Request
) -> Permit | Denial:
    """Permit only a clean Allow, for a reason that is a known rule."""
    named = answer.diagnostics.id_annotations_by_reason
    # Ordered as the text is, so that the same question has the same answer.
    order = list(rules.rules)
    ids = {named.get(reason) or "" for reason in answer.diagnostics.reasons}
    because = tuple(rules.rules[rule_id] for rule_id in order if rule_id in ids)
    broken = bool(answer.diagnostics.errors) or not ids.issubset(order)
    if answer.decision is cedarpy.Decision.Allow and because and not broken:
        return Permit(request=request, because=because, fingerprint=rules.fingerprint)
    if broken:
        # What would have permitted it is no reason for a refusal.
        because = (*(rule for rule in because if not rule.permits), BROKEN)
    return Denial(
        request=request, because=because or (SILENCE,), fingerprint=rules.fingerprint
    )


def sets_of_roles() -> list[frozenset[Role]]:
    """Every set of roles that somebody might have, the empty one first."""
    roles = sorted(Role)
    return [
        frozenset(some)
        for some in chain.from_iterable(
            combinations(roles, count) for count in range(len(roles) + 1)
        )
    ]


def name_of(roles: Iterable[Role]) -> str:
    """A set of roles as a code: their names in order; `nobody` where there is none."""
    return " ".join(sorted(roles)) or "nobody"


def askers(schema: cedarpy.Schema) -> cedarpy.Entities:
    """One asker for each set of roles, so that all requests share one parsed handle.

    It is parsed with the schema, which puts the groups of acts in it: without them a
    prohibition of a group would match nothing, and nobody would be told (measured).
    """
    return cedarpy.Entities.from_json_str(
        msgspec.json.encode(
            [
                {
                    "uid": _uid("Asker", name_of(roles)),
                    "attrs": {},
                    "parents": [_uid("Role", role) for role in sorted(roles)],
                }
                for roles in sets_of_roles()
            ]
        ).decode(),
        schema,
    )


def _question(request: Request) -> dict[str, object]:
    principal = (
        _uid("Jurisdiction", request.requester)
        if request.act in ASKED_BY_A_JURISDICTION
        else _uid("Asker", name_of(request.roles))
    )
    return {
        "principal": principal,
        "action": _uid("Action", request.act),
        "resource": _uid("Custodian", request.custodian),
        # As text: the engine would have it so, and this is the quicker way there.
        "context": msgspec.json.encode(
            {
                field: {"__entity": _uid(CODES[field][0], code)}
                for field, code in request.codes.items()
            }
        ).decode(),
    }


def _uid(kind: str, code: str) -> dict[str, str]:
    return {"type": kind, "id": str(code)}
