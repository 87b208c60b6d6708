"""Weights of neural networks, pinned: what runs is what was added, to the bit.

A folder of weights holds files and, in `models.json`, a pin for each file that somebody
vouched for with `charteroak models add`: its SHA-256 and where it stands in the record.
A file without a pin is used only if it is one that the project has measured itself.
Bytes are read once, hashed, and handed on: what was checked is what runs.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

import attrs
import msgspec

from charteroak.core.errors import CharterOakError
from charteroak.edge.onnx_file import UnusableWeightsError, open_session

PINS: Final = "models.json"
CONFIG_ENDING: Final = "_plate_config.yaml"
"""A reader's configuration is named as its network, with this for `.onnx`."""

_MOST_BYTES: Final = 256 * 1024**2
_MOST_CONFIG_BYTES: Final = 64 * 1024
_VARIABLE: Final = "CHARTEROAK_MODELS"


class Kind(StrEnum):
    """What a file of weights is for."""

    CONFIGURATION = "settings"
    DETECTOR = "detector"
    READER = "reader"


class MissingModelsError(CharterOakError):
    """There is no network for a task in the folder, or not all of its files."""

    code = "charteroak.models.missing"
    hint = (
        "Bring the files of the fast-alpr family (a detector *.onnx, a reader *.onnx "
        "with its *_plate_config.yaml) and run `charteroak models add FOLDER`, or name "
        "their folder with --models."
    )


class UnpinnedModelError(CharterOakError):
    """Nobody has vouched for a file, and it is none that the project measured."""

    code = "charteroak.models.unpinned"
    hint = (
        "Compare this SHA-256 with the publisher's; if they agree, run "
        "`charteroak models add FILE` and use the folder that it was added to."
    )

    def __init__(self, file: Path, sha256: str) -> None:
        super().__init__(f"{file} was never added; its SHA-256 is {sha256}")


class ChangedModelError(CharterOakError):
    """A file is not what it was when it was added."""

    code = "charteroak.models.changed"
    hint = (
        "Find out who changed it. If it was you, run `charteroak models add --replace`."
    )

    def __init__(self, file: Path) -> None:
        super().__init__(f"{file} has changed since it was added")


class UnusablePinsError(CharterOakError):
    """The record of pins cannot be read or written."""

    code = "charteroak.models.pins"
    hint = "Check that this user may write to the folder, or add the files again."


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """One file that somebody vouched for; the keys are those of `models.json`.

    Attributes:
        sha256: of the whole file, in hex.
        size_bytes: of the file.
        licence: a note of whoever added it, or empty.
        added_at: when, or None for a file that the project measured itself.
    """

    file: str
    kind: Kind
    sha256: str
    size_bytes: int
    licence: str = ""
    added_at: datetime | None = None


class _PinFile(msgspec.Struct, frozen=True, kw_only=True):
    version: int = 1
    models: tuple[Pin, ...] = ()


class Finding(StrEnum):
    """What a look at one file of the folder found."""

    CHANGED = "changed"
    GONE = "gone"
    NOT_ADDED = "not added"
    SAME = "same"


@attrs.frozen
class Checked:
    """One file of a folder, hashed anew. `pin` is None where nobody vouched."""

    file: str
    finding: Finding
    sha256: str | None
    pin: Pin | None


def _measured(file: str, kind: Kind, size_bytes: int, sha256: str) -> Pin:
    return Pin(
        file=file,
        kind=kind,
        size_bytes=size_bytes,
        sha256=sha256,
        licence="MIT",
    )


