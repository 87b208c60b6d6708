"""The thread that starts the server and lives as long as the server does.

Linux sends the parent-death signal when the *thread* that made the child ends
(prctl(2)), not the process. A server started from a request or a test thread would
stop when that thread did; so it is started here.
"""

import os
import re
import select
import shutil
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from typing_extensions import override

from charteroak.server.store.postgres.service_user import ENVIRONMENT

_LOG_MAX_BYTES: Final = 4 * 1024 * 1024
_LOOK_AT_LOG_EVERY_S: Final = 10.0
_REASON_MAX_LINES: Final = 3
_TELLING: Final = re.compile(r"FATAL|PANIC|error:|launcher:|could not")
_PREFIX: Final = re.compile(r"^\d{4}-\d\d-\d\d [^\[]*\[\d+\] ")


class Keeper(threading.Thread):
    """Runs one server process, from its start to its end, and bounds its log."""

    def __init__(self, command: Sequence[str], *, log: Path) -> None:
        super().__init__(name="database-keeper", daemon=True)
        self._command = command
        self._log = log
        self._begun = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._failure: OSError | None = None
        self._said_from = 0
        self.ended = threading.Event()

    def begin(self) -> int:
        """Start the process and give its number.

        Raises:
            OSError: it cannot be started.
        """
        trim(self._log)
        self._said_from = self._log.stat().st_size if self._log.exists() else 0
        self.start()
        self._begun.wait()
        if self._failure is not None:
            self.join()
            raise self._failure
        if self._process is None:
            raise OSError(None, "the process could not be started")
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The process's exit status once it has ended; negative for a signal."""
        if self._process is None or not self.ended.is_set():
            return None
        return self._process.returncode

    def signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self._process is not None:
            self._process.send_signal(number)

    def reason(self) -> str:
        """What the process said last about why it ended, on one line."""
        with self._log.open("rb") as log:
            log.seek(self._said_from)
            said = log.read(_LOG_MAX_BYTES).decode(errors="replace")
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        telling = [line for line in lines if _TELLING.search(line)] or lines[-1:]
        # `2026-10-01 12:00:00.000 UTC [123] FATAL:  could not ...` from FATAL on.
        plain = [_PREFIX.sub("", line) for line in telling[-_REASON_MAX_LINES:]]
        return "; ".join(plain) or f"ended without a word ({self.returncode})"

    @override
    def run(self) -> None:
        try:
            with open(self._log, "ab", opener=_private) as log:
                process = subprocess.Popen(  # noqa: S603  # argv from the supervisor
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    env=ENVIRONMENT,
                    # Ctrl-C in the terminal is for the owner, who stops us in order.
                    start_new_session=True,
                )
        except OSError as failure:
            self._failure = failure
        else:
            self._process = process
        finally:
            # Whatever happens here, nobody may be left waiting for it.
            if self._process is None:
                self.ended.set()
            self._begun.set()
        if self._process is None:
            return
        while not _ends_within(self._process, _LOOK_AT_LOG_EVERY_S):
            trim(self._log)
        self._process.wait()
        self.ended.set()


def trim(log: Path) -> None:
    """Start the log anew when it is long; the last one is kept as `<name>.1`.

    Copied and cut rather than renamed: the server keeps its descriptor, which appends.
    """
    try:
        if log.stat().st_size < _LOG_MAX_BYTES:
            return
        shutil.copy(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)
    except OSError:
        return  # a full disk must not stop the watch over the server


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _ends_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait, without polling where the kernel offers it (Linux)."""
    if not hasattr(os, "pidfd_open"):
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True
    handle = os.pidfd_open(process.pid)
    try:
        # poll, not select: a busy server has descriptors past 1,024.
        watch = select.poll()
        watch.register(handle, select.POLLIN)
        return bool(watch.poll(seconds * 1000))
    finally:
        os.close(handle)
