"""The model card holds what was measured, and nothing that was copied by hand."""

import importlib.util
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from charteroak.bench.labelled import Label
from charteroak.bench.machine import this_machine
from charteroak.bench.recognition import Compared
from charteroak.bench.recognition_lines import RecognitionLine
from charteroak.bench.recognition_targets import aims_for
from charteroak.bench.scoring import Read, judged, scored

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "model_card", ROOT / "tools" / "model_card.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "MEASURED", tmp_path / "recognition.jsonl")
    return module


def a_line(data: str, *, right: int, engine: str = "builtin") -> bytes:
    """What the benchmark writes of ten close-ups, so many of them read right."""
    pictures = tuple(
        judged(
            Label(path=Path(f"{n}.png"), text="AB12345", state="CT"),
            [
                Read(
                    plate="AB12345" if n < right else "A812345",
                    confidence=0.95,
                    box=(0, 0, 50 if n else 140, 25),
                    state="CT" if n < right else None,
                )
            ],
            "daylight",
        )
        for n in range(10)
    )
    found = Compared(
        engine=engine,
        scores=scored(pictures),
        pictures=pictures,
        unreadable=0,
        cpu_ms=70.0,
        memory_mb=170.0,
    )
    return msgspec.json.encode(
        RecognitionLine.of_engines(
            [found], data=data, aims=aims_for(data), machine=this_machine()
        )
    )


def test_the_newest_measurement_of_a_set_fills_its_rows(tool: ModuleType) -> None:
    lines = [
        a_line("us-closeups-dev", right=2),
        a_line("us-closeups-dev", right=9),
        a_line("us-photos-dev", right=4, engine="open"),
    ]
    tool.MEASURED.write_bytes(b"\n".join(lines) + b"\n")

    page = " ".join(str(tool.card()).split())

    assert "| `us-closeups-dev` (10) | exact, O as 0 |" in page
    assert "| 80 | 93 | 90.0 % | floor |" in page
    assert "| 90 | 95 | 100.0 % | goal |" in page
    # An engine that is not ours fills nothing.
    assert "| 80 | 95 | - | |" in page
    assert "| CT | 10 | 90.0 % | 90.0 % | 100.0 % |" in page
    assert "| `us-closeups-dev` | under 60 px | 9 | 88.9 % | 0 |" in page
    assert "| `us-closeups-dev` | at no confidence | - | - | 0 % |" in page
    assert "../pictures/reliability.svg" in page
    assert "us-closeups-dev: calibration error" in str(tool.diagram())


def test_what_is_below_the_floor_is_said(tool: ModuleType) -> None:
    tool.MEASURED.write_bytes(a_line("us-closeups-dev", right=5))

    assert "50.0 % | **below the floor** |" in tool.card()


def test_without_a_measurement_the_card_says_so(tool: ModuleType) -> None:
    assert tool.card().count("Not measured yet.") == 6
    assert tool.diagram() is None


def test_filling_the_card_again_changes_nothing(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = tool.card()
    (tmp_path / "card.md").write_text(once)
    monkeypatch.setattr(tool, "CARD", tmp_path / "card.md")

    assert tool.card() == once
