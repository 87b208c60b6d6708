"""Licence plates of ten states, drawn by us: colours recall, no artwork is copied."""

from typing import Final, Literal

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from charteroak.core.errors import CharterOakError
from charteroak.core.plate import PlateText
from charteroak.rendering import glyphs

Rgb = tuple[int, int, int]
Motif = Literal["none", "bands", "fade", "grove", "hills", "orange", "waves"]
Paint = NDArray[np.float32]
"""Shape (height, width, 3), 0 to 255."""

ASPECT: Final = 2.0
"""US plates are 12 by 6 inches."""
_FITTING_STEPS: Final = 24


class UnknownStateError(CharterOakError):
    """No plate is designed for this state."""

    code = "charteroak.rendering.unknown-state"
    hint = "Use one of the states in charteroak.rendering.plate.STATES."


@attrs.frozen
class Design:
    """What makes a state's plate look like itself.

    Attributes:
        name: state name along the top.
        slogan: small line along the bottom, may be empty.
        high: colour at the top edge.
        low: colour at the bottom edge.
        ink: colour of the serial.
        trim: colour of name and slogan.
        accent: colour of the motif.
        motif: what is drawn behind the serial.
        groups: lengths of the serial's groups; set apart when they add up.
        dot: whether a middle dot stands between the first two groups.
    """

    name: str
    slogan: str
    high: Rgb
    low: Rgb
    ink: Rgb
    trim: Rgb
    accent: Rgb
    motif: Motif
    groups: tuple[int, ...]
    dot: bool = False


_WHITE: Final = (244, 245, 242)
_NAVY: Final = (22, 38, 92)

DESIGNS: Final[dict[str, Design]] = {
    "CT": Design(
        "CONNECTICUT", "CONSTITUTION STATE", (116, 168, 222), _WHITE,
        (18, 32, 82), (18, 32, 82), (150, 190, 232), "fade", (2, 5), dot=True,
    ),
    "FL": Design(
        "FLORIDA", "SUNSHINE STATE", _WHITE, (238, 244, 236),
        (14, 92, 58), (14, 92, 58), (246, 172, 96), "orange", (3, 3),
    ),
    "MA": Design(
        "MASSACHUSETTS", "THE SPIRIT OF AMERICA", _WHITE, _WHITE,
        (176, 24, 42), (28, 58, 132), _WHITE, "none", (4, 2),
    ),
    "ME": Design(
        "MAINE", "VACATIONLAND", (247, 243, 230), (240, 236, 220),
        (24, 44, 88), (24, 44, 88), (118, 152, 128), "grove", (4, 2),
    ),
    "NH": Design(
        "NEW HAMPSHIRE", "LIVE FREE OR DIE", (222, 238, 244), _WHITE,
        (20, 78, 56), (20, 78, 56), (172, 206, 190), "hills", (3, 4),
    ),
    "NJ": Design(
        "NEW JERSEY", "GARDEN STATE", (244, 200, 74), (252, 244, 208),
        (26, 24, 22), (26, 24, 22), (252, 244, 208), "fade", (3, 3),
    ),
    "NY": Design(
        "NEW YORK", "EXCELSIOR", _WHITE, _WHITE,
        _NAVY, _NAVY, (226, 178, 60), "bands", (3, 4),
    ),
    "PA": Design(
        "PENNSYLVANIA", "", (38, 82, 158), (246, 208, 82),
        (20, 44, 104), _WHITE, _WHITE, "bands", (3, 4),
    ),
    "RI": Design(
        "RHODE ISLAND", "OCEAN STATE", _WHITE, (226, 238, 248),
        (20, 34, 66), (28, 70, 140), (142, 188, 226), "waves", (2, 3),
    ),
    "VT": Design(
        "VERMONT", "GREEN MOUNTAIN STATE", (20, 98, 64), (16, 84, 54),
        (242, 246, 240), (242, 246, 240), (36, 120, 82), "hills", (3, 3),
    ),
}  # fmt: skip
STATES: Final = tuple(DESIGNS)


def _set_serial(serial: str, design: Design) -> str:
    if len(serial) != sum(design.groups):
        return serial
    parts, start = [], 0
    for length in design.groups:
        parts.append(serial[start : start + length])
        start += length
    return ("·" if design.dot else " ").join(parts)


