"""Who asks with the wrong paper, for the wrong purpose, or for themselves.

Immigration officers came with "warrants" that they had signed themselves; chiefs looked
for women. Each gets a letter and no read. Each test goes through the disclosure desk.
"""

from collections.abc import Iterator, Mapping

import pytest
from bs4 import BeautifulSoup
from tests.support.a_partner import SCAN, declare, partner
from tests.support.agency import SettableClock, a_fresh_agency
from tests.support.shelf import Shelf
from tests.support.sightings import seen
from tests.support.web import ClientAs, Desk

from charteroak.core.codes import AgencyKind
from charteroak.core.partner import Partner
from charteroak.core.people import Role
from charteroak.server.agency import Agency
from charteroak.server.store import audit

HER_CAR = "BK47193"
PDF = ("paper.pdf", SCAN.content, "application/pdf")
SERIOUS = "homicide"


@pytest.fixture(scope="module")
def agency(
    agencies: Shelf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Agency]:
    """One town for all of them."""
    folder = tmp_path_factory.mktemp("agency")
    with a_fresh_agency(agencies, SettableClock(), folder) as made:
        seen(made, HER_CAR)
        yield made


@pytest.fixture(scope="module")
def askers(agency: Agency) -> Mapping[str, Partner]:
    """Whoever asks, by their jurisdiction and what they are."""
    known = {
        "federal": ("Enforcement and Removal", "US", AgencyKind.FEDERAL_AGENCY),
        "texas": ("Johnson County Sheriff", "TX", AgencyKind.SHERIFF),
        "here": ("Hartford Police", "CT", AgencyKind.MUNICIPAL_POLICE),
        "declared": ("Yonkers Police", "NY", AgencyKind.MUNICIPAL_POLICE),
        "undeclared": ("Boston Police", "MA", AgencyKind.MUNICIPAL_POLICE),
        "vendor": ("Reads for Sale, Inc.", "CT", AgencyKind.VENDOR),
        "bail": ("Fast Bail Bonds", "CT", AgencyKind.OTHER),
    }
    made = {
        word: partner(agency, name, jurisdiction, kind=kind)
        for word, (name, jurisdiction, kind) in known.items()
    }
    declare(agency, made["declared"])
    return made


def send(
    desk: Desk, who: Partner, *, paper: str = "none", issuer: str = "", **changes: str
) -> str:
    """Enter a request; gives the address of its page."""
    form = {
        "partner": str(who.partner_id),
        "person": "Somebody There",
        "contact": "555-0100",
        "reference": "26-118",
        "paper": paper,
        "issuer": issuer,
        "purpose": SERIOUS,
        "note": "",
        "data_kind": "nonhit",
        "plate": HER_CAR,
        "since": "2026-09-25T08:00",
        "until": "2026-10-15T08:00",
        **changes,
    }
    files = {"scan": PDF} if paper != "none" else None
    answer = desk.post("/disclosure/new", form, files=files)
    assert answer.status_code == 303, answer.text[:2000]
    return str(answer.headers["location"]).partition("?")[0]


def letter(desk: Desk, path: str) -> str:
    """The letter of a refused request; that there is one, and nothing else, is checked."""
    page = desk.page(path)
    assert not page.select("form[action$=decide], form[action$=release]")
    link = next(a for a in page.select("a") if "Letter" in a.text)
    text = desk.get(str(link["href"])).text
    assert HER_CAR not in text
    return BeautifulSoup(text, "html.parser").get_text(" ")


def answered(agency: Agency) -> int:
    with agency.database.audits() as tx:
        listed = audit.newest(tx, kind=None, before=None, limit=400)
    return sum(
        each.kind in {"disclosure.answered", "owner.answered"} for each in listed
    )


@pytest.mark.parametrize("paper", ["warrant", "order", "subpoena"])
def test_immigration_officers_with_a_paper_that_they_signed_themselves(
    agency: Agency, client_as: ClientAs, askers: Mapping[str, Partner], paper: str
) -> None:
    clerk = client_as(Role.LIST_CLERK)

    path = send(clerk, askers["federal"], paper=paper, issuer="agency")

    text = letter(clerk, path)
    assert "short of a judge's warrant" in text
    assert "administrative warrant" in text
    assert answered(agency) == 0


@pytest.mark.parametrize("asker", ["here", "declared", "texas", "federal"])
@pytest.mark.parametrize(
    "purpose", ["immigration", "reproductive_care", "protected_activity"]
)
def test_what_is_banned_is_refused_whoever_asks_with_whatever_paper(
    client_as: ClientAs, askers: Mapping[str, Partner], asker: str, purpose: str
) -> None:
    clerk = client_as(Role.LIST_CLERK)

    for paper, issuer in (("none", ""), ("warrant", "judge")):
        path = send(clerk, askers[asker], paper=paper, issuer=issuer, purpose=purpose)
        assert "Reads are never used" in letter(clerk, path)


@pytest.mark.parametrize(
    ("asker", "rule"),
    [
        ("undeclared", "CT-no-declaration"),
        ("vendor", "CT-no-vendor"),
        ("bail", "CT-share-agency"),
    ],
)
def test_whoever_the_law_leaves_out(
    client_as: ClientAs, askers: Mapping[str, Partner], asker: str, rule: str
) -> None:
    clerk = client_as(Role.LIST_CLERK)

    assert rule in letter(clerk, send(clerk, askers[asker]))


def test_a_wish_for_many_cars_at_once_is_not_even_taken(
    client_as: ClientAs, askers: Mapping[str, Partner]
) -> None:
    clerk = client_as(Role.LIST_CLERK)
    for wide in ("BK*", "B?47193", "*", ""):
        form = {"partner": str(askers["here"].partner_id), "plate": wide}
        answer = clerk.post("/disclosure/new", form)
        assert answer.status_code == 422


def test_a_chief_at_the_desk_who_wants_the_record_of_her_car(
    agency: Agency, client_as: ClientAs, askers: Mapping[str, Partner]
) -> None:
    before = answered(agency)
    chief = client_as(Role.SUPERVISOR, Role.INVESTIGATOR)
    as_owner = {
        "person": "The chief himself",
        "contact": "555-0101",
        "identity": "my badge",
        "standing": "sole_owner",
        "plate": HER_CAR,
        "state": "CT",
        "since": "2026-10-01T08:00",
        "until": "2026-10-15T08:00",
    }
    entered = chief.post("/disclosure/owners/new", as_owner)
    paths = [
        str(entered.headers["location"]).partition("?")[0],
        send(chief, askers["here"]),
    ]

    why = {"answer": "approve", "reason": "I am the chief of this place"}
    for path in paths:
        assert not chief.page(path).select("form[action$=decide]")
        own = chief.post(f"{path}/decide", why)
        assert own.headers["location"].endswith("said=same")
        assert (
            chief.post(f"{path}/release").headers["location"].endswith("said=settled")
        )
    assert answered(agency) == before
