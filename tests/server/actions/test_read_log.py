"""Reading the log: replayed, masked, and itself recorded."""

import psycopg
import pytest
from tests.support.postgres import TestAgency
from tests.support.sightings import a_search, log_kinds, person
from tests.support.web import somebody

from charteroak.core.hold import NotAllowed
from charteroak.core.log_record import (
    Draft,
    RecordId,
    RecordKind,
    UnopenableRecordError,
)
from charteroak.core.people import Role
from charteroak.server.actions.open_record import (
    NoSuchRecord,
    RecordOpened,
    open_record,
)
from charteroak.server.actions.read_log import LogPage, read_log
from charteroak.server.actions.search_reads import search_reads
from charteroak.server.agency import Agency

AUDITOR = person(Role.AUDITOR)


def opened(agency: Agency, record: int) -> RecordOpened:
    answer = open_record(agency, AUDITOR, RecordId(record))
    assert isinstance(answer, RecordOpened)
    return answer


def test_a_search_is_opened_replayed_and_masked(agency: Agency) -> None:
    who = somebody(agency, Role.INVESTIGATOR)
    search_reads(agency, who, a_search(agency, "QX9?4*", cameras=["elm-st"]))

    record = opened(agency, 1)

    assert record.fields is not None
    shown = {field.name: field.value for field in record.fields}
    assert shown["plate"] == "•••?•*"
    assert shown["person"] == who.name
    assert shown["cameras"] == "elm-st"
    assert "QX9" not in repr(record.fields) + record.entry
    assert record.replay is not None
    assert record.replay.same_rules
    assert record.replay.agrees
    assert record.replay.permitted


def test_opening_a_record_is_recorded_with_its_number(agency: Agency) -> None:
    search_reads(agency, person(Role.OFFICER), a_search(agency))

    opened(agency, 1)

    assert log_kinds(agency)[-1] == "log.read"
    page = read_log(agency, AUDITOR, kind=RecordKind.LOG_READ, before=None)
    assert isinstance(page, LogPage)
    assert page.total == 1
    assert page.records[0].public == {"record": 1}


def test_a_field_that_nobody_thought_of_stays_sealed(agency: Agency) -> None:
    record = _with_private(agency, {"glyphs": "QX9442"})

    assert record.fields is not None
    assert {field.name: field.value for field in record.fields}["glyphs"] is None
    assert "QX9442" not in repr(record.fields)


def _with_private(agency: Agency, private: dict[str, str]) -> RecordOpened:
    with agency.database.changes() as tx:
        receipt = agency.record(
            tx,
            Draft(kind=RecordKind.CAMERA_PLACED, at=agency.clock(), private=private),
        )
    return opened(agency, receipt.record_id)


def test_pages_go_back_to_the_first_record(agency: Agency) -> None:
    for _ in range(60):
        search_reads(agency, person(Role.OFFICER), a_search(agency))

    first = read_log(agency, AUDITOR, kind=RecordKind.SEARCH_ASKED, before=None)
    assert isinstance(first, LogPage)
    second = read_log(
        agency, AUDITOR, kind=RecordKind.SEARCH_ASKED, before=first.before
    )
    assert isinstance(second, LogPage)

    numbers = [each.record_id for each in (*first.records, *second.records)]
    assert numbers == sorted(numbers, reverse=True)
    assert (len(numbers), first.total, second.before) == (60, 60, None)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.AUDITOR}))
def test_nobody_but_an_auditor_reads_the_log(agency: Agency, role: Role) -> None:
    search_reads(agency, person(Role.OFFICER), a_search(agency))
    who = person(role)

    assert read_log(agency, who, kind=None, before=None) == NotAllowed()
    assert open_record(agency, who, RecordId(1)) == NotAllowed()


def test_a_number_that_is_not_there(agency: Agency) -> None:
    assert open_record(agency, AUDITOR, RecordId(77)) == NoSuchRecord()


def test_an_altered_record_does_not_open(
    agency: Agency, agency_schema: TestAgency
) -> None:
    search_reads(agency, person(Role.OFFICER), a_search(agency))
    with psycopg.connect(agency_schema.admin_dsn) as connection:
        connection.execute(f'SET search_path TO "{agency_schema.schema}"'.encode())
        connection.execute(
            "UPDATE log SET entry = convert_to(replace(convert_from(entry, 'UTF8'), "
            "'robbery', 'arson'), 'UTF8') WHERE record_id = 1"
        )

    with pytest.raises(UnopenableRecordError):
        open_record(agency, AUDITOR, RecordId(1))
