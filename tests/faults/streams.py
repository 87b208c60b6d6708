"""The board's stream as a browser receives it, and comes again when it ends."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs
import httpx2

from tests.attack.a_running_server import Desk
from tests.faults.boxes import until

_COMES_AGAIN_S = 0.2
# Shorter than the heartbeat: the watch then ends soon, and comes again as browsers do.
_SILENT_S = 3


@attrs.define
class Watched:
    """What came last, by the name of the event."""

    last: dict[str, str] = attrs.field(factory=dict)

    def until(self, name: str, wanted: Callable[[str], bool]) -> float:
        """Wait until the last event of a name is as wanted; gives the seconds."""
        return until(
            lambda: name in self.last and wanted(self.last[name]),
            f"no such {name} came to the board",
        )


@contextmanager
def watching(desk: Desk) -> Iterator[Watched]:
    """Keep the board open, for the length of a block."""
    seen = Watched()
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            # The server may be away; a browser comes again.
            with (
                contextlib.suppress(httpx2.TransportError),
                desk.http.stream("GET", "/board/events", timeout=_SILENT_S) as answer,
            ):
                _take(answer, seen, stop)
            time.sleep(_COMES_AGAIN_S)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()


def _take(answer: httpx2.Response, seen: Watched, stop: threading.Event) -> None:
    if answer.status_code != httpx2.codes.OK:
        return
    name, lines = "", list[str]()
    for line in answer.iter_lines():
        if stop.is_set():
            return
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            lines.append(line.removeprefix("data: "))
        elif not line and name:
            seen.last[name] = "\n".join(lines)
            name, lines = "", []
