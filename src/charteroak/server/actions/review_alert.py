"""Give a verdict on an alert: confirm it with all four checks, or reject it."""

from typing import Final

import attrs

from charteroak.core import alert as rules
from charteroak.core.alert import (
    AlertId,
    AlreadyReviewedError,
    Checks,
    MissingChecksError,
    Rejection,
    Status,
)
from charteroak.core.alert_review import (
    AlreadyReviewed,
    ChecksMissing,
    Deed,
    Done,
    EvidenceGone,
    NoSuchAlert,
    NotAllowed,
    minutes_span,
)
from charteroak.core.log_record import Draft, RecordKind, Value
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import alerts, hints
from charteroak.server.store.alert_rows import Alert

_KINDS: Final = {
    Status.CONFIRMED: RecordKind.ALERT_CONFIRMED,
    Status.REJECTED: RecordKind.ALERT_REJECTED,
}

Reviewed = (
    Done | AlreadyReviewed | ChecksMissing | EvidenceGone | NoSuchAlert | NotAllowed
)


@attrs.frozen(kw_only=True)
class Confirming:
    """The car is the one on the list: each check was made by this person, by eye."""

    checks: Checks


@attrs.frozen(kw_only=True)
class Rejecting:
    """The hit was no hit."""

    rejection: Rejection


def review_alert(
    agency: Agency, who: Person, alert_id: AlertId, verdict: Confirming | Rejecting
) -> Reviewed:
    """Write a person's verdict; of two at once, the second is told who was first.

    The verdict and its record are one transaction. A refusal changes nothing.
    """
    if not who.may(Act.REVIEW_ALERT):
        return NotAllowed(act=Act.REVIEW_ALERT)
    now = agency.clock()
    with agency.database.changes() as tx:
        alert = alerts.find_to_change(
            tx, alert_id, at=now, not_before=agency.retention.not_before(now)
        )
        if alert is None:
            return NoSuchAlert()
        try:
            status = _status(alert, verdict)
        except AlreadyReviewedError:
            return _already(alert)
        except MissingChecksError as refused:
            return ChecksMissing(missing=refused.missing)
        if status is Status.CONFIRMED and alert.evidence is None:
            return EvidenceGone(deleted_at=alert.deleted_at)
        alerts.review(
            tx,
            alert_id,
            status=status,
            checks=verdict.checks if isinstance(verdict, Confirming) else Checks(),
            rejection=verdict.rejection if isinstance(verdict, Rejecting) else None,
            by=who.person_id,
            at=now,
        )
        agency.record(
            tx,
            Draft(
                kind=_KINDS[status],
                at=now,
                public={
                    **_public(verdict),
                    "minutes": minutes_span(now - alert.raised_at),
                },
                private={"person": str(who.person_id), "alert": str(alert_id)},
            ),
        )
        hints.give(tx)
    return Done(deed=Deed(by=who.name, at=now))


def _public(verdict: Confirming | Rejecting) -> dict[str, Value]:
    match verdict:
        case Confirming(checks=checks):
            return {"checks": len(attrs.fields(Checks)) - len(checks.missing)}
        case Rejecting(rejection=rejection):
            return {"rejection": rejection.value}


def _status(alert: Alert, verdict: Confirming | Rejecting) -> Status:
    match verdict:
        case Confirming(checks=checks):
            return rules.confirm(alert.status, checks)
        case Rejecting():
            return rules.reject(alert.status)


def _already(alert: Alert) -> AlreadyReviewed:
    deed = alert.reviewed or Deed(by="", at=alert.raised_at)
    return AlreadyReviewed(status=alert.status, rejection=alert.rejection, deed=deed)