# The files that the figures in the documents were measured with, best first.
MEASURED: Final[tuple[Pin, ...]] = (
    _measured(
        "yolo-v9-t-416-license-plates-end2end1.onnx",
        Kind.DETECTOR,
        2_493_847,
        "5a5eac89c5736f6e0d94ef2422defc8a1eed828b6ad1124d0128df4d47fc2b65",
    ),
    _measured(
        "cct_xs_v2_global.onnx",
        Kind.READER,
        3_344_292,
        "8031afb5fdc6b4d80462c9d542f1284ebd2cfddf5dbacd62609848d7e2855f44",
    ),
    _measured(
        "cct_xs_v2_global_plate_config.yaml",
        Kind.CONFIGURATION,
        1_725,
        "0335c74a305173bb6f393efed0fde03cadeaa0b649ed8e19f431016d8232d0a6",
    ),
    _measured(
        "cct_xs_v1_global.onnx",
        Kind.READER,
        2_113_942,
        "c1ae2ae031b10f8ab7ed6e3cdaf8d9c753477e299dbad3579c8f705a7d882134",
    ),
    _measured(
        "cct_xs_v1_global_plate_config.yaml",
        Kind.CONFIGURATION,
        773,
        "8ade332ef026520a3360a7c154cc10be664bee25482f3997bce34a7007b4786e",
    ),
)
_BY_DIGEST: Final[Mapping[str, Pin]] = {pin.sha256: pin for pin in MEASURED}
_RANK: Final = {pin.file: place for place, pin in enumerate(MEASURED)}


def default_folder(environment: Mapping[str, str]) -> Path:
    """Where weights lie unless a command is told otherwise.

    `CHARTEROAK_MODELS`, else the folder for applications' data of this user.
    """
    named = environment.get(_VARIABLE)
    if named:
        return Path(named)
    data = environment.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "charteroak" / "models"


@attrs.frozen
class Models:
    """A folder of weights with its pins. May be read-only, but for `add`."""

    folder: Path

    def choose(self, kind: Kind) -> str:
        """The name of the file for a task: a measured one first, then by name.

        Raises:
            MissingModelsError: the folder has none.
        """
        names = [name for name in self._names() if self._kind_by_name(name) is kind]
        if not names:
            msg = f"no plate {kind} in {self.folder}"
            raise MissingModelsError(msg)
        return min(names, key=lambda name: (_RANK.get(name, len(_RANK)), name))

    def load(self, file: str) -> bytes:
        """The bytes of a file that agree with its pin.

        Raises:
            MissingModelsError: there is no such file.
            UnusableWeightsError: it is absurdly large or cannot be read.
            ChangedModelError: it is not what was added.
            UnpinnedModelError: it was never added, and is none of the measured files.
        """
        content = _content(self.folder / file)
        sha256 = hashlib.sha256(content).hexdigest()
        pin = self.pins().get(file)
        if pin is None and sha256 not in _BY_DIGEST:
            raise UnpinnedModelError(self.folder / file, sha256)
        if pin is not None and pin.sha256 != sha256:
            raise ChangedModelError(self.folder / file)
        return content

    def pins(self) -> dict[str, Pin]:
        """What was added here, by the name of its file.

        Raises:
            UnusablePinsError: `models.json` is broken.
        """
        try:
            content = (self.folder / PINS).read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as unreadable:
            msg = f"cannot read {self.folder / PINS}"
            raise UnusablePinsError(msg) from unreadable
        try:
            known = msgspec.json.decode(content, type=_PinFile)
        except (msgspec.DecodeError, UnicodeDecodeError) as broken:
            msg = f"{self.folder / PINS} is no record of models"
            raise UnusablePinsError(msg) from broken
        if any(pin.file != Path(pin.file).name for pin in known.models):
            msg = f"{self.folder / PINS} names files outside of its folder"
            raise UnusablePinsError(msg)
        return {pin.file: pin for pin in known.models}

    def add(
        self, path: Path, *, now: datetime, licence: str = "", replace: bool = False
    ) -> Pin:
        """Copy a file into the folder and pin it as it is now.

        The file is in place before its pin is: a crash in between leaves a file that
        is refused, never one that is trusted by mistake. Adding the same file again
        changes nothing.

        Raises:
            MissingModelsError: there is no such file.
            UnusableWeightsError: it is no plate detector, reader or configuration.
            ChangedModelError: another file was added under the name, without `replace`.
            UnusablePinsError: the folder cannot be written.
        """
        content = _content(path)
        pin = Pin(
            file=path.name,
            kind=_kind_of(path.name, content),
            sha256=hashlib.sha256(content).hexdigest(),
            size_bytes=len(content),
            licence=licence,
            added_at=now,
        )
        pins = self.pins()
        old = pins.get(pin.file)
        if old is not None and old.sha256 != pin.sha256 and not replace:
            raise ChangedModelError(path)
        if old is not None and old.sha256 == pin.sha256 and not licence:
            pin = old
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _write(self.folder / pin.file, content)
            kept = {**pins, pin.file: pin}
            record = _PinFile(models=tuple(kept[name] for name in sorted(kept)))
            text = msgspec.json.format(msgspec.json.encode(record), indent=2)
            _write(self.folder / PINS, text + b"\n")
        except OSError as refused:
            msg = f"cannot write to {self.folder}: {refused.strerror}"
            raise UnusablePinsError(msg) from refused
        return pin

    def check(self) -> list[Checked]:
        """Hash every file of weights anew, by name; and name those that are gone."""
        pins = self.pins()
        found = []
        for name in sorted({*self._names(), *pins}):
            path = self.folder / name
            if not path.is_file():
                found.append(Checked(name, Finding.GONE, None, pins.get(name)))
                continue
            sha256 = hashlib.sha256(_content(path)).hexdigest()
            pin = pins.get(name) or _BY_DIGEST.get(sha256)
            if pin is None:
                finding = Finding.NOT_ADDED
            else:
                finding = Finding.SAME if pin.sha256 == sha256 else Finding.CHANGED
            found.append(Checked(name, finding, sha256, pin))
        return found

    def _names(self) -> list[str]:
        return [path.name for path in weights_in(self.folder)]

    def _kind_by_name(self, name: str) -> Kind:
        if name.endswith(CONFIG_ENDING):
            return Kind.CONFIGURATION
        if (self.folder / config_of(name)).is_file():
            return Kind.READER
        pin = self.pins().get(name)
        # A reader whose configuration was lost must not be taken for a detector.
        return pin.kind if pin else _known_kind(name)


