"""A stretch of network between boxes and their server that can be cut."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Final, Self

_LOOPBACK: Final = "127.0.0.1"
_PIECE: Final = 1 << 16
_CONNECT_WITHIN_S: Final = 5.0


class Relay:
    """Passes TCP connections on, except while it is cut.

    Cut: what is under way breaks off wherever it is, and what is new is refused.

    Args:
        port: of the server on this machine that connections are passed on to.
    """

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._listener = socket.create_server((_LOOPBACK, 0))
        self.address = f"http://{_LOOPBACK}:{self._listener.getsockname()[1]}"
        self._lock = threading.Lock()
        self._cut = False
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._acceptor = threading.Thread(target=self._accept, name="relay")

    def __enter__(self) -> Self:
        """Begin."""
        self._acceptor.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Break all connections off, and take no more."""
        # Closing alone does not wake a thread that waits in `accept`.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        self._acceptor.join()
        for thread in self._threads:
            thread.join()

    def cut(self) -> None:
        """Cut the network."""
        with self._lock:
            self._cut = True
            for each in self._open:
                _break(each)

    def mend(self) -> None:
        """Join it again."""
        with self._lock:
            self._cut = False

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self._pass_on(near)

    def _pass_on(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(
                (_LOOPBACK, self._server_port), _CONNECT_WITHIN_S
            )
        except OSError:
            near.close()
            return
        far.settimeout(None)
        with self._lock:
            self._open |= {near, far}
            if self._cut:
                _break(near)
                _break(far)
        pair = _Pair(self, near, far)
        for source, sink in ((near, far), (far, near)):
            thread = threading.Thread(target=pair.pump, args=(source, sink))
            thread.start()
            self._threads.append(thread)

    def forget(self, *ended: socket.socket) -> None:
        """Close a connection whose both ways have ended."""
        with self._lock:
            self._open -= set(ended)
        for each in ended:
            each.close()


class _Pair:
    """The two ways of a connection; the last to end closes both sockets."""

    def __init__(self, relay: Relay, near: socket.socket, far: socket.socket) -> None:
        self._relay = relay
        self._sockets = (near, far)
        self._ends = threading.Semaphore(1)

    def pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(_PIECE):
                sink.sendall(piece)
        for each in self._sockets:
            _break(each)
        # The first to end takes the semaphore; the second finds it taken.
        if not self._ends.acquire(blocking=False):
            self._relay.forget(*self._sockets)


def _break(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
