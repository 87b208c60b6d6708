"""Weights that come with the project: what is not what was measured does not run."""

import hashlib
from pathlib import Path

import pytest

from charteroak.edge.engines import bundled, open_engine
from charteroak.edge.engines.bundled import Calibration, DamagedWeightsError
from charteroak.edge.onnx_file import UnusableWeightsError
from charteroak.edge.recognize import EngineOptions
from tests.support import own_networks


@pytest.mark.parametrize(
    "file", [bundled.DETECTOR, bundled.READER, bundled.STATES, bundled.CALIBRATION]
)
def test_an_altered_file_is_refused_with_both_hashes(tmp_path: Path, file: str) -> None:
    path = own_networks.a_folder(tmp_path) / file
    was = path.read_bytes()
    path.write_bytes(was[:-1] + bytes([was[-1] ^ 1]))

    with pytest.raises(DamagedWeightsError) as refused:
        open_engine("builtin", EngineOptions(models=tmp_path))

    assert str(path) in str(refused.value)
    assert hashlib.sha256(was).hexdigest() in str(refused.value)
    assert hashlib.sha256(path.read_bytes()).hexdigest() in str(refused.value)
    assert refused.value.hint


@pytest.mark.parametrize(
    "file", [bundled.DETECTOR, bundled.READER, bundled.STATES, bundled.SUMS]
)
def test_a_missing_file_is_named(tmp_path: Path, file: str) -> None:
    (own_networks.a_folder(tmp_path) / file).unlink()

    with pytest.raises(DamagedWeightsError, match=file):
        open_engine("builtin", EngineOptions(models=tmp_path))


def test_a_file_that_is_not_in_the_list_is_not_trusted(tmp_path: Path) -> None:
    sums = own_networks.a_folder(tmp_path) / bundled.SUMS
    lines = sums.read_text().splitlines()
    sums.write_text("\n".join(each for each in lines if bundled.READER not in each))

    with pytest.raises(DamagedWeightsError, match=f"does not name {bundled.READER}"):
        open_engine("builtin", EngineOptions(models=tmp_path))


@pytest.mark.parametrize(
    "text", [b"", b"\xff", b"raw = [0.0, 1.0]", b"found_least = 'high'"]
)
def test_a_broken_calibration_is_told(tmp_path: Path, text: bytes) -> None:
    own_networks.a_folder(tmp_path, {bundled.CALIBRATION: text})

    with pytest.raises(UnusableWeightsError, match="calibration"):
        open_engine("builtin", EngineOptions(models=tmp_path))


@pytest.mark.parametrize(
    ("raw", "calibrated", "least"),
    [
        ((0.0, 1.0), (0.5, 0.4), 0.3),
        ((0.5, 0.5), (0.5, 0.6), 0.3),
        ((0.0, 1.0), (0.5,), 0.3),
        ((), (), 0.3),
        ((0.0, 1.1), (0.0, 1.0), 0.3),
        ((0.0, 1.0), (0.0, 1.0), float("nan")),
    ],
)
def test_a_calibration_that_cannot_be_is_refused(
    raw: tuple[float, ...], calibrated: tuple[float, ...], least: float
) -> None:
    with pytest.raises(ValueError, match="calibration"):
        Calibration(
            found_least=least,
            found_sure=0.7,
            read_least=0.1,
            whole_least=0.9,
            state_least=0.5,
            raw=raw,
            calibrated=calibrated,
        )


def test_between_two_points_of_the_calibration_the_line_is_straight() -> None:
    fitted = Calibration(
        found_least=0.3,
        found_sure=0.7,
        read_least=0.1,
        whole_least=0.9,
        state_least=0.5,
        raw=(0.2, 0.6, 1.0),
        calibrated=(0.1, 0.5, 0.9),
    )

    assert [fitted.confidence(raw) for raw in (0.0, 0.4, 0.8, 1.0)] == pytest.approx(
        [0.1, 0.3, 0.7, 0.9]
    )
