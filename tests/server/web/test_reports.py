"""What a box says of itself: taken once, from that box, of its cameras; and no more."""

import secrets
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import httpx2
import msgspec
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.support.agency import SettableClock
from tests.support.box import (
    CAMERA,
    REPORTS_URL,
    URL,
    FakeBox,
    a_box,
    a_camera_report,
    a_report,
    camera,
    somebody,
)
from tests.support.live import served
from tests.support.tables import Tables

from charteroak.core.box_report import BoxStanding, WhyNoPicture
from charteroak.core.camera import CameraId
from charteroak.core.http_signature import NONCE_BYTES, HttpMessage
from charteroak.core.people import Role
from charteroak.core.wire import LARGEST_REPORT_BYTES, ReportAnswer
from charteroak.edge.box import opened_box
from charteroak.edge.camera import FolderWatch, Source
from charteroak.edge.enrol import enrol
from charteroak.edge.recognize import Image, Sighting
from charteroak.edge.settings import DataFolder
from charteroak.edge.stream import VideoStream
from charteroak.server.actions.invite_box import Invited, invite_box
from charteroak.server.actions.note_box_report import Noted
from charteroak.server.actions.place_camera import place_camera
from charteroak.server.actions.revoke_box import revoke_box
from charteroak.server.agency import Agency
from charteroak.server.store import box_reports

PLATE = "QX7SECR"


@pytest.fixture
def http(app: FastAPI) -> TestClient:
    return TestClient(app, base_url="https://localhost")


def post(http: TestClient, message: HttpMessage, body: bytes) -> httpx2.Response:
    return http.post(message.url, content=body, headers=dict(message.fields))


def standing(agency: Agency, box: FakeBox) -> BoxStanding | None:
    with agency.database.changes() as tx:
        return box_reports.of_boxes(tx).get(box.device)


def noted(box: FakeBox, *, waiting: int, number: int, boot_epoch: int = 1) -> bool:
    said = a_report(number=number, waiting=waiting, boot_epoch=boot_epoch)
    answer = box.report(said)
    assert isinstance(answer, Noted), answer
    return answer.answer.noted


def test_a_report_is_noted_by_the_clock_of_the_server(
    agency: Agency, http: TestClient, box: FakeBox
) -> None:
    now = agency.clock()
    said = a_report(
        a_camera_report(gives_picture=False, for_s=90, last_frame_s=95, why="denied"),
        waiting=3,
        oldest_s=40,
    )
    body = msgspec.msgpack.encode(said)
    box_clock = now + timedelta(seconds=75)

    answer = post(http, box.request(body, url=REPORTS_URL, created=box_clock), body)

    assert answer.status_code == 200
    assert len(answer.content) < 100
    told = msgspec.msgpack.decode(answer.content, type=ReportAnswer)
    assert told == ReportAnswer(noted=True, clock_offset_s=75)
    found = standing(agency, box)
    assert found is not None
    assert (found.reported_at, found.waiting) == (now, 3)
    assert found.oldest_at == now - timedelta(seconds=40)
    with agency.database.changes() as tx:
        camera = box_reports.of_cameras(tx, now=now)[CAMERA]
    assert camera.since == now - timedelta(seconds=90)
    assert camera.last_frame_at == now - timedelta(seconds=95)
    assert camera.why is WhyNoPicture.DENIED


def test_each_refusal_has_its_status_and_notes_nothing(
    agency: Agency, http: TestClient, box: FakeBox, tables: Tables
) -> None:
    foreign = a_box(agency, "elm-north")
    body = msgspec.msgpack.encode(a_report(a_camera_report()))
    others = msgspec.msgpack.encode(a_report(a_camera_report("elm-north")))
    twice = msgspec.msgpack.encode(a_report(a_camera_report(), a_camera_report()))
    stranger = FakeBox(
        agency=agency, key=foreign.key, device=box.device, agency_key=box.agency_key
    )
    big = body + bytes(LARGEST_REPORT_BYTES)

    def send(sender: FakeBox, what: bytes, url: str = REPORTS_URL) -> httpx2.Response:
        signed = sender.request(what, url=url)
        headers = dict(signed.fields)
        return http.post(REPORTS_URL, content=what, headers=headers)

    answers = [
        post(http, box.request(body, url=REPORTS_URL), body + b"\x00"),
        send(stranger, body),
        send(box, body, url=URL),
        http.post(REPORTS_URL, content=body),
        send(box, b"no report"),
        send(box, others),
        send(box, twice),
        send(box, big),
    ]
    revoke_box(agency, somebody(Role.ADMINISTRATOR), box.device)
    answers.append(send(box, body))

    assert [(each.status_code, each.json()["code"][11:]) for each in answers] == [
        (401, "http-signature.digest-mismatch"),
        (401, "http-signature.bad"),
        (401, "http-signature.bad"),
        (401, "http-signature.missing"),
        (422, "report.unreadable"),
        (422, "report.foreign-camera"),
        (422, "report.unreadable"),
        (413, "api.too-large"),
        (403, "batch.revoked-box"),
    ]
    assert tables.count("box_reports") == tables.count("camera_reports") == 0
    assert tables.rows("SELECT kind FROM refusals WHERE kind LIKE '%report%'")


