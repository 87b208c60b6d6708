"""The memory of the box: nothing of it may get onto a disk.

What a read held is forgotten by letting go of it. That is worth nothing where the system
writes memory to a disk: as the core file of a crash, or as swapped pages.
"""

import ctypes
import logging
import resource
import sys
from pathlib import Path
from typing import Final

_SET_DUMPABLE: Final = 4
_LOCK_ALL: Final = 1 | 2
_SWAPS: Final = Path("/proc/swaps")
_OWN_GROUP: Final = Path("/proc/self/cgroup")
_GROUPS: Final = Path("/sys/fs/cgroup")

HINT: Final = (
    "Run the box as the systemd unit that comes with it, which keeps its memory out of "
    "the swap, or turn the swap off with swapoff -a."
)

_log = logging.getLogger(__name__)


def keep_in_memory() -> bool | None:
    """See that nothing of this process's memory is written to a disk.

    Core files are turned off, and other processes of this user may not look. Swap is the
    administrator's: off, closed to this service, or, where it may, this process locks
    all of its pages.

    Returns:
        Whether it is so; None where this system does not say.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0)
    safe = is_safe() or _lock(libc)
    if not safe:
        _log.warning("memory of this box may be written to its swap. %s", HINT)
    return safe


def is_safe(
    swaps: Path = _SWAPS, own_group: Path = _OWN_GROUP, groups: Path = _GROUPS
) -> bool:
    """Whether no page can be swapped to a disk, as the system says.

    Args:
        swaps: as /proc/swaps. Compressed memory is no disk.
        own_group: as /proc/self/cgroup.
        groups: as /sys/fs/cgroup; 0 in memory.swap.max of any group above closes it.
    """
    try:
        devices = [line.split()[0] for line in swaps.read_text().splitlines()[1:]]
    except OSError:
        return False
    if not [each for each in devices if not each.startswith("/dev/zram")]:
        return True
    try:
        return _closed(own_group, groups)
    except OSError:
        return False


def _closed(own_group: Path, groups: Path) -> bool:
    lines = own_group.read_text().splitlines()
    own = next((line[3:] for line in lines if line.startswith("0::")), None)
    if own is None:
        return False
    group = groups / own.strip("/")
    while group != groups.parent:
        limit = group / "memory.swap.max"
        # The topmost group has no limits.
        if limit.exists() and limit.read_text().strip() == "0":
            return True
        group = group.parent
    return False


def _lock(libc: ctypes.CDLL) -> bool:
    # With a limit the next allocation beyond it would fail, and the box with it.
    limit, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    return limit == resource.RLIM_INFINITY and libc.mlockall(_LOCK_ALL) == 0
