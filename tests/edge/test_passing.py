"""From frames to one read of each passing car, with an engine that reads colours."""

import io
from datetime import timedelta

import numpy as np
import pytest
from PIL import Image

from charteroak.core.plate import PlateText
from charteroak.edge.camera import Frame
from charteroak.edge.engines import DEFAULT, open_engine
from charteroak.edge.passing import Passing
from charteroak.edge.recognize import Sighting
from charteroak.edge.track import MOST_TRACKS, Tracker
from charteroak.rendering.street import StreetScene
from charteroak.rendering.traffic import Traffic
from tests.edge.a_box import NOON
from tests.edge.a_street import FRAME_S, Car, ColourEngine, drive, picture

EMPTY: list[list[Car]] = [[]] * 5


def plates(told: object) -> list[str]:
    assert isinstance(told, list)
    return [each.look.plate.glyphs for each in told]


def passage(
    text: str = "AB12345", *, step: int = 40, confidence: float = 0.93
) -> list[list[Car]]:
    across = range(-100, 740, step)
    return [[Car(x, text=text, confidence=confidence)] for x in across]


def test_a_passing_car_is_one_read_after_few_looks() -> None:
    engine = ColourEngine()

    told = drive([*EMPTY, *passage(), *EMPTY], engine)

    assert plates(told) == ["AB12345"]
    assert told[0].looks >= 2
    assert told[0].look.confidence > 0.93
    # One at the first frame of all.
    assert engine.looks <= 9


@pytest.mark.parametrize("step", [160, -160])
def test_a_fast_car_is_not_sought_beyond_the_edge_of_the_frame(step: int) -> None:
    engine = ColourEngine()
    across = range(-100, 740, step) if step > 0 else range(740, -100, step)

    # Where it must be by now there is no picture, and no engine takes an empty one.
    told = drive([*EMPTY, *([Car(x)] for x in across), *EMPTY], engine)

    assert plates(told) == ["AB12345"]
    assert engine.looks <= 9


def test_an_empty_street_is_looked_at_once() -> None:
    engine = ColourEngine()

    drive(([] for _ in range(200)), engine)

    assert engine.looks == 1


def test_two_cars_at_once_stay_two() -> None:
    left = [Car(x, 150, "AB12345") for x in range(70, 570, 25)]
    right = [Car(x, 310, "AB12346") for x in range(570, 70, -25)]

    told = drive([*EMPTY, *zip(left, right, strict=True), *EMPTY])

    assert sorted(plates(told)) == ["AB12345", "AB12346"]


def test_a_car_that_was_lost_and_found_is_one_read() -> None:
    away: list[list[Car]] = [[]] * int(4 / FRAME_S)
    later: list[list[Car]] = [[]] * int(12 / FRAME_S)

    told = drive([*EMPTY, *passage(), *away, *passage(), *EMPTY], ColourEngine())
    assert plates(told) == ["AB12345"]

    told = drive([*EMPTY, *passage(), *later, *passage(), *EMPTY], ColourEngine())
    assert plates(told) == ["AB12345"] * 2


def test_a_misread_between_neither_splits_nor_wins() -> None:
    scenes = passage()
    for number in range(6, 16, 3):
        x = scenes[number][0].x
        text = "A812345" if number % 2 else "K0"
        scenes[number] = [Car(x, text=text, confidence=0.4)]

    assert plates(drive([*EMPTY, *scenes, *EMPTY])) == ["AB12345"]


def test_a_plate_hidden_for_a_while_is_one_read() -> None:
    scenes = passage(step=27, confidence=0.6)
    for number in [8, 9, 10, 11, 15]:
        scenes[number] = [Car(scenes[number][0].x, text="")]

    assert plates(drive([*EMPTY, *scenes, *EMPTY])) == ["AB12345"]


def test_cars_one_after_the_other_are_one_read_each() -> None:
    first, second = passage("AB12345"), passage("XK90210")
    pause: list[list[Car]] = [[]] * 2

    told = drive([*EMPTY, *first, *pause, *second, *pause, *first, *EMPTY])

    assert plates(told) == ["AB12345", "XK90210", "AB12345"]


def test_stop_and_go_is_one_read() -> None:
    coming = [[Car(x)] for x in range(-70, 330, 33)]
    waiting = [[Car(330)]] * 150
    going = [[Car(x)] for x in range(330, 770, 33)]
    engine = ColourEngine()

    assert plates(drive([*EMPTY, *coming, *waiting, *going, *EMPTY], engine)) == [
        "AB12345"
    ]
    assert engine.looks < 30


def test_a_parked_car_is_one_read_for_a_thousand_frames() -> None:
    engine = ColourEngine()
    hidden = [[Car(330), Car(x, 310, text="")] for x in range(0, 640, 80)]
    parked: list[list[Car]] = [[Car(330)]] * 250
    misread = [[Car(330, text="K812G45", confidence=0.5)]] * 2

    told = drive([*EMPTY, *([*parked, *hidden, *misread] * 4)], engine)

    assert plates(told) == ["AB12345"]
    assert engine.looks < 120


def test_a_car_parked_from_the_beginning_is_read_once() -> None:
    engine = ColourEngine()
    walker = [[Car(330), Car(x, 220, text="", width=14)] for x in range(0, 640, 27)]

    told = drive([*([[Car(330)]] * 300), *walker, *([[Car(330)]] * 300)], engine)

    assert plates(told) == ["AB12345"]
    assert engine.looks < 40