def config_of(network: str) -> str:
    """The name of the configuration of a reader.

    >>> config_of("cct_xs_v2_global.onnx")
    'cct_xs_v2_global_plate_config.yaml'
    """
    return network.removesuffix(".onnx") + CONFIG_ENDING


def weights_in(folder: Path) -> list[Path]:
    """The files of a folder that look like weights, by name; not in its subfolders."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.name.endswith((".onnx", CONFIG_ENDING)) and path.is_file()
    )


def _known_kind(name: str) -> Kind:
    return next((pin.kind for pin in MEASURED if pin.file == name), Kind.DETECTOR)


def _content(path: Path) -> bytes:
    most = _MOST_BYTES if path.name.endswith(".onnx") else _MOST_CONFIG_BYTES
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except FileNotFoundError as missing:
        msg = f"there is no {path}"
        raise MissingModelsError(msg) from missing
    except OSError as unreadable:
        why = unreadable.strerror or "it cannot be read"
        raise UnusableWeightsError(str(path), why) from unreadable
    if len(content) > most:
        raise UnusableWeightsError(str(path), f"it has more than {most:,} bytes")
    return content


def _kind_of(name: str, content: bytes) -> Kind:
    """What a file is, by the shape of its input: plates are tiny, frames are square."""
    if name.endswith(CONFIG_ENDING):
        return Kind.CONFIGURATION
    if not name.endswith(".onnx"):
        raise UnusableWeightsError(
            name, f"weights are *.onnx and *{CONFIG_ENDING} files"
        )
    inputs = open_session(name, content, threads=1).get_inputs()
    shape = list(inputs[0].shape) if len(inputs) == 1 else []
    match shape:
        case [_, 3, int(rows), int(columns)] if rows == columns:
            return Kind.DETECTOR
        case [_, int(), int(), 1 | 3]:
            return Kind.READER
        case _:
            raise UnusableWeightsError(
                name, "it is neither a plate detector nor a plate reader"
            )


def _write(path: Path, content: bytes) -> None:
    """Write beside and rename into place: never half a file under the name."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
