"""A certificate is renewed without a restart, and its end is told to all who must act.

The server, its certificates, the box and its uplink are real; only time is not waited
for: the certificate is made so that it ended yesterday.
"""

import secrets
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import attrs
import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from charteroak.core.camera import CameraId
from charteroak.core.people import Role
from charteroak.core.wire import WireRead
from charteroak.edge.enrol import enrol
from charteroak.edge.identity import Identity, next_boot_epoch
from charteroak.edge.settings import DataFolder, Enrolled
from charteroak.edge.spool import Spool
from charteroak.edge.uplink import Link, Sender, Uplink
from charteroak.edge.web_client import open_client
from charteroak.server.actions.invite_box import Invited, invite_box
from charteroak.server.actions.place_camera import place_camera
from charteroak.server.bootstrap import open_site
from charteroak.server.settings import Settings
from charteroak.server.vault.certificate import (
    SOON,
    CertificateState,
    Renewal,
    look_at,
)
from tests.server.test_cli import PATIENCE_S, Running, Shell, free_port, started
from tests.support.box import CAMERA, camera, somebody
from tests.support.certificates import DAY, Authority
from tests.support.postgres import reachable_folder

pytestmark = pytest.mark.slow


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - TLS knows no other clock


@attrs.frozen(kw_only=True)
class Place:
    """A folder with an agency, a box's files and a certificate."""

    folder: Path
    authority: Authority
    code: str

    @property
    def certificate(self) -> Path:
        return self.folder / "server.pem"

    @property
    def key(self) -> Path:
        return self.folder / "server.key"

    @property
    def settings(self) -> dict[str, str]:
        return {
            "tls_certificate": str(self.certificate),
            "tls_key": str(self.key),
        }

    def renew(
        self, *, begins: timedelta = -DAY, ends: timedelta = 90 * DAY
    ) -> datetime:
        return self.authority.sign(self.certificate, self.key, begins=begins, ends=ends)


@contextmanager
def founded() -> Iterator[Place]:
    with reachable_folder("tls") as folder:
        settings = Settings(data=folder / "data", agency="typed")
        with open_site(settings) as site:
            chief = somebody(Role.ADMINISTRATOR)
            place_camera(site.agency, chief, camera())
            invited = invite_box(site.agency, chief, "box", [CameraId(CAMERA)])
        assert isinstance(invited, Invited)
        yield Place(folder=folder, authority=Authority(folder), code=invited.code)


@contextmanager
def the_uplink(enrolled: Enrolled, spool: Spool, box: DataFolder) -> Iterator[Uplink]:
    """The box's uplink, with connections of its own."""
    with open_client(enrolled.server, enrolled.authority_file) as client:
        yield Uplink(
            spool,
            Sender(
                client=client,
                server=enrolled.server,
                device=enrolled.enrolment.device,
                identity=Identity.load(box),
                nonce=lambda: secrets.token_bytes(16),
            ),
            next_boot_epoch=lambda: next_boot_epoch(box),
            clock=now,
        )


def a_read() -> WireRead:
    return WireRead(
        read_id=uuid4(),
        camera=CAMERA,
        seen_at=now(),
        plate="AB12345",
        confidence=0.97,
        characters=[0.99] * 7,
        state="CT",
        state_confidence=0.9,
        box=(10, 20, 120, 40),
        engine="test 1",
        plate_picture=b"",
        vehicle_picture=b"",
    )


def until(holds: Callable[[], bool], what: str) -> None:
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < PATIENCE_S, what
        time.sleep(0.1)


def shown(server: Running) -> str:
    """The certificate that a new connection gets."""
    port = int(server.address.rpartition(":")[2])
    return ssl.get_server_certificate(("127.0.0.1", port), timeout=PATIENCE_S)


