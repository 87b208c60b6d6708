"""`charteroak edge`: a camera box, from its enrolment to its daily work."""

import logging
import secrets
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from charteroak.core.camera import CameraId
from charteroak.core.errors import CharterOakError
from charteroak.core.http_signature import NONCE_BYTES
from charteroak.edge.aim_cli import aim
from charteroak.edge.box import opened_box
from charteroak.edge.camera import FolderWatch, Source
from charteroak.edge.engines import DEFAULT, open_engine
from charteroak.edge.enrol import enrol as enrol_box
from charteroak.edge.identity import Identity
from charteroak.edge.known_orders import in_words, mode_on_file
from charteroak.edge.memory import keep_in_memory
from charteroak.edge.options import EngineName, Models
from charteroak.edge.recognize import EngineOptions
from charteroak.edge.report import software
from charteroak.edge.self_test import Check
from charteroak.edge.self_test import self_test as tried
from charteroak.edge.settings import (
    DEFAULT_FPS,
    DEFAULT_SPOOL_LIMIT_BYTES,
    DataFolder,
    Watch,
    load_enrolled,
)
from charteroak.edge.spool import look
from charteroak.edge.spool_file import SpoolStats
from charteroak.edge.stream import VideoStream
from charteroak.edge.uptime import uptime
from charteroak.edge.watches import find_watches

FAILED: Final = 1

app = typer.Typer(
    help="A box by a camera: enrol it, run it, see what waits.", no_args_is_help=True
)

Data = Annotated[
    Path,
    typer.Option(
        "--data",
        metavar="DIR",
        envvar="CHARTEROAK_EDGE_DATA",
        help="Folder of this box: its key, its enrolment and its spool.",
    ),
]
DeleteProcessed = Annotated[
    bool,
    typer.Option(
        "--delete-processed", help="Delete each picture of a folder once read."
    ),
]
CamerasFile = Annotated[
    Path | None,
    typer.Option(
        "--cameras",
        metavar="FILE",
        help="The cameras: a TOML file that only this user may read, with a line "
        'main-st-north = "rtsp://user:password@10.0.0.7/live" for each.',
    ),
]
Watched = Annotated[
    list[str] | None,
    typer.Option(
        "--watch",
        metavar="CAMERA=SOURCE",
        help="A camera, and where its pictures come from: a folder they arrive "
        "in, rtsp://..., http://..., /dev/video0 or a video; may be repeated. Other "
        "users of the machine can see it: a password belongs into --cameras.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Plain JSON on stdout.")]


app.command()(aim)


def _now() -> datetime:
    return datetime.now(tz=UTC)  # noqa: TID251 - the command line reads the clock


@app.command()
def enrol(
    data: Data,
    server: Annotated[
        str,
        typer.Option(metavar="URL", help="The agency's server, https://..."),
    ],
    code: Annotated[
        str,
        typer.Option(
            prompt="Code from the cameras page",
            metavar="CODE",
            help="One-time code from the cameras page; asked for if not given.",
        ),
    ],
    authority: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Certificate of the town's own CA, PEM.",
        ),
    ] = None,
) -> None:
    """Make this machine a box of an agency.

    Example: charteroak edge enrol --data /var/lib/charteroak-box
    --server https://alpr.example.gov --code ABCD-EFGH-JKMN

    Exit status: 0 enrolled; 1 refused or no answer (nothing is changed on the server
    by trying again with a new code); 2 wrong usage.
    """
    made = enrol_box(
        DataFolder(data),
        server=server,
        code=code,
        software=software(),
        authority_file=None if authority is None else str(authority.absolute()),
    )
    enrolment = made.enrolment
    typer.echo(f"Enrolled with {enrolment.agency} as {enrolment.device}.")
    typer.echo(f"Cameras: {', '.join(enrolment.cameras) or 'none yet'}.")
    typer.echo(f"Next: charteroak edge self-test --data {data}")


