"""Pinned weights: what runs is what was added, and nothing else is ever opened."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from charteroak.edge.engines import open_engine
from charteroak.edge.models import (
    MEASURED,
    PINS,
    ChangedModelError,
    Finding,
    Kind,
    MissingModelsError,
    Models,
    UnpinnedModelError,
    UnusablePinsError,
    default_folder,
)
from charteroak.edge.models_cli import app
from charteroak.edge.onnx_file import UnusableWeightsError, open_session
from charteroak.edge.recognize import EngineOptions
from tests.support import networks

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Models:
    store = Models(tmp_path / "store")
    for path in sorted(networks.a_folder(tmp_path / "download").iterdir()):
        store.add(path, now=NOW, licence="MIT")
    return store


def models(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


def test_what_was_added_is_known_by_what_it_takes(store: Models) -> None:
    assert {file: pin.kind for file, pin in store.pins().items()} == {
        "letters.onnx": Kind.READER,
        "letters_plate_config.yaml": Kind.CONFIGURATION,
        "plates.onnx": Kind.DETECTOR,
    }
    assert store.choose(Kind.DETECTOR) == "plates.onnx"
    assert store.choose(Kind.READER) == "letters.onnx"
    assert all(pin.added_at == NOW for pin in store.pins().values())


def test_one_bit_that_changed_is_refused_by_the_engine(store: Models) -> None:
    options = EngineOptions(models=store.folder)
    assert open_engine("open", options).name == "open"
    file = store.folder / "letters.onnx"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)

    with pytest.raises(ChangedModelError, match="has changed since it was added"):
        open_engine("open", options)


def test_weights_that_nobody_added_are_refused_with_their_digest(
    tmp_path: Path,
) -> None:
    folder = networks.a_folder(tmp_path / "somewhere")

    with pytest.raises(UnpinnedModelError, match=r"plates.onnx.*[0-9a-f]{64}") as said:
        open_engine("open", EngineOptions(models=folder))

    assert "charteroak models add" in said.value.hint


def test_a_reader_without_its_configuration_is_no_detector(store: Models) -> None:
    (store.folder / "letters_plate_config.yaml").unlink()

    assert store.choose(Kind.DETECTOR) == "plates.onnx"
    with pytest.raises(MissingModelsError):
        open_engine("open", EngineOptions(models=store.folder))


def test_another_file_takes_a_name_only_when_told_to(
    store: Models, tmp_path: Path
) -> None:
    other = tmp_path / "letters.onnx"
    other.write_bytes(networks.reader("AB12345"))

    with pytest.raises(ChangedModelError):
        store.add(other, now=NOW)
    before = store.load("letters.onnx")
    store.add(other, now=NOW, replace=True)

    assert store.load("letters.onnx") == other.read_bytes() != before


def test_a_network_that_names_other_files_is_refused_unopened(tmp_path: Path) -> None:
    with pytest.raises(UnusableWeightsError, match="other files"):
        open_session("x", networks.with_outside_data(), threads=1)
    path = tmp_path / "x.onnx"
    path.write_bytes(networks.with_outside_data("/etc/passwd"))
    with pytest.raises(UnusableWeightsError, match="other files"):
        Models(tmp_path / "store").add(path, now=NOW)

    # However deep it hides: a branch in a branch of a node's attribute.
    inner = networks.field(5, networks.field(14, 1))
    for _ in range(3):
        inner = networks.field(1, networks.field(5, networks.field(6, inner)))
    with pytest.raises(UnusableWeightsError, match="other files"):
        open_session("x", networks.field(7, inner), threads=1)


def test_a_field_number_that_other_readers_cut_short_hides_nothing() -> None:
    named = networks.field(1, "location") + networks.field(2, "x")
    # The same fields to a reader of 32 bits; five bytes for the key instead of one.
    outside = networks.field(13 | 1 << 29, named) + networks.field(14 | 1 << 29, 1)
    hidden = networks.field(7, networks.field(5, outside))

    with pytest.raises(UnusableWeightsError, match="no ONNX"):
        open_session("x", hidden, threads=1)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_network_are_refused_and_nothing_else(content: bytes) -> None:
    with pytest.raises(UnusableWeightsError):
        open_session("x", content, threads=1)


def test_a_network_inside_itself_a_thousand_times_ends(tmp_path: Path) -> None:
    inner = b""
    for _ in range(1000):
        inner = networks.field(1, networks.field(5, networks.field(6, inner)))
    path = tmp_path / "deep.onnx"
    path.write_bytes(networks.field(7, inner))

    with pytest.raises(UnusableWeightsError, match="no ONNX"):
        Models(tmp_path / "store").add(path, now=NOW)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "no record"),
        (b'{"version":1,"models":[{"file":"x"}]}', "no record"),
        (
            json.dumps(
                {
                    "models": [
                        {
                            "file": "../x.onnx",
                            "kind": "reader",
                            "sha256": "",
                            "size_bytes": 1,
                        }
                    ]
                }
            ).encode(),
            "outside",
        ),
    ],
)
def test_a_broken_record_trusts_nothing(
    store: Models, content: bytes, says: str
) -> None:
    (store.folder / PINS).write_bytes(content)

    with pytest.raises(UnusablePinsError, match=says):
        store.load("plates.onnx")
    assert models("list", "--models", store.folder).exit_code == 2


def test_the_folder_is_named_by_the_environment() -> None:
    assert default_folder({"CHARTEROAK_MODELS": "/m"}) == Path("/m")
    assert default_folder({"XDG_DATA_HOME": "/d"}) == Path("/d/charteroak/models")
    assert default_folder({}).parts[-4:] == (".local", "share", "charteroak", "models")


def test_the_measured_files_are_five_and_each_has_a_digest() -> None:
    assert len({pin.sha256 for pin in MEASURED}) == len(MEASURED) == 5
    assert all(len(bytes.fromhex(pin.sha256)) == 32 for pin in MEASURED)


def test_add_list_and_verify_as_a_person_runs_them(tmp_path: Path) -> None:
    download, folder = networks.a_folder(tmp_path / "download"), tmp_path / "store"

    added = models("add", download, "--models", folder, "--licence", "MIT")
    listed = models("list", "--models", folder, "--json")
    good = models("verify", "--models", folder)
    (folder / "plates.onnx").write_bytes(b"something else")
    (folder / "letters.onnx").unlink()
    (folder / "new.onnx").write_bytes(b"?")
    bad = models("verify", "--models", folder, "--json")

    assert added.exit_code == listed.exit_code == good.exit_code == 0, added.stderr
    lines = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [line["finding"] for line in lines] == ["same"] * 3
    assert all(line["sha256"] in added.stdout for line in lines)
    assert {line["licence"] for line in lines} == {"MIT"}
    assert bad.exit_code == 1
    assert {
        line["file"]: Finding(line["finding"])
        for line in map(json.loads, bad.stdout.splitlines())
    } == {
        "letters.onnx": Finding.GONE,
        "letters_plate_config.yaml": Finding.SAME,
        "new.onnx": Finding.NOT_ADDED,
        "plates.onnx": Finding.CHANGED,
    }
    assert "plates.onnx: changed" in bad.stderr


def test_mistakes_are_sentences(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    (tmp_path / "notes.txt").write_text("hello")

    nothing = models("verify", "--models", folder)
    no_weights = models("add", tmp_path / "notes.txt", "--models", folder)
    empty = models("add", tmp_path, "--models", folder)

    for result, says in (
        (nothing, "no models in"),
        (no_weights, "weights are"),
        (empty, "no weights in"),
    ):
        assert result.exit_code == 2
        assert says in result.stderr
        assert "Traceback" not in result.output
