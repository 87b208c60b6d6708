"""What a plate says: a fixed-slot reader of fast-plate-ocr, with its configuration.

The network takes a batch of plates, each stretched to one size, and gives for each slot
a probability for each sign of the alphabet; the slots after the last character hold the
padding sign. A head for the country, where there is one, is not asked: it cannot tell
one state from another.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

import cv2
import msgspec
import numpy as np
import numpy.typing as npt
import yaml  # type: ignore[import-untyped]  # it ships no types

from charteroak.edge.onnx_file import UnusableWeightsError, open_session
from charteroak.edge.recognize import Image

Chances: TypeAlias = npt.NDArray[np.float64]
"""Slots x signs: probabilities; each row sums to 1."""

_PLAIN: Final = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DEEPEST: Final = 4
"""Of lists in a configuration; published ones have one."""
_MOST_AT_ONCE: Final = 24
"""Crops in one run: a street full of plates may not fill the memory."""
_WAYS: Final[Mapping[str, int]] = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
    "lanczos4": cv2.INTER_LANCZOS4,
}


class ReaderConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """What of a `*_plate_config.yaml` is used here.

    Attributes:
        pad_char: stands in the slots that no character fills.
        keep_aspect_ratio: refused where true; all published readers stretch.
    """

    max_plate_slots: int
    alphabet: str
    pad_char: str
    img_height: int
    img_width: int
    keep_aspect_ratio: bool = False
    interpolation: Literal["nearest", "linear", "cubic", "area", "lanczos4"] = "linear"
    image_color_mode: Literal["rgb", "grayscale"] = "grayscale"


class SlotReader:
    """Reads cut-out plates. One object serves any number of threads.

    Raises when made: `UnusableWeightsError`, where the network or its configuration is
    none, or the two do not fit each other.
    """

    def __init__(
        self,
        network: tuple[str, bytes],
        configuration: tuple[str, bytes],
        *,
        threads: int,
    ) -> None:
        self._config = config = _parsed(*configuration)
        file, content = network
        self._session = open_session(file, content, threads=threads)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        channels = 3 if config.image_color_mode == "rgb" else 1
        wanted = [config.img_height, config.img_width, channels]
        if (
            len(inputs) != 1
            or list(inputs[0].shape[1:]) != wanted
            or inputs[0].type != "tensor(uint8)"
        ):
            raise UnusableWeightsError(file, "its input is not as it is configured")
        slots = [config.max_plate_slots, len(config.alphabet)]
        heads = [each.name for each in outputs if list(each.shape[1:]) == slots]
        if len(heads) != 1:
            raise UnusableWeightsError(file, "its slots are not as they are configured")
        self._input, self._head = inputs[0].name, heads[0]
        self._pad = config.alphabet.index(config.pad_char)

    def read(self, crops: Sequence[Image]) -> list[Chances]:
        """Read plates, in order.

        Args:
            crops: each height x width x 3, RGB, uint8, of any size from 1 x 1.
        """
        read: list[Chances] = []
        for start in range(0, len(crops), _MOST_AT_ONCE):
            batch = [self._stretched(crop) for crop in crops[start:][:_MOST_AT_ONCE]]
            (chances,) = self._session.run([self._head], {self._input: np.stack(batch)})
            read.extend(np.clip(np.asarray(chances, np.float64), 0, 1))
        return read

    def spelled(self, chances: Chances) -> tuple[str, tuple[float, ...], float]:
        """The best text of a plate.

        Returns:
            The text, the probability of each of its characters, and of all slots
            together, the empty ones included: those say how long the text is.
        """
        best = chances.argmax(axis=1)
        sure = chances.max(axis=1)
        filled = [n for n, sign in enumerate(best) if sign != self._pad]
        text = "".join(self._config.alphabet[best[n]] for n in filled)
        return text, tuple(float(sure[n]) for n in filled), float(sure.prod())

    def _stretched(self, crop: Image) -> npt.NDArray[np.uint8]:
        config = self._config
        size = (config.img_width, config.img_height)
        scaled = cv2.resize(crop, size, interpolation=_WAYS[config.interpolation])
        if config.image_color_mode == "grayscale":
            scaled = cv2.cvtColor(scaled, cv2.COLOR_RGB2GRAY)[:, :, None]
        return np.asarray(scaled, np.uint8)


def _parsed(file: str, content: bytes) -> ReaderConfiguration:
    try:
        _refuse_a_bomb(file, content)
        config = msgspec.yaml.decode(content, type=ReaderConfiguration)
    except (msgspec.MsgspecError, yaml.YAMLError, ValueError) as broken:
        raise UnusableWeightsError(file, "it is no configuration") from broken
    plain = set(config.alphabet) - {config.pad_char}
    if len(config.pad_char) != 1 or config.pad_char not in config.alphabet:
        raise UnusableWeightsError(file, "its padding is no sign of its alphabet")
    if not plain <= _PLAIN or len(config.alphabet) != len(plain) + 1:
        raise UnusableWeightsError(file, "its alphabet is not A to Z and 0 to 9")
    if config.keep_aspect_ratio:
        raise UnusableWeightsError(file, "readers that keep proportions do not work")
    return config


def _refuse_a_bomb(file: str, content: bytes) -> None:
    """Before a tree is built of it: deep ones crash the parser, aliases multiply."""
    depth = 0
    for event in yaml.parse(content, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST or isinstance(event, yaml.AliasEvent):
            raise UnusableWeightsError(file, "it is no configuration")
