"""What goes between a box and its agency's server: envelopes, batches, answers.

A read travels as one *envelope*: a `WireRead` in MessagePack, sealed (X25519) to the
agency's public key the moment it is spooled. Envelopes travel in *batches*. A batch
carries a permanent Ed25519 signature of the box over device, boot epoch, sequence and
content, so that it can be kept as evidence; the HTTP signature around it (RFC 9421) is
made anew at every attempt. How a box does goes in a `BoxReport` of its own, so that a
street without cars is told from a camera without a picture.
"""

import hashlib
from datetime import datetime
from typing import Annotated, ClassVar, Final, TypeAlias
from uuid import UUID

import msgspec
from typing_extensions import override

from charteroak.core.camera import CameraId
from charteroak.core.errors import CharterOakError
from charteroak.core.orders import OrdersAnswer
from charteroak.core.plate import PlateText, UnreadablePlateError
from charteroak.core.read import Box, Read, ReadId

SIGNATURE_TAG: Final = "alpr-ingest/1"
"""`tag` parameter of the HTTP signature (RFC 9421 section 2.3)."""

SIGNED_COMPONENTS: Final = (
    "@method",
    "@authority",
    "@target-uri",
    "content-digest",
    "content-type",
)
"""What the HTTP signature covers; a request that covers less is refused."""

MEDIA_TYPE: Final = "application/vnd.msgpack"
MOST_IN_A_BATCH: Final = 500
LARGEST_BATCH_BYTES: Final = 32 * 1024 * 1024
LARGEST_PICTURE_BYTES: Final = 400_000
LARGEST_REPORT_BYTES: Final = 64 * 1024
MOST_CAMERAS_OF_A_BOX: Final = 200
MOST_HOURS: Final = 6
"""Of a camera that forgets, so many hours are counted in a report."""

LONGEST_AGE_S: Final = 10 * 366 * 24 * 3600
"""Ages in a report are cut here: a box whose clock was set anew can be off by decades."""

_Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
_Number: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=2**62)]
_Age: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=LONGEST_AGE_S)]
_Rate: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=10_000)]
_Code: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"\A[a-z-]{0,20}\Z")]
_CameraName: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9-]{1,40}\Z")]
_Software: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"\A[ -~]{1,80}\Z")]


class UnreadableReadError(CharterOakError):
    """An envelope opened, but what is in it is not a read."""

    code = "charteroak.batch.unreadable-read"
    hint = "This read was not kept; the others of its batch were. Update the box."


class UnreadableBatchError(CharterOakError):
    """A request body that is not a batch."""

    code = "charteroak.batch.unreadable"
    hint = "The body is not a batch of this protocol. Update the box or the server."


class UnreadableReportError(CharterOakError):
    """A request body that is not a report."""

    code = "charteroak.report.unreadable"
    hint = "The body is not a report of this protocol. Update the box or the server."


