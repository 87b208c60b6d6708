"""Looking for a plate in every byte of every file of a folder.

Without regard to the case of ASCII letters. PostgreSQL, SQLite and our own files keep
text as UTF-8, so a plate lies there as these bytes; UTF-16 is looked for all the same,
because a browser or a driver may write it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path


def copies_below(folder: Path, marker: str | bytes) -> Mapping[str, int]:
    """How often a marker is in a file, or in its path, for all files that have it.

    Args:
        folder: where to look, at every depth.
        marker: text in any spelling, or bytes as they are.

    Returns:
        By the path of each file, below the folder.
    """
    wanted = [marker] if isinstance(marker, bytes) else _spellings(marker)
    counted = {
        str(path.relative_to(folder)): _copies_in(path, wanted)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    return {path: n for path, n in counted.items() if n}


def _spellings(marker: str) -> list[bytes]:
    """A marker as a program may write it, in small letters."""
    small = marker.lower()
    return [small.encode(), small.encode("utf-16-le"), small.encode("utf-16-be")]


def _copies_in(path: Path, wanted: Sequence[bytes]) -> int:
    try:
        content = path.read_bytes()
    except FileNotFoundError:  # the server has just removed it
        return 0
    small, name = content.lower(), str(path).lower().encode()
    return sum(
        max(small.count(each), content.count(each)) + name.count(each)
        for each in wanted
    )
