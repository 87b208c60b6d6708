"""Cars that come head on, stand at a stop line and go: each is one read, none is missed.

Seen from low and from high up, coming and going; the plate of a car that drives off moves
by more than its own width from one frame to the next.
"""

from collections.abc import Sequence

import pytest

from tests.edge.a_street import FRAME_S, SIZE, Car, ColourEngine, drive

LINE_M = 12.0
PLATE_M = 0.305
CRUISE_MPS = 9.0
BRAKE_MPS2 = 2.0
A, B = "AB12345", "XK90210"


def way_m(seconds: float, mps2: float) -> float:
    """From standstill to full speed."""
    rising = min(seconds, CRUISE_MPS / mps2)
    return mps2 * rising**2 / 2 + CRUISE_MPS * (seconds - rising)


def at(distance_m: float, text: str, lens_m: float) -> list[Car]:
    """A car so far from a lens so high above plates; nothing where it is out of view."""
    if distance_m <= 1:
        return []
    width = round(64 * LINE_M / distance_m)
    y = 190 + lens_m / PLATE_M * (64 * LINE_M / distance_m - 64)
    if not 10 < width < 300 or y - 2 * width >= SIZE[1]:
        return []
    whole = 40 <= width <= 150 and width / 4 + 1 < y < SIZE[1] - 1 - width / 4
    return [Car(320, y, text if whole else "", 0.93, width)]


def stop(
    text: str, stands_s: float, mps2: float, *, lens_m: float, towards: bool
) -> list[Sequence[Car]]:
    """All frames with a car that comes, stands and goes."""
    moments = [number * FRAME_S for number in range(1, 35)]
    metres = [
        *(way_m(moment, BRAKE_MPS2) for moment in reversed(moments)),
        *[0.0] * round(stands_s / FRAME_S),
        *(-way_m(moment, mps2) for moment in moments),
    ]
    scenes = [at(LINE_M + (m if towards else -m), text, lens_m) for m in metres]
    shown = [number for number, scene in enumerate(scenes) if scene]
    return list(scenes[shown[0] : shown[-1] + 1])


@pytest.mark.parametrize(
    ("view", "times"),
    [
        ("low, coming", (20, 4, 1, 1.5)),
        ("low, coming", (5, 0.4, 5, 3.0)),
        ("low, coming", (1, 20, 5, 3.0)),
        ("low, going", (20, 4, 1, 3.0)),
        ("high, coming", (20, 1, 1, 3.0)),
        ("high, coming", (5, 0.4, 5, 1.5)),
        ("high, going", (30, 4, 5, 3.0)),
        ("high, going", (1, 4, 5, 3.0)),
    ],
)
def test_each_car_at_a_stop_line_is_one_read(
    view: str, times: tuple[float, float, float, float]
) -> None:
    engine = ColourEngine()
    first_s, between_s, second_s, mps2 = times
    lens_m, towards = 1.5 if "low" in view else 4.0, "coming" in view
    first = stop(A, first_s, mps2, lens_m=lens_m, towards=towards)
    second = stop(B, second_s, mps2, lens_m=lens_m, towards=towards)
    between: list[Sequence[Car]] = [[]] * round(between_s / FRAME_S)

    told = drive([*[[]] * 5, *first, *between, *second, *[[]] * 25], engine)

    assert [each.look.plate.glyphs for each in told] == [A, B]
    assert engine.looks < 75


def test_a_car_that_takes_the_place_of_a_parked_one_unseen_is_read() -> None:
    parked: list[Sequence[Car]] = [[Car(330)]] * 150
    lorry: list[Sequence[Car]] = [[Car(330, 300, text="", width=120)]] * 20
    other: list[Sequence[Car]] = [[Car(336, 274, text=B)]] * 25

    told = drive([*[[]] * 5, *parked, *lorry, *other])

    assert [each.look.plate.glyphs for each in told] == [A, B]


def test_what_stirs_around_a_parked_plate_costs_few_looks() -> None:
    engine = ColourEngine()
    flag = [[Car(330), Car(330 + n % 3 * 9, 300, "", width=10)] for n in range(600)]

    told = drive([*[[]] * 5, *[[Car(330)]] * 100, *flag], engine)

    assert [each.look.plate.glyphs for each in told] == [A]
    # Two minutes of it.
    assert engine.looks < 60
