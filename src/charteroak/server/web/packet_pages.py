"""What a council adopts and publishes, to take away: as a page, and as PDF."""

from fastapi import APIRouter
from fastapi.responses import Response

from charteroak.law.packet import document, page
from charteroak.law.pdf import pdf
from charteroak.server.actions.make_packet import make_packet
from charteroak.server.web.session import SignedIn, TheAgency

router = APIRouter()


@router.get("/rules/packet.html")
def packet_page(agency: TheAgency, _session: SignedIn) -> Response:
    """The packet as one HTML file that needs no network."""
    text = page(make_packet(agency))
    return _file(text.encode(), "text/html; charset=utf-8", f"{_stem(agency)}.html")


@router.get("/rules/packet.pdf")
def packet_pdf(agency: TheAgency, _session: SignedIn) -> Response:
    """The packet as PDF, tagged for screen readers."""
    packet = make_packet(agency)
    content = pdf(document(packet), made_on=packet.on)
    return _file(content, "application/pdf", f"{_stem(agency)}.pdf")


def _stem(agency: TheAgency) -> str:
    return f"{agency.settings.agency}-packet-{agency.clock():%Y-%m-%d}"


def _file(content: bytes, media_type: str, name: str) -> Response:
    return Response(
        content,
        media_type=media_type,
        headers={
            "content-disposition": f'attachment; filename="{name}"',
            "cache-control": "no-store",
        },
    )
