"""How boxes and their cameras do, as they say themselves, and when that wants a look.

A street without a car at night is no trouble, a camera without a picture is: only the
box can tell them apart, so it says so every half minute, also when it has no read.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import attrs

from charteroak.core.keeping import Mode

REPORT_EVERY: Final = timedelta(seconds=30)
SILENT_AFTER: Final = timedelta(minutes=3)
"""A box that reports, and of which there is no word for so long, is silent."""

SILENT_WITHOUT_REPORTS_AFTER: Final = timedelta(days=1)
"""A box of older software sends nothing while no car passes."""

NO_PICTURE_AFTER: Final = timedelta(minutes=1)
"""A camera that breaks off is mostly back within seconds: that wants nobody's look."""

QUEUE_OLD_AFTER: Final = timedelta(minutes=10)
"""Reads leave a box within a second; one that waits for so long is held up."""

LOSS_SHOWN: Final = timedelta(days=1)
"""For how long it is said that a box lost reads."""

_LEAST_FREE_BYTES: Final = 1 << 30
_LEAST_FREE_SHARE: Final = 0.03


class WhyNoPicture(StrEnum):
    """What keeps a camera from giving pictures; on the wire, and never other text."""

    BREAKS_OFF = "breaks-off"
    DENIED = "denied"
    ENDED = "ended"
    NOT_ALLOWED = "not-allowed"
    NOT_THERE = "not-there"
    OTHER = "other"
    SILENT = "silent"
    STARTING = "starting"
    UNREACHABLE = "unreachable"
    UNREADABLE = "unreadable"


@attrs.frozen(kw_only=True)
class Heard:
    """When a box was heard.

    Attributes:
        last_batch_at: when it last brought reads; None: never.
        reported_at: when it last said how it does; None: never, by older software.
    """

    last_batch_at: datetime | None = None
    reported_at: datetime | None = None

    @property
    def at(self) -> datetime | None:
        """When there was word from it last; None: never."""
        known = [each for each in (self.last_batch_at, self.reported_at) if each]
        return max(known, default=None)

    def silent(self, now: datetime) -> bool:
        """Whether there should have been word from it; not of one never heard."""
        if self.at is None:
            return False
        patience = (
            SILENT_WITHOUT_REPORTS_AFTER if self.reported_at is None else SILENT_AFTER
        )
        return now - self.at >= patience


def known_mode(said: str | None) -> Mode | None:
    """The mode that a box named; None where it named none, or one of a later version."""
    return Mode(said) if said in list(Mode) else None


@attrs.frozen(kw_only=True)
class BoxStanding:
    """What a box said of itself last; moments are by the server's clock.

    Attributes:
        reported_at: when it said so.
        software: name and version.
        waiting: reads in its queue.
        oldest_at: since when the oldest of them waits; None: none waits.
        queue_bytes: how much they take.
        lost: reads that never came here, ever: the queue was full, or they were due.
        lost_at: when `lost` was last seen to rise; None: not yet.
        disk_free_bytes: room on the disk of its queue; None: it cannot tell.
        disk_total_bytes: size of that disk; None: it cannot tell.
        mode: what it keeps; None: it does not say, or in a word nobody knows.
        list_until: when the list that it compares with is over; None: it has none.
        destroyed: reads that waited when it was told to keep hits alone, or when the
            key of its queue was gone, ever.
        memory_safe: whether nothing of its memory can get onto its disk; None: it
            does not say.
    """

    box_id: UUID
    reported_at: datetime
    software: str
    waiting: int
    oldest_at: datetime | None
    queue_bytes: int
    lost: int
    lost_at: datetime | None
    disk_free_bytes: int | None
    disk_total_bytes: int | None
    mode: Mode | None = attrs.field(default=None, converter=known_mode)
    list_until: datetime | None = None
    destroyed: int = 0
    memory_safe: bool | None = None

    def without_list(self, now: datetime) -> bool:
        """Whether it keeps hits alone, and has nothing to know them by."""
        return self.mode is Mode.EDGE_ONLY and (
            self.list_until is None or self.list_until <= now
        )

    @property
    def leaks_memory(self) -> bool:
        """Whether what it must forget could get onto its disk."""
        return self.mode is Mode.EDGE_ONLY and self.memory_safe is False

    @property
    def queue_old(self) -> bool:
        """Whether a read waited for too long, when the box reported."""
        return (
            self.oldest_at is not None
            and self.reported_at - self.oldest_at >= QUEUE_OLD_AFTER
        )

    @property
    def disk_low(self) -> bool:
        """Whether there is too little room to be calm."""
        if self.disk_free_bytes is None or self.disk_total_bytes is None:
            return False
        least = max(_LEAST_FREE_BYTES, self.disk_total_bytes * _LEAST_FREE_SHARE)
        return self.disk_free_bytes < least

    def loses(self, now: datetime) -> bool:
        """Whether it has lost reads lately."""
        return self.lost_at is not None and now - self.lost_at < LOSS_SHOWN


@attrs.frozen(kw_only=True)
class CameraStanding:
    """What the box that speaks for a camera said of it last, if it said anything.

    Attributes:
        heard: when that box was heard.
        gives_picture: None: the box did not report, or does not watch this camera.
        since: since when that is so, by the server's clock; None as above.
        frames: pictures taken since the box started.
        fps: frames per second; 0 for photos.
        dropped: frames for which the box was too slow, since it started.
        last_frame_at: when the last picture came; None: none since the box started.
        why: what keeps it from giving pictures; None: nothing does.
    """

    camera_id: str
    heard: Heard = Heard()
    gives_picture: bool | None = None
    since: datetime | None = None
    frames: int = 0
    fps: float = 0.0
    dropped: int = 0
    last_frame_at: datetime | None = None
    why: WhyNoPicture | None = None

    @property
    def unwatched(self) -> bool:
        """Whether the box runs and was not told where this camera's pictures are."""
        return self.heard.reported_at is not None and self.gives_picture is None

    def blind(self, now: datetime) -> bool:
        """Whether it gives no picture, by a box that is not silent itself."""
        if self.heard.silent(now) or self.gives_picture:
            return False
        if self.since is None:
            return self.unwatched
        return now - self.since >= NO_PICTURE_AFTER

    def sees(self, now: datetime) -> bool:
        """Whether its box said of late that it gives pictures."""
        return self.gives_picture is True and not self.heard.silent(now)
