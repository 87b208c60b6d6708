"""How a camera does: what the box can say of it without any picture."""

from collections import deque
from datetime import datetime
from typing import Final, Literal, TypeAlias

import attrs

from charteroak.core.camera import CameraId

Link: TypeAlias = Literal["ok", "waiting"]

_RECENT: Final = 30
"""Frames over which the rate is taken."""


@attrs.frozen(kw_only=True)
class CameraHealth:
    """A camera at one moment.

    Attributes:
        camera: which.
        link: `ok` while it gives pictures or could; `waiting` while the box asks again.
        since: when the link became so, by the box's clock.
        frames: pictures taken since the box started.
        fps: frames per second over the last ones, by their own times; 0 for photos.
        dropped: frames that the box was too slow for, since it started.
        last_frame_at: when the last one came, by the box's clock; None before the first.
        why: what keeps it waiting, for a person; empty when nothing does.
    """

    camera: CameraId
    link: Link
    since: datetime
    frames: int = 0
    fps: float = 0.0
    dropped: int = 0
    last_frame_at: datetime | None = None
    why: str = ""


@attrs.define(kw_only=True)
class Pulse:
    """Keeps a camera's health up to date.

    Written by the camera's own thread; `now` may be asked for by any.
    """

    now: CameraHealth
    _recent: deque[float] = attrs.field(factory=lambda: deque(maxlen=_RECENT))

    @classmethod
    def of(cls, camera: CameraId, since: datetime) -> "Pulse":
        """Of a camera that was not asked yet."""
        why = "no picture yet"
        return cls(
            now=CameraHealth(camera=camera, link="waiting", since=since, why=why)
        )

    def frame(self, time_s: float, at: datetime, dropped: int) -> None:
        """A frame came."""
        was = self.now
        if self._recent and time_s < self._recent[-1]:
            self._recent.clear()
        self._recent.append(time_s)
        span_s = self._recent[-1] - self._recent[0]
        self.now = CameraHealth(
            camera=was.camera,
            link="ok",
            since=was.since if was.link == "ok" else at,
            frames=was.frames + 1,
            fps=round((len(self._recent) - 1) / span_s, 1) if span_s > 0 else 0.0,
            dropped=dropped,
            last_frame_at=at,
        )

    def waits(self, why: str, since: datetime) -> None:
        """It gives nothing, and is asked again."""
        self._recent.clear()
        was = self.now
        self.now = attrs.evolve(
            was,
            link="waiting",
            since=was.since if was.link == "waiting" and was.last_frame_at else since,
            fps=0.0,
            why=why,
        )

    def is_there(self, at: datetime) -> None:
        """It could give pictures, and has none now: a folder that is empty."""
        if self.now.link != "ok":
            self.now = attrs.evolve(self.now, link="ok", since=at, why="")
