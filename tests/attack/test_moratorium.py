"""A council's moratorium, against a server in a process of its own.

Nothing but the council's keys begins or ends it: no restart, no command of whoever runs
the server, no box that keeps on sending. What is due is deleted all the same.
"""

import secrets
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from tests.attack.a_running_server import Running, running
from tests.attack.a_site import a_marker
from tests.support.box import NONCE_BYTES
from tests.support.council import ADA, MAYA, NOAH, Member

from charteroak.core.codes import Step
from charteroak.core.council_order import Order, SignedOrder, key_text
from charteroak.core.http_signature import HttpMessage, sign
from charteroak.core.keeping import Mode
from charteroak.core.log_record import RecordKind
from charteroak.core.orders import OrdersAnswer, open_orders
from charteroak.core.people import Role
from charteroak.core.wire import MEDIA_TYPE, BatchAnswer

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("moratorium")]

PATIENCE_S = 240
FORM = {
    "purpose": "robbery",
    "case": "26-04417",
    "note": "robbery at the pharmacy",
    "period": "24h",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running() as started:
        yield started


def until(done: Callable[[], bool]) -> None:
    begun = time.monotonic()
    while not done():
        assert time.monotonic() - begun < PATIENCE_S
        time.sleep(0.2)


def brought(
    server: Running, step: Step, number: int, *by: Member, to: tuple[Member, ...] = ()
) -> bytes:
    order = Order(
        agency=server.environment["CHARTEROAK_AGENCY"],
        step=step,
        number=number,
        issued_at=datetime.now(UTC).replace(microsecond=0),  # noqa: TID251 - as a member does
        reason="Vote of the council",
        to=tuple(member.key for member in to),
    )
    signed = SignedOrder(order=order, signatures=())
    for member in by:
        signed = signed.signed_by(member.secret)
    return signed.text


def sent(server: Running, plate: str, seen_at: datetime | None = None) -> BatchAnswer:
    box = server.box
    now = datetime.now(UTC)  # noqa: TID251 - by the clock of the box
    envelope = box.seal(box.read(plate, seen_at=seen_at or now))
    answer = server.send(box.batch(envelope))
    assert answer.status_code == 200, answer.text
    return msgspec.msgpack.decode(answer.content, type=BatchAnswer)


def told_to_boxes(server: Running) -> Mode:
    """What the server tells the box to keep, in orders that only the agency can sign."""
    box, nonce = server.box, secrets.token_bytes(NONCE_BYTES)
    message = HttpMessage(
        method="GET",
        url=f"{server.address}/api/v1/orders",
        fields=(("content-type", MEDIA_TYPE),),
    )
    signed = sign(
        message,
        body=b"",
        key_id=str(box.device),
        private_key=box.key,
        created=datetime.now(UTC),  # noqa: TID251 - by the clock of the box
        nonce=nonce,
    )
    headers = {**dict(message.fields), **signed}
    answer = server.client().get(message.url, headers=headers)
    assert answer.status_code == 200, answer.text
    orders = msgspec.msgpack.decode(answer.content, type=OrdersAnswer)
    return open_orders(
        orders.signed,
        signing_key=box.agency.keys.public_key,
        device=box.device,
        asked=nonce,
    ).told


def count(server: Running, query: str) -> int:
    with server.admin() as admin:
        row = admin.execute(query.encode()).fetchone()
    assert row is not None
    assert isinstance(row[0], int)
    return row[0]


def reads(server: Running) -> int:
    return count(server, "SELECT count(*) FROM reads")


def refused_by_the_council(server: Running, plate: str) -> bool:
    """Whether a search of an investigator is refused by the rule of the moratorium."""
    text = server.at_the_desk(Role.INVESTIGATOR).post(
        "/search", {**FORM, "plate": plate}
    )
    return "MO-no-search" in text.text


def no_command_ends_it(
    server: Running, ceremony: list[str], file: Path, suspend: bytes
) -> None:
    """Who runs the server has commands, and none of them ends a moratorium."""
    again = server.command("server", "council", "enrol", *ceremony)
    assert "enrolled already" in again
    for by in [(MAYA,), (NOAH, NOAH), (Member(name="Chief"), NOAH), ()]:
        file.write_bytes(brought(server, Step.RESUME, 2, *by))
        said = server.command("server", "council", "order", str(file))
        assert "go on" not in said
    file.write_bytes(suspend)
    assert "carried out already" in server.command(
        "server", "council", "order", str(file)
    )


def keys_change_hands(server: Running, file: Path) -> None:
    """By a command, while the server runs: what it knew a second ago counts no more."""
    for by in [(MAYA,), (Member(name="Chief"), MAYA)]:
        file.write_bytes(brought(server, Step.HAND_OVER, 3, *by, to=(MAYA, ADA)))
        said = server.command("server", "council", "order", str(file))
        assert "One key cannot take the council over" in said, said
    file.write_bytes(brought(server, Step.HAND_OVER, 3, MAYA, NOAH, to=(NOAH, ADA)))
    said = server.command("server", "council", "order", str(file))
    assert f"Key {ADA.key.key_id} of {ADA.name}, since" in said, said
    until(lambda: ADA.name in server.client().get("/council").text)
    old = brought(server, Step.SUSPEND, 4, MAYA)
    no = server.client().post("/council", data={"order": old.decode()})
    assert no.status_code == 403
    assert "was handed over and counts no more" in no.text
    assert told_to_boxes(server) is Mode.ORDINARY
    new = brought(server, Step.SUSPEND, 4, ADA)
    yes = server.client().post("/council", data={"order": new.decode()})
    assert yes.status_code == 200, yes.text
    # Killed and started again, it still knows whose keys they are.
    server.end(signal.SIGKILL)
    server.start()
    assert told_to_boxes(server) is Mode.STOPPED
    for by, status in [((MAYA, NOAH), 403), ((NOAH, ADA), 200)]:
        order = brought(server, Step.RESUME, 5, *by)
        answer = server.client().post("/council", data={"order": order.decode()})
        assert answer.status_code == status, answer.text


def test_the_council_stops_all_and_alone_starts_it_again(
    server: Running, tmp_path: Path
) -> None:
    plate, file = a_marker(), tmp_path / "order.json"
    for member in (MAYA, NOAH):
        (tmp_path / member.name).write_bytes(key_text(member.key))
    ceremony = [str(tmp_path / each.name) for each in (MAYA, NOAH)]
    assert "Enrolled" in server.command("server", "council", "enrol", *ceremony)
    assert sent(server, plate).kept == 1
    assert told_to_boxes(server) is Mode.ORDINARY

    # Whoever comes by with the signed order stops it all, at once.
    until(lambda: "in service" in server.client().get("/council").text)
    until(lambda: MAYA.name in server.client().get("/council").text)
    suspend = brought(server, Step.SUSPEND, 1, MAYA)
    done = server.client().post("/council", data={"order": suspend.decode()})
    assert done.status_code == 200, done.text
    during = datetime.now(UTC)  # noqa: TID251 - by the clock of the box

    assert told_to_boxes(server) is Mode.STOPPED
    told = sent(server, plate)
    assert (told.kept, told.not_kept) == (0, 1)
    assert reads(server) == 1
    assert refused_by_the_council(server, plate)
    board = server.at_the_desk(Role.DISPATCHER).get("/board").text
    assert "Suspended by the council since" in board

    # Killed and started again, now with a limit of a minute: the purge goes on.
    server.end(signal.SIGKILL)
    server.environment["CHARTEROAK_KEEP"] = "PT1M"
    server.start()
    assert (sent(server, plate).not_kept, sent(server, plate).kept) == (1, 0)
    with server.admin() as admin:
        # So that it need not be waited for.
        admin.execute("UPDATE duties SET next_due_at = now()")
    until(lambda: reads(server) == 0)
    purged = "SELECT count(*) FROM log WHERE kind = 'bucket.purged'"
    assert count(server, purged) > 0
    assert refused_by_the_council(server, plate)

    no_command_ends_it(server, ceremony, file, suspend)
    assert sent(server, plate).not_kept == 1

    # Both keys, by a command: the running server takes it up by itself.
    file.write_bytes(brought(server, Step.RESUME, 2, MAYA, NOAH))
    said = server.command("server", "council", "order", str(file))
    assert "capture and search go on" in said, said
    until(lambda: sent(server, plate).kept == 1)
    assert told_to_boxes(server) is Mode.ORDINARY
    # What was captured meanwhile is not kept later either.
    assert sent(server, plate, seen_at=during).not_kept == 1
    assert not refused_by_the_council(server, plate)
    kinds = "SELECT count(*) FROM log WHERE kind = '{}'"
    assert count(server, kinds.format(RecordKind.SUSPEND_ORDERED)) == 1
    assert count(server, kinds.format(RecordKind.SUSPEND_ENDED)) == 1
    assert count(server, kinds.format(RecordKind.SUSPEND_REFUSED)) >= 4
    keys_change_hands(server, file)
    assert plate not in server.said
