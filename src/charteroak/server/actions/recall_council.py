"""Before anything is served: what did the council order last? A backup must not forget it.

The database says one thing, a file beside the keys may say a later one. Where the council
is enrolled and that file is gone, nobody here knows what was ordered since the backup:
then all stands still until both keys say otherwise.
"""

from typing import Final

from charteroak.core.codes import Keys
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.moratorium import (
    CouncilStanding,
    Taken,
    UnreadableOrderError,
    read_order,
    turned,
)
from charteroak.server.agency import Agency
from charteroak.server.resuming import put_in_force
from charteroak.server.store import council
from charteroak.server.store.database import Changes
from charteroak.server.vault import council_file
from charteroak.server.vault.council_file import CouncilFile

DOUBT: Final = "Nobody knows what the council ordered last; both of its keys can say."


def recall_council(agency: Agency) -> CouncilStanding:
    """Bring database and file together, strictly, and put the outcome in force."""
    folder = agency.keys.folder
    with agency.database.changes() as tx:
        council.alone(tx)
        beside = council_file.read(folder)
        if beside is not None and not council.keys(tx):
            _enrol_again(agency, tx, beside)
        stands = council.stands(tx)
        if stands.keys:
            last = _agreed(agency, tx, stands, beside)
            stands = council.stands(tx)
            if beside is None or beside.taken != last:
                council_file.write(folder, stands.keys, last)
    agency.law.stands(stands)
    return stands


def look_at_council(agency: Agency) -> CouncilStanding:
    """Put in force what another process may have carried out; done every second."""
    with agency.database.changes() as tx:
        stands = council.stands(tx)
    put_in_force(agency, stands)
    return stands


def _agreed(
    agency: Agency, tx: Changes, stands: CouncilStanding, beside: CouncilFile | None
) -> Taken | None:
    """The last order of both; the later one is written into the database."""
    known = council.orders(tx)
    last = known[-1] if known else None
    if beside is None or {each.key_id for each in beside.council_keys} != {
        each.key_id for each in stands.keys
    }:
        return _doubt(agency, tx, stands)
    there = beside.taken
    if there is None or there.number <= stands.last:
        return last
    if there.step is None or not _is_ordered(there, stands):
        return _doubt(agency, tx, stands)
    kind = RecordKind.SUSPEND_ORDERED if there.stops else RecordKind.SUSPEND_ENDED
    _add(agency, tx, kind, there)
    return there


def _is_ordered(there: Taken, stands: CouncilStanding) -> bool:
    """Whether an order of the file carries the signatures that it needs."""
    try:
        signed = read_order(there.text)
    except UnreadableOrderError:
        return False
    keys = turned(signed, stands.keys).keys
    enough = {Keys.ONE, Keys.TWO} if there.stops else {Keys.TWO}
    same = (signed.order.number, signed.order.step) == (there.number, there.step)
    return same and keys in enough


def _doubt(agency: Agency, tx: Changes, stands: CouncilStanding) -> Taken:
    doubt = Taken(number=stands.next_number, step=None, at=agency.clock(), reason=DOUBT)
    _add(agency, tx, RecordKind.SUSPEND_DOUBTED, doubt)
    return doubt


def _add(agency: Agency, tx: Changes, kind: RecordKind, taken: Taken) -> None:
    receipt = agency.record(
        tx,
        Draft(
            kind=kind,
            at=agency.clock(),
            public={
                "number": taken.number,
                "reason": taken.reason,
                "order": taken.text.decode(),
                "again": "after a restore",
            },
        ),
    )
    council.add(tx, taken, record_id=receipt.record_id)


def _enrol_again(agency: Agency, tx: Changes, beside: CouncilFile) -> None:
    """The backup is older than the council's keys; the file knows them."""
    keys, now = beside.council_keys, agency.clock()
    receipt = agency.record(
        tx,
        Draft(
            kind=RecordKind.COUNCIL_ENROLLED,
            at=now,
            public={
                "keys": [each.key_id for each in keys],
                "public_keys": [each.public_key.hex() for each in keys],
                "names": [each.name for each in keys],
                "again": "after a restore",
            },
        ),
    )
    for slot, key in enumerate(keys, start=1):
        council.enrol(tx, slot, key, at=now, record_id=receipt.record_id)
