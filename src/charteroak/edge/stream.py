"""Cameras that stream, over RTSP or HTTP, or a webcam: their newest frames, for ever."""

from collections.abc import Callable, Generator
from datetime import datetime
from threading import Event
from typing import Final

import attrs

from charteroak.edge.camera import Arrival, Frame, Interruption, UnreadablePictureError
from charteroak.edge.connection import Connection, Taken
from charteroak.edge.stream_address import masked

SILENT_S: Final = 8.0
"""A camera that opens or gives nothing for so long counts as interrupted."""

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0


@attrs.define(kw_only=True)
class VideoStream:
    """A camera's newest frames, as they come.

    Promises:
        - A reader that is slow misses frames and never lags: at most eight wait for it,
          and the oldest of them goes when another comes. `dropped` counts these.
        - No frame is yielded twice, indexes and times only grow, and each frame has the
          moment at which it was captured by the box's clock (see `CaptureClock`).
        - A camera that breaks off, hangs or is not there yields an `Interruption` at
          each attempt that fails, and is asked again: after a second, then after twice
          as long each time, up to half a minute. A frame resets that.
        - `stop` ends `arrivals` within a second. The thread that talks to the camera
          is joined; where it waits for a camera that hangs, it ends by itself, with
          that wait, within `silent_s`.
        - The address is in no log, error or repr with its name and password.

    A file is played in its own time, over and over: for trials and the demonstration.

    Attributes:
        address: rtsp://, rtsps://, http:// or https://, a device such as /dev/video0,
            or a file. TLS hides the pictures from listeners; cameras' certificates,
            which nobody signs, are not checked.
        stop: set it from any thread.
        clock: the box's.
        fps: how many frames a second are handed on at most.
        silent_s: a camera that opens or gives nothing for so long is interrupted.
    """

    address: str = attrs.field(repr=masked)
    stop: Event = attrs.field(repr=False)
    clock: Callable[[], datetime] = attrs.field(repr=False)
    fps: float = attrs.field(default=10, validator=attrs.validators.gt(0))
    silent_s: float = attrs.field(default=SILENT_S, validator=attrs.validators.gt(0))
    _dropped: int = attrs.field(default=0, init=False)
    _connection: Connection | None = attrs.field(default=None, init=False, repr=False)
    _next_index: int = attrs.field(default=0, init=False)
    _begun_s: float | None = attrs.field(default=None, init=False)

    @property
    def dropped(self) -> int:
        """How many frames a slow reader has missed so far."""
        now = 0 if self._connection is None else self._connection.dropped
        return self._dropped + now

    def arrivals(self) -> Generator[Frame | UnreadablePictureError | Interruption]:
        """Yield frames and interruptions until `stop` is set; blocks between them.

        One at a time; whoever ends it early closes it.
        """
        failed, since = 0, self.clock()
        while not self.stop.is_set():
            connection = Connection(
                address=self.address,
                clock=self.clock,
                fps=self.fps,
                silent_s=self.silent_s,
            )
            self._dropped, self._connection = self.dropped, connection
            with connection.opened():
                for taken in connection.taken(self.stop):
                    failed, since = 0, self.clock()
                    yield self._frame(taken)
            if self.stop.is_set() or connection.ended_well:
                continue
            again_in_s = pause_s(failed)
            failed += 1
            yield Interruption(why=connection.why, again_in_s=again_in_s, since=since)
            self.stop.wait(again_in_s)

    def _frame(self, taken: Taken | UnreadablePictureError) -> Arrival:
        if isinstance(taken, UnreadablePictureError):
            return taken
        if self._begun_s is None:
            self._begun_s = taken.captured_s
        index, self._next_index = self._next_index, self._next_index + 1
        return Frame(
            image=taken.picture,
            source=masked(self.address),
            index=index,
            time_s=taken.captured_s - self._begun_s,
            captured_at=taken.captured_at,
        )


def pause_s(failed: int) -> float:
    """Seconds until the next attempt, after so many that failed before this one.

    >>> [pause_s(failed) for failed in range(7)]
    [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    """
    return min(FIRST_PAUSE_S * 2.0 ** min(failed, 16), LONGEST_PAUSE_S)
