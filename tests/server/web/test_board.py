"""The board as a page: complete without scripts, and safe with hostile entries."""

from datetime import timedelta
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import attrs
import pytest
from bs4 import BeautifulSoup, Tag
from hypothesis import given
from hypothesis import strategies as st
from tests.support.agency import SettableClock
from tests.support.alerts import CAMERA, LIST, Hit, dropped, raised
from tests.support.web import ClientAs, somebody

from charteroak.core.alert import Rejection
from charteroak.core.camera import CameraId
from charteroak.core.people import Role
from charteroak.server.actions.acknowledge_alert import acknowledge_alert
from charteroak.server.actions.review_alert import Rejecting, review_alert
from charteroak.server.agency import Agency
from charteroak.server.store import boxes
from charteroak.server.store.boxes import StoredBox
from charteroak.server.web.board_view import BoardFilter, Show, cells

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7*7 }}"


def words(page: BeautifulSoup | Tag) -> str:
    return " ".join(page.get_text(" ").split())


def card(page: BeautifulSoup, alert_id: object) -> Tag:
    found = page.select_one(f'[data-alert="{alert_id}"]')
    assert found is not None
    return found


def test_a_card_says_all_that_a_dispatcher_needs(
    agency: Agency, client_as: ClientAs
) -> None:
    alert_id = raised(agency, Hit(plate="AB01234", listed="ABO1234"))

    page = client_as(Role.DISPATCHER).page("/board")

    shown = words(card(page, alert_id))
    for said in (
        "CT AB01234",
        "O read as 0",
        "Stolen vehicle",
        "Grey Honda Civic 2019, four doors",
        "NCIC Vehicle File",
        "Main Street at the Green, northbound",
        "Oct 15, 2026 07:59:57 EDT",
        "3 seconds ago",
        "Unverified",
        "Acknowledge",
    ):
        assert said in shown
    assert page.title is not None
    assert page.title.get_text().startswith("(1) Board")


@pytest.mark.parametrize(
    ("hit", "said"),
    [
        (Hit(), "exact"),
        (Hit(state=None), "state not read: check"),
        (Hit(late=True), "LATE"),
        (Hit(clock_suspect=True), "camera clock wrong"),
        (Hit(misdated=True), "camera clock wrong"),
        (Hit(plate="ABO1234", listed="AB01234"), "0 read as O"),
    ],
)
def test_what_needs_care_is_marked_in_words(
    agency: Agency, client_as: ClientAs, hit: Hit, said: str
) -> None:
    alert_id = raised(agency, hit)

    page = client_as(Role.OFFICER).page("/board")

    assert said in words(card(page, alert_id))


def test_only_new_unverified_alerts_that_are_not_late_sound(
    agency: Agency, client_as: ClientAs
) -> None:
    loud = raised(agency)
    raised(agency, Hit(late=True))
    rejected = raised(agency)
    who = somebody(agency, Role.DISPATCHER)
    review_alert(agency, who, rejected, Rejecting(rejection=Rejection.WRONG_STATE))

    page = client_as(Role.DISPATCHER).page("/board")

    section = page.select_one("[data-loud]")
    assert section is not None
    assert str(section["data-loud"]).split() == [str(loud)]
    assert section["data-waiting"] == "2"


def test_hostile_words_of_a_list_stay_words(
    agency: Agency, client_as: ClientAs
) -> None:
    alert_id = raised(
        agency,
        Hit(
            reason=HOSTILE,
            vehicle=HOSTILE,
            case_ref=HOSTILE,
            camera=attrs.evolve(CAMERA, name=HOSTILE),
            hotlist=attrs.evolve(LIST, name=HOSTILE, source=HOSTILE, authority=HOSTILE),
        ),
    )
    desk = client_as(Role.DISPATCHER)

    for path in ("/board", f"/alerts/{alert_id}"):
        page = desk.page(path)
        assert HOSTILE in page.get_text()
        assert page.select("img[onerror]") == []
        assert all("alert(1)" not in script.get_text() for script in page("script"))


def test_no_address_holds_a_plate(agency: Agency, client_as: ClientAs) -> None:
    alert_id = raised(agency, Hit(plate="QXJ8802"))
    desk = client_as(Role.DISPATCHER)

    for path in ("/board?show=unverified", f"/alerts/{alert_id}"):
        page = desk.page(path)
        addresses = [
            str(tag[name])
            for tag in page.find_all(True)
            for name in ("href", "src", "action", "formaction", "data-events")
            if tag.has_attr(name)
        ]
        assert any(str(alert_id) in address for address in addresses)
        assert not any("QXJ8802" in address.upper() for address in addresses)


def test_an_empty_board_teaches(agency: Agency, client_as: ClientAs) -> None:
    del agency

    page = client_as(Role.DISPATCHER).page("/board")

    shown = words(page)
    assert page.select_one("head noscript meta[http-equiv=refresh]") is not None
    assert "Nothing to verify" in shown
    assert "No hot list loaded: no read can raise an alert" in shown
    assert "No camera yet" in shown


