"""A small agency server with the real interface, which verifies for real.

It checks the HTTP signature, the permanent signature and the sequence, opens the
envelopes, and keeps what it was told; how it is to misbehave is told beforehand.
"""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID

import attrs
import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from nacl.public import SealedBox
from nacl.signing import VerifyKey
from typing_extensions import override

from charteroak.core.box_list import BoxListAnswer, ListedPlate, box_key, pack_list
from charteroak.core.errors import CharterOakError
from charteroak.core.http_signature import HttpMessage, Verified, verify
from charteroak.core.orders import (
    LAST_S,
    Orders,
    OrdersAnswer,
    sign_list,
    sign_orders,
)
from charteroak.core.wire import (
    BatchAnswer,
    Enrolment,
    EnrolmentRequest,
    WireRead,
    content_digest,
    decode_batch,
    signed_bytes,
)
from tests.edge.a_box import AGENCY, CAMERA, DEVICE, KEEP, NOON, opened

CODE = "ABCD-EFGH-JKMN"
LIST_KEY = box_key(bytes(range(50, 82)))


@attrs.define
class Town:
    """What the server knows and saw.

    Attributes:
        reads: reads taken, by id.
        deliveries: read ids in the order they came, repetitions included.
        misbehave: called before a batch is looked at; an answer replaces the server's.
        before_answer: called when a batch was taken and the answer is not yet sent.
    """

    keys: dict[str, bytes] = attrs.field(factory=dict)
    codes: set[str] = attrs.field(factory=lambda: {CODE.replace("-", "")})
    reads: dict[UUID, WireRead] = attrs.field(factory=dict)
    deliveries: list[UUID] = attrs.field(factory=list)
    digests: dict[tuple[int, int], bytes] = attrs.field(factory=dict)
    seen: list[tuple[bytes, Verified]] = attrs.field(factory=list)
    sizes: list[int] = attrs.field(factory=list)
    misbehave: list[tuple[int, bytes]] = attrs.field(factory=list)
    before_answer: Callable[[], None] = attrs.field(default=lambda: None)
    software: str = ""
    front: tuple[int, bytes] = (200, b"charter oak")
    clock_offset_s: int = 0
    clock: Callable[[], datetime] = attrs.field(default=lambda: NOON)
    lasts_s: int = LAST_S
    mute: bool = False
    refuse_orders: tuple[int, bytes] | None = None
    mode: str = "ordinary"
    keep_s: int = int(KEEP.total_seconds())
    signing: Ed25519PrivateKey = attrs.field(factory=Ed25519PrivateKey.generate)
    asked: list[str] = attrs.field(factory=list)
    listed: list[ListedPlate] = attrs.field(factory=list)
    list_number: int = 1
    list_lasts_s: int = 3600
    bend: Callable[[BoxListAnswer], BoxListAnswer] = attrs.field(
        default=lambda answer: answer
    )

    def orders(self, asked: bytes, **said: object) -> OrdersAnswer:
        """What a box is told now."""
        orders = Orders(
            device=DEVICE,
            answers=asked,
            number=int(self.clock().timestamp() * 1_000_000),
            mode=self.mode,
            keep_s=self.keep_s,
            lasts_s=self.lasts_s,
            list_tag=self.list_tag,
        )
        return OrdersAnswer(
            signing_key=self.signing.public_key().public_bytes_raw(),
            signed=sign_orders(
                msgspec.structs.replace(orders, **said), self.signing.sign
            ),
        )

    @property
    def list_tag(self) -> str:
        return f"{self.list_number:032x}"

    def box_list(self) -> BoxListAnswer:
        """The list in force, sealed to the one box of this town."""
        signed = sign_list(
            pack_list(
                self.listed,
                key=LIST_KEY,
                tag=self.list_tag,
                number=self.list_number,
                expires_s=int(self.clock().timestamp()) + self.list_lasts_s,
            ),
            self.signing.sign,
        )
        own = VerifyKey(self.keys[str(DEVICE)]).to_curve25519_public_key()
        return self.bend(
            BoxListAnswer(
                content=signed.content,
                signature=signed.signature,
                key=SealedBox(own).encrypt(LIST_KEY),
            )
        )

    def ask(self, path: str, message: HttpMessage) -> tuple[int, bytes]:
        """What a box hears that asks something."""
        if self.mute:
            return 503, b"{}"
        try:
            verified = verify(message, body=b"", resolve_key=self.keys.get)
        except CharterOakError as refused:
            return 401, problem(refused)
        self.asked.append(path)
        if self.refuse_orders is not None:
            return self.refuse_orders
        if path == "/api/v1/orders":
            return 200, msgspec.msgpack.encode(self.orders(verified.nonce))
        return 200, msgspec.msgpack.encode(self.box_list())

    def batch(self, message: HttpMessage, body: bytes) -> tuple[int, bytes]:
        if self.misbehave:
            return self.misbehave.pop(0)
        try:
            verified = verify(message, body=body, resolve_key=self.keys.get)
        except CharterOakError as refused:
            return 401, problem(refused)
        if verified.nonce in [known.nonce for _, known in self.seen]:
            return 401, b'{"code":"test.replayed"}'
        batch = decode_batch(body)
        content = content_digest(batch.envelopes)
        permanent = signed_bytes(
            device=batch.device,
            boot_epoch=batch.boot_epoch,
            sequence=batch.sequence,
            content=content,
        )
        key = Ed25519PublicKey.from_public_bytes(self.keys[verified.key_id])
        try:
            key.verify(batch.signature, permanent)
        except InvalidSignature:
            return 422, b"{}"
        self.seen.append((content, verified))
        number = (batch.boot_epoch, batch.sequence)
        if self.digests.setdefault(number, content) != content:
            return 409, b'{"code":"test.conflict","message":"known otherwise."}'
        found = opened(batch.envelopes)
        known = sum(read.read_id in self.reads for read in found)
        self.sizes.append(len(found))
        self.deliveries.extend(read.read_id for read in found)
        self.reads.update({read.read_id: read for read in found})
        self.before_answer()
        return 200, msgspec.json.encode(
            BatchAnswer(
                kept=len(found) - known,
                known=known,
                due_on_arrival=0,
                misdated=0,
                clock_offset_s=self.clock_offset_s,
                refused=[],
            )
        )

    def enrolment(self, body: bytes) -> tuple[int, bytes]:
        if self.misbehave:
            return self.misbehave.pop(0)
        request = msgspec.json.decode(body, type=EnrolmentRequest)
        code = request.code.upper().replace("-", "")
        if code not in self.codes:
            return 403, (
                b'{"code":"charteroak.enrolment.unknown-code",'
                b'"message":"this code is not known, was used or has expired",'
                b'"hint":"Make a new one."}'
            )
        self.codes.remove(code)
        self.keys[str(DEVICE)] = request.public_key
        self.software = request.software
        return 201, msgspec.json.encode(
            Enrolment(
                device=DEVICE,
                agency="Testville Police",
                agency_key=bytes(AGENCY.public_key),
                cameras=[CAMERA],
                keep_s=self.keep_s,
                orders=self.orders(request.public_key),
            )
        )


