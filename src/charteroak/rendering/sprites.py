"""What is kept between frames, ready to paste: cars, lamps, plates, shadows, glows."""

import zlib
from functools import lru_cache
from typing import Final

import attrs
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from charteroak.core.plate import PlateText
from charteroak.rendering.bodies import draw_rear
from charteroak.rendering.car import Body, Colour
from charteroak.rendering.light import AMBIENCE, Hour
from charteroak.rendering.paint import Point, tinted
from charteroak.rendering.plate import render_plate

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of the frame, from the upper left corner."""

PLATE_PX: Final = 400
"""Width that plates are kept at, pixels."""
_HALVE_BELOW: Final = 0.5


def clipped(edges: tuple[float, float, float, float], size: tuple[int, int]) -> Box:
    """Turn left, top, right, bottom into a box inside the picture."""
    left, top = max(round(edges[0]), 0), max(round(edges[1]), 0)
    right, bottom = min(round(edges[2]), size[0]), min(round(edges[3]), size[1])
    return left, top, max(right - left, 0), max(bottom - top, 0)


@attrs.frozen
class Sprite:
    """A picture at several sizes, so that far cars cost little.

    Attributes:
        levels: each half as large as the one before, colours premultiplied by alpha.
    """

    levels: tuple[Image.Image, ...]

    @classmethod
    def of(cls, picture: Image.Image) -> "Sprite":
        """Keep a picture at its size and at four smaller ones."""
        levels = [picture.convert("RGBa")]
        for _ in range(4):
            levels.append(levels[-1].reduce(2))
        return cls(tuple(levels))

    def paste_on(self, image: Image.Image, corner: Point, factor: float) -> None:
        """Paste it scaled, computing only the part that falls into the picture."""
        sprite = self.levels[0]
        left, top, width, height = clipped(
            (
                corner[0],
                corner[1],
                corner[0] + sprite.width * factor,
                corner[1] + sprite.height * factor,
            ),
            image.size,
        )
        if not width or not height:
            return
        for half in self.levels[1:]:
            if factor > _HALVE_BELOW:
                break
            sprite, factor = half, factor * 2
        window = (
            max((left - corner[0]) / factor, 0),
            max((top - corner[1]) / factor, 0),
            min((left + width - corner[0]) / factor, sprite.width),
            min((top + height - corner[1]) / factor, sprite.height),
        )
        small = sprite.resize((width, height), Image.Resampling.BILINEAR, box=window)
        part = small.convert("RGBA")
        image.paste(part, (left, top), part)


@attrs.frozen
class Look:
    """What is kept of a body in one paint at one hour."""

    base: Sprite
    size_m: tuple[float, float]
    px_per_m: float
    plate_height_m: float
    outline_m: tuple[float, float]


@lru_cache(maxsize=24)
def look_of(body: Body, colour: Colour, hour: Hour) -> Look:
    """The look of a car; the first call draws it, which takes a fifth of a second."""
    rear = draw_rear(body, colour)
    return Look(
        base=Sprite.of(tinted(rear.base, AMBIENCE[hour].light)),
        size_m=(rear.base.width / rear.px_per_m, rear.base.height / rear.px_per_m),
        px_per_m=rear.px_per_m,
        plate_height_m=rear.plate_height_m,
        outline_m=rear.outline_m,
    )


@lru_cache(maxsize=4)
def lamps_of(body: Body) -> Sprite:
    """The shine of a body's tail lights."""
    return Sprite.of(draw_rear(body, "grey").lamps)


@lru_cache(maxsize=64)
def hung_plate(plate: PlateText, state: str, seed: int) -> Image.Image:
    """A plate as it hangs on its car: worn, and nobody screws one on quite straight."""
    rng = np.random.default_rng([seed, zlib.crc32(plate.glyphs.encode())])
    flat = render_plate(plate, state=state, width_px=PLATE_PX, rng=rng)
    tilt = float(np.clip(rng.normal(0, 0.6), -1.5, 1.5))
    return flat.rotate(tilt, resample=Image.Resampling.BICUBIC, expand=True)


@lru_cache(maxsize=4)
def soft_shadow(hour: Hour) -> Image.Image:
    """The shadow under a car, as a mask."""
    strength = {"day": 205, "dusk": 180, "night": 190}[hour]
    shadow = Image.new("L", (256, 128))
    ImageDraw.Draw(shadow).rounded_rectangle((20, 8, 236, 112), 24, fill=strength)
    return shadow.filter(ImageFilter.GaussianBlur(9))


@lru_cache(maxsize=8)
def radial(percent: int) -> Image.Image:
    """A red glow that fades outwards."""
    y, x = np.mgrid[-1:1:128j, -1:1:128j]
    fall = np.clip(1 - np.hypot(x, y), 0, 1) ** 3 * percent / 100
    colour = np.array([150.0, 26.0, 18.0])
    return Image.fromarray(
        (fall[..., None] * colour).clip(0, 255).astype(np.uint8), "RGB"
    )


@lru_cache(maxsize=3)
def sensor_grain(
    noise: float, width_px: int, height_px: int, slack_px: int
) -> npt.NDArray[np.int16]:
    """A field of sensor noise, shared by the cameras of a town: 14 MB at 1080p.

    Args:
        noise: standard deviation, grey levels.
        width_px: of the picture.
        height_px: of the picture.
        slack_px: how much larger the field is than the picture, each way.
    """
    rng = np.random.default_rng(23)
    size = (height_px + slack_px, width_px + slack_px)
    grain = rng.normal(0, noise, (*size, 1))
    tint = rng.normal(0, noise * 0.4, (*size, 3))
    field = np.round(grain + tint).astype(np.int16)
    field.flags.writeable = False
    return field
