"""A server's process that takes batches in, and dies before a chosen step."""

from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import msgspec
from tests.attack.a_mortal import Mortal, mortal, obey
from tests.support.box import ingested
from tests.support.postgres import TestAgency

from charteroak.core.http_signature import HttpMessage
from charteroak.core.wire import BatchAnswer
from charteroak.server.actions.ingest_reads import Taken
from charteroak.server.agency import Agency


class _Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as it comes over the network."""

    method: str
    url: str
    fields: tuple[tuple[str, str], ...]
    body: bytes


@attrs.frozen
class MortalServer:
    """Takes batches in, in processes of their own."""

    _mortal: Mortal

    def ingest(
        self, request: HttpMessage, body: bytes, *, dies_before: int
    ) -> BatchAnswer | None:
        """Have a batch taken in; None where the server died of it."""
        sent = msgspec.msgpack.encode(_Sent(**attrs.asdict(request), body=body))
        told = self._mortal.do(sent, dies_before=dies_before)
        return None if told is None else msgspec.msgpack.decode(told, type=BatchAnswer)


@contextmanager
def mortal_server(schema: TestAgency, agency: Agency) -> Iterator[MortalServer]:
    """A server for the agency of a test, for the length of a block."""
    with mortal("tests.attack.a_mortal_server", schema, agency) as made:
        yield MortalServer(made)


def _ingest(agency: Agency, order: bytes) -> bytes:
    sent = msgspec.msgpack.decode(order, type=_Sent)
    request = HttpMessage(method=sent.method, url=sent.url, fields=sent.fields)
    taken = ingested(agency, request, sent.body)
    assert isinstance(taken, Taken), taken
    return msgspec.msgpack.encode(taken.answer)


if __name__ == "__main__":
    obey(_ingest)
