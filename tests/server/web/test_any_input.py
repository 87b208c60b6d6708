"""Whatever a request holds, no page breaks: text no database keeps, endless numbers."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, urlencode

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from tests.support.tables import Tables
from tests.support.web import ClientAs, Desk, browser

from charteroak.core.people import Role
from charteroak.server.web import events
from charteroak.server.web.app import ROUTERS
from charteroak.server.web.session import COOKIE

ROUTES: Final = [
    (method, route)
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods or ())
]
GROUPS: Final = sorted({route.path.split("/")[1] for _, route in ROUTES})
NASTY: Final = (
    b"a\0b",
    b"\xed\xa0\x80",
    b"a" * 5_000,
    b"9" * 23,
    b"0001-01-01T00:00",
    b"9999-12-31T23:59",
)
"""NUL, half a surrogate pair, too long, too large, the ends of time."""
ID: Final = b"00000000-0000-4000-8000-000000000000"
SOUND: Final = {
    "after": b"a sentence that only I would write",
    "alert_id": ID,
    "asked": b"1",
    "before": b"1",
    "box_id": ID,
    "case": b"26-01234",
    "camera": b"main-st-north",
    "data_kind": b"nonhit",
    "declaration_id": ID,
    "ends_at": b"2027-10-01",
    "hold_id": ID,
    "jurisdiction": b"NY",
    "number": b"1",
    "outcome": b"no_action",
    "paper": b"none",
    "paper_id": ID,
    "partner": ID,
    "partner_id": ID,
    "period": b"custom",
    "person_id": ID,
    "plate": b"AB12345",
    "purpose": b"stolen_vehicle",
    "read_id": ID,
    "record": b"1",
    "rejection": b"wrong_state",
    "roles": b"officer",
    "scan": b"",
    "signed_at": b"2026-10-01",
    "since": b"2026-10-14T08:00",
    "standing": b"sole_owner",
    "state": b"CT",
    "until": b"2026-10-14T09:00",
    "which": b"plate",
}
"""What lets a request get as far as the field that is tried."""


_DESK: Final = (Role.AUDITOR, Role.INVESTIGATOR, Role.LIST_CLERK, Role.SUPERVISOR)
"""One account that no page makes, so that all but what administrators do opens."""


Request = dict[str, dict[str, bytes]]
"""Path, query and form, each with its fields."""


def parts(dependant: Dependant) -> Iterator[Dependant]:
    """A handler's wants, and those of all that it depends on."""
    yield dependant
    for each in dependant.dependencies:
        yield from parts(each)


def places(route: APIRoute) -> dict[str, list[str]]:
    """Names of all that a route reads, by where they stand."""
    wants = list(parts(route.dependant))
    query = [field.alias for each in wants for field in each.query_params]
    return {
        "path": [field.alias for each in wants for field in each.path_params],
        "query": query or ["list", "camera"],
        "form": [field.alias for each in wants for field in each.body_params],
    }


def sound(names: list[str]) -> dict[str, bytes]:
    return {name: SOUND.get(name, b"a name") for name in names}


def ask(desk: Desk, route: APIRoute, method: str, at: Request) -> int:
    path = route.path
    for name, value in at["path"].items():
        for hole in (f"{{{name}}}", f"{{{name}:path}}"):
            path = path.replace(hole, quote(value, safe=""))
    address = f"{path}?{urlencode(at['query'])}"
    if method == "GET":
        return desk.http.get(address).status_code
    body = urlencode({**at["form"], "csrf": desk.csrf.encode()}).encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return desk.http.post(address, content=body, headers=kind).status_code


def requests(route: APIRoute) -> Iterator[tuple[str, Request]]:
    """One request for each field and each nasty value; the other fields are sound."""
    names = places(route)
    query = {name: SOUND[name] for name in names["query"] if name in SOUND}
    fine = {
        "path": sound(names["path"]),
        "query": query,
        "form": sound(names["form"]),
    }
    yield "nothing", fine
    for place, fields in names.items():
        for field in fields:
            for value in NASTY:
                tried = {**fine, place: {**fine[place], field: value}}
                yield f"{place} {field}={value[:12]!r}", tried


@pytest.mark.parametrize("group", GROUPS)
def test_no_page_breaks_whatever_it_is_sent(
    client_as: ClientAs, monkeypatch: pytest.MonkeyPatch, group: str
) -> None:
    monkeypatch.setattr(events, "STREAM_S", 0.0)
    roles = [Role.ADMINISTRATOR] if group in {"cameras", "people"} else _DESK
    desk = client_as(*roles)
    broke = []

    for method, route in ROUTES:
        if route.path.split("/")[1] != group:
            continue
        for tried, at in requests(route):
            if not desk.http.cookies.get(COOKIE):
                desk = client_as(*roles)
            if ask(desk, route, method, at) == 500:
                broke.append(f"{method} {route.path} {tried}")

    assert broke == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/cases/a%00b", 404),
        ("/static/a%00b", 404),
        ("/log?before=" + "9" * 23, 422),
        ("/log?kind=a%00b", 404),
        ("/log/" + "9" * 23, 422),
    ],
)
def test_such_an_address_leads_nowhere(
    client_as: ClientAs, path: str, status: int
) -> None:
    desk = client_as(Role.AUDITOR, Role.INVESTIGATOR)

    assert desk.get(path).status_code == status


def test_a_camera_that_cannot_be_kept_is_refused_before_anything_is_asked(
    client_as: ClientAs, tables: Tables
) -> None:
    form = {"purpose": "stolen_vehicle", "case": "26-01234", "plate": "AB12345"}

    answer = client_as(Role.INVESTIGATOR).post("/search", {**form, "camera": "a\0b"})

    assert answer.status_code == 422
    asked = tables.rows("SELECT count(*) FROM log WHERE kind LIKE 'search.%'")
    assert asked == [(0,)]


@pytest.mark.parametrize("charset", ["utf-7", "unicode_escape", "idna", "utf-16"])
def test_no_form_chooses_how_it_is_read(app: FastAPI, charset: str) -> None:
    part = 'Content-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    fields = [("login", "+2AA- \\ud800 xn--a"), ("password", "+2AA-")]
    body = "".join("--x\r\n" + part.format(*field) for field in fields) + "--x--\r\n"

    answer = browser(app).http.post(
        "/sign-in",
        content=body.encode(),
        headers={
            "content-type": f'multipart/form-data; Charset="{charset}"; boundary=x'
        },
    )

    assert answer.status_code == 422
