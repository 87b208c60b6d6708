"""The plan of Fernwood: streets, water, parks and rails, in metres.

Fernwood does not exist. The plan is drawn by hand on a plane: x to the east and y to
the north of the southern end of the Green, in metres. `place` puts it on the globe,
among the hills east of the Connecticut River, where a town of this size could lie.
"""

import math
from typing import Final, Literal

import attrs

Metres = tuple[float, float]
"""x to the east, y to the north, metres from the southern end of the Green."""

Line = tuple[Metres, ...]

LATITUDE: Final = 41.8060
LONGITUDE: Final = -72.5320
_DEGREE_NORTH_M: Final = 111_070.0
_DEGREE_EAST_M: Final = 111_320.0 * math.cos(math.radians(LATITUDE))

HALF_M: Final = 3000.0
"""The plan reaches so far from its origin to each side."""

RoadKind = Literal["highway", "major_road", "medium_road", "minor_road", "path", "rail"]


def place(at: Metres) -> tuple[float, float]:
    """Latitude and longitude of a point of the plan, degrees, WGS 84."""
    x, y = at
    return LATITUDE + y / _DEGREE_NORTH_M, LONGITUDE + x / _DEGREE_EAST_M


@attrs.frozen
class Road:
    """A street, a path or a railway.

    Attributes:
        name: as on its sign; empty for what has none.
        kind: as the Protomaps schema calls it.
        line: its middle.
        built: whether houses stand along it.
        ref: number of a state route.
    """

    name: str
    kind: RoadKind
    line: Line
    built: bool = False
    ref: str = ""


@attrs.frozen
class Ground:
    """A piece of ground that is used for something.

    Attributes:
        kind: as the Protomaps schema calls it.
        outline: its corners; the last joins the first.
        name: empty for what has none.
    """

    kind: str
    outline: Line
    name: str = ""


def _box(left: float, bottom: float, right: float, top: float) -> Line:
    return ((left, bottom), (right, bottom), (right, top), (left, top))


MAIN: Final[Line] = (
    (150, -3000), (20, -2100), (-80, -1500), (-60, -1000), (0, -380), (0, 380),
    (60, 1000), (40, 1700), (150, 2400), (210, 3000),
)  # fmt: skip
ROUTE_83: Final[Line] = (
    (1010, -3000), (900, -2400), (820, -1700), (760, -800), (820, 0), (900, 380),
    (1010, 920), (1090, 1600), (1050, 2400), (1080, 3000),
)  # fmt: skip
MILL_ROAD: Final[Line] = (
    (-3000, -640), (-2300, -520), (-1500, -440), (-900, -320), (-400, -350), (0, -380),
    (400, -420), (782, -560),
)  # fmt: skip
PARKWAY: Final[Line] = (
    (-3000, 2480), (-1800, 2330), (-800, 2120), (40, 2040), (1070, 2010),
    (2000, 2160), (3000, 2240),
)  # fmt: skip

