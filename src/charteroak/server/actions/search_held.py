"""Look into what a hold of a span keeps: a search, with its permit and its record."""

from typing import Final

import attrs

from charteroak.core.flag import FlagKind
from charteroak.core.hold import HeldRead, Hold, HoldId, NoSuchHold
from charteroak.core.log_record import Draft, RecordId, RecordKind
from charteroak.core.people import Act, Person
from charteroak.core.plate import PlatePattern
from charteroak.core.policy import Denial, Permit, Rule, decide, request
from charteroak.core.screening import Verdict, screen
from charteroak.core.sealed import LogReceipt, Sealed
from charteroak.core.search_answer import Forbidden
from charteroak.core.search_check import Weighed, weigh
from charteroak.core.search_record import decision_fields
from charteroak.law.screening import note_rules
from charteroak.server.agency import Agency
from charteroak.server.flagging import flag_record
from charteroak.server.store import held_reads, holds
from charteroak.server.store.database import Changes
from charteroak.server.vault.pictures import PictureBrokenError, PictureGoneError
from charteroak.server.watching import watch

LONGEST_PAGE: Final = 50
"""Held reads on one page, at the most: each comes with its picture."""


@attrs.frozen(kw_only=True, repr=False)
class HeldSighting:
    """A held read with the picture of its plate, JPEG; None where there is none."""

    read: HeldRead
    jpeg: bytes | None


@attrs.frozen(kw_only=True, repr=False)
class HeldFound:
    """What a search of a hold found, newest first.

    Attributes:
        asked: number of the question in the log.
        cut: whether there is more.
        because: the rules that permit it.
    """

    asked: RecordId
    hold: Hold
    sightings: tuple[HeldSighting, ...]
    cut: bool
    because: tuple[Rule, ...]


def search_held(
    agency: Agency,
    who: Person,
    hold_id: HoldId,
    *,
    pattern: PlatePattern | None,
    note: str,
) -> Sealed[HeldFound | Forbidden] | NoSuchHold:
    """Search what a hold keeps, under its purpose and its case.

    The rules are asked as for any search. How far back it may reach was decided when the
    hold was asked for: what is held is within reach as long as the hold stands.

    Args:
        agency: whose.
        who: asks.
        hold_id: of a span; a hold of one read is seen with its case.
        pattern: only these plates; None: all that is held.
        note: what crime or person; it is screened, and must say something.
    """
    with agency.database.changes() as tx:
        hold = holds.find_to_change(tx, hold_id)
        if hold is None or hold.approved_at is None:
            return NoSuchHold()
        if not hold.stands(agency.clock()):
            return NoSuchHold()
        decision, weighed, recorded = _ask(
            agency, tx, who, hold, pattern=pattern, note=note
        )
    because = _against(decision, weighed)
    if because is not None or isinstance(decision, Denial):
        forbidden = Forbidden(
            recorded=recorded.record_id, because=because or decision.because
        )
        return Sealed(forbidden, until=recorded)
    found = _look(agency, hold, pattern, permit=decision, receipt=recorded)
    if pattern is not None:
        # What two persons have kept is no place to look for one car unseen either.
        with agency.database.changes() as tx:
            watch(
                agency,
                tx,
                who,
                pattern,
                case_ref=hold.case_ref,
                shown=[each.read.plate.match_key for each in found.sightings],
                asked=recorded.record_id,
                at=agency.clock(),
            )
    return Sealed(found, until=recorded)


def _ask(  # noqa: PLR0913  (what is asked, by name)
    agency: Agency,
    tx: Changes,
    who: Person,
    hold: Hold,
    *,
    pattern: PlatePattern | None,
    note: str,
) -> tuple[Permit | Denial, Weighed, LogReceipt]:
    """Decide the question and screen its note; both are in the log with it."""
    now = agency.clock()
    question = request(
        Act.SEARCH_READS,
        who,
        custodian=agency.profile.custodian,
        purpose=hold.purpose,
        case_ref=hold.case_ref,
        since=hold.requested_at,
        at=hold.requested_at,
        limit=agency.profile.read_limit,
    )
    decision = decide(agency.rules, question)
    weighed = weigh(agency.rules, question, screen(note, note_rules()))
    weighed = weighed.beside(agency.cases.standing(hold.case_ref))
    draft = Draft(
        kind=RecordKind.HOLD_SEARCHED,
        at=now,
        public={**decision_fields(decision), "all": pattern is None},
        private={
            "person": str(who.person_id),
            "roles": sorted(role.value for role in who.roles),
            "hold": str(hold.hold_id),
            "case_ref": hold.case_ref,
            "plate": "*" if pattern is None else pattern.text,
        },
    )
    recorded = agency.record(tx, weighed.noted(draft, note))
    if weighed.verdict is Verdict.BLOCK:
        flag_record(
            agency,
            tx,
            FlagKind.NOTE_BLOCKED,
            about=who.person_id,
            recorded=recorded.record_id,
            at=now,
        )
    return decision, weighed, recorded


def _against(decision: Permit | Denial, weighed: Weighed) -> tuple[Rule, ...] | None:
    """What stands against it; a doubt too: there is no second person to ask here."""
    if isinstance(decision, Denial):
        return decision.because
    return None if weighed.verdict is Verdict.OK else weighed.because


def _look(
    agency: Agency,
    hold: Hold,
    pattern: PlatePattern | None,
    *,
    permit: Permit,
    receipt: LogReceipt,
) -> HeldFound:
    with agency.database.changes() as tx:
        found = held_reads.find(
            tx,
            hold.hold_id,
            permit=permit,
            logged=receipt,
            pattern=pattern,
            limit=LONGEST_PAGE,
        )
    return HeldFound(
        asked=receipt.record_id,
        hold=hold,
        sightings=tuple(
            HeldSighting(read=each, jpeg=_picture(agency, each.plate_picture))
            for each in found[:LONGEST_PAGE]
        ),
        cut=len(found) > LONGEST_PAGE,
        because=permit.because,
    )


def _picture(agency: Agency, reference: str) -> bytes | None:
    if not reference:
        return None
    try:
        return agency.pictures.fetch(reference)
    except (PictureBrokenError, PictureGoneError):
        return None
