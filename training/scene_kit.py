"""What scenes are put together from: photographs, faces of plates, words, textures."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, get_args

import attrs
import cv2
import numpy as np
from numpy.typing import NDArray

from charteroak.rendering.bodies import draw_rear
from charteroak.rendering.car import Body, Colour
from training.canvas import Picture
from training.stamps import Mask, Stamp, draw_stamps
from training.street_photos import Photographs

FACE_SHAPE: Final = (192, 384, 3)
FaceMaker = Callable[[np.random.Generator], Picture]
"""Draws one flat plate: uint8, FACE_SHAPE."""

_FIELD_PX: Final = 256
_SPRITE_PX_PER_M: Final = 240
_PLATE_M: Final = 0.305


@attrs.frozen(kw_only=True, eq=False)
class Sprite:
    """A drawn rear of a vehicle, without its plate.

    Attributes:
        paint: RGB.
        cover: uint8, shape (height, width).
        unit_px: pixels in the width of a plate.
        origin: top left of the place for the plate, in pixels.
    """

    paint: Picture
    cover: Mask
    unit_px: float
    origin: tuple[float, float]


@attrs.frozen(kw_only=True, eq=False)
class Kit:
    """Everything a scene is put together from.

    Attributes:
        photographs: of streets.
        allowed: indices of the photographs that may be used.
        faces: flat plates, uint8, shape (n, 192, 384, 3), RGB.
        stamps: words, by kind.
        fields: soft random textures around 128, uint8, shape (n, 256, 256).
        grain: noise of deviation 32, int8, shape (n, 512, 512, 3).
        sprites: drawn vehicles.
    """

    photographs: Photographs
    allowed: NDArray[np.intp]
    faces: NDArray[np.uint8]
    stamps: dict[str, list[Stamp]]
    fields: NDArray[np.uint8]
    grain: NDArray[np.int8]
    sprites: tuple[Sprite, ...]

    def field(
        self, rng: np.random.Generator, shape: tuple[int, int], depth: float
    ) -> Mask:
        """Give a soft texture around 128 of a shape; depth 1 is its full contrast."""
        field = self.fields[int(rng.integers(len(self.fields)))]
        part = int(rng.integers(48, _FIELD_PX + 1))
        x, y = rng.integers(0, _FIELD_PX - part + 1, 2)
        field = field[y : y + part, x : x + part]
        grown = cv2.resize(field, shape[::-1], interpolation=cv2.INTER_LINEAR)
        return np.asarray(
            cv2.convertScaleAbs(grown, alpha=depth, beta=128 * (1 - depth)), np.uint8
        )

    def face(self, rng: np.random.Generator) -> Picture:
        """Take a plate from the stock."""
        return np.asarray(self.faces[int(rng.integers(len(self.faces)))], np.uint8)

    def stamp(self, rng: np.random.Generator, *kinds: str) -> Mask:
        """Take words of one of these kinds."""
        stock = self.stamps[kinds[int(rng.integers(len(kinds)))]]
        return stock[int(rng.integers(len(stock)))].mask


def make_kit(
    photographs: Photographs,
    faces: NDArray[np.uint8],
    *,
    held_out: bool,
    seed: int = 5,
    colours: Sequence[Colour] = get_args(Colour),
) -> Kit:
    """Put a kit together; training and validation share neither photographs nor faces.

    Args:
        photographs: of streets.
        faces: the whole stock of plates; the last tenth is for validation.
        held_out: whether the kit is for validation.
        seed: of the words and textures.
        colours: of the drawn vehicles.
    """
    rng = np.random.default_rng([seed, int(held_out)])
    cut = len(faces) - len(faces) // 10
    return Kit(
        photographs=photographs,
        allowed=photographs.held_out if held_out else photographs.training,
        faces=faces[cut:] if held_out else faces[:cut],
        stamps=draw_stamps(rng),
        fields=_draw_fields(rng),
        grain=_draw_grain(rng),
        sprites=_draw_sprites(colours),
    )


def load_faces(
    cache: Path, maker: FaceMaker, *, count: int, seed: int, stock: str = "faces"
) -> NDArray[np.uint8]:
    """Open the stock of plates; draw it where there is none.

    Args:
        cache: folder of the stock, outside the repository.
        maker: draws one plate.
        count: how many to draw.
        seed: of the stock.
        stock: name of the stock's file.
    """
    stored = cache / f"{stock}-{count}-{seed}.npy"
    if not stored.exists():
        stored.parent.mkdir(parents=True, exist_ok=True)
        partial = stored.with_suffix(".partial.npy")
        shape = (count, *FACE_SHAPE)
        faces = np.lib.format.open_memmap(partial, "w+", np.uint8, shape)
        for place in range(count):
            faces[place] = maker(np.random.default_rng([seed, place]))
        faces.flush()
        partial.replace(stored)
    loaded: NDArray[np.uint8] = np.load(stored, mmap_mode="r")
    return loaded


def _draw_fields(rng: np.random.Generator) -> NDArray[np.uint8]:
    fields = np.empty((24, _FIELD_PX, _FIELD_PX), np.uint8)
    for field in fields:
        total = np.zeros((_FIELD_PX, _FIELD_PX), np.float32)
        for cells in (2, 5, 11, 40):
            size = (int(cells * rng.uniform(0.6, 2)) + 1, cells + 1)
            coarse = rng.normal(0, 1, size).astype(np.float32)
            total += cv2.resize(
                coarse, (_FIELD_PX, _FIELD_PX), interpolation=cv2.INTER_CUBIC
            ) * rng.uniform(0.1, 1)
        total /= max(float(total.std()), 1e-3)
        field[:] = np.clip(128 + 45 * total, 0, 255)
    return fields


def _draw_grain(rng: np.random.Generator) -> NDArray[np.int8]:
    grain = np.empty((4, 512, 512, 3), np.int8)
    for place, sheet in enumerate(grain):
        noise = rng.normal(0, 32, sheet.shape).astype(np.float32)
        if place % 2:  # noise that a camera has smoothed or smeared
            noise = cv2.GaussianBlur(noise, (0, 0), 0.9) * 3.0
        if place >= len(grain) // 2:  # grey noise
            noise[:] = noise[..., :1]
        sheet[:] = np.clip(noise, -127, 127)
    return grain


def _draw_sprites(colours: Sequence[Colour]) -> tuple[Sprite, ...]:
    sprites = []
    unit = _PLATE_M * _SPRITE_PX_PER_M
    for body in get_args(Body):
        for colour in colours:
            rear = draw_rear(body, colour, px_per_m=_SPRITE_PX_PER_M)
            whole = np.asarray(rear.base.convert("RGBA"), np.uint8)
            middle = whole.shape[0] - rear.plate_height_m * rear.px_per_m
            sprites.append(
                Sprite(
                    paint=np.ascontiguousarray(whole[..., :3]),
                    cover=np.ascontiguousarray(whole[..., 3]),
                    unit_px=unit,
                    origin=(whole.shape[1] / 2 - unit / 2, middle - unit / 4),
                )
            )
    return tuple(sprites)
