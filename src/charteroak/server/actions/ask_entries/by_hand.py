"""Ask for one plate, typed into the form."""

from datetime import datetime

import attrs

from charteroak.core.alert_review import NotAllowed
from charteroak.core.codes import Approval
from charteroak.core.flag import FlagKind
from charteroak.core.log_record import RecordId
from charteroak.core.own_entry import BY_HAND, LONGEST, Wished, WishedPlate
from charteroak.core.people import Act, Person
from charteroak.core.plate import PlateText
from charteroak.core.policy import Denial
from charteroak.core.screening import Verdict, screen
from charteroak.core.search import Purpose
from charteroak.core.search_answer import Forbidden
from charteroak.core.search_check import Weighed, weigh
from charteroak.law.screening import note_rules
from charteroak.server.actions.ask_entries.waiting import (
    EntriesWait,
    asked,
    decided,
    question,
    refused,
    wait,
)
from charteroak.server.agency import Agency
from charteroak.server.flagging import flag_record

_AUTHORITY = "Entered for a case and approved by a second person"


@attrs.frozen(kw_only=True, repr=False)
class Wanted:
    """One plate, as somebody enters it by hand.

    Attributes:
        reason: what crime or which person, in words.
        case_ref: as `core.search.parse_case` spells it.
        expires_at: when it ends; after `LONGEST` at the latest.
    """

    plate: PlateText
    state: str | None
    reason: str
    vehicle: str
    case_ref: str
    expires_at: datetime


@attrs.frozen(kw_only=True)
class TooVague:
    """The reason says neither what crime nor which person.

    Attributes:
        recorded: number of the record of the attempt.
    """

    recorded: RecordId


def ask_entry(
    agency: Agency, who: Person, wanted: Wanted, *, purpose: Purpose
) -> EntriesWait | Forbidden | NotAllowed | TooVague:
    """Write the wish down, with the decision of the rules about it.

    A doubt, about the reason or about the case, is no trouble: a supervisor reads it
    anyway.
    """
    if not who.may(Act.ADD_LIST_ENTRY):
        return NotAllowed(act=Act.ADD_LIST_ENTRY)
    now = agency.clock()
    weighed = _weighed(agency, who, wanted, purpose)
    later = decided(agency, who, purpose, wanted.case_ref)
    wish = _wish(agency, wanted, weighed, at=now)
    draft = asked(agency, who, wish, purpose, later, at=now, public=weighed.fields)
    blocked = weighed.verdict is Verdict.BLOCK
    with agency.database.changes() as tx:
        recorded = agency.record(tx, draft).record_id
        if isinstance(later, Denial) or blocked:
            refused(agency, tx, who, wish, recorded=recorded, at=now)
        if blocked:
            flag_record(
                agency,
                tx,
                FlagKind.NOTE_BLOCKED,
                about=who.person_id,
                recorded=recorded,
                at=now,
            )
        if isinstance(later, Denial):
            return Forbidden(recorded=recorded, because=later.because)
        if blocked:
            return Forbidden(recorded=recorded, because=weighed.because)
        if weighed.verdict is Verdict.VAGUE:
            return TooVague(recorded=recorded)
        wait(agency, tx, who, wish, purpose=purpose, recorded=recorded, at=now)
    return EntriesWait(asked=recorded, entries=1)


def _weighed(agency: Agency, who: Person, wanted: Wanted, purpose: Purpose) -> Weighed:
    """What the reason comes to; and the words about the car, where they are worse."""
    meant = question(agency, who, purpose, wanted.case_ref, Approval.GIVEN)
    reason, vehicle = (
        weigh(agency.rules, meant, screen(text, note_rules()))
        for text in (wanted.reason, wanted.vehicle)
    )
    worse = vehicle if vehicle.verdict is Verdict.BLOCK else reason
    return worse.beside(agency.cases.standing(wanted.case_ref))


def _wish(agency: Agency, wanted: Wanted, weighed: Weighed, *, at: datetime) -> Wished:
    return Wished(
        list_name=BY_HAND,
        source=agency.settings.agency_name,
        authority=_AUTHORITY,
        by_hand=True,
        plates=(
            WishedPlate(
                plate=wanted.plate,
                state=wanted.state,
                reason=wanted.reason,
                vehicle=wanted.vehicle,
                case_ref=wanted.case_ref,
                case_file=weighed.case,
                expires_at=min(wanted.expires_at, at + LONGEST),
            ),
        ),
    )
