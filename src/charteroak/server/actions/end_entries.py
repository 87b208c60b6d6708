"""Take entries of the agency's own off their lists on their day; let wishes lapse."""

from charteroak.core.log_record import Draft, RecordKind
from charteroak.server.agency import Agency
from charteroak.server.listing import hot_digests
from charteroak.server.store import entry_wishes, own_entries


def end_entries(agency: Agency) -> int:
    """Delete the entries whose day has come, and write down what nobody decided in time.

    An entry matches nothing from its day on, whenever this runs; this deletes its plate.

    Returns:
        How many entries ended and wishes lapsed.

    Raises:
        StoreUnavailableError: the database broke off; what is committed stays done.
    """
    return _lapse(agency) + _end(agency)


def _lapse(agency: Agency) -> int:
    now = agency.clock()
    with agency.database.changes() as tx:
        lapsed = entry_wishes.lapse(tx, at=now)
        for asked, entries in lapsed:
            agency.record(
                tx,
                Draft(
                    kind=RecordKind.ENTRY_ENDED,
                    at=now,
                    public={
                        "why": "undecided",
                        "entries": entries,
                        "asked": int(asked),
                    },
                ),
            )
    return len(lapsed)


def _end(agency: Agency) -> int:
    now = agency.clock()
    with agency.database.changes() as tx:
        if not own_entries.some_expired(tx, at=now):
            return 0
    with (
        agency.hot_file.changing(lambda: hot_digests(agency)),
        agency.database.changes() as tx,
    ):
        ended = own_entries.end_expired(tx, at=now)
        agency.record(
            tx,
            Draft(
                kind=RecordKind.ENTRY_ENDED,
                at=now,
                public={"why": "its_day_has_come", "entries": len(ended)},
                private={"entry_ids": [str(each) for each in ended]},
            ),
        )
    return len(ended)
