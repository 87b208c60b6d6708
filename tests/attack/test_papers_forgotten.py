"""A paper whose term is over is in no byte of any file, and no backup brings it back.

A paper lies sealed in the database, under a key that lasts: so what is looked for are
the bytes that lie there, which that key would open, and the paper itself.
"""

import secrets
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import attrs
import pytest
from tests.attack.a_site import Rig, rigged
from tests.support.a_partner import asked_by, declare, entered, partner, refused
from tests.support.agency import SettableClock
from tests.support.postgres import reachable_folder
from tests.support.sightings import person

from charteroak.core.codes import Process
from charteroak.core.disclosure import Scan
from charteroak.core.people import Role
from charteroak.server.actions.ask_disclosure import ask_disclosure
from charteroak.server.actions.back_up import back_up
from charteroak.server.actions.decide_disclosure import decide_disclosure
from charteroak.server.agency import Agency
from charteroak.server.bootstrap import open_site
from charteroak.server.restoring import restore
from charteroak.server.settings import Settings

pytestmark = pytest.mark.slow

CLERK, SUPERVISOR = person(Role.LIST_CLERK), person(Role.SUPERVISOR)
TERM = timedelta(days=731)
_ONE: bytes = b"%PDF-1.7 "


def a_scan() -> Scan:
    """A paper that is nowhere else, of several pages of the database."""
    return Scan(
        content=_ONE + secrets.token_bytes(30_000), media_type="application/pdf"
    )


def middles(sealed: dict[str, bytes]) -> list[bytes]:
    """Some bytes from inside of each, well within one piece as the database cuts it."""
    found = [each[12:50] for each in sealed.values()]
    assert {len(each) for each in found} == {38}
    return found


def in_tables(rig: Rig) -> dict[str, bytes]:
    """What lies there of each paper, by its kind."""
    rows = rig.rows("SELECT kind, sealed FROM papers WHERE sealed IS NOT NULL")
    return {str(kind): bytes(sealed) for kind, sealed in rows}  # type: ignore[call-overload]


def test_a_paper_whose_term_is_over_is_in_no_byte_of_any_file() -> None:
    warrant = a_scan()
    with rigged(timedelta(minutes=3)) as rig:
        agency = rig.agency
        them = partner(agency, "Reno Police", "NV")
        declare(agency, them, ends_in=timedelta(days=100))
        asks = asked_by(agency, them, process=Process.JUDICIAL_WARRANT)
        number = entered(agency, attrs.evolve(asks, scan=warrant))
        refused(
            decide_disclosure(
                agency, SUPERVISOR, number, approve=False, reason="Another car is meant"
            )
        )
        sealed = in_tables(rig)
        assert set(sealed) == {"declaration", "letter", "process"}
        for marker in middles(sealed):
            found = rig.found(marker, settled=False)
            assert any("/pg_wal/" in path for path in found)
        assert rig.found(warrant.content[100:164]) == []

        # A day before, all of it is there; a write-ahead log alone may have gone.
        rig.clock.advance(TERM - timedelta(days=1))
        rig.work()
        assert in_tables(rig) == sealed
        assert all(rig.found(marker) for marker in middles(sealed))

        rig.clock.advance(timedelta(days=1))
        rig.work()

        # The declaration ended later than the request was answered: it stands still.
        assert set(in_tables(rig)) == {"declaration"}
        for kind, content in sealed.items():
            (marker,) = middles({kind: content})
            assert bool(rig.found(marker)) is (kind == "declaration"), kind
        assert rig.rows("SELECT count(*) FROM papers") == [(3,)]
        rig.clock.advance(timedelta(days=100))
        rig.work()
        for marker in middles(sealed):
            assert rig.found(marker) == []
        rows = rig.rows("SELECT kind FROM log WHERE kind = 'papers.purged'")
        assert len(rows) == 2


@pytest.fixture
def folder() -> Iterator[Path]:
    with reachable_folder("papers") as made:
        yield made


def papers(agency: Agency) -> list[tuple[object, ...]]:
    with agency.database.changes() as tx:
        return tx.connection.execute(
            "SELECT kind, sealed IS NULL FROM papers ORDER BY kind"
        ).fetchall()


def test_an_old_backup_brings_back_no_paper_whose_term_is_over(folder: Path) -> None:
    clock = SettableClock()
    old, new = (
        Settings(data=folder / name, agency="fernwood") for name in ("old", "new")
    )
    with open_site(old, clock=clock) as site:
        them = partner(site.agency, "Reno Police", "NV")
        refused(ask_disclosure(site.agency, CLERK, asked_by(site.agency, them)))
        clock.advance(timedelta(days=30))
        declare(site.agency, them)
        back_up(site.agency, site.admin, folder / "backup", release="test")
        assert papers(site.agency) == [("declaration", False), ("letter", False)]
    shutil.copytree(old.data / "keys", new.data / "keys")
    clock.advance(TERM)

    restore(new, folder / "backup", clock=clock)

    with open_site(new, clock=clock) as site:
        assert papers(site.agency) == [("declaration", False), ("letter", True)]
