"""What a box is told: its data folder, its server, its cameras; each checked at once."""

import ipaddress
import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import attrs
import msgspec

from charteroak.core.camera import CameraId, UnusableCameraNameError, is_camera_id
from charteroak.core.errors import CharterOakError
from charteroak.core.wire import Enrolment
from charteroak.edge.stream_address import is_file, is_stream, parse_stream

DEFAULT_SPOOL_LIMIT_BYTES: Final = 2 * 1024**3
"""About 100,000 reads of 20 KB: twelve days of a camera that sees 8,000 cars a day."""

DEFAULT_FPS: Final = 5.0
"""Frames a second of a stream: a car at 50 km/h moves under three metres in between."""

_AGENCY_KEY_BYTES: Final = 32


class UnusableServerError(CharterOakError):
    """The text given as the server is no address of a web server."""

    code = "charteroak.edge.unusable-server"
    hint = "Give the server as https://name, with a port where it is not 443."


class PlainHttpError(CharterOakError):
    """Reads would travel in the open."""

    code = "charteroak.edge.plain-http"
    hint = "Use https://; plain http is for a server on this same machine only."


class UnusableWatchError(CharterOakError):
    """A `--watch` that is not CAMERA=SOURCE, or whose folder or file is not there."""

    code = "charteroak.edge.unusable-watch"
    hint = (
        "Give --watch as CAMERA=SOURCE, as in main-st-north=/var/pictures or "
        "main-st-north=rtsp://10.0.0.7/live."
    )


class ForeignCameraError(CharterOakError):
    """The box was not enrolled for this camera."""

    code = "charteroak.edge.foreign-camera"
    hint = "Name a camera of this box's enrolment, or have it enrolled again."


class NotEnrolledError(CharterOakError):
    """The data folder holds no enrolment."""

    code = "charteroak.edge.not-enrolled"
    hint = "Run `charteroak edge enrol` with the code from the cameras page first."


class UnreadableEnrolmentError(CharterOakError):
    """What was to be an enrolment, from the server or from the folder, is none."""

    code = "charteroak.edge.unreadable-enrolment"
    hint = "Check the server's address and enrol the box again in an empty folder."


class DataFolderError(CharterOakError):
    """The data folder cannot be made, read or written."""

    code = "charteroak.edge.data-folder"
    hint = "Check that the folder's disk is mounted and that this user may write to it."