ROADS: Final = (
    Road("Charter Parkway", "highway", PARKWAY),
    Road("Route 83", "major_road", ROUTE_83, ref="83"),
    Road("Main Street", "major_road", MAIN, built=True),
    Road("Mill Road", "medium_road", MILL_ROAD, built=True),
    Road("Old Post Road", "medium_road", (
        (-3000, 830), (-2300, 690), (-1500, 520), (-760, 400), (-300, 385), (0, 380),
    ), built=True),
    Road("Elm Street", "medium_road", ((0, 380), (450, 385), (900, 380)), built=True),
    Road("Church Street", "medium_road", ((0, 0), (400, 5), (820, 0)), built=True),
    Road("Depot Street", "medium_road", (
        (-60, -1000), (-420, -1010), (-700, -960), (-740, -700), (-650, -335),
    ), built=True),
    Road("Hillside Avenue", "medium_road", (
        (60, 1000), (420, 1030), (760, 960), (1010, 920), (1600, 1050), (2300, 1010),
        (3000, 1180),
    ), built=True),
    Road("Quarry Road", "medium_road", (
        (40, 1700), (-500, 1720), (-1150, 1560), (-1900, 1700), (-3000, 1620),
    )),
    Road("Industrial Park Road", "medium_road", (
        (768, -920), (1200, -980), (1560, -900), (1700, -560), (1500, -120), (822, 10),
    )),
    Road("South Road", "medium_road", (
        (-80, -1500), (360, -1590), (810, -1620), (1700, -1500), (3000, -1660),
    )),
    Road("Maple Avenue", "minor_road", ((270, 1015), (270, 2), (270, -408)), built=True),
    Road("Park Street", "minor_road", (
        (540, 1010), (540, 3), (545, -470), (560, -900),
    ), built=True),
    Road("School Street", "minor_road", ((0, 190), (270, 192), (858, 190)), built=True),
    Road("Court Street", "minor_road", ((0, -190), (270, -192), (806, -190)), built=True),
    Road("Spruce Lane", "minor_road", (
        (270, 690), (540, 700), (965, 700),
    ), built=True),
    Road("Chestnut Street", "minor_road", (
        (-300, 385), (-300, 0), (-290, -356),
    ), built=True),
    Road("River Street", "minor_road", (
        (-620, 395), (-590, 60), (-600, -338),
    ), built=True),
    Road("Pleasant Street", "minor_road", ((0, 100), (-300, 95), (-592, 90)), built=True),
    Road("Union Street", "minor_road", ((0, -150), (-296, -155), (-596, -150)), built=True),
    Road("Orchard Lane", "minor_road", (
        (30, 690), (-250, 700), (-480, 640), (-520, 392),
    ), built=True),
    Road("Fern Hill Road", "minor_road", (
        (60, 1350), (-260, 1330), (-520, 1180), (-480, 900), (-250, 700),
    ), built=True),
    Road("Birch Lane", "minor_road", (
        (760, 960), (700, 1250), (420, 1330), (55, 1330),
    ), built=True),
    Road("Station Road", "minor_road", (
        (-420, -1010), (-400, -1230), (-70, -1250),
    ), built=True),
    Road("Foundry Lane", "minor_road", (
        (-45, -850), (250, -860), (560, -900), (764, -860),
    ), built=True),
    Road("Meadow Lane", "minor_road", (
        (1010, 920), (1300, 600), (1280, 250), (870, 240),
    ), built=True),
    Road("Farm Lane", "minor_road", ((-1500, 520), (-1620, 60), (-1500, -440))),
    Road("Tannery Lane", "minor_road", ((-2300, 690), (-2360, 100), (-2300, -520))),
    Road("Ridge Road", "minor_road", (
        (1600, 1050), (1750, 1500), (1620, 2080), (1800, 3000),
    ), built=True),
    Road("Meeting House Lane", "minor_road", (
        (18, 540), (270, 545), (540, 545), (932, 540),
    ), built=True),
    Road("Cedar Street", "minor_road", ((405, 545), (405, 1028)), built=True),
    Road("Ash Street", "minor_road", ((-150, 98), (-148, -152)), built=True),
    Road("Willow Street", "minor_road", (
        (-23, -640), (250, -645), (552, -650),
    ), built=True),
    Road("Hawthorne Street", "minor_road", (
        (-290, -356), (-300, -600), (-180, -660), (-23, -640),
    ), built=True),
    Road("Bluff Road", "minor_road", (
        (-1500, 520), (-1430, 900), (-1180, 1200), (-1150, 1560),
    ), built=True),
    Road("River Walk", "path", (
        (-700, 900), (-690, 400), (-660, 60), (-760, -300), (-720, -900),
    )),
    Road("Fernwood Branch", "rail", (
        (-3000, -1560), (-1300, -1330), (-300, -1190), (500, -1290), (1500, -1900),
        (3000, -2260),
    )),
)  # fmt: skip
"""Every street; the larger ones first."""

