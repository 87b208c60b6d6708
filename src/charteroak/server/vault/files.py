"""Small files that must be whole, durable and private, or not there at all."""

import os
from pathlib import Path

_PRIVATE = 0o600


def sync_folder(folder: Path) -> None:
    """Make a folder's list of files durable."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def sync_file(path: Path) -> None:
    """Make a file's content durable."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def make(path: Path, content: bytes, *, unique: str) -> bool:
    """Make a file, whole and durable, readable by its owner alone.

    Args:
        path: where; its folder is there.
        content: all of it.
        unique: part of the name of the temporary file beside it.

    Returns:
        False where a file is already there; it is left as it is.
    """
    draft = _write_draft(path, content, unique)
    try:
        # A link fails where a rename would silently replace the other's file.
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
        sync_folder(path.parent)
    return True


def replace(path: Path, content: bytes) -> None:
    """Put new content in a file's place in one step; readers see old or new.

    One writer at a time: the caller sees to that.
    """
    path.with_name(f".{path.name}.new").unlink(missing_ok=True)
    draft = _write_draft(path, content, "new")
    draft.replace(path)
    sync_folder(path.parent)


def _write_draft(path: Path, content: bytes, unique: str) -> Path:
    draft = path.with_name(f".{path.name}.{unique}")
    number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(number, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(number)
    return draft
