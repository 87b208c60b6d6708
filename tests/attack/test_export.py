"""An export is whole or nothing: dropped connections, tampering, and plates in it."""

import io
import logging
import re
import socket
import zipfile
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import attrs
import pytest
from tests.support.a_desk import CASE, PLATE, FullDesk, furnished
from tests.support.agency import SettableClock, a_fresh_agency
from tests.support.live import served
from tests.support.shelf import Shelf
from tests.support.web import browser

from charteroak.core.log_record import RecordKind
from charteroak.core.people import ALLOWED, Act, Role
from charteroak.server.store import audit
from charteroak.server.web.app import create_app
from charteroak.server.web.session import COOKIE, csrf_of

FORM = {
    "purpose": "robbery",
    "to": "court",
    "name": "Superior Court, Hartford",
    "note": "hearing of the case",
    "sure": "yes",
}


@attrs.frozen
class Town:
    """A served desk, and the bytes of what goes over its wire."""

    desk: FullDesk
    address: str
    read: str
    tokens: dict[Role, str]

    def request(self, role: Role, **changes: str) -> bytes:
        token = self.tokens[role]
        body = urlencode({**FORM, "read": self.read, "csrf": csrf_of(token), **changes})
        return (
            f"POST /export/{CASE} HTTP/1.1\r\nHost: localhost\r\n"
            f"Cookie: {COOKIE}={token}\r\nSec-Fetch-Site: same-origin\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
        ).encode()

    def ask(self, request: bytes, *, most: int | None = None) -> tuple[str, bytes]:
        """Head and body of an answer; at `most` so many bytes of it, then hang up."""
        parts = urlsplit(self.address)
        with socket.create_connection((parts.hostname, parts.port), 60) as wire:
            wire.sendall(request)
            got = b""
            while most is None or len(got) < most:
                piece = wire.recv(4096 if most is None else min(4096, most - len(got)))
                if not piece:
                    break
                got += piece
        head, _, body = got.partition(b"\r\n\r\n")
        return head.decode("latin-1").lower(), body

    def kinds(self) -> list[str]:
        with self.desk.agency.database.audits() as tx:
            found = audit.newest(tx, kind=None, before=None, limit=10)
        return [each.kind for each in reversed(found)]


@pytest.fixture(scope="module")
def town(agencies: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("desk")
    with a_fresh_agency(agencies, SettableClock(), folder) as agency:
        desk, app = furnished(agency), create_app(agency)
        tokens = {role: desk.token(role) for role in Role}
        looks = browser(app)
        looks.http.cookies.set(
            COOKIE, tokens[Role.INVESTIGATOR], domain="localhost.local"
        )
        read = looks.page(f"/export/{CASE}").select_one("input[name=read]")
        assert read is not None
        with served(app) as address:
            yield Town(desk, address, str(read["value"]), tokens)


def opens(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.testzip() is None
    except zipfile.BadZipFile:
        return False


def test_a_download_that_breaks_off_is_no_package_and_can_be_asked_again(
    town: Town,
) -> None:
    data = town.desk.agency.settings.data
    before = sorted(data.rglob("*"))
    request = town.request(Role.INVESTIGATOR)

    _, half = town.ask(request, most=9_000)
    assert half.startswith(b"PK")
    assert not opens(half)
    head, whole = town.ask(request)

    assert f"content-length: {len(whole)}" in head
    assert opens(whole)
    assert (
        town.kinds()[-4:] == [RecordKind.EXPORT_ASKED, RecordKind.EXPORT_ANSWERED] * 2
    )
    assert sorted(data.rglob("*")) == before, "something of it stayed on the server"


def test_no_plate_is_in_a_head_a_name_or_a_line(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        head, content = town.ask(town.request(Role.INVESTIGATOR))

    assert PLATE.encode() in content
    assert PLATE.lower() not in head
    assert CASE not in head
    assert "cache-control: no-store" in head
    assert re.search(r'filename="export-\d+\.zip"', head)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert PLATE not in " ".join(archive.namelist())
    assert PLATE not in caplog.text


@pytest.mark.parametrize("role", sorted(Role))
def test_only_whom_the_rules_let_gets_a_byte_of_it(town: Town, role: Role) -> None:
    head, body = town.ask(town.request(role))

    allowed = role in ALLOWED[Act.EXPORT]
    assert head.startswith("http/1.1 200" if allowed else "http/1.1 403")
    assert opens(body) is allowed
    assert allowed or PLATE.encode() not in body


@pytest.mark.parametrize(
    "changes",
    [
        {"csrf": "0" * 64},
        {"purpose": "immigration"},
        {"read": "00000000-0000-4000-8000-000000000000"},
        {"name": "ICE"},
        {"note": "for ICE, to remove the driver"},
        {"to": "another agency"},
    ],
)
def test_what_is_changed_in_the_form_on_its_way_gets_nothing(
    town: Town, changes: dict[str, str]
) -> None:
    head, body = town.ask(town.request(Role.INVESTIGATOR, **changes))

    assert not head.startswith("http/1.1 200")
    assert not opens(body)
    assert b"PK\x03\x04" not in body
