"""A span of reads that is kept without anybody looking at it.

An order says "keep everything of camera 3 on Friday". The reads are copied unseen; they
are seen later, by a search under the case.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs

from charteroak.core.camera import CameraId
from charteroak.core.errors import CharterOakError
from charteroak.core.plate import PlateText
from charteroak.core.search import EmptyPeriodError
from charteroak.core.time import aware

LONGEST_SPAN: Final = timedelta(days=92)
"""Of a hold: a longer one would be a second store beside the first."""

MOST_PLATES: Final = 10
_DAY: Final = timedelta(days=1)


class UnusableHoldSpanError(CharterOakError):
    """A span that names neither a camera nor a plate, or is too long."""

    code = "charteroak.hold.unusable-range"
    hint = "Name cameras or plates, and a period of 92 days at the most."


@attrs.frozen(kw_only=True, repr=False)
class HoldSpan:
    """What is kept: reads of a half-open period, by cameras, by plates, or by both.

    Attributes:
        cameras: only these; empty for all, where plates are named.
        plates: only these, as they are compared; empty for all, where cameras are named.
    """

    since: datetime = attrs.field(validator=aware)
    until: datetime = attrs.field(validator=aware)
    cameras: frozenset[CameraId] = frozenset()
    plates: tuple[PlateText, ...] = ()

    def __attrs_post_init__(self) -> None:
        """Check what concerns more than one field.

        Raises:
            EmptyPeriodError: it covers no time.
            UnusableHoldSpanError: it names nothing, or reaches too far.
        """
        if self.since >= self.until:
            raise EmptyPeriodError("the period is empty")
        if not self.cameras and not self.plates:
            raise UnusableHoldSpanError("neither cameras nor plates")
        if self.until - self.since > LONGEST_SPAN or len(self.plates) > MOST_PLATES:
            raise UnusableHoldSpanError("a span that reaches too far")

    @property
    def match_keys(self) -> Sequence[str]:
        """The plates as reads are compared."""
        return [plate.match_key for plate in self.plates]

    def gone(self, not_before: datetime) -> timedelta:
        """How much of the period lies before a moment: those reads were due by then."""
        return max(timedelta(0), min(self.until, not_before) - self.since)


def days_of(span: timedelta) -> int:
    """Days, a begun one counted whole.

    >>> days_of(timedelta(hours=25)), days_of(timedelta(0))
    (2, 0)
    """
    return -(-span // _DAY)
