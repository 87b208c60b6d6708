"""Where a camera streams: its address, and how to say it without its password."""

from pathlib import PurePath
from typing import Final
from urllib.parse import urlsplit

from charteroak.core.errors import CharterOakError
from charteroak.edge.video import SUFFIXES

DEVICES: Final = "/dev/video"
_SCHEMES: Final = frozenset({"http", "https", "rtsp", "rtsps"})
_TELLING: Final = frozenset("=@&;")
"""Some makers put name and password into the path: `/user=admin_password=...`."""


class UnusableStreamAddressError(CharterOakError):
    """What was given as a camera's address is none; its text is not repeated."""

    code = "charteroak.stream.unusable-address"
    hint = (
        "Give the camera as rtsp://name:password@host/path, http(s)://..., /dev/video0, "
        "or a video file; a name or password with one of @ : / ? # needs it as %40 and "
        "so on."
    )


def is_stream(text: str) -> bool:
    """Whether a text names a camera that streams, and no folder or photo.

    >>> is_stream("rtsp://10.0.0.7/live"), is_stream("/dev/video0")
    (True, True)
    >>> is_stream("street.mp4"), is_stream("/var/pictures")
    (True, False)
    """
    scheme, sign, _rest = text.partition("://")
    if sign and "/" not in scheme:
        return True
    return text.startswith(DEVICES) or PurePath(text).suffix.lower() in SUFFIXES


def is_file(text: str) -> bool:
    """Whether what streams is a file, played for a trial."""
    return "://" not in text and not text.startswith(DEVICES)


def parse_stream(text: str) -> str:
    """Check the address of a stream.

    Raises:
        UnusableStreamAddressError: another scheme, no host, a bad port, a blank or a
            control character.
    """
    if not is_stream(text):
        raise UnusableStreamAddressError("not the address of a camera")
    if "://" not in text:
        return text
    if any(sign <= " " or sign == "\x7f" for sign in text):
        raise UnusableStreamAddressError("a blank or worse in a camera's address")
    try:
        parts = urlsplit(text)
        _port = parts.port
    except ValueError:
        raise UnusableStreamAddressError("not the address of a camera") from None
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise UnusableStreamAddressError("not the address of a camera")
    return text


def masked(address: str) -> str:
    """An address that may be told: without name, password, query, or a telling path.

    >>> masked("rtsp://admin:secret@10.0.0.7:554/live/1?token=9")
    'rtsp://10.0.0.7:554/live/1'
    >>> masked("rtsp://10.0.0.7/user=admin_password=secret.sdp")
    'rtsp://10.0.0.7'
    """
    scheme, sign, rest = address.partition("://")
    if not sign:
        return address
    ends = (n for n, sign in enumerate(rest) if sign in "/?#")
    end = min(ends, default=len(rest))
    host, path = rest[:end].rpartition("@")[2], rest[end:]
    if "@" in path:
        # A password that holds what ends a host, or an @ in a path or a query: which
        # part may be told is anybody's guess.
        return f"{scheme}://..."
    path = path.partition("?")[0].partition("#")[0]
    return f"{scheme}://{host}" + ("" if _TELLING & set(path) else path)
