"""Deciding: may this be done, and which rule says so.

Rules are Cedar text with a schema whose codes are enumerated entities. A decision is a
permit only if Cedar says Allow *and* reports no error: an engine that had to skip a
broken prohibition has not said yes. Silence is no. (Cedar skips a policy whose
evaluation fails; measured, see docs/decisions.)
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import attrs
import cedarpy

from charteroak.core.people import Act, Role
from charteroak.core.search import Purpose


class Case(StrEnum):
    """Whether a search names a case."""

    GIVEN = "given"
    NONE = "none"


class Reach(StrEnum):
    """How far back a search looks, against the limit that the law sets."""

    BEYOND = "beyond"
    WITHIN = "within"


@attrs.frozen(kw_only=True)
class Rule:
    """One rule of law, as it is shown to people.

    Attributes:
        rule_id: its `@id`.
        statute: where it is written.
        plain: what it says, in one plain sentence.
        confidence: how sure the project is of this reading: high, medium or low.
        change: what the asker could change so that it no longer says no; may be empty.
    """

    rule_id: str
    statute: str
    plain: str
    confidence: str
    change: str = ""


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


@attrs.frozen(kw_only=True)
class Request:
    """Everything that a decision depends on; finite, so that it can be enumerated."""

    act: Act
    role: Role
    custodian: str
    purpose: Purpose
    case: Case
    reach: Reach


@attrs.frozen(kw_only=True)
class Permit:
    """Proof that the rules allow a request. Made by `decide` alone."""

    request: Request
    because: tuple[Rule, ...]
    fingerprint: str


@attrs.frozen(kw_only=True)
class Denial:
    """A refusal: a value with its rules, never an exception."""

    request: Request
    because: tuple[Rule, ...]
    fingerprint: str


@attrs.frozen(kw_only=True, eq=False)
class RuleSet:
    """Rules in force, parsed and checked; made by `charteroak.law.loader`.

    Attributes:
        rules: every rule by its id.
        fingerprint: SHA-256 over policy and schema text, hexadecimal.
    """

    policies: cedarpy.PolicySet
    schema: cedarpy.Schema
    rules: Mapping[str, Rule]
    fingerprint: str


def decide(rules: RuleSet, request: Request) -> Permit | Denial:
    """Answer a request by the rules in force."""
    answer = cedarpy.is_authorized(
        {
            "principal": f'Role::"{request.role}"',
            "action": f'Action::"{request.act}"',
            "resource": f"Custodian::{json.dumps(request.custodian)}",
            "context": {
                "purpose": _entity("Purpose", request.purpose),
                "case": _entity("Case", request.case),
                "reach": _entity("Reach", request.reach),
            },
        },
        rules.policies,
        [],
        rules.schema,
    )
    return verdict(answer, rules, request)


def verdict(
    answer: cedarpy.AuthzResult, rules: RuleSet, request: Request
) -> Permit | Denial:
    """Permit only a clean Allow."""
    named = answer.diagnostics.id_annotations_by_reason
    because = tuple(
        rules.rules.get(named.get(reason) or "", BROKEN)
        for reason in answer.diagnostics.reasons
    )
    if (
        answer.decision is cedarpy.Decision.Allow
        and not answer.diagnostics.errors
        and because
        and BROKEN not in because
    ):
        return Permit(request=request, because=because, fingerprint=rules.fingerprint)
    if answer.diagnostics.errors:
        because = (*because, BROKEN)
    return Denial(
        request=request, because=because or (SILENCE,), fingerprint=rules.fingerprint
    )


def _entity(kind: str, code: str) -> dict[str, dict[str, str]]:
    return {"__entity": {"type": kind, "id": code}}
