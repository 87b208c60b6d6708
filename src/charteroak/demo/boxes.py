"""The thirteen boxes of Fernwood, in one process.

In a real town each box is a machine of its own: `charteroak edge run`. Here thirteen
share one, and thirteen processes would each hold the recogniser's model. So they are
threads that share one engine and take turns at it; all else is each box's own: identity,
enrolment, spool, uplink.
"""

import argparse
import logging
import secrets
import signal
import sys
import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from charteroak.core.camera import CameraId
from charteroak.core.http_signature import NONCE_BYTES
from charteroak.demo.children import stop_with_parent
from charteroak.edge.box import Box, opened_box
from charteroak.edge.engines import DEFAULT, open_engine
from charteroak.edge.recognize import EngineOptions
from charteroak.edge.settings import (
    DEFAULT_SPOOL_LIMIT_BYTES,
    DataFolder,
    load_enrolled,
)
from charteroak.edge.stream import VideoStream

_FPS: Final = 8.0
_OPTIONS: Final = EngineOptions(longest_side_px=640, threads=1)
"""Plates here are at least 80 pixels wide when they are read: half the usual size of
search finds them, at a sixth of the work. The other core is for all the rest."""

_SILENT_S: Final = 40.0
"""Longer than it takes to draw all streets: until then a camera gives nothing."""

_log = logging.getLogger(__name__)


def run(folders: list[Path], cameras: str, stop: threading.Event) -> None:
    """Run a box for each folder until told to stop.

    Args:
        folders: of enrolled boxes, each named as its one camera.
        cameras: base address of the streams.
        stop: ends all boxes; set, too, when one of them fails for good.

    Raises:
        CharterOakError: why a box failed.
    """
    engine, turns = open_engine(DEFAULT, _OPTIONS), threading.Lock()
    troubles: list[Exception] = []

    def work(box: Box) -> None:
        try:
            box.run(stop)
        except Exception as trouble:  # noqa: BLE001 - raised by the main thread
            troubles.append(trouble)
            stop.set()

    with ExitStack() as stack:
        boxes = [
            stack.enter_context(
                opened_box(
                    folder,
                    load_enrolled(folder),
                    engine=engine,
                    turns=turns,
                    watches={
                        CameraId(folder.path.name): VideoStream(
                            address=f"{cameras}/{folder.path.name}.mjpg",
                            stop=stop,
                            clock=_now,
                            fps=_FPS,
                            silent_s=_SILENT_S,
                        )
                    },
                    spool_limit_bytes=DEFAULT_SPOOL_LIMIT_BYTES,
                    clock=_now,
                    nonce=lambda: secrets.token_bytes(NONCE_BYTES),
                )
            )
            for folder in map(DataFolder, folders)
        ]
        threads = [threading.Thread(target=work, args=(box,)) for box in boxes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if troubles:
        raise troubles[0]


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the clock of the boxes


def main() -> int:
    """Work until stopped; exit status 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="holds the folders of the boxes")
    parser.add_argument("--cameras", required=True, help="base address of the streams")
    options = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("charteroak").setLevel(logging.INFO)
    stop_with_parent()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run(sorted(options.folder.iterdir()), options.cameras, stop)
    return 0


if __name__ == "__main__":
    sys.exit(main())
