"""Look at a flag and write down what came of it."""

import attrs

from charteroak.core.flag import AboutYourself, FlagId, NoSuchFlag, Outcome
from charteroak.core.hold import NotAllowed
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import flags


@attrs.frozen(kw_only=True)
class FlagLookedAt:
    """It is written down."""

    outcome: Outcome


def look_at_flag(
    agency: Agency, who: Person, flag_id: FlagId, *, outcome: Outcome, reason: str
) -> FlagLookedAt | NoSuchFlag | AboutYourself | NotAllowed:
    """Write down that somebody looked at a flag, and what came of it.

    A supervisor or an auditor, so that there is somebody above every supervisor too.

    Args:
        agency: whose searches.
        who: looks; never whom the flag is about.
        flag_id: which.
        outcome: what came of it.
        reason: in words; see `core.hold.parse_reason`.
    """
    if not who.may(Act.LOOK_AT_FLAGS):
        return NotAllowed()
    now = agency.clock()
    with agency.database.changes() as tx:
        flag = flags.find_to_change(tx, flag_id)
        if flag is None or flag.looked_at is not None:
            return NoSuchFlag()
        if flag.about == who.person_id:
            return AboutYourself()
        agency.record(
            tx,
            Draft(
                kind=RecordKind.FLAG_LOOKED_AT,
                at=now,
                public={"flag": flag.kind.value, "outcome": outcome.value},
                private={
                    "person": str(who.person_id),
                    "about": str(flag.about),
                    "raised_by": flag.record_id,
                    "reason": reason,
                },
            ),
        )
        flags.looked(tx, flag_id, by=who.person_id, at=now, outcome=outcome)
    return FlagLookedAt(outcome=outcome)
