"""A street with cars driving away from the camera, and the truth about each plate."""

from collections.abc import Sequence
from typing import Final

import attrs
import numpy as np
from PIL import Image, ImageDraw

from charteroak.core.plate import PlateText
from charteroak.rendering.camera import Camera
from charteroak.rendering.car import (
    HULLS,
    LAMPS_M,
    PLATE_WIDTH_M,
    Vehicle,
)
from charteroak.rendering.light import AMBIENCE, Hour
from charteroak.rendering.paint import Point, add_light, hull, tinted
from charteroak.rendering.scenery import draw_background
from charteroak.rendering.sprites import (
    PLATE_PX,
    Box,
    clipped,
    hung_plate,
    lamps_of,
    look_of,
    radial,
    sensor_grain,
    soft_shadow,
)

LANES_M: Final = (-1.45, 1.45)
"""Middles of the two lanes, metres right of the road's middle; both drive away."""
NEAREST_M: Final = 4.5
"""A car nearer than this is behind the camera."""
FARTHEST_M: Final = 300.0
LEGIBLE_PX: Final = 60
"""Plates narrower than this are drawn, but are not in the truth: nobody reads them."""

_SLACK: Final = 64
_GLOW_FROM_PX: Final = 6
_LONGEST_M: Final = 5.2


@attrs.frozen
class Placement:
    """Where a vehicle stands in one frame.

    Attributes:
        vehicle: what is drawn.
        x_m: middle of the car, metres right of the road's middle.
        z_m: distance of its rear from the camera, metres.
        braking: whether the brake lights shine.
    """

    vehicle: Vehicle
    x_m: float
    z_m: float = attrs.field()
    braking: bool = False

    @z_m.validator
    def _before_the_camera(
        self, _attribute: "attrs.Attribute[float]", value: float
    ) -> None:
        if value < NEAREST_M:
            raise ValueError("a vehicle must stand before the camera")


@attrs.frozen
class Truth:
    """What a perfect reader would say about one vehicle of a frame.

    Attributes:
        plate: the serial that was drawn.
        state: two letters.
        box: smallest upright box around the plate; wholly inside the frame.
        vehicle_box: box around the vehicle, clipped to the frame.
    """

    plate: PlateText
    state: str
    box: Box
    vehicle_box: Box


@attrs.frozen
class Frame:
    """A picture and what is in it.

    Attributes:
        image: RGB.
        truth: one entry per plate that is wholly in the frame, uncovered and at least
            LEGIBLE_PX wide; nearest first.
    """

    image: Image.Image
    truth: tuple[Truth, ...]


