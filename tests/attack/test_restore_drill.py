"""The drill: everything is lost but a backup and the keys, and no promise is broken.

A server takes reads, is backed up, goes on, purges, and burns down. What is restored
from the old backup holds nothing that is due by then, in no byte of any file; and the
backup itself can no longer be opened where a key is gone, by anybody with what is left.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import attrs
import msgspec
import psycopg
import pytest
from tests.attack.a_site import Rig, a_marker, rigged
from tests.attack.test_purge import INES, SAM, jpeg, listed, searched

from charteroak.bench.byte_search import copies_below
from charteroak.core.hold import HoldId
from charteroak.server.actions.approve_hold import HoldKept, approve_hold
from charteroak.server.actions.back_up import BackedUp, back_up
from charteroak.server.actions.request_hold import HoldRequested, request_hold
from charteroak.server.actions.see_case import HeldPicture, see_held_picture
from charteroak.server.bootstrap import HalfRestoredError, Site, open_site
from charteroak.server.restoring import KeysMissingError, restore
from charteroak.server.settings import Settings
from charteroak.server.store.refill import NotEmptyError
from charteroak.server.vault.backup_folder import (
    Backup,
    BackupExistsError,
    DamagedBackupError,
    ForeignBackupError,
    Manifest,
    NewerBackupError,
    NotABackupError,
)
from charteroak.server.vault.key_export import UnusableKeyFileError, export_keys
from charteroak.server.vault.keys import LASTING
from charteroak.server.vault.sealed_file import UnopenableFileError, opened
from charteroak.server.worker import Worker

pytestmark = pytest.mark.slow

KEEP = timedelta(days=3)
LATER = timedelta(days=2)
PASSPHRASE = "correct horse battery staple"  # noqa: S105 - of a test


@attrs.define(kw_only=True)
class Town:
    """What was seen before the backup, in a rig.

    Attributes:
        early: of reads that are due first.
        late: of reads that are not due when all is restored.
        hit: listed, and seen late.
        held: seen early, and held for a case.
    """

    rig: Rig
    early: str = attrs.field(factory=a_marker)
    late: str = attrs.field(factory=a_marker)
    hit: str = attrs.field(factory=a_marker)
    held: str = attrs.field(factory=a_marker)
    hold_id: HoldId | None = None

    @property
    def backup(self) -> Path:
        return self.rig.folder / "backup"

    def live(self) -> None:
        """Early reads, a hold, and late ones with a hit; then the backup."""
        rig = self.rig
        for marker in [self.early, self.held]:
            rig.see(marker, picture=jpeg(120))
            rig.see(marker, ago=-timedelta(hours=2))
        rig.deliver()
        answer = searched(rig, self.held)
        asked = request_hold(
            rig.agency,
            INES,
            asked_id=answer.asked,
            read_id=answer.sightings[0].read.read_id,
            reason="the car at the pump",
            span=timedelta(days=30),
        )
        assert isinstance(asked, HoldRequested)
        assert isinstance(approve_hold(rig.agency, SAM, asked.hold_id), HoldKept)
        self.hold_id = asked.hold_id
        rig.clock.advance(LATER)
        # On the day it hits: a list that is older alerts nobody.
        listed(rig, self.hit)
        for marker in [self.late, self.hit]:
            rig.see(marker, picture=jpeg(90))
        rig.deliver()

    def back_up(self) -> BackedUp:
        return back_up(
            self.rig.agency, self.rig.site.admin, self.backup, release="test"
        )

    def fresh(self, name: str) -> Settings:
        """Settings with a new data folder, to which the folder of the keys was moved."""
        data = self.rig.folder / name
        shutil.copytree(self.rig.data / "keys", data / "keys")
        return Settings(data=data, agency="attacked", keep=KEEP)

    @contextmanager
    def reopened(self, settings: Settings) -> Iterator[Site]:
        with open_site(settings, clock=self.rig.clock) as site:
            yield site


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    """A town that lived, was backed up, went on, and purged its early reads."""
    with rigged(KEEP) as rig:
        town = Town(rig=rig)
        town.live()
        town.back_up()
        yield town


def found(folder: Path, marker: str) -> list[str]:
    return list(copies_below(folder, marker))


def forced(backup: Backup, keys: Path) -> bytes:
    """All of a backup that any key of a folder opens, under the name of any file."""
    secrets = [path.read_bytes() for path in keys.rglob("*.key")]
    plain = b""
    for saved in backup.manifest.tables:
        for key in secrets:
            with backup.path(saved.file).open("rb") as file:
                try:
                    plain += b"".join(opened(file, key=key, name=saved.file))
                except UnopenableFileError:
                    continue
    return plain


def logged(site: Site) -> list[tuple[object, ...]]:
    with psycopg.connect(site.admin) as connection:
        connection.execute("SET search_path TO agency_attacked")
        return connection.execute(
            "SELECT record_id, kind, entry, sealed FROM log ORDER BY record_id"
        ).fetchall()


def test_what_is_due_does_not_come_back_and_the_rest_does(town: Town) -> None:
    rig = town.rig
    backup = Backup.read(town.backup)
    every = [town.early, town.late, town.hit, town.held]
    # While the keys are there, the backup is good; it shows nothing without them.
    for marker in every:
        assert marker.encode() in forced(backup, rig.data / "keys")
        assert found(town.backup, marker) == []
    before = logged(rig.site)
    # This copy of the keys is as it was before the purge: due, and not yet destroyed.
    unpurged = town.fresh("unpurged")
    rig.clock.advance(KEEP - LATER)
    rig.work()
    purged = town.fresh("purged")
    assert found(rig.data, town.early) == []

    for settings in [unpurged, purged]:
        restored = restore(settings, town.backup, clock=rig.clock)
        assert restored.reads == 2
        assert restored.due > 0
        assert found(settings.data, town.early) == []
        assert town.early.encode() not in forced(backup, settings.data / "keys")
        with town.reopened(settings) as site:
            fresh = attrs.evolve(rig, site=site)
            check_restored(town, fresh, before)
        assert found(settings.data, town.early) == []
        shutil.rmtree(settings.data)
    assert town.early.encode() not in forced(backup, rig.data / "keys")
    assert town.late.encode() in forced(backup, rig.data / "keys")


def check_restored(town: Town, fresh: Rig, before: list[tuple[object, ...]]) -> None:
    """What was not due is there: reads, alerts, holds, pictures, log, and it goes on."""
    agency = fresh.agency
    late = searched(fresh, town.late, back=KEEP).sightings
    assert [each.read.plate.glyphs for each in late] == [town.late]
    assert searched(fresh, town.early, back=KEEP).sightings == ()
    assert searched(fresh, town.held, back=KEEP).sightings == ()
    with psycopg.connect(fresh.site.admin) as connection:
        connection.execute("SET search_path TO agency_attacked")
        rows = connection.execute(
            "SELECT e.plate, e.plate_picture FROM alerts a JOIN alert_evidence e"
            " USING (alert_id)"
        ).fetchall()
    assert [row[0] for row in rows] == [town.hit]
    assert agency.pictures.fetch(str(rows[0][1])) == jpeg(90)
    assert town.hold_id is not None
    held = see_held_picture(agency, INES, town.hold_id)
    assert held == HeldPicture(jpeg=jpeg(120))
    # The log is what it was at the backup (which was recorded after it), and goes on.
    log, kept = logged(fresh.site), len(before) - 1
    assert log[:kept] == before[:kept]
    after = [kind for _, kind, _, _ in log[kept:]]
    assert after.count("backup.restored") == 1
    assert "bucket.purged" in after
    Worker(agency).look()


def test_without_the_bucket_keys_only_what_lasts_comes_back(town: Town) -> None:
    """Total loss: the keys from the safe open the rest, and no read of a bucket."""
    rig = town.rig
    safe = rig.folder / "safe"
    export_keys(rig.data / "keys", safe, PASSPHRASE, entropy=rig.agency.entropy)
    assert not any(
        (rig.data / "keys" / name).read_bytes() in safe.read_bytes() for name in LASTING
    )
    settings = Settings(data=rig.folder / "ashes", agency="attacked", keep=KEEP)
    with pytest.raises(KeysMissingError):
        restore(settings, town.backup, clock=rig.clock)
    with pytest.raises(UnusableKeyFileError):
        restore(settings, town.backup, exported=(safe, "wrong"), clock=rig.clock)

    restored = restore(
        settings, town.backup, exported=(safe, PASSPHRASE), clock=rig.clock
    )

    assert restored.reads == 0
    assert restored.locked > 0
    assert restored.holds_ended == 1
    for marker in [town.early, town.late, town.held]:
        assert found(settings.data, marker) == []
    assert found(settings.data, town.hit)  # the list is the agency's
    with town.reopened(settings) as site:
        assert attrs.evolve(rig, site=site).agency.keys.holds() == []
    with pytest.raises(NotEmptyError):
        restore(settings, town.backup, clock=rig.clock)


def test_what_is_no_whole_backup_is_refused(town: Town, tmp_path: Path) -> None:
    with pytest.raises(BackupExistsError):
        town.back_up()
    with pytest.raises(NotABackupError):
        Backup.read(tmp_path)
    copy = tmp_path / "copy"
    shutil.copytree(town.backup, copy)
    spoiled = next((copy / "tables").glob("reads_b*"))
    spoiled.write_bytes(spoiled.read_bytes() + b"x")
    with pytest.raises(DamagedBackupError):
        Backup.read(copy)
    spoiled.unlink()
    with pytest.raises(DamagedBackupError):
        Backup.read(copy)
    listed = copy / "backup.json"
    listed.write_text(listed.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(NewerBackupError):
        Backup.read(copy)


def test_a_list_that_somebody_altered_is_refused(town: Town, tmp_path: Path) -> None:
    """Whoever reaches the disk of the backups can leave nothing out, and add nothing."""
    backup_key = town.rig.agency.keys.backup_key
    Backup.read(town.backup).prove(backup_key)
    copy = tmp_path / "copy"
    shutil.copytree(town.backup, copy)
    listed = copy / "backup.json"
    manifest = msgspec.json.decode(listed.read_bytes(), type=Manifest)
    thinned = msgspec.structs.replace(
        manifest, tables=tuple(each for each in manifest.tables if each.table != "log")
    )
    listed.write_bytes(msgspec.json.encode(thinned))

    with pytest.raises(ForeignBackupError):
        Backup.read(copy).prove(backup_key)

    shutil.copy(town.backup / "backup.json", listed)
    Backup.read(copy).prove(backup_key)
    (copy / "backup.mac").unlink()
    with pytest.raises(ForeignBackupError):
        Backup.read(copy).prove(backup_key)


def test_a_restore_that_broke_off_is_never_served(town: Town) -> None:
    settings = town.fresh("broken")
    spoiled = settings.data / "keys" / "backup.key"
    sound = spoiled.read_bytes()
    spoiled.write_bytes(bytes(32))
    with pytest.raises(ForeignBackupError):
        restore(settings, town.backup, clock=town.rig.clock)
    assert [each.name for each in settings.data.iterdir()] == ["keys"]

    spoiled.write_bytes(sound)
    for key in (settings.data / "keys" / "holds").iterdir():
        key.write_bytes(bytes(32))
    with pytest.raises(UnopenableFileError):
        restore(settings, town.backup, clock=town.rig.clock)

    with pytest.raises(HalfRestoredError), open_site(settings, clock=town.rig.clock):
        pass
