"""`charteroak edge aim`: a live page for whoever stands on the ladder."""

import contextlib
import secrets
import socket
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final

import segno
import typer
import uvicorn
from rich.console import Console
from typing_extensions import override

from charteroak.core.errors import CharterOakError
from charteroak.edge.aim_page.app import create_app
from charteroak.edge.aim_page.certificate import ShortCertificate, make_certificate
from charteroak.edge.aim_page.watcher import Watcher
from charteroak.edge.camera import FolderWatch, Source
from charteroak.edge.engines import DEFAULT, open_engine
from charteroak.edge.options import EngineName, Models
from charteroak.edge.recognize import EngineOptions
from charteroak.edge.settings import is_loopback
from charteroak.edge.stream import VideoStream
from charteroak.edge.stream_address import is_stream, masked, parse_stream

_SECRET_BYTES: Final = 16
_FPS: Final = 5.0
_LOOK_AT_PX: Final = 1280


class UnusableAimError(CharterOakError):
    """The page cannot be shown there, or of that camera."""

    code = "charteroak.edge.unusable-aim"
    hint = "Give the camera's address or its folder, and one address of this box."


def aim(  # noqa: PLR0913 - each is an option of the command
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="The camera: rtsp://..., http://..., /dev/video0, a video, a folder.",
        ),
    ],
    *,
    host: Annotated[
        str,
        typer.Option(help="This box's own address that the phone can reach."),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the page.")] = (
        8710
    ),
    minutes: Annotated[
        int, typer.Option(min=1, max=480, help="The page ends after so long.")
    ] = 60,
    engine: EngineName = DEFAULT,
    models: Models = None,
) -> None:
    """Show plate width, blur and a verdict live, while a camera is being aimed.

    The page is for a phone. Nothing of it is stored; the view is a mosaic, only plates
    are sharp. On another address than this machine's own it is served by TLS with a
    certificate made for this run: compare the fingerprint that the phone shows.

    Example: charteroak edge aim rtsp://camera.local/live --host 192.168.1.20

    Exit status: 0 ended by Ctrl-C or by the time; 1 it cannot be shown (the reason is
    on stderr); 2 wrong usage.
    """
    stop = threading.Event()
    camera = _camera(source, stop)
    lasts = timedelta(minutes=minutes)
    short = None if is_loopback(host) else _certificate(host, lasts)
    with _listen(host, port) as listener:
        reader = open_engine(
            engine, EngineOptions(models=models, longest_side_px=_LOOK_AT_PX)
        )
        watcher = Watcher(source=camera, engine=reader, clock=_now)
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        _welcome(_address(host, port, secret, short), source, short, minutes)
        _serve(
            watcher,
            secret=secret,
            listener=listener,
            short=short,
            stop=stop,
            lasts=lasts,
        )
    Console(stderr=True).print("The page has ended.", style="dim")


def _address(host: str, port: int, secret: str, short: ShortCertificate | None) -> str:
    scheme = "http" if short is None else "https"
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{port}/{secret}/"


def _now() -> datetime:
    return datetime.now(tz=UTC)  # noqa: TID251 - the command line reads the clock


def _camera(source: str, stop: threading.Event) -> Source:
    if is_stream(source):
        address = parse_stream(source)
        return VideoStream(address=address, stop=stop, clock=_now, fps=_FPS)
    folder = Path(source)
    if not folder.is_dir():
        raise UnusableAimError("neither a camera's address nor a folder of pictures")
    return FolderWatch(folder=folder, stop=stop)


def _certificate(host: str, lasts: timedelta) -> ShortCertificate:
    return make_certificate(host, now=_now(), lasts=lasts)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as refused:
        msg = f"cannot listen on {host}, port {port}: {refused.strerror}"
        raise UnusableAimError(msg) from refused
    # Asked of the socket: "", "0" and "::0" mean all addresses as well.
    if ip_address(listener.getsockname()[0]).is_unspecified:
        listener.close()
        raise UnusableAimError("the page is shown at one address, not at all of them")
    return listener


def _welcome(
    address: str, source: str, short: ShortCertificate | None, minutes: int
) -> None:
    # No emoji: a fingerprint may hold ":CD:". No markup: addresses hold brackets.
    console = Console(highlight=False, emoji=False, markup=False)
    console.print(f"Aiming {masked(source)}. Open on the phone:")
    console.print()
    console.print(f"  {address}", style="bold", soft_wrap=True)
    console.print()
    if short is not None:
        segno.make(address, error="l").terminal(compact=True)
        console.print(
            "The browser will warn that nobody signed the certificate. Its SHA-256 "
            "fingerprint must be"
        )
        console.print(short.fingerprint, soft_wrap=True)
        console.print()
    console.print(f"Ctrl-C ends it, and so do {minutes} minutes.", style="dim")


class _Server(uvicorn.Server):
    """Ends when it is told, or when its time is over."""

    def __init__(self, config: uvicorn.Config, ended: threading.Event) -> None:
        super().__init__(config)
        self._ended = ended

    @override
    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._ended.is_set()


def _serve(  # noqa: PLR0913 - the wiring of the page, each part named
    watcher: Watcher,
    *,
    secret: str,
    listener: socket.socket,
    short: ShortCertificate | None,
    stop: threading.Event,
    lasts: timedelta,
) -> None:
    config = uvicorn.Config(
        create_app(watcher, secret=secret),
        access_log=False,
        log_config=None,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )
    config.load()
    if short is not None:
        config.ssl = short.context
    following = threading.Thread(target=watcher.follow, name="camera")
    timer = threading.Timer(lasts.total_seconds(), stop.set)
    timer.daemon = True
    following.start()
    timer.start()
    try:
        # Uvicorn stops in order on Ctrl-C, and raises what stopped it once more.
        with contextlib.suppress(KeyboardInterrupt):
            _Server(config, stop).run(sockets=[listener])
    finally:
        stop.set()
        timer.cancel()
        following.join()
