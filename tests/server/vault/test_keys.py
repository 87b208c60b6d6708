"""Keys are private, made once, and gone when destroyed."""

import secrets
import stat
import threading
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from charteroak.server.vault.key_export import export_keys, import_keys
from charteroak.server.vault.keys import (
    BrokenKeyError,
    KeyGoneError,
    KeyNotDestroyedError,
    Keys,
    OpenKeyFolderError,
)

BUCKET = "b20261001t0000m1440"
HOLD = UUID(int=7)


def keys_in(folder: Path) -> Keys:
    return Keys(folder / "keys", entropy=secrets.token_bytes)


def test_lasting_keys_are_the_same_at_the_next_start(tmp_path: Path) -> None:
    first, second = keys_in(tmp_path), keys_in(tmp_path)

    assert bytes(first.agency_key) == bytes(second.agency_key)
    assert first.hotlist_key == second.hotlist_key
    assert bytes(first.agency_key) != first.hotlist_key
    assert first.public_pem == second.public_pem


def test_what_the_agency_signs_its_public_key_verifies(tmp_path: Path) -> None:
    keys = keys_in(tmp_path)
    public = load_pem_public_key(keys.public_pem.encode())
    assert isinstance(public, Ed25519PublicKey)

    public.verify(keys.sign(b"this"), b"this")
    with pytest.raises(InvalidSignature):
        public.verify(keys.sign(b"this"), b"that")


def test_the_signing_key_is_exported_with_the_others(tmp_path: Path) -> None:
    keys_in(tmp_path)
    words = "four words nobody guesses"
    export_keys(
        tmp_path / "keys", tmp_path / "whole", words, entropy=secrets.token_bytes
    )

    import_keys(
        tmp_path / "whole",
        tmp_path / "new" / "keys",
        words,
        entropy=secrets.token_bytes,
    )

    assert keys_in(tmp_path / "new").public_pem == keys_in(tmp_path).public_pem


def test_only_the_service_can_read_them(tmp_path: Path) -> None:
    keys = keys_in(tmp_path)
    keys.make_bucket(BUCKET)
    keys.make_hold(HOLD)

    for path in (tmp_path / "keys").rglob("*"):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted
    assert len([p for p in (tmp_path / "keys").rglob("*") if p.is_file()]) == 6


def test_a_folder_that_others_can_open_is_refused(tmp_path: Path) -> None:
    keys_in(tmp_path)
    (tmp_path / "keys").chmod(0o750)

    with pytest.raises(OpenKeyFolderError):
        keys_in(tmp_path)


def test_a_bucket_key_is_made_once_by_whoever_comes_first(tmp_path: Path) -> None:
    keys = keys_in(tmp_path)
    seen: list[bytes] = []

    def make() -> None:
        keys.make_bucket(BUCKET)
        seen.append(keys.bucket(BUCKET))

    threads = [threading.Thread(target=make) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 16
    assert len(set(seen)) == 1


def test_a_destroyed_key_is_gone_and_destroying_it_again_is_no_error(
    tmp_path: Path,
) -> None:
    keys = keys_in(tmp_path)
    keys.make_bucket(BUCKET)
    key = keys.bucket(BUCKET)

    assert keys.destroy_bucket(BUCKET)
    assert not keys.destroy_bucket(BUCKET)

    assert not keys.has_bucket(BUCKET)
    with pytest.raises(KeyGoneError):
        keys.bucket(BUCKET)
    left = [p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()]
    assert key not in left


def test_the_bytes_are_overwritten_before_the_name_goes(tmp_path: Path) -> None:
    keys = keys_in(tmp_path)
    keys.make_bucket(BUCKET)
    path = tmp_path / "keys" / "pictures" / f"{BUCKET}.key"
    key = path.read_bytes()
    with path.open("rb") as still_open:
        keys.destroy_bucket(BUCKET)

        assert still_open.read() != key


def test_a_key_that_cannot_be_destroyed_is_never_passed_over(tmp_path: Path) -> None:
    keys = keys_in(tmp_path)
    # A folder in the key's place cannot be written over or unlinked, even by root.
    (tmp_path / "keys" / "pictures" / f"{BUCKET}.key").mkdir()

    with pytest.raises(KeyNotDestroyedError):
        keys.destroy_bucket(BUCKET)


@pytest.mark.parametrize("name", ["", "..", "../agency", "b2026", "x/y", BUCKET + "/"])
def test_a_name_that_is_no_bucket_opens_nothing(tmp_path: Path, name: str) -> None:
    keys = keys_in(tmp_path)

    for ask in [keys.make_bucket, keys.bucket, keys.destroy_bucket]:
        with pytest.raises(KeyGoneError):
            ask(name)


def test_a_damaged_key_is_told(tmp_path: Path) -> None:
    keys_in(tmp_path)
    (tmp_path / "keys" / "hotlist.key").write_bytes(b"short")

    with pytest.raises(BrokenKeyError):
        keys_in(tmp_path)


def test_no_key_is_in_a_repr(tmp_path: Path) -> None:
    assert repr(keys_in(tmp_path)) == "Keys(<secret>)"
