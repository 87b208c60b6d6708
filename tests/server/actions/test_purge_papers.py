"""Papers of the disclosure desk go when their term is over, and never before."""

from datetime import timedelta

import attrs
import psycopg
import pytest
from tests.support.a_partner import (
    asked_by,
    declare,
    entered,
    partner,
    refused,
)
from tests.support.agency import SettableClock
from tests.support.postgres import TestAgency
from tests.support.sightings import log_kinds, person
from tests.support.tables import Tables

from charteroak.core.codes import Process
from charteroak.core.disclosure import KeptPaper, PaperKind
from charteroak.core.log_record import RecordId
from charteroak.core.partner import DeclarationId
from charteroak.core.people import Role
from charteroak.server.actions.ask_disclosure import ask_disclosure
from charteroak.server.actions.decide_disclosure import decide_disclosure
from charteroak.server.actions.purge_papers import purge_papers
from charteroak.server.actions.release_disclosure import release_disclosure
from charteroak.server.actions.see_disclosures import DisclosureShown, see_disclosure
from charteroak.server.actions.see_paper import PaperDeleted, PaperSeen, see_paper
from charteroak.server.actions.see_partners import PartnerShown, see_partner
from charteroak.server.actions.see_status import see_status
from charteroak.server.actions.withdraw_declaration import withdraw_declaration
from charteroak.server.agency import Agency
from charteroak.server.store.erasure import TableBusyError
from charteroak.server.store.roles import Role as DatabaseRole

CLERK, SUPERVISOR = person(Role.LIST_CLERK), person(Role.SUPERVISOR)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
TERM = timedelta(days=731)
WHY = "The paper does not name this car"


def by_warrant(agency: Agency) -> RecordId:
    """Enter a request with a judge's warrant, which waits."""
    them = partner(agency, "Reno Police", "NV")
    return entered(agency, asked_by(agency, them, process=Process.JUDICIAL_WARRANT))


def papers_of(agency: Agency, number: RecordId) -> tuple[KeptPaper, ...]:
    shown = see_disclosure(agency, SUPERVISOR, number)
    assert isinstance(shown, DisclosureShown)
    return shown.papers


def decided(agency: Agency, number: RecordId, *, approve: bool) -> None:
    decide_disclosure(agency, SUPERVISOR, number, approve=approve, reason=WHY)


