"""A paper opens with the keys it was sealed under, as itself, and no other way."""

import secrets
from pathlib import Path
from uuid import uuid4

import pytest

from charteroak.server.vault.keys import Keys
from charteroak.server.vault.papers import PaperBrokenError, open_paper, seal_paper

PAPER = b"%PDF-1.7 a warrant"


def keys(folder: Path) -> Keys:
    return Keys(folder, entropy=secrets.token_bytes)


def test_it_opens_after_a_restart_and_says_nothing_before(tmp_path: Path) -> None:
    paper = uuid4()
    sealed = seal_paper(
        keys(tmp_path / "keys"), paper, PAPER, entropy=secrets.token_bytes
    )

    assert PAPER not in sealed
    assert open_paper(keys(tmp_path / "keys"), paper, sealed) == PAPER


def test_nothing_else_opens_it(tmp_path: Path) -> None:
    paper, own = uuid4(), keys(tmp_path / "keys")
    sealed = seal_paper(own, paper, PAPER, entropy=secrets.token_bytes)

    turned = bytes([sealed[-1] ^ 1])
    for wrong, name, content in (
        (keys(tmp_path / "others"), paper, sealed),
        (own, uuid4(), sealed),
        (own, paper, sealed[:-1] + turned),
        (own, paper, sealed[:20]),
        (own, paper, b""),
    ):
        with pytest.raises(PaperBrokenError):
            open_paper(wrong, name, content)
