"""The demonstration at work: street, server and boxes, until it is told to stop."""

import logging
import os
import signal
import socket
import subprocess
import threading
import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Final, Self

import attrs
from rich.console import Console
from rich.table import Table

from charteroak.core.camera import CameraId
from charteroak.core.errors import CharterOakError
from charteroak.demo.children import child
from charteroak.demo.folder import own_folder
from charteroak.demo.founding import Founded, found, load_lists
from charteroak.demo.town import AGENCY, AGENCY_NAME, PEOPLE, POLICY
from charteroak.demo.town_map import write_map
from charteroak.edge.enrol import enrol
from charteroak.edge.settings import DataFolder
from charteroak.server.agency import Agency
from charteroak.server.bootstrap import open_site
from charteroak.server.cli import load_settings, set_up_log, telling
from charteroak.server.running import address, listen, serve

_LOOK_EVERY_S: Final = 1.0
_LISTS_EVERY_S: Final = 6 * 3600.0
"""Twice within the term after which a list alerts nobody."""


class ChildEndedError(CharterOakError):
    """A part of the demonstration ended by itself."""

    code = "charteroak.demo.child-ended"
    hint = "Start the demonstration again; if it happens again, please report it."


@attrs.frozen(kw_only=True)
class Play:
    """What was asked for.

    Attributes:
        port: to listen on.
        kept: how long reads are kept.
        street: the command line of the street.
        browser: whether to open the board.
    """

    port: int
    kept: timedelta
    street: Sequence[str]
    browser: bool


def play(asked: Play, console: Console) -> None:
    """Play the whole town until Ctrl-C; call from the main thread.

    Raises:
        ChildEndedError: the street or the boxes ended by themselves.
        CharterOakError: what keeps it from starting.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(own_folder())
        town_map = folder / "fernwood.pmtiles"
        settings = load_settings(
            data=folder / "server",
            agency=AGENCY,
            agency_name=AGENCY_NAME,
            keep=asked.kept,
            policy=POLICY,
            port=asked.port,
            host="127.0.0.1",
            map_file=town_map,
        )
        listener = stack.enter_context(listen(settings))
        set_up_log(logging.WARNING)
        watch = stack.enter_context(_Watch())
        console.print("Drawing thirteen streets and a map ...", style="dim")
        cameras = _start_street(stack, watch, asked.street, log=folder / "street.log")
        write_map(town_map)
        console.print("Starting the server ...", style="dim")
        site = stack.enter_context(open_site(settings, on_progress=telling()))
        founded = found(site.agency)
        stack.enter_context(lists_kept_fresh(site.agency, founded))

        def ready() -> None:
            watch.arm()
            console.print("Enrolling thirteen boxes ...", style="dim")
            boxes = folder / "boxes"
            _enrol_boxes(boxes, address(settings), founded.codes)
            arguments = [str(boxes), "--cameras", cameras]
            running = child("boxes", arguments, log=folder / "boxes.log")
            watch.over("boxes", stack.enter_context(running))
            _welcome(console, address(settings), founded.passwords, asked.kept)
            if asked.browser:
                webbrowser.open(address(settings))

        serve(site, listener, ready=ready)
        console.print("Stopping ...", style="dim")
        watch.end()


@contextmanager
def lists_kept_fresh(
    agency: Agency, founded: Founded, *, every_s: float = _LISTS_EVERY_S
) -> Iterator[None]:
    """Load the lists anew from time to time, for who leaves the town running."""
    ended = threading.Event()

    def reload() -> None:
        while not ended.wait(every_s):
            # What fails now is tried again; that a list is old is on the board.
            with suppress(CharterOakError):
                load_lists(agency, founded.manager)

    thread = threading.Thread(target=reload, name="lists")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class _Watch:
    """Stops the demonstration, and says why, when a part of it ends by itself."""

    def __init__(self) -> None:
        self._parts: dict[str, subprocess.Popen[bytes]] = {}
        self._ended = threading.Event()
        self._armed = threading.Event()
        self._lost = ""
        self._thread = threading.Thread(target=self._look, name="children")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_trouble: object) -> None:
        self._ended.set()
        self._thread.join()

    def over(self, name: str, process: subprocess.Popen[bytes]) -> None:
        """Watch one more part."""
        self._parts[name] = process

    def arm(self) -> None:
        """From here on SIGTERM ends the demonstration in order.

        Raises:
            ChildEndedError: a part ended before.
        """
        self._armed.set()
        self._check()

    def end(self) -> None:
        """Watch no longer.

        Raises:
            ChildEndedError: a part ended before.
        """
        self._ended.set()
        self._check()

    def _check(self) -> None:
        if self._lost:
            msg = f"the {self._lost} of the demonstration ended by themselves"
            raise ChildEndedError(msg)

    def _look(self) -> None:
        while not self._ended.wait(_LOOK_EVERY_S):
            for name, process in tuple(self._parts.items()):
                if process.poll() is not None:
                    self._lost = name
                    if self._armed.is_set():
                        os.kill(os.getpid(), signal.SIGTERM)
                    return


def _start_street(
    stack: ExitStack, watch: _Watch, arguments: Sequence[str], *, log: Path
) -> str:
    """Start the child that draws; gives the base address of its cameras."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        drawn = ["--socket", str(listener.fileno()), *arguments]
        inherits = [listener.fileno()]
        drawing = child("street", drawn, log=log, inherits=inherits)
        watch.over("streets", stack.enter_context(drawing))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _enrol_boxes(folder: Path, server: str, codes: Mapping[CameraId, str]) -> None:
    for camera, code in codes.items():
        box = DataFolder(folder / camera)
        enrol(box, server=server, code=code, software="charteroak demo")


def _welcome(
    console: Console, where: str, passwords: Mapping[str, str], kept: timedelta
) -> None:
    table = Table("Sign in as", "Password", "Who", box=None, padding=(0, 2))
    for each in PEOPLE:
        table.add_row(f"[bold]{each.login}[/]", passwords[each.login], each.does)
    console.print()
    console.print(f"[bold]{AGENCY_NAME}[/] is at [bold]{where}[/]")
    console.print()
    console.print(table)
    console.print()
    minutes = int(kept.total_seconds()) // 60
    console.print(
        "First, watch the board as dana: a stolen car comes by within a minute, and\n"
        "then drives through the town from camera to camera. Later, look for BK47193\n"
        "as ines, and see its way on the map.\n"
        f"Reads are forgotten after {minutes} minutes here; see the status page.\n"
        "Everything is made up, drawn by this program, and gone at Ctrl-C."
    )
