"""A real box against the real entrance, over a real socket."""

import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import attrs
import pytest
import uvicorn
from fastapi import FastAPI
from tests.support.box import CAMERA, FakeBox, somebody, wanted
from tests.support.tables import Tables

from charteroak.core.camera import CameraId
from charteroak.core.people import Role
from charteroak.edge.enrol import EnrolmentRefusedError, enrol
from charteroak.edge.identity import Identity
from charteroak.edge.settings import DataFolder
from charteroak.edge.spool import Spool
from charteroak.edge.uplink import Link, Sender, Uplink
from charteroak.edge.web_client import open_client
from charteroak.server.actions.invite_box import Invited, invite_box
from charteroak.server.actions.revoke_box import revoke_box
from charteroak.server.agency import Agency


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    """The app, served on this machine."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="critical", proxy_headers=False)
        )
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@attrs.frozen
class RealBox:
    uplink: Uplink
    spool: Spool


def code_for(agency: Agency) -> str:
    invited = invite_box(
        agency, somebody(Role.ADMINISTRATOR), "real box", [CameraId(CAMERA)]
    )
    assert isinstance(invited, Invited)
    return invited.code


@pytest.fixture
def real_box(
    agency: Agency, box: FakeBox, address: str, tmp_path: Path
) -> Iterator[RealBox]:
    """A box that has enrolled itself; `box` has placed the camera."""
    assert box.agency is agency
    folder = DataFolder(tmp_path / "edge")
    enrolled = enrol(folder, server=address, code=code_for(agency), software="edge 1")
    with (
        closing(
            Spool.open(
                folder.spool,
                agency_key=enrolled.enrolment.agency_key,
                keep=timedelta(seconds=enrolled.enrolment.keep_s),
                limit_bytes=10_000_000,
                boot_epoch=1,
            )
        ) as spool,
        open_client(address, None) as client,
    ):
        sender = Sender(
            client=client,
            server=address,
            device=enrolled.enrolment.device,
            identity=Identity.load(folder),
            nonce=lambda: secrets.token_bytes(16),
        )
        yield RealBox(
            Uplink(spool, sender, next_boot_epoch=lambda: 2, clock=agency.clock), spool
        )


def test_what_a_real_box_spools_is_alerted_and_acknowledged(
    agency: Agency, box: FakeBox, real_box: RealBox, tables: Tables
) -> None:
    wanted(agency, "QX7SECR")
    for _ in range(3):
        real_box.spool.put(box.read("QX7SECR", picture=b"one"), agency.clock())
    real_box.spool.put(box.read("bad plate!"), agency.clock())

    while real_box.uplink.attempt() is not None:
        pass

    assert real_box.uplink.status.link is Link.CONNECTED
    assert real_box.spool.stats(agency.clock()).waiting == 0
    assert tables.count("reads") == 3
    assert tables.count("alerts") == 3


def test_a_revoked_real_box_keeps_what_it_has(
    agency: Agency, box: FakeBox, real_box: RealBox, tables: Tables
) -> None:
    real_box.spool.put(box.read("QX7SECR"), agency.clock())
    (device,) = tables.rows("SELECT box_id FROM boxes WHERE name = 'real box'")[0]
    assert isinstance(device, UUID)
    revoke_box(agency, somebody(Role.ADMINISTRATOR), device)

    real_box.uplink.attempt()

    assert real_box.uplink.status.link is Link.REFUSED
    assert real_box.spool.stats(agency.clock()).waiting == 1


def test_a_real_box_with_a_wrong_code_is_told(
    agency: Agency, address: str, tmp_path: Path
) -> None:
    del agency
    with pytest.raises(EnrolmentRefusedError):
        enrol(
            DataFolder(tmp_path / "edge"),
            server=address,
            code="0000-0000-0000",
            software="edge 1",
        )
