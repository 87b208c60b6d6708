"""A batch is taken whole, once, from the box that signed it, and what hits is raised."""

import threading
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.support.agency import SettableClock
from tests.support.box import CAMERA, FakeBox, a_box, ingested, somebody, wanted
from tests.support.tables import Tables

from charteroak.core.people import Role
from charteroak.core.wire import BatchAnswer
from charteroak.server.actions.ingest_reads import Taken
from charteroak.server.actions.revoke_box import Revoked, revoke_box
from charteroak.server.agency import Agency
from charteroak.server.senders import TurnedAway, Why
from charteroak.server.store import refusals

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def refused(agency: Agency) -> dict[str, int]:
    with agency.database.changes() as tx:
        found = refusals.since(tx, agency.clock() - DAY)
    return {each.kind: each.n for each in found}


# ------------------------------------------------------------------------ taking


def test_a_read_is_stored_as_it_was_read(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    read = box.read("O1B8")

    answer = box.send(read)

    assert answer == BatchAnswer(
        kept=1, known=0, due_on_arrival=0, misdated=0, clock_offset_s=0, refused=[]
    )
    assert tables.rows(
        "SELECT read_id, camera_id, box_id, seen_at, received_at, plate, match_key,"
        " confidence, characters, state, state_confidence, plate_box, engine,"
        " clock_suspect, plate_picture, vehicle_picture FROM reads"
    ) == [
        (
            read.read_id,
            CAMERA,
            box.device,
            read.seen_at,
            agency.clock(),
            "O1B8",
            "01B8",
            pytest.approx(0.97),
            pytest.approx([0.99] * 4),
            "CT",
            pytest.approx(0.9),
            [10, 20, 120, 40],
            "test 1",
            False,
            "",
            "",
        )
    ]


def test_pictures_can_be_fetched_and_lie_in_one_segment_for_each_bucket(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    box.send(
        box.read("AAA111", picture=b"one"),
        box.read("BBB222"),
        box.read("CCC333", picture=b"three"),
        box.read("DDD444", picture=b"four", ago=2 * DAY),
    )

    refs = tables.rows(
        "SELECT plate_picture, vehicle_picture FROM reads ORDER BY plate"
    )
    shown = [
        [agency.pictures.fetch(str(ref)) if ref else b"" for ref in row] for row in refs
    ]
    assert shown == [
        [b"one", b"one of the vehicle"],
        [b"", b""],
        [b"three", b"three of the vehicle"],
        [b"four", b"four of the vehicle"],
    ]
    assert len({str(ref).partition(":")[0] for row in refs for ref in row if ref}) == 2


def test_the_same_batch_counts_once_and_gets_the_same_answer(
    agency: Agency,
    agency_clock: SettableClock,
    box: FakeBox,
    tables: Tables,
) -> None:
    wanted(agency, "AB12345")
    batch = box.batch(box.seal(box.read()), box.seal(box.read("OTHER1")))

    first = box.deliver(batch)
    agency_clock.advance(timedelta(seconds=40))
    second = box.deliver(batch)

    assert isinstance(first, Taken)
    assert first == second
    assert first.answer.kept == 2
    assert tables.count("reads") == 2
    assert tables.count("alerts") == 1
    assert tables.count("batches") == 1
    assert tables.rows("SELECT reads, hits FROM read_counts") == [(2, 1)]


def test_a_read_that_comes_again_in_another_batch_is_known(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    wanted(agency, "AB12345")
    read = box.read()
    misdated = box.read(ago=-DAY)
    box.send(read, misdated)

    answer = box.send(read, box.read("OTHER1"), read, misdated)

    assert (answer.kept, answer.known, answer.misdated) == (1, 3, 0)
    assert tables.count("reads") == 2
    assert tables.count("reads_misdated") == 1
    assert tables.count("alerts") == 2


def test_two_deliveries_at_once_count_once(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    wanted(agency, "AB12345")
    batch = box.batch(*(box.seal(box.read()) for _ in range(20)))
    answers: list[Taken | TurnedAway] = []

    threads = [
        threading.Thread(target=lambda: answers.append(box.deliver(batch)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 4
    assert all(answer == answers[0] for answer in answers)
    assert isinstance(answers[0], Taken)
    assert tables.count("reads") == 20
    assert tables.count("alerts") == 20


# ------------------------------------------------------------------- who sent it


def test_an_unknown_box_is_turned_away_and_counted(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    box.device = uuid4()

    turned = box.deliver(box.batch(box.seal(box.read())))

    assert isinstance(turned, TurnedAway)
    assert turned.why is Why.UNAUTHENTIC
    assert refused(agency) == {"charteroak.http-signature.unknown-key": 1}
    assert tables.count("reads") == 0


def test_another_key_than_the_enrolled_one_is_turned_away(
    agency: Agency, box: FakeBox
) -> None:
    box.key = Ed25519PrivateKey.generate()

    turned = box.deliver(box.batch(box.seal(box.read())))

    assert isinstance(turned, TurnedAway)
    assert turned.why is Why.UNAUTHENTIC
    assert refused(agency) == {"charteroak.http-signature.bad": 1}


def test_an_altered_body_is_turned_away(agency: Agency, box: FakeBox) -> None:
    body = msgspec.msgpack.encode(box.batch(box.seal(box.read())))
    request = box.request(body)

    turned = ingested(agency, request, body[:-1] + bytes([body[-1] ^ 1]))

    assert isinstance(turned, TurnedAway)
    assert turned.why is Why.UNAUTHENTIC
    assert refused(agency) == {"charteroak.http-signature.digest-mismatch": 1}


@pytest.mark.parametrize("change", ["sequence", "boot_epoch", "envelopes", "device"])
def test_a_batch_changed_after_it_was_signed_for_good_is_turned_away(
    agency: Agency, box: FakeBox, tables: Tables, change: str
) -> None:
    batch = box.batch(box.seal(box.read()))
    other = a_box(agency, "elm-st-south")
    values: dict[str, object] = {
        "sequence": 7,
        "boot_epoch": 7,
        "envelopes": [box.seal(box.read())],
        "device": other.device,
    }

    turned = box.deliver(msgspec.structs.replace(batch, **{change: values[change]}))

    assert isinstance(turned, TurnedAway)
    assert turned.why is Why.UNAUTHENTIC
    assert refused(agency) == {"charteroak.batch.forged": 1}
    assert tables.count("batches") == 0


def test_a_replayed_request_is_turned_away(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    body = msgspec.msgpack.encode(box.batch(box.seal(box.read())))
    request = box.request(body)
    assert isinstance(ingested(agency, request, body), Taken)

    turned = ingested(agency, request, body)

    assert isinstance(turned, TurnedAway)
    assert turned.why is Why.UNAUTHENTIC
    assert turned.code == "charteroak.batch.reused-nonce"
    assert refused(agency) == {"charteroak.batch.reused-nonce": 1}
    assert tables.count("reads") == 1


def test_a_nonce_of_another_box_is_no_replay(agency: Agency, box: FakeBox) -> None:
    other = a_box(agency, "elm-st-south")
    nonce = bytes(range(16))
    for each, camera in [(box, CAMERA), (other, "elm-st-south")]:
        body = msgspec.msgpack.encode(each.batch(each.seal(each.read(camera=camera))))
        taken = ingested(agency, each.request(body, nonce=nonce), body)
        assert isinstance(taken, Taken)


def test_a_revoked_box_is_turned_away(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    done = revoke_box(agency, somebody(Role.ADMINISTRATOR), box.device)
    assert isinstance(done, Revoked)

    turned = box.deliver(box.batch(box.seal(box.read())))

    assert isinstance(turned, TurnedAway)
    assert turned.why is Why.REVOKED
    assert refused(agency) == {"charteroak.batch.revoked-box": 1}
    assert tables.count("reads") == 0


def test_a_number_used_again_for_other_content_is_an_alarm(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    box.send(box.read())

    turned = box.deliver(box.batch(box.seal(box.read("OTHER1")), sequence=box.sequence))

    assert isinstance(turned, TurnedAway)
    assert turned.why is Why.CONFLICT
    assert refused(agency) == {"charteroak.batch.conflict": 1}
    assert tables.log_kinds()[-1] == "batch.conflicted"
    assert tables.count("reads") == 1
    assert tables.count("batches") == 1


@pytest.mark.parametrize("body", [b"", b"\x00", b"not msgpack", b"\xc1" * 40])
def test_a_signed_body_that_is_no_batch_is_unreadable(
    agency: Agency, box: FakeBox, body: bytes
) -> None:
    turned = ingested(agency, box.request(body), body)

    assert isinstance(turned, TurnedAway)
    assert turned.why is Why.UNREADABLE
    assert refused(agency) == {"charteroak.batch.unreadable": 1}


# ----------------------------------------------------------------- what is refused


def test_one_bad_read_does_not_hold_up_the_others(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    foreign = box.seal(box.read(camera="elm-st-south"))
    answer_to = [
        box.seal(box.read("AAA111")),
        box.seal(b"no read at all"),
        b"no envelope at all",
        b"",
        foreign,
        foreign[:-1] + bytes([foreign[-1] ^ 1]),
        box.seal(box.read("BBB222")),
    ]

    taken = box.deliver(box.batch(*answer_to))

    assert isinstance(taken, Taken)
    assert taken.answer.kept == 2
    assert [
        (each.index, each.code.split(".")[-1]) for each in taken.answer.refused
    ] == [
        (1, "unreadable-read"),
        (2, "unopenable-envelope"),
        (3, "unopenable-envelope"),
        (4, "foreign-camera"),
        (5, "unopenable-envelope"),
    ]
    assert tables.rows("SELECT plate FROM reads ORDER BY plate") == [
        ("AAA111",),
        ("BBB222",),
    ]
    assert refused(agency) == {
        "charteroak.batch.foreign-camera": 1,
        "charteroak.batch.unopenable-envelope": 3,
        "charteroak.batch.unreadable-read": 1,
    }


@pytest.mark.parametrize(
    "plate",
    ["", "A" * 11, "A" * 30, "🚗", "AB\x00123", "ab123", "АВ123", "AB 123"],  # noqa: RUF001 - Cyrillic on purpose
)
def test_no_plate_is_no_read_and_the_others_are_kept(
    agency: Agency, box: FakeBox, plate: str, caplog: pytest.LogCaptureFixture
) -> None:
    del agency

    answer = box.send(box.read(plate), box.read("GOOD1"))

    assert answer.kept == 1
    assert [each.index for each in answer.refused] == [0]
    if plate:
        assert plate not in caplog.text
        assert plate not in repr(answer)


@pytest.mark.parametrize(
    "engine", ["zero\x00byte", "line\nbreak", "\x1b[31mred", "x" * 81]
)
def test_an_engine_that_cannot_be_printed_is_refused_alone(
    box: FakeBox, engine: str
) -> None:
    answer = box.send(box.read(engine=engine), box.read("GOOD1"))

    assert answer.kept == 1
    assert [each.index for each in answer.refused] == [0]


@pytest.mark.parametrize(
    "field",
    [
        {"box": (2**31, 0, 1, 1)},
        {"box": (0, 0, 2**63, 1)},
        {"box": (0, 0, 0, 1)},
        {"confidence": float("nan")},
        {"confidence": 1.0001},
        {"characters": [float("inf")] * 7},
        {"characters": [0.9]},
        {"state": "C\x00"},
        {"state": "ON"},
    ],
)
def test_a_value_out_of_range_is_refused_alone(
    box: FakeBox, field: dict[str, object]
) -> None:
    answer = box.send(msgspec.structs.replace(box.read(), **field), box.read("GOOD1"))

    assert answer.kept == 1
    assert [each.index for each in answer.refused] == [0]


def test_a_share_too_small_for_the_database_is_nothing(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    wanted(agency, "AB12345")

    answer = box.send(
        msgspec.structs.replace(
            box.read(),
            confidence=1e-200,
            characters=[5e-324] * 7,
            state_confidence=1e-99,
        )
    )

    assert answer.kept == 1
    assert tables.rows("SELECT confidence, characters FROM reads") == [(0, [0] * 7)]
    assert tables.count("alert_evidence") == 1
