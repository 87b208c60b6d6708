"""The log, for auditors: the list, and one record whole."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse

from charteroak.core.hold import NotAllowed
from charteroak.core.log_record import RecordId, RecordKind
from charteroak.core.people import Act
from charteroak.server.actions.open_record import NoSuchRecord, open_record
from charteroak.server.actions.read_log import read_log
from charteroak.server.web.plain import LARGEST_NUMBER, RecordNumber
from charteroak.server.web.render import page
from charteroak.server.web.session import NotYourRoleError, Session, TheAgency, may
from charteroak.server.web.text import later

router = APIRouter()

Audits = Annotated[Session, Depends(may(Act.READ_LOG))]

WORDS: Final = {
    RecordKind.ALERT_ACKNOWLEDGED: later("Alert acknowledged"),
    RecordKind.ALERT_CONCLUDED: later("Outcome of an alert written"),
    RecordKind.ALERT_CONFIRMED: later("Alert confirmed"),
    RecordKind.ALERT_RAISED: later("Alert raised"),
    RecordKind.ALERT_REJECTED: later("Alert rejected"),
    RecordKind.ALERT_WITHHELD: later("Alert withheld by the rules"),
    RecordKind.BACKUP_MADE: later("Backup made"),
    RecordKind.BACKUP_RESTORED: later("Backup restored"),
    RecordKind.BATCH_CONFLICTED: later("Two different batches under one number"),
    RecordKind.BOX_ENROLLED: later("Camera box enrolled"),
    RecordKind.BOX_INVITED: later("Code for a camera box shown"),
    RecordKind.BOX_OBEYED: later("Camera box said what it keeps"),
    RecordKind.BOX_REVOKED: later("Camera box revoked"),
    RecordKind.BOX_TOLD: later("Camera box told what to keep"),
    RecordKind.BUCKET_PURGED: later("Reads deleted on schedule"),
    RecordKind.CAMERA_PLACED: later("Camera placed"),
    RecordKind.CAMERA_REFUSED: later("Camera refused by the rules"),
    RecordKind.CASE_ENDED: later("Case ended, its holds with it"),
    RecordKind.CASE_SEEN: later("Held reads of a case seen"),
    RecordKind.COUNCIL_ENROLLED: later("Keys of the council enrolled"),
    RecordKind.COUNCIL_HANDED_OVER: later("Keys of the council handed over"),
    RecordKind.DECLARATION_REGISTERED: later("Declaration of an agency registered"),
    RecordKind.DECLARATION_WITHDRAWN: later("Declaration of an agency withdrawn"),
    RecordKind.DISCLOSURE_ANSWERED: later("Package for another agency made"),
    RecordKind.DISCLOSURE_APPROVED: later("Request approved, or not, by a supervisor"),
    RecordKind.DISCLOSURE_ASKED: later("Request of another agency entered"),
    RecordKind.DISCLOSURE_REFUSED: later("Request of another agency refused"),
    RecordKind.DISCLOSURE_RELEASED: later("Request decided again before the look"),
    RecordKind.EMERGENCY_BOUND: later("Emergency bound to a case"),
    RecordKind.EMERGENCY_OPENED: later("Emergency search without a case"),
    RecordKind.EMERGENCY_REPORTED: later("Emergency not bound in time"),
    RecordKind.ENTRY_APPROVED: later("Plates of our own approved"),
    RecordKind.ENTRY_ASKED: later("Plates of our own asked for"),
    RecordKind.ENTRY_ENDED: later("Plates of our own ended"),
    RecordKind.ENTRY_REJECTED: later("Plates of our own rejected"),
    RecordKind.EXPORT_ANSWERED: later("Export made, or not given out"),
    RecordKind.EXPORT_ASKED: later("Export for court asked for"),
    RecordKind.FLAG_LOOKED_AT: later("Flag looked at by a supervisor"),
    RecordKind.FLAG_RAISED: later("Flag raised for a supervisor"),
    RecordKind.HOLD_APPROVED: later("Hold approved or refused"),
    RecordKind.HOLD_COUNTED: later("Reads of a period counted, not seen"),
    RecordKind.HOLD_DECIDED: later("Ground of a hold decided"),
    RecordKind.HOLD_ENDED: later("Hold ended"),
    RecordKind.HOLD_EXTENDED: later("Hold extended"),
    RecordKind.HOLD_EXTENSION_REQUESTED: later("Extension of a hold asked for"),
    RecordKind.HOLD_KEPT: later("Read copied to a case"),
    RecordKind.HOLD_REQUESTED: later("Hold asked for"),
    RecordKind.HOLD_SEARCHED: later("Held reads searched"),
    RecordKind.HOTLIST_LOADED: later("Hot list loaded"),
    RecordKind.HOTLIST_REFUSED: later("Hot list refused"),
    RecordKind.LOG_READ: later("Record of the log opened"),
    RecordKind.OWNER_ANSWERED: later("Record of a car made for its owner"),
    RecordKind.OWNER_APPROVED: later("Owner's request approved, or not"),
    RecordKind.OWNER_ASKED: later("Owner's request entered"),
    RecordKind.OWNER_REFUSED: later("Owner's request refused"),
    RecordKind.OWNER_RELEASED: later("Owner's request decided again before the look"),
    RecordKind.PAPER_OPENED: later("Kept paper opened"),
    RecordKind.PAPERS_PURGED: later("Papers of requests deleted on schedule"),
    RecordKind.PARTNER_PAUSED: later("Agency paused"),
    RecordKind.PARTNER_REGISTERED: later("Agency registered"),
    RecordKind.PARTNER_RESUMED: later("Agency no longer paused"),
    RecordKind.PERSON_ADDED: later("Person added"),
    RecordKind.PERSON_CHANGED: later("Person changed"),
    RecordKind.PERSON_LOCKED: later("Person locked out"),
    RecordKind.PERSON_SIGNED_IN: later("Person signed in"),
    RecordKind.PERSON_SIGNED_OUT: later("Person signed out"),
    RecordKind.RETENTION_CHANGED: later("Limit for keeping reads changed"),
    RecordKind.RULES_CHANGED: later("Rules changed"),
    RecordKind.RULES_REFUSED: later("New rules refused; the last good ones go on"),
    RecordKind.SEARCH_ANSWERED: later("Search answered"),
    RecordKind.SEARCH_APPROVED: later("Search approved by a second person"),
    RecordKind.SEARCH_ASKED: later("Search asked"),
    RecordKind.SEARCH_REJECTED: later("Search rejected by a second person"),
    RecordKind.SEARCH_STOPPED: later("Search stopped by what was written with it"),
    RecordKind.SEARCH_WAITS: later("Search waits for a second person"),
    RecordKind.SUSPEND_DOUBTED: later(
        "All suspended, because nobody knows what the council ordered last"
    ),
    RecordKind.SUSPEND_ENDED: later("Suspension ended by the council"),
    RecordKind.SUSPEND_ORDERED: later("Capture and search suspended by the council"),
    RecordKind.SUSPEND_REFUSED: later("Order of the council refused"),
}
"""What each kind of record means, in words."""

NAMES: Final = {
    "about": later("Whom it is about"),
    "asker": later("Who asked"),
    "at": later("Exact time"),
    "box": later("Box"),
    "camera": later("Camera"),
    "cameras": later("Cameras"),
    "case_ref": later("Case"),
    "clerk": later("Who entered it"),
    "hold": later("Hold"),
    "login": later("Login"),
    "note": later("What crime or person"),
    "partner_name": later("Agency"),
    "person": later("Person"),
    "plate": later("Plate, masked"),
    "reason": later("Reason"),
    "read_ids": later("Reads"),
    "recipient": later("For whom"),
    "role": later("Role"),
    "roles": later("Roles"),
    "second_person": later("Second person"),
    "since": later("From"),
    "until": later("Until"),
}
"""Names of private fields, in words."""


def _words() -> dict[str, str]:
    return {
        kind.value: WORDS.get(kind, kind.value)
        for kind in sorted(RecordKind, key=lambda kind: WORDS.get(kind, kind.value))
    }


def moment_of(value: object) -> datetime | None:
    """The moment that a public field holds, as `isoformat` wrote it; None: it is none.

    >>> moment_of("2026-11-22T06:54:00+00:00"), moment_of("20261122"), moment_of(7)
    (datetime.datetime(2026, 11, 22, 6, 54, tzinfo=datetime.timezone.utc), None, None)
    """
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


@router.get("/log")
def show_log(
    request: Request,
    agency: TheAgency,
    session: Audits,
    kind: str = "",
    before: Annotated[int | None, Query(ge=1, le=LARGEST_NUMBER)] = None,
) -> HTMLResponse:
    """The public parts of records, newest first."""
    wanted = RecordKind(kind) if kind in {each.value for each in RecordKind} else None
    found = read_log(agency, session.person, kind=wanted, before=before)
    if isinstance(found, NotAllowed):
        raise NotYourRoleError(Act.READ_LOG)
    return page(
        request,
        "log.html",
        {
            "log": found,
            "kind": wanted,
            "before": before,
            "words": _words(),
            "moment_of": moment_of,
        },
    )


@router.get("/log/{record}")
def show_record(
    request: Request, agency: TheAgency, session: Audits, record: RecordNumber
) -> HTMLResponse:
    """One record; that it was opened is itself recorded."""
    answer = open_record(agency, session.person, RecordId(record))
    if isinstance(answer, NotAllowed):
        raise NotYourRoleError(Act.READ_LOG)
    if isinstance(answer, NoSuchRecord):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    shown = page(
        request,
        "log_record.html",
        {"record": answer, "words": _words(), "names": NAMES},
    )
    shown.headers["Cache-Control"] = "no-store"
    return shown