def _blend(paint: Paint, share: glyphs.Field, colour: Rgb, strength: float = 1) -> None:
    weight = (share * strength)[..., None]
    paint += weight * (np.asarray(colour, np.float32) - paint)


def _background(design: Design, width: int, height: int) -> Paint:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / width, y / height
    blend = np.clip(y * (2.2 if design.motif == "fade" else 1.0), 0, 1)[..., None]
    high, low = np.asarray(design.high, np.float32), np.asarray(design.low, np.float32)
    paint: Paint = (high + (low - high) * blend).astype(np.float32)
    _motif(paint, design, x, y)
    return paint


def _below(y: glyphs.Field, line: glyphs.Field | float) -> glyphs.Field:
    """Share of each pixel that lies below a line; both as shares of the height."""
    soft: glyphs.Field = np.clip((y - line) * len(y) + 0.5, 0, 1).astype(np.float32)
    return soft


def _motif(paint: Paint, design: Design, x: glyphs.Field, y: glyphs.Field) -> None:
    match design.motif:
        case "bands" if design.name == "PENNSYLVANIA":
            paint[:] = design.low
            _blend(paint, 1 - _below(y, 0.82), _WHITE)
            _blend(paint, 1 - _below(y, 0.22), design.high)
        case "bands":
            _blend(paint, _below(y, 0.865), design.accent)
            _blend(paint, _below(y, 0.225) - _below(y, 0.245), design.accent)
        case "hills":
            ridge = 0.5 - 0.10 * np.sin(6.5 * x + 0.4) - 0.05 * np.sin(15 * x)
            _blend(paint, _below(y, ridge), design.accent, 0.45)
            ridge = 0.66 - 0.06 * np.sin(9 * x + 2.0) - 0.03 * np.sin(21 * x + 1)
            _blend(paint, _below(y, ridge), design.accent, 0.5)
        case "waves":
            for step in range(3):
                line = 0.66 + 0.09 * step + 0.03 * np.sin(7.5 * x + 1.4 * step)
                _blend(paint, _below(y, line), design.accent, 0.28)
        case "orange":
            distance = np.hypot((x - 0.5) * 2, y - 0.52) - np.float32(0.17)
            _blend(paint, glyphs.coverage(distance * len(y)), design.accent, 0.55)
        case "grove":
            for at, tall in ((0.07, 0.5), (0.12, 0.36), (0.89, 0.4), (0.94, 0.55)):
                cone = 0.82 - tall + np.abs(x - at) * tall * 22
                tree = _below(y, cone) * (1 - _below(y, 0.84))
                _blend(paint, tree.astype(np.float32), design.accent, 0.4)
        case "fade" | "none":
            pass


def _emboss(
    paint: Paint, field: glyphs.Field, *, depth: float, bevel_px: float
) -> None:
    """Light a pressed shape from the upper left."""
    rise = np.clip(0.5 - field / bevel_px, 0, 1)
    slope_y, slope_x = np.gradient(rise * bevel_px)
    light = np.clip(slope_x * 0.5 + slope_y * 0.9, -1, 1).astype(np.float32)
    paint += (light * depth)[..., None]


def _rounded(width: int, height: int, inset: float, radius: float) -> glyphs.Field:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) + np.float32(0.5)
    qx = np.abs(x - width / 2) - (width / 2 - inset - radius)
    qy = np.abs(y - height / 2) - (height / 2 - inset - radius)
    outside = np.hypot(np.maximum(qx, 0), np.maximum(qy, 0))
    field: glyphs.Field = (outside + np.minimum(np.maximum(qx, qy), 0) - radius).astype(
        np.float32
    )
    return field


def _bolts(paint: Paint, unit: float) -> None:
    height, width, _ = paint.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    for cx in (0.145, 0.855):
        for cy in (0.085, 0.915):
            distance = np.hypot(x - cx * width, y - cy * height).astype(np.float32)
            shade = np.clip((0.022 * unit - distance) + 0.5, 0, 1)
            _blend(paint, shade.astype(np.float32), (122, 126, 130))
            head = distance - np.float32(0.016 * unit)
            _blend(paint, glyphs.coverage(head), (188, 192, 195))
            _emboss(paint, head, depth=40, bevel_px=0.012 * unit)


