"""Record that another limit for keeping reads is in force, and who decided it.

A shorter one takes effect on what is stored at the next purge; a longer one brings
nothing back, because a bucket that was dropped is gone.
"""

from datetime import date, timedelta
from typing import Final

from charteroak.core.log_record import Draft, RecordKind
from charteroak.law.profile import Limit
from charteroak.server.agency import Agency
from charteroak.server.store import retention_changes
from charteroak.server.store.retention_changes import RetentionChange

_MINUTE: Final = timedelta(minutes=1)


def note_retention(agency: Agency, found: Limit) -> bool:
    """Record the limit in force where it differs from the last one on record.

    The statute names itself, with the day from which it is in force. For a limit of the
    agency's own, setting or policy, the settings say who decided, and when.

    Returns:
        Whether there was anything to record.
    """
    with agency.database.changes() as tx:
        last = next(iter(retention_changes.newest(tx, most=1)), None)
        after = found.limit // _MINUTE
        same = last is not None and last.after_minutes == after
        if last is not None and same and last.because == found.because:
            return False
        decided_by, decided_on = _who_decided(agency, found)
        change = RetentionChange(
            changed_at=agency.clock(),
            before_minutes=None if last is None else last.after_minutes,
            after_minutes=after,
            because=found.because,
            statute=found.statute,
            decided_by=decided_by,
            decided_on=decided_on,
            record_id=0,
        )
        recorded = agency.record(
            tx,
            Draft(
                kind=RecordKind.RETENTION_CHANGED,
                at=change.changed_at,
                public={
                    "before_minutes": change.before_minutes,
                    "after_minutes": after,
                    "because": found.because,
                    "statute": found.statute,
                    "decided_by": decided_by,
                    "decided_on": decided_on.isoformat() if decided_on else "",
                },
            ),
        )
        retention_changes.add(tx, change, recorded=recorded.record_id)
    return True


def _who_decided(agency: Agency, found: Limit) -> tuple[str, date | None]:
    if found.because == agency.profile.code:
        return agency.profile.name, agency.profile.effective
    return agency.settings.keep_decided_by, agency.settings.keep_decided_on
