"""Report emergency searches that nobody bound to a case in time."""

from charteroak.core.flag import FlagKind
from charteroak.core.log_record import Draft, RecordKind
from charteroak.server.agency import Agency
from charteroak.server.store import emergencies, flags


def report_emergencies(agency: Agency) -> int:
    """Write each that is overdue into the log, and raise a flag for supervisors.

    Once for each: done again it finds none.

    Returns:
        How many were reported.
    """
    now = agency.clock()
    with agency.database.purges() as tx:
        overdue = emergencies.report(tx, at=now)
        for reference, opener, purpose in overdue:
            reported = agency.record(
                tx,
                Draft(
                    kind=RecordKind.EMERGENCY_REPORTED,
                    at=now,
                    public={"purpose": str(purpose)},
                    private={"about": str(opener), "case_ref": reference},
                ),
            )
            flags.hoist(
                tx,
                FlagKind.EMERGENCY_UNBOUND,
                reference,
                flag_id=agency.new_id(),
                about=opener,
                record_id=reported.record_id,
                at=now,
            )
    return len(overdue)