class WireRead(msgspec.Struct, frozen=True, kw_only=True):
    """One read as it lies in an envelope.

    Attributes:
        box: x, y, width, height of the plate, pixels of the original frame.
        plate_picture: JPEG of the plate alone.
        vehicle_picture: JPEG, mosaic of the vehicle with the plate pasted sharp.
    """

    read_id: UUID
    camera: str
    seen_at: datetime
    plate: str
    confidence: float
    characters: list[float]
    state: str | None
    state_confidence: float | None
    box: tuple[int, int, int, int]
    engine: str
    plate_picture: bytes
    vehicle_picture: bytes

    PICTURE_LIMIT: ClassVar[int] = LARGEST_PICTURE_BYTES

    @override
    def __repr__(self) -> str:
        """Masked: neither the plate nor a picture of it."""
        return f"WireRead({self.read_id})"

    def to_read(self) -> Read:
        """The read, checked.

        Raises:
            UnreadableReadError: a value outside its range; the text names the field's
                kind, never the value.
        """
        if max(len(self.plate_picture), len(self.vehicle_picture)) > self.PICTURE_LIMIT:
            raise UnreadableReadError("a picture is too large")
        try:
            return Read(
                read_id=ReadId(self.read_id),
                camera=CameraId(self.camera),
                seen_at=self.seen_at,
                plate=PlateText(self.plate),
                confidence=self.confidence,
                characters=tuple(self.characters),
                state=self.state,
                state_confidence=self.state_confidence,
                plate_box=Box(
                    x=self.box[0],
                    y=self.box[1],
                    width=self.box[2],
                    height=self.box[3],
                ),
                engine=self.engine,
            )
        except UnreadablePlateError as refused:
            raise UnreadableReadError(str(refused)) from None
        except (CharterOakError, ValueError, TypeError):
            # `from None`: the cause's text may hold the plate.
            raise UnreadableReadError("a value is out of its range") from None


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Envelopes that a box hands over together, in the order it spooled them.

    Attributes:
        boot_epoch: start of the box's software, counted up by the box, from 1.
        sequence: number of the batch in this boot epoch, from 1.
        envelopes: sealed `WireRead`s, 1 to `MOST_IN_A_BATCH`.
        signature: Ed25519 by the box's key over `signed_bytes`.
    """

    device: UUID
    boot_epoch: int
    sequence: int
    envelopes: list[bytes]
    signature: bytes


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why one read of a batch was not kept."""

    index: int
    code: str
    hint: str


class BatchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch; the same again for the same batch.

    Attributes:
        kept: reads stored.
        known: reads that were already stored by an earlier batch.
        due_on_arrival: reads older than the law lets the agency keep: counted, not kept.
        misdated: reads stored apart, because their time cannot be right.
        clock_offset_s: the box's clock less the server's, seconds, whole.
        refused: reads that cannot be reads, by their index in the batch.
        not_kept: reads that hit nothing, where what hits nothing may not be kept.
    """

    kept: int
    known: int
    due_on_arrival: int
    misdated: int
    clock_offset_s: int
    refused: list[Refusal]
    not_kept: int = 0


class EnrolmentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A box asks to be known: the one-time code and its own public key.

    Attributes:
        code: as shown on the cameras page; case and dashes do not matter.
        public_key: the box's Ed25519 public key, 32 bytes, base64 on the wire.
        software: name and version of the box's software.
    """

    code: str
    public_key: bytes
    software: str


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """What a box must know to work for an agency.

    Attributes:
        agency_key: the agency's X25519 public key, 32 bytes: envelopes are sealed to it.
        cameras: the cameras that this box may speak for.
        keep_s: a sealed envelope older than this is due and must be deleted, seconds.
        orders: the first ones; None: from a server that gives none.
    """

    device: UUID
    agency: str
    agency_key: bytes
    cameras: list[str]
    keep_s: int
    orders: OrdersAnswer | None = None


class CameraReport(msgspec.Struct, frozen=True, kw_only=True):
    """How one camera of a box does.

    Ages are by the box's clock, and count back from the moment of the report: so they
    mean the same to a server whose clock says another time.

    Attributes:
        gives_picture: or could: a folder to which nothing is uploaded just now does.
        for_s: for how long that is so, seconds.
        frames: pictures taken since the box started.
        fps: frames per second of late; 0 for photos.
        dropped: frames for which the box was too slow, since it started.
        last_frame_s: age of the last picture, seconds; None: there was none.
        why: a `box_report.WhyNoPicture`, one of a later version, or empty.
        forgotten: how many reads hit nothing and were forgotten at once, by hour:
            hours since 1970, UTC, and how many, since the box started.
    """

    camera: _CameraName
    gives_picture: bool
    for_s: _Age
    frames: _Count
    fps: _Rate
    dropped: _Count
    last_frame_s: _Age | None
    why: _Code
    forgotten: Annotated[
        list[tuple[_Count, _Count]], msgspec.Meta(max_length=MOST_HOURS)
    ] = []


