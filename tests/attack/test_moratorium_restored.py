"""A backup from before is restored; the moratorium and the new keys are still there."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.agency import SettableClock
from tests.support.council import (
    ADA,
    CLERK,
    MAYA,
    NOAH,
    an_order,
    enrolled,
    handed_over,
)
from tests.support.postgres import reachable_folder

from charteroak.core.codes import Step
from charteroak.core.keeping import Mode
from charteroak.server.actions.back_up import back_up
from charteroak.server.actions.take_order import Carried, NotCarried, take_order
from charteroak.server.agency import Agency
from charteroak.server.bootstrap import Site, open_site
from charteroak.server.restoring import restore
from charteroak.server.settings import Settings
from charteroak.server.vault.keys import LASTING

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)


@pytest.fixture
def folder() -> Iterator[Path]:
    with reachable_folder("moratorium") as made:
        yield made


def settings(folder: Path, name: str) -> Settings:
    return Settings(data=folder / name, agency="fernwood")


def kinds(agency: Agency) -> list[str]:
    with agency.database.audits() as tx:
        rows = tx.connection.execute("SELECT kind FROM log ORDER BY record_id")
        return [str(row[0]) for row in rows.fetchall()]


def test_neither_a_kept_nor_a_lost_key_folder_ends_it(folder: Path) -> None:
    clock, keys = SettableClock(), folder / "old" / "keys"
    with open_site(settings(folder, "old"), clock=clock) as site:
        enrolled(site.agency)
        back_up(site.agency, site.admin, folder / "backup", release="test")
        clock.advance(HOUR)
        suspend = an_order(site.agency, Step.SUSPEND, MAYA)
        assert isinstance(take_order(site.agency, suspend), Carried)
        resume = an_order(site.agency, Step.RESUME, MAYA, NOAH)
    clock.advance(HOUR)

    # The machine burnt down; the folder of the keys was saved, with what lies in it.
    shutil.copytree(keys, folder / "saved" / "keys")
    with restored(folder, "saved", clock) as site:
        agency = site.agency.in_force()
        assert agency.council.suspended
        assert not agency.council.doubt
        assert agency.mode is Mode.STOPPED
        assert kinds(agency).count("suspend.ordered") == 1

    # Only the keys that are exported were saved: nobody knows what was ordered last.
    (folder / "exported" / "keys").mkdir(parents=True, mode=0o700)
    for name in LASTING:
        shutil.copy(keys / name, folder / "exported" / "keys" / name)
    with restored(folder, "exported", clock) as site:
        agency = site.agency.in_force()
        assert agency.council.doubt
        assert agency.mode is Mode.STOPPED
        assert kinds(agency)[-1:] != ["suspend.ended"]
        assert "suspend.doubted" in kinds(agency)
        # An order from before is no answer to that.
        old = take_order(agency, resume)
        assert isinstance(old, NotCarried)
        clock.advance(HOUR)
        again = an_order(agency, Step.RESUME, MAYA, NOAH)
        assert isinstance(take_order(agency, again), Carried)
        assert agency.in_force().mode is Mode.ORDINARY


def test_keys_that_were_given_up_do_not_come_back_with_a_backup(folder: Path) -> None:
    clock, keys = SettableClock(), folder / "old" / "keys"
    with open_site(settings(folder, "old"), clock=clock) as site:
        enrolled(site.agency)
        back_up(site.agency, site.admin, folder / "backup", release="test")
        clock.advance(HOUR)
        to = (NOAH, ADA, CLERK)
        order = an_order(site.agency, Step.HAND_OVER, MAYA, NOAH, to=to)
        assert isinstance(take_order(site.agency, order), Carried)
        clock.advance(HOUR)
        handed_over(site.agency, NOAH, CLERK, to=(ADA, CLERK))
    clock.advance(HOUR)

    # The folder of the keys was saved: it knows the chain, signature by signature.
    shutil.copytree(keys, folder / "saved" / "keys")
    with restored(folder, "saved", clock) as site:
        agency = site.agency.in_force()
        assert [each.name for each in agency.council.keys] == [ADA.name, CLERK.name]
        assert (agency.council.suspended, agency.council.doubt) == (False, False)
        assert kinds(agency).count("council.handed_over") == 2
        for step, by in [(Step.SUSPEND, (MAYA,)), (Step.HAND_OVER, (MAYA, NOAH))]:
            old = an_order(agency, step, *by, to=(MAYA, NOAH)[: 2 * len(by) - 2])
            assert isinstance(take_order(agency, old), NotCarried)

    # It was not: all stands still, and those who have the keys now show how they got them.
    (folder / "exported" / "keys").mkdir(parents=True, mode=0o700)
    for name in LASTING:
        shutil.copy(keys / name, folder / "exported" / "keys" / name)
    with restored(folder, "exported", clock) as site:
        agency = site.agency.in_force()
        assert agency.council.doubt
        assert agency.mode is Mode.STOPPED
        assert isinstance(take_order(agency, order), Carried)
        assert agency.in_force().mode is Mode.STOPPED
        old = an_order(agency, Step.RESUME, MAYA, NOAH)
        assert isinstance(take_order(agency, old), NotCarried)
        again = an_order(agency, Step.RESUME, ADA, CLERK)
        assert isinstance(take_order(agency, again), Carried)
        assert agency.in_force().mode is Mode.ORDINARY


@contextmanager
def restored(folder: Path, name: str, clock: SettableClock) -> Iterator[Site]:
    restore(settings(folder, name), folder / "backup", clock=clock)
    with open_site(settings(folder, name), clock=clock) as site:
        yield site
