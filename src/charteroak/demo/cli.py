"""`charteroak demo`: the whole town on this machine, until Ctrl-C."""

import fcntl
import logging
import os
import re
import shutil
import socket
import tempfile
import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from charteroak.core.camera import CameraId
from charteroak.core.errors import CharterOakError
from charteroak.demo.children import child
from charteroak.demo.founding import found
from charteroak.demo.town import AGENCY, AGENCY_NAME, KEEP, PEOPLE
from charteroak.demo.town_map import write_map
from charteroak.edge.enrol import enrol
from charteroak.edge.settings import DataFolder
from charteroak.rendering.light import Hour
from charteroak.server.bootstrap import open_site
from charteroak.server.cli import load_settings, set_up_log, telling
from charteroak.server.running import address, listen, serve
from charteroak.server.web.render import manifest

_PRIVATE: Final = 0o700
_PASSABLE: Final = 0o711


class AlreadyRunningError(CharterOakError):
    """A demonstration runs already."""

    code = "charteroak.demo.already-running"
    hint = "Use it, or stop it with Ctrl-C where it was started."


class BadSpanError(CharterOakError):
    """A span of time that cannot be read."""

    code = "charteroak.demo.bad-span"
    hint = "Give a number and a unit, as in 3m, 10m, 12h or 21d."


def parse_span(text: str) -> timedelta:
    """Read a span of time such as 10m.

    Raises:
        BadSpanError: it is none.

    >>> parse_span("12h")
    datetime.timedelta(seconds=43200)
    """
    read = re.fullmatch(r"([0-9]{1,4})([mhd])", text.strip())
    if read is None:
        raise BadSpanError("not a span of time")
    unit = {"m": "minutes", "h": "hours", "d": "days"}[read[2]]
    return timedelta(**{unit: int(read[1])})


def demo(  # noqa: PLR0913 - each is an option of the command
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = (
        8700
    ),
    keep: Annotated[
        str, typer.Option(help="How long reads are kept: 3m, 10m, 12h, 21d.")
    ] = f"{int(KEEP.total_seconds()) // 60}m",
    every: Annotated[
        float,
        typer.Option(min=1.0, help="Seconds between two cars, across the whole town."),
    ] = 6.0,
    hour: Annotated[Hour, typer.Option(help="The light: day, dusk or night.")] = "day",
    seed: Annotated[
        int, typer.Option(min=0, help="Another seed is other streets and cars.")
    ] = 1,
    truth: Annotated[
        Path | None,
        typer.Option(hidden=True, help="For tests: write down what drives by."),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--open", help="Open the board in a browser.")
    ] = False,
) -> None:
    """A whole town on this machine, until Ctrl-C: cameras, boxes, server, people.

    Thirteen cameras stream, thirteen boxes read, one server with its own database
    matches and shows. Needs two cores, 2 GB of memory and no network.

    Everything in it is made up and gone at the end; what happens to it is real.

    Example: charteroak demo --keep 3m

    Exit status: 0 stopped by Ctrl-C; 1 could not start, and says why.
    """
    kept = parse_span(keep)
    manifest()
    console = Console(highlight=False)
    with ExitStack() as stack:
        folder = stack.enter_context(_own_folder())
        town_map = folder / "fernwood.pmtiles"
        settings = load_settings(
            data=folder / "server",
            agency=AGENCY,
            agency_name=AGENCY_NAME,
            keep=kept,
            port=port,
            host="127.0.0.1",
            map_file=town_map,
        )
        listener = stack.enter_context(listen(settings))
        set_up_log(logging.WARNING)
        console.print("Drawing thirteen streets and a map ...", style="dim")
        drawn = ["--seed", str(seed), "--every-s", str(every), "--hour", hour]
        if truth is not None:
            drawn += ["--truth", str(truth)]
        cameras = _start_street(stack, drawn, log=folder / "street.log")
        write_map(town_map)
        console.print("Starting the server ...", style="dim")
        site = stack.enter_context(open_site(settings, on_progress=telling()))
        founded = found(site.agency)

        def ready() -> None:
            console.print("Enrolling thirteen boxes ...", style="dim")
            boxes = folder / "boxes"
            _enrol_boxes(boxes, address(settings), founded.codes)
            arguments = [str(boxes), "--cameras", cameras]
            stack.enter_context(child("boxes", arguments, log=folder / "boxes.log"))
            _welcome(console, address(settings), founded.passwords, kept)
            if browser:
                webbrowser.open(address(settings))

        serve(site, listener, ready=ready)
    console.print("Stopped. Nothing of the demonstration is left.", style="dim")


def _start_street(stack: ExitStack, arguments: Sequence[str], *, log: Path) -> str:
    """Start the child that draws; gives the base address of its cameras."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        drawn = ["--socket", str(listener.fileno()), *arguments]
        inherits = [listener.fileno()]
        stack.enter_context(child("street", drawn, log=log, inherits=inherits))
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


@contextmanager
def _own_folder() -> Iterator[Path]:
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
