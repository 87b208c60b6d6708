"""The weights that come with the project: read once, hashed, and only then used.

They lie in a folder with a list of their SHA-256, as `sha256sum` writes it. It protects
from files that rot, are cut off or mixed up; whoever may write both is trusted.
"""

import hashlib
import re
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import attrs
import msgspec
import numpy as np

from charteroak.core.errors import CharterOakError
from charteroak.edge.onnx_file import UnusableWeightsError

SUMS: Final = "SHA256SUMS"
_LINE: Final = re.compile(r"([0-9a-f]{64}) [ *](\S+)")


class DamagedWeightsError(CharterOakError):
    """A file of weights is missing, or is not the one that was measured."""

    code = "charteroak.engine.damaged-weights"
    hint = "Install Charter Oak again, or name a whole folder with --models."


class Calibration(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """Where the engine draws its lines: fitted to the networks, and kept with them.

    Attributes:
        found_least: the detector's probability from which something may be a plate.
        found_sure: the same from which no second look is needed.
        read_least: raw probability of a whole reading, below which it is no plate.
        whole_least: the same where a picture is tried as one plate.
        state_least: probability of a state from which it is named.
        raw: raw probabilities of a whole reading, rising; where `calibrated` stands.
        calibrated: how often readings of that raw probability are right. Between two
            the line is straight.
    """

    found_least: float
    found_sure: float
    read_least: float
    whole_least: float
    state_least: float
    raw: tuple[float, ...]
    calibrated: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse lines that cannot be.

        Raises:
            ValueError: no probabilities, or a map that falls.
        """
        lines = (
            self.found_least,
            self.found_sure,
            self.read_least,
            self.whole_least,
            self.state_least,
        )
        if not all(0 <= each <= 1 for each in (*lines, *self.raw, *self.calibrated)):
            raise ValueError("calibration: no probabilities")
        rises = all(b > a for a, b in zip(self.raw, self.raw[1:], strict=False))
        falls = any(
            b < a for a, b in zip(self.calibrated, self.calibrated[1:], strict=False)
        )
        if not rises or falls or not 0 < len(self.raw) == len(self.calibrated):
            raise ValueError("calibration: no rising map")

    def confidence(self, raw: float) -> float:
        """The probability that a whole plate is right, from the reader's own."""
        return float(np.interp(raw, self.raw, self.calibrated))


@attrs.frozen(kw_only=True)
class Bundle:
    """All that the engine `builtin` runs on."""

    detector: bytes = attrs.field(repr=False)
    reader: bytes = attrs.field(repr=False)
    states: bytes = attrs.field(repr=False)
    calibration: Calibration


DETECTOR: Final = "detector.onnx"
READER: Final = "reader.onnx"
STATES: Final = "states.onnx"
CALIBRATION: Final = "calibration.toml"


def bundled() -> Traversable:
    """The folder inside the package."""
    return files("charteroak.edge.engines") / "weights"


def load(folder: Traversable) -> Bundle:
    """Read the weights of a folder, each against its SHA-256.

    Raises:
        DamagedWeightsError: a file is missing, changed, or not in the list.
        UnusableWeightsError: the calibration is none.
    """
    sums = _sums(folder)
    try:
        calibration = msgspec.toml.decode(
            _content(folder, CALIBRATION, sums), type=Calibration
        )
    except (msgspec.MsgspecError, ValueError) as broken:
        raise UnusableWeightsError(CALIBRATION, "it is no calibration") from broken
    return Bundle(
        detector=_content(folder, DETECTOR, sums),
        reader=_content(folder, READER, sums),
        states=_content(folder, STATES, sums),
        calibration=calibration,
    )


def _sums(folder: Traversable) -> Mapping[str, str]:
    try:
        lines = (folder / SUMS).read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as missing:
        msg = f"cannot read {folder / SUMS}, the list of SHA-256 of the weights"
        raise DamagedWeightsError(msg) from missing
    found = (_LINE.fullmatch(line) for line in lines)
    return {each[2]: each[1] for each in found if each}


def _content(folder: Traversable, file: str, sums: Mapping[str, str]) -> bytes:
    wanted = sums.get(file)
    if wanted is None:
        msg = f"{folder / SUMS} does not name {file}"
        raise DamagedWeightsError(msg)
    try:
        content = (folder / file).read_bytes()
    except OSError as missing:
        msg = f"cannot read {folder / file}, whose SHA-256 is {wanted}"
        raise DamagedWeightsError(msg) from missing
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != wanted:
        msg = (
            f"{folder / file} has changed: its SHA-256 is {sha256} and should be "
            f"{wanted}"
        )
        raise DamagedWeightsError(msg)
    return content
