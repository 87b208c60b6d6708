"""The boxes' entrance over HTTP: each way to fail has its status, and its JSON."""

import threading
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import msgspec
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.support.box import CAMERA, URL, FakeBox, camera, somebody, wanted
from tests.support.live import served
from tests.support.tables import Tables

from charteroak.core.http_signature import HttpMessage
from charteroak.core.people import Role
from charteroak.core.wire import (
    LARGEST_BATCH_BYTES,
    MEDIA_TYPE,
    BatchAnswer,
    Enrolment,
    EnrolmentRequest,
)
from charteroak.server.actions.invite_box import Invited, invite_box
from charteroak.server.actions.revoke_box import revoke_box
from charteroak.server.agency import Agency

PLATE = "QX7SECR"
PATIENT_S = 60


@pytest.fixture
def http(app: FastAPI) -> TestClient:
    return TestClient(app, base_url="https://localhost")


def body_of(box: FakeBox, *plates: str) -> bytes:
    return msgspec.msgpack.encode(
        box.batch(*(box.seal(box.read(plate)) for plate in plates))
    )


def post(http: TestClient, message: HttpMessage, body: bytes) -> httpx2.Response:
    return http.post(message.url, content=body, headers=dict(message.fields))


def told(answer: httpx2.Response) -> str:
    said = answer.json()
    assert set(said) == {"code", "message", "hint"}
    assert answer.headers["content-type"] == "application/json"
    return str(said["code"])


def test_a_batch_is_taken(http: TestClient, box: FakeBox, tables: Tables) -> None:
    body = body_of(box, PLATE)

    answer = post(http, box.request(body), body)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert msgspec.msgpack.decode(answer.content, type=BatchAnswer).kept == 1
    assert tables.count("reads") == 1


def test_each_refusal_has_its_status(
    agency: Agency, http: TestClient, box: FakeBox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    wanted(agency, PLATE)
    body = body_of(box, PLATE)
    request = box.request(body)
    post(http, request, body)
    other = msgspec.msgpack.encode(
        box.batch(box.seal(box.read(PLATE)), sequence=box.sequence)
    )

    answers = [
        post(http, request, body),
        post(http, box.request(body), body + b"\x00"),
        post(http, box.request(b"no batch"), b"no batch"),
        post(http, box.request(other), other),
        http.post(URL, content=body, headers={"content-type": MEDIA_TYPE}),
    ]
    revoke_box(agency, somebody(Role.ADMINISTRATOR), box.device)
    answers.append(post(http, box.request(body), body))

    assert [(each.status_code, told(each).split(".")[-1]) for each in answers] == [
        (401, "reused-nonce"),
        (401, "digest-mismatch"),
        (422, "unreadable"),
        (409, "conflict"),
        (401, "missing"),
        (403, "revoked-box"),
    ]
    assert all(PLATE not in each.text for each in answers)
    assert PLATE not in caplog.text
    assert answers[0].headers["www-authenticate"] == "Signature"


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/api/v1/batches", f"{URL}?more=1", "http://localhost/x"]
)
def test_a_signature_for_another_address_does_not_fit(
    http: TestClient, box: FakeBox, url: str
) -> None:
    body = body_of(box, PLATE)

    answer = http.post(
        URL, content=body, headers=dict(box.request(body, url=url).fields)
    )

    assert answer.status_code == 401


def test_a_strangers_body_is_never_in_memory(
    app: FastAPI, agency: Agency, box: FakeBox, tables: Tables
) -> None:
    body = bytes(24 * 1024 * 1024)
    revoke_box(agency, somebody(Role.ADMINISTRATOR), box.device)
    with served(app) as base:
        url = f"{base}/api/v1/batches"
        tracemalloc.start()
        try:
            strangers = [
                httpx2.post(url, content=body, headers={"content-type": MEDIA_TYPE}),
                httpx2.post(
                    url, content=body, headers=dict(box.request(body, url=url).fields)
                ),
            ]
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert [each.status_code for each in strangers] == [401, 403]
    # The sender here holds its own copy before; a copy of the server would be over it.
    assert most < len(body)
    assert tables.count("batches") == 0


