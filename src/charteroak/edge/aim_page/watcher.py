"""Looks through a camera while it is aimed, and keeps what the page shows: the last look.

Nothing is stored, and nobody in the street can be known: the view is a mosaic of few
cells, and only plates are sharp, as in what the box would store. Who holds the face right
before the lens is shown in more cells than a passer-by, but never more than the view has.
"""

import io
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

import attrs
import cv2
import msgspec
import numpy as np
from PIL import Image as Pillow

from charteroak.core.errors import CharterOakError
from charteroak.edge.aim import Aim, aim_of, edge_width_px
from charteroak.edge.camera import Frame, Interruption, Source, UnreadablePictureError
from charteroak.edge.recognize import Image, Recognizer, Sighting
from charteroak.edge.redact import redacted

VIEW_CELLS: Final = 64
"""Cells across the view. Where it is 1.5 metres wide, as before the face of who stands
at the camera, a cell is the 24 millimetres of what a box stores; on a street far more."""

LOOK_EVERY_S: Final = 0.4
"""The engine is asked at most so often."""

MOST_PLATES: Final = 4
_MIDDLE: Final = 0.5
_SHARP_WIDTH_PX: Final = 640


class Plate(msgspec.Struct, frozen=True, kw_only=True):
    """One plate in view, as the page shows it.

    Attributes:
        box: left, top, width, height as shares of the frame, 0 to 1.
        reading: what the engine made of it.
    """

    box: tuple[float, float, float, float]
    reading: str
    confidence: float
    width_px: int
    edge_px: float
    contrast: float
    verdict: str
    advice: str


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The last look, as the page asks for it.

    Attributes:
        number: of the look, from 1; 0 before the first.
        age_s: since the look.
        size_px: of the frame.
        focus_px: how far edges smear in the middle of the view, pixels.
        bright: mean brightness, 0 to 1.
        blown: share of pixels that are at their brightest.
        trouble: why there is no picture now; empty where there is.
        plates: the largest first.
    """

    number: int
    age_s: float
    size_px: tuple[int, int]
    focus_px: float
    bright: float
    blown: float
    trouble: str
    plates: tuple[Plate, ...]


@attrs.frozen(kw_only=True, repr=False)
class _Look:
    number: int
    at: datetime
    view: View
    mosaic: bytes
    plates: tuple[bytes, ...]


_NOTHING: Final = View(
    number=0,
    age_s=0.0,
    size_px=(0, 0),
    focus_px=0.0,
    bright=0.0,
    blown=0.0,
    trouble="waiting for the first picture",
    plates=(),
)


@attrs.define(kw_only=True, eq=False, repr=False)
class Watcher:
    """Follows one camera; `view` and the pictures may be asked from any thread.

    Attributes:
        source: the camera; its `stop` ends the watching.
        engine: finds and reads plates.
        clock: the present moment.
    """

    source: Source
    engine: Recognizer
    clock: Callable[[], datetime]
    _last: _Look | None = attrs.field(default=None, init=False)
    _trouble: str = attrs.field(default="", init=False)
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    def follow(self) -> None:
        """Look until the source ends; why it ended too early is said on the page."""
        try:
            self._follow()
        except OSError as error:
            # A folder that is taken away, with its disk.
            why = error.strerror or "it cannot be read"
            self._set_trouble(f"the camera's pictures are gone: {why}")

    def _follow(self) -> None:
        looked_at: datetime | None = None
        for arrival in self.source.arrivals():
            match arrival:
                case Interruption(why=why):
                    self._set_trouble(why)
                case UnreadablePictureError():
                    self._set_trouble("a picture cannot be read")
                case Frame():
                    now = self.clock()
                    waited = (now - looked_at).total_seconds() if looked_at else None
                    # A clock that was set back must not stop the looking.
                    if waited is None or not 0 <= waited < LOOK_EVERY_S:
                        looked_at = now
                        self._try(arrival, now)

    def view(self) -> View:
        """What the page shows now."""
        with self._lock:
            last, trouble = self._last, self._trouble
        if last is None:
            return msgspec.structs.replace(
                _NOTHING, trouble=trouble or _NOTHING.trouble
            )
        age_s = max((self.clock() - last.at).total_seconds(), 0.0)
        return msgspec.structs.replace(
            last.view, age_s=round(age_s, 1), trouble=trouble
        )

    def mosaic(self) -> bytes | None:
        """The view as a coarse mosaic, JPEG; None before the first look."""
        with self._lock:
            return None if self._last is None else self._last.mosaic

    def plate(self, index: int) -> bytes | None:
        """One plate of the last look, sharp, JPEG; None where there is none."""
        with self._lock:
            plates = () if self._last is None else self._last.plates
        return plates[index] if 0 <= index < len(plates) else None

    def _set_trouble(self, why: str) -> None:
        with self._lock:
            self._trouble = why

    def _try(self, frame: Frame, now: datetime) -> None:
        """Look; what goes wrong is said on the page, and the next picture is tried."""
        try:
            self._look(frame, now)
        except CharterOakError as error:
            self._set_trouble(str(error))
        except Exception as error:  # noqa: BLE001 - engines fail with any kind
            self._set_trouble(f"the engine failed ({type(error).__name__})")

    def _look(self, frame: Frame, now: datetime) -> None:
        try:
            image = frame.image
        except UnreadablePictureError:
            self._set_trouble("a picture cannot be read")
            return
        found = sorted(self.engine.sightings(image), key=lambda one: -one.box[2])
        found = found[:MOST_PLATES]
        number = 1 if self._last is None else self._last.number + 1
        height, width = image.shape[:2]
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float32)
        look = _Look(
            number=number,
            at=now,
            view=View(
                number=number,
                age_s=0.0,
                size_px=(width, height),
                focus_px=round(edge_width_px(_middle(grey)), 2),
                bright=round(float(grey.mean()) / 255, 3),
                blown=round(float((grey >= 254).mean()), 3),  # noqa: PLR2004 - of 255
                trouble="",
                plates=tuple(
                    _shown(each, aim_of(image, each), width, height) for each in found
                ),
            ),
            mosaic=_mosaic(image),
            plates=tuple(redacted(image, each.box).plate_jpeg for each in found),
        )
        with self._lock:
            self._last, self._trouble = look, ""


def _shown(sighting: Sighting, aim: Aim, width: int, height: int) -> Plate:
    x, y, wide, high = sighting.box
    return Plate(
        box=(
            round(x / width, 4),
            round(y / height, 4),
            round(wide / width, 4),
            round(high / height, 4),
        ),
        reading=sighting.plate.glyphs,
        confidence=round(aim.confidence, 3),
        width_px=aim.width_px,
        edge_px=aim.edge_px,
        contrast=aim.contrast,
        verdict=aim.verdict.value,
        advice=aim.advice,
    )


def _middle(
    grey: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The middle of the view, where one aims."""
    height, width = grey.shape
    top, left = int(height * _MIDDLE / 2), int(width * _MIDDLE / 2)
    return grey[top : height - top, left : width - left]


def _mosaic(image: Image) -> bytes:
    """The view in `VIEW_CELLS` across, each cell its mean colour."""
    height, width = image.shape[:2]
    cells = min(VIEW_CELLS, width)
    size = cells, max(1, round(height * cells / width))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    scale = max(1, _SHARP_WIDTH_PX // cells)
    blocks = np.asarray(small).repeat(scale, axis=0).repeat(scale, axis=1)
    out = io.BytesIO()
    Pillow.fromarray(blocks).save(out, "JPEG", quality=80)
    return out.getvalue()
