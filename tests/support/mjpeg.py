"""A camera that speaks Motion JPEG over HTTP, and misbehaves when told to."""

import io
import queue
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Final

import attrs
import numpy as np
import numpy.typing as npt
from PIL import Image

_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=part\r\n\r\n"
)


class Then(Enum):
    """What a camera does after its pictures."""

    CLOSE = "close"
    HANG = "hang"
    HANG_UNANSWERED = "hang unanswered"


CLOSE: Final = Then.CLOSE
HANG: Final = Then.HANG
HANG_UNANSWERED: Final = Then.HANG_UNANSWERED


def jpeg_of(picture: "Image.Image | npt.NDArray[np.uint8]") -> bytes:
    """A picture as a camera sends it."""
    held = io.BytesIO()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(held, "JPEG", quality=90, subsampling=2)
    return held.getvalue()


@attrs.define
class Camera:
    """Serves one connection after the other, each as the next `plays` says.

    Attributes:
        port: on loopback.
        sent: set when all pictures of a connection are sent.
    """

    _listener: socket.socket
    sent: threading.Event = attrs.field(factory=threading.Event)
    _plays: "queue.Queue[tuple[Sequence[bytes], Then]]" = attrs.field(
        factory=queue.Queue
    )
    _held: list[socket.socket] = attrs.field(factory=list)

    @property
    def port(self) -> int:
        port = self._listener.getsockname()[1]
        assert isinstance(port, int)
        return port

    def address(self, name: str = "", password: str = "") -> str:
        sign_in = f"{name}:{password}@" if name else ""
        return f"http://{sign_in}127.0.0.1:{self.port}/live"

    def plays(self, pictures: Sequence[bytes], *, then: Then) -> None:
        """Say what the next connection gets."""
        self._plays.put((pictures, then))

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._held.append(connection)
            pictures, then = self._plays.get()
            if then is not HANG_UNANSWERED:
                try:
                    self._send(connection, pictures)
                except OSError:
                    continue
            if then is CLOSE:
                connection.close()

    def _send(self, connection: socket.socket, pictures: Sequence[bytes]) -> None:
        asked = b""
        while b"\r\n\r\n" not in asked:
            more = connection.recv(4096)
            if not more:
                return
            asked += more
        connection.sendall(_HEAD)
        for picture in pictures:
            head = (
                f"--part\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}"
            )
            connection.sendall(head.encode() + b"\r\n\r\n" + picture + b"\r\n")
        self.sent.set()

    def close(self) -> None:
        # Only a shutdown wakes a thread in `accept`.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._plays.put(((), CLOSE))
        for connection in self._held:
            connection.close()


@contextmanager
def camera() -> Iterator[Camera]:
    """A camera on loopback."""
    served = Camera(socket.create_server(("127.0.0.1", 0)))
    thread = threading.Thread(target=served.serve)
    thread.start()
    try:
        yield served
    finally:
        served.close()
        thread.join()
