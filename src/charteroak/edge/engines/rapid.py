"""The engine `rapidocr`: plates through a general text reader, with no network.

The wheel of RapidOCR (Apache-2.0) brings the weights of PP-OCRv6 small: a text detector
and a text reader. Only the weights are used; the steps around them are ours, because a
plate is not a page: the frame is searched once, each line of text that could be a plate
is cut out level in three ways, and among texts that a plate can carry the one wins that
is most probable over the three.
"""

import hashlib
import importlib.util
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs
import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime as ort  # type: ignore[import-untyped]  # it ships no types
from typing_extensions import override

from charteroak.core.errors import CharterOakError
from charteroak.core.plate import PlateText
from charteroak.edge.engines.ctc import GLYPHS, Columns, best_text, glyph_chances
from charteroak.edge.engines.lookalikes import is_date, is_other_text, may_be_clock
from charteroak.edge.engines.text_boxes import TextBox, crop_line, joined, text_boxes
from charteroak.edge.recognize import Box, EngineOptions, Image, Sighting, checked

NAME: Final = "rapidocr"

BEST_SIDE_PX: Final = 1280
"""Longer side for the search that scored best on 114 photos."""

_LARGEST_GAIN: Final = 2.0
"""Small pictures are enlarged at most so much; more only makes blur."""
_GRAMMAR: Final = re.compile(r"(?=.*\d)[A-Z0-9]{4,8}")
_STEEPEST_DEG: Final = 40.0
_NARROWEST, _WIDEST = 1.4, 12.0
"""Width by height of a core; a core is thinner than the characters it marks."""
_MOST_LINES: Final = 40
"""A frame full of text may not stall the camera: only the largest lines are read."""
_VIEWS: Final = ((0.6, 0.25), (0.3, 0.15), (0.8, 0.35))
"""Margins (along, across) of the three cuts, in heights of the core."""
_LINE_PX: Final = 48
_LEAST_COLUMNS: Final = 320
"""The shape that the reader was trained on."""
_BATCH: Final = 8
_BLUR: Final = 1.2
"""Gaussian sigma in pixels of the cut: evens out compression and sensor noise."""
_FAINTEST: Final = 0.02
"""Texts less probable than this are taken for no plate."""
_SURE: Final = 0.98
"""A first cut that is read so surely is not cut again: two thirds of the reading."""
_SHORT: Final = 4
_FAINTEST_SHORT: Final = 0.5
"""The same for texts of four characters: most are badges of car models."""


class MissingWeightsError(CharterOakError):
    """The weights of an engine are not where they should be."""

    code = "charteroak.engine.missing-weights"
    hint = "Reinstall the package rapidocr, or name the folder with --models."

    def __init__(self, file: Path) -> None:
        super().__init__(f"cannot read the weights {file}")


class WrongWeightsError(CharterOakError):
    """The weights are not those this engine was measured with."""

    code = "charteroak.engine.wrong-weights"
    hint = "Install the version of rapidocr that the lock file names."

    def __init__(self, file: Path) -> None:
        super().__init__(f"another version of the weights: {file}")


@attrs.frozen
class _Weights:
    file: str
    sha256: str


_DETECTOR: Final = _Weights(
    "PP-OCRv6_det_small.onnx",
    "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
)
_READER: Final = _Weights(
    "PP-OCRv6_rec_small.onnx",
    "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
)


@attrs.frozen(repr=False)
class _Reading:
    """One line as read from one cut: in the full alphabet, and as plate characters."""

    text: str
    columns: Columns


@attrs.frozen(repr=False)
class _Candidate:
    box: TextBox
    text: str
    chance: float
    views: tuple[Columns, ...]


