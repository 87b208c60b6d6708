"""The uplink: carries batches from the spool to the server until they are acknowledged.

What goes wrong is answered here, case by case, and nothing that waits is ever lost to
it; the table is in `Uplink`.
"""

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import attrs
import httpx2
import msgspec

from charteroak.core.http_signature import HttpMessage, sign
from charteroak.core.wire import (
    MEDIA_TYPE,
    Batch,
    BatchAnswer,
    content_digest,
    signed_bytes,
)
from charteroak.edge.identity import Identity
from charteroak.edge.spool import MOST_SENT, Outgoing, Spool
from charteroak.edge.spool_file import (
    LONGEST_ASIDE,
    SpoolDiskFullError,
    SpoolUnavailableError,
)
from charteroak.edge.web_client import ServerSays, refusal, why_unreachable

PATH: Final = "/api/v1/batches"
GATHER_S: Final = 0.05
"""How long the first waiting read waits for company, seconds."""

SHORTEST_BACKOFF_S: Final = 1.0
LONGEST_BACKOFF_S: Final = 60.0
REVOKED_PAUSE_S: Final = 300.0
FORBIDDEN: Final = frozenset({401, 403})
"""What a box hears that is not known or was revoked."""

CLOCK_ALARM_S: Final = 60

_IDLE_CHECK_S: Final = 0.5

_log = logging.getLogger(__name__)


class Link(StrEnum):
    """How the box stands with its server."""

    CONNECTED = "connected"
    REFUSED = "refused"
    STARTING = "starting"
    TROUBLED = "troubled"
    UNREACHABLE = "unreachable"


@attrs.frozen(kw_only=True)
class LinkStatus:
    """What the box says of its uplink.

    Attributes:
        link: how it stands.
        failures: attempts in a row that did not deliver.
        why: the last failure in words, or "".
        answered_at: when the server last took a batch; None before the first.
        clock_offset_s: this clock less the server's, whole seconds, None if not known.
    """

    link: Link = Link.STARTING
    failures: int = 0
    why: str = ""
    answered_at: datetime | None = None
    clock_offset_s: int | None = None


