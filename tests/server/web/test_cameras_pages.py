"""Cameras, boxes and hot lists on their pages."""

from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from attrs import evolve
from tests.support.agency import NOON, SettableClock
from tests.support.alerts import CAMERA, Hit, raised
from tests.support.postgres import TestAgency
from tests.support.web import ClientAs, somebody

from charteroak.core.alert import Rejection
from charteroak.core.camera import Camera, CameraId
from charteroak.core.people import Role
from charteroak.server.actions.place_camera import place_camera
from charteroak.server.actions.review_alert import Rejecting, review_alert
from charteroak.server.actions.see_cameras import see_cameras
from charteroak.server.actions.see_hotlists import see_hotlists
from charteroak.server.agency import Agency
from charteroak.server.store import boxes
from charteroak.server.store.boxes import StoredBox

ELM = {
    "camera_id": "elm-north",
    "name": "Elm St, northbound",
    "latitude": "41.7",
    "longitude": "-72.6",
    "heading": "10",
    "place": "road",
    "mount": "fixed",
    "location": "published",
}
LIST = {
    "name": "Daily file",
    "list_class": "vehicle",
    "source": "State Police",
    "authority": "Conn. Gen. Stat.",
}


def a_file(text: str) -> dict[str, tuple[str, bytes, str]]:
    return {"file": ("list.csv", text.encode(), "text/csv")}


def a_camera(agency: Agency) -> CameraId:
    camera = Camera(
        camera_id=CameraId("elm-north"),
        name="Elm St, northbound",
        latitude=41.7,
        longitude=-72.6,
    )
    place_camera(agency, somebody(agency, Role.ADMINISTRATOR), camera)
    return camera.camera_id


def a_box(agency: Agency) -> UUID:
    box = StoredBox(
        box_id=uuid4(),
        name="Elm cabinet",
        public_key=bytes(range(32)),
        software="0.1.0",
        enrolled_at=NOON,
        revoked_at=None,
        last_batch_at=None,
        clock_offset_s=None,
        cameras=[a_camera(agency)],
    )
    with agency.database.changes() as tx:
        assert boxes.add(tx, box)
    return box.box_id


@pytest.mark.parametrize("role", Role)
def test_everybody_may_look_and_only_administrators_act(
    agency: Agency, client_as: ClientAs, role: Role
) -> None:
    box = a_box(agency)
    desk = client_as(role)
    page = desk.page("/cameras")
    may = role is Role.ADMINISTRATOR

    assert "Elm St, northbound" in page.get_text()
    assert (page.select_one("form[action='/cameras/boxes']") is not None) == may
    for path in ("/cameras", "/cameras/boxes", f"/cameras/boxes/{box}/revoke"):
        assert (desk.post(path).status_code == 403) == (not may)


def test_a_camera_is_placed_and_corrected(agency: Agency, client_as: ClientAs) -> None:
    desk = client_as(Role.ADMINISTRATOR)

    assert desk.post("/cameras", ELM).status_code == 303
    assert desk.post("/cameras", {**ELM, "name": "Elm & Main"}).status_code == 303

    shown = see_cameras(agency).cameras
    assert [each.camera.name for each in shown] == ["Elm & Main"]
    assert "Elm &amp; Main" in desk.get("/cameras?done=placed").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"camera_id": "Elm St"},
        {"name": " "},
        {"latitude": "91"},
        {"latitude": "nan"},
        {"longitude": "west"},
        {"heading": "361"},
        {"place": ""},
        {"mount": "a kite"},
        {"location": ""},
    ],
)
def test_a_camera_that_cannot_be_is_said_at_its_field(
    agency: Agency, client_as: ClientAs, wrong: dict[str, str]
) -> None:
    answer = client_as(Role.ADMINISTRATOR).post("/cameras", {**ELM, **wrong})

    (field,) = wrong
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert 'value="-72.6"' in answer.text or field == "longitude"
    assert see_cameras(agency).cameras == ()


