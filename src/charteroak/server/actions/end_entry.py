"""End an entry of the agency's own before its day."""

import attrs

from charteroak.core.alert_review import NotAllowed
from charteroak.core.hotlist import EntryId
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.own_entry import NoSuchEntry
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.listing import hot_digests
from charteroak.server.store import own_entries


@attrs.frozen
class EntryEnded:
    """It is off its list, and matches nothing any more."""


def end_entry(
    agency: Agency, who: Person, entry_id: EntryId
) -> EntryEnded | NoSuchEntry | NotAllowed:
    """Take an entry off its list; the plate is deleted.

    Any list clerk or supervisor may: to stop looking for a car needs no second person.
    """
    if not who.may(Act.ADD_LIST_ENTRY) and not who.may(Act.APPROVE_LIST_ENTRY):
        return NotAllowed(act=Act.ADD_LIST_ENTRY)
    with agency.hot_file.changing(lambda: hot_digests(agency)):
        now = agency.clock()
        with agency.database.changes() as tx:
            entry = own_entries.find(tx, entry_id, at=now)
            if entry is None or not own_entries.end(tx, entry_id):
                return NoSuchEntry()
            agency.record(
                tx,
                Draft(
                    kind=RecordKind.ENTRY_ENDED,
                    at=now,
                    public={
                        "why": "by_hand",
                        "entries": 1,
                        "purpose": str(entry.purpose),
                    },
                    private={
                        "person": str(who.person_id),
                        "roles": sorted(role.value for role in who.roles),
                        "entry": str(entry_id),
                        "list": entry.list_name,
                        "plate": entry.plate.glyphs,
                        "case_ref": entry.case_ref,
                    },
                ),
            )
    return EntryEnded()
