"""A search: decided, recorded, and only then looked up."""

import json
from collections.abc import Sequence
from datetime import timedelta

import attrs
import psycopg
import pytest
from tests.support.agency import SettableClock
from tests.support.postgres import TestAgency
from tests.support.sightings import (
    a_read,
    a_search,
    log_kinds,
    person,
    placed,
    seen,
    taken,
)

from charteroak.core.log_record import RecordId
from charteroak.core.people import Role
from charteroak.core.retention import Retention
from charteroak.core.sealed import NotYetCoveredError
from charteroak.core.search_answer import Found, NotShown, ReadGone, Refused
from charteroak.core.search_record import SHOWN_FOR
from charteroak.server.actions.request_hold import request_hold
from charteroak.server.actions.search_reads import search_reads
from charteroak.server.actions.see_read_picture import (
    Picture,
    PictureSeen,
    see_read_picture,
)
from charteroak.server.agency import Agency
from charteroak.server.store import audit
from charteroak.server.store.database import StoreUnavailableError

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def test_finds_reads_in_the_half_open_period_newest_first(agency: Agency) -> None:
    who = person(Role.INVESTIGATOR)
    for ago in [DAY + SECOND, DAY, 2 * SECOND, SECOND]:
        seen(agency, ago=ago)
    seen(agency, "ZZ99999")
    search = a_search(agency, until=agency.clock() - SECOND)

    answer = search_reads(agency, who, search).open(agency.covered)

    assert isinstance(answer, Found)
    found = [agency.clock() - each.read.seen_at for each in answer.sightings]
    assert found == [2 * SECOND, DAY]
    assert not answer.cut
    assert log_kinds(agency) == ["search.asked", "search.answered"]


def test_a_read_comes_back_as_it_was_taken(agency: Agency) -> None:
    who = person(Role.OFFICER)
    placed(agency, "main-st", "Main Street")
    read = seen(agency)

    answer = search_reads(agency, who, a_search(agency)).open(agency.covered)

    assert isinstance(answer, Found)
    assert [each.read for each in answer.sightings] == [read]
    assert answer.sightings[0].camera_name == "Main Street"


def test_only_the_cameras_that_were_asked_for(agency: Agency) -> None:
    who = person(Role.OFFICER)
    seen(agency, camera="main-st")
    wanted = seen(agency, camera="elm-st")

    answer = search_reads(agency, who, a_search(agency, cameras=["elm-st"])).open(
        agency.covered
    )

    assert isinstance(answer, Found)
    assert [each.read for each in answer.sightings] == [wanted]


@pytest.mark.parametrize(
    ("roles", "changes", "rule"),
    [
        ([Role.INVESTIGATOR], {"purpose": "immigration"}, "CT-no-immigration"),
        ([Role.INVESTIGATOR], {"case_ref": ""}, "CT-case-number"),
        ([Role.SUPERVISOR], {"back": 21 * DAY + SECOND}, "CT-21-days"),
        ([Role.ADMINISTRATOR], {}, "CO-administrator-never-looks"),
        (
            [Role.ADMINISTRATOR, Role.INVESTIGATOR],
            {},
            "CO-administrator-never-looks",
        ),
        ([Role.LIST_CLERK], {}, "CO-list-clerk-never-looks"),
        ([Role.AUDITOR], {}, "CO-auditor-never-looks"),
    ],
)
def test_a_refusal_is_an_answer_and_is_recorded(
    agency: Agency, roles: list[Role], changes: dict[str, object], rule: str
) -> None:
    who = person(*roles)
    seen(agency)
    back = changes.get("back", DAY)
    assert isinstance(back, timedelta)
    search = a_search(
        agency,
        back=back,
        purpose=str(changes.get("purpose", "robbery")),
        case_ref=str(changes.get("case_ref", "26-1234")),
    )

    answer = search_reads(agency, who, search).open(agency.covered)

    assert isinstance(answer, Refused)
    assert [each.rule_id for each in answer.because] == [rule]
    assert log_kinds(agency) == ["search.asked"]
    with agency.database.audits() as tx:
        record = audit.one(tx, answer.asked)
        assert record is not None
        assert record.public["decision"] == "refused"
        assert record.public["rules"] == [rule]


def test_exactly_21_days_back_is_within_the_law(agency: Agency) -> None:
    who = person(Role.INVESTIGATOR)

    answer = search_reads(agency, who, a_search(agency, back=21 * DAY))

    assert isinstance(answer.open(agency.covered), Found)


