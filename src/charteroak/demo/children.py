"""Child processes that never outlive the demonstration, however it ends.

The parent holds one end of a pipe on the child's standard input. When the parent goes,
also by `kill -9`, the kernel closes that end, and the child stops itself.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_PATIENCE_S: Final = 15.0


@contextmanager
def child(
    module: str, arguments: Sequence[str], *, log: Path, inherits: Sequence[int] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a module of this package for the length of a block.

    Args:
        module: name after `charteroak.demo.`; its first act is `stop_with_parent`.
        arguments: its command line.
        log: file for what it prints.
        inherits: open files that it takes over, by number.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", f"charteroak.demo.{module}", *arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            pass_fds=inherits,
            # Dozens of threads would each keep a heap of their own.
            env={**os.environ, "MALLOC_ARENA_MAX": "2"},
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()


def stop_with_parent() -> None:
    """Send this process SIGTERM when its standard input ends."""

    def wait() -> None:
        # Nothing is ever written to it: reading returns when the parent is gone.
        while os.read(sys.stdin.fileno(), 1024):
            continue
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()