def _fitted(text: str, lettering: glyphs.Lettering, room_px: float) -> glyphs.Lettering:
    """Condense a line until it fits; space gives way before the letters do."""
    # Strokes keep their weight, so one step falls short and several are needed.
    for _ in range(_FITTING_STEPS):
        squeeze = room_px / max(glyphs.text_width_px(text, lettering), 1.0)
        if squeeze >= 1:
            break
        lettering = attrs.evolve(
            lettering,
            stretch=lettering.stretch * squeeze,
            tracking=lettering.tracking * squeeze**2,
            space=lettering.space * squeeze**2,
        )
    return lettering


def _letter(  # noqa: PLR0913 - a line of text is this many things
    paint: Paint,
    text: str,
    *,
    lettering: glyphs.Lettering,
    row: float,
    ink: Rgb,
    room: float,
) -> glyphs.Field:
    """Set one line centred at `row` (share of the height) within `room` (of the width)."""
    height, width, _ = paint.shape
    lettering = _fitted(text, lettering, room * width)
    field = glyphs.draw_line(
        text, lettering, canvas=(width, height), centre=(width / 2, height * row)
    )
    _blend(paint, glyphs.coverage(field), ink)
    return field


def render_plate(
    text: PlateText | str,
    *,
    state: str = "CT",
    width_px: int = 600,
    rng: np.random.Generator | None = None,
) -> Image.Image:
    """Draw a plate, flat and straight on.

    Args:
        text: the serial; a string is parsed as `PlateText.parse` does.
        state: one of STATES.
        width_px: width of the picture; its height is half of that.
        rng: source of wear (dust, a little unevenness); None draws a new plate.

    Returns:
        An RGBA picture whose rounded corners are transparent.

    Raises:
        UnknownStateError: there is no design for `state`.
        UnreadablePlateError: `text` is no plate.
    """
    if state not in DESIGNS:
        raise UnknownStateError("no plate is designed for this state")
    serial = text if isinstance(text, PlateText) else PlateText.parse(text)
    design, width, height = DESIGNS[state], width_px, round(width_px / ASPECT)
    paint = _background(design, width, height)
    small = glyphs.Lettering(height * 0.115, 0.17, 1.25, 0.17, 0.42)
    _letter(paint, design.name, lettering=small, row=0.125, ink=design.trim, room=0.62)
    if design.slogan:
        tiny = glyphs.Lettering(height * 0.068, 0.17, 1.3, 0.2, 0.5)
        trim = design.trim
        _letter(paint, design.slogan, lettering=tiny, row=0.925, ink=trim, room=0.6)
    large = glyphs.Lettering(height * 0.53, 0.135, 1.0, 0.105, 0.13)
    line = _set_serial(serial.glyphs, design)
    raised = _letter(paint, line, lettering=large, row=0.54, ink=design.ink, room=0.9)
    _emboss(paint, raised, depth=46, bevel_px=height * 0.03)
    rim = _rounded(width, height, height * 0.022, height * 0.07)
    edge: glyphs.Field = (np.abs(rim) - height * 0.008).astype(np.float32)
    _emboss(paint, edge, depth=34, bevel_px=height * 0.02)
    _bolts(paint, height)
    if rng is not None:
        _wear(paint, rng)
    alpha = glyphs.coverage(_rounded(width, height, 0, height * 0.075)) * 255
    layers = np.dstack([np.clip(paint, 0, 255), alpha])
    return Image.fromarray(np.round(layers).astype(np.uint8), "RGBA")


def _wear(paint: Paint, rng: np.random.Generator) -> None:
    """Dust that gathers low, and a faint fall of light across the sheet."""
    height, width, _ = paint.shape
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    dust = rng.uniform(0, 0.16) * y**2 + np.zeros_like(x)
    _blend(paint, dust.astype(np.float32), (128, 120, 108))
    tilt = 1 + rng.uniform(-0.05, 0.05) * (x - 0.5) + rng.uniform(-0.05, 0.02) * y
    paint *= tilt[..., None]
    paint += rng.normal(0, 2.0, (height, width, 1)).astype(np.float32)
