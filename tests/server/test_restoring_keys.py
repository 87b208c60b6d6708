"""Which keys a restore needs: those that open a backup, and not the one that signs."""

import secrets
from pathlib import Path

import pytest

from charteroak.server import restoring
from charteroak.server.restoring import KeysMissingError
from charteroak.server.vault.keys import LASTING, SIGNING, Keys


def test_keys_of_before_there_was_one_to_sign_with_are_enough(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    Keys(folder, entropy=secrets.token_bytes)
    (folder / SIGNING).unlink()

    restoring._have_keys(folder, None, entropy=secrets.token_bytes)

    assert Keys(folder, entropy=secrets.token_bytes).public_pem


@pytest.mark.parametrize("name", sorted(set(LASTING) - {SIGNING}))
def test_without_a_key_that_opens_a_backup_nothing_is_restored(
    tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "keys"
    Keys(folder, entropy=secrets.token_bytes)
    (folder / name).unlink()

    with pytest.raises(KeysMissingError):
        restoring._have_keys(folder, None, entropy=secrets.token_bytes)
