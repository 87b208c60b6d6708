"""A camera that speaks RTSP, its pictures as JPEGs in the same connection (RFC 2435).

No RTSP server is in the package registries that the tests install from; this one does
what a client that asks for TCP needs, for one client at a time.
"""

import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

_FRAGMENT_BYTES: Final = 1200
_TICKS_A_SECOND: Final = 90_000
_FIRST_TICKS: Final = 123_456
"""Not 0, which FFmpeg takes for "none yet": it would stamp two pictures alike."""


def _rtp(jpeg: bytes, number: int, ticks: int) -> Iterator[bytes]:
    """The packets of one baseline 4:2:0 JPEG, each framed for the connection."""
    tables, place, size = b"", 2, (0, 0)
    while jpeg[place + 1] != 0xDA:
        length = struct.unpack_from(">H", jpeg, place + 2)[0]
        body = jpeg[place + 4 : place + 2 + length]
        if jpeg[place + 1] == 0xDB:
            tables += b"".join(body[n + 1 : n + 65] for n in range(0, len(body), 65))
        if jpeg[place + 1] == 0xC0:
            height, width = struct.unpack_from(">HH", body, 1)
            size = (width // 8, height // 8)
        place += 2 + length
    scan = jpeg[place + 2 + struct.unpack_from(">H", jpeg, place + 2)[0] : -2]
    for offset in range(0, len(scan), _FRAGMENT_BYTES):
        part = scan[offset : offset + _FRAGMENT_BYTES]
        last = offset + len(part) == len(scan)
        head = struct.pack(">I", offset) + bytes([1, 255, *size])
        if offset == 0:
            head += struct.pack(">BBH", 0, 0, len(tables)) + tables
        sequence = number * 100 + offset // _FRAGMENT_BYTES
        rtp = struct.pack(">BBHII", 0x80, last << 7 | 26, sequence & 0xFFFF, ticks, 7)
        packet = rtp + head + part
        yield struct.pack(">cBH", b"$", 0, len(packet)) + packet


def _answer(request: str, address: str) -> str:
    method = request.partition(" ")[0]
    number = request.partition("CSeq: ")[2].partition("\r\n")[0]
    lines, body = [f"RTSP/1.0 200 OK\r\nCSeq: {number}", "Session: 12345678"], ""
    if method == "DESCRIBE":
        body = (
            f"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\n"
            f"m=video 0 RTP/AVP 26\r\na=control:{address}/track\r\n"
        )
        lines.append(f"Content-Type: application/sdp\r\nContent-Length: {len(body)}")
    elif method == "SETUP":
        lines.append("Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
    elif method == "OPTIONS":
        lines.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
    return "\r\n".join(lines) + "\r\n\r\n" + body


def _serve(listener: socket.socket, pictures: Sequence[bytes], fps: int) -> None:
    address = f"rtsp://127.0.0.1:{listener.getsockname()[1]}/live"
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                playing = False
                while not playing:
                    request = b""
                    while not request.endswith(b"\r\n\r\n"):
                        request += connection.recv(4096) or _gone()
                    connection.sendall(_answer(request.decode(), address).encode())
                    playing = request.startswith(b"PLAY")
                for number, jpeg in enumerate(pictures):
                    ticks = _FIRST_TICKS + number * _TICKS_A_SECOND // fps
                    for packet in _rtp(jpeg, number, ticks):
                        connection.sendall(packet)
                # Whatever is asked now is not answered; the client goes by itself.
                while connection.recv(4096):
                    pass


def _gone() -> bytes:
    raise ConnectionResetError


@contextmanager
def rtsp_camera(pictures: Sequence[bytes], *, fps: int) -> Iterator[str]:
    """Serve each client all pictures at once, stamped so many a second; its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_serve, args=(listener, pictures, fps))
    thread.start()
    try:
        yield f"rtsp://127.0.0.1:{listener.getsockname()[1]}/live"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
