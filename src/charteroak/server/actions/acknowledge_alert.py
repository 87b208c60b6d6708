"""Acknowledge an alert: say that one is looking at it."""

from charteroak.core.alert import AlertId, Status
from charteroak.core.alert_review import (
    AlreadyReviewed,
    AlreadyTaken,
    Deed,
    Done,
    NoSuchAlert,
    NotAllowed,
    minutes_span,
)
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import alerts, hints


def acknowledge_alert(
    agency: Agency, who: Person, alert_id: AlertId
) -> Done | AlreadyTaken | AlreadyReviewed | NoSuchAlert | NotAllowed:
    """Take an alert, unless somebody has; the taking and its record are one."""
    if not who.may(Act.ACKNOWLEDGE_ALERT):
        return NotAllowed(act=Act.ACKNOWLEDGE_ALERT)
    now = agency.clock()
    with agency.database.changes() as tx:
        alert = alerts.find_to_change(
            tx, alert_id, at=now, not_before=agency.retention.not_before(now)
        )
        if alert is None:
            return NoSuchAlert()
        if alert.status is not Status.UNVERIFIED and alert.reviewed is not None:
            return AlreadyReviewed(
                status=alert.status, rejection=alert.rejection, deed=alert.reviewed
            )
        if alert.acknowledged is not None:
            return AlreadyTaken(deed=alert.acknowledged)
        alerts.acknowledge(tx, alert_id, by=who.person_id, at=now)
        agency.record(
            tx,
            Draft(
                kind=RecordKind.ALERT_ACKNOWLEDGED,
                at=now,
                public={"minutes": minutes_span(now - alert.raised_at)},
                private={"person": str(who.person_id), "alert": str(alert_id)},
            ),
        )
        hints.give(tx)
    return Done(deed=Deed(by=who.name, at=now))
