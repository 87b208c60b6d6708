"""One alert's page: what is compared, the verdict, and calm refusals."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from bs4 import BeautifulSoup, Tag
from tests.support.agency import SettableClock
from tests.support.alerts import Hit, drawn, dropped, raised
from tests.support.web import ClientAs, somebody

from charteroak.core.alert import AlertId, Checks, Rejection, Status
from charteroak.core.people import Role
from charteroak.server.actions.review_alert import (
    Confirming,
    Rejecting,
    review_alert,
)
from charteroak.server.agency import Agency
from charteroak.server.store import alerts

CHECKS = ["characters", "state", "vehicle", "live_record"]
ALL = Checks(characters=True, state=True, vehicle=True, live_record=True)
LEAD = "A lead. Not by itself grounds for a stop."


def words(page: BeautifulSoup | Tag) -> str:
    return " ".join(page.get_text(" ").split())


def status_of(agency: Agency, alert_id: AlertId) -> Status:
    with agency.database.changes() as tx:
        now = agency.clock()
        found = alerts.find(
            tx, alert_id, at=now, not_before=agency.retention.not_before(now)
        )
    assert found is not None
    return found.status


def test_two_plates_stand_character_under_character(
    agency: Agency, client_as: ClientAs
) -> None:
    alert_id = raised(
        agency,
        Hit(
            plate="AB01234",
            listed="ABO1234",
            characters=(0.99, 0.98, 0.71, 0.99, 0.99, 0.88, 0.97),
        ),
    )

    page = client_as(Role.DISPATCHER).page(f"/alerts/{alert_id}")

    table = page.select_one(".co-faceoff")
    assert table is not None
    rows = [[words(cell) for cell in row.select("td")] for row in table.select("tr")]
    assert rows[0] == list("AB01234")
    assert rows[1] == list("ABO1234")
    assert rows[2] == ["same", "same", "▲ differs", *["same"] * 4]
    assert rows[3][2] == "71 % unsure"
    assert rows[3][5] == "88 % unsure"
    heights = [float(str(bar["height"])) for bar in table.select(".co-bar__part")]
    assert heights[2] == pytest.approx(71 * 0.4)


def test_the_band_stands_before_and_after_the_verdict(
    agency: Agency, client_as: ClientAs
) -> None:
    alert_id = raised(agency)
    desk = client_as(Role.DISPATCHER)
    assert LEAD in words(desk.page(f"/alerts/{alert_id}"))

    answer = desk.post(f"/alerts/{alert_id}/confirm", {"checks": CHECKS})

    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert answer.headers["location"] == f"/alerts/{alert_id}"
    assert LEAD in words(desk.page(f"/alerts/{alert_id}"))
    assert status_of(agency, alert_id) is Status.CONFIRMED


@pytest.mark.parametrize("absent", CHECKS)
def test_a_missing_check_is_named_and_the_ticks_stay(
    agency: Agency, client_as: ClientAs, absent: str
) -> None:
    alert_id = raised(agency)
    made = [name for name in CHECKS if name != absent]

    answer = client_as(Role.DISPATCHER).post(
        f"/alerts/{alert_id}/confirm", {"checks": made}
    )

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = BeautifulSoup(answer.text, "html.parser")
    assert "Not confirmed: a check is missing" in words(page)
    assert page.select_one(f'.co-refused a[href="#check-{absent}"]') is not None
    ticked = [tag["value"] for tag in page.select("input[name=checks][checked]")]
    assert ticked == made
    assert status_of(agency, alert_id) is Status.UNVERIFIED


def test_checks_that_do_not_exist_count_for_nothing(
    agency: Agency, client_as: ClientAs
) -> None:
    alert_id = raised(agency)

    answer = client_as(Role.DISPATCHER).post(
        f"/alerts/{alert_id}/confirm",
        {"checks": [*CHECKS[:3], "missing", "__class__"]},
    )

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert status_of(agency, alert_id) is Status.UNVERIFIED


@pytest.mark.parametrize("rejection", list(Rejection))
def test_each_rejection_is_one_tap(
    agency: Agency, client_as: ClientAs, rejection: Rejection
) -> None:
    alert_id = raised(agency)
    desk = client_as(Role.OFFICER)
    page = desk.page(f"/alerts/{alert_id}")
    assert page.select_one(f'button[value="{rejection.value}"]') is not None

    answer = desk.post(f"/alerts/{alert_id}/reject", {"rejection": rejection.value})

    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert status_of(agency, alert_id) is Status.REJECTED


def test_a_rejection_of_another_kind_is_not_taken(
    agency: Agency, client_as: ClientAs
) -> None:
    alert_id = raised(agency)

    answer = client_as(Role.OFFICER).post(
        f"/alerts/{alert_id}/reject", {"rejection": "bored"}
    )

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert status_of(agency, alert_id) is Status.UNVERIFIED


def test_the_second_verdict_learns_who_was_first(
    agency: Agency, client_as: ClientAs
) -> None:
    alert_id = raised(agency)
    first = somebody(agency, Role.DISPATCHER, login="rafael-ortiz")
    review_alert(agency, first, alert_id, Rejecting(rejection=Rejection.WRONG_VEHICLE))

    answer = client_as(Role.DISPATCHER).post(
        f"/alerts/{alert_id}/confirm", {"checks": CHECKS}
    )

    assert answer.status_code == HTTPStatus.CONFLICT
    page = BeautifulSoup(answer.text, "html.parser")
    notice = page.select_one("[data-refused]")
    assert notice is not None
    assert words(notice).startswith(
        "Already reviewed by Rafael Ortiz, Oct 15, 2026 08:00:00 EDT"
    )
    assert "nothing was overwritten" in words(notice)
    assert status_of(agency, alert_id) is Status.REJECTED


def test_an_outcome_is_written_once(agency: Agency, client_as: ClientAs) -> None:
    alert_id = raised(agency)
    desk = client_as(Role.DISPATCHER)
    early = desk.post(f"/alerts/{alert_id}/outcome", {"outcome": "arrest"})
    assert early.status_code == HTTPStatus.CONFLICT
    desk.post(f"/alerts/{alert_id}/confirm", {"checks": CHECKS})

    answer = desk.post(f"/alerts/{alert_id}/outcome", {"outcome": "vehicle_recovered"})
    again = desk.post(f"/alerts/{alert_id}/outcome", {"outcome": "arrest"})

    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert again.status_code == HTTPStatus.CONFLICT
    assert "Vehicle recovered" in words(desk.page(f"/alerts/{alert_id}"))


def test_every_step_names_who_and_when(agency: Agency, client_as: ClientAs) -> None:
    alert_id = raised(agency)
    desk = client_as(Role.DISPATCHER, login="dana-whitfield")
    desk.post(f"/alerts/{alert_id}/acknowledge")
    desk.post(f"/alerts/{alert_id}/confirm", {"checks": CHECKS})
    desk.post(f"/alerts/{alert_id}/outcome", {"outcome": "not_found"})

    deeds = desk.page(f"/alerts/{alert_id}").select(".co-deeds li")

    assert [
        words(deed).replace(" Oct 15, 2026 08:00:00 EDT", "") for deed in deeds
    ] == [
        "Seen by the camera Oct 15, 2026 07:59:57 EDT",
        "Alert raised",
        "Acknowledged: Dana Whitfield",
        "Confirmed: Dana Whitfield",
        "Outcome: Dana Whitfield",
    ]


def test_after_deletion_the_facts_stay_and_the_plate_is_gone(
    agency: Agency, agency_clock: SettableClock, client_as: ClientAs
) -> None:
    alert_id = raised(agency)
    who = somebody(agency, Role.DISPATCHER)
    review_alert(agency, who, alert_id, Confirming(checks=ALL))
    kept_from = agency_clock.now - timedelta(seconds=3)
    agency_clock.advance(timedelta(days=22))
    dropped(agency, kept_from)
    desk = client_as(Role.DISPATCHER)

    page = desk.page(f"/alerts/{alert_id}")

    shown = words(page)
    assert "deleted on schedule" in shown
    assert "Nov 6, 2026 07:00:00 EST" in shown
    assert "Main Street at the Green, northbound" in shown
    assert f"Confirmed: {who.name}" in shown
    assert "AB12345" not in page.get_text()
    assert page.select("img[src*='/alerts/']") == []
    picture = desk.get(f"/alerts/{alert_id}/plate.jpg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert "deleted on schedule" in picture.text


def test_pictures_are_never_stored_by_a_browser(
    agency: Agency, client_as: ClientAs
) -> None:
    alert_id = raised(agency)
    desk = client_as(Role.DISPATCHER)

    for which, expected in zip(
        ("plate", "vehicle"), drawn("AB12345", "CT"), strict=True
    ):
        answer = desk.get(f"/alerts/{alert_id}/{which}.jpg")
        assert answer.content == expected
        assert answer.headers["content-type"] == "image/jpeg"
        assert "no-store" in answer.headers["cache-control"]
    assert "no-store" in desk.get(f"/alerts/{alert_id}").headers["cache-control"]


@pytest.mark.parametrize("act", ["acknowledge", "confirm", "reject", "outcome"])
def test_a_form_of_another_site_changes_nothing(
    agency: Agency, client_as: ClientAs, act: str
) -> None:
    alert_id = raised(agency)

    answer = client_as(Role.DISPATCHER).post(
        f"/alerts/{alert_id}/{act}",
        {
            "csrf": "0" * 64,
            "checks": CHECKS,
            "rejection": "wrong_state",
            "outcome": "arrest",
        },
    )

    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert status_of(agency, alert_id) is Status.UNVERIFIED


@pytest.mark.parametrize(
    "number", ["6f1f5a52-7e3d-4d0c-9a5e-3a7f6b1c2d11", "AB12345", "..%2f..", "0"]
)
def test_an_alert_that_is_not_there(client_as: ClientAs, number: str) -> None:
    desk = client_as(Role.DISPATCHER)

    assert desk.get(f"/alerts/{number}").status_code == HTTPStatus.NOT_FOUND
    picture = desk.get(f"/alerts/{number}/plate.jpg")
    assert picture.status_code == HTTPStatus.NOT_FOUND
    taken = desk.post(f"/alerts/{number}/acknowledge")
    assert taken.status_code == HTTPStatus.NOT_FOUND


def test_a_damaged_picture_is_not_called_deleted(
    agency: Agency, client_as: ClientAs
) -> None:
    alert = raised(agency)
    for segment in (agency.settings.data / "pictures").rglob("*"):
        if segment.is_file():
            segment.write_bytes(bytes(segment.stat().st_size))
    answer = client_as(Role.DISPATCHER).get(f"/alerts/{alert}/plate.jpg")
    assert answer.status_code == 200
    assert "damaged" in answer.text
    assert "deleted" not in answer.text
