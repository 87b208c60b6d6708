"""Promise 6: a refusal is an answer, with its rule and statute, and it is recorded."""

import itertools
from datetime import timedelta

import psycopg
import pytest
from bs4 import BeautifulSoup
from tests.attack.a_site import a_marker
from tests.support.postgres import TestAgency
from tests.support.sightings import a_search, log_kinds, person, seen
from tests.support.tables import Tables
from tests.support.web import ClientAs

from charteroak.core.log_record import RecordId
from charteroak.core.people import Role
from charteroak.core.search_answer import Found, Refused
from charteroak.server.actions.search_reads import search_reads
from charteroak.server.agency import Agency
from charteroak.server.store import audit

BACK = [timedelta(days=1), timedelta(days=30)]


def test_whoever_asks_whatever_gets_an_answer_and_a_record(
    agency: Agency, tables: Tables
) -> None:
    """Every role, every purpose, with and without a case, near and far back."""
    seen(agency)
    tried = refused = 0
    for role, purpose, case, back in itertools.product(
        Role, agency.profile.purposes, ["26-1", ""], BACK
    ):
        search = a_search(agency, purpose=purpose.code, case_ref=case, back=back)
        answer = search_reads(agency, person(role), search).open(agency.covered)
        tried += 1
        assert answer.because
        for rule in answer.because:
            assert rule.statute
            assert rule.plain
            assert rule.permits is isinstance(answer, Found)
        with agency.database.audits() as tx:
            record = audit.one(tx, RecordId(answer.asked))
        assert record is not None
        assert record.public["rules"] == [rule.rule_id for rule in answer.because]
        permitted = isinstance(answer, Found)
        assert record.public["decision"] == ("permitted" if permitted else "refused")
        refused += not permitted

    assert tables.log_kinds().count("search.asked") == tried
    assert tables.log_kinds().count("search.answered") == tried - refused
    assert tried > refused > tried / 2


def test_a_refusal_that_cannot_be_recorded_is_not_given_either(
    agency: Agency, agency_schema: TestAgency
) -> None:
    with psycopg.connect(agency_schema.admin_dsn) as admin:
        admin.execute(f"SET search_path TO {agency_schema.schema}".encode())
        admin.execute("ALTER TABLE log ADD CHECK (kind <> 'search.asked') NOT VALID")

    with pytest.raises(psycopg.errors.CheckViolation):
        search_reads(
            agency, person(Role.INVESTIGATOR), a_search(agency, purpose="immigration")
        )

    assert log_kinds(agency) == []


def test_a_refused_search_looks_at_nothing(
    agency: Agency, agency_schema: TestAgency
) -> None:
    """The role that looks is shut out: a refusal needs it for nothing."""
    with psycopg.connect(agency_schema.admin_dsn) as admin:
        admin.execute(f'ALTER ROLE "{agency_schema.schema}_search" NOLOGIN'.encode())

    who = person(Role.INVESTIGATOR)
    answer = search_reads(agency, who, a_search(agency, purpose="immigration"))

    assert isinstance(answer.open(agency.covered), Refused)


def test_a_refusal_outlives_the_page_that_shows_it(
    agency: Agency, client_as: ClientAs
) -> None:
    """On the page stand rule, statute and number; the auditor finds the same."""
    form = {
        "purpose": "immigration",
        "case": "26-1",
        "plate": a_marker(),
        "period": "24h",
    }

    answer = client_as(Role.INVESTIGATOR).post("/search", form)

    assert answer.status_code == 403
    page = BeautifulSoup(answer.text, "html.parser")
    auditor = client_as(Role.AUDITOR)
    link = auditor.page("/log?kind=search.asked").select_one("tbody a[href^='/log/']")
    assert link is not None
    number = RecordId(int(str(link["href"]).rpartition("/")[2]))
    with agency.database.audits() as tx:
        record = audit.one(tx, number)
    assert record is not None
    assert str(number) in page.get_text()
    rules = record.public["rules"]
    assert isinstance(rules, list)
    for rule in map(str, rules):
        law = agency.profile.rules.rules[rule]
        assert law.statute in page.get_text()
        assert law.plain in page.get_text()
        assert rule in auditor.get(str(link["href"])).text
