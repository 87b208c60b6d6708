"""How much room the disk of the data folder has.

A part of it is kept for the database itself: deleting needs a little room (its record,
the write-ahead log), and a database whose log cannot grow stops altogether. So reads are
turned away while there is still enough left to delete what is due.
"""

import shutil
from pathlib import Path
from typing import Final

import attrs

from charteroak.core.errors import CharterOakError

_LOW_BYTES: Final = 1 << 30
_LOW_SHARE: Final = 0.03

RESERVE_BYTES: Final = 256 << 20
"""Kept free of reads, as long as the write-ahead log may become; see `postgres.conf`."""

RESERVE_SHARE: Final = 0.125
"""Of a small disk, no more than this is kept."""


class DiskFullError(CharterOakError):
    """There is no room for more reads."""

    code = "charteroak.vault.disk-full"
    hint = "Nothing is lost: boxes keep their reads. Make room on the server's disk."


@attrs.frozen(kw_only=True)
class Disk:
    """The disk of a folder, in bytes."""

    free_bytes: int
    total_bytes: int

    @property
    def low(self) -> bool:
        """Whether there is too little room to be calm."""
        return self.free_bytes < max(_LOW_BYTES, self.total_bytes * _LOW_SHARE)

    @property
    def full(self) -> bool:
        """Whether no more reads are taken in: what is left is for deleting."""
        reserve = min(RESERVE_BYTES, self.total_bytes * RESERVE_SHARE)
        return self.free_bytes < reserve


def disk_of(folder: Path) -> Disk:
    """Look at the disk that a folder is on."""
    found = shutil.disk_usage(folder)
    return Disk(free_bytes=found.free, total_bytes=found.total)
