"""A hold that is approved once more: what it keeps stays, however late that is."""

import secrets
from datetime import timedelta

import attrs
import pytest
from tests.support.agency import SettableClock
from tests.support.holds import (
    INES,
    SAM,
    a_document,
    a_paper,
    a_span,
    a_wish,
    asked_for,
)
from tests.support.sightings import a_read, a_search, taken
from tests.support.tables import Tables
from typing_extensions import override

from charteroak.core.hold import HoldId
from charteroak.core.hold_ground import HoldPaper
from charteroak.core.read import Read
from charteroak.server.actions.approve_hold import HoldKept, SpanBegun, approve_hold
from charteroak.server.actions.end_holds import end_holds
from charteroak.server.actions.request_hold import HoldRequested, request_hold
from charteroak.server.actions.search_reads import search_reads
from charteroak.server.agency import Agency
from charteroak.server.vault.pictures import Pictures

DAY = timedelta(days=1)
GROUNDS = pytest.mark.parametrize(
    "paper", [None, a_paper(), a_wish()], ids=["case", "court", "preservation"]
)


def passing(agency: Agency) -> Read:
    return taken(agency, a_read(agency), pictures=[b"plate of it", b"vehicle of it"])


def one_asked_for(agency: Agency, read: Read, paper: HoldPaper | None = None) -> HoldId:
    asked = search_reads(agency, INES, a_search(agency)).until.record_id
    answer = request_hold(
        agency,
        INES,
        asked_id=asked,
        read_id=read.read_id,
        reason="the car at the pump",
        span=90 * DAY,
        paper=paper,
        document=a_document() if paper else None,
    )
    assert isinstance(answer, HoldRequested)
    return answer.hold_id


def still_kept(agency: Agency, tables: Tables) -> bool:
    end_holds(agency)
    rows = tables.rows("SELECT plate_picture FROM held_reads")
    return [agency.pictures.fetch(str(row[0])) for row in rows] == [b"plate of it"]


@GROUNDS
def test_a_read_that_is_copied_stays_when_it_is_approved_again(
    agency: Agency,
    agency_clock: SettableClock,
    tables: Tables,
    paper: HoldPaper | None,
) -> None:
    hold_id = one_asked_for(agency, passing(agency), paper)
    first = approve_hold(agency, SAM, hold_id)
    agency_clock.advance(agency.retention.limit + DAY)

    again = approve_hold(agency, SAM, hold_id)

    assert isinstance(again, HoldKept)
    assert again == first
    assert tables.public_entries("hold.ended") == []
    assert still_kept(agency, tables)


@GROUNDS
def test_a_span_that_is_copied_stays_when_it_is_approved_again(
    agency: Agency,
    agency_clock: SettableClock,
    tables: Tables,
    paper: HoldPaper | None,
) -> None:
    passing(agency)
    document = a_document() if paper else None
    hold_id = asked_for(agency, a_span(agency), paper=paper, document=document)
    first = approve_hold(agency, SAM, hold_id)
    agency_clock.advance(agency.retention.limit + DAY)

    again = approve_hold(agency, SAM, hold_id)

    assert isinstance(again, SpanBegun)
    assert again == first
    assert tables.public_entries("hold.ended") == []
    assert still_kept(agency, tables)


def test_a_span_that_has_begun_does_not_end_because_nothing_was_there(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    hold_id = asked_for(agency, a_span(agency))
    assert isinstance(approve_hold(agency, SAM, hold_id), SpanBegun)
    agency_clock.advance(agency.retention.limit + DAY)

    assert isinstance(approve_hold(agency, SAM, hold_id), SpanBegun)

    assert tables.public_entries("hold.ended") == []


def test_who_comes_too_late_does_not_end_what_another_copied_meanwhile(
    agency: Agency, tables: Tables
) -> None:
    read = passing(agency)
    hold_id = one_asked_for(agency, read)
    bucket = agency.retention.bucket(read.seen_at).name

    class Outrun(Pictures):
        """Before it looks, another approves, and a purge takes the bucket's key."""

        @override
        def fetch(self, ref: str) -> bytes:
            assert isinstance(approve_hold(agency, SAM, hold_id), HoldKept)
            agency.pictures.drop_bucket(bucket)
            return agency.pictures.fetch(ref)

    folder = agency.settings.data / "pictures"
    slow = Outrun(folder, keys=agency.keys, entropy=secrets.token_bytes)
    answer = approve_hold(attrs.evolve(agency, pictures=slow), SAM, hold_id)

    assert isinstance(answer, HoldKept)
    assert tables.public_entries("hold.ended") == []
    assert still_kept(agency, tables)
