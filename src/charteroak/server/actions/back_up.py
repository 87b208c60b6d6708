"""Copy an agency's data to another disk, so that deletion stays possible.

What belongs to a bucket is sealed under that bucket's key, what a hold keeps under the
hold's, and neither key is ever copied: when the key is destroyed, every backup of it is
unreadable too. All else is sealed under the agency's backup key, which lasts.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import attrs

from charteroak.core.log_record import Draft, RecordKind
from charteroak.server.agency import Agency
from charteroak.server.settings import Settings
from charteroak.server.store import snapshot
from charteroak.server.store.roles import AgencySchema
from charteroak.server.store.snapshot import Snapshot
from charteroak.server.vault.backup_folder import (
    FORMAT,
    BackupDraft,
    Manifest,
    SavedBucket,
    SavedMigration,
    SavedTable,
    drafted,
)
from charteroak.server.vault.keys import KeyGoneError
from charteroak.server.vault.pictures import PictureGoneError, hold_place
from charteroak.server.vault.sealed_file import SALT_BYTES, seal

Telling = Callable[[str], None]
"""Told what is being copied, in words for a person; no plate is in them."""

_SECRETS: Final = frozenset({"dsn", "metrics_token"})


@attrs.frozen(kw_only=True)
class BackedUp:
    """What a backup holds.

    Attributes:
        gone: buckets that were purged while the backup was made.
    """

    size_bytes: int
    buckets: int
    gone: int


def back_up(
    agency: Agency,
    admin: str,
    target: Path,
    *,
    release: str,
    telling: Telling = lambda _doing: None,
) -> BackedUp:
    """Make a backup, whole and durable, while the server goes on with its work.

    Args:
        agency: whose.
        admin: how the administrator connects to the database.
        target: a folder that is not there yet, or is empty.
        release: of this program.
        telling: told what is being copied.

    Raises:
        BackupExistsError, BackupDiskError: it cannot be written there.
        DisturbedBackupError: a table was written anew meanwhile; do it again.
        StoreUnavailableError, PicturesUnavailableError: something broke off.
    """
    begun = agency.clock()
    with drafted(target, unique=agency.entropy(8).hex()) as draft:
        with snapshot.taken(admin, AgencySchema(agency.settings.agency)) as seen:
            copier = _Copier(agency, seen, draft)
            telling("people, lists, alerts and the log")
            for table in seen.tables:
                copier.copy_table(table)
            for hold in seen.holds:
                copier.copy_hold(hold)
            for bucket in seen.buckets:
                telling(f"reads from {bucket.starts_at:%Y-%m-%d %H:%M}")
                copier.copy_bucket(bucket.bucket)
        # After the rows: what they refer to was there before them.
        telling("pictures")
        for place in [
            *(bucket.bucket for bucket in seen.buckets),
            *map(hold_place, seen.holds),
        ]:
            _copy_pictures(agency, draft, place)
        draft.settings(_settings(agency.settings))
        size_bytes = draft.finish(
            _manifest(
                agency.settings.agency, seen, copier.saved, begun, release=release
            ),
            key=agency.keys.backup_key,
        )
    done = BackedUp(
        size_bytes=size_bytes, buckets=len(seen.buckets), gone=len(copier.gone)
    )
    _record(agency, done)
    return done


def _manifest(
    agency: str,
    seen: Snapshot,
    saved: Sequence[SavedTable],
    made_at: datetime,
    *,
    release: str,
) -> Manifest:
    return Manifest(
        format=FORMAT,
        release=release,
        agency=agency,
        made_at=made_at,
        migrations=tuple(
            SavedMigration(number=each.number, name=each.name, sha256=each.sha256)
            for each in seen.migrations
        ),
        buckets=tuple(
            SavedBucket(
                bucket=each.bucket,
                starts_at=each.starts_at,
                ends_at=each.ends_at,
                made_at=each.made_at,
            )
            for each in seen.buckets
        ),
        tables=tuple(saved),
        sequences=seen.sequences,
    )


class _Copier:
    """Copies tables into a draft, each part under its own key."""

    def __init__(self, agency: Agency, seen: Snapshot, draft: BackupDraft) -> None:
        self._agency = agency
        self._seen = seen
        self._draft = draft
        self.saved: list[SavedTable] = []
        self.gone: set[str] = set()

    def copy_table(self, table: str) -> None:
        saved = SavedTable(
            file=f"tables/{table}", table=table, columns=self._seen.columns[table]
        )
        self._write(saved, self._agency.keys.backup_key, self._seen.rows(table))

    def copy_hold(self, hold: UUID) -> None:
        # A hold without pictures has no key yet; it goes when the hold ends.
        self._agency.keys.make_hold(hold)
        for table in snapshot.BY_HOLD:
            saved = SavedTable(
                file=f"tables/{table}_{hold.hex}",
                table=table,
                columns=self._seen.columns[table],
                hold=hold.hex,
            )
            rows = self._seen.rows_of_hold(table, hold)
            self._write(saved, self._agency.keys.hold(hold), rows)

    def copy_bucket(self, bucket: str) -> None:
        try:
            key = self._agency.keys.bucket(bucket)
        except KeyGoneError:
            self.gone.add(bucket)
            return
        for table in snapshot.BY_BUCKET:
            saved = SavedTable(
                file=f"tables/{table}_{bucket}",
                table=table,
                columns=self._seen.columns[table],
                bucket=bucket,
            )
            self._write(saved, key, self._seen.rows_of_bucket(table, bucket))

    def _write(self, saved: SavedTable, key: bytes, rows: Iterator[bytes]) -> None:
        salt = self._agency.entropy(SALT_BYTES)
        self._draft.write(saved.file, seal(rows, key=key, name=saved.file, salt=salt))
        self.saved.append(saved)


def _copy_pictures(agency: Agency, draft: BackupDraft, place: str) -> None:
    for segment in agency.pictures.segments(place):
        try:
            content = agency.pictures.sealed(place, segment)
        except PictureGoneError:
            continue
        draft.write(f"pictures/{place}/{segment}", [content])


def _settings(settings: Settings) -> str:
    """The settings that were given, as lines of an environment file."""
    given = settings.model_dump(mode="json", exclude_unset=True, exclude=set(_SECRETS))
    lines = [f"CHARTEROAK_{name.upper()}={value}" for name, value in given.items()]
    return "\n".join([*sorted(lines), ""])


def _record(agency: Agency, done: BackedUp) -> None:
    with agency.database.changes() as tx:
        agency.record(
            tx,
            Draft(
                kind=RecordKind.BACKUP_MADE,
                at=agency.clock(),
                public={"buckets": done.buckets - done.gone},
            ),
        )
