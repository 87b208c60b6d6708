"""Serving: pages and worker in one process, until told to stop."""

import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import uvicorn
from typing_extensions import override

from charteroak.core.errors import CharterOakError
from charteroak.server.bootstrap import Site
from charteroak.server.settings import Settings
from charteroak.server.store.postgres.supervisor import EmbeddedPostgres
from charteroak.server.web.app import create_app
from charteroak.server.web.events import end_streams
from charteroak.server.worker import Worker

_GRACE_S: Final = 5
_STOPS: Final = (signal.SIGINT, signal.SIGTERM)


class PortTakenError(CharterOakError):
    """Another program listens there."""

    code = "charteroak.server.port-taken"
    hint = "Stop that program, or choose another port with --port."


class BadCertificateError(CharterOakError):
    """The TLS certificate and key cannot be used."""

    code = "charteroak.server.bad-certificate"
    hint = "Check both files: they must be PEM, belong together and be readable."


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
        message = f"cannot listen on {settings.host}, port {settings.port}"
        raise PortTakenError(message) from refused


def check_certificate(settings: Settings) -> None:
    """Load certificate and key once, to say plainly what is wrong with them.

    Raises:
        BadCertificateError: they cannot be used.
    """
    if settings.tls_certificate is None:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except (OSError, ssl.SSLError) as refused:
        raise BadCertificateError("the certificate cannot be used") from refused


def serve(
    site: Site, listener: socket.socket, *, ready: Callable[[], None] = lambda: None
) -> None:
    """Serve pages and do the duties until SIGINT or SIGTERM; call from the main thread.

    Args:
        site: what to serve.
        listener: from `listen`.
        ready: called in a thread of its own once requests are answered; if it
            raises, the server stops and the error is raised here.
    """
    settings = site.agency.settings
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
    server = _Server(config, ready, stopping=lambda: end_streams(app))
    with worker, _answered():
        server.run(sockets=[listener])
        server.finish()


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


class _Server(uvicorn.Server):
    """Uvicorn that says when it is ready, and when it stops."""

    def __init__(
        self,
        config: uvicorn.Config,
        ready: Callable[[], None],
        *,
        stopping: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._call = ready
        self._stopping = stopping
        self._caller = threading.Thread(target=self._tell, name="ready")
        self._trouble: Exception | None = None

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._caller.start()

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
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
