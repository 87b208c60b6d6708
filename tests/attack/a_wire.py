"""A wire between a box and its server that remembers every byte that went over it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import attrs

from charteroak.core.wire import MOST_IN_A_BATCH, decode_batch


@attrs.define
class Wire:
    """What went over it, in the order in which it came, by connection.

    Attributes:
        address: for the box, instead of the server's.
    """

    address: str
    _sent: dict[int, bytearray] = attrs.field(factory=dict)
    _heard: dict[int, bytearray] = attrs.field(factory=dict)

    @property
    def sent(self) -> bytes:
        """Every byte from the box to the server."""
        return b"\n".join(bytes(each) for each in self._sent.values())

    @property
    def heard(self) -> bytes:
        """Every byte from the server to the box."""
        return b"\n".join(bytes(each) for each in self._heard.values())

    def envelopes(self) -> list[bytes]:
        """Every envelope that the box has sent; a batch that came twice counts twice."""
        found = []
        for connection in self._sent.values():
            for head, body in _requests(bytes(connection)):
                if head.startswith(b"POST /api/v1/batches "):
                    batch = decode_batch(body)
                    assert len(batch.envelopes) <= MOST_IN_A_BATCH
                    found += batch.envelopes
        return found

    def paths(self) -> list[str]:
        """What the box asked for."""
        return [
            head.split(b" ", 2)[1].decode()
            for connection in self._sent.values()
            for head, _ in _requests(bytes(connection))
        ]


def _requests(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    while content:
        head, end, rest = content.partition(b"\r\n\r\n")
        if not end:
            return
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        yield head, rest[:length]
        content = rest[length:]


def _copy(source: socket.socket, sink: socket.socket, into: bytearray) -> None:
    with suppress(OSError):
        while some := source.recv(65536):
            into += some
            sink.sendall(some)
    _end(source, sink)


def _end(*sockets: socket.socket) -> None:
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextmanager
def tapped(server: str) -> Iterator[Wire]:
    """Stand between a box and a server on loopback, for the length of a block."""
    host, _, port = server.removeprefix("http://").partition(":")
    listener = socket.create_server(("127.0.0.1", 0))
    wire = Wire(address=f"http://127.0.0.1:{listener.getsockname()[1]}")
    ends: list[socket.socket] = []

    def accept() -> None:
        number = 0
        while True:
            try:
                box, _ = listener.accept()
            except OSError:
                return
            there = socket.create_connection((host, int(port)))
            ends.extend([box, there])
            number += 1
            up = wire._sent.setdefault(number, bytearray())
            down = wire._heard.setdefault(number, bytearray())
            for work in ((box, there, up), (there, box, down)):
                threads.append(threading.Thread(target=_copy, args=work))
                threads[-1].start()

    threads = [threading.Thread(target=accept)]
    threads[0].start()
    try:
        yield wire
    finally:
        _end(listener)
        listener.close()
        threads[0].join()
        _end(*ends)
        for thread in threads[1:]:
            thread.join()
        for each in ends:
            each.close()
