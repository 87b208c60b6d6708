"""When a frame of a stream was captured, by the box's clock, without the network's jitter."""

from collections import deque
from datetime import datetime, timedelta
from typing import Final

import attrs

WINDOW_S: Final = 30.0
"""Long enough that some frame in it came without delay; short enough that the drift of
a camera's clock against the box's, 0.1 ms a second when it is bad, does not show."""

LATEST_S: Final = 10.0
"""No frame is later than this: a camera silent for that long counts as interrupted. A
stamp that says more has jumped."""


@attrs.define
class CaptureClock:
    """Turns arrivals into capture times, for one connection.

    A frame's own stamp tells how far apart two frames were captured, and nothing about
    the time of day; its arrival tells the time of day, and the network has smeared it.
    So the frame that came soonest, by its stamp, within the last WINDOW_S counts as
    undelayed, and every other frame is as much older than its arrival as it came later
    than that one would have. A constant delay, of the camera's encoder say, remains.

    The reckoning is done on a clock that nobody sets, and applied to the wall clock at
    the arrival: when the wall clock is set, the very next frame follows it.

    Promises: captures never go backward, unless the wall clock does.

    Attributes:
        captured_s: the latest capture, by the clock that nobody sets.
    """

    captured_s: float = attrs.field(default=float("-inf"), init=False)

    _delays: deque[tuple[float, float]] = attrs.field(factory=deque, init=False)
    _stamp_s: float | None = attrs.field(default=None, init=False)

    def at(
        self, arrived_at: datetime, *, steady_s: float, stamp_s: float | None
    ) -> datetime:
        """The moment at which a frame was captured.

        Args:
            arrived_at: by the wall clock.
            steady_s: its arrival too, by a clock that only runs forward.
            stamp_s: the frame's own time stamp, if it has one that means something.
        """
        late_s = 0.0 if stamp_s is None else self._late_s(steady_s, stamp_s)
        self.captured_s = max(steady_s - late_s, self.captured_s)
        return arrived_at - timedelta(seconds=steady_s - self.captured_s)

    def _late_s(self, steady_s: float, stamp_s: float) -> float:
        delay_s = steady_s - stamp_s
        went_back = self._stamp_s is not None and stamp_s < self._stamp_s
        self._stamp_s = stamp_s
        delays = self._delays
        if went_back or (delays and abs(delay_s - delays[0][1]) > LATEST_S):
            delays.clear()
        # The smallest delay stands first: whoever waits behind a larger one left.
        while delays and delays[-1][1] >= delay_s:
            delays.pop()
        delays.append((steady_s, delay_s))
        while delays[0][0] < steady_s - WINDOW_S:
            delays.popleft()
        return delay_s - delays[0][1]