def test_what_is_past_the_agencys_own_limit_is_shown_to_nobody(
    agency: Agency,
) -> None:
    # The law allows 21 days, the agency keeps two, and its purge has not run.
    agency = attrs.evolve(agency, retention=Retention(2 * DAY))
    who = person(Role.INVESTIGATOR)
    past = taken(agency, a_read(agency, ago=2 * DAY + SECOND), pictures=[b"p", b"v"])
    kept = taken(agency, a_read(agency, ago=2 * DAY), pictures=[b"p", b"v"])
    search = a_search(agency, back=20 * DAY)

    answer = search_reads(agency, who, search).open(agency.covered)

    assert isinstance(answer, Found)
    assert [each.read.read_id for each in answer.sightings] == [kept.read_id]
    assert answer.looked_from == agency.clock() - 2 * DAY
    asked = answer.asked
    picture = see_read_picture(agency, who, asked, kept.read_id, Picture.PLATE)
    assert picture == PictureSeen(jpeg=b"p")
    gone = see_read_picture(agency, who, asked, past.read_id, Picture.PLATE)
    assert gone == ReadGone()
    hold = request_hold(
        agency,
        who,
        asked_id=asked,
        read_id=past.read_id,
        reason="needed for the case",
        span=DAY,
    )
    assert hold == ReadGone()


def test_the_public_entry_names_nobody_no_plate_and_no_place(agency: Agency) -> None:
    who = person(Role.INVESTIGATOR)
    search = a_search(agency, "QX9?42", cameras=["elm-st"])

    search_reads(agency, who, search)

    with agency.database.audits() as tx:
        entries = [
            record.record.entry.decode()
            for number in (1, 2)
            if (record := audit.one(tx, number)) is not None
        ]
        ticket = audit.asked_search(tx, 1)
    assert len(entries) == 2
    for secret in ["QX9", "elm-st", "26-1234", str(who.person_id), who.login]:
        assert secret not in "".join(entries)
    assert json.loads(entries[0])["public"]["purpose"] == "robbery"
    assert ticket is not None
    assert ticket[0].search == search
    assert ticket[0].person == who.person_id


def test_a_full_page_says_that_it_was_cut(agency: Agency) -> None:
    who = person(Role.INVESTIGATOR)
    for minutes in range(101):
        seen(agency, ago=timedelta(minutes=30 * minutes + 1))

    answer = search_reads(agency, who, a_search(agency, back=10 * DAY)).open(
        agency.covered
    )

    assert isinstance(answer, Found)
    assert len(answer.sightings) == 100
    assert answer.cut
    times = [each.read.seen_at for each in answer.sightings]
    assert times == sorted(times, reverse=True)
    assert times[0] == agency.clock() - timedelta(minutes=1)


# ------------------------------------------------------------------------- attacks


def admin(schema: TestAgency, statement: str) -> None:
    with psycopg.connect(schema.admin_dsn, autocommit=True) as connection:
        connection.execute(f'SET search_path TO "{schema.schema}"'.encode())
        connection.execute(statement.encode())


def test_a_search_whose_question_cannot_be_written_serves_nothing(
    agency: Agency, agency_schema: TestAgency
) -> None:
    who = person(Role.INVESTIGATOR)
    seen(agency)
    admin(agency_schema, f'REVOKE INSERT ON log FROM "{agency_schema.schema}_desk"')

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        search_reads(agency, who, a_search(agency))

    assert log_kinds(agency) == []


def test_a_search_that_breaks_while_looking_is_still_in_the_log(
    agency: Agency, agency_schema: TestAgency
) -> None:
    who = person(Role.INVESTIGATOR)
    seen(agency)
    role = f"{agency_schema.schema}_search"
    admin(agency_schema, 'REVOKE SELECT ON reads FROM "@"'.replace("@", role))

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        search_reads(agency, who, a_search(agency))

    assert log_kinds(agency) == ["search.asked"]


def test_an_answer_that_cannot_be_counted_is_not_given(
    agency: Agency, agency_schema: TestAgency
) -> None:
    who = person(Role.INVESTIGATOR)
    seen(agency)
    # The first record goes in; the second breaks the check.
    admin(
        agency_schema,
        "ALTER TABLE log ADD CONSTRAINT full_up CHECK (kind <> 'search.answered')",
    )

    with pytest.raises(psycopg.errors.CheckViolation):
        search_reads(agency, who, a_search(agency))

    assert log_kinds(agency) == ["search.asked"]


def test_without_a_database_nothing_is_served(agency: Agency) -> None:
    who = person(Role.INVESTIGATOR)
    agency.database.close()

    with pytest.raises((StoreUnavailableError, psycopg.Error)):
        search_reads(agency, who, a_search(agency))


