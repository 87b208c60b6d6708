"""The pinhole that a street is drawn through: metres to pixels."""

import attrs


@attrs.frozen(kw_only=True)
class Camera:
    """A long lens low over the middle of the road, level, looking along it.

    World axes in metres: x to the right from the middle of the road, y up from its
    surface, z away from the camera.

    Attributes:
        width_px: width of the picture.
        height_px: height of the picture.
        height_m: of the lens above the road.
    """

    width_px: int = 1920
    height_px: int = 1080
    height_m: float = 1.75

    @property
    def focal_px(self) -> float:
        """Focal length over pixel pitch, pixels."""
        return 5000 * self.width_px / 1920

    @property
    def horizon_px(self) -> float:
        """Row of the horizon, pixels from the top."""
        return self.height_px * 265 / 1080

    def px_per_m(self, z: float) -> float:
        """Pixels that one metre covers at distance `z` metres."""
        return self.focal_px / z

    def project(self, x: float, y: float, z: float) -> tuple[float, float]:
        """Where a point of the world lands, pixels from the upper left corner."""
        scale = self.focal_px / z
        return (
            self.width_px / 2 + x * scale,
            self.horizon_px + (self.height_m - y) * scale,
        )
