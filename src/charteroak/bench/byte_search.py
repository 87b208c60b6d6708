"""Looking for a plate in every byte of every file of a folder.

Without regard to the case of ASCII letters. PostgreSQL, SQLite and our own files keep
text as UTF-8, so a plate lies there as these bytes; UTF-16 is looked for all the same,
because a browser or a driver may write it.
"""

from collections.abc import Sequence
from pathlib import Path


def spellings(marker: str) -> list[bytes]:
    """A marker as a program may write it, in small letters."""
    small = marker.lower()
    return [small.encode(), small.encode("utf-16-le"), small.encode("utf-16-be")]


def copies_in(path: Path, wanted: Sequence[bytes]) -> int:
    """How often some byte strings are in a file, in its name or in its path.

    Args:
        path: of the file.
        wanted: as they are, or in small letters for any letters.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:  # the server has just removed it
        return 0
    small, name = content.lower(), str(path).lower().encode()
    return sum(
        max(small.count(each), content.count(each)) + name.count(each)
        for each in wanted
    )


def copies_below(folder: Path, marker: str) -> int:
    """How often a marker is in all files below a folder, and in their paths."""
    wanted = spellings(marker)
    return sum(
        copies_in(path, wanted) for path in sorted(folder.rglob("*")) if path.is_file()
    )
