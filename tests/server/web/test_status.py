"""The status page: late duties and broken promises, told to every role in words."""

import os
import pwd
from datetime import timedelta
from pathlib import Path

import attrs
import pytest
from bs4 import Tag
from pydantic import SecretStr
from tests.support.agency import SettableClock
from tests.support.box import FakeBox
from tests.support.certificates import Authority
from tests.support.pseudo import Pseudo, untranslated
from tests.support.sightings import a_read, taken
from tests.support.tables import Tables
from tests.support.web import PASSWORD, ClientAs, Desk, browser, somebody

from charteroak.core.duty import Duty
from charteroak.core.people import Role
from charteroak.server.actions.see_status import SHARED_USER, Trouble, see_status
from charteroak.server.actions.sign_in import SignedInAs, sign_in
from charteroak.server.agency import Agency
from charteroak.server.store import promises
from charteroak.server.web import status_pages
from charteroak.server.web.app import create_app
from charteroak.server.web.session import COOKIE
from charteroak.server.worker import Worker

DAY = timedelta(days=1)


def text(client_as: ClientAs, role: Role = Role.DISPATCHER) -> str:
    return main(client_as(role)).get_text(" ", strip=True)


def main(desk: Desk) -> Tag:
    found = desk.page("/status").main
    assert found is not None
    return found


@pytest.mark.parametrize("role", list(Role))
def test_every_role_sees_it(client_as: ClientAs, role: Role) -> None:
    assert "Duties" in text(client_as, role)


def test_nobody_sees_it_without_an_account(client_as: ClientAs) -> None:
    assert client_as().get("/status").status_code == 401


def test_all_is_well(agency: Agency, client_as: ClientAs) -> None:
    Worker(agency).look()

    said = text(client_as)

    assert "All is well." in said
    assert "Something needs attention" not in said
    assert said.count("on time") == len(Duty) + 1  # and once in the headline
    assert "Deletion is real here." in said
    assert "21 days" in said


def test_a_late_duty_has_a_shape_a_word_and_a_remedy(
    agency: Agency, agency_clock: SettableClock, client_as: ClientAs
) -> None:
    Worker(agency).look()
    agency_clock.advance(timedelta(minutes=20))

    page = main(client_as(Role.AUDITOR))

    assert "Something needs attention." in page.get_text()
    (row,) = [
        row for row in page.select("tbody tr") if "Delete reads" in row.get_text()
    ]
    marked = row.select_one(".co-status--attention")
    assert marked is not None
    assert marked.get_text(strip=True) == "late"
    assert marked.find("svg") is not None
    assert "Check that the disk is neither full" in row.get_text()


def test_what_went_wrong_is_told(agency: Agency, client_as: ClientAs) -> None:
    place = agency.settings.data / "pictures"
    place.rename(agency.settings.data / "elsewhere")
    place.write_bytes(b"a file where a folder should be")
    Worker(agency).look()

    assert "What went wrong: not everything due was deleted" in text(client_as)


def test_a_day_in_figures(
    agency: Agency,
    agency_clock: SettableClock,
    client_as: ClientAs,
    box: FakeBox,
) -> None:
    box.send(box.read("BK47193"), box.read("AM60824"))
    taken(agency, a_read(agency, ago=20 * DAY))
    replayed = box.batch(box.seal(box.read()))
    box.deliver(replayed)
    box.deliver(box.batch(box.seal(box.read()), sequence=replayed.sequence))
    agency_clock.advance(timedelta(hours=13))
    Worker(agency).look()

    said = text(client_as)

    assert "Stored in the last 24 hours 3 reads" in said
    assert "Deleted in the last 24 hours 1 read" in said
    assert "used before, for other reads or long ago 1" in said
    assert "BK47193" not in said


BREAKS = {
    "commits_lost": "synchronous_commit = off",
    "parameters_logged": "log_parameter_max_length = 100",
    "statements_logged": "log_min_duration_statement = 500",
}