def test_a_replay_is_refused_and_an_older_report_changes_nothing(
    agency: Agency, http: TestClient, box: FakeBox, agency_clock: SettableClock
) -> None:
    body = msgspec.msgpack.encode(a_report(number=7, waiting=7))
    request = box.request(body, url=REPORTS_URL)
    assert post(http, request, body).status_code == 200
    agency_clock.advance(timedelta(minutes=1))

    replayed = post(http, request, body)
    older = noted(box, number=6, waiting=6)
    again = noted(box, number=7, waiting=70)
    before = standing(agency, box)
    rebooted = noted(box, number=1, waiting=1, boot_epoch=2)

    assert replayed.status_code == 401
    assert replayed.json()["code"] == "charteroak.batch.reused-nonce"
    assert (older, again, rebooted) == (False, False, True)
    assert before is not None
    assert before.waiting == 7
    assert before.reported_at == agency.clock() - timedelta(minutes=1)
    after = standing(agency, box)
    assert after is not None
    assert after.waiting == 1


def test_one_row_is_kept_and_cameras_no_longer_watched_go(
    agency: Agency, tables: Tables
) -> None:
    box = a_box(agency, CAMERA, "elm-north")
    box.report(a_report(a_camera_report(), a_camera_report("elm-north")))
    box.report(a_report(a_camera_report(), number=2))

    assert tables.count("box_reports") == 1
    assert tables.rows("SELECT camera_id FROM camera_reports") == [(CAMERA,)]


def test_a_word_that_is_not_known_comes_in_as_other(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    word = PLATE.lower().replace("7", "-")
    box.report(a_report(a_camera_report(gives_picture=False, why=word)))

    with agency.database.changes() as tx:
        assert box_reports.of_cameras(tx, now=agency.clock())[CAMERA].why == "other"
    assert word not in tables.text_of("camera_reports")


class SeesNothing:
    """An engine on an empty street."""

    name = "sees-nothing"

    def sightings(self, image: Image) -> Sequence[Sighting]:
        del image
        return []


def test_a_real_box_says_how_its_cameras_do(
    app: FastAPI, agency: Agency, tmp_path: Path
) -> None:
    cameras = [CameraId(CAMERA), CameraId("elm-north")]
    admin = somebody(Role.ADMINISTRATOR)
    for each in cameras:
        place_camera(agency, admin, camera(each))
    invited = invite_box(agency, admin, "box on Main", cameras)
    assert isinstance(invited, Invited)
    folder, stop = DataFolder(tmp_path / "box"), threading.Event()
    (tmp_path / "arriving").mkdir()
    with served(app) as server:
        enrolled = enrol(folder, server=server, code=invited.code, software="test")
        sources: dict[CameraId, Source] = {
            cameras[0]: FolderWatch(folder=tmp_path / "arriving", stop=stop),
            cameras[1]: VideoStream(
                # Port 9 discards, where anybody listens at all.
                address="rtsp://ada:pa55@127.0.0.1:9/live",
                stop=stop,
                clock=agency.clock,
            ),
        }
        with opened_box(
            folder,
            enrolled,
            engine=SeesNothing(),
            watches=sources,
            spool_limit_bytes=10**9,
            clock=agency.clock,
            nonce=lambda: secrets.token_bytes(NONCE_BYTES),
        ) as box:
            runs = threading.Thread(target=box.run, args=(stop,))
            runs.start()
            try:
                until = time.monotonic() + 60
                while not _said(agency) and time.monotonic() < until:
                    time.sleep(0.1)
            finally:
                stop.set()
                runs.join()
            # One more, by hand: the first may have been before the camera was tried.
            assert box.reporter.attempt() == 30

    with agency.database.changes() as tx:
        seen = box_reports.of_cameras(tx, now=agency.clock())
        (said,) = box_reports.of_boxes(tx).values()
    assert said.software.startswith("charteroak ")
    assert said.disk_free_bytes is not None
    assert said.disk_free_bytes > 0
    assert (said.waiting, said.lost) == (0, 0)
    assert seen[CAMERA].gives_picture is True
    assert seen["elm-north"].gives_picture is False
    assert seen["elm-north"].why is WhyNoPicture.UNREACHABLE


def _said(agency: Agency) -> bool:
    with agency.database.changes() as tx:
        return bool(box_reports.of_boxes(tx))