@attrs.frozen(kw_only=True)
class Sender:
    """Signs what a box sends, and posts it; from any thread.

    Attributes:
        client: as `web_client.open_client` makes it.
        server: base address.
        device: the box.
        identity: its key.
        nonce: gives 16 random bytes, never the same twice.
    """

    client: httpx2.Client
    server: str
    device: UUID
    identity: Identity
    nonce: Callable[[], bytes]

    def body(self, batch: Outgoing) -> bytes:
        """The batch with its permanent signature; the same bytes for the same batch."""
        key = self.identity.private_key
        return msgspec.msgpack.encode(
            Batch(
                device=self.device,
                boot_epoch=batch.boot_epoch,
                sequence=batch.sequence,
                envelopes=batch.envelopes,
                signature=key.sign(
                    signed_bytes(
                        device=self.device,
                        boot_epoch=batch.boot_epoch,
                        sequence=batch.sequence,
                        content=content_digest(batch.envelopes),
                    )
                ),
            )
        )

    def post(self, batch: Outgoing, now: datetime) -> httpx2.Response:
        """Send a batch once, with a fresh HTTP signature.

        Raises:
            httpx2.HTTPError: no answer.
        """
        return self.send(PATH, self.body(batch), now)

    def send(self, path: str, body: bytes, now: datetime) -> httpx2.Response:
        """Send a body in MessagePack to a path of the server, signed for this once.

        Raises:
            httpx2.HTTPError: no answer.
        """
        return self._signed("POST", path, body, now)[1]

    def ask(
        self, path: str, now: datetime, *, etag: str = ""
    ) -> tuple[bytes, httpx2.Response]:
        """Ask for something, signed for this once.

        Args:
            path: of the server.
            now: by the box's clock.
            etag: of what is known already; empty: nothing.

        Returns:
            The nonce of the question, and the answer.

        Raises:
            httpx2.HTTPError: no answer.
        """
        known = {"If-None-Match": f'"{etag}"'} if etag else {}
        return self._signed("GET", path, b"", now, known)

    def _signed(
        self,
        method: str,
        path: str,
        body: bytes,
        now: datetime,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[bytes, httpx2.Response]:
        nonce = self.nonce()
        request = self.client.build_request(
            method,
            self.server + path,
            content=body,
            headers={"Content-Type": MEDIA_TYPE, **(headers or {})},
        )
        message = HttpMessage(
            method=request.method,
            url=str(request.url),
            fields=(("Content-Type", MEDIA_TYPE),),
        )
        request.headers.update(
            sign(
                message,
                body=request.content,
                key_id=str(self.device),
                private_key=self.identity.private_key,
                created=now,
                nonce=nonce,
            )
        )
        return nonce, self.client.send(request)


class Uplink:
    """Delivers what waits in a spool.

    What an answer does:

    - 200 with a `BatchAnswer` (JSON or MessagePack): the envelopes are deleted here. A
      200 with anything else (a captive portal) is no answer. Where the server kept less
      than it was sent, because what hits nothing may not be kept, the box asks at once
      what it may keep.
    - 409, the number is taken by other content: an alarm; the envelopes are kept and
      sent again in a new boot epoch.
    - 401 or 403, the box is not known or was revoked: everything is kept, and the box
      asks again every five minutes.
    - 413, too large: the same reads again in smaller batches.
    - 422, the batch cannot be read: set aside, tried again after an hour.
    - anything else, or no answer: the same batch again, after 1 to 60 seconds.

    `attempt` is for one thread at a time; `status` may be read from any.
    """

    def __init__(  # noqa: PLR0913 - what an uplink is told, each part named
        self,
        spool: Spool,
        sender: Sender,
        *,
        next_boot_epoch: Callable[[], int],
        clock: Callable[[], datetime],
        on_not_kept: Callable[[], None] = lambda: None,
        why_not: Callable[[], ServerSays | None] = lambda: None,
    ) -> None:
        self._spool = spool
        self._sender = sender
        self._next_boot_epoch = next_boot_epoch
        self._clock = clock
        self._on_not_kept = on_not_kept
        self._why_not = why_not
        self._most = MOST_SENT
        self.status = LinkStatus()
        self.trouble: Exception | None = None

    def run(self, stop: threading.Event) -> None:
        """Deliver until told to stop.

        A failure that is no answer of the server ends it: it is kept in `trouble`, and
        `stop` is set, so that the box ends rather than reads on with nobody sending.
        """
        try:
            while not stop.is_set():
                pause = self._attempt_once()
                if pause is not None:
                    stop.wait(pause)
                elif self._spool.arrived.wait(_IDLE_CHECK_S):
                    stop.wait(GATHER_S)
        except Exception as trouble:  # noqa: BLE001 - told by the box's main thread
            self.trouble = trouble
            stop.set()

    def _attempt_once(self) -> float | None:
        try:
            return self.attempt()
        except (SpoolDiskFullError, SpoolUnavailableError) as trouble:
            # A full disk passes; a damaged spool does not, and ends the box.
            return self._failed(Link.TROUBLED, str(trouble))

    def attempt(self) -> float | None:
        """Send one batch, once.

        Returns:
            Seconds to wait before the next attempt, 0 after a delivery; None when
            nothing waits.
        """
        # First told, then taken: what waits may just be destroyed.
        says = self._why_not() if self._spool.holds_any() else None
        if says is not None and says.status in FORBIDDEN:
            return self._revoked(says)
        if says is not None:
            return self._failed(Link.UNREACHABLE, says.sentence)
        now = self._clock()
        batch = self._spool.next_batch(now, most=self._most)
        if batch is None:
            return None
        try:
            response = self._sender.post(batch, now)
        except httpx2.HTTPError as trouble:
            return self._failed(Link.UNREACHABLE, why_unreachable(trouble))
        return self._answered(batch, response)

    def _answered(self, batch: Outgoing, response: httpx2.Response) -> float:
        says = refusal(response.status_code, response.content)
        match response.status_code:
            case 200:
                return self._delivered(batch, response)
            case 401 | 403:
                return self._revoked(says)
            case 409:
                return self._conflict(batch, says)
            case 413:
                return self._too_large(batch, says)
            case 422:
                return self._unreadable(batch, says)
            case _:
                return self._failed(Link.UNREACHABLE, says.sentence)

    def _delivered(self, batch: Outgoing, response: httpx2.Response) -> float:
        packed = response.headers.get("content-type", "").startswith(MEDIA_TYPE)
        decode = msgspec.msgpack.decode if packed else msgspec.json.decode
        try:
            answer = decode(response.content, type=BatchAnswer)
        except (msgspec.MsgspecError, ValueError):
            return self._failed(
                Link.UNREACHABLE, "something other than our server answered"
            )
        not_kept = len(answer.refused) + answer.not_kept
        self._spool.acknowledge(batch, refused=not_kept)
        if answer.not_kept:
            _log.warning(
                "the server may not keep what hit nothing: %d reads", answer.not_kept
            )
            self._on_not_kept()
        for each in sorted({refused.code for refused in answer.refused}):
            _log.error("the server did not keep a read: %s", ascii(each)[:100])
        if abs(answer.clock_offset_s) >= CLOCK_ALARM_S:
            _log.warning(
                "this clock is %+d s off the server's; set it", answer.clock_offset_s
            )
        if self.status.link is not Link.CONNECTED:
            _log.info("connected to the server")
        self.status = LinkStatus(
            link=Link.CONNECTED,
            answered_at=self._clock(),
            clock_offset_s=answer.clock_offset_s,
        )
        return 0

    def _conflict(self, batch: Outgoing, says: ServerSays) -> float:
        self._spool.release(batch)
        boot_epoch = self._next_boot_epoch()
        self._spool.begin_epoch(boot_epoch)
        _log.error(
            "ALARM: batch %d of boot epoch %d is known to the server with other content; "
            "%d reads are sent again in boot epoch %d. Was this box's disk copied or "
            "restored?",
            batch.sequence,
            batch.boot_epoch,
            len(batch.envelopes),
            boot_epoch,
        )
        return self._failed(Link.TROUBLED, says.sentence)

    def _revoked(self, says: ServerSays) -> float:
        self._failed(Link.REFUSED, says.sentence)
        if says.hint:
            _log.error("%s", says.hint)
        return REVOKED_PAUSE_S

    def _too_large(self, batch: Outgoing, says: ServerSays) -> float:
        if len(batch.envelopes) == 1:
            return self._unreadable(batch, says)
        self._spool.release(batch)
        self._most = max(1, len(batch.envelopes) // 2)
        _log.warning("a batch was too large; sending %d reads at once", self._most)
        return self._failed(Link.TROUBLED, says.sentence)

    def _unreadable(self, batch: Outgoing, says: ServerSays) -> float:
        self._spool.release(batch, not_before=self._clock() + LONGEST_ASIDE)
        _log.error(
            "the server cannot read a batch of %d; set aside for an hour",
            len(batch.envelopes),
        )
        return self._failed(Link.TROUBLED, says.sentence)

    def _failed(self, link: Link, why: str) -> float:
        failures = self.status.failures + 1
        pause = backoff_s(failures, salt=self._sender.device.bytes)
        # Once per kind of trouble is enough; the status line repeats it.
        if (link, why) != (self.status.link, self.status.why):
            _log.warning("not delivered, kept: %s", why)
        self.status = attrs.evolve(self.status, link=link, failures=failures, why=why)
        return pause


def backoff_s(failures: int, *, salt: bytes) -> float:
    """How long to wait after so many failures in a row, seconds.

    Doubles from 1 to 60; the salt spreads boxes that lost the same server by up to a
    quarter either way, the same each time, so that no randomness is needed.

    >>> 1 <= backoff_s(1, salt=b"a") <= 1.25
    True
    >>> backoff_s(10**6, salt=b"a") <= 60
    True
    """
    doubled = min(SHORTEST_BACKOFF_S * 2.0 ** min(failures - 1, 10), LONGEST_BACKOFF_S)
    digest = hashlib.sha256(salt + failures.to_bytes(8)).digest()
    share = int.from_bytes(digest[:8]) / 2**64
    spread = doubled * (0.75 + share / 2)
    return min(max(spread, SHORTEST_BACKOFF_S), LONGEST_BACKOFF_S)
