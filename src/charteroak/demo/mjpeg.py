"""Cameras that speak Motion JPEG over HTTP, as many network cameras do.

One connection is one stream: `multipart/x-mixed-replace`, a JPEG a part, without end.
Nothing here is drawn: whoever has pictures publishes them, and every viewer gets the
newest one when it is ready for the next. Loopback only, and no viewer can send anything.
"""

import socket
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from typing_extensions import override

_BOUNDARY: Final = "frame"
_PATIENCE_S: Final = 1.0


class Feed:
    """The newest picture of one camera; for one publisher and any number of viewers.

    Attributes:
        watched: set when the first viewer comes.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._picture = b""
        self._number = 0
        self._closed = False
        self.watched = threading.Event()

    def publish(self, jpeg: bytes) -> None:
        """Show a picture to all viewers."""
        with self._changed:
            self._picture, self._number = jpeg, self._number + 1
            self._changed.notify_all()

    def close(self) -> None:
        """End every viewer's stream."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def after(self, number: int) -> tuple[int, bytes] | None:
        """Wait for a picture newer than the one of that number.

        Returns:
            Its number and the JPEG; None when the feed is closed.
        """
        with self._changed:
            while self._number == number and not self._closed:
                self._changed.wait(_PATIENCE_S)
            return None if self._closed else (self._number, self._picture)


class CameraServer(ThreadingHTTPServer):
    """Serves feeds at `/ID.mjpg` on a socket that listens already."""

    daemon_threads = True
    # A viewer's thread ends with its feed; nobody waits for one that hangs.
    block_on_close = False

    def __init__(self, listener: socket.socket, feeds: Mapping[str, Feed]) -> None:
        super().__init__(listener.getsockname()[:2], _Viewer, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.feeds = feeds

    @override
    def handle_error(
        self,
        request: socket.socket | tuple[bytes, socket.socket],
        client_address: object,
    ) -> None:
        """A viewer that goes away is no error; all else is told."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Viewer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Stream the feed that the path names."""
        name = self.path.removeprefix("/").removesuffix(".mjpg")
        assert isinstance(self.server, CameraServer)  # noqa: S101 - who makes viewers
        feed = self.server.feeds.get(name)
        if feed is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.send_response(HTTPStatus.OK)
        self.send_header(
            "Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
        )
        self.end_headers()
        feed.watched.set()
        number = 0
        while (fresh := feed.after(number)) is not None:
            number, jpeg = fresh
            head = (
                f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\n"
                f"Content-Length: {len(jpeg)}\r\n\r\n"
            )
            self.wfile.write(head.encode() + jpeg + b"\r\n")

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: viewers come and go."""
