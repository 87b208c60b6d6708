"""Ask for a whole list of the agency's own, by a file."""

from datetime import datetime

from charteroak.core.alert_review import NotAllowed
from charteroak.core.case_file import CaseStanding
from charteroak.core.hotlist import ListClass
from charteroak.core.hotlist_file import (
    FORBIDDEN_WORDS,
    Parsed,
    Row,
    UnreadableListError,
    parse,
)
from charteroak.core.own_entry import (
    BY_HAND,
    LONGEST,
    MOST_AT_ONCE,
    Wished,
    WishedPlate,
)
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial
from charteroak.core.search import Purpose, UnreadableCaseError, parse_case
from charteroak.core.search_answer import Forbidden
from charteroak.server.actions.ask_entries.waiting import (
    EntriesWait,
    asked,
    decided,
    wait,
)
from charteroak.server.agency import Agency
from charteroak.server.listing import ListFile, ListUnreadable, Notes, described, tell
from charteroak.server.store import hotlists


def ask_list(
    agency: Agency, who: Person, file: ListFile, *, purpose: Purpose
) -> EntriesWait | Forbidden | ListUnreadable | NotAllowed:
    """Write the wish down; approved, it takes the place of the list of its name.

    Where the rules refuse the purpose nothing of the file is read.
    """
    if not who.may(Act.ADD_LIST_ENTRY):
        return NotAllowed(act=Act.ADD_LIST_ENTRY)
    now = agency.clock()
    # Rows without a case are left out below; so the rules are asked with one.
    later = decided(agency, who, purpose, "given")
    if isinstance(later, Denial):
        nothing = Wished(list_name="", source="", authority="", by_hand=False)
        draft = asked(agency, who, nothing, purpose, later, at=now)
        with agency.database.changes() as tx:
            recorded = agency.record(tx, draft)
        return Forbidden(recorded=recorded.record_id, because=later.because)
    notes = Notes(agency, who)
    found = _parsed(agency, file, notes, at=now)
    if notes.rules:
        tell(agency, who, file.list_class, notes)
    if isinstance(found, ListUnreadable):
        return found
    wish, parsed = found
    draft = asked(
        agency,
        who,
        wish,
        purpose,
        later,
        at=now,
        public={"left_out": parsed.left_out},
    )
    with agency.database.changes() as tx:
        told = agency.record(tx, draft).record_id
        wait(agency, tx, who, wish, purpose=purpose, recorded=told, at=now)
    return EntriesWait(
        asked=told,
        entries=len(wish.plates),
        errors=parsed.errors,
        left_out=parsed.left_out,
    )


def _parsed(
    agency: Agency, file: ListFile, notes: Notes, *, at: datetime
) -> tuple[Wished, Parsed] | ListUnreadable:
    words = described(file, notes)
    if isinstance(words, ListUnreadable):
        return words
    name, source, authority = words
    if (unfit := _taken(agency, name)) is not None:
        return unfit
    try:
        parsed = parse(
            file.content,
            zone=agency.zone,
            refuses=notes.refuses,
            unfit=lambda row: _unfit(agency, row, notes, at=at),
        )
    except UnreadableListError as unreadable:
        return ListUnreadable(trouble=str(unreadable), hint=unreadable.hint)
    notes.plates = parsed.refused
    if not parsed.rows:
        return ListUnreadable(
            trouble="none of the rows can be used",
            hint="Each needs a plate, what crime or person, and a case number.",
            errors=parsed.errors,
        )
    if len(parsed.rows) > MOST_AT_ONCE:
        return ListUnreadable(
            trouble=f"there are more than {MOST_AT_ONCE} plates in it",
            hint="Whoever approves them reads each. Split it into lists of that size.",
        )
    wish = Wished(
        list_name=name,
        source=source,
        authority=authority,
        by_hand=False,
        plates=_plates(agency, parsed, at=at),
    )
    return wish, parsed


def _taken(agency: Agency, name: str) -> ListUnreadable | None:
    """Why a list of the agency's own may not have a name."""
    if name.casefold() == BY_HAND.casefold():
        return ListUnreadable(
            trouble="the list of what is entered by hand has this name",
            hint="Give it another name.",
        )
    with agency.database.changes() as tx:
        known = hotlists.named(tx, name)
    if known is not None and known.list_class != ListClass.LOCAL:
        return ListUnreadable(
            trouble="a list from elsewhere has this name",
            hint="Give it another name: this list would take the place of that one.",
        )
    return None


def _unfit(
    agency: Agency, row: Row, notes: Notes, *, at: datetime
) -> tuple[str, str] | None:
    """Why a row cannot be on a list of the agency's own: its column, what is wrong."""
    if row.vehicle and notes.refuses(row.vehicle):
        return "vehicle", FORBIDDEN_WORDS
    if notes.says_nothing(row.reason):
        return "reason", "it does not say what crime or person"
    if row.expires_at is not None and row.expires_at <= at:
        return "expires", "it has ended already"
    trouble = _unfit_case(agency, row.case_ref)
    return ("case", trouble) if trouble else None


def _unfit_case(agency: Agency, text: str) -> str:
    try:
        case_ref = parse_case(text)
    except UnreadableCaseError:
        return "not a case number"
    if not case_ref:
        return "it is empty: a plate is listed for a case"
    if not agency.cases.fits(case_ref):
        return f"no case number of this agency, as in {agency.cases.example}"
    return ""


def _plates(agency: Agency, parsed: Parsed, *, at: datetime) -> tuple[WishedPlate, ...]:
    standings: dict[str, CaseStanding] = {}
    made = []
    for row in parsed.rows:
        case_ref = parse_case(row.case_ref)
        if case_ref not in standings:
            # A system that does not answer is asked once, not 200 times.
            standings[case_ref] = (
                CaseStanding.UNREACHABLE
                if CaseStanding.UNREACHABLE in standings.values()
                else agency.cases.standing(case_ref)
            )
        latest = at + LONGEST
        made.append(
            WishedPlate(
                plate=row.plate,
                state=row.state,
                reason=row.reason,
                vehicle=row.vehicle,
                case_ref=case_ref,
                case_file=standings[case_ref],
                expires_at=min(row.expires_at or latest, latest),
            )
        )
    return tuple(made)