@pytest.mark.parametrize("code", sorted(BREAKS))
@pytest.mark.parametrize("whose", ["search", "ingest"])
def test_a_setting_that_breaks_a_promise_for_one_role_is_named(
    agency: Agency, tables: Tables, client_as: ClientAs, code: str, whose: str
) -> None:
    Worker(agency).look()
    assert see_status(agency).broken_promises == ()
    role = f"{tables.schema.schema}_{whose}"
    tables.change(f"ALTER ROLE {role} SET {BREAKS[code]}")

    assert see_status(agency).broken_promises == (code,)
    assert not see_status(agency).well
    said = text(client_as)
    assert "Promises that this database cannot keep" in said
    assert status_pages.BROKEN[code] in said
    assert "Deletion is real here." not in said


def test_a_log_that_cannot_be_emptied_is_named(agency: Agency, tables: Tables) -> None:
    tables.change(f"REVOKE pg_checkpoint FROM {tables.schema.schema}_purge")

    assert see_status(agency).broken_promises == ("wal_not_emptied",)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
@pytest.mark.parametrize(("owner", "shared"), [("nobody", True), ("root", False)])
def test_a_database_that_runs_as_nobody_is_noted_and_breaks_nothing(
    agency: Agency, client_as: ClientAs, owner: str, *, shared: bool
) -> None:
    Worker(agency).look()
    assert see_status(agency).notes == ()
    data = agency.settings.data / "database" / "pgdata"
    data.mkdir(parents=True)
    os.chown(data, pwd.getpwnam(owner).pw_uid, -1)

    seen = see_status(agency)
    said = text(client_as)

    assert seen.notes == ((SHARED_USER,) if shared else ())
    assert seen.well
    assert "All is well." in said
    assert (status_pages.NOTES[SHARED_USER] in said) is shared
    elsewhere = agency.settings.model_copy(update={"dsn": SecretStr("host=db")})
    assert see_status(attrs.evolve(agency, settings=elsewhere)).notes == ()


def test_every_promise_and_duty_has_its_words() -> None:
    codes = {*promises._KEEPS, "copied_elsewhere", "wal_not_emptied"}
    assert set(status_pages.BROKEN) == codes
    assert set(status_pages.NAMES) == set(status_pages.WHEN_LATE) == set(Duty)


def test_every_text_went_through_gettext(
    agency: Agency, agency_clock: SettableClock, tables: Tables, box: FakeBox
) -> None:
    desk = browser(create_app(agency, words=Pseudo()))
    dana = somebody(agency, Role.DISPATCHER)
    signed_in = sign_in(agency, dana.login, PASSWORD)
    assert isinstance(signed_in, SignedInAs)
    desk.http.cookies.set(COOKIE, signed_in.token, domain="localhost.local")
    assert untranslated(desk.get("/status").text) == []
    box.deliver(box.batch(b"nothing"))
    Worker(agency).look()
    assert untranslated(desk.get("/status").text) == []
    agency_clock.advance(timedelta(minutes=20))
    tables.change(
        f"ALTER ROLE {tables.schema.schema}_desk SET log_parameter_max_length = 9"
    )
    tables.change("UPDATE duties SET trouble = 'something', failures = 1")

    assert untranslated(desk.get("/status").text) == []


def test_what_needs_a_person_is_named_with_what_to_do(
    agency: Agency, agency_clock: SettableClock, box: FakeBox, tmp_path: Path
) -> None:
    box.send(box.read())
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"
    ends = Authority(tmp_path).sign(certificate, key, begins=-DAY, ends=60 * DAY)
    ours = attrs.evolve(
        agency,
        settings=agency.settings.model_copy(
            update={"tls_certificate": certificate, "tls_key": key}
        ),
    )
    agency_clock.now = ends - 5 * DAY
    Worker(ours).look()

    desk = browser(create_app(ours))
    dana = somebody(ours, Role.DISPATCHER)
    signed_in = sign_in(ours, dana.login, PASSWORD)
    assert isinstance(signed_in, SignedInAs)
    desk.http.cookies.set(COOKIE, signed_in.token, domain="localhost.local")
    said = main(desk).get_text(" ", strip=True)

    assert "Something needs attention." in said
    assert "There is no word from a box." in said
    assert "Which: box on Main" in said
    assert "expires within three weeks" in said
    assert "All is well." not in said
    assert see_status(ours).troubles == (
        Trouble.BOX_SILENT,
        Trouble.CERTIFICATE_EXPIRES_SOON,
    )