def test_a_code_is_shown_once_with_what_to_type(
    agency: Agency, client_as: ClientAs
) -> None:
    camera = a_camera(agency)
    desk = client_as(Role.ADMINISTRATOR)

    answer = desk.post("/cameras/boxes", {"box_name": "Elm", "cameras": [camera]})

    code = answer.text.partition('class="co-code" translate="no">')[2][:14]
    assert [len(group) for group in code.split("-")] == [4, 4, 4]
    assert f"--server https://localhost --code {code}<" in answer.text
    assert "12:15" not in code
    assert "Oct 15, 2026 08:15:00 EDT" in answer.text
    assert code not in desk.get("/cameras").text


@pytest.mark.parametrize(
    "form", [{"box_name": "Elm"}, {"box_name": " ", "cameras": ["elm-north"]}]
)
def test_an_invitation_that_cannot_be_is_said(
    agency: Agency, client_as: ClientAs, form: dict[str, str | list[str]]
) -> None:
    a_camera(agency)

    answer = client_as(Role.ADMINISTRATOR).post("/cameras/boxes", form)

    assert answer.status_code == 422
    assert "Not taken yet" in answer.text


def test_a_box_is_revoked_only_by_its_name(agency: Agency, client_as: ClientAs) -> None:
    path = f"/cameras/boxes/{a_box(agency)}/revoke"
    desk = client_as(Role.ADMINISTRATOR)
    assert "cannot be undone" in desk.get(path).text

    assert desk.post(path, {"typed_name": "elm"}).status_code == 422
    assert see_cameras(agency).boxes[0].revoked_at is None
    assert desk.post(path, {"typed_name": "Elm cabinet"}).status_code == 303

    assert see_cameras(agency).boxes[0].revoked_at == NOON
    assert see_cameras(agency).cameras[0].boxes == ()
    assert desk.get(path).status_code == 404


def test_hours_are_counted_up_to_the_present_one(
    agency: Agency, agency_schema: TestAgency
) -> None:
    camera = a_camera(agency)
    with psycopg.connect(agency_schema.dsn("ingest")) as connection:
        for hours_ago, reads in ((0, 3), (23, 5), (24, 7)):
            connection.execute(
                "INSERT INTO read_counts VALUES "
                "(%s, %s - make_interval(hours => %s), %s, 0, 0, 1)",
                [camera, NOON, hours_ago, reads],
            )

    shown = see_cameras(agency).cameras[0]

    assert (len(shown.hourly), shown.hourly[0], shown.hourly[-1]) == (24, 5, 3)
    assert (sum(shown.hourly), shown.misdated) == (8, 2)
    assert shown.read_hour == NOON


def test_how_a_camera_does_is_said_by_a_word_and_a_shape(
    agency: Agency, agency_clock: SettableClock, client_as: ClientAs
) -> None:
    a_box(agency)
    hit = Hit(camera=evolve(CAMERA, camera_id=CameraId("elm-north"), name="Elm St"))
    verdicts = (Rejection.WRONG_CHARACTERS, Rejection.WRONG_VEHICLE)
    officer = somebody(agency, Role.OFFICER)
    for rejection in verdicts:
        review_alert(
            agency, officer, raised(agency, hit), Rejecting(rejection=rejection)
        )
    raised(agency, hit)
    agency_clock.advance(timedelta(minutes=1))
    ada = somebody(agency, Role.ADMINISTRATOR)
    place_camera(agency, ada, evolve(CAMERA, name="Main St"))
    desk = client_as(Role.AUDITOR)

    page = desk.page("/cameras")
    only = desk.page("/cameras?state=no-box")

    elm, main = page.select_one("#at-elm-north"), page.select_one("#at-main-st-north")
    assert elm is not None
    assert main is not None
    assert "never read" in elm.get_text()
    assert "1 of 2" in elm.get_text()
    assert "no box" in main.get_text()
    pins = {str(pin["data-camera"]): pin for pin in page.select("svg .co-pin")}
    assert pins["elm-north"]["aria-label"] == "Elm St: never read"
    assert pins["elm-north"]["href"] == "#at-elm-north"
    assert "co-pin--attention" in pins["main-st-north"]["class"]
    assert [row["id"] for row in only.select("tr.co-row")] == ["at-main-st-north"]
    chosen = only.select_one(".co-filter [aria-current]")
    assert chosen is not None
    assert chosen["href"] == "/cameras?state=no-box"
    assert "Choose All" in desk.page("/cameras?state=retired").get_text()