def test_an_answer_stays_closed_while_its_question_is_not_covered(
    agency: Agency,
) -> None:
    who = person(Role.INVESTIGATOR)
    seen(agency)

    answer = search_reads(agency, who, a_search(agency))

    with pytest.raises(NotYetCoveredError):
        answer.open(lambda _: False)
    assert "AB12345" not in repr(answer)
    assert "AB12345" not in repr(answer.open(agency.covered))


def refused(schema: TestAgency, role: str, attacks: Sequence[str]) -> None:
    """Try each attack in a session of a role; the database must refuse it."""
    for attack in attacks:
        with psycopg.connect(schema.dsn(role)) as connection:
            # Some sessions are read-only; that alone would not stop an attacker.
            connection.execute("SET TRANSACTION READ WRITE")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(attack.encode())


@pytest.mark.parametrize("role", ["ingest", "desk", "search", "log", "purge"])
def test_no_role_rewrites_the_log(agency_schema: TestAgency, role: str) -> None:
    refused(
        agency_schema,
        role,
        [
            "UPDATE log SET kind = 'x'",
            "DELETE FROM log",
            "TRUNCATE log",
            "UPDATE log_keys SET key = ''",
            "DELETE FROM log_keys",
            "DROP TABLE log",
        ],
    )


def test_a_search_can_only_look(agency_schema: TestAgency) -> None:
    refused(
        agency_schema,
        "search",
        [
            "INSERT INTO log (kind, hour, entry, sealed) VALUES ('x', 'now', '', '')",
            "INSERT INTO reads SELECT * FROM reads",
            "UPDATE reads SET plate = 'X'",
            "DELETE FROM reads",
            "CREATE TABLE mine (plate text)",
            "SELECT key FROM log_keys",
            "SELECT password_hash FROM people",
            "SELECT plate FROM held_reads",
        ],
    )


def test_nobody_at_a_desk_sees_a_read(agency_schema: TestAgency) -> None:
    for role in ["desk", "log", "purge"]:
        refused(
            agency_schema,
            role,
            ["SELECT plate FROM reads", "SELECT plate FROM reads_misdated"],
        )


def test_an_auditor_reads_the_log_alone(agency_schema: TestAgency) -> None:
    refused(
        agency_schema,
        "log",
        [
            "SELECT password_hash FROM people",
            "SELECT plate FROM held_reads",
            "SELECT plate FROM alert_evidence",
            "SELECT plate FROM hotlist_entries",
            "INSERT INTO log (kind, hour, entry, sealed) VALUES ('x', 'now', '', '')",
        ],
    )


# ------------------------------------------------------------------------- pictures


def test_the_asker_sees_the_picture_of_a_result_for_an_hour(
    agency: Agency, agency_clock: SettableClock
) -> None:
    who = person(Role.INVESTIGATOR)
    read = taken(agency, a_read(agency), pictures=[b"plate", b"vehicle"])
    asked = search_reads(agency, who, a_search(agency)).until.record_id

    shown = see_read_picture(agency, who, asked, read.read_id, Picture.PLATE)
    agency_clock.advance(SHOWN_FOR + SECOND)
    later = see_read_picture(agency, who, asked, read.read_id, Picture.PLATE)

    assert isinstance(shown, PictureSeen)
    assert shown.jpeg == b"plate"
    assert later == NotShown()


def test_nobody_else_sees_it_nor_another_read(agency: Agency) -> None:
    who = person(Role.INVESTIGATOR)
    other = person(Role.SUPERVISOR)
    read = taken(agency, a_read(agency), pictures=[b"plate", b"vehicle"])
    elsewhere = taken(agency, a_read(agency, "ZZ9"), pictures=[b"plate", b"vehicle"])
    asked = search_reads(agency, who, a_search(agency)).until.record_id

    see = see_read_picture
    assert see(agency, other, asked, read.read_id, Picture.PLATE) == NotShown()
    assert see(agency, who, asked, elsewhere.read_id, Picture.PLATE) == ReadGone()
    answered, missing = RecordId(asked + 1), RecordId(99)
    assert see(agency, who, answered, read.read_id, Picture.PLATE) == NotShown()
    assert see(agency, who, missing, read.read_id, Picture.PLATE) == NotShown()


def test_a_refused_search_opens_no_picture(agency: Agency) -> None:
    who = person(Role.INVESTIGATOR)
    read = taken(agency, a_read(agency), pictures=[b"plate", b"vehicle"])
    refused = a_search(agency, purpose="immigration")
    asked = search_reads(agency, who, refused).until.record_id

    assert see_read_picture(agency, who, asked, read.read_id, Picture.PLATE) == (
        NotShown()
    )
