"""A preset, policy or contract that says how long reads are kept is taken at its word."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest

from charteroak.core.log_record import RecordKind
from charteroak.server.actions.purge_reads import purge_reads
from charteroak.server.actions.see_rules import see_rules
from charteroak.server.agency import Agency
from charteroak.server.bootstrap import Reached, open_agency
from charteroak.server.law_in_force import adopt
from charteroak.server.settings import Settings
from charteroak.server.store import audit
from charteroak.server.vault.keys import Keys
from tests.support.agency import SettableClock
from tests.support.holds import HOUR
from tests.support.postgres import reachable_folder
from tests.support.sightings import seen

ON = date(2026, 11, 22)


def kept(settings: Settings) -> timedelta:
    return adopt(settings, on=ON).retention.limit


def test_a_preset_named_as_policy_shortens_what_a_server_keeps() -> None:
    assert kept(Settings(policy="minimal")) == timedelta(seconds=180)
    assert kept(Settings()) == timedelta(days=21)
    assert kept(Settings(keep=timedelta(days=3))) == timedelta(days=3)


def test_the_shortest_of_statute_policy_contract_and_setting_counts() -> None:
    contract = Settings(policy="local", contract="no_sharing")
    own = Settings(contract="no_sharing", keep=timedelta(hours=1))

    assert kept(Settings(contract="no_sharing")) == timedelta(days=7)
    assert kept(contract) == timedelta(hours=72)
    assert kept(own) == timedelta(hours=1)
    assert adopt(contract, on=ON).limit.because == "CO-LOCAL"


@pytest.fixture
def folder() -> Iterator[Path]:
    with reachable_folder("retention") as made:
        yield made


@pytest.fixture
def reached(postgres_dsn: str, folder: Path) -> Reached:
    """A database of its own name, so that the agency in it is nobody else's."""
    keys = Keys(folder / "keys", entropy=secrets.token_bytes)
    return Reached(postgres=None, admin=postgres_dsn, keys=keys)


@contextmanager
def opened(
    reached: Reached, clock: SettableClock, folder: Path, **more: object
) -> Iterator[Agency]:
    settings = Settings.model_validate(
        {"data": folder, "agency": f"kept_{folder.name[-6:].lower()}", **more}
    )
    with open_agency(settings, reached, clock=clock) as agency:
        yield agency


def limits(agency: Agency) -> list[tuple[object, ...]]:
    with agency.database.audits() as tx:
        found = audit.newest(
            tx, kind=RecordKind.RETENTION_CHANGED, before=None, limit=10
        )
    entries = [each.public for each in reversed(found)]
    return [
        (
            each["before_minutes"],
            each["after_minutes"],
            each["because"],
            each["decided_by"],
            each["decided_on"],
        )
        for each in entries
    ]


def reads(agency: Agency) -> int:
    with agency.database.looks() as tx:
        row = tx.connection.execute("SELECT count(*) FROM reads").fetchone()
    return int(str(row[0])) if row else 0


DAY = timedelta(days=1)
LAW = ("Connecticut", "2026-10-01")
TOWN = {"keep_decided_by": "Town Council", "keep_decided_on": "2026-10-12"}


def test_a_shorter_limit_counts_for_what_is_stored_and_a_longer_brings_nothing_back(
    reached: Reached, folder: Path
) -> None:
    clock = SettableClock()
    days = 24 * 60
    with opened(reached, clock, folder) as agency:
        assert limits(agency) == [(None, 21 * days, "US-CT", *LAW)]
        for ago in (HOUR, 5 * DAY, 15 * DAY):
            seen(agency, ago=ago)
        purge_reads(agency)
        assert reads(agency) == 3
    with opened(reached, clock, folder) as agency:
        assert len(limits(agency)) == 1  # nothing changed

    with opened(reached, clock, folder, keep="P7D", **TOWN) as agency:
        assert limits(agency)[1:] == [
            (21 * days, 7 * days, "agency setting", "Town Council", "2026-10-12")
        ]
        purge_reads(agency)
        assert reads(agency) == 2
        shown = see_rules(agency).limits
        assert [(each.before_minutes, each.after_minutes) for each in shown] == [
            (21 * days, 7 * days),
            (None, 21 * days),
        ]

    clock.advance(HOUR)
    with opened(reached, clock, folder) as agency:
        assert limits(agency)[2:] == [(7 * days, 21 * days, "US-CT", *LAW)]
        purge_reads(agency)
        assert reads(agency) == 2  # the third stays gone


def test_a_limit_that_nobody_is_named_for_says_so(
    reached: Reached, folder: Path
) -> None:
    with opened(reached, SettableClock(), folder, policy="minimal") as agency:
        ((before, after, because, decided_by, decided_on),) = limits(agency)

    assert (before, after, because) == (None, 3, "CO-MINIMAL")
    assert (decided_by, decided_on) == ("", "")
