"""What recognition shall reach on the sets that others measured their engines on."""

from collections.abc import Mapping
from typing import Final, TypeAlias

import attrs


@attrs.frozen
class Aim:
    """Two marks for one figure.

    Attributes:
        floor: below it, or above where lower is better, an engine is not done.
        goal: ahead of every open engine that was measured on the same pictures.
    """

    floor: float
    goal: float


Aims: TypeAlias = Mapping[str, Aim]
"""By the figure's name."""

_EVERYWHERE: Final[Aims] = {
    "calibration_error": Aim(0.06, 0.03),
    "cpu_ms_per_photo": Aim(90, 50),
    "memory_mb": Aim(250, 180),
}

AIMS: Final[Mapping[str, Aims]] = {
    "us-photos": {
        "exact_folded_percent": Aim(80, 95),
        "missed": Aim(6, 1),
        "extra": Aim(12, 8),
        **_EVERYWHERE,
    },
    "us-closeups": {
        "exact_folded_percent": Aim(80, 93),
        "state_right_percent": Aim(90, 95),
        "state_named_percent": Aim(40, 90),
        **_EVERYWHERE,
    },
    "nyc-bursts": {
        "exact_folded_percent": Aim(80, 93),
        "cars_right_percent": Aim(88, 100),
        "stacked_right": Aim(3, 7),
        **_EVERYWHERE,
    },
}
"""By the beginning of a folder's name; a set comes in parts, such as `us-photos-dev`."""


def aims_for(folder_name: str) -> Aims:
    """The aims for a folder of labelled pictures; none for one that we do not know.

    >>> aims_for("us-photos-dev")["missed"].goal, aims_for("my-gate")
    (1, {})
    """
    known = (aims for name, aims in AIMS.items() if folder_name.startswith(name))
    return next(known, {})
