"""Enrol the council's two public keys, once: the ceremony at which a server meets it.

What keys count after them, a third one too, the council says by a hand-over that two of
them signed; nobody who runs the server has a way to add one.
"""

from charteroak.core.council_order import KEYS_NEEDED, CouncilKey, may_hold
from charteroak.core.errors import CharterOakError
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.moratorium import CouncilStanding
from charteroak.server.agency import Agency
from charteroak.server.store import council
from charteroak.server.vault import council_file


class CouncilEnrolledError(CharterOakError):
    """The council's keys are enrolled already, and nobody here may change them."""

    code = "charteroak.council.enrolled"
    hint = (
        "Keys are enrolled once: else whoever runs the server could take their place. "
        "The council hands them over itself: `charteroak council sign --step hand-over`."
    )


class TwoKeysError(CharterOakError):
    """A council begins with two keys, of two members."""

    code = "charteroak.council.two-keys"
    hint = (
        "Give two files, each of the key of another member of the council; a third key "
        "comes by a hand-over."
    )


def enrol_council(agency: Agency, keys: tuple[CouncilKey, ...]) -> CouncilStanding:
    """Enrol two public keys; from now on one of them suspends, and both resume.

    Raises:
        TwoKeysError: not two different keys of two different holders.
        CouncilEnrolledError: a council is enrolled already.
    """
    if len(keys) != KEYS_NEEDED or not may_hold(keys):
        raise TwoKeysError("these are not two keys of two members")
    now = agency.clock()
    with agency.database.changes() as tx:
        council.alone(tx)
        # The folder knows it too where somebody emptied the table.
        if council.keys(tx) or council_file.read(agency.keys.folder) is not None:
            raise CouncilEnrolledError("the council's keys are enrolled already")
        receipt = agency.record(
            tx,
            Draft(
                kind=RecordKind.COUNCIL_ENROLLED,
                at=now,
                public={
                    "keys": [each.key_id for each in keys],
                    "public_keys": [each.public_key.hex() for each in keys],
                    "names": [each.name for each in keys],
                },
            ),
        )
        for slot, key in enumerate(keys, start=1):
            council.enrol(tx, slot, key, at=now, record_id=receipt.record_id)
        stands = council.stands(tx, agency.settings.agency)
        council_file.write(agency.keys.folder, stands)
    agency.law.stands(stands)
    return stands
