"""Pictures come back as they were, and never after their key is destroyed."""

import secrets
import shutil
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charteroak.server.vault.keys import Keys
from charteroak.server.vault.pictures import (
    PictureBrokenError,
    PictureGoneError,
    Pictures,
    PicturesUnavailableError,
)

BUCKET = "b20261001t0000m1440"
OTHER = "b20261002t0000m1440"
HOLD = UUID(int=7)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    keys = Keys(tmp_path / "keys", entropy=secrets.token_bytes)
    keys.make_bucket(BUCKET)
    keys.make_bucket(OTHER)
    return keys


@pytest.fixture(params=["folder", "object store"])
def pictures(request: pytest.FixtureRequest, tmp_path: Path, keys: Keys) -> Pictures:
    where = tmp_path / "pictures" if request.param == "folder" else "memory:///"
    return Pictures(where, keys=keys, entropy=secrets.token_bytes)


@given(contents=st.lists(st.binary(max_size=300), max_size=6))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_stored_comes_back(pictures: Pictures, contents: list[bytes]) -> None:
    refs = pictures.store(BUCKET, contents)

    assert [pictures.fetch(ref) for ref in refs] == contents
    assert len(set(refs)) == len(contents)


def test_one_call_writes_one_object(tmp_path: Path, keys: Keys) -> None:
    pictures = Pictures(tmp_path / "pictures", keys=keys, entropy=secrets.token_bytes)

    pictures.store(BUCKET, [b"one", b"two", b"three"])

    assert len(list((tmp_path / "pictures" / BUCKET).iterdir())) == 1


def test_nothing_of_a_picture_lies_open_on_the_disk(tmp_path: Path, keys: Keys) -> None:
    pictures = Pictures(tmp_path / "pictures", keys=keys, entropy=secrets.token_bytes)

    pictures.store(BUCKET, [b"a picture of somebody's car" * 10])

    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"somebody" not in path.read_bytes()


def test_dropping_destroys_the_key_so_that_copies_do_not_open(
    tmp_path: Path, keys: Keys
) -> None:
    folder, backup = tmp_path / "pictures", tmp_path / "backup"
    pictures = Pictures(folder, keys=keys, entropy=secrets.token_bytes)
    ref = pictures.store(BUCKET, [b"one"])[0]
    pictures.store(BUCKET, [b"two"])
    other = pictures.store(OTHER, [b"three"])[0]
    shutil.copytree(folder, backup)

    assert pictures.drop_bucket(BUCKET) == 2
    assert pictures.drop_bucket(BUCKET) == 0

    assert not (folder / BUCKET).exists()
    shutil.rmtree(folder)
    shutil.copytree(backup, folder)
    with pytest.raises(PictureGoneError):
        pictures.fetch(ref)
    assert pictures.fetch(other) == b"three"


def test_a_dropped_bucket_takes_no_more_pictures(pictures: Pictures) -> None:
    pictures.drop_bucket(BUCKET)

    with pytest.raises(PictureGoneError):
        pictures.store(BUCKET, [b"late"])


def test_a_purge_in_the_midst_of_a_write_leaves_nothing(
    tmp_path: Path, keys: Keys
) -> None:
    folder = tmp_path / "pictures"

    def purge_first(size: int) -> bytes:
        if size == 12:  # a nonce: the key has been read, the segment is not written
            keys.destroy_bucket(BUCKET)
        return secrets.token_bytes(size)

    pictures = Pictures(folder, keys=keys, entropy=purge_first)

    with pytest.raises(PictureGoneError):
        pictures.store(BUCKET, [b"late"])
    assert not list(folder.rglob("*"))


def test_a_held_copy_outlives_the_bucket_and_goes_with_the_hold(
    pictures: Pictures,
) -> None:
    ref = pictures.store(BUCKET, [b"zero", b"one"])[1]

    copy = pictures.keep(HOLD, [pictures.fetch(ref)])[0]
    pictures.drop_bucket(BUCKET)

    assert pictures.fetch(copy) == b"one"
    assert pictures.drop_hold(HOLD) == 1
    with pytest.raises(PictureGoneError):
        pictures.fetch(copy)


def test_no_picture_is_shown_in_the_place_of_another(
    tmp_path: Path, keys: Keys
) -> None:
    folder = tmp_path / "pictures"
    pictures = Pictures(folder, keys=keys, entropy=secrets.token_bytes)
    first, second = (pictures.store(BUCKET, [text])[0] for text in (b"one", b"two"))
    one, two = sorted((folder / BUCKET).iterdir())
    one_content, two_content = one.read_bytes(), two.read_bytes()
    one.write_bytes(two_content)
    two.write_bytes(one_content)

    for ref in [first, second]:
        with pytest.raises(PictureBrokenError):
            pictures.fetch(ref)


@pytest.mark.parametrize("damage", [b"", b"\0" * 31, b"\0" * 5])
def test_damage_never_passes_for_a_deletion(
    tmp_path: Path, keys: Keys, damage: bytes
) -> None:
    pictures = Pictures(tmp_path / "p", keys=keys, entropy=secrets.token_bytes)
    ref = pictures.store(BUCKET, [b"one"])[0]
    (segment,) = (tmp_path / "p" / BUCKET).iterdir()
    segment.write_bytes(damage)

    with pytest.raises((PictureBrokenError, PicturesUnavailableError)):
        pictures.fetch(ref)


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "nonsense",
        "../keys/agency.key:0:60",
        f"{BUCKET}/{'0' * 32}:0:60",
        f"{BUCKET}/{'0' * 32}:0:60\n",
        f"b20200101t0000m1440/{'0' * 32}:0:60",
        f"h{'0' * 32}/{'0' * 32}:0:60",
    ],
)
def test_a_reference_to_nothing_is_a_picture_that_is_gone(
    pictures: Pictures, ref: str
) -> None:
    with pytest.raises(PictureGoneError):
        pictures.fetch(ref)


def test_a_reference_past_the_end_shows_nothing(pictures: Pictures) -> None:
    place = pictures.store(BUCKET, [b"one"])[0].split(":")[0]

    for odd in ["0:10", "0:99999", "1:31", "0:0"]:
        with pytest.raises(
            (PictureGoneError, PictureBrokenError, PicturesUnavailableError)
        ):
            pictures.fetch(f"{place}:{odd}")


def test_a_disk_that_takes_no_files_is_told(tmp_path: Path, keys: Keys) -> None:
    pictures = Pictures(tmp_path / "pictures", keys=keys, entropy=secrets.token_bytes)
    # A file where the bucket's folder must be: fails for root too.
    (tmp_path / "pictures" / BUCKET).write_bytes(b"")

    with pytest.raises(PicturesUnavailableError):
        pictures.store(BUCKET, [b"one"])