@attrs.frozen
class DataFolder:
    """Where everything of a box lies; readable by its own user only.

    Attributes:
        path: the folder given as `--data`.
    """

    path: Path

    @property
    def key(self) -> Path:
        """The box's private key."""
        return self.path / "box.key"

    @property
    def boot_epoch(self) -> Path:
        """How often the box has started."""
        return self.path / "boot-epoch"

    @property
    def enrolment(self) -> Path:
        """What the server told the box when it was enrolled."""
        return self.path / "enrolment.json"

    @property
    def orders(self) -> Path:
        """What the server told the box last that it may keep."""
        return self.path / "orders.json"

    @property
    def spool(self) -> Path:
        """The sealed envelopes that wait."""
        return self.path / "spool.sqlite3"

    @property
    def lock(self) -> Path:
        """Held while a box runs on this folder."""
        return self.path / "running.lock"

    def prepare(self) -> None:
        """Make the folder if it is not there, for this user only.

        Raises:
            DataFolderError: it cannot be made.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as trouble:
            msg = f"cannot make it: {trouble.strerror}"
            raise DataFolderError(msg) from trouble


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """The content of `enrolment.json`.

    Attributes:
        server: base address, without a slash at its end.
        authority_file: certificates that the server's may be signed with, PEM;
            None for those that the operating system trusts.
    """

    server: str
    authority_file: str | None = None
    enrolment: Enrolment


@attrs.frozen
class Watch:
    """One camera and where its pictures come from.

    Attributes:
        camera: which.
        folder: in which they appear, where they do not stream.
        stream: an address, with its password, a device or a video file; None for a
            folder.
    """

    camera: CameraId
    folder: Path = Path()
    stream: str | None = attrs.field(default=None, repr=False)


def parse_server(text: str) -> str:
    """Check the base address of a server.

    >>> parse_server("https://alpr.example.gov/")
    'https://alpr.example.gov'

    Raises:
        PlainHttpError: http to another machine.
        UnusableServerError: no http or https address, or one with a password, a query
            or a fragment.
    """
    text = text.strip()
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise UnusableServerError("not the address of a server") from None
    odd = parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme not in {"http", "https"} or not host or odd or not text.isascii():
        raise UnusableServerError("not the address of a server")
    if parts.scheme == "http" and not is_loopback(host):
        raise PlainHttpError("plain http to another machine")
    return text.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host's name or address means this same machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse_watch(text: str, cameras: list[str]) -> Watch:
    """Check one `--watch CAMERA=SOURCE` against the cameras of the enrolment.

    The source is a folder, a video file, a device such as /dev/video0, or an address
    (rtsp://, rtsps://, http://, https://). No error repeats it: it may hold a password.

    Raises:
        ForeignCameraError: the enrolment does not name the camera.
        UnusableWatchError: not of that form, or no such folder or file.
        UnusableStreamAddressError: an address that is none.
        UnusableCameraNameError: no short name of a camera before the sign.
    """
    name, sign, source = text.partition("=")
    if not sign or not source:
        raise UnusableWatchError("not of the form CAMERA=SOURCE")
    if not is_camera_id(name):
        raise UnusableCameraNameError("no short name of a camera before the =")
    if name not in cameras:
        msg = f"this box was not enrolled for {name}"
        raise ForeignCameraError(msg)
    camera, path = CameraId(name), Path(source)
    if path.is_dir():
        return Watch(camera, folder=path)
    if not is_stream(source):
        msg = f"no folder for the pictures of {name}"
        raise UnusableWatchError(msg)
    if is_file(source) and not path.is_file():
        msg = f"no such video file for {name}"
        raise UnusableWatchError(msg)
    return Watch(camera, stream=parse_stream(source))


def load_enrolled(folder: DataFolder) -> Enrolled:
    """What the box was told at its enrolment.

    Raises:
        NotEnrolledError: nothing yet.
        UnreadableEnrolmentError: the file is damaged.
        DataFolderError: the file cannot be read.
    """
    try:
        content = folder.enrolment.read_bytes()
    except FileNotFoundError:
        raise NotEnrolledError("this folder holds no enrolment") from None
    except OSError as trouble:
        msg = f"cannot read the enrolment: {trouble.strerror}"
        raise DataFolderError(msg) from trouble
    try:
        enrolled = msgspec.json.decode(content, type=Enrolled)
    except (msgspec.MsgspecError, ValueError):
        raise UnreadableEnrolmentError("the enrolment on file is damaged") from None
    check_enrolment(enrolled.enrolment)
    return enrolled


def check_enrolment(enrolment: Enrolment) -> None:
    """Refuse an enrolment that a box could not work with.

    Raises:
        UnreadableEnrolmentError: a key of the wrong length, no camera, or no time.
    """
    if len(enrolment.agency_key) != _AGENCY_KEY_BYTES:
        raise UnreadableEnrolmentError("the agency's key has the wrong length")
    if not all(is_camera_id(camera) for camera in enrolment.cameras):
        raise UnreadableEnrolmentError("a camera's name is none")
    if enrolment.keep_s <= 0:
        raise UnreadableEnrolmentError("envelopes would be due before they are made")


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file, readable by this user only; whole and on the disk on return.

    A crash leaves the old content or the new, never a part.

    Raises:
        DataFolderError: the disk does not take it.
    """
    fresh = path.with_name(path.name + ".new")
    try:
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as trouble:
        msg = f"cannot write {path.name}: {trouble.strerror}"
        raise DataFolderError(msg) from trouble