def test_papers_go_their_term_after_the_answer_and_their_fact_stays(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    number = by_warrant(agency)
    agency_clock.advance(10 * DAY)
    decided(agency, number, approve=False)
    answered_at = agency_clock()
    warrant, letter = papers_of(agency, number)
    assert (warrant.kind, letter.kind) == (PaperKind.PROCESS, PaperKind.LETTER)
    assert warrant.kept_until(TERM) == letter.kept_until(TERM) == answered_at + TERM

    agency_clock.advance(TERM - SECOND)
    assert purge_papers(agency) == 0
    assert isinstance(see_paper(agency, CLERK, warrant.paper_id), PaperSeen)
    agency_clock.advance(SECOND)
    assert see_status(agency).papers.due == 2
    assert purge_papers(agency) == 2

    gone = papers_of(agency, number)
    assert [each.deleted_at for each in gone] == [agency_clock()] * 2
    assert [each.sha256 for each in gone] == [warrant.sha256, letter.sha256]
    assert [each.ended_at for each in gone] == [answered_at] * 2
    assert see_paper(agency, CLERK, warrant.paper_id) == PaperDeleted(paper=gone[0])
    (told,) = tables.public_entries("papers.purged")
    assert told == {
        "process": 1,
        "letter": 1,
        "consent": 0,
        "declaration": 0,
        "term_days": 731,
        "because": "US-CT",
    }
    standing = see_status(agency).papers
    assert (standing.kept, standing.due) == (0, 0)
    # Done again it does nothing, and says nothing.
    assert purge_papers(agency) == 0
    assert log_kinds(agency).count("papers.purged") == 1


def test_papers_stay_for_as_long_as_their_request_waits(
    agency: Agency, agency_clock: SettableClock
) -> None:
    number = by_warrant(agency)
    agency_clock.advance(3 * TERM)
    assert purge_papers(agency) == 0
    decided(agency, number, approve=True)
    agency_clock.advance(3 * TERM)
    assert purge_papers(agency) == 0
    (paper,) = papers_of(agency, number)
    assert paper.kept_until(TERM) is None

    release_disclosure(agency, SUPERVISOR, number).open(agency.covered)  # type: ignore[union-attr]
    agency_clock.advance(TERM - SECOND)
    assert purge_papers(agency) == 0
    agency_clock.advance(SECOND)
    assert purge_papers(agency) == 1


def declared_by(agency: Agency) -> tuple[PartnerShown, DeclarationId]:
    them = partner(agency, "Yonkers Police", "NY")
    declaration = declare(agency, them, ends_in=300 * DAY)
    return the_partner(agency, them.partner_id), declaration


def the_partner(agency: Agency, partner_id: object) -> PartnerShown:
    shown = see_partner(agency, partner_id)  # type: ignore[arg-type]
    assert isinstance(shown, PartnerShown)
    return shown


def test_a_declaration_is_kept_for_the_term_after_its_end(
    agency: Agency, agency_clock: SettableClock
) -> None:
    them, _declaration = declared_by(agency)
    agency_clock.advance(300 * DAY + TERM - SECOND)
    assert purge_papers(agency) == 0
    agency_clock.advance(SECOND)
    assert purge_papers(agency) == 1

    (gone,) = the_partner(agency, them.partner.partner_id).declarations
    assert gone.paper_deleted_at == agency_clock()
    assert gone.ended_at + TERM == agency_clock()


def test_a_declaration_that_is_withdrawn_ends_on_that_day(
    agency: Agency, agency_clock: SettableClock
) -> None:
    _them, declaration = declared_by(agency)
    agency_clock.advance(DAY)
    withdraw_declaration(agency, CLERK, declaration, reason="They asked for it")
    agency_clock.advance(TERM - SECOND)
    assert purge_papers(agency) == 0
    agency_clock.advance(SECOND)
    assert purge_papers(agency) == 1


def test_a_setting_shortens_the_term_and_says_so(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    number = by_warrant(agency)
    decided(agency, number, approve=False)
    settings = agency.settings.model_copy(update={"keep_papers": 400 * DAY})
    agency = attrs.evolve(agency, settings=settings)

    agency_clock.advance(400 * DAY)

    assert purge_papers(agency) == 2
    told = tables.public_entries("papers.purged")[0]
    assert (told["term_days"], told["because"]) == (400, "agency setting")


def test_a_run_that_died_before_the_files_were_emptied_is_finished_by_the_next(
    agency: Agency,
    agency_clock: SettableClock,
    agency_schema: TestAgency,
    tables: Tables,
) -> None:
    refused(
        ask_disclosure(
            agency,
            CLERK,
            asked_by(agency, partner(agency, "Reno Police", "NV")),
        )
    )
    agency_clock.advance(TERM)
    # Somebody reads the table: what was deleted lies in its file, and that is owed.
    with psycopg.connect(agency_schema.dsn(DatabaseRole.DESK)) as reader:
        reader.execute("SELECT count(*) FROM papers")
        with pytest.raises(TableBusyError):
            purge_papers(agency)
    assert log_kinds(agency).count("papers.purged") == 1
    assert tables.count("erasures_owed") >= 1
    purge_papers(agency)
    assert tables.rows("SELECT what FROM erasures_owed WHERE what = 'papers'") == []


def test_whoever_purges_sees_no_content_and_nobody_else_deletes(
    agency: Agency, agency_schema: TestAgency
) -> None:
    by_warrant(agency)
    for role, statement in (
        (DatabaseRole.PURGE, "SELECT sealed FROM papers"),
        (DatabaseRole.PURGE, "SELECT number FROM disclosures"),
        (DatabaseRole.PURGE, "DELETE FROM papers"),
        (DatabaseRole.DESK, "UPDATE papers SET sealed = NULL"),
        (DatabaseRole.SEARCH, "SELECT paper_id FROM paper_ends"),
    ):
        with (
            psycopg.connect(agency_schema.dsn(role)) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement.encode())