def test_the_filter_is_in_the_address_and_says_what_it_hides(
    agency: Agency, client_as: ClientAs
) -> None:
    one = raised(agency)
    other = raised(
        agency,
        Hit(
            plate="ZZ99999",
            camera=attrs.evolve(CAMERA, camera_id=CameraId("mill-road"), name="Mill"),
        ),
    )
    desk = client_as(Role.DISPATCHER)

    page = desk.page("/board?show=unverified&camera=mill-road")

    shown = [tag["data-alert"] for tag in page.select("[data-alert]")]
    assert shown == [str(other)]
    assert "1 unverified is outside this filter" in words(page)
    board = page.select_one("[data-events]")
    assert board is not None
    query = dict(parse_qsl(urlsplit(str(board["data-events"])).query))
    assert query == {"show": "unverified", "camera": "mill-road"}
    selected = [tag["value"] for tag in page.select("option[selected]")]
    assert selected == ["unverified", "mill-road"]
    assert str(one) not in shown


def test_a_filter_that_makes_no_sense_filters_nothing(
    agency: Agency, client_as: ClientAs
) -> None:
    alert_id = raised(agency)

    page = client_as(Role.OFFICER).page("/board?show=x&list=y&camera=<z>")

    assert card(page, alert_id)


@given(
    st.sampled_from(Show),
    st.none() | st.uuids(),
    st.none() | st.from_regex(r"[a-z0-9][a-z0-9\-]{0,39}", fullmatch=True),
)
def test_a_filter_survives_its_address(
    show: Show, list_id: UUID | None, camera: str | None
) -> None:
    asked = BoardFilter(show=show, list_id=list_id, camera=camera)

    again = BoardFilter.parse(dict(parse_qsl(asked.query.removeprefix("?"))))

    assert again == asked


def test_acknowledging_from_the_board_comes_back_to_it(
    agency: Agency, client_as: ClientAs
) -> None:
    alert_id = raised(agency)
    desk = client_as(Role.DISPATCHER, login="dana-whitfield")

    answer = desk.post(
        f"/alerts/{alert_id}/acknowledge",
        {"back": "board", "asked": "?show=unverified&next=//evil.example"},
    )

    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert answer.headers["location"] == "/board?show=unverified"
    assert "Dana Whitfield has it" in words(card(desk.page("/board"), alert_id))


def test_deleted_evidence_leaves_a_card_without_a_plate(
    agency: Agency, agency_clock: SettableClock, client_as: ClientAs
) -> None:
    alert_id = raised(agency)
    kept_from = agency_clock.now - timedelta(seconds=3)
    agency_clock.advance(timedelta(days=22))
    dropped(agency, kept_from)

    page = client_as(Role.DISPATCHER).page("/board")

    shown = words(card(page, alert_id))
    assert "Plate and picture deleted on schedule Nov 6, 2026" in shown
    assert "Never verified" in shown
    assert "AB12345" not in page.get_text()
    assert page.select("[data-take]") == []


def test_the_strip_names_what_is_quiet_and_what_is_old(
    agency: Agency, agency_clock: SettableClock, client_as: ClientAs
) -> None:
    raised(agency)
    with agency.database.changes() as tx:
        boxes.add(
            tx,
            StoredBox(
                box_id=agency.new_id(),
                name="box",
                public_key=bytes(32),
                software="1",
                enrolled_at=agency_clock.now,
                revoked_at=None,
                last_batch_at=None,
                clock_offset_s=None,
                cameras=[CAMERA.camera_id],
            ),
        )
        box = boxes.everything(tx)[0]
    desk = client_as(Role.DISPATCHER)

    def strip() -> str:
        found = desk.page("/board").select_one("[data-strip]")
        assert found is not None
        return words(found)

    assert "1 of 1 cameras waits for its first car" in strip()
    assert "Main Street at the Green, northbound waits for its first car" in strip()
    with agency.database.ingests() as ingesting:
        boxes.heard(ingesting, box.box_id, clock_offset_s=90, at=agency_clock.now)
    assert "1 camera heard" in strip()
    assert "clock 90 seconds off" in strip()
    assert "loaded 1 hour ago" in strip()
    assert "too old" not in strip()
    agency_clock.advance(timedelta(minutes=29))
    assert "last reads 29 minutes ago" in strip()


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR, Role.LIST_CLERK])
def test_the_board_is_not_for_everybody(
    agency: Agency, client_as: ClientAs, role: Role
) -> None:
    alert_id = raised(agency)
    desk = client_as(role)

    for path in (
        "/board",
        f"/alerts/{alert_id}",
        f"/alerts/{alert_id}/plate.jpg",
        f"/alerts/{alert_id}/vehicle.jpg",
    ):
        assert desk.get(path).status_code == HTTPStatus.FORBIDDEN


def test_cells_hold_each_character_with_its_certainty() -> None:
    found = cells("AB0", "ABO", (0.999, 0.9, 0.711))

    assert [(cell.differs, cell.percent, cell.unsure) for cell in found] == [
        (False, 99, False),
        (False, 90, False),
        (True, 71, True),
    ]


def test_a_taken_alert_offers_no_second_taking(
    agency: Agency, client_as: ClientAs
) -> None:
    alert_id = raised(agency)
    acknowledge_alert(agency, somebody(agency, Role.OFFICER), alert_id)

    page = client_as(Role.DISPATCHER).page("/board")

    assert page.select("[data-take]") == []
