"""A process with nothing in memory but what one measurement needs.

`multiprocessing` would import the command line into it, and with that every library of
the server: tens of megabytes that are not the measured thing's.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, Pipe
from typing import Final

_END_S: Final = 10.0
_BEGIN: Final = (
    "import sys; from multiprocessing.connection import Connection; "
    "from {module} import answer; answer(Connection(int(sys.argv[1])))"
)


@contextmanager
def own_process(module: str) -> Iterator["Connection[object, object]"]:
    """Start `answer(line)` of a module of ours in a fresh process.

    Yields:
        Our end of the line. The process ends with the block, by force if it must.
    """
    ours, theirs = Pipe()
    begin = _BEGIN.format(module=module)
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - our own module, in our own Python
            [sys.executable, "-c", begin, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    try:
        with ours:
            yield ours
    finally:
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