class StreetScene:
    """One camera on one street at one hour.

    The background is drawn at construction (one to two seconds at 1080p) and kept.
    The same seed, placements and tick give the same frame, byte for byte. Not safe
    for use from several threads at once.
    """

    def __init__(
        self,
        seed: int,
        *,
        width_px: int = 1920,
        height_px: int = 1080,
        hour: Hour = "day",
    ) -> None:
        self.seed = seed
        self.hour: Hour = hour
        self.camera = Camera(width_px=width_px, height_px=height_px)
        self._ambience = AMBIENCE[hour]
        self._background = draw_background(self.camera, hour, seed)
        self._grain = sensor_grain(self._ambience.noise, width_px, height_px, _SLACK)

    def distance_m(self, plate_px: float) -> float:
        """How far a car stands whose plate is `plate_px` wide in the frame."""
        return self.camera.focal_px * PLATE_WIDTH_M / plate_px

    def frame(self, placements: Sequence[Placement], *, tick: int = 0) -> Frame:
        """Draw the street with these vehicles.

        Args:
            placements: the vehicles, in any order.
            tick: number of the frame; seeds its jitter and noise.
        """
        rng = np.random.default_rng([self.seed, 31, tick])
        image = self._background.copy()
        seen: list[Truth] = []
        for placement in sorted(placements, key=lambda each: -each.z_m):
            truth = self._draw(image, placement, rng)
            # What stands nearer may cover what was drawn before.
            cover = self._cover(placement, truth.vehicle_box)
            seen = [old for old in seen if not _overlap(old.box, cover)]
            seen.append(truth)
        whole = tuple(truth for truth in reversed(seen) if self._legible(truth.box))
        return Frame(image=self._sensed(image, rng), truth=whole)

    def _cover(self, placement: Placement, rear: Box) -> Box:
        """What a vehicle hides: its rear, and its flank up to the bonnet."""
        front = self.camera.project(placement.x_m, 0, placement.z_m + _LONGEST_M)[0]
        half = self.camera.px_per_m(placement.z_m + _LONGEST_M)
        left = min(rear[0], round(front - half))
        right = max(rear[0] + rear[2], round(front + half))
        return left, rear[1], right - left, rear[3]

    def _legible(self, box: Box) -> bool:
        x, y, width, height = box
        inside = x >= 0 and y >= 0 and x + width <= self.camera.width_px
        return inside and y + height <= self.camera.height_px and width >= LEGIBLE_PX

    def _draw(
        self, image: Image.Image, placement: Placement, rng: np.random.Generator
    ) -> Truth:
        vehicle, z = placement.vehicle, placement.z_m
        scale = self.camera.px_per_m(z)
        look = look_of(vehicle.body, vehicle.colour, self.hour)
        x = placement.x_m + float(rng.normal(0, 0.006))
        bounce = float(rng.normal(0, 0.004))
        middle, road = self.camera.project(x, 0, z)
        self._shade_road(image, x, z, look.outline_m[0])
        self._flanks(image, vehicle, x, z)
        corner = (
            middle - look.size_m[0] * scale / 2,
            road - (look.size_m[1] + bounce) * scale,
        )
        look.base.paste_on(image, corner, scale / look.px_per_m)
        glow = max(self._ambience.lamps, 0.9 if placement.braking else 0.0)
        if glow:
            lamps_of(vehicle.body).paste_on(image, corner, scale / look.px_per_m)
            self._lamp_glow(
                image, vehicle, (middle, road), scale, brake=placement.braking
            )
        centre = (middle, road - (look.plate_height_m + bounce) * scale)
        box = self._plate(image, vehicle, centre, scale)
        half, height = look.outline_m
        return Truth(
            plate=vehicle.plate,
            state=vehicle.state,
            box=box,
            vehicle_box=clipped(
                (
                    middle - half * scale,
                    road - (height + bounce) * scale,
                    middle + half * scale,
                    road,
                ),
                image.size,
            ),
        )

    def _plate(
        self, image: Image.Image, vehicle: Vehicle, centre: Point, scale: float
    ) -> Box:
        width = max(PLATE_WIDTH_M * scale, 4)
        hung = hung_plate(vehicle.plate, vehicle.state, self.seed)
        factor = width / PLATE_PX
        size = (max(round(hung.width * factor), 2), max(round(hung.height * factor), 2))
        turned = hung.resize(size, Image.Resampling.LANCZOS)
        gain = self._ambience.plate
        turned = tinted(turned, (gain, gain, gain * (1.0 if gain == 1 else 0.95)))
        x, y = round(centre[0] - turned.width / 2), round(centre[1] - turned.height / 2)
        image.paste(turned, (x, y), turned)
        return x, y, turned.width, turned.height

    def _shade_road(self, image: Image.Image, x: float, z: float, half: float) -> None:
        left, near = self.camera.project(
            x - half * 1.12, 0, z - 0.25 if z > NEAREST_M + 1 else z
        )
        right, _ = self.camera.project(x + half * 1.12, 0, z)
        _, far = self.camera.project(x, 0, z + 4.2)
        size = (max(round(right - left), 2), max(round((near - far) * 1.25), 2))
        shadow = soft_shadow(self.hour).resize(size, Image.Resampling.BILINEAR)
        image.paste((8, 9, 12), (round(left), round(far - size[1] * 0.08)), shadow)

    def _flanks(self, image: Image.Image, vehicle: Vehicle, x: float, z: float) -> None:
        """The sides and the roof, which the long lens shows as narrow bands."""
        parts = HULLS[vehicle.body]
        for part in parts:
            colour = part.colour(vehicle.colour)
            red, green, blue = (
                round(c * g) for c, g in zip(colour, self._ambience.light, strict=True)
            )
            corners = [
                self.camera.project(x + side * px, py, z + depth)
                for outline, depth in zip(
                    (part.outline, part.far_outline()), part.depths, strict=True
                )
                for px, py in outline
                for side in part.sides(x)
            ]
            _polygon(image, hull(corners), (red, green, blue))

    def _lamp_glow(
        self,
        image: Image.Image,
        vehicle: Vehicle,
        foot: Point,
        scale: float,
        *,
        brake: bool,
    ) -> None:
        reach = 2.3 if self._ambience.lamps == 1 else 1.4
        size = round(reach * scale)
        if size < _GLOW_FROM_PX or self._ambience.lamps == 0:
            return
        strength = 1.25 if brake else 0.8
        spot = radial(round(min(strength, 1.25) * 100)).resize(
            (size, size), Image.Resampling.BILINEAR
        )
        x, y = LAMPS_M[vehicle.body]
        for side in (-1, 1):
            at = (foot[0] + side * x * scale - size / 2, foot[1] - y * scale - size / 2)
            add_light(image, spot, (round(at[0]), round(at[1])))
        pool = radial(45).resize(
            (round(3.2 * scale), round(0.7 * scale) + 1), Image.Resampling.BILINEAR
        )
        add_light(
            image,
            pool,
            (round(foot[0] - pool.width / 2), round(foot[1] - pool.height * 0.35)),
        )

    def _sensed(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """Sensor noise: one field, looked at through a window that moves every frame."""
        dy, dx = (int(v) for v in rng.integers(0, _SLACK, 2))
        height, width = self.camera.height_px, self.camera.width_px
        noisy = self._grain[dy : dy + height, dx : dx + width] + np.asarray(image)
        return Image.fromarray(
            np.clip(noisy, 0, 255, out=noisy).astype(np.uint8), "RGB"
        )


def _overlap(a: Box, b: Box) -> bool:
    return (
        a[0] < b[0] + b[2]
        and b[0] < a[0] + a[2]
        and a[1] < b[1] + b[3]
        and b[1] < a[1] + a[3]
    )


def _polygon(
    image: Image.Image, points: list[Point], colour: tuple[int, int, int]
) -> None:
    """A filled polygon with smooth edges."""
    left, top, width, height = clipped(
        (
            min(x for x, _ in points) - 1,
            min(y for _, y in points) - 1,
            max(x for x, _ in points) + 1,
            max(y for _, y in points) + 1,
        ),
        image.size,
    )
    if not width or not height:
        return
    mask = Image.new("L", (width * 2, height * 2))
    ImageDraw.Draw(mask).polygon(
        [((x - left) * 2, (y - top) * 2) for x, y in points], fill=255
    )
    image.paste(colour, (left, top), mask.reduce(2))
