import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from charteroak.core.plate import PlateText
from charteroak.rendering.bodies import draw_rear
from charteroak.rendering.car import BODIES, COLOURS, OUTLINE_M, Vehicle
from charteroak.rendering.light import Hour
from charteroak.rendering.plate import STATES
from charteroak.rendering.street import LANES_M, LEGIBLE_PX, Placement, StreetScene

CAR = Vehicle(PlateText("AB12345"), "CT", "sedan", "navy")


@pytest.fixture(scope="module")
def scene() -> StreetScene:
    return StreetScene(4, width_px=1280, height_px=720)


def test_the_same_seed_gives_the_same_frame_in_another_scene(
    scene: StreetScene,
) -> None:
    again = StreetScene(4, width_px=1280, height_px=720)
    cars = [Placement(CAR, LANES_M[0], 14), Placement(CAR, LANES_M[1], 22)]
    assert scene.frame(cars, tick=7) == again.frame(cars, tick=7)
    assert scene.frame(cars, tick=7).image != scene.frame(cars, tick=8).image


def test_another_seed_gives_another_street(scene: StreetScene) -> None:
    other = StreetScene(5, width_px=1280, height_px=720)
    first, second = (
        np.asarray(s.frame([]).image.convert("L").reduce(8), float)
        for s in (scene, other)
    )
    assert np.abs(first - second).max() > 40


def test_the_order_of_the_cars_does_not_matter(scene: StreetScene) -> None:
    cars = [Placement(CAR, LANES_M[0], 14), Placement(CAR, LANES_M[1], 22)]
    assert scene.frame(cars) == scene.frame(cars[::-1])


VEHICLES = st.builds(
    Vehicle,
    plate=st.just(CAR.plate),
    state=st.sampled_from(STATES),
    body=st.sampled_from(BODIES),
    colour=st.sampled_from(COLOURS),
)


@given(
    placement=st.builds(
        Placement, VEHICLES, st.sampled_from(LANES_M), st.floats(4.5, 60)
    ),
    tick=st.integers(0, 1000),
)
@settings(max_examples=40, deadline=None)
def test_a_box_in_the_truth_is_in_the_frame_and_on_its_plate(
    scene: StreetScene, placement: Placement, tick: int
) -> None:
    frame = scene.frame([placement], tick=tick)
    width_px, height_px = frame.image.size
    for truth in frame.truth:
        x, y, width, height = truth.box
        vx, vy, v_width, v_height = truth.vehicle_box
        assert width >= LEGIBLE_PX
        assert x >= 0
        assert x + width <= width_px
        assert y >= 0
        assert y + height <= height_px
        assert vx <= x
        assert x + width <= vx + v_width
        assert vy <= y
        assert y + height <= vy + v_height
        assert width == pytest.approx(2 * height, rel=0.1)


@pytest.mark.parametrize("body", BODIES)
def test_the_box_covers_exactly_what_another_serial_changes(
    scene: StreetScene, body: str
) -> None:
    kind = next(known for known in BODIES if known == body)
    car = attrs.evolve(CAR, body=kind)
    other = attrs.evolve(car, state="VT")
    z_m = scene.distance_m(120)
    first, second = (
        scene.frame([Placement(each, LANES_M[0], z_m)]) for each in (car, other)
    )
    before, after = (np.asarray(f.image.convert("L"), float) for f in (first, second))
    rows, columns = np.nonzero(np.abs(before - after) > 12)
    x, y, width, height = first.truth[0].box
    assert x - 2 <= columns.min() < x + 8
    assert x + width - 8 < columns.max() <= x + width + 2
    assert y - 2 <= rows.min() < y + 6
    assert y + height - 6 < rows.max() <= y + height + 2


def test_a_plate_behind_a_nearer_car_is_not_in_the_truth(scene: StreetScene) -> None:
    hidden = attrs.evolve(CAR, plate=PlateText("ZZ99999"))
    near, far = Placement(CAR, LANES_M[1], 11), Placement(hidden, LANES_M[1], 18)
    assert [t.plate for t in scene.frame([far]).truth] == [hidden.plate]
    assert [t.plate for t in scene.frame([near, far]).truth] == [CAR.plate]


def test_a_plate_appears_at_the_size_that_was_asked_for(scene: StreetScene) -> None:
    frame = scene.frame([Placement(CAR, LANES_M[0], scene.distance_m(130))])
    assert frame.truth[0].box[2] == pytest.approx(130, abs=4)


def test_brake_lights_shine_by_day(scene: StreetScene) -> None:
    dark, bright = (
        scene.frame([Placement(CAR, LANES_M[0], 14, braking)]).image
        for braking in (False, True)
    )
    gain = np.asarray(bright, float) - np.asarray(dark, float)
    assert (gain.max(axis=2) > 40).sum() > 200
    assert gain.min() > -40


def test_the_hours_grow_darker() -> None:
    hours: tuple[Hour, ...] = ("day", "dusk", "night")
    levels = [
        np.asarray(
            StreetScene(4, width_px=640, height_px=360, hour=hour).frame([]).image
        ).mean()
        for hour in hours
    ]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] > 2 * levels[2]


def test_a_car_must_stand_before_the_camera() -> None:
    with pytest.raises(ValueError, match="before the camera"):
        Placement(CAR, 0, 1)


@pytest.mark.parametrize("body", BODIES)
def test_every_body_fills_its_outline(body: str) -> None:
    kind = next(known for known in BODIES if known == body)
    rear = draw_rear(kind, "silver")
    left, top, right, bottom = rear.base.getchannel("A").point(_solid).getbbox() or (
        0, 0, 0, 0,
    )  # fmt: skip
    half, height = OUTLINE_M[kind]
    assert bottom == pytest.approx(rear.base.height, abs=3)
    assert (bottom - top) / rear.px_per_m == pytest.approx(height, abs=0.03)
    assert (right - left) / rear.px_per_m > 2 * half
    assert isinstance(rear.lamps, Image.Image)
    assert rear.lamps.size == rear.base.size
    assert rear.lamps.getchannel("A").getbbox() is not None


def _solid(level: int) -> int:
    return 255 if level > 128 else 0
