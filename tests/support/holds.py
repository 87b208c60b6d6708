"""Papers, spans and cases for tests of holds."""

import io
from datetime import date, timedelta

from PIL import Image

from charteroak.core.camera import CameraId
from charteroak.core.hold import HoldId
from charteroak.core.hold_ground import Document, HoldPaper, Party, parse_document
from charteroak.core.hold_span import HoldSpan
from charteroak.core.papers import Issuer, Paper
from charteroak.core.people import Person, Role
from charteroak.core.plate import PlateText
from charteroak.core.search import Purpose
from charteroak.core.search_answer import Forbidden, ReadGone
from charteroak.server.actions.request_hold import HoldRequested, request_span
from charteroak.server.agency import Agency
from tests.support.sightings import person

CASE = "26-1234"
CAMERA = "main-st"
INES = person(Role.INVESTIGATOR)
SAM = person(Role.SUPERVISOR)
HOUR = timedelta(hours=1)
PDF = b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\n%%EOF\n"


def a_paper(title: Paper = Paper.ORDER, issuer: Issuer = Issuer.JUDGE) -> HoldPaper:
    """A paper of a court, unless told otherwise."""
    return HoldPaper(
        title=title,
        issuer=issuer,
        issued_by="Superior Court, Judge R. Alvarez",
        number="HHD-CR26-0099",
        dated=date(2026, 10, 14),
    )


def a_wish(party: Party = Party.DEFENCE) -> HoldPaper:
    """A request to preserve."""
    return HoldPaper(
        party=party,
        issued_by="Attorney J. Bell",
        number="",
        dated=date(2026, 10, 14),
        contact="bell@example.org",
    )


def a_document(text: str = "") -> Document:
    """A small PDF."""
    return parse_document(PDF + text.encode())


def a_picture() -> bytes:
    """A small PNG."""
    held = io.BytesIO()
    Image.new("L", (40, 20), 90).save(held, "PNG")
    return held.getvalue()


def a_span(
    agency: Agency,
    *,
    back: timedelta = timedelta(days=1),
    ahead: timedelta = timedelta(0),
    cameras: tuple[str, ...] = (CAMERA,),
    plates: tuple[str, ...] = (),
) -> HoldSpan:
    """A span back from now, and ahead."""
    now = agency.clock()
    return HoldSpan(
        since=now - back,
        until=now + ahead + timedelta(seconds=1),
        cameras=frozenset(CameraId(each) for each in cameras),
        plates=tuple(PlateText.parse(each) for each in plates),
    )


def ask_for(  # noqa: PLR0913  (what a test wants different, by name)
    agency: Agency,
    span: HoldSpan,
    *,
    who: Person = INES,
    paper: HoldPaper | None = None,
    document: Document | None = None,
    purpose: str = "robbery",
    case_ref: str = CASE,
    days: int = 90,
) -> HoldRequested | Forbidden | ReadGone:
    """Ask that a span is kept."""
    return request_span(
        agency,
        who,
        span,
        case_ref=case_ref,
        purpose=Purpose(purpose),
        reason="everything of the car park on Friday",
        keep=timedelta(days=days),
        paper=paper,
        document=document,
    )


def asked_for(
    agency: Agency,
    span: HoldSpan,
    *,
    paper: HoldPaper | None = None,
    document: Document | None = None,
) -> HoldId:
    """Ask that a span is kept, and be allowed to."""
    answer = ask_for(agency, span, paper=paper, document=document)
    assert isinstance(answer, HoldRequested), answer
    return answer.hold_id
