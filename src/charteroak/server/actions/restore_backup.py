"""Put a backup back into an empty place, without what was purged or is due by now.

A read that is due is never written: its bucket is made empty, and its key destroyed,
so the purge that follows finds nothing and says so in the log.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import attrs

from charteroak.core.errors import CharterOakError
from charteroak.core.retention import Retention
from charteroak.server.store import refill
from charteroak.server.store.refill import Refill
from charteroak.server.store.roles import AgencySchema, Passwords
from charteroak.server.store.snapshot import BucketThere, MigrationThere
from charteroak.server.vault.backup_folder import Backup, SavedTable
from charteroak.server.vault.keys import KeyGoneError, Keys
from charteroak.server.vault.pictures import Pictures, hold_place
from charteroak.server.vault.sealed_file import opened

Telling = Callable[[str], None]
"""Told what is being put back, in words for a person."""


class OtherAgencyError(CharterOakError):
    """The backup is another agency's."""

    code = "charteroak.restore.other-agency"
    hint = "Set CHARTEROAK_AGENCY to the agency of the backup."


@attrs.frozen(kw_only=True, eq=False)
class Ground:
    """What a backup is restored into: an empty database, and a vault with keys.

    Attributes:
        admin: how the administrator connects to the database.
        retention: the limit in force now.
    """

    agency: str
    admin: str = attrs.field(repr=False)
    keys: Keys
    pictures: Pictures
    retention: Retention
    clock: Callable[[], datetime]


@attrs.frozen(kw_only=True)
class Restored:
    """What came back, and what did not.

    Attributes:
        made_at: the moment whose state is back.
        reads: that are back, misdated ones too.
        due: buckets that are due by now: nothing of them was written.
        locked: buckets that are not due, and whose key is not there.
        holds_ended: holds whose key is gone.
        unapproved: entries of the agency's own, which match nothing from now on.
        paused: agencies that get nothing until a supervisor has looked.
        wishes_ended: wishes for own entries that nobody had decided.
    """

    made_at: datetime
    reads: int
    due: int
    locked: int
    holds_ended: int
    unapproved: int
    paused: int = 0
    wishes_ended: int = 0


def restore_backup(
    ground: Ground, backup: Backup, *, telling: Telling = lambda _doing: None
) -> Restored:
    """Restore a backup that was proved; the caller purges before anything is served.

    Raises:
        OtherAgencyError: it is another agency's.
        NotEmptyError, OtherReleaseError, UnfillableError: it does not fit here.
        UnopenableFileError: the keys are not those of the backup.
    """
    manifest = backup.manifest
    if manifest.agency != ground.agency:
        message = f"this is the backup of the agency {manifest.agency}"
        raise OtherAgencyError(message)
    now = ground.clock()
    due = _destroy_due(ground, backup, now)
    with refill.refilling(
        ground.admin,
        AgencySchema(ground.agency),
        passwords=Passwords.from_file(ground.keys.database_root),
        migrations=[
            MigrationThere(number=each.number, name=each.name, sha256=each.sha256)
            for each in manifest.migrations
        ],
        at=now,
    ) as into:
        telling("the buckets")
        _make_buckets(into, backup)
        refiller = _Refiller(ground, backup, into)
        for saved in manifest.tables:
            telling(saved.table.replace("_", " "))
            refiller.fill(saved)
        into.go_on_after(manifest.sequences)
        into.end_holds(sorted(refiller.holds_gone), at=now)
        # A backup from before there was a second person has nothing approved.
        own = any(each.table == "entry_wishes" for each in manifest.tables)
        unapproved = into.unapprove_entries() if own else 0
    telling("pictures")
    for place, segment, path in backup.pictures():
        if _has_key(ground.keys, place):
            ground.pictures.put_back(place, segment, path.read_bytes())
    return Restored(
        made_at=manifest.made_at,
        reads=refiller.reads,
        due=len(due),
        locked=len(refiller.locked - due),
        holds_ended=len(refiller.holds_gone),
        unapproved=unapproved,
    )


def _destroy_due(ground: Ground, backup: Backup, now: datetime) -> set[str]:
    """Destroy the key of every bucket that is due: from here on none can be opened."""
    due = {
        each.bucket
        for each in backup.manifest.buckets
        if each.starts_at + ground.retention.limit <= now
    }
    for bucket in sorted(due):
        ground.keys.destroy_bucket(bucket)
    return due


def _make_buckets(into: Refill, backup: Backup) -> None:
    for each in backup.manifest.buckets:
        into.make_bucket(
            BucketThere(
                bucket=each.bucket,
                starts_at=each.starts_at,
                ends_at=each.ends_at,
                made_at=each.made_at,
            )
        )


def _has_key(keys: Keys, place: str) -> bool:
    if place.startswith("h"):
        return place in {hold_place(hold) for hold in keys.holds()}
    return keys.has_bucket(place)


class _Refiller:
    """Fills tables from a backup, each part with the key that opens it."""

    def __init__(self, ground: Ground, backup: Backup, into: Refill) -> None:
        self._keys = ground.keys
        self._backup = backup
        self._into = into
        self.reads = 0
        self.locked: set[str] = set()
        self.holds_gone: set[UUID] = set()

    def fill(self, saved: SavedTable) -> None:
        try:
            key = self._key(saved)
        except KeyGoneError:
            if saved.bucket:
                self.locked.add(saved.bucket)
            else:
                self.holds_gone.add(UUID(hex=saved.hold))
            return
        with self._backup.path(saved.file).open("rb") as file:
            rows = opened(file, key=key, name=saved.file)
            filled = self._into.fill(saved.table, saved.columns, rows)
        if saved.bucket and saved.table != "alert_evidence":
            self.reads += filled

    def _key(self, saved: SavedTable) -> bytes:
        if saved.bucket:
            return self._keys.bucket(saved.bucket)
        if saved.hold:
            return self._keys.hold(UUID(hex=saved.hold))
        return self._keys.backup_key
