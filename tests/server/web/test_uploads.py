"""Large files: who may send them, and where they lie meanwhile."""

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.types import Message, Scope
from tests.support.web import ClientAs

from charteroak.core.people import Role
from charteroak.server.web.security import LARGEST_FORM, LARGEST_UPLOAD
from charteroak.server.web.session import COOKIE


def send_headers(app: FastAPI, path: str, size: int, cookie: str) -> tuple[int, bool]:
    """Send the head of a form; gives the status, and whether the body was asked for."""
    asked = False
    statuses: list[int] = []

    async def receive() -> Message:
        nonlocal asked
        asked = True
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = {
        "host": "localhost",
        "sec-fetch-site": "same-origin",
        "content-length": str(size),
        "content-type": "multipart/form-data; boundary=x",
        "cookie": f"{COOKIE}={cookie}",
    }
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "http_version": "1.1",
        "server": ("localhost", 443),
        "client": ("127.0.0.1", 40_000),
        "headers": [(name.encode(), text.encode()) for name, text in headers.items()],
    }
    # In a thread: a browser test on this worker may have left a loop in this one.
    with ThreadPoolExecutor(1) as threads:
        threads.submit(lambda: asyncio.run(app(scope, receive, send))).result()
    return statuses[0], asked


def test_only_a_hot_list_may_be_large(app: FastAPI, client_as: ClientAs) -> None:
    clerk = client_as(Role.LIST_CLERK).http.cookies[COOKIE]

    for path in ("/sign-in", "/search", "/people", "/account/password"):
        assert send_headers(app, path, LARGEST_FORM + 1, clerk) == (413, False)
    assert send_headers(app, "/hot-lists", LARGEST_UPLOAD + 1, clerk) == (413, False)


def test_a_stranger_s_list_is_not_read(app: FastAPI, client_as: ClientAs) -> None:
    officer = client_as(Role.OFFICER).http.cookies[COOKIE]
    clerk = client_as(Role.LIST_CLERK).http.cookies[COOKIE]

    assert send_headers(app, "/hot-lists", 1000, "") == (401, False)
    assert send_headers(app, "/hot-lists", 1000, "f" * 64) == (401, False)
    assert send_headers(app, "/hot-lists", 1000, officer) == (403, False)
    _, asked = send_headers(app, "/hot-lists", 1000, clerk)
    assert asked


def test_a_list_never_lies_in_a_temporary_folder(
    client_as: ClientAs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk = client_as(Role.LIST_CLERK)
    form = {"name": "NCIC", "list_class": "vehicle", "source": "x", "authority": "x"}
    content = b"nothing that is a list\n" * 150_000
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "no such folder"))

    answer = desk.post(
        "/hot-lists", form, files={"file": ("a.csv", content, "text/csv")}
    )

    assert len(content) > 3_000_000
    assert answer.status_code == 422
    assert "Not taken yet" not in answer.text
