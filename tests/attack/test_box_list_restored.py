"""A backup that is restored gives boxes no list that they refuse as an older one."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.agency import SettableClock
from tests.support.box import wanted
from tests.support.postgres import reachable_folder

from charteroak.server.actions.back_up import back_up
from charteroak.server.agency import Agency
from charteroak.server.bootstrap import open_site
from charteroak.server.ordering import list_in_force
from charteroak.server.restoring import restore
from charteroak.server.settings import Settings

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)


@pytest.fixture
def folder() -> Iterator[Path]:
    with reachable_folder("numbers") as made:
        yield made


def number(agency: Agency) -> int:
    with agency.database.ingests() as tx:
        return list_in_force(agency, tx).number


def test_no_number_is_lower_than_one_that_was_given(folder: Path) -> None:
    clock, settings = SettableClock(), Settings(data=folder / "old", agency="fernwood")
    with open_site(settings, clock=clock) as site:
        wanted(site.agency, "STOLEN77")
        number(site.agency)
        back_up(site.agency, site.admin, folder / "backup", release="test")
        clock.advance(HOUR)
        wanted(site.agency, "STOLEN78")
        given = number(site.agency)
    with open_site(settings, clock=clock) as site:
        assert number(site.agency) == given
    clock.advance(HOUR)

    again = Settings(data=folder / "new", agency="fernwood")
    again.data.mkdir()
    (folder / "old" / "keys").rename(again.data / "keys")
    restore(again, folder / "backup", clock=clock)
    with open_site(again, clock=clock) as site:
        assert number(site.agency) > given
        assert number(site.agency) == number(site.agency)
