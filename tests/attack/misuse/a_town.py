"""A town whose people and partners misuse what they have; all through its pages."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from bs4 import BeautifulSoup, Tag
from fastapi import FastAPI
from tests.support.a_partner import SCAN
from tests.support.agency import SettableClock
from tests.support.web import PASSWORD, Desk, browser, somebody

from charteroak.core.people import Role
from charteroak.server.actions.make_buckets import make_buckets
from charteroak.server.actions.sign_in import SignedInAs, sign_in
from charteroak.server.agency import Agency
from charteroak.server.store import audit
from charteroak.server.web.session import COOKIE

HER_CAR = "BK47193"
DAY = timedelta(days=1)
PLEDGES = ["immigration", "reproductive_care", "gender_affirming_care"]
PDF = ("scan.pdf", SCAN.content, "application/pdf")


def a_desk(agency: Agency, app: FastAPI, *roles: Role, login: str = "") -> Desk:
    """A browser in which somebody with these roles is signed in."""
    desk = browser(app)
    desk.person = somebody(agency, *roles, login=login or None)
    return again(desk, agency)


def search(
    desk: Desk, note: str, *, plate: str = HER_CAR, case: str = "26-0001", status: int
) -> BeautifulSoup:
    """Search for a robbery, on the page."""
    answer = desk.post(
        "/search",
        {"purpose": "robbery", "case": case, "plate": plate, "note": note},
    )
    assert answer.status_code == status, answer.text[:2000]
    return BeautifulSoup(answer.text, "html.parser")


def log(agency: Agency, kind: str) -> list[Mapping[str, object]]:
    """The public fields of the records of a kind, the newest first."""
    with agency.database.audits() as tx:
        listed = audit.newest(tx, kind=None, before=None, limit=600)
    return [each.public for each in listed if each.kind == kind]


def everything_public(agency: Agency) -> str:
    """The public parts of all records, as anybody may read them."""
    with agency.database.audits() as tx:
        listed = audit.newest(tx, kind=None, before=None, limit=2000)
    return json.dumps([[each.kind, each.public] for each in listed], default=str)


def cards(desk: Desk, name: str) -> list[Tag]:
    """What stands on the page of flags about somebody."""
    return [
        card for card in desk.page("/oversight").select("article") if name in card.text
    ]


def titles(flagged: list[Tag]) -> list[str]:
    """What flags are about."""
    return [card.h3.text for card in flagged if card.h3]


def again(desk: Desk, agency: Agency) -> Desk:
    """Sign in anew: a session ends after twelve hours."""
    assert desk.person is not None
    desk.http.cookies.clear()
    answer = sign_in(agency, desk.person.login, PASSWORD)
    assert isinstance(answer, SignedInAs)
    desk.http.cookies.set(COOKIE, answer.token, domain="localhost.local")
    return desk


def the_next_day(agency: Agency, clock: SettableClock, *desks: Desk) -> None:
    """Let a day go by; the worker makes room for its reads, people sign in again."""
    clock.advance(DAY)
    make_buckets(agency)
    for desk in desks:
        again(desk, agency)


# --------------------------------------------------------------------- the disclosure desk


def registered(clerk: Desk, name: str, jurisdiction: str, kind: str) -> str:
    """Put an agency into the register; gives the path of its page."""
    form = {"name": name, "jurisdiction": jurisdiction, "kind": kind}
    answer = clerk.post("/disclosure/agencies", form)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).partition("?")[0]


def declared(
    clerk: Desk, agency_page: str, now: datetime, pledges: list[str] | None = None
) -> None:
    """Register a declaration that was signed yesterday and holds for a year."""
    form: dict[str, str | list[str]] = {
        "signer": "Chief R. Alvarez",
        "signed_at": f"{now - DAY:%Y-%m-%d}",
        "ends_at": f"{now + 365 * DAY:%Y-%m-%d}",
        "pledge": PLEDGES if pledges is None else pledges,
    }
    answer = clerk.post(f"{agency_page}/declarations", form, files={"scan": PDF})
    assert answer.headers["location"].endswith("said=declared"), answer.text


def asked(
    clerk: Desk, agency_page: str, now: datetime, **changes: str
) -> tuple[str, str]:
    """Enter a request for reads of her car; gives its page, and what became of it.

    The purpose is lawful, and no paper comes, unless told otherwise. What the form does
    not take has no page, and is told in the form's own words.
    """
    form: dict[str, str | list[str]] = {
        "partner": agency_page.rpartition("/")[2],
        "person": "Det. Maya Lind",
        "contact": "914-555-0147",
        "reference": "26-118",
        "paper": "none",
        "purpose": "robbery",
        "note": "robbery at the pharmacy on Elm Street",
        "data_kind": "nonhit",
        "plate": HER_CAR,
        "since": f"{now - 2 * DAY:%Y-%m-%dT%H:%M}",
        "until": f"{now:%Y-%m-%dT%H:%M}",
        **changes,
    }
    paper = {"scan": PDF} if form["paper"] != "none" else None
    answer = clerk.post("/disclosure/new", form, files=paper)
    if answer.status_code == 422:
        form_again = BeautifulSoup(answer.text, "html.parser")
        return "", " ".join(each.text for each in form_again.select("[id$=-error]"))
    assert answer.status_code == 303, answer.text[:3000]
    found = re.fullmatch(r"(/.*/\d+)\?said=(\w+)", answer.headers["location"])
    assert found is not None
    return found[1], found[2]


def letter(desk: Desk, request_page: str) -> str:
    """The letter of refusal, as the desk opens it."""
    links = desk.page(request_page).select("a")
    link = next(each for each in links if each.text.strip() == "Letter of refusal")
    return desk.get(str(link["href"])).text


def released(supervisor: Desk, request_page: str) -> bytes:
    """Approve a request and release it; gives the package, or nothing."""
    said = {"answer": "approve", "reason": "The papers are in order"}
    supervisor.post(f"{request_page}/decide", said)
    answer = supervisor.post(f"{request_page}/release")
    return answer.content if answer.status_code == 200 else b""
