"""A box that is no machine: it seals, signs and sends as the protocol asks."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import attrs
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nacl.public import PublicKey, SealedBox

from charteroak.core.camera import Camera, CameraId
from charteroak.core.hotlist import ListClass
from charteroak.core.http_signature import HttpMessage, sign
from charteroak.core.people import Person, PersonId, Role
from charteroak.core.search import Purpose
from charteroak.core.wire import (
    MEDIA_TYPE,
    Batch,
    BatchAnswer,
    BoxReport,
    CameraReport,
    Enrolment,
    EnrolmentRequest,
    WireRead,
    content_digest,
    signed_bytes,
)
from charteroak.server.actions.ask_entries import EntriesWait, ask_list
from charteroak.server.actions.decide_entries import EntriesDecided, decide_entries
from charteroak.server.actions.enrol_box import enrol_box
from charteroak.server.actions.ingest_reads import Taken, ingest_reads
from charteroak.server.actions.invite_box import Invited, invite_box
from charteroak.server.actions.load_hotlist import ListFile, Loaded, load_hotlist
from charteroak.server.actions.meet_sender import meet_sender
from charteroak.server.actions.note_box_report import Noted, note_box_report
from charteroak.server.actions.place_camera import place_camera
from charteroak.server.agency import Agency
from charteroak.server.senders import TurnedAway
from charteroak.server.store import people

URL = "https://localhost/api/v1/batches"
REPORTS_URL = "https://localhost/api/v1/reports"
CAMERA = "main-st-north"
NONCE_BYTES = 16


def somebody(*roles: Role) -> Person:
    """A person of some roles; in no table."""
    return Person(
        person_id=PersonId(uuid4()),
        login="somebody",
        name="Some Body",
        roles=frozenset(roles),
    )


def camera(camera_id: str = CAMERA) -> Camera:
    """A camera on Main Street."""
    return Camera(
        camera_id=CameraId(camera_id),
        name="Main Street, looking north",
        latitude=41.76,
        longitude=-72.67,
    )


@attrs.define(kw_only=True)
class FakeBox:
    """A box of an agency, with everything that a real one sends.

    Attributes:
        sequence: of the last batch.
    """

    agency: Agency
    key: Ed25519PrivateKey
    device: UUID
    agency_key: bytes
    boot_epoch: int = 1
    sequence: int = 0

    def read(  # noqa: PLR0913 - what a test wants to vary
        self,
        plate: str = "AB12345",
        *,
        ago: timedelta = timedelta(seconds=1),
        seen_at: datetime | None = None,
        camera: str = CAMERA,
        state: str | None = "CT",
        picture: bytes = b"",
        engine: str = "test 1",
    ) -> WireRead:
        """A read; a second old where nothing else is said."""
        return WireRead(
            read_id=uuid4(),
            camera=camera,
            seen_at=seen_at or self.agency.clock() - ago,
            plate=plate,
            confidence=0.97,
            characters=[0.99] * len(plate),
            state=state,
            state_confidence=None if state is None else 0.9,
            box=(10, 20, 120, 40),
            engine=engine,
            plate_picture=picture,
            vehicle_picture=picture and picture + b" of the vehicle",
        )

    def seal(self, read: WireRead | bytes) -> bytes:
        """An envelope around a read, or around anything."""
        content = read if isinstance(read, bytes) else msgspec.msgpack.encode(read)
        return bytes(SealedBox(PublicKey(self.agency_key)).encrypt(content))

    def batch(self, *envelopes: bytes, sequence: int | None = None) -> Batch:
        """The next batch, or one with a number of its own, signed for good."""
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        content = content_digest(list(envelopes))
        return Batch(
            device=self.device,
            boot_epoch=self.boot_epoch,
            sequence=sequence,
            envelopes=list(envelopes),
            signature=self.key.sign(
                signed_bytes(
                    device=self.device,
                    boot_epoch=self.boot_epoch,
                    sequence=sequence,
                    content=content,
                )
            ),
        )

    def request(
        self,
        body: bytes,
        *,
        created: datetime | None = None,
        nonce: bytes | None = None,
        url: str = URL,
    ) -> HttpMessage:
        """A signed request for a body."""
        message = HttpMessage(
            method="POST", url=url, fields=(("content-type", MEDIA_TYPE),)
        )
        added = sign(
            message,
            body=body,
            key_id=str(self.device),
            private_key=self.key,
            created=created or self.agency.clock(),
            nonce=nonce or secrets.token_bytes(NONCE_BYTES),
        )
        return attrs.evolve(message, fields=message.fields + tuple(added.items()))

    def deliver(
        self, batch: Batch, *, created: datetime | None = None
    ) -> Taken | TurnedAway:
        """Send a batch with a fresh signature."""
        body = msgspec.msgpack.encode(batch)
        return ingested(self.agency, self.request(body, created=created), body)

    def report(
        self, report: BoxReport, *, created: datetime | None = None
    ) -> Noted | TurnedAway:
        """Send a report with a fresh signature."""
        body = msgspec.msgpack.encode(report)
        request = self.request(body, created=created, url=REPORTS_URL)
        sender = meet_sender(self.agency, request)
        if isinstance(sender, TurnedAway):
            return sender
        return note_box_report(self.agency, sender, body)

    def send(
        self, *reads: WireRead | bytes, created: datetime | None = None
    ) -> BatchAnswer:
        """Send reads in a batch of their own that must be taken."""
        sealed: Sequence[bytes] = [self.seal(read) for read in reads]
        taken = self.deliver(self.batch(*sealed), created=created)
        assert isinstance(taken, Taken), taken
        return taken.answer


def a_camera_report(camera: str = CAMERA, **said: object) -> CameraReport:
    """A camera that gives pictures; `said` is what a test wants otherwise."""
    usual = CameraReport(
        camera=camera,
        gives_picture=True,
        for_s=600,
        frames=3000,
        fps=5.0,
        dropped=0,
        last_frame_s=0,
        why="",
    )
    return msgspec.structs.replace(usual, **said)


def a_report(*cameras: CameraReport, number: int = 1, **said: object) -> BoxReport:
    """A report of a box that is well; `said` is what a test wants otherwise."""
    usual = BoxReport(
        boot_epoch=1,
        number=number,
        software="charteroak 0.2.0",
        waiting=0,
        oldest_s=None,
        queue_bytes=0,
        lost=0,
        disk_free_bytes=40 * 10**9,
        disk_total_bytes=64 * 10**9,
        cameras=list(cameras),
    )
    return msgspec.structs.replace(usual, **said)


def ingested(agency: Agency, request: HttpMessage, body: bytes) -> Taken | TurnedAway:
    """What becomes of a request, as the server does it: head first, then body."""
    sender = meet_sender(agency, request)
    if isinstance(sender, TurnedAway):
        return sender
    return ingest_reads(agency, sender, body)


def a_box(agency: Agency, *cameras: str) -> FakeBox:
    """A box that was invited and enrolled, and its cameras placed (one by default)."""
    admin = somebody(Role.ADMINISTRATOR)
    names = cameras or (CAMERA,)
    for name in names:
        place_camera(agency, admin, camera(name))
    invited = invite_box(agency, admin, "box on Main", [CameraId(n) for n in names])
    assert isinstance(invited, Invited), invited
    key = Ed25519PrivateKey.generate()
    enrolled = enrol_box(
        agency,
        EnrolmentRequest(
            code=invited.code,
            public_key=key.public_key().public_bytes_raw(),
            software="test 1",
        ),
    )
    assert isinstance(enrolled, Enrolment), enrolled
    return FakeBox(
        agency=agency,
        key=key,
        device=enrolled.device,
        agency_key=enrolled.agency_key,
    )


def wanted(agency: Agency, *plates: str, state: str = "CT") -> None:
    """Put plates on a list of stolen cars."""
    rows = "".join(f"{plate},{state},stolen car\n" for plate in plates)
    loaded = load_hotlist(
        agency,
        somebody(Role.LIST_CLERK),
        ListFile(
            name="stolen",
            list_class=ListClass.VEHICLE,
            source="test",
            authority="test order 1",
            content=f"plate,state,reason\n{rows}".encode(),
        ),
    )
    assert isinstance(loaded, Loaded), loaded


def own_entries_approved(
    agency: Agency, content: str, *, name: str = "local", purpose: str = "robbery"
) -> int:
    """Have a list of the agency's own asked for by one person and approved by another.

    Args:
        agency: whose list.
        content: of its file; every line needs a case.
        name: of the list.
        purpose: why.

    Returns:
        How many plates came into force.
    """
    asked = ask_list(
        agency,
        an_account(agency, Role.LIST_CLERK),
        ListFile(
            name=name,
            list_class=ListClass.LOCAL,
            source="test",
            authority="test order 1",
            content=content.encode(),
        ),
        purpose=Purpose(purpose),
    )
    assert isinstance(asked, EntriesWait), asked
    decided = decide_entries(
        agency,
        an_account(agency, Role.SUPERVISOR),
        asked.asked,
        approve=True,
        reason="",
    )
    assert isinstance(decided, EntriesDecided), decided
    return decided.entries


def an_account(agency: Agency, *roles: Role) -> Person:
    """A person of some roles with an account, in which nobody can sign in."""
    person = attrs.evolve(somebody(*roles), login=uuid4().hex)
    with agency.database.changes() as tx:
        assert people.add(
            tx, person, password_hash="", temporary=False, at=agency.clock()
        )
    return person


@pytest.fixture
def box(agency: Agency) -> FakeBox:
    """A box of `agency`."""
    return a_box(agency)
