"""Promise 5: a hit is a lead until a named person has made the four checks."""

import ast
import itertools
from collections.abc import Mapping
from pathlib import Path

import msgspec
import psycopg
import pytest
from tests.support.alerts import raised
from tests.support.box import FakeBox, somebody, wanted
from tests.support.postgres import TestAgency
from tests.support.tables import Tables
from tests.support.web import ClientAs, Desk

from charteroak.core.alert import AlertId, Checks
from charteroak.core.people import ALLOWED, Act, Role
from charteroak.server.actions.review_alert import Confirming, review_alert
from charteroak.server.agency import Agency

PACKAGE = Path(__file__).parents[2] / "src" / "charteroak"
CHECKS = ["characters", "state", "vehicle", "live_record"]
UNVERIFIED: list[tuple[object, ...]] = [("unverified", [], None, None)]
_STANDS = "SELECT status, checks, reviewed_by, outcome FROM alerts"


def test_of_all_sets_of_checks_only_the_whole_one_confirms(
    agency: Agency, client_as: ClientAs, tables: Tables
) -> None:
    alert_id, desk = raised(agency), client_as(Role.DISPATCHER)
    for count in range(len(CHECKS)):
        for made in itertools.combinations(CHECKS, count):
            answer = desk.post(f"/alerts/{alert_id}/confirm", {"checks": list(made)})
            assert answer.status_code == 422
            assert tables.rows(_STANDS) == UNVERIFIED

    desk.post(f"/alerts/{alert_id}/confirm", {"checks": CHECKS})

    assert desk.person is not None
    assert tables.rows("SELECT status, reviewed_by FROM alerts") == [
        ("confirmed", desk.person.person_id)
    ]


TAMPERED: list[tuple[str, Mapping[str, str | list[str]]]] = [
    ("confirm", {}),
    ("confirm", {"checks": ["characters"] * 4}),
    ("confirm", {"checks": ",".join(CHECKS)}),
    ("confirm", {"checks": [check.upper() for check in CHECKS]}),
    ("confirm", {"checks": [f" {check}" for check in CHECKS]}),
    ("confirm", {"checks[]": CHECKS}),
    ("confirm", {"checks": "on", "status": "confirmed"}),
    ("confirm", {"checks": "missing", "missing": ""}),
    ("confirm", dict.fromkeys(CHECKS, "true")),
    ("confirm?checks=characters&checks=state&checks=vehicle&checks=live_record", {}),
    ("outcome", {"outcome": "arrest", "checks": CHECKS, "status": "confirmed"}),
    ("acknowledge", {"checks": CHECKS, "status": "confirmed", "outcome": "arrest"}),
    ("reject", {"rejection": "confirmed", "checks": CHECKS}),
]


@pytest.mark.parametrize(("act", "form"), TAMPERED)
def test_no_tampered_form_confirms(
    agency: Agency,
    client_as: ClientAs,
    tables: Tables,
    act: str,
    form: Mapping[str, str | list[str]],
) -> None:
    alert_id = raised(agency)

    client_as(Role.DISPATCHER).post(f"/alerts/{alert_id}/{act}", form)

    assert tables.rows(_STANDS) == UNVERIFIED
    assert "alert.confirmed" not in tables.log_kinds()


def test_no_other_kind_of_request_confirms(
    agency: Agency, client_as: ClientAs, tables: Tables
) -> None:
    alert_id, desk = raised(agency), client_as(Role.DISPATCHER)
    path = f"/alerts/{alert_id}/confirm"
    whole = {"csrf": desk.csrf, "checks": CHECKS}

    answers = [
        desk.http.get(path, params=whole),
        desk.http.put(path, data=whole),
        desk.http.patch(path, data=whole),
        desk.http.post(path, json=whole),
        desk.http.post(path, json=whole, headers={"x-csrf-token": desk.csrf}),
        desk.http.post(f"/api/v1{path}", data=whole),
        desk.http.post(path, data=whole, headers={"sec-fetch-site": "cross-site"}),
        desk.http.post(path, data={"checks": CHECKS}),
    ]

    assert all(answer.status_code >= 400 for answer in answers)
    assert tables.rows(_STANDS) == UNVERIFIED


def test_who_is_not_on_duty_confirms_nothing(
    agency: Agency, client_as: ClientAs, tables: Tables
) -> None:
    alert_id = raised(agency)
    desks: list[Desk] = [
        client_as(),
        *(client_as(role) for role in Role if role not in ALLOWED[Act.REVIEW_ALERT]),
    ]
    assert len(desks) > 3
    for desk in desks:
        answer = desk.post(f"/alerts/{alert_id}/confirm", {"checks": CHECKS})
        assert answer.status_code in {401, 403}
        assert tables.rows(_STANDS) == UNVERIFIED
    for role in set(Role) - ALLOWED[Act.REVIEW_ALERT]:
        verdict = Confirming(checks=Checks(**dict.fromkeys(CHECKS, True)))
        review_alert(agency, somebody(role), AlertId(alert_id), verdict)
        assert tables.rows(_STANDS) == UNVERIFIED


def test_a_box_brings_leads_only(agency: Agency, box: FakeBox, tables: Tables) -> None:
    """Certain of all, and with fields that would say so if anybody listened."""
    wanted(agency, "AB12345")
    certain = msgspec.structs.replace(
        box.read(), confidence=1.0, characters=[1.0] * 7, state_confidence=1.0
    )
    forged = {
        **msgspec.structs.asdict(box.read()),
        "checks": CHECKS,
        "reviewed_by": str(somebody(Role.DISPATCHER).person_id),
        "status": "confirmed",
    }

    answer = box.send(certain, msgspec.msgpack.encode(forged))

    assert answer.kept >= 1
    assert tables.rows(_STANDS) == UNVERIFIED * answer.kept


@pytest.mark.parametrize("role", ["ingest", "search", "log", "purge"])
def test_no_other_role_of_the_database_gives_a_verdict(
    agency: Agency, agency_schema: TestAgency, role: str
) -> None:
    raised(agency)
    with psycopg.connect(agency_schema.dsn(role)) as connection:
        connection.execute("SET TRANSACTION READ WRITE")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE alerts SET status = 'confirmed'")


def test_there_is_one_way_to_a_verdict() -> None:
    """Whatever else called these would have to ask for the checks by itself."""
    callers: dict[str, set[str]] = {"review": set(), "confirm": set()}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id in {"alerts", "rules"}
                and node.attr in callers
            ):
                callers[node.attr].add(str(path.relative_to(PACKAGE)))

    assert callers == {
        "review": {"server/actions/review_alert.py"},
        "confirm": {"server/actions/review_alert.py"},
    }