RIVER: Final[Line] = (
    (-1400, 3000), (-1180, 1900), (-900, 1100), (-800, 500), (-770, 60), (-880, -320),
    (-800, -1000), (-1000, -1900), (-930, -3000),
)  # fmt: skip
RIVER_NAME: Final = "Fern River"
RIVER_WIDTH_M: Final = 38.0
BROOK: Final[Line] = (
    (3000, 560), (2200, 420), (1640, 240), (1400, -700), (1300, -1400), (600, -1900),
    (-200, -1980), (-985, -1850),
)  # fmt: skip
BROOK_NAME: Final = "Quarry Brook"
POND: Final[Line] = (
    (-800, 470), (-880, 430), (-960, 300), (-950, 160), (-880, 60), (-770, 40),
    (-740, 140), (-760, 320),
)  # fmt: skip
POND_NAME: Final = "Mill Pond"

GROUNDS: Final = (
    Ground("residential", _box(-640, -1300, 1010, 1400)),
    Ground("forest", (
        (-3000, 1700), (-1900, 1780), (-1250, 1640), (-1330, 2150), (-2000, 2300),
        (-3000, 2440),
    ), "Quarry Woods"),
    Ground("forest", ((-3000, 2540), (-1400, 2280), (-1450, 3000), (-3000, 3000))),
    Ground("forest", (
        (1750, 1120), (3000, 1260), (3000, 2180), (2000, 2100), (1700, 2000), (1830, 1500),
    ), "Ridge State Forest"),
    Ground("forest", ((300, 2120), (980, 2080), (960, 3000), (280, 3000))),
    Ground("forest", (
        (-2900, -1640), (-1400, -1430), (-1100, -1900), (-1060, -2900), (-2900, -2900),
    ), "Tannery Woods"),
    Ground("forest", ((1500, -1560), (3000, -1720), (3000, -2200), (1560, -1880))),
    Ground("farmland", ((-2240, 600), (-1560, 450), (-1660, 60), (-1570, -400), (-2240, -470))),
    Ground("farmland", ((1700, 960), (2900, 1080), (2900, 620), (2150, 460), (1720, 330))),
    Ground("farmland", ((-820, -1960), (-20, -2060), (100, -2900), (-880, -2900))),
    Ground("industrial", (
        (800, -1000), (1200, -1050), (1600, -940), (1660, -1300), (830, -1420),
    ), "Fernwood Industrial Park"),
    Ground("industrial", _box(-380, -1170, -90, -1030)),
    Ground("park", _box(18, 18, 250, 172), "The Green"),
    Ground("park", ((-740, 700), (-560, 640), (-640, 410), (-725, 410)), "Mill Pond Park"),
    Ground("school", _box(290, 210, 525, 365), "Fernwood High School"),
    Ground("pitch", _box(400, 225, 510, 350)),
    Ground("cemetery", _box(-280, 430, -40, 660), "Old Hill Cemetery"),
    Ground("hospital", _box(1030, 280, 1230, 470), "Fernwood Clinic"),
    Ground("golf_course", (
        (1150, 1150), (1560, 1090), (1690, 1500), (1600, 1900), (1160, 1880),
    ), "Fern Hill Golf Course"),
)  # fmt: skip
"""What the ground is used for; what lies above comes later."""

HALLS: Final = (
    ("Town Hall", _box(-52, 30, -22, 74)),
    ("First Church", _box(-48, 112, -26, 160)),
    ("Police Department", _box(24, -62, 70, -26)),
    ("Fernwood High School", _box(300, 260, 385, 300)),
    ("Fernwood High School", _box(300, 300, 330, 350)),
    ("Old Mill", _box(-840, -285, -790, -215)),
    ("Station", _box(-190, -1176, -130, -1158)),
    ("Clinic", _box(1080, 330, 1180, 400)),
    ("", _box(900, -1160, 1040, -1060)),
    ("", _box(1100, -1220, 1280, -1090)),
    ("", _box(1350, -1180, 1500, -1060)),
    ("", _box(900, -1360, 1100, -1260)),
    ("", _box(-350, -1140, -250, -1070)),
)
"""Buildings that are more than a house, with their names."""

NEIGHBOURHOODS: Final = (
    ("Mill Village", (-1050.0, -180.0)),
    ("Fern Hill", (-150.0, 1180.0)),
    ("Depot", (-300.0, -900.0)),
    ("Eastside", (650.0, 560.0)),
    ("Ridge", (1950.0, 1300.0)),
)
