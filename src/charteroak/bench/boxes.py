"""Boxes for benchmarks, and the reads they send: enrolled, sealed and signed for real."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import attrs
import msgspec
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nacl.public import PublicKey, SealedBox

from charteroak.bench.bench import BenchFailedError
from charteroak.core.camera import Camera, CameraId
from charteroak.core.http_signature import NONCE_BYTES, HttpMessage, sign
from charteroak.core.people import Person, PersonId, Role
from charteroak.core.wire import (
    MEDIA_TYPE,
    Batch,
    Enrolment,
    EnrolmentRequest,
    WireRead,
    content_digest,
    signed_bytes,
)
from charteroak.server.actions.enrol_box import enrol_box
from charteroak.server.actions.invite_box import Invited, invite_box
from charteroak.server.actions.place_camera import Placed, place_camera
from charteroak.server.agency import Agency

ADMINISTRATOR: Final = Person(
    person_id=PersonId(UUID(int=1)),
    login="bench",
    name="Benchmark",
    roles=frozenset({Role.ADMINISTRATOR, Role.LIST_CLERK}),
)
"""Who sets a benchmark's site up; in no table."""

_LETTERS: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"
_STATES: Final = ("CT", "CT", "CT", "CT", "NY", "MA", "RI", "NJ")


@attrs.define(kw_only=True)
class BenchBox:
    """An enrolled box.

    Attributes:
        sequence: of the last batch.
    """

    device: UUID
    key: Ed25519PrivateKey = attrs.field(repr=False)
    agency_key: bytes
    cameras: Sequence[str]
    sequence: int = 0

    def seal(self, read: WireRead) -> bytes:
        """The envelope of a read."""
        lid = SealedBox(PublicKey(self.agency_key))
        return bytes(lid.encrypt(msgspec.msgpack.encode(read)))

    def batch(self, envelopes: Sequence[bytes]) -> bytes:
        """The body of the next batch, signed for good."""
        self.sequence += 1
        each = list(envelopes)
        signature = self.key.sign(
            signed_bytes(
                device=self.device,
                boot_epoch=1,
                sequence=self.sequence,
                content=content_digest(each),
            )
        )
        return msgspec.msgpack.encode(
            Batch(
                device=self.device,
                boot_epoch=1,
                sequence=self.sequence,
                envelopes=each,
                signature=signature,
            )
        )

    def request(self, url: str, body: bytes, *, created: datetime) -> HttpMessage:
        """A request with a fresh signature."""
        message = HttpMessage(
            method="POST", url=url, fields=(("content-type", MEDIA_TYPE),)
        )
        added = sign(
            message,
            body=body,
            key_id=str(self.device),
            private_key=self.key,
            created=created,
            nonce=secrets.token_bytes(NONCE_BYTES),
        )
        return attrs.evolve(message, fields=message.fields + tuple(added.items()))


def place_cameras(agency: Agency, n: int) -> list[CameraId]:
    """Place so many cameras."""
    placed = []
    for number in range(n):
        camera = Camera(
            camera_id=CameraId(f"camera-{number:02}"),
            name=f"Camera {number}",
            latitude=41.76,
            longitude=-72.74,
        )
        if not isinstance(place_camera(agency, ADMINISTRATOR, camera), Placed):
            raise BenchFailedError("a camera could not be placed")
        placed.append(camera.camera_id)
    return placed


def invite(agency: Agency, cameras: Sequence[CameraId]) -> str:
    """A code for a box that speaks for some cameras."""
    invited = invite_box(agency, ADMINISTRATOR, "a box", cameras)
    if not isinstance(invited, Invited):
        raise BenchFailedError("a box could not be invited")
    return invited.code


def enrol_boxes(agency: Agency, n: int) -> list[BenchBox]:
    """So many boxes, each with a camera of its own."""
    return [_enrol(agency, camera) for camera in place_cameras(agency, n)]


def _enrol(agency: Agency, camera: CameraId) -> BenchBox:
    key = Ed25519PrivateKey.generate()
    enrolled = enrol_box(
        agency,
        EnrolmentRequest(
            code=invite(agency, [camera]),
            public_key=key.public_key().public_bytes_raw(),
            software="bench",
        ),
    )
    if not isinstance(enrolled, Enrolment):
        raise BenchFailedError("a box could not be enrolled")
    return BenchBox(
        device=enrolled.device,
        key=key,
        agency_key=enrolled.agency_key,
        cameras=enrolled.cameras,
    )


class Traffic:
    """Reads as a street gives them: few vehicles often, many seldom.

    Args:
        seed: another seed is another town.
        vehicles: how many there are.
    """

    def __init__(self, seed: int, *, vehicles: int = 100_000) -> None:
        self._draw = np.random.default_rng(seed)
        self._vehicles = vehicles

    def reads(  # noqa: PLR0913 - what benchmarks want different, by name
        self,
        n: int,
        *,
        camera: str,
        until: datetime,
        over: timedelta = timedelta(seconds=30),
        plate_picture: bytes = b"",
        vehicle_picture: bytes = b"",
    ) -> list[WireRead]:
        """So many reads of one camera, the last at `until`."""
        # Square: the first vehicles pass much more often than the last.
        who = (self._draw.random(n) ** 2 * self._vehicles).astype(int).tolist()
        sure = self._draw.random(n).tolist()
        return [
            WireRead(
                read_id=UUID(bytes=self._draw.bytes(16), version=4),
                camera=camera,
                seen_at=until - over * (1 - (place + 1) / n),
                plate=plate(vehicle),
                confidence=0.5 + share / 2,
                characters=[0.5 + share / 2] * 7,
                state=_STATES[vehicle % len(_STATES)],
                state_confidence=0.9,
                box=(900, 500, 180, 60),
                engine="bench 1",
                plate_picture=plate_picture,
                vehicle_picture=vehicle_picture,
            )
            for place, (vehicle, share) in enumerate(zip(who, sure, strict=True))
        ]


def plate(vehicle: int) -> str:
    """The plate of a vehicle: two letters and five digits, no two alike below 52 million.

    >>> plate(0), plate(100_000)
    ('AA00000', 'BA00000')
    """
    series, number = divmod(vehicle, 100_000)
    second, first = divmod(series, len(_LETTERS))
    return f"{_LETTERS[first]}{_LETTERS[second % len(_LETTERS)]}{number:05}"
