"""The cameras that a box is told to follow, on its command line or in a file."""

import os
import re
import stat
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from charteroak.core.errors import CharterOakError
from charteroak.edge.settings import Watch, parse_watch

_MOST_BYTES: Final = 1_000_000
_PLACE: Final = re.compile(r"at line \d+, column \d+")


class OpenCamerasError(CharterOakError):
    """Other users of this machine can read the passwords of the cameras."""

    code = "charteroak.edge.open-cameras"
    hint = "Run chmod 600 on it; if others used this machine, change the passwords."


class UnreadableCamerasError(CharterOakError):
    """The file of cameras cannot be read, or is none; its text is not repeated."""

    code = "charteroak.edge.unreadable-cameras"
    hint = 'Give a line for each camera: main-st-north = "rtsp://10.0.0.7/live"'


class DoubledWatchError(CharterOakError):
    """A camera is given twice: two followers would double each read."""

    code = "charteroak.edge.doubled-watch"
    hint = "Give each camera once, in the file or on the command line."


class NoWatchError(CharterOakError):
    """No camera is given."""

    code = "charteroak.edge.no-watch"
    hint = "Give --cameras FILE, or --watch CAMERA=SOURCE."


def find_watches(
    texts: Sequence[str], file: Path | None, cameras: list[str]
) -> list[Watch]:
    """What a box is to follow.

    Args:
        texts: CAMERA=SOURCE each; every user of the machine can see these.
        file: of cameras and their sources, or None.
        cameras: those that the box was enrolled for.

    Raises:
        CharterOakError: of `parse_watch` and `read_cameras`; a camera given twice; none.
    """
    given = [*texts, *(() if file is None else read_cameras(file))]
    found = list(_once(parse_watch(text, cameras) for text in given))
    if not found:
        raise NoWatchError("no camera to follow")
    return found


def read_cameras(path: Path) -> list[str]:
    """Read a file of cameras, in TOML: a camera's name and its source on each line.

    Returns:
        CAMERA=SOURCE each, unchecked.

    Raises:
        OpenCamerasError: other users could read it.
        UnreadableCamerasError: it is not there, or something else.
    """
    try:
        # Of the file that is read, not of one that takes its place meanwhile.
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_MOST_BYTES + 1)
    except OSError as trouble:
        msg = f"{path}: {trouble.strerror}"
        raise UnreadableCamerasError(msg) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        msg = f"{path}: other users of this machine can read it"
        raise OpenCamerasError(msg)
    if len(content) > _MOST_BYTES:
        msg = f"{path}: larger than any list of cameras"
        raise UnreadableCamerasError(msg)
    return [f"{camera}={source}" for camera, source in _parsed(path, content).items()]


def _parsed(path: Path, content: bytes) -> dict[str, str]:
    try:
        found = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as wrong:
        # The rest of the message may repeat what was written.
        place = _PLACE.search(str(wrong))
        msg = f"{path}: not TOML{f', {place[0]}' if place else ''}"
        raise UnreadableCamerasError(msg) from None
    sources = {name: each for name, each in found.items() if isinstance(each, str)}
    if len(sources) != len(found):
        msg = f"{path}: not a source in quotes behind each camera"
        raise UnreadableCamerasError(msg)
    return sources


def _once(watches: Iterable[Watch]) -> Iterator[Watch]:
    known = set()
    for watch in watches:
        if watch.camera in known:
            msg = f"{watch.camera} is given twice"
            raise DoubledWatchError(msg)
        known.add(watch.camera)
        yield watch
