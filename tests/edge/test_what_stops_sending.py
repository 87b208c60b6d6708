"""What waits is sent once the server said what may be; and what stands against it."""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import attrs
import msgspec
import pytest

from charteroak.core.http_signature import NONCE_BYTES
from charteroak.edge.enrol import enrol
from charteroak.edge.identity import Identity
from charteroak.edge.listener import Listener
from charteroak.edge.orders import Keeper
from charteroak.edge.settings import DataFolder, load_enrolled
from charteroak.edge.spool import Spool
from charteroak.edge.uplink import REVOKED_PAUSE_S, Link, Sender, Uplink
from charteroak.edge.web_client import open_client
from tests.edge.a_box import KEEP, NOON, a_read
from tests.edge.a_server import CODE, Town, serving


@attrs.define
class Rig:
    """A box's spool, uplink and listener, and a count of what they ask."""

    folder: DataFolder
    spool: Spool
    uplink: Uplink
    listener: Listener
    asked: list[bytes]


@contextmanager
def a_rig(folder: DataFolder) -> Iterator[Rig]:
    enrolled = load_enrolled(folder)
    enrolment, server = enrolled.enrolment, enrolled.server
    asked: list[bytes] = []

    def nonce() -> bytes:
        asked.append(secrets.token_bytes(NONCE_BYTES))
        return asked[-1]

    with ExitStack() as stack:
        spool = Spool.open(
            folder.spool,
            agency_key=enrolment.agency_key,
            keep=KEEP,
            limit_bytes=10**8,
            boot_epoch=1,
        )
        stack.enter_context(closing(spool))
        identity = Identity.load(folder)
        keeper = Keeper(
            folder=folder,
            enrolment=enrolment,
            identity=identity,
            spool=spool,
            clock=lambda: NOON,
        )
        sender = Sender(
            client=stack.enter_context(open_client(server, None)),
            server=server,
            device=enrolment.device,
            identity=identity,
            nonce=nonce,
        )
        listener = Listener(sender=sender, keeper=keeper, clock=lambda: NOON)
        uplink = Uplink(
            spool,
            sender,
            next_boot_epoch=lambda: 2,
            clock=lambda: NOON,
            why_not=listener.why_not,
        )
        keeper.open()
        stop = threading.Event()
        asks = threading.Thread(target=listener.run, args=(stop,))
        asks.start()
        try:
            yield Rig(folder, spool, uplink, listener, asked)
        finally:
            stop.set()
            listener.wake.set()
            asks.join()


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def folder(tmp_path: Path, town: Town) -> Iterator[DataFolder]:
    made = DataFolder(tmp_path / "box")
    with serving(town) as server:
        enrol(made, server=server, code=CODE, software="test")
        yield made


def test_orders_that_cannot_be_written_down_let_what_waits_go(
    town: Town, folder: DataFolder
) -> None:
    # As of a disk that takes nothing more, when it is told something new.
    folder.orders.with_name("orders.json.new").mkdir()
    town.keep_s -= 1
    with a_rig(folder) as rig:
        rig.spool.put(a_read(), NOON)

        assert rig.uplink.attempt() == 0

        assert link_of(rig) is Link.CONNECTED
        assert a_read().read_id in town.reads
    assert not folder.orders.exists()


@pytest.mark.parametrize("status", [401, 403])
def test_a_box_that_is_refused_says_so_and_asks_only_every_five_minutes(
    town: Town, folder: DataFolder, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    said = {"code": "test.revoked", "message": "revoked", "hint": "Enrol it again."}
    town.refuse_orders = (status, msgspec.json.encode(said))
    with a_rig(folder) as rig:
        rig.spool.put(a_read(), NOON)
        assert rig.listener.keeper.asked.wait(10)

        assert rig.uplink.attempt() == REVOKED_PAUSE_S

        assert link_of(rig) is Link.REFUSED
        assert rig.uplink.status.why == "revoked (test.revoked)"
        assert "Enrol it again." in caplog.text
        assert rig.uplink.attempt() == REVOKED_PAUSE_S
        assert not rig.listener.wake.wait(0.2)
        assert len(rig.asked) == 1

        # Known again: told at the next question, and sent.
        town.refuse_orders = None
        rig.listener.wake.set()
        while rig.listener.why_not() is not None:
            time.sleep(0.05)
        assert rig.uplink.attempt() == 0
        assert link_of(rig) is Link.CONNECTED


def link_of(rig: Rig) -> Link:
    return rig.uplink.status.link
