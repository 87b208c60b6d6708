"""Before anything is served: what did the council order last? A backup must not forget it.

The database says one thing, a file beside the keys may say a later one. Where the council
is enrolled and that file is gone, nobody here knows what was ordered since the backup:
then all stands still until two keys say otherwise. The same is done where somebody changes
the database of a server that runs.
"""

from typing import Final

import attrs

from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.moratorium import CouncilStanding, Taken
from charteroak.server.agency import Agency
from charteroak.server.resuming import RECORDED_AS, put_in_force
from charteroak.server.store import council
from charteroak.server.store.database import Changes
from charteroak.server.vault import council_file
from charteroak.server.vault.council_file import CouncilFile

DOUBT: Final = "Nobody knows what the council ordered last; two of its keys can say."


def recall_council(agency: Agency) -> CouncilStanding:
    """Bring database and file together, strictly, and put the outcome in force."""
    with agency.database.changes() as tx:
        council.alone(tx)
        beside = council_file.read(agency.keys.folder)
        if beside is not None and not council.keys(tx):
            _enrol_again(agency, tx, beside)
        stands = council.stands(tx, agency.settings.agency)
        if stands.enrolled:
            stands = _agreed(agency, tx, stands, beside)
        # Also where it has a lower number than what this process knew: that is gone.
        # And before the next order is taken, which has a higher one.
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
        stands = _doubted(agency, tx, stands)
    else:
        kept = beside.stands(stands.agency)
        same_keys = set(kept.enrolled) == set(stands.enrolled)
        if same_keys:
            stands = _put_back(agency, tx, stands, kept)
        lost = [each for each in kept.orders if each.step and each not in stands.orders]
        if lost or not same_keys:
            stands = _doubted(agency, tx, stands)
        if not same_keys or (lost and stands.handed_over != kept.handed_over):
            # Keys that the council gave up, or never had, would count: no order is taken
            # until the database has again what the file can prove, and the file stays.
            return attrs.evolve(stands, enrolled=kept.enrolled, orders=kept.orders)
    if beside != CouncilFile.of(stands):
        council_file.write(agency.keys.folder, stands)
    return stands


def _put_back(
    agency: Agency, tx: Changes, stands: CouncilStanding, kept: CouncilStanding
) -> CouncilStanding:
    """Write into the database what only the file knows; what is no order is a doubt."""
    here = {each.number for each in stands.orders}
    for each in kept.orders:
        if each.number not in here:
            doubt = attrs.evolve(each, step=None, reason=DOUBT, text=b"")
            _add(agency, tx, each if each.step and each.order else doubt)
    return council.stands(tx, stands.agency)


def _doubted(agency: Agency, tx: Changes, stands: CouncilStanding) -> CouncilStanding:
    if stands.doubt:
        return stands
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
