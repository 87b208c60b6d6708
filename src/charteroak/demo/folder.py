"""The folder of the demonstration: one at a time, and empty before and after."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from charteroak.core.errors import CharterOakError

_PRIVATE: Final = 0o700
_PASSABLE: Final = 0o711


class AlreadyRunningError(CharterOakError):
    """A demonstration runs already."""

    code = "charteroak.demo.already-running"
    hint = "Use it, or stop it with Ctrl-C where it was started."


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder for one demonstration at a time; what a killed one left is removed.

    It lies in the system's folder for temporary files, because root's database runs as
    another user, who may not be able to reach this checkout.

    Raises:
        AlreadyRunningError: one runs.
    """
    folder = Path(tempfile.gettempdir()) / f"charteroak-demo-{os.getuid()}"
    folder.mkdir(mode=_PRIVATE, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise AlreadyRunningError("the demonstration's folder belongs to somebody else")
    folder.chmod(_PASSABLE)
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise AlreadyRunningError("a demonstration runs already") from None
    with lock:
        _empty(folder)
        try:
            yield folder
        finally:
            _empty(folder)


def _empty(folder: Path) -> None:
    for each in folder.iterdir():
        if each.name == "lock":
            continue
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()