@app.command()
def run(  # noqa: PLR0913 - each is an option of the command
    data: Data,
    *,
    cameras: CamerasFile = None,
    watch: Watched = None,
    fps: Annotated[
        float,
        typer.Option(min=0.5, max=60, help="Frames a second taken from a stream."),
    ] = DEFAULT_FPS,
    engine: EngineName = DEFAULT,
    models: Models = None,
    delete_processed: DeleteProcessed = False,
    spool_limit: Annotated[
        int,
        typer.Option(min=1, metavar="BYTES", help="Most bytes that may wait."),
    ] = DEFAULT_SPOOL_LIMIT_BYTES,
) -> None:
    """Read what cameras see, until SIGTERM or Ctrl-C.

    A stream gives one read of each passing car, and a parked car is read once. A folder
    gives one read per plate and photograph. A camera that stops is asked again, ever
    more rarely up to every half minute; the log says so. What of the reads is kept the
    agency's server says: all, hits alone, or none.

    Example: charteroak edge run --data /var/lib/charteroak-box
    --cameras /etc/charteroak/cameras.toml

    Example: charteroak edge run --data /var/lib/charteroak-box
    --watch main-st-north=/srv/camera1 --delete-processed

    Exit status: 0 stopped as told, with the picture in hand finished; 1 the box cannot
    work (the reason is on stderr; reads already taken are safe); 2 wrong usage.
    """
    folder = DataFolder(data)
    enrolled = load_enrolled(folder)
    stop = threading.Event()
    given = _watches(watch or [], cameras, enrolled.enrolment.cameras)
    watches = _sources(given, stop, fps, delete=delete_processed)
    reader = open_engine(engine, EngineOptions(models=models))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    with (
        _log_on_stderr(),
        opened_box(
            folder,
            enrolled,
            engine=reader,
            watches=watches,
            spool_limit_bytes=spool_limit,
            clock=_now,
            nonce=lambda: secrets.token_bytes(NONCE_BYTES),
            uptime=uptime,
            memory_safe=keep_in_memory(),
        ) as box,
    ):
        box.run(stop)


@app.command("self-test")
def self_test(
    data: Data,
    *,
    engine: EngineName = DEFAULT,
    models: Models = None,
    as_json: AsJson = False,
) -> None:
    """Try everything this box needs; no read is sent.

    Example: charteroak edge self-test --data /var/lib/charteroak-box

    Exit status: 0 all is well; 1 something failed, and the table says what to do; 2
    wrong usage.
    """
    checks = tried(
        DataFolder(data),
        open_engine=lambda: open_engine(engine, EngineOptions(models=models)),
        clock=_now,
    )
    if as_json:
        typer.echo(msgspec.json.encode(checks))
    else:
        _show(checks)
    if not all(check.ok for check in checks):
        raise typer.Exit(FAILED)


@app.command()
def spool(data: Data, *, as_json: AsJson = False) -> None:
    """Say what this box keeps, and what waits to be sent; also while it runs.

    Example: charteroak edge spool --data /var/lib/charteroak-box --json

    With --json one object: waiting, set_aside, size_bytes, oldest_age_s (null when
    nothing waits), delivered, refused, forgotten, dropped, destroyed, mode (ordinary,
    edge-only or stopped).

    Exit status: 0 said; 1 there is no spool or it cannot be read; 2 wrong usage.
    """
    now, folder = _now(), DataFolder(data)
    enrolment, identity = load_enrolled(folder).enrolment, Identity.load(folder)
    stats = look(folder.spool, now)
    mode, told = mode_on_file(folder, enrolment, identity, now, uptime=uptime)
    figures = _figures(stats, now)
    if as_json:
        typer.echo(msgspec.json.encode(figures | {"mode": mode.value}))
        return
    typer.echo(f"This box {in_words(mode, told=told)}.")
    table = Table("what", "figure", title="Spool", title_justify="left")
    for name, value in figures.items():
        table.add_row(name.replace("_", " "), "-" if value is None else str(value))
    Console().print(table)


def _figures(stats: SpoolStats, now: datetime) -> dict[str, int | None]:
    oldest = stats.oldest_at
    return {
        "waiting": stats.waiting,
        "set_aside": stats.set_aside,
        "size_bytes": stats.size_bytes,
        "oldest_age_s": None
        if oldest is None
        else max(0, int((now - oldest).total_seconds())),
        "delivered": stats.delivered,
        "refused": stats.refused,
        "forgotten": stats.forgotten,
        "dropped": stats.dropped,
        "destroyed": stats.destroyed,
    }


def _sources(
    watches: list[Watch], stop: threading.Event, fps: float, *, delete: bool
) -> dict[CameraId, Source]:
    return {
        watch.camera: FolderWatch(folder=watch.folder, stop=stop, delete=delete)
        if watch.stream is None
        else VideoStream(address=watch.stream, stop=stop, clock=_now, fps=fps)
        for watch in watches
    }


def _watches(texts: list[str], file: Path | None, cameras: list[str]) -> list[Watch]:
    try:
        return find_watches(texts, file, cameras)
    except CharterOakError as bad:
        message = f"{bad}. {bad.hint}"
        raise typer.BadParameter(message, param_hint="--cameras, --watch") from bad


def _show(checks: list[Check]) -> None:
    table = Table("check", "", "found", "what to do", title="Self-test")
    for check in checks:
        mark = "[green]ok[/]" if check.ok else "[red]failed[/]"
        table.add_row(check.name, mark, Text(check.found), Text(check.hint))
    Console().print(table)


@contextmanager
def _log_on_stderr() -> Iterator[None]:
    """The box's log lines on stderr, for the length of a block."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    ours = logging.getLogger("charteroak")
    ours.setLevel(logging.INFO)
    ours.addHandler(handler)
    try:
        yield
    finally:
        ours.removeHandler(handler)
