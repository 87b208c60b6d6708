"""What a package holds: reads, the permit that let them out, the record that says so."""

import re
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Final

import attrs

from charteroak.core.log_record import Proof, RecordId
from charteroak.core.plate import PlateText
from charteroak.core.policy import Permit
from charteroak.core.read import ReadId
from charteroak.core.time import aware

_FOLDER: Final = re.compile(r"[a-z]{1,20}-[0-9]{1,19}")


class PictureKind(StrEnum):
    """What a picture shows: the plate; the vehicle as a mosaic without people."""

    PLATE = "plate"
    VEHICLE = "vehicle"


class Missing(StrEnum):
    """Why a picture is not in the package."""

    DAMAGED = "damaged"
    DELETED = "deleted"


@attrs.frozen(kw_only=True, repr=False)
class Picture:
    """A picture of a read, or the word for why there is none.

    Attributes:
        jpeg: None where it could not be put in.
        missing: why; None where it is there.
    """

    kind: PictureKind
    jpeg: bytes | None
    missing: Missing | None = None


@attrs.frozen(kw_only=True, repr=False)
class PackageRead:
    """One read as it leaves the house.

    Attributes:
        camera_name: where the camera stands, in words.
        place: more closely, as the profile allows; empty where it may not be told.
        seen_at: shutter time by the camera's clock.
        confidence: calibrated probability that the whole plate is right, 0 to 1.
        characters: the same for each character; empty where it was not kept.
        state: postal code; None where the reader named none.
        state_confidence: probability that `state` is right.
        engine: which recogniser read it, with its version; empty where unknown.
        clock_suspect: whether the clock of the box was far off when the read came.
        kept: how it was kept until now, in a sentence or two; may be empty.
        pictures: those that came with it.
    """

    read_id: ReadId
    camera_name: str
    place: str = ""
    seen_at: datetime = attrs.field(validator=aware)
    plate: PlateText
    confidence: float
    characters: tuple[float, ...] = ()
    state: str | None = None
    state_confidence: float | None = None
    engine: str = ""
    clock_suspect: bool = False
    kept: str = ""
    pictures: tuple[Picture, ...] = ()


@attrs.frozen(kw_only=True, repr=False)
class PackageRecord:
    """The record of the log that this was asked by.

    Attributes:
        entry: the public entry, byte for byte as in the log.
        proofs: private fields that the receiver may know; `core.log_record.proofs`
            gives them all, and whoever builds the package chooses.
    """

    record_id: RecordId
    entry: bytes
    proofs: tuple[Proof, ...] = ()


@attrs.frozen(kw_only=True, repr=False)
class Package:
    """All that is in a package, before it is written.

    Attributes:
        folder: of everything in it, and the name of the file: a word and a number,
            such as `export-17`. Never a plate, a name or a case.
        title: what it is, such as `Export for court`.
        agency: whose reads.
        case_ref: empty where there is none.
        made_by: who made it.
        made_at: when it was asked for.
        made_for: who gets it.
        why: for what, in words.
        zone: of the agency's clocks, for the page; files for machines are in UTC.
        reads: in the order in which they are shown.
        decision: the permit, with its rules: nothing leaves without one.
        record: that it was asked for.
        key_at: where the public key can be had beside this package: an address, or a
            sentence; empty where there is no such place.
        facts: more that the page says at its head, each with its name.
    """

    folder: str = attrs.field()
    title: str
    agency: str
    case_ref: str = ""
    made_by: str
    made_at: datetime = attrs.field(validator=aware)
    made_for: str
    why: str
    zone: tzinfo
    reads: tuple[PackageRead, ...]
    decision: Permit
    record: PackageRecord
    key_at: str = ""
    facts: tuple[tuple[str, str], ...] = ()

    @folder.validator
    def _plain(self, _attribute: "attrs.Attribute[str]", value: str) -> None:
        if not _FOLDER.fullmatch(value):
            msg = "the folder of a package is a word and a number"
            raise ValueError(msg)


def picture_name(number: int, picture: Picture) -> str:
    """The file of a picture, by the number of its read (from 1): no plate is in it.

    >>> picture_name(7, Picture(kind=PictureKind.PLATE, jpeg=b""))
    'pictures/0007-plate.jpg'
    """
    return f"pictures/{number:04d}-{picture.kind}.jpg"
