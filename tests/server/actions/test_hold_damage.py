"""Damage in the vault costs what is damaged, and nothing else."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.holds import CAMERA, INES, SAM, a_span, asked_for
from tests.support.sightings import a_read, a_search, taken
from tests.support.tables import Tables

from charteroak.core.hold import HoldId
from charteroak.core.read import Read
from charteroak.server.actions.approve_hold import (
    HoldKept,
    NotAllKeptError,
    SpanBegun,
    approve_hold,
    keep_spans,
)
from charteroak.server.actions.request_hold import HoldRequested, request_hold
from charteroak.server.actions.search_reads import search_reads
from charteroak.server.agency import Agency

DAY = timedelta(days=1)


def passing(agency: Agency, *, ago: timedelta = timedelta(hours=1)) -> Read:
    read = a_read(agency, ago=ago)
    return taken(agency, read, pictures=[b"plate of it", b"vehicle of it"])


def damage(folder: Path) -> None:
    (segment,) = folder.iterdir()
    sealed = bytearray(segment.read_bytes())
    sealed[20] ^= 1
    segment.write_bytes(sealed)


def approved(agency: Agency, *, plates: tuple[str, ...] = ()) -> HoldId:
    """A span that lies open ahead, and what it has in the vault is its plates."""
    cameras = () if plates else (CAMERA,)
    span = a_span(agency, ahead=DAY, cameras=cameras, plates=plates)
    hold_id = asked_for(agency, span)
    assert isinstance(approve_hold(agency, SAM, hold_id), SpanBegun)
    return hold_id


@pytest.mark.parametrize("what", ["plates", "key"])
def test_the_damage_of_one_hold_stops_no_other_from_being_copied(
    agency: Agency, tables: Tables, what: str
) -> None:
    damaged = [approved(agency, plates=(plate,)) for plate in ("AB12345", "CO98765")]
    whole = approved(agency)
    for hold in damaged:
        if what == "plates":
            damage(agency.settings.data / "pictures" / f"h{hold.hex}")
        else:
            (key,) = agency.keys.folder.rglob(f"{hold.hex}.key")
            key.write_bytes(b"short")
    passing(agency)

    with pytest.raises(NotAllKeptError) as told:
        keep_spans(agency)

    assert len(told.value.troubles) == 2
    assert all(str(hold) in str(told.value) for hold in damaged)
    assert tables.rows("SELECT hold_id FROM held_reads") == [(whole,)]


@pytest.mark.parametrize("what", ["picture", "key"])
def test_a_read_whose_picture_is_damaged_is_held_without_it(
    agency: Agency, tables: Tables, what: str
) -> None:
    read = passing(agency)
    asked = search_reads(agency, INES, a_search(agency)).until.record_id
    answer = request_hold(
        agency,
        INES,
        asked_id=asked,
        read_id=read.read_id,
        reason="the car at the pump",
        span=30 * DAY,
    )
    assert isinstance(answer, HoldRequested)
    bucket = agency.retention.bucket(read.seen_at).name
    if what == "picture":
        damage(agency.settings.data / "pictures" / bucket)
    else:
        (key,) = agency.keys.folder.rglob(f"{bucket}*")
        key.write_bytes(b"short")

    assert isinstance(approve_hold(agency, SAM, answer.hold_id), HoldKept)

    rows = tables.rows("SELECT plate_picture, vehicle_picture FROM held_reads")
    vehicles = {str(vehicle) for plate, vehicle in rows if plate == ""}
    assert len(rows) == len(vehicles) == 1
    if what == "picture":
        assert agency.pictures.fetch(vehicles.pop()) == b"vehicle of it"
    else:
        assert vehicles == {""}


def test_a_damaged_key_of_a_day_stops_no_span(agency: Agency, tables: Tables) -> None:
    old, new = passing(agency, ago=2 * DAY), passing(agency)
    bucket = agency.retention.bucket(old.seen_at).name
    assert bucket != agency.retention.bucket(new.seen_at).name
    (key,) = agency.keys.folder.rglob(f"{bucket}*")
    key.write_bytes(b"short")
    hold_id = asked_for(agency, a_span(agency, back=3 * DAY))

    assert isinstance(approve_hold(agency, SAM, hold_id), SpanBegun)

    rows = tables.rows("SELECT plate_picture <> '' FROM held_reads ORDER BY seen_at")
    assert rows == [(False,), (True,)]
