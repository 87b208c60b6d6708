"""The machine that a figure was measured on: no figure without it."""

import os
import platform
from pathlib import Path
from typing import Final

import msgspec

_CPU: Final = Path("/proc/cpuinfo")


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader must know to compare.

    Attributes:
        cores: that this process may use.
        memory_gib: of the whole machine; None where the system does not say.
        load: mean number of processes at work over the last minute, when it began;
            above nought the machine was not alone with the benchmark.
    """

    processor: str
    cores: int
    memory_gib: float | None
    system: str
    python: str
    load: float


def this_machine() -> Machine:
    """Describe this machine as it is now."""
    return Machine(
        processor=_processor(),
        cores=_cores(),
        memory_gib=_memory_gib(),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        load=round(os.getloadavg()[0], 2),
    )


def _cores() -> int:
    # macOS cannot say which cores a process may use.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    try:
        text = _CPU.read_text("utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [
        line.partition(":")[2].strip()
        for line in text.splitlines()
        if line.startswith("model name")
    ]
    return names[0] if names else platform.machine()


def _memory_gib() -> float | None:
    try:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return None
    return round(size / 2**30, 1)
