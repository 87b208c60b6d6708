"""Write into the log that a backup was restored, and trust nothing that it undid."""

from datetime import datetime
from typing import Final

import attrs

from charteroak.core.log_record import Draft, RecordKind
from charteroak.server.agency import Agency
from charteroak.server.store import entry_wishes, partners

_LOOK: Final = "restored from a backup: look at it, then switch it on"


@attrs.frozen(kw_only=True)
class RestoreNoted:
    """What somebody decides anew, since nobody knows what was decided meanwhile.

    Attributes:
        paused: agencies that get nothing until a supervisor has looked.
        wishes_ended: wishes for own entries that nobody had decided.
    """

    paused: int
    wishes_ended: int


def note_restore(  # noqa: PLR0913  (all that is recorded, by name)
    agency: Agency,
    *,
    made_at: datetime,
    due: int,
    locked: int,
    holds_ended: int,
    unapproved: int,
) -> RestoreNoted:
    """Record a restore; pause all agencies, and end the wishes that wait.

    A pause, a declaration withdrawn or a wish rejected since the backup is forgotten by
    it: what is given out and what is looked for begins again by a decision alone.

    Args:
        agency: that was restored.
        made_at: the moment whose state is back; the log goes on from there.
        due: buckets that were due, of which nothing was written.
        locked: buckets whose key was not there.
        holds_ended: holds whose key was not there.
        unapproved: entries of the agency's own that lost their approval.
    """
    now = agency.clock()
    with agency.database.changes() as tx:
        paused = partners.pause_all(tx, at=now)
        wishes_ended = entry_wishes.end_all(tx, at=now)
        agency.record(
            tx,
            Draft(
                kind=RecordKind.BACKUP_RESTORED,
                at=now,
                public={
                    "of": made_at.isoformat(timespec="hours"),
                    "buckets_due": due,
                    "buckets_locked": locked,
                    "holds_ended": holds_ended,
                    "entries_unapproved": unapproved,
                    "partners_paused": len(paused),
                    "wishes_ended": wishes_ended,
                },
            ),
        )
        for partner in paused:
            agency.record(
                tx,
                Draft(
                    kind=RecordKind.PARTNER_PAUSED,
                    at=now,
                    public={
                        "agency_kind": partner.kind.value,
                        "requester": partner.jurisdiction,
                    },
                    private={
                        "partner": str(partner.partner_id),
                        "partner_name": partner.name,
                        "reason": _LOOK,
                    },
                ),
            )
    return RestoreNoted(paused=len(paused), wishes_ended=wishes_ended)