def problem(refused: CharterOakError) -> bytes:
    return msgspec.json.encode(
        {"code": refused.code, "message": str(refused), "hint": refused.hint}
    )


def _handler(town: Town, scheme: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            message = HttpMessage(
                method=self.command,
                url=f"{scheme}://{self.headers['Host']}{self.path}",
                fields=tuple(self.headers.items()),
            )
            if self.path == "/api/v1/enrolments":
                self.answer(*town.enrolment(body))
            elif self.path == "/api/v1/batches":
                self.answer(*town.batch(message, body))
            else:
                self.answer(404, b"{}")

        def do_GET(self) -> None:
            if self.path in {"/api/v1/orders", "/api/v1/box-list"}:
                message = HttpMessage(
                    method=self.command,
                    url=f"{scheme}://{self.headers['Host']}{self.path}",
                    fields=tuple(self.headers.items()),
                )
                self.answer(*town.ask(self.path, message))
                return
            self.answer(*town.front)

        def answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the test reads `Town`."""

    return Handler


class _Quiet(ThreadingHTTPServer):
    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """A box that died or hung up is part of the tests."""


@contextmanager
def serving(
    town: Town, *, port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Serve a town on a loopback port; yields its base address."""
    scheme = "https" if tls else "http"
    server = _Quiet(("127.0.0.1", port), _handler(town, scheme))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
