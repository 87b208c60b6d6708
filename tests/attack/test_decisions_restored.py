"""A backup is restored, and undoes no decision that kept somebody safe."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from tests.support.a_partner import asked_by, declare, partner, refused
from tests.support.agency import SettableClock
from tests.support.box import an_account
from tests.support.own_entries import a_plate, approved, asked
from tests.support.postgres import reachable_folder

from charteroak.core.disclosure import Why
from charteroak.core.people import Role
from charteroak.core.plate import PlateText
from charteroak.server.actions.ask_disclosure import ask_disclosure
from charteroak.server.actions.back_up import back_up
from charteroak.server.actions.decide_entries import EntriesDecided, decide_entries
from charteroak.server.bootstrap import open_site
from charteroak.server.restoring import restore
from charteroak.server.settings import Settings
from charteroak.server.store import entry_wishes, hotlists, own_entries, partners

pytestmark = pytest.mark.slow


@pytest.fixture
def folder() -> Iterator[Path]:
    with reachable_folder("decisions") as made:
        yield made


def test_what_was_stopped_since_does_not_begin_again(folder: Path) -> None:
    clock = SettableClock()
    old, new = (
        Settings(data=folder / name, agency="fernwood") for name in ("old", "new")
    )
    with open_site(old, clock=clock) as site:
        agency = site.agency
        clerk = an_account(agency, Role.LIST_CLERK)
        boss = an_account(agency, Role.SUPERVISOR)
        them = partner(agency, "Yonkers Police", "NY")
        declare(agency, them)
        approved(agency, boss, asked(agency, clerk))
        other = attrs.evolve(a_plate(agency), plate=PlateText("BK47194"))
        waits = asked(agency, clerk, other)
        with agency.database.changes() as tx:
            assert len(list(hotlists.match_keys(tx, prohibited=()))) == 1
        back_up(agency, site.admin, folder / "backup", release="test")

    shutil.copytree(old.data / "keys", new.data / "keys")
    done = restore(new, folder / "backup", clock=clock)

    assert (done.paused, done.unapproved, done.wishes_ended) == (1, 1, 1)
    with open_site(new, clock=clock) as site:
        agency = site.agency
        with agency.database.changes() as tx:
            (back,) = partners.everything(tx)
            assert back.paused_at == clock()
            assert len(partners.declarations(tx, [back.partner_id])) == 1
            (entry,) = own_entries.in_force(tx, at=clock())
            assert not entry.approved
            assert entry_wishes.undecided(tx, at=clock()) == []
            assert list(hotlists.match_keys(tx, prohibited=())) == []
        refusal = refused(ask_disclosure(agency, clerk, asked_by(agency, back)))
        assert refusal.why is Why.PAUSED
        late = decide_entries(agency, boss, waits, approve=True, reason="")
        assert not isinstance(late, EntriesDecided)
        with agency.database.audits() as tx:
            rows = tx.connection.execute(
                "SELECT convert_from(entry, 'UTF8') FROM log WHERE kind = 'backup.restored'"
            ).fetchall()
        (told,) = (str(row[0]) for row in rows)
        for words in ("entries_unapproved", "partners_paused", "wishes_ended"):
            assert words in told
        # Asked for and approved again, it is looked for again.
        approved(agency, boss, asked(agency, clerk))
        with agency.database.changes() as tx:
            (entry,) = own_entries.in_force(tx, at=clock())
            assert entry.approved
