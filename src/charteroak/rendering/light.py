"""The light of three hours."""

from typing import Final, Literal

import attrs

from charteroak.rendering.paint import Rgb

Hour = Literal["day", "dusk", "night"]


@attrs.frozen
class Ambience:
    """The light of an hour.

    Attributes:
        zenith: sky at the top of the picture.
        low_sky: sky at the horizon.
        light: gain per channel of what takes light.
        lamps: how bright what shines by itself is, 0 to 1.
        plate: gain on plates, which have a lamp of their own after dark.
        noise: sensor noise, standard deviation in grey levels.
    """

    zenith: Rgb
    low_sky: Rgb
    light: tuple[float, float, float]
    lamps: float
    plate: float
    noise: float


AMBIENCE: Final[dict[Hour, Ambience]] = {
    "day": Ambience((104, 158, 214), (228, 237, 240), (1.0, 1.0, 0.98), 0.0, 1.0, 2.0),
    "dusk": Ambience(
        (66, 78, 128), (248, 178, 128), (0.66, 0.57, 0.62), 0.75, 0.86, 3.0
    ),
    "night": Ambience((8, 12, 26), (34, 42, 66), (0.29, 0.32, 0.43), 1.0, 0.8, 4.5),
}
