"""Builders for the tests of the box's transport."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import msgspec
from nacl.public import PrivateKey, SealedBox

from charteroak.core.wire import WireRead, decode_read
from charteroak.edge.spool import Spool
from charteroak.edge.uptime import Uptime, unknown

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
AGENCY = PrivateKey(bytes(range(1, 33)))
DEVICE = UUID("5f0c6d5e-9f0a-4f43-9d2a-0d8b7f0b7c11")
KEEP = timedelta(days=1)
PLATE = "MARKER7XQ"
CAMERA = "marker-street-north"
PICTURE = b"marker-picture-" * 20


def a_read(
    number: int = 0,
    *,
    seen_at: datetime = NOON,
    plate: str = PLATE,
    picture: bytes = PICTURE,
) -> WireRead:
    return WireRead(
        read_id=uuid5(DEVICE, str(number)),
        camera=CAMERA,
        seen_at=seen_at,
        plate=plate,
        confidence=0.9,
        characters=[0.9] * len(plate),
        state="CT",
        state_confidence=0.8,
        box=(1, 2, 30, 40),
        engine="test",
        plate_picture=picture,
        vehicle_picture=picture,
    )


def a_spool(
    folder: Path,
    *,
    keep: timedelta = KEEP,
    limit_bytes: int = 10_000_000,
    boot_epoch: int = 1,
    uptime: Callable[[], Uptime | None] = unknown,
) -> Spool:
    return Spool.open(
        folder / "spool.sqlite3",
        agency_key=bytes(AGENCY.public_key),
        keep=keep,
        limit_bytes=limit_bytes,
        boot_epoch=boot_epoch,
        uptime=uptime,
    )


def opened(envelopes: list[bytes]) -> list[WireRead]:
    """What the agency finds in envelopes."""
    seal = SealedBox(AGENCY)
    return [decode_read(seal.decrypt(envelope)) for envelope in envelopes]


def stored(folder: Path) -> list[bytes]:
    """A piece of each envelope as it lies in the file."""
    with sqlite3.connect(folder / "spool.sqlite3") as connection:
        found = connection.execute("SELECT envelope FROM envelopes").fetchall()
    connection.close()
    return [row[0][40:72] for row in found]


def bytes_of(folder: Path) -> bytes:
    """Every byte of every file in a folder, and every file's name."""
    return b"\n".join(
        path.name.encode() + b"\n" + path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    )


def secrets_of(read: WireRead) -> list[bytes]:
    """What must never be found on the disk."""
    return [
        read.plate.encode(),
        read.camera.encode(),
        read.plate_picture,
        read.read_id.bytes,
        str(read.read_id).encode(),
        msgspec.msgpack.encode(read)[:40],
    ]
