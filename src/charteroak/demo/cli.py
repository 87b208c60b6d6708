"""`charteroak demo`: the whole town on this machine, until Ctrl-C."""

import fcntl
import logging
import os
import re
import shutil
import tempfile
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from charteroak.core.errors import CharterOakError
from charteroak.demo.children import child
from charteroak.demo.founding import found
from charteroak.demo.town import AGENCY, AGENCY_NAME, CAMERAS, KEEP, PEOPLE
from charteroak.edge.enrol import enrol
from charteroak.edge.settings import DataFolder
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


def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = (
        8700
    ),
    keep: Annotated[
        str, typer.Option(help="How long reads are kept: 3m, 10m, 12h, 21d.")
    ] = f"{int(KEEP.total_seconds()) // 60}m",
    every: Annotated[
        float, typer.Option(min=1.0, help="Seconds between two cars of the street.")
    ] = 5.0,
    seed: Annotated[int, typer.Option(help="Another seed is another street.")] = 1,
    *,
    browser: Annotated[
        bool, typer.Option("--open", help="Open the board in a browser.")
    ] = False,
) -> None:
    """A whole town on this machine: cameras, database, server, people. Until Ctrl-C.

    Everything in it is made up and gone at the end; what happens to it is real.

    Example: charteroak demo --keep 3m

    Exit status: 0 stopped by Ctrl-C; 1 could not start, and says why.
    """
    kept = parse_span(keep)
    manifest()
    console = Console(highlight=False)
    with ExitStack() as stack:
        folder = stack.enter_context(_own_folder())
        settings = load_settings(
            data=folder / "server",
            agency=AGENCY,
            agency_name=AGENCY_NAME,
            keep=kept,
            port=port,
            host="127.0.0.1",
        )
        listener = stack.enter_context(listen(settings))
        set_up_log(logging.WARNING)
        console.print("Starting the town ...", style="dim")
        site = stack.enter_context(open_site(settings, on_progress=telling()))
        passwords, code = found(site.agency)

        def ready() -> None:
            box = DataFolder(folder / "box")
            enrol(box, server=address(settings), code=code, software="charteroak demo")
            _start_street(stack, folder, seed=seed, every_s=every)
            _welcome(console, address(settings), passwords, kept)
            if browser:
                webbrowser.open(address(settings))

        serve(site, listener, ready=ready)
    console.print("Stopped. Nothing of the demonstration is left.", style="dim")


def _start_street(stack: ExitStack, folder: Path, *, seed: int, every_s: float) -> None:
    street = folder / "street"
    watched = []
    for camera in CAMERAS:
        place = street / camera.camera_id
        place.mkdir(parents=True)
        watched += ["--watch", f"{camera.camera_id}={place}"]
    log = folder / "street.log"
    box = ["--data", str(folder / "box"), "--delete-processed", *watched]
    stack.enter_context(child("box", box, log=folder / "box.log"))
    drawn = [str(street), "--seed", str(seed), "--every-s", str(every_s)]
    stack.enter_context(child("street", drawn, log=log))


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
        "A stolen car comes by within a minute: watch the board as dana.\n"
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
