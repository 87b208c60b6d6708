"""The pages as a browser sees them, signed in as somebody.

    def test_board(client_as: ClientAs) -> None:
        page = client_as(Role.DISPATCHER).get("/board")

A client says what browsers say about their requests, keeps its cookie, and `post` adds
the form token of its session, unless a test brings one of its own.
"""

from collections.abc import Mapping
from typing import Protocol
from uuid import uuid4

import attrs
import httpx2
import pytest
from bs4 import BeautifulSoup
from fastapi import FastAPI
from starlette.testclient import TestClient

from charteroak.core.people import Person, PersonId, Role
from charteroak.server.actions.sign_in import SignedInAs, sign_in
from charteroak.server.agency import Agency
from charteroak.server.store import people
from charteroak.server.store.passwords import hash_password
from charteroak.server.web.app import create_app
from charteroak.server.web.session import COOKIE, csrf_of

BASE_URL = "https://localhost"
PASSWORD = "correct-horse-battery-staple"  # noqa: S105 - of people in tests
# The costs are real; the hash is made once, because each takes a tenth of a second.
_HASHED = hash_password(PASSWORD)


@attrs.define
class Desk:
    """A browser at the desk.

    Attributes:
        http: the client itself.
        person: who is signed in; None: nobody.
    """

    http: TestClient
    person: Person | None

    @property
    def csrf(self) -> str:
        """The form token of the session."""
        return csrf_of(self.http.cookies[COOKIE])

    def get(
        self, path: str, headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """Open a page; redirects are not followed."""
        return self.http.get(path, headers=dict(headers or {}))

    def post(
        self,
        path: str,
        form: Mapping[str, str | list[str]] | None = None,
        *,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """Send a form, with the session's form token."""
        token = {"csrf": self.csrf} if self.http.cookies.get(COOKIE) else {}
        return self.http.post(
            path,
            data={**token, **(form or {})},
            files=dict(files) if files is not None else None,
            headers=dict(headers or {}),
        )

    def page(self, path: str, *, status: int = 200) -> BeautifulSoup:
        """Open a page and take it apart."""
        answer = self.get(path)
        assert answer.status_code == status, answer.text
        return BeautifulSoup(answer.text, "html.parser")


class ClientAs(Protocol):
    """Makes browsers; see `client_as`."""

    def __call__(self, *roles: Role, login: str | None = None) -> Desk: ...


def somebody(agency: Agency, *roles: Role, login: str | None = None) -> Person:
    """Add a person with an account and the password `PASSWORD`."""
    login = login or f"{'-'.join(roles).replace('_', '-')}-{uuid4().hex[:6]}"
    person = Person(
        person_id=PersonId(uuid4()),
        login=login,
        name=login.replace("-", " ").title(),
        roles=frozenset(roles),
    )
    with agency.database.changes() as tx:
        assert people.add(
            tx, person, password_hash=_HASHED, temporary=False, at=agency.clock()
        )
    return person


def browser(app: FastAPI) -> Desk:
    """A browser without a session, that says what browsers say."""
    client = TestClient(app, base_url=BASE_URL, follow_redirects=False)
    client.headers["sec-fetch-site"] = "same-origin"
    return Desk(client, None)


@pytest.fixture
def app(agency: Agency) -> FastAPI:
    """The whole app of the agency under test."""
    return create_app(agency)


@pytest.fixture
def client_as(agency: Agency, app: FastAPI) -> ClientAs:
    """Make browsers signed in as somebody with these roles, each with its account.

    `client_as()` without a role is a browser in which nobody is signed in. The session
    is one that the sign-in action began.
    """

    def make(*roles: Role, login: str | None = None) -> Desk:
        desk = browser(app)
        if roles:
            desk.person = somebody(agency, *roles, login=login)
            answer = sign_in(agency, desk.person.login, PASSWORD)
            assert isinstance(answer, SignedInAs)
            desk.http.cookies.set(COOKIE, answer.token, domain="localhost.local")
        return desk

    return make
