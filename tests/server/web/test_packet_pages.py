"""What a council adopts is made from what the server runs with."""

import re
from datetime import timedelta
from html import unescape

import attrs
import pytest
from tests.support.a_partner import declare, partner
from tests.support.agency import NOON, SettableClock
from tests.support.box import somebody as person
from tests.support.council import suspended
from tests.support.web import PASSWORD, ClientAs, browser, somebody

from charteroak.core.camera import Camera, CameraId, Location
from charteroak.core.hotlist import ListClass
from charteroak.core.people import Role
from charteroak.law.document import Code, Document, Item, Listing, Paragraph, Section
from charteroak.law.pdf import pdf
from charteroak.server.actions.load_hotlist import ListFile, Loaded, load_hotlist
from charteroak.server.actions.sign_in import SignedInAs, sign_in
from charteroak.server.agency import Agency
from charteroak.server.law_in_force import LawInForce, adopt
from charteroak.server.store import cameras
from charteroak.server.web.app import create_app
from charteroak.server.web.session import COOKIE

MAIN = Camera(
    camera_id=CameraId("main-st"),
    name="Main Street at the Green",
    latitude=41.76581,
    longitude=-72.67342,
    heading_deg=350,
)
HIDDEN = attrs.evolve(
    MAIN,
    camera_id=CameraId("mill-road"),
    name="Mill Road",
    latitude=41.5,
    location=Location.WITHHELD_BY_GRANT,
)


def told(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.fixture
def town(agency: Agency) -> Agency:
    settings = agency.settings.model_copy(
        update={
            "policy": "published_prohibitions",
            "contract": "no_sharing",
            "agency_name": "Town of #[Fernwood] & <Elm>",
        }
    )
    law = LawInForce(adopted=adopt(settings, on=NOON.date()))
    made = attrs.evolve(agency, settings=settings, law=law)
    with made.database.changes() as tx:
        for camera in (MAIN, HIDDEN):
            cameras.place(tx, camera, at=NOON)
    declare(made, partner(made, "Springfield Police", "MA"))
    partner(made, "Yonkers Police", "NY")
    loaded = load_hotlist(
        made.in_force(),
        person(Role.LIST_CLERK),
        ListFile(
            name="Stolen vehicles",
            list_class=ListClass.VEHICLE,
            source="COLLECT",
            authority="Conn. Gen. Stat. 54-1",
            content=b"plate,state,reason\nQX9A42,CT,stolen\n",
        ),
    )
    assert isinstance(loaded, Loaded)
    return made


def packet(town: Agency, form: str) -> bytes:
    desk = browser(create_app(town))
    signed_in = sign_in(town, somebody(town, Role.AUDITOR).login, PASSWORD)
    assert isinstance(signed_in, SignedInAs)
    desk.http.cookies.set(COOKIE, signed_in.token, domain="localhost.local")
    answer = desk.get(f"/rules/packet.{form}")
    assert answer.status_code == 200
    assert f".{form}" in answer.headers["content-disposition"]
    return answer.content


def test_the_page_holds_what_the_server_runs_with(town: Agency) -> None:
    html = packet(town, "html").decode()
    words = told(html)

    assert "Main Street at the Green 41.76581, -72.67342, towards the north" in words
    assert "(name withheld) withheld (a condition of a federal grant)" in words
    assert "2 cameras." in words
    assert not re.search("mill.road", words, re.IGNORECASE)
    assert "41.5" not in words
    assert "Springfield Police MA municipal police in force until 2027-08-11" in words
    assert "Yonkers Police NY municipal police none" in words
    assert "Stolen vehicles vehicle COLLECT; Conn. Gen. Stat. 54-1 2026-10-15" in words
    assert "QX9A42" not in html
    assert "is deleted 7 days after it was taken" in words
    assert "Contract terms: No sharing" in words
    assert 'forbid (principal, action == Action::"disclose", resource)' in words
    rules = town.in_force().rules
    assert rules.fingerprint in words.replace(" ", "")
    assert "We are not lawyers" in words
    assert "Town of #[Fernwood] & <Elm>" in words
    assert "suspended by the council" not in words
    # What the agency's own policy still leaves open, beside what the law does.
    assert "The department's own text, before it is adopted." in words


def test_a_list_that_is_too_old_is_said_to_alert_nobody(
    town: Agency, agency_clock: SettableClock
) -> None:
    assert "alerts nobody now" not in told(packet(town, "html").decode())

    agency_clock.advance(timedelta(hours=12, seconds=1))

    words = told(packet(town, "html").decode())
    assert "Conn. Gen. Stat. 54-1 2026-10-15" in words
    assert "alerts nobody now" in words


def test_the_pdf_is_tagged_and_the_same_for_the_same_day(town: Agency) -> None:
    content = packet(town, "pdf")

    assert content.startswith(b"%PDF-1.7")
    assert b"/StructTreeRoot" in content
    assert b"/Lang" in content
    assert b"/JavaScript" not in content
    assert packet(town, "pdf") == content


def test_a_moratorium_is_said(town: Agency) -> None:
    suspended(town)

    assert "suspended by the council since 2026-10-15" in told(
        packet(town, "html").decode()
    )


def test_it_is_for_those_who_are_signed_in(client_as: ClientAs) -> None:
    for form in ("html", "pdf"):
        assert client_as().get(f"/rules/packet.{form}").status_code == 401


@pytest.mark.parametrize(
    "text",
    [
        '#import "@preview/x:1.0.0"',
        '#read("/etc/passwd")',
        "$ x",
        "`",
        "= A\n= B",
        "\\",
    ],
)
def test_no_text_is_ever_markup(text: str) -> None:
    made = Document(
        title=text,
        lead=(Paragraph(text), Code(text)),
        sections=(
            Section(text, (Listing((Item(text=text, strong=text, note=text),)),)),
        ),
    )

    assert pdf(made, made_on=NOON.date()).startswith(b"%PDF")
