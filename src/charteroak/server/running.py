"""Serving: pages and worker in one process, until told to stop."""

import resource
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import uvicorn
from typing_extensions import override

from charteroak.core.errors import CharterOakError
from charteroak.server.bootstrap import Site
from charteroak.server.notify import notify, watchdog_s
from charteroak.server.settings import Settings
from charteroak.server.store.postgres.supervisor import EmbeddedPostgres
from charteroak.server.vault.certificate import Renewal
from charteroak.server.web.app import create_app
from charteroak.server.web.events import end_streams
from charteroak.server.worker import Worker

_GRACE_S: Final = 5
_PATIENCE_S: Final = 2.0
_CERTIFICATE_EVERY_S: Final = 10.0
_FILES_MOST: Final = 65_536
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - to know it, not to use it
_STOPS: Final = (signal.SIGINT, signal.SIGTERM)


class PortTakenError(CharterOakError):
    """Another program listens there."""

    code = "charteroak.server.port-taken"
    hint = (
        "Another program may have the port: stop it, or choose another port with --port "
        "(make demo ARGS='--port 8701')."
    )


def address(settings: Settings) -> str:
    """Where browsers find the server."""
    if settings.public_url is not None:
        return settings.public_url
    scheme = "https" if settings.tls_certificate else "http"
    return f"{scheme}://{settings.host}:{settings.port}"


def listen(settings: Settings) -> socket.socket:
    """Take the port, before anything slow happens.

    Raises:
        PortTakenError: somebody has it.
    """
    try:
        return socket.create_server(
            (settings.host, settings.port),
            family=socket.AF_INET6 if ":" in settings.host else socket.AF_INET,
        )
    except OSError as refused:
        why = refused.strerror or "refused"
        message = f"cannot listen on {settings.host}, port {settings.port}: {why}"
        raise PortTakenError(message) from refused


def open_renewal(settings: Settings) -> Renewal | None:
    """Load certificate and key, to say plainly what is wrong with them.

    Raises:
        BadCertificateError: they cannot be used.
    """
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    return Renewal(settings.tls_certificate, settings.tls_key)


def answers(settings: Settings) -> bool:
    """Whether anything listens where the server should."""
    host = "127.0.0.1" if settings.host in _EVERYWHERE else settings.host
    try:
        socket.create_connection((host, settings.port), timeout=_PATIENCE_S).close()
    except OSError:
        return False
    return True


def serve(
    site: Site,
    listener: socket.socket,
    *,
    ready: Callable[[], None] = lambda: None,
    renewal: Renewal | None = None,
) -> None:
    """Serve pages and do the duties until SIGINT or SIGTERM; call from the main thread.

    Args:
        site: what to serve.
        listener: from `listen`.
        ready: called in a thread of its own once requests are answered; if it
            raises, the server stops and the error is raised here.
        renewal: from `open_renewal`; taken up anew when its files change, and on
            SIGHUP, as the rules are.
    """
    settings = site.agency.settings
    _allow_many_connections()
    worker = Worker(site.agency, revive=lambda: _revive(site.postgres))
    app = create_app(site.agency)
    config = uvicorn.Config(
        app,
        # Headers of a proxy are read by the app, and only from the proxy it is told of.
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        lifespan="off",
        timeout_graceful_shutdown=_GRACE_S,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
    )
    config.load()
    if renewal is not None and config.ssl is not None:
        renewal.attach(config.ssl)
    server = _Server(
        config,
        ready,
        stopping=lambda: end_streams(app),
        watch=_Watch(worker, renewal),
    )
    with worker, _answered(), server.watch.hung_up():
        server.run(sockets=[listener])
        server.finish()


def _allow_many_connections() -> None:
    """Take as many open files as this machine allows us.

    Most systems begin with 1,024, and every browser on the board holds one: the next
    would not be let in, and no box either.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _FILES_MOST if hard == resource.RLIM_INFINITY else min(hard, _FILES_MOST)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


@contextmanager
def _answered() -> Iterator[None]:
    """Stop signals end the serving, and nothing else.

    Uvicorn stops in order on the first one, and then raises it once more; what stands
    on the serving (the worker, the database) must still be put away in order.
    """
    before = {each: signal.signal(each, _nothing) for each in _STOPS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Take note of a signal; uvicorn has."""


def _revive(postgres: EmbeddedPostgres | None) -> bool:
    """Start the embedded database again if it died; says whether it had."""
    if postgres is None or postgres.poll() is None:
        return False
    postgres.restart()
    return True


class _Watch:
    """What is looked at now and then while the loop of events turns."""

    def __init__(self, worker: Worker, renewal: Renewal | None) -> None:
        self._worker = worker
        self._renewal = renewal
        self._asked = threading.Event()
        self._sign_s = watchdog_s()
        self._signed = self._looked = 0.0

    @contextmanager
    def hung_up(self) -> Iterator[None]:
        """Take SIGHUP as a wish to take up certificate and rules, which else ends us."""
        before = signal.signal(signal.SIGHUP, lambda *_: self._hear())
        try:
            yield
        finally:
            signal.signal(signal.SIGHUP, before)

    def _hear(self) -> None:
        self._asked.set()
        self._worker.law.ask()

    def tick(self, now_s: float) -> None:
        """Give a sign of life, and take up a new certificate."""
        if self._sign_s is not None and now_s - self._signed >= self._sign_s:
            # Whoever serves but forgets nothing must be started again.
            if self._worker.lives:
                notify("WATCHDOG=1")
            self._signed = now_s
        if self._renewal is None:
            self._asked.clear()
            return
        asked = self._asked.is_set()
        if asked or now_s - self._looked >= _CERTIFICATE_EVERY_S:
            self._asked.clear()
            self._looked = now_s
            self._renewal.look(again=asked)


class _Server(uvicorn.Server):
    """Uvicorn that says when it is ready, and when it stops."""

    def __init__(
        self,
        config: uvicorn.Config,
        ready: Callable[[], None],
        *,
        stopping: Callable[[], None],
        watch: _Watch,
    ) -> None:
        super().__init__(config)
        self.watch = watch
        self._call = ready
        self._stopping = stopping
        self._caller = threading.Thread(target=self._tell, name="ready")
        self._trouble: Exception | None = None

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._caller.start()
            notify("READY=1\nSTATUS=Serving")

    @override
    async def on_tick(self, counter: int) -> bool:
        self.watch.tick(time.monotonic())
        return await super().on_tick(counter)

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        notify("STOPPING=1")
        # Else a stream of events lasts until it is cut off, and so does the stopping.
        self._stopping()
        await super().shutdown(sockets=sockets)

    def finish(self) -> None:
        """Wait until what was to be done when ready is done, and raise its trouble."""
        if self._caller.ident is not None:
            self._caller.join()
        if self._trouble is not None:
            raise self._trouble

    def _tell(self) -> None:
        try:
            self._call()
        except Exception as trouble:  # noqa: BLE001 - raised again by `finish`
            self._trouble = trouble
            self.should_exit = True
