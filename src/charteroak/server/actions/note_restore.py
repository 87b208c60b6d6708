"""Write into the log that a backup was restored, and what did not come back."""

from datetime import datetime

from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.sealed import LogReceipt
from charteroak.server.agency import Agency


def note_restore(
    agency: Agency, *, made_at: datetime, due: int, locked: int, holds_ended: int
) -> LogReceipt:
    """Record a restore.

    Args:
        agency: that was restored.
        made_at: the moment whose state is back; the log goes on from there.
        due: buckets that were due, of which nothing was written.
        locked: buckets whose key was not there.
        holds_ended: holds whose key was not there.
    """
    with agency.database.changes() as tx:
        return agency.record(
            tx,
            Draft(
                kind=RecordKind.BACKUP_RESTORED,
                at=agency.clock(),
                public={
                    "of": made_at.isoformat(timespec="hours"),
                    "buckets_due": due,
                    "buckets_locked": locked,
                    "holds_ended": holds_ended,
                },
            ),
        )
