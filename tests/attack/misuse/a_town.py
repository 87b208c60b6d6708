"""A town whose people and partners misuse what they have; all through its pages."""

import json
from collections.abc import Mapping
from datetime import timedelta

from bs4 import BeautifulSoup, Tag
from tests.support.agency import SettableClock
from tests.support.web import PASSWORD, Desk

from charteroak.server.actions.make_buckets import make_buckets
from charteroak.server.actions.sign_in import SignedInAs, sign_in
from charteroak.server.agency import Agency
from charteroak.server.store import audit
from charteroak.server.web.session import COOKIE

HER_CAR = "BK47193"
DAY = timedelta(days=1)


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