class RapidEngine:
    """Reads plates with the weights of RapidOCR; see `Recognizer` for the promises.

    Does not name the state. Raises when made: `MissingWeightsError`,
    `WrongWeightsError`.
    """

    def __init__(self, options: EngineOptions) -> None:
        folder = options.models or _bundled()
        self._side_px = options.longest_side_px or BEST_SIDE_PX
        self._detector = _session(folder, _DETECTOR, threads=options.threads)
        self._reader = _session(folder, _READER, threads=options.threads)
        known = self._reader.get_modelmeta().custom_metadata_map["character"]
        # Zero is the blank of CTC; the space comes last and is not listed.
        self._alphabet = ["", *known.splitlines(), " "]
        place = {glyph: n for n, glyph in enumerate(self._alphabet)}
        self._upper = [place[glyph] for glyph in GLYPHS]
        self._lower = [place[glyph.lower()] for glyph in GLYPHS]

    @property
    def name(self) -> str:
        """`rapidocr`."""
        return NAME

    def sightings(self, image: Image) -> list[Sighting]:
        """Find and read the plates in a picture, most confident first."""
        lines = _likely_lines(self._lines(checked(image)))
        readings = self._read(image, lines, margins=_VIEWS[0])
        candidates = []
        for box, reading in _without_other_text(lines, readings):
            found = best_text([reading.columns], grammar=_GRAMMAR)
            if found is not None and found[1] > _FAINTEST / 2:
                candidates.append(_Candidate(box, *found, (reading.columns,)))
        kept = _without_overlaps(self._looked_at_again(image, candidates))
        return sorted(
            (self._sighting(image, each) for each in kept),
            key=lambda each: -each.confidence,
        )

    def _lines(self, image: Image) -> list[TextBox]:
        height, width = image.shape[:2]
        scale = min(self._side_px / max(height, width), _LARGEST_GAIN)
        # The detector halves the picture five times.
        columns, rows = (max(32, round(n * scale / 32) * 32) for n in (width, height))
        way = cv2.INTER_LINEAR if scale >= 1 else cv2.INTER_AREA
        scaled = np.asarray(
            cv2.resize(image, (columns, rows), interpolation=way), np.uint8
        )
        (chances,) = self._detector.run(None, {"x": _as_input([scaled], columns)})
        return text_boxes(
            np.asarray(chances, np.float32)[0, 0],
            scale_x=width / columns,
            scale_y=height / rows,
        )

    def _read(
        self, image: Image, lines: Sequence[TextBox], *, margins: tuple[float, float]
    ) -> list[_Reading]:
        """Read each line, in order."""
        cuts = [_cut(image, line, margins) for line in lines]
        order = sorted(range(len(cuts)), key=lambda n: cuts[n].shape[1])
        readings: dict[int, _Reading] = {}
        # Alike widths share a batch, so that little of it is padding.
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            columns = max(_LEAST_COLUMNS, *(cuts[n].shape[1] for n in batch))
            tensor = _as_input([cuts[n] for n in batch], columns)
            (chances,) = self._reader.run(None, {"x": tensor})
            for n, chance in zip(batch, np.asarray(chances), strict=True):
                readings[n] = self._reading(chance)
        return [readings[n] for n in range(len(cuts))]

    def _reading(self, chances: npt.NDArray[np.float32]) -> _Reading:
        """Of 18,710 characters keep 36; what is no plate character counts as blank."""
        best = chances.argmax(axis=1)
        new = np.flatnonzero((best != 0) & (np.diff(best, prepend=0) != 0))
        text = "".join(self._alphabet[best[n]] for n in new)
        glyphs = chances[:, self._upper].astype(np.float64)
        # Case is a matter of the typeface; digits have no case and count once.
        letters = slice(10, None)
        glyphs[:, letters] += chances[:, self._lower[letters]]
        glyphs = np.clip(glyphs, 1e-9, 1)
        blank = np.clip(1 - glyphs.sum(axis=1, keepdims=True), 1e-9, 1)
        return _Reading(text, np.hstack([blank, glyphs]))

    def _looked_at_again(
        self, image: Image, candidates: Sequence[_Candidate]
    ) -> Iterator[_Candidate]:
        sure = [each for each in candidates if each.chance >= _SURE]
        yield from sure
        unsure = [each for each in candidates if each.chance < _SURE]
        boxes = [each.box for each in unsure]
        more = [self._read(image, boxes, margins=margins) for margins in _VIEWS[1:]]
        for candidate, *others in zip(unsure, *more, strict=True):
            views = (*candidate.views, *(each.columns for each in others))
            found = best_text(views, grammar=_GRAMMAR)
            if found and found[1] > _floor(found[0]):
                yield _Candidate(candidate.box, found[0], found[1], views)

    def _sighting(self, image: Image, candidate: _Candidate) -> Sighting:
        return Sighting(
            plate=PlateText(candidate.text),
            confidence=calibrated(candidate.chance),
            characters=glyph_chances(candidate.views, candidate.text),
            box=plate_box(candidate.box, image),
            engine=NAME,
        )

    @override
    def __repr__(self) -> str:
        """Name and search size."""
        return f"RapidEngine(longest_side_px={self._side_px})"


def calibrated(chance: float) -> float:
    """The probability that the whole plate is right, from the reader's own.

    A logistic curve over the log odds, two constants, fitted on all 121 reads in 114
    photos of cars in the United States (openalpr/benchmarks `endtoend/us`, first
    half), false reads among them. Expected calibration error there, each read left
    out in turn: 0.026; on a third of 383 close-ups not used for the fit: 0.058.

    >>> [round(calibrated(chance), 2) for chance in (0.0, 0.1, 0.5, 1.0)]
    [0.02, 0.41, 0.78, 1.0]
    """
    clear = min(max(chance, 1e-3), 1 - 1e-3)
    odds = math.log(clear / (1 - clear))
    return 1 / (1 + math.exp(-(1.251 + 0.740 * odds)))


