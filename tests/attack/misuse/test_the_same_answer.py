"""The command line tells anybody beforehand what the server will say, and looks at nothing.

Each case of the news is asked of a running agency through its pages; then every decision
that its log holds is asked again with `charteroak law explain`, as a resident would ask.
"""

import json
from collections.abc import Iterator

import pytest
import typer
from fastapi import FastAPI
from tests.attack.misuse.a_town import (
    HER_CAR,
    a_desk,
    asked,
    declared,
    registered,
    released,
)
from tests.support.agency import NOON, SettableClock, a_fresh_agency
from tests.support.shelf import Shelf
from tests.support.sightings import placed, seen
from typer.testing import CliRunner

from charteroak.cli import command
from charteroak.core.codes import CODES
from charteroak.core.people import Role
from charteroak.server.agency import Agency
from charteroak.server.store import audit
from charteroak.server.store.audit import Stored
from charteroak.server.web.app import create_app

CLI = command()
SEARCHES = (
    ("robbery", "26-1", "robbery on Elm Street"),
    ("immigration", "26-1", ""),
    ("reproductive_care", "26-1", ""),
    ("protected_activity", "26-1", ""),
    ("personal_use", "26-1", ""),
    ("robbery", "", ""),
    ("other", "26-1", "investigation"),
    ("robbery", "26-1", "had an abortion, search for female"),
)
PAPERS: tuple[dict[str, str], ...] = (
    {},
    {"paper": "warrant", "issuer": "agency"},
    {"paper": "subpoena", "issuer": "attorney"},
    {"paper": "order", "issuer": "judge"},
    {"paper": "warrant", "issuer": "judge"},
    {"paper": "warrant", "issuer": "judge", "purpose": "immigration"},
    {"paper": "warrant", "issuer": "judge", "purpose": "reproductive_care"},
)


@pytest.fixture(scope="module")
def agency(
    agencies: Shelf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Agency]:
    folder = tmp_path_factory.mktemp("agency")
    with a_fresh_agency(agencies, SettableClock(), folder) as made:
        placed(made, "main-st", "Main Street at the Green")
        seen(made, HER_CAR)
        yield made


@pytest.fixture(scope="module")
def decisions(agency: Agency) -> list[Stored]:
    """The records of all that was decided when the cases of the news were asked."""
    app = create_app(agency)
    _searched(agency, app)
    _requested(agency, app)
    _listed(agency, app)
    with agency.database.audits() as tx:
        listed = audit.newest(tx, kind=None, before=None, limit=1000)
        stored = [audit.one(tx, each.record_id) for each in listed]
    return [each for each in stored if each is not None and "rules" in each.public]


def _searched(agency: Agency, app: FastAPI) -> None:
    for role in (Role.OFFICER, Role.ADMINISTRATOR, Role.LIST_CLERK):
        desk = a_desk(agency, app, role)
        for purpose, case, note in SEARCHES:
            form = {"purpose": purpose, "case": case, "note": note, "plate": HER_CAR}
            assert desk.post("/search", form).status_code in {200, 403}


def _requested(agency: Agency, app: FastAPI) -> None:
    clerk, supervisor = (
        a_desk(agency, app, role) for role in (Role.LIST_CLERK, Role.SUPERVISOR)
    )
    now = agency.clock().astimezone(agency.zone)
    pages = [
        registered(clerk, "Johnson County Sheriff", "TX", "sheriff"),
        registered(clerk, "Federal agency in Richmond", "US", "federal_agency"),
        registered(clerk, "Mill City Police", "MA", "municipal_police"),
        registered(clerk, "Capitol City Police", "CT", "municipal_police"),
        registered(clerk, "Camera Systems, Inc.", "CT", "vendor"),
    ]
    declared(clerk, pages[2], now)
    for each in pages:
        for papers in PAPERS:
            page, said = asked(clerk, each, now, **papers)
            if said == "entered":
                assert released(supervisor, page)


def _listed(agency: Agency, app: FastAPI) -> None:
    clerk = a_desk(agency, app, Role.LIST_CLERK)
    file = ("list.csv", b"plate,reason\nZZ10001,Stolen vehicle\n", "text/csv")
    for list_class in ("vehicle", "gang", "immigration_violator"):
        form = {"name": f"The {list_class} file", "list_class": list_class,
                "source": "State Police", "authority": "Statute"}  # fmt: skip
        answer = clerk.post("/hot-lists", form, files={"file": file})
        assert answer.status_code in {200, 403}


def question(stored: Stored) -> tuple[str, ...]:
    """The question of a record, as somebody types it who knows its public part."""
    public = stored.public
    said = [f"{field}={public[field]}" for field in CODES if field in public]
    if "requester" in public:
        said.append(f"requester={public['requester']}")
    else:
        # Who asked is sealed; in which roles, an auditor may tell.
        private = stored.private()
        assert private is not None
        roles = private.get("roles", ["list_clerk"])
        assert isinstance(roles, list)
        said.append(f"roles={','.join(str(role) for role in roles)}")
    return (str(public["act"]), *said)


def test_every_decision_of_the_log_is_what_the_command_line_says(
    agency: Agency, decisions: list[Stored]
) -> None:
    by_question: dict[tuple[str, ...], list[Stored]] = {}
    for each in decisions:
        by_question.setdefault(question(each), []).append(each)
    outcomes = {str(each.public["decision"]) for each in decisions}
    assert outcomes == {"permitted", "refused"}
    assert {words[0] for words in by_question} >= {
        "search_reads",
        "disclose",
        "load_hotlist",
    }
    assert len(by_question) > 50

    for words, records in by_question.items():
        done = CliRunner().invoke(
            CLI,
            ["law", "explain", *words, "--json", "--on", f"{NOON:%Y-%m-%d}"],
        )
        said = json.loads(done.stdout)
        assert done.exit_code == (0 if said["permitted"] else 1), words
        assert not said["assumed"], words
        for each in records:
            public = each.public
            assert said["permitted"] is (public["decision"] == "permitted"), words
            assert [rule["id"] for rule in said["because"]] == public["rules"], words
            assert said["policy"] == public["policy"] == agency.rules.fingerprint


def test_the_rules_that_decided_are_those_that_anybody_can_check(
    agency: Agency,
) -> None:
    done = CliRunner().invoke(
        CLI, ["law", "check", "us_ct", "--on", f"{NOON:%Y-%m-%d}"]
    )

    assert done.exit_code == 0, done.output
    assert "us_ct: sound" in done.stdout
    assert f"policy {agency.profile.rules.fingerprint[:16]}" in done.stdout
    assert agency.rules.sets == (agency.profile.rules,)


def commands(group: object, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Every command by the words that call it, with the names of what it asks."""
    inner = getattr(group, "commands", None)
    if inner is None:
        yield path, [str(each.name) for each in getattr(group, "params", [])]
        return
    for name, each in inner.items():
        yield from commands(each, f"{path} {name}".strip())


def test_no_command_looks_for_a_car() -> None:
    known = dict(commands(typer.main.get_command(CLI)))
    assert "port" in known["server run"]
    assert "words" in known["law explain"]

    for path, asks in known.items():
        assert {"plate", "plates", "pattern", "match_key"}.isdisjoint(asks), path
    server = {path.split()[1] for path in known if path.startswith("server ")}
    assert server.isdisjoint({"search", "find", "look", "reads", "export", "query"})
