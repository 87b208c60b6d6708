"""Before anything is served: what did the council order last? A backup must not forget it.

The database says one thing, a file beside the keys may say a later one. Where the council
is enrolled and that file is gone, nobody here knows what was ordered since the backup:
then all stands still until two keys say otherwise. The same is done where somebody changes
the database of a server that runs.
"""

from typing import Final

import attrs

from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.moratorium import CouncilStanding, Taken, standing
from charteroak.server.agency import Agency
from charteroak.server.resuming import RECORDED_AS, put_in_force
from charteroak.server.store import council
from charteroak.server.store.database import Changes
from charteroak.server.vault import council_file
from charteroak.server.vault.council_file import CouncilFile

DOUBT: Final = "Nobody knows what the council ordered last; two of its keys can say."


def recall_council(agency: Agency) -> CouncilStanding:
    """Bring database and file together, strictly, and put the outcome in force."""
    folder = agency.keys.folder
    with agency.database.changes() as tx:
        council.alone(tx)
        beside = council_file.read(folder)
        if beside is not None and not council.keys(tx):
            _enrol_again(agency, tx, beside)
        stands = council.stands(tx, agency.settings.agency)
        if beside is not None and set(beside.enrolled) != set(stands.enrolled):
            # Nobody may do that: no order is taken until they are what they were.
            stands = stands if stands.doubt else _doubt(agency, tx, stands)
            stands = attrs.evolve(stands, enrolled=beside.enrolled)
        elif stands.enrolled:
            stands = _agreed(agency, tx, stands, beside)
            if beside != CouncilFile.of(stands):
                council_file.write(folder, stands)
    # Also where it has a lower number than what this process knew: that is gone.
    agency.law.council = stands
    return stands


def look_at_council(agency: Agency) -> CouncilStanding:
    """Put in force what another process may have carried out; done every second."""
    with agency.database.changes() as tx:
        stands = council.stands(tx, agency.settings.agency)
    if not stands.goes_on_from(agency.law.council):
        return recall_council(agency)
    put_in_force(agency, stands)
    return stands


def _agreed(
    agency: Agency, tx: Changes, stands: CouncilStanding, beside: CouncilFile | None
) -> CouncilStanding:
    """What both know; orders that the database lacks are written into it."""
    if beside is None:
        return _doubt(agency, tx, stands)
    for there in beside.orders:
        if there.number in {each.number for each in stands.orders}:
            continue
        rows = sorted((*stands.orders, there), key=lambda each: each.number)
        whole = standing(stands.agency, stands.enrolled, rows)
        if there.step is None or there not in whole.orders:
            return _doubt(agency, tx, stands)
        _add(agency, tx, there)
        stands = whole
    # Keys that the council gave up must not count again, whatever stands in the place of
    # the order that says so.
    known = {each.text for each in stands.handed_over}
    if not known.issuperset(each.text for each in beside.handed_over):
        return _doubt(agency, tx, stands)
    return stands


def _doubt(agency: Agency, tx: Changes, stands: CouncilStanding) -> CouncilStanding:
    doubt = Taken(number=stands.next_number, step=None, at=agency.clock(), reason=DOUBT)
    _add(agency, tx, doubt)
    return stands.after(doubt)


def _add(agency: Agency, tx: Changes, taken: Taken) -> None:
    receipt = agency.record(
        tx,
        Draft(
            kind=RECORDED_AS[taken.step],
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
    keys, now = beside.enrolled, agency.clock()
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
