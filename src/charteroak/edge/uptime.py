"""How long the machine has been up: a clock that nobody can set."""

import time
from pathlib import Path
from typing import Final

import attrs

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


@attrs.frozen
class Uptime:
    """A moment since the machine was switched on.

    Attributes:
        boot: names this start of the machine; another at each.
        ms: since then, whole milliseconds, sleep included.
    """

    boot: str
    ms: int


def uptime() -> Uptime | None:
    """The machine's uptime; None where the system does not tell."""
    try:
        boot = _BOOT.read_text("ascii").strip()
        return Uptime(boot, time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000)
    except (AttributeError, OSError, UnicodeError):
        # Only Linux names its starts.
        return None


def unknown() -> None:
    """For whoever's clock is not the machine's: only that clock counts then."""
