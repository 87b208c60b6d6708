"""Reads by their times, and hits: what is kept, what is due, what is raised."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.support.box import CAMERA, FakeBox, wanted
from tests.support.postgres import TestAgency
from tests.support.tables import Tables

from charteroak.server.actions.ingest_reads import Taken
from charteroak.server.agency import Agency
from charteroak.server.store import buckets
from charteroak.server.store.buckets import BucketMissingError
from charteroak.server.vault.pictures import (
    PictureGoneError,
    PicturesUnavailableError,
)

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


# --------------------------------------------------------------------------- time


def test_a_read_that_is_due_is_counted_and_nothing_of_it_is_stored(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    wanted(agency, "AB12345")

    answer = box.send(
        box.read(ago=agency.retention.limit + DAY, picture=b"gone"),
        box.read("OTHER1"),
    )

    assert (answer.kept, answer.due_on_arrival) == (1, 1)
    assert tables.count("reads") == 1
    assert tables.count("alerts") == 0
    assert tables.rows(
        "SELECT reads, due_on_arrival FROM read_counts ORDER BY hour"
    ) == [(0, 1), (1, 0)]
    assert not list((agency.settings.data / "pictures").rglob("*"))


def test_a_read_for_a_bucket_that_was_dropped_is_due(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    seen_at = agency.clock() - 3 * DAY
    with agency.database.purges() as tx:
        bucket = buckets.BucketMap(
            buckets.spanning(tx, since=seen_at, until=seen_at)
        ).of(seen_at)
    assert bucket is not None
    tables.drop_bucket(bucket.bucket, agency.clock())
    agency.pictures.drop_bucket(bucket.bucket)

    answer = box.send(box.read(seen_at=seen_at, picture=b"gone"))

    assert (answer.kept, answer.due_on_arrival) == (0, 1)


def test_a_read_whose_bucket_is_being_purged_is_left_to_the_box(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    read = box.read(ago=3 * DAY, picture=b"gone")
    name = agency.retention.bucket(read.seen_at).name
    agency.keys.destroy_bucket(name)

    with pytest.raises(BucketMissingError):
        box.send(read)

    assert tables.count("batches") == 0
    assert tables.count("nonces") == 0


def test_a_bucket_that_goes_in_the_midst_leaves_the_batch_to_the_box(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    read = box.read(ago=3 * DAY)
    name = agency.retention.bucket(read.seen_at).name
    tables.drop_bucket(name, agency.clock())
    # As one sees it who looked a moment before.
    tables.change("UPDATE buckets SET dropped_at = NULL")

    with pytest.raises(BucketMissingError):
        box.send(read)

    assert tables.count("batches") == 0


def test_a_batch_whose_pictures_cannot_be_written_is_not_taken(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    read = box.read(picture=b"one")
    bucket = agency.retention.bucket(read.seen_at).name
    batch = box.batch(box.seal(read))
    in_the_way = agency.settings.data / "pictures" / bucket
    in_the_way.write_bytes(b"")

    with pytest.raises(PicturesUnavailableError):
        box.deliver(batch)

    assert [tables.count(each) for each in ("reads", "batches", "read_counts")] == [
        0,
        0,
        0,
    ]
    in_the_way.unlink()
    assert isinstance(box.deliver(batch), Taken)
    assert tables.count("reads") == 1


@pytest.mark.parametrize(
    "off",
    [
        timedelta(minutes=2),
        DAY,
        timedelta(days=365 * 50),
        -timedelta(days=366),
        -timedelta(days=365 * 50),
    ],
)
def test_an_impossible_time_is_kept_apart_and_alerts_without_a_sound(
    agency: Agency, box: FakeBox, tables: Tables, off: timedelta
) -> None:
    wanted(agency, "AB12345")
    read = box.read(seen_at=agency.clock() + off, picture=b"one")

    answer = box.send(read)

    assert (answer.kept, answer.misdated) == (0, 1)
    assert tables.count("reads") == 0
    assert tables.rows("SELECT seen_at, received_at FROM reads_misdated") == [
        (read.seen_at, agency.clock())
    ]
    assert tables.rows("SELECT late, misdated, kept_from FROM alerts") == [
        (True, True, agency.clock())
    ]
    assert tables.count("alert_evidence") == 1


@pytest.mark.parametrize("year", [1, 1969, 9999])
def test_a_time_that_no_clock_shows_is_refused(box: FakeBox, year: int) -> None:
    read = box.read(seen_at=datetime(year, 6, 1, tzinfo=UTC))

    answer = box.send(read, box.read("GOOD1"))

    assert answer.kept == 1
    assert [each.code for each in answer.refused] == [
        "charteroak.batch.impossible-time"
    ]


def test_a_time_without_a_zone_is_refused(box: FakeBox) -> None:
    read = msgspec.structs.replace(
        box.read(),
        seen_at=datetime(2026, 10, 15, 11),  # noqa: DTZ001 - on purpose
    )

    answer = box.send(read, box.read("GOOD1"))

    assert (answer.kept, len(answer.refused)) == (1, 1)


@pytest.mark.parametrize(("off_s", "suspect"), [(60, False), (61, True), (-61, True)])
def test_a_clock_that_is_off_is_told_and_marks_reads_and_hits(
    agency: Agency, box: FakeBox, tables: Tables, *, off_s: int, suspect: bool
) -> None:
    wanted(agency, "AB12345")

    answer = box.send(box.read(), created=agency.clock() + timedelta(seconds=off_s))

    assert answer.clock_offset_s == off_s
    assert tables.rows("SELECT clock_offset_s, last_batch_at FROM boxes") == [
        (off_s, agency.clock())
    ]
    assert tables.rows("SELECT clock_suspect FROM reads") == [(suspect,)]
    assert tables.rows("SELECT late FROM alerts") == [(suspect,)]


def test_a_clock_of_another_century_is_no_crash(agency: Agency, box: FakeBox) -> None:
    answer = box.send(box.read(), created=agency.clock() + timedelta(days=200 * 365))

    assert answer.clock_offset_s == 2**31 - 1


@pytest.mark.parametrize(
    ("ago", "late"), [(2 * MINUTE, False), (2 * MINUTE + timedelta(seconds=1), True)]
)
def test_a_hit_that_arrives_later_than_the_limit_is_late(
    agency: Agency, box: FakeBox, tables: Tables, *, ago: timedelta, late: bool
) -> None:
    wanted(agency, "AB12345")

    box.send(box.read(ago=ago))

    assert tables.rows("SELECT late FROM alerts") == [(late,)]


# ----------------------------------------------------------------------- matching


def test_a_hit_is_an_alert_with_its_evidence_and_a_record(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    wanted(agency, "ABO123")
    read = box.read("AB0123", picture=b"one")

    box.send(read, box.read("OTHER1"))

    assert tables.rows(
        "SELECT camera_id, seen_at, raised_at, tier, state_agreement, late, misdated,"
        " status FROM alerts"
    ) == [
        (
            CAMERA,
            read.seen_at,
            agency.clock(),
            "folded",
            "agrees",
            False,
            False,
            "unverified",
        )
    ]
    evidence = tables.rows(
        "SELECT read_id, plate, entry_plate, entry_state, entry_reason, list_name,"
        " plate_picture FROM alert_evidence"
    )
    assert evidence[0][:-1] == (
        read.read_id,
        "AB0123",
        "ABO123",
        "CT",
        "stolen car",
        "stolen",
    )
    assert agency.pictures.fetch(str(evidence[0][-1])) == b"one"
    assert tables.public_entries("alert.raised") == [
        {
            "late": False,
            "list_class": "vehicle",
            "misdated": False,
            "state": "agrees",
            "tier": "folded",
        }
    ]


def test_another_state_is_no_hit(agency: Agency, box: FakeBox, tables: Tables) -> None:
    wanted(agency, "AB12345", state="NY")

    box.send(box.read(state="CT"), box.read(state=None))

    assert tables.rows("SELECT state_agreement FROM alerts") == [("unread",)]


def test_no_hit_is_missed_where_the_matchers_file_is_gone_or_broken(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    wanted(agency, "AB12345")
    path = agency.settings.data / "hotlist.index"

    path.write_bytes(b"broken")
    box.send(box.read())
    path.unlink()
    box.send(box.read())

    assert tables.count("alerts") == 2


def test_a_hint_wakes_the_board(
    agency: Agency, box: FakeBox, agency_schema: TestAgency, tables: Tables
) -> None:
    wanted(agency, "AB12345")
    with tables.listening(agency_schema.schema) as hints:
        box.send(box.read("OTHER1"))
        assert hints() == 0
        box.send(box.read())
        assert hints() == 1


# ------------------------------------------------------------------- never a plate


def test_no_plate_is_in_a_log_line_or_a_record(
    agency: Agency, box: FakeBox, tables: Tables, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    wanted(agency, "QX7SECR")

    answer = box.send(box.read("QX7SECR", picture=b"one"))
    box.send(box.read("QX7SECR", engine="zero\x00"))

    assert "QX7SECR" not in caplog.text
    assert "QX7SECR" not in repr(answer)
    for table in ["log", "batches", "refusals", "read_counts", "nonces", "alerts"]:
        assert "QX7SECR" not in tables.text_of(table)


def test_a_purged_picture_is_gone_though_its_alert_stays(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    wanted(agency, "AB12345")
    box.send(box.read(picture=b"one"))
    ref = str(tables.rows("SELECT plate_picture FROM alert_evidence")[0][0])

    agency.pictures.drop_bucket(ref.partition("/")[0])

    with pytest.raises(PictureGoneError):
        agency.pictures.fetch(ref)
    assert tables.count("alerts") == 1