class BoxReport(msgspec.Struct, frozen=True, kw_only=True):
    """How a box does; there is no place in it for a plate or a picture.

    Attributes:
        boot_epoch: as of a `Batch`.
        number: of the report in this boot epoch, from 1; later ones count.
        software: name and version.
        waiting: reads in its queue.
        oldest_s: age of the oldest of them, seconds; None: none waits.
        queue_bytes: how much they take.
        lost: reads that were not accepted or were due before they could be sent, ever.
        disk_free_bytes: room on the disk of its queue; None: it cannot tell.
        disk_total_bytes: size of that disk; None: it cannot tell.
        cameras: those that it watches.
        mode: a `keeping.Mode`; empty: it does not say.
        list_left_s: for how long the list that it compares with still counts; None: it
            has none in force.
        destroyed: reads that waited when it was told to keep hits alone, or when the
            key of its queue was gone, ever.
        memory_safe: whether nothing of its memory can get onto its disk; None: it
            does not say.
    """

    boot_epoch: _Number
    number: _Number
    software: _Software
    waiting: _Count
    oldest_s: _Age | None
    queue_bytes: _Count
    lost: _Count
    disk_free_bytes: _Count | None
    disk_total_bytes: _Count | None
    cameras: Annotated[
        list[CameraReport], msgspec.Meta(max_length=MOST_CAMERAS_OF_A_BOX)
    ]
    mode: _Code = ""
    list_left_s: _Age | None = None
    destroyed: _Count = 0
    memory_safe: bool | None = None


class ReportAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a report.

    Attributes:
        noted: False: a later one of this box is known already.
        clock_offset_s: the box's clock less the server's, seconds, whole.
    """

    noted: bool
    clock_offset_s: int


def content_digest(envelopes: list[bytes]) -> bytes:
    """SHA-256 over the envelopes, each with its length before it, 8 bytes big-endian."""
    digest = hashlib.sha256()
    for envelope in envelopes:
        digest.update(len(envelope).to_bytes(8))
        digest.update(envelope)
    return digest.digest()


def signed_bytes(
    *, device: UUID, boot_epoch: int, sequence: int, content: bytes
) -> bytes:
    """The bytes that a box signs for good.

    Args:
        device: the box.
        boot_epoch: see `Batch`.
        sequence: see `Batch`.
        content: `content_digest` of the envelopes, 32 bytes.
    """
    return b"\n".join(
        [
            b"charteroak-batch/1",
            str(device).encode(),
            str(boot_epoch).encode(),
            str(sequence).encode(),
            content,
        ]
    )


_read_decoder = msgspec.msgpack.Decoder(WireRead)
_batch_decoder = msgspec.msgpack.Decoder(Batch)
_report_decoder = msgspec.msgpack.Decoder(BoxReport)


def decode_read(opened: bytes) -> WireRead:
    """Parse the content of an opened envelope.

    Raises:
        UnreadableReadError: it is no read.
    """
    try:
        return _read_decoder.decode(opened)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError):
        raise UnreadableReadError("not a read") from None


def decode_batch(body: bytes) -> Batch:
    """Parse a request body.

    Raises:
        UnreadableBatchError: it is no batch, or holds none or too many envelopes.
    """
    try:
        batch = _batch_decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError):
        raise UnreadableBatchError("not a batch") from None
    if not 1 <= len(batch.envelopes) <= MOST_IN_A_BATCH:
        msg = f"a batch holds 1 to {MOST_IN_A_BATCH} reads, not {len(batch.envelopes)}"
        raise UnreadableBatchError(msg)
    if not (1 <= batch.boot_epoch < 2**63 and 1 <= batch.sequence < 2**63):
        raise UnreadableBatchError("boot epoch and sequence count from 1")
    return batch


def decode_report(body: bytes) -> BoxReport:
    """Parse a request body.

    Raises:
        UnreadableReportError: it is no report, names a camera twice, or a value of it
            is out of its range.
    """
    try:
        report = _report_decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError):
        # `from None`: the cause's text may hold what was sent.
        raise UnreadableReportError("not a report") from None
    if len({each.camera for each in report.cameras}) != len(report.cameras):
        raise UnreadableReportError("a camera is in it twice")
    return report