def test_who_parks_leaves_and_returns_is_read_again() -> None:
    coming = [[Car(x)] for x in range(-70, 330, 33)]
    going = [[Car(x)] for x in range(330, 770, 33)]
    parked: list[list[Car]] = [[Car(330)]] * 100
    away: list[list[Car]] = [[]] * 100

    told = drive([*EMPTY, *coming, *parked, *going, *away, *coming, *parked])

    assert plates(told) == ["AB12345", "AB12345"]


def test_another_plate_in_the_same_place_is_read() -> None:
    first: list[list[Car]] = [[Car(330)]] * 50
    second: list[list[Car]] = [[Car(330, text="XK90210")]] * 50

    told = drive([*EMPTY, *first, *EMPTY, *second, *first, *second])

    assert plates(told)[:2] == ["AB12345", "XK90210"]


def test_what_the_camera_and_the_light_do_is_no_car() -> None:
    shaken = [
        picture([], number=n, shift=((n % 3 - 1) * 2, (n % 5 - 2) * 3))
        for n in range(40)
    ]
    night = [picture([], number=n, noise=12, light=0.4) for n in range(40)]
    dusk = [picture([], number=n, light=1 - n / 80) for n in range(60)]
    jump = [picture([], number=n, light=0.5 + n % 2) for n in range(20)]

    for scenes, most in [(shaken, 10), (night, 1), (dusk, 1), (jump, 1)]:
        engine = ColourEngine()
        drive([*[scenes[0]] * 3, *scenes], engine)
        assert engine.looks <= most


@pytest.mark.parametrize(
    "jump",
    [timedelta(hours=1), timedelta(hours=-1), timedelta(seconds=-1)],
    ids=["an hour ahead", "an hour back", "a second twice"],
)
def test_a_clock_that_jumps_neither_loses_nor_doubles_a_car(jump: timedelta) -> None:
    scenes = [*EMPTY, *passage("AB12345"), *EMPTY, *passage("XK90210"), *EMPTY]
    for at in [8, 25, 32]:
        captured = [
            NOON + timedelta(seconds=n * FRAME_S) + (jump if n >= at else timedelta())
            for n in range(len(scenes))
        ]

        told = drive(scenes, captured=captured)

        assert plates(told) == ["AB12345", "XK90210"]
        assert {each.view.captured_at for each in told} <= set(captured)
        assert len({each.first_s for each in told}) == 2


def test_a_source_that_counts_time_anew_goes_on() -> None:
    passing = Passing(engine=ColourEngine())

    told = drive([*EMPTY, *passage()], passing=passing, start_s=500)
    told += drive([*EMPTY, *passage("XK90210"), *EMPTY], passing=passing)

    assert plates(told) == ["AB12345", "XK90210"]
    assert told[0].number != told[1].number


def test_a_car_in_view_at_the_end_is_told_of() -> None:
    passing = Passing(engine=ColourEngine())
    drive([*EMPTY, *passage(confidence=0.6)[:8]], passing=passing)

    assert plates(passing.finish()) == ["AB12345"]
    assert passing.finish() == []


def test_the_pictures_are_those_of_the_best_look() -> None:
    coming = [
        [Car(320, 150 + n * 8, width=48 + 4 * n, confidence=0.5 + n / 40)]
        for n in range(9)
    ]

    (told,) = drive([*EMPTY, *coming, *EMPTY])

    assert told.view.box[2] >= 56
    with Image.open(io.BytesIO(told.view.pictures.plate_jpeg)) as opened:
        # A tenth of margin on each side, and nothing wider.
        assert told.view.box[2] < opened.width <= told.view.box[2] * 1.2


@pytest.mark.slow
def test_real_cars_on_a_rendered_street_are_one_read_each() -> None:
    street = StreetScene(3, width_px=1280, height_px=720)
    traffic = Traffic(7, busy=0.6, slot_ticks=40, speed_m=0.8)
    passing = Passing(engine=open_engine(DEFAULT))
    told, true = [], set()
    for tick in range(16):
        drawn = street.frame(traffic.at(tick), tick=tick)
        true |= {each.plate.glyphs for each in drawn.truth}
        frame = Frame(
            image=np.asarray(drawn.image),
            source="camera",
            index=tick,
            time_s=tick * FRAME_S,
        )
        told += passing.take(frame)

    assert len(true) == 2
    assert sorted(plates(told)) == sorted(true)
    assert all(each.looks >= 2 and each.look.confidence > 0.9 for each in told)
    # Four or five for each car: two to be sure, the others to keep it known.
    assert passing.looks <= 24


def test_memory_is_bounded() -> None:
    tracker = Tracker()
    black = np.zeros((100, 40000, 3), np.uint8)
    for number in range(MOST_TRACKS + 50):
        frame = Frame(image=black, source="camera", index=number)
        box = (number * 100, 10, 40, 20)
        for step in range(3):
            seen = Sighting(
                plate=PlateText(f"A{number:05}"),
                confidence=0.95,
                characters=(0.99,) * 6,
                box=box,
                engine="test",
            )
            tracker.see([seen], frame, time_s=number * 2 + step / 2)
            tracker.due(number * 2 + step / 2, (40000, 100))

    assert len(tracker.tracks) == MOST_TRACKS
    assert all(track.view is None and not track.looks for track in tracker.tracks[:-1])
