"""Write what came of a confirmed alert."""

from charteroak.core import alert as rules
from charteroak.core.alert import AlertId, NotConfirmedError, Outcome
from charteroak.core.alert_review import (
    AlreadyConcluded,
    Deed,
    Done,
    NoSuchAlert,
    NotAllowed,
    NotConfirmed,
    minutes_span,
)
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import alerts, hints


def conclude_alert(
    agency: Agency, who: Person, alert_id: AlertId, outcome: Outcome
) -> Done | AlreadyConcluded | NotConfirmed | NoSuchAlert | NotAllowed:
    """Write the outcome once; the outcome and its record are one transaction."""
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
            rules.may_have_outcome(alert.status)
        except NotConfirmedError:
            return NotConfirmed()
        if alert.outcome is not None and alert.concluded is not None:
            return AlreadyConcluded(outcome=alert.outcome, deed=alert.concluded)
        alerts.conclude(tx, alert_id, outcome=outcome, by=who.person_id, at=now)
        agency.record(
            tx,
            Draft(
                kind=RecordKind.ALERT_CONCLUDED,
                at=now,
                public={
                    "minutes": minutes_span(now - alert.raised_at),
                    "outcome": outcome.value,
                },
                private={"person": str(who.person_id), "alert": str(alert_id)},
            ),
        )
        hints.give(tx)
    return Done(deed=Deed(by=who.name, at=now))
