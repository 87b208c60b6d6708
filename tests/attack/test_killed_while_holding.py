"""A worker that dies between any two steps of copying a span loses and doubles nothing.

The real walk is killed before its first step, before its second, and so on until it gets
through. Whatever it had copied by then, the next walk copies the rest, once.
"""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from tests.attack.a_mortal_copier import mortal_copier
from tests.support.holds import CASE, SAM, a_span, asked_for
from tests.support.postgres import TestAgency
from tests.support.sightings import a_read, taken
from tests.support.tables import Tables

from charteroak.core.hold import HoldId
from charteroak.server.actions.approve_hold import (
    SpanBegun,
    approve_hold,
    keep_spans,
)
from charteroak.server.actions.end_case import CaseEnded, end_case
from charteroak.server.actions.end_holds import end_holds
from charteroak.server.agency import Agency

pytestmark = pytest.mark.slow

READS = 5
FEWEST_STEPS = 15
MOST_STEPS = 120


def kept(tables: Tables, hold: HoldId) -> list[tuple[object, ...]]:
    return [
        row[1:]
        for row in tables.rows(
            "SELECT hold_id, read_id, plate_picture, vehicle_picture FROM held_reads"
        )
        if row[0] == hold
    ]


def whole(agency: Agency, tables: Tables, hold: HoldId) -> bool:
    """Whatever is there has its pictures; says whether it is all."""
    rows = kept(tables, hold)
    for _read, plate, vehicle in rows:
        assert agency.pictures.fetch(str(plate)).startswith(b"plate")
        assert agency.pictures.fetch(str(vehicle)) == b"vehicle"
    assert len({row[0] for row in rows}) == len(rows)
    return len(rows) == READS


def test_a_walk_that_is_killed_is_taken_up_again(
    agency: Agency,
    agency_schema: TestAgency,
    tables: Tables,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Approving copies nothing by itself here: the worker does it all.
    monkeypatch.setattr("charteroak.server.actions.approve_hold._MOST_AT_ONCE", 0)
    for minutes in range(READS):
        taken(
            agency,
            a_read(agency, ago=timedelta(minutes=minutes + 1)),
            pictures=[b"plate %d" % minutes, b"vehicle"],
        )
    died, halves = 0, set[int]()
    with mortal_copier(agency_schema, agency) as copier:
        for step in range(1, MOST_STEPS):
            hold = asked_for(agency, a_span(agency))
            assert isinstance(approve_hold(agency, SAM, hold), SpanBegun)
            survived = copier.copy(dies_before=step)
            assert survived == whole(agency, tables, hold) or not survived
            halves.add(len(kept(tables, hold)))

            keep_spans(agency)

            assert whole(agency, tables, hold)
            assert sum_of_records(tables, hold) == READS
            assert isinstance(end_case(agency, SAM, CASE, named=CASE), CaseEnded)
            end_holds(agency)
            assert tables.count("held_reads") == 0
            assert not list((agency.settings.data / "pictures").glob("h*"))
            if survived:
                break
            died += 1

    assert FEWEST_STEPS < died < MOST_STEPS
    assert {0, 2, 4} <= halves  # it died between batches too


def sum_of_records(tables: Tables, hold: HoldId) -> int:
    """Reads that the log says were kept since this hold began: each counts once."""
    del hold
    entries = tables.public_entries("hold.kept")
    ended = len(tables.public_entries("case.ended"))
    return sum(int(str(each["reads"])) for each in entries) - ended * READS


def test_names_of_places_are_those_of_holds(agency: Agency) -> None:
    hold = asked_for(agency, a_span(agency, cameras=(), plates=("AB12345",)))

    (place,) = (agency.settings.data / "pictures").glob("h*")

    assert UUID(hex=Path(place).name[1:]) == hold