def test_boxes_have_threads_of_their_own(box: FakeBox, app: FastAPI) -> None:
    begun, go_on = threading.Barrier(41), threading.Event()

    def slow() -> None:
        begun.wait(PATIENT_S)
        go_on.wait(PATIENT_S)

    app.add_api_route("/api/v1/test-slow", slow)
    body = body_of(box, PLATE)
    with served(app) as base, ThreadPoolExecutor(40) as crowd:
        slow_url = f"{base}/api/v1/test-slow"
        held = [
            crowd.submit(httpx2.get, slow_url, timeout=PATIENT_S) for _ in range(40)
        ]
        try:
            # All threads that the pages have are taken.
            begun.wait(PATIENT_S)
            url = f"{base}/api/v1/batches"
            headers = dict(box.request(body, url=url).fields)
            answer = httpx2.post(
                url, content=body, headers=headers, timeout=PATIENT_S / 2
            )
        finally:
            go_on.set()

    assert answer.status_code == 200
    assert {each.result().status_code for each in held} == {200}


def test_a_body_that_says_it_is_too_long_is_not_read(
    http: TestClient, box: FakeBox
) -> None:
    headers = dict(box.request(b"").fields)

    answer = http.post(
        URL,
        content=b"",
        headers={**headers, "content-length": str(LARGEST_BATCH_BYTES + 1)},
    )

    assert answer.status_code == 413
    assert told(answer) == "charteroak.api.too-large"


def test_a_body_that_does_not_say_how_long_it_is_is_cut_off(
    http: TestClient, box: FakeBox
) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(40):
            sent += 1
            yield bytes(1024 * 1024)

    answer = http.post(URL, content=endless(), headers=dict(box.request(b"").fields))

    assert answer.status_code == 413


def test_a_box_enrols(agency: Agency, http: TestClient, box: FakeBox) -> None:
    invited = invite_box(
        agency, somebody(Role.ADMINISTRATOR), "second box", [camera().camera_id]
    )
    assert isinstance(invited, Invited)
    asked = msgspec.json.encode(
        EnrolmentRequest(code=invited.code, public_key=bytes(range(32)), software="x")
    )

    answer = http.post("/api/v1/enrolments", content=asked)

    assert answer.status_code == 200
    enrolled = msgspec.json.decode(answer.content, type=Enrolment)
    assert enrolled.cameras == [CAMERA]
    assert enrolled.device != box.device
    other = msgspec.json.encode(
        EnrolmentRequest(code=invited.code, public_key=bytes(32), software="x")
    )
    again = http.post("/api/v1/enrolments", content=other)
    assert (again.status_code, told(again)) == (
        403,
        "charteroak.enrolment.wrong-code",
    )


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"\xff", b'{"code": 1}', b'{"code":"x","public_key":"!"}']
)
def test_an_enrolment_that_cannot_be_read_is_told(
    http: TestClient, body: bytes
) -> None:
    answer = http.post("/api/v1/enrolments", content=body)

    assert (answer.status_code, told(answer)) == (
        422,
        "charteroak.enrolment.unreadable",
    )


def test_a_long_enrolment_is_not_read(http: TestClient) -> None:
    answer = http.post("/api/v1/enrolments", content=b" " * 5000)

    assert answer.status_code == 413


def test_a_sign_of_life(http: TestClient) -> None:
    answer = http.get("/api/v1/health")

    assert (answer.status_code, answer.json()) == (200, {"status": "up"})


def test_another_name_than_ours_is_not_answered(http: TestClient, box: FakeBox) -> None:
    body = body_of(box, PLATE)
    url = "https://evil.example/api/v1/batches"

    answer = http.post(
        url, content=body, headers=dict(box.request(body, url=url).fields)
    )

    assert answer.status_code == 421
