"""End the holds whose day has come, and forget what ended holds kept."""

from uuid import UUID

from charteroak.core.log_record import Draft, RecordKind
from charteroak.server.agency import Agency
from charteroak.server.store import erasure


def end_holds(agency: Agency) -> int:
    """End past holds; destroy the copies, with their pictures, of all ended ones.

    Returns:
        How many copies went.

    Raises:
        CharterOakError: a key or a file could not be removed; it is tried again.
    """
    now = agency.clock()
    with agency.database.purges() as tx:
        for hold in erasure.end_past_holds(tx, at=now):
            agency.record(
                tx,
                Draft(
                    kind=RecordKind.HOLD_ENDED,
                    at=now,
                    public={"why": "its_day_has_come"},
                    private={"hold": hold},
                ),
            )
    with agency.database.purges() as tx:
        # Pictures and key go before the rows: a crash in between leaves rows that bring
        # the next run here again.
        forgotten = erasure.forget_held(tx)
        for hold in forgotten:
            agency.keys.destroy_hold(UUID(hold))
            agency.pictures.drop_hold(UUID(hold))
    if forgotten:
        with agency.database.purges() as tx:
            erasure.rewrite_held(tx)
        with agency.database.purges() as tx:
            erasure.flush(tx)
    return len(forgotten)
