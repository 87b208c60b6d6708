"""What a search finds, or why it may not look."""

from datetime import datetime

import attrs

from charteroak.core.log_record import RecordId
from charteroak.core.policy import Rule
from charteroak.core.read import Read
from charteroak.core.screening import Verdict
from charteroak.core.search import Search


@attrs.frozen(kw_only=True, repr=False)
class Sighting:
    """A read that was found, with where it was taken.

    Attributes:
        box_id: the box that sent it, as text.
        camera_name: as the camera is called now; its short name where it is gone.
        clock_suspect: whether the box's clock was far off when it came.
        plate_picture: where the vault keeps the picture of the plate.
        vehicle_picture: where the vault keeps the mosaic of the vehicle.
    """

    read: Read
    box_id: str
    camera_name: str
    received_at: datetime
    clock_suspect: bool
    plate_picture: str
    vehicle_picture: str


@attrs.frozen(kw_only=True, repr=False)
class Found:
    """The newest reads that a permitted, recorded search asked for.

    Attributes:
        asked: number of the question in the log.
        looked_from: where the look began: later than the search asks for where the
            agency keeps reads for less time than the law allows.
        sightings: newest first, `LONGEST_PAGE` at the most.
        cut: whether there are more that are not shown.
        because: the rules that permit it.
    """

    asked: RecordId
    search: Search
    looked_from: datetime
    sightings: tuple[Sighting, ...]
    cut: bool
    because: tuple[Rule, ...]


@attrs.frozen(kw_only=True, repr=False)
class Refused:
    """The rules say no; the question is in the log all the same.

    Attributes:
        asked: number of the question in the log.
        because: every rule that stands against it.
        note: what the note came to.
    """

    asked: RecordId
    search: Search
    because: tuple[Rule, ...]
    note: Verdict = Verdict.OK


@attrs.frozen(kw_only=True, repr=False)
class Waits:
    """A supervisor must look at it first, because the note leaves a doubt.

    Attributes:
        asked: number of the question in the log.
        because: what leaves the doubt.
    """

    asked: RecordId
    search: Search
    because: tuple[Rule, ...]


@attrs.frozen(kw_only=True)
class NotShown:
    """Nothing is shown: the search is somebody else's, too old, or was refused."""


@attrs.frozen(kw_only=True)
class ReadGone:
    """The read, or its picture, was deleted on schedule."""


@attrs.frozen(kw_only=True)
class Forbidden:
    """The rules say no to what is to be done with a read.

    Attributes:
        recorded: number of the record that says so.
    """

    recorded: RecordId
    because: tuple[Rule, ...]