def plate_box(line: TextBox, image: Image) -> Box:
    """The upright box of the plate around a line of characters."""
    slant = math.radians(abs(line.slant_deg))
    width, height = line.width + 1.2 * line.height, line.height * 2.5
    wide = width * math.cos(slant) + height * math.sin(slant)
    high = height * math.cos(slant) + width * math.sin(slant)
    rows, columns = image.shape[:2]
    left = min(max(round(line.x - wide / 2), 0), columns - 1)
    top = min(max(round(line.y - high / 2), 0), rows - 1)
    right = min(max(round(line.x + wide / 2), left + 1), columns)
    bottom = min(max(round(line.y + high / 2), top + 1), rows)
    return left, top, right - left, bottom - top


def _bundled() -> Path:
    # find_spec does not run the package, whose import takes a second.
    spec = importlib.util.find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise MissingWeightsError(Path("rapidocr"))
    return Path(spec.origin).parent / "models"


def _session(folder: Path, weights: _Weights, *, threads: int) -> ort.InferenceSession:
    try:
        content = (folder / weights.file).read_bytes()
    except OSError as missing:
        raise MissingWeightsError(folder / weights.file) from missing
    if hashlib.sha256(content).hexdigest() != weights.sha256:
        raise WrongWeightsError(folder / weights.file)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # The arena keeps the peak of the largest frame for ever.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _as_input(
    pictures: Sequence[npt.NDArray[np.uint8]], columns: int
) -> npt.NDArray[np.float32]:
    """Pictures of one height as the networks take them: BGR, -1 to 1, padded right."""
    rows = pictures[0].shape[0]
    tensor = np.zeros((len(pictures), 3, rows, columns), np.float32)
    for number, picture in enumerate(pictures):
        planes = picture[:, :, ::-1].transpose(2, 0, 1)
        tensor[number, :, :, : picture.shape[1]] = planes / np.float32(127.5) - 1
    return tensor


def _cut(
    image: Image, line: TextBox, margins: tuple[float, float]
) -> npt.NDArray[np.uint8]:
    cut = crop_line(
        image, line, margin_x=margins[0], margin_y=margins[1], height_px=_LINE_PX
    )
    return np.asarray(cv2.GaussianBlur(cut, (0, 0), _BLUR), np.uint8)


def _likely_lines(lines: Sequence[TextBox]) -> list[TextBox]:
    """The lines, and pairs of lines, whose shape a plate can have; largest first."""
    level = [line for line in lines if abs(line.slant_deg) <= _STEEPEST_DEG]
    level = sorted(level, key=lambda line: -line.width * line.height)[:_MOST_LINES]
    return [
        line
        for line in (*level, *joined(level))
        if _NARROWEST <= line.width / line.height <= _WIDEST
    ]


def _floor(text: str) -> float:
    return _FAINTEST_SHORT if len(text) <= _SHORT else _FAINTEST


def _without_other_text(
    lines: Sequence[TextBox], readings: Sequence[_Reading]
) -> Iterator[tuple[TextBox, _Reading]]:
    """Lines that may be plates; a clock is known by the date it stands beside."""
    dates = [
        line
        for line, reading in zip(lines, readings, strict=True)
        if is_date(reading.text)
    ]
    for line, reading in zip(lines, readings, strict=True):
        beside = any(_beside(line, date) for date in dates)
        if beside and may_be_clock(reading.text):
            continue
        if not is_other_text(reading.text):
            yield line, reading


def _beside(one: TextBox, other: TextBox) -> bool:
    height = max(one.height, other.height)
    return (
        abs(one.y - other.y) < 3 * height
        and abs(one.x - other.x) < (one.width + other.width) / 2 + 2 * height
    )


def _without_overlaps(candidates: Iterable[_Candidate]) -> list[_Candidate]:
    """Of candidates that cover each other the best; a line beats its own half."""

    def worth(each: _Candidate) -> float:
        # Half a plate reads well too: each further character is evidence.
        return math.log(each.chance) + 0.7 * len(each.text)

    kept: list[_Candidate] = []
    for each in sorted(candidates, key=worth, reverse=True):
        if not any(_covers(each.box, other.box) for other in kept):
            kept.append(each)
    boxes = [each.box for each in kept]
    return [each for each in kept if not any(_on_plate(each.box, of) for of in boxes)]


def _on_plate(small: TextBox, large: TextBox) -> bool:
    """Whether a line is a sticker or a county on the plate of a taller line."""
    offset = small.centre - large.centre
    return (
        small.height < 0.7 * large.height
        and abs(float(offset @ large.along)) < 0.6 * large.width
        and abs(float(offset @ large.across)) < 2.5 * large.height
    )


def _covers(one: TextBox, other: TextBox) -> bool:
    offset = other.centre - one.centre
    apart_x = abs(float(offset @ one.along)) - (one.width + other.width) / 2
    apart_y = abs(float(offset @ one.across)) - (one.height + other.height) / 2
    return apart_x < 0 and apart_y < 0
