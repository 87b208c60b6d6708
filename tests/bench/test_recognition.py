"""Engines compared on labelled folders: the scores, the command, the contact sheets."""

import csv
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.support import networks
from typer.testing import CliRunner, Result

from charteroak.bench.labelled import Label, UnusableLabelsError, labels_in
from charteroak.bench.recognition_lines import RecognitionLine
from charteroak.bench.scoring import Judged, Read, judged, scored
from charteroak.cli import command
from charteroak.core.plate import PlateText, match_key
from charteroak.edge.models import Models
from charteroak.rendering.car import Vehicle
from charteroak.rendering.street import Placement, StreetScene

_ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("CHARTEROAK_SHARED", _ROOT / "shared"))
SCORER = SHARED / "tools" / "score_reads.py"
PLATES = ("BK47291", "CW83056", "HOW5823")


def write_labels(folder: Path, rows: list[dict[str, object]]) -> Path:
    path = folder / "labels.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three rendered cars, each alone on its photo, and one photo that is gone."""
    folder = tmp_path_factory.mktemp("street")
    scene = StreetScene(4, width_px=960, height_px=540)
    rows: list[dict[str, object]] = []
    for number, plate in enumerate(PLATES):
        car = Placement(Vehicle(PlateText(plate), "CT"), 0.0, scene.distance_m(120))
        drawn = scene.frame([car], tick=number)
        drawn.image.save(folder / f"{number}.png")
        x, y, w, h = drawn.truth[0].box
        rows.append(
            {"file": f"{number}.png", "x": x, "y": y, "w": w, "h": h, "text": plate}
        )
    rows.append({**rows[0], "file": "gone.png"})
    write_labels(folder, rows)
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights that read the same plate, as wide as the frame, off every picture."""
    folder = tmp_path_factory.mktemp("models")
    store = Models(folder / "store")
    for path in networks.a_folder(folder / "files", text="CW83056").iterdir():
        if path.name == "plates.onnx":
            path.write_bytes(networks.detector((0.0, 0.0, 416.0, 416.0, 0.9)))
        store.add(path, now=datetime(2026, 10, 1, tzinfo=UTC))
    return store.folder


def recognition(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command(), ["bench", "recognition", *map(str, arguments)])


def test_engines_side_by_side_on_a_rendered_street(
    street: Path, models: Path, tmp_path: Path
) -> None:
    result = recognition(
        *("--engine", "open", "--engine", "rapidocr"),
        *("--data", street, "--models", models, "--wrong", tmp_path / "wrong"),
        *("--diagram", tmp_path / "reliable.svg", "--json"),
    )

    assert result.exit_code == 0, result.stderr
    assert "1 of 4 pictures could not be opened" in result.stderr
    told = json.loads(result.stdout)
    assert (told["bench"], told["runs"]) == ("recognition", 1)
    value = {figure["name"]: figure["value"] for figure in told["figures"]}
    # The tiny network says one plate: right once in four, wrong twice, gone once.
    assert value["open.exact_percent"] == 25
    assert value["open.missed"] == 1
    assert value["rapidocr.exact_folded_percent"] == 75
    assert value["rapidocr.cpu_ms_per_photo"] > value["open.cpu_ms_per_photo"] > 0
    assert value["rapidocr.memory_mb"] > value["open.memory_mb"] > 30
    told_of = msgspec.json.decode(result.stdout, type=RecognitionLine)
    opened, _ = told_of.engines
    assert (opened.engine, opened.photos, opened.unreadable) == ("open", 4, 1)
    assert sum(each.count for each in opened.reliability) == 3
    assert sum(each.count for each in opened.by_width) == 4
    assert {each.name for each in opened.by_light} == {"daylight"}
    svg = (tmp_path / "reliable.svg").read_text()
    assert "open: calibration error" in svg
    sheets = sorted((tmp_path / "wrong").iterdir())
    assert [sheet.name for sheet in sheets] == [
        "open-wrong-1.png",
        "rapidocr-wrong-1.png",
    ]
    with Image.open(sheets[0]) as sheet:
        assert sheet.size == (900, 196)
        assert len(sheet.convert("L").resize((90, 20)).getcolors() or []) > 20


def test_people_get_a_table(street: Path, models: Path) -> None:
    result = recognition("--data", street, "--models", models, "--engine", "open")

    assert result.exit_code == 0, result.stderr
    assert "25.0 %" in result.stdout
    assert "10 bins of confidence" in result.stdout
    assert "goal" not in result.stdout
    assert "open" in result.stdout


def test_mistakes_are_sentences(street: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    for arguments, status, says in (
        (("--data", tmp_path / "none"), 2, "cannot read"),
        (("--data", street, "--engine", "crystal-ball"), 2, "rapidocr"),
        (
            ("--data", street, "--engine", "open", "--models", tmp_path / "none"),
            1,
            "no plate detector",
        ),
    ):
        result = recognition(*arguments)
        assert result.exit_code == status, result.output
        assert says in " ".join(result.stderr.split())
        assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file,region\na.png,us-ct\n", "no column text"),
        ("file,text\n", "labels no picture"),
        ("file,text\na.png,-\n", "line 2"),
        ("file,text,x,y,w,h\na.png,A1,1,2,3,tall\n", "line 2"),
        ("file,text,x,y,w,h\na.png,A1,1,2,3,0\n", "empty box"),
        ("file,text\na.png,\xff\n", "cannot read"),
    ],
)
def test_labels_that_cannot_be_understood_are_named(
    tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "labels.csv").write_bytes(text.encode("latin-1"))

    with pytest.raises(UnusableLabelsError, match=says):
        labels_in(tmp_path)


def test_the_three_forms_of_labels(tmp_path: Path) -> None:
    boxed = "file,x,y,w,h,text,region\na.jpg,1,2,30,40,ab-12,us\n"
    (tmp_path / "labels.csv").write_text(boxed)
    (one,) = labels_in(tmp_path)
    (tmp_path / "labels.csv").write_text("file,text,region\na.jpg,AB12,us-ak\n")
    (two,) = labels_in(tmp_path)
    (tmp_path / "labels.csv").write_text("file,car,text,region\na.jpg,7,AB12,us-ny\n")
    (three,) = labels_in(tmp_path)

    assert (one.text, one.box, one.state) == ("AB12", (1, 2, 30, 40), None)
    assert (two.box, two.state, two.car) == (None, "AK", None)
    assert (three.state, three.car) == ("NY", "7")


def a_label(text: str, **known: object) -> Label:
    return Label(path=Path("a.png"), text=text, **known)  # type: ignore[arg-type]  # a test's shorthand


def a_read(plate: str, confidence: float, left: int = 0) -> Read:
    return Read(plate=plate, confidence=confidence, box=(left, 0, 10, 10), state="CT")


def test_scores_by_hand() -> None:
    boxed = {"box": (0, 0, 10, 10), "state": "CT"}
    pictures = [
        judged(a_label("HOW1", **boxed), [a_read("H0W1", 0.95)]),
        judged(a_label("AB12", **boxed), [a_read("AB13", 0.85, 4), a_read("X", 1, 90)]),
        judged(a_label("CD34", **boxed), [a_read("EF56", 0.9, 50)]),
        judged(a_label("GH78"), [a_read("ZZ", 0.4), a_read("GH78", 0.6)]),
    ]

    scores = scored(pictures)

    assert (scores.exact, scores.exact_folded, scores.within_one) == (25, 50, 75)
    assert (scores.missed, scores.extra) == (1, 2)
    assert scores.character_error == pytest.approx(100 * (1 + 1 + 4) / 16)
    assert scores.calibration_error == pytest.approx((0.05 + 0.85 + 0.4) / 3)
    assert (scores.state_right, scores.state_named) == (100, 50)
    assert (scores.cars, scores.cars_right, scores.cars_by_vote) == (0, None, None)
    assert (scores.stacked, scores.sure_plates) == (0, 25)


def test_a_car_is_right_when_its_surest_reading_is() -> None:
    pictures: list[Judged] = [
        judged(a_label("AB12", car="1"), [a_read("AB13", 0.9)]),
        judged(a_label("AB12", car="1"), [a_read("AB12", 0.5)]),
        judged(a_label("AB12", car="1"), [a_read("AB12", 0.5)]),
        judged(a_label("CD34", car="2"), []),
    ]

    scores = scored(pictures)

    assert (scores.cars, scores.cars_by_vote) == (2, 50)


def test_a_car_is_fused_from_reads_of_which_none_is_right() -> None:
    car = [
        judged(a_label("AB12345", car="1"), [a_read(text, 0.6)])
        for text in ("A812345", "AB1Z345", "AB12S45")
    ]

    scores = scored(car)

    assert (scores.cars_right, scores.cars_by_vote, scores.exact) == (100, 0, 0)


def test_stacked_prefixes_are_those_of_new_york() -> None:
    new_york, elsewhere = {"state": "NY"}, {"state": "NJ"}
    pictures = [
        judged(a_label("AV12345", **new_york), [a_read("AV12345", 0.9)]),
        judged(a_label("VAS1234", **new_york), [a_read("AS1234", 0.9)]),
        judged(a_label("AVA1234", **new_york), [a_read("AVA1234", 0.9)]),
        judged(a_label("AV12345", **elsewhere), [a_read("AV12345", 0.9)]),
    ]

    scores = scored(pictures)

    assert (scores.stacked, scores.stacked_right) == (2, 1)


_TEXTS = st.text("AB0O1", min_size=1, max_size=4) | st.sampled_from(["AV12", "AA34"])
_READS = st.lists(
    st.tuples(_TEXTS, st.integers(0, 100), st.integers(0, 30)), max_size=3
)
_ROWS = st.lists(
    st.tuples(_TEXTS, st.booleans(), st.sampled_from("123"), _READS),
    min_size=1,
    max_size=6,
)


_SCORED = ("plate", "confidence", "state", "box")


def _theirs(labels: Path, reads: Path) -> dict[str, float]:
    """What a scorer that others wrote says."""
    scores: dict[str, float] = json.loads(
        subprocess.run(
            [sys.executable, SCORER, labels, reads, "--json"],
            check=True,
            capture_output=True,
        ).stdout
    )
    return scores


@pytest.mark.skipif(not SCORER.is_file(), reason="needs the other scorer")
@settings(max_examples=8, deadline=None)
@given(rows=_ROWS)
def test_the_scores_agree_with_a_scorer_that_others_wrote(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, bool, str, list[tuple[str, int, int]]]],
) -> None:
    folder = tmp_path_factory.mktemp("scores")
    truth: dict[str, str] = {car: text for text, _, car, _ in reversed(rows)}
    table: list[dict[str, object]] = []
    lines: list[str] = []
    reads: list[list[Read]] = []
    for number, (_, boxed, car, mine) in enumerate(rows):
        box = dict(zip("xywh", (5, 0, 10, 10) if boxed else ("",) * 4, strict=True))
        table.append(
            {
                "file": f"{number}.png",
                "text": truth[car],
                "car": car,
                "region": ("us-ny", "us-ct", "us")[number % 3],
                **box,
            }
        )
        reads.append([a_read(plate, sure / 100, left) for plate, sure, left in mine])
        lines.extend(
            json.dumps(
                {"source": f"{number}.png"}
                | {name: getattr(read, name) for name in _SCORED}
            )
            for read in reads[-1]
        )
    labels = write_labels(folder, table)
    (folder / "reads.jsonl").write_text("\n".join(lines))

    theirs = _theirs(labels, folder / "reads.jsonl")
    pictures = [judged(*each) for each in zip(labels_in(folder), reads, strict=True)]
    ours = scored(pictures)

    assert round(ours.exact, 1) == theirs["exact"]
    assert round(ours.exact_folded, 1) == theirs["exact_folded"]
    assert round(ours.within_one, 1) == theirs["within_one"]
    assert (ours.missed, ours.extra) == (theirs["missed"], theirs["extra"])
    assert ours.character_error == pytest.approx(theirs["cer"], abs=0.006)
    assert ours.calibration_error == pytest.approx(theirs["calibration"], abs=0.0006)
    assert ours.cars_by_vote == pytest.approx(theirs["cars_right"], abs=0.06)
    assert ours.cars == theirs["cars"]
    assert ours.stacked == theirs["stacked_n"]
    if ours.stacked:
        share = 100 * ours.stacked_right / ours.stacked
        assert share == pytest.approx(theirs["stacked"], abs=0.06)
    for share_of, other in (
        (ours.state_named, theirs["state_named"] if ours.state_named else 0),
        (ours.state_right, theirs["state_right"]),
    ):
        assert (share_of or 0) == pytest.approx(other or 0, abs=0.06)
    # Theirs draws a line between reads that are equally sure; ours cannot be better.
    alike = len({x.read.confidence for x in pictures if x.read})
    if alike == sum(x.read is not None for x in pictures):
        assert ours.sure_plates == pytest.approx(theirs["sure"], abs=0.06)
    else:
        assert ours.sure_plates <= theirs["sure"] + 0.06
    assert match_key("O") == "0"
