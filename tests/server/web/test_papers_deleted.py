"""Pages say until when a paper is kept, and afterwards when it was deleted."""

from datetime import timedelta

from tests.support.a_partner import SCAN, asked_by, declare, entered, partner
from tests.support.agency import SettableClock
from tests.support.sightings import person
from tests.support.web import ClientAs, Desk

from charteroak.core.codes import Process
from charteroak.core.people import Role
from charteroak.server.actions.decide_disclosure import decide_disclosure
from charteroak.server.actions.purge_papers import purge_papers
from charteroak.server.agency import Agency

TERM = timedelta(days=731)


def papers(desk: Desk, path: str) -> tuple[str, list[str]]:
    """What a page says of papers, and where it links to."""
    part = desk.page(path).select_one("section[aria-labelledby=papers]")
    assert part is not None
    return " ".join(part.get_text(" ").split()), [
        str(link["href"]) for link in part.select("a")
    ]


def test_a_request_says_until_when_its_papers_are_kept(
    agency: Agency, agency_clock: SettableClock, client_as: ClientAs
) -> None:
    them = partner(agency, "Reno Police", "NV")
    number = entered(agency, asked_by(agency, them, process=Process.JUDICIAL_WARRANT))
    path = f"/disclosure/requests/{number}"
    said, links = papers(client_as(Role.LIST_CLERK), path)
    assert "Kept until 2 years after the answer." in said
    assert len(links) == 1

    decide_disclosure(
        agency,
        person(Role.SUPERVISOR),
        number,
        approve=False,
        reason="Another car is meant",
    )
    said, links = papers(client_as(Role.LIST_CLERK), path)
    assert said.count("Kept until Oct 15, 2028") == 2
    assert said.count("2 years after the answer.") == 2

    agency_clock.advance(TERM)
    purge_papers(agency)
    desk = client_as(Role.LIST_CLERK)
    said, none = papers(desk, path)
    assert said.count("Deleted on Oct 15, 2028") == 2
    assert said.count("2 years after the answer.") == 2
    assert said.count("SHA-256") == 2
    assert none == []
    gone = desk.get(links[0])
    assert gone.status_code == 410
    assert "deleted on schedule" in gone.text
    assert SCAN.content not in gone.content


def test_an_agency_says_until_when_its_declaration_is_kept(
    agency: Agency, agency_clock: SettableClock, client_as: ClientAs
) -> None:
    them = partner(agency, "Yonkers Police", "NY")
    declare(agency, them, ends_in=timedelta(days=10))
    path = f"/disclosure/agencies/{them.partner_id}"

    def said() -> str:
        return " ".join(client_as(Role.LIST_CLERK).page(path).get_text(" ").split())

    assert "Kept until 2 years after its end." in said()
    agency_clock.advance(timedelta(days=11))
    assert "Kept until Oct 25, 2028" in said()
    assert "Open the scan" in said()
    agency_clock.advance(TERM)
    assert purge_papers(agency) == 1
    assert "Deleted on Oct 26, 2028" in said()
    assert "Open the scan" not in said()


def test_the_status_page_shows_papers_that_are_due(
    agency: Agency, agency_clock: SettableClock, client_as: ClientAs
) -> None:
    them = partner(agency, "Yonkers Police", "NY")
    declare(agency, them, ends_in=timedelta(days=10))
    agency_clock.advance(timedelta(days=10) + TERM)
    page = client_as(Role.AUDITOR).page("/status").get_text(" ")
    assert "1 of them due" in page
    purge_papers(agency)
    page = " ".join(client_as(Role.AUDITOR).page("/status").get_text(" ").split())
    assert "of them due" not in page
    assert "0 kept each until 2 years after the answer" in page