@pytest.mark.parametrize(
    ("hours_ago", "offset_s", "state"),
    [(0, 0, "working"), (1, None, "working"), (0, -6, "clock-off"), (2, 0, "quiet")],
)
def test_the_state_of_a_camera_that_reads(
    agency: Agency,
    agency_schema: TestAgency,
    hours_ago: int,
    offset_s: int | None,
    state: str,
) -> None:
    a_box(agency)
    with psycopg.connect(agency_schema.dsn("ingest")) as connection:
        connection.execute("UPDATE boxes SET clock_offset_s = %s", [offset_s])
        connection.execute(
            "INSERT INTO read_counts VALUES "
            "('elm-north', %s - make_interval(hours => %s), 1, 0, 0, 0)",
            [NOON, hours_ago],
        )

    assert see_cameras(agency).cameras[0].state == state


def test_only_the_list_clerk_loads_lists_and_supervisors_see_them(
    client_as: ClientAs,
) -> None:
    sees = {Role.LIST_CLERK, Role.SUPERVISOR}
    for role in Role:
        desk = client_as(role)
        seen = desk.get("/hot-lists")
        assert seen.status_code == (200 if role in sees else 403)
        assert ("Load the list" in seen.text) is (role is Role.LIST_CLERK)
        sent = desk.post("/hot-lists", LIST, files=a_file("plate,reason\nAB1,x\n"))
        assert sent.status_code == (200 if role is Role.LIST_CLERK else 403)


def test_a_list_is_loaded_and_its_bad_lines_are_named(
    agency: Agency, client_as: ClientAs
) -> None:
    desk = client_as(Role.LIST_CLERK)
    content = "plate,reason,state\nAB12345,stolen,CT\nNOT!A!PLATE,x,CT\nCD1,x,ZZ\n"

    answer = desk.post("/hot-lists", LIST, files=a_file(content))

    assert answer.status_code == 200
    assert "The list Daily file is in force" in answer.text
    assert "2 lines were left out" in answer.text
    assert '<td translate="no">3</td>' in answer.text
    assert "AB12345" not in answer.text
    assert "NOT!A!PLATE" not in answer.text
    assert [each.entries for each in see_hotlists(agency).lists] == [1]


def test_a_forbidden_list_is_refused_calmly_with_its_statute(
    agency: Agency, client_as: ClientAs, agency_schema: TestAgency
) -> None:
    form = {**LIST, "list_class": "immigration_violator"}

    answer = client_as(Role.LIST_CLERK).post(
        "/hot-lists", form, files=a_file("plate,reason\nAB12345,x\n")
    )

    assert answer.status_code == 403
    assert "13(c)" in answer.text
    assert "Nothing of the file was read" in answer.text
    assert see_hotlists(agency).lists == ()
    with psycopg.connect(agency_schema.dsn("log")) as connection:
        rows = connection.execute("SELECT kind FROM log").fetchall()
    assert ("hotlist.refused",) in rows


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"source": " "}, {"authority": ""}, {"list_class": "x"}]
)
def test_a_list_form_that_is_not_taken_keeps_what_was_typed(
    agency: Agency, client_as: ClientAs, wrong: dict[str, str]
) -> None:
    answer = client_as(Role.LIST_CLERK).post(
        "/hot-lists", {**LIST, **wrong}, files=a_file("plate,reason\nAB1,x\n")
    )

    (field,) = wrong
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "State Police" in answer.text or field == "source"
    assert see_hotlists(agency).lists == ()


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "plate,reason\n!!,x\n", ""])
def test_a_file_that_is_no_list_leaves_the_one_of_before(
    agency: Agency, client_as: ClientAs, content: str
) -> None:
    desk = client_as(Role.LIST_CLERK)
    desk.post("/hot-lists", LIST, files=a_file("plate,reason\nAB1,x\nAB2,y\n"))

    answer = desk.post("/hot-lists", LIST, files=a_file(content))

    assert answer.status_code == 422
    assert "Nothing was loaded" in answer.text
    assert [each.entries for each in see_hotlists(agency).lists] == [2]


def test_a_list_without_its_file_says_so(client_as: ClientAs) -> None:
    answer = client_as(Role.LIST_CLERK).post("/hot-lists", LIST)

    assert answer.status_code == 422
    assert "Choose the file again" in answer.text
