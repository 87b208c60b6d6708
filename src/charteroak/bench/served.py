"""A benchmark's server: `charteroak server run`, for as long as its benchmark lives.

The benchmark holds one end of a pipe on this process's standard input. When it goes,
also by `kill -9`, the kernel closes that end, and the server stops in order.
"""

import os
import signal
import sys
import threading

from charteroak.server.cli import app


def _stop_with_parent() -> None:
    # Nothing is ever written to it: reading returns when the parent is gone.
    while os.read(sys.stdin.fileno(), 1024):
        continue
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_stop_with_parent, name="parent", daemon=True).start()
    app(["run"])