def test_the_end_of_a_certificate_is_told_and_a_renewal_needs_no_restart() -> None:
    with founded() as place:
        place.renew()
        shell = Shell(place.folder / "data")
        port = str(free_port())
        server = started(shell, port=port, **place.settings)
        address = f"https://127.0.0.1:{port}"
        box = DataFolder(place.folder / "box")
        enrolled = enrol(
            box,
            server=address,
            code=place.code,
            software="test",
            authority_file=str(place.authority.pem),
        )
        spool = Spool.open(
            box.spool,
            agency_key=enrolled.enrolment.agency_key,
            keep=DAY,
            limit_bytes=1 << 26,
            boot_epoch=next_boot_epoch(box),
        )

        ended = place.renew(begins=-90 * DAY, ends=-DAY)
        server.process.send_signal(signal.SIGHUP)
        expired = place.certificate.read_text()
        until(lambda: shown(server) == expired, "the new certificate is not used")
        spool.put(a_read(), now())
        with the_uplink(enrolled, spool, box) as uplink:
            assert uplink.attempt()
            assert uplink.status.link is Link.UNREACHABLE
            assert f"certificate expired on {ended:%Y-%m-%d at %H:%M} UTC" in (
                uplink.status.why
            )
        assert spool.stats(now()).waiting == 1
        status = shell.run("status", port=port, **place.settings)
        assert status.returncode == 1
        assert "certificate has expired" in status.stdout

        place.certificate.write_text("no certificate")
        server.process.send_signal(signal.SIGHUP)
        status = shell.run("status", port=port, **place.settings)
        assert status.returncode == 1
        assert "certificate cannot be used" in status.stdout
        assert shown(server) == expired

        # Nobody asks: the server sees by itself that the files are others.
        place.renew()
        renewed = place.certificate.read_text()
        until(lambda: shown(server) == renewed, "the renewal was not seen")
        with the_uplink(enrolled, spool, box) as uplink:
            assert uplink.attempt() == 0
        assert spool.stats(now()).waiting == 0
        spool.close()
        assert "the old one stays in use" in server.stop(signal.SIGTERM)
        assert server.process.returncode == 0


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        (SOON + DAY, CertificateState.GOOD),
        (SOON - DAY, CertificateState.EXPIRES_SOON),
        (-timedelta(minutes=1), CertificateState.EXPIRED),
    ],
)
def test_three_weeks_before_its_end_a_certificate_wants_attention(
    tmp_path: Path, ends: timedelta, state: CertificateState
) -> None:
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    expires_at = Authority(tmp_path).sign(certificate, key, begins=-90 * DAY, ends=ends)

    seen = look_at(certificate, key, now=now())

    assert (seen.state, seen.expires_at) == (state, expires_at)


def test_nobody_is_asked_for_the_passphrase_of_a_key(tmp_path: Path) -> None:
    """A server in a terminal would wait for the answer, and serve nobody meanwhile."""
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    Authority(tmp_path).sign(certificate, key, begins=-DAY, ends=DAY)
    opened = load_pem_private_key(key.read_bytes(), None)
    sealing = BestAvailableEncryption(b"secret")
    key.write_bytes(opened.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealing))
    look = (
        "import sys; from datetime import datetime, UTC; from pathlib import Path;"
        "from charteroak.server.vault.certificate import look_at;"
        "now = datetime(2026, 1, 1, tzinfo=UTC);"
        "print(look_at(Path(sys.argv[1]), Path(sys.argv[2]), now=now).state)"
    )
    in_a_terminal = "import pty, sys; pty.spawn([sys.executable, '-c', *sys.argv[1:]])"

    told = subprocess.run(
        [sys.executable, "-c", in_a_terminal, look, certificate, key],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )

    assert told.stdout.split() == [CertificateState.UNUSABLE]


def test_half_a_renewal_is_not_taken_up(tmp_path: Path) -> None:
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    authority = Authority(tmp_path)
    authority.sign(certificate, key, begins=-DAY, ends=DAY)
    renewal = Renewal(certificate, key)
    assert not renewal.look()
    first = key.read_bytes()

    authority.sign(certificate, key, begins=-DAY, ends=DAY)
    second = key.read_bytes()
    key.write_bytes(first)

    assert not renewal.look()
    assert look_at(certificate, key, now=now()).state is CertificateState.UNUSABLE
    key.write_bytes(second)
    assert renewal.look()
