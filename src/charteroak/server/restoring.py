"""Restoring: a backup comes back, and is purged before anything is served."""

import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import attrs

from charteroak.core.errors import CharterOakError
from charteroak.server.actions.end_holds import end_holds
from charteroak.server.actions.note_restore import note_restore
from charteroak.server.actions.purge_papers import purge_papers
from charteroak.server.actions.purge_reads import purge_reads
from charteroak.server.actions.restore_backup import Ground, Restored, restore_backup
from charteroak.server.bootstrap import (
    Reached,
    open_agency,
    present,
    reach,
    restoring_mark,
)
from charteroak.server.law_in_force import Adopted, adopt, today
from charteroak.server.settings import Settings
from charteroak.server.store.postgres.supervisor import Progress
from charteroak.server.store.refill import NotEmptyError
from charteroak.server.vault.backup_folder import Backup
from charteroak.server.vault.key_export import import_keys
from charteroak.server.vault.keys import LASTING, SIGNING, Keys
from charteroak.server.vault.pictures import Pictures

_MAY_BE_THERE = {"keys", "postgres"}
"""The keys that survived, and root's copy of the database's programs."""


class KeysMissingError(CharterOakError):
    """Without the agency's keys its backup cannot be opened."""

    code = "charteroak.restore.keys-missing"
    hint = (
        "Put the folder `keys` of the old server into the data folder, or give the "
        "file that `charteroak server keys export` wrote, with --keys."
    )


def restore(  # noqa: PLR0913 - clock, entropy and two listeners beside what is asked
    settings: Settings,
    folder: Path,
    *,
    exported: tuple[Path, str] | None = None,
    clock: Callable[[], datetime] = present,
    entropy: Callable[[int], bytes] = secrets.token_bytes,
    telling: Callable[[str], None] = lambda _doing: None,
    on_progress: Callable[[Progress], None] = lambda _progress: None,
) -> Restored:
    """Restore a backup into an empty data folder, and purge what is due by now.

    While it lasts a mark lies in the data folder, with which no server starts.

    Args:
        settings: of the agency; its data folder is empty, but for `keys`.
        folder: the backup.
        exported: file and passphrase of exported keys, if they come from there.
        clock: the present moment.
        entropy: fresh random bytes.
        telling: told what is being put back.
        on_progress: told while the database takes its time.

    Raises:
        NotEmptyError, KeysMissingError, ForeignBackupError: nothing was changed, but
            for keys that came from a file.
        CharterOakError: what is wrong with the backup, the keys or the disk. The mark
            stays, and nothing is served.
    """
    backup = Backup.read(folder)
    _check_empty(settings.data)
    _have_keys(settings.data / "keys", exported, entropy=entropy)
    backup.prove(Keys(settings.data / "keys", entropy=entropy).backup_key)
    mark = restoring_mark(settings)
    mark.touch()
    adopted = adopt(settings, on=today(settings, clock()))
    with reach(settings, entropy=entropy, on_progress=on_progress) as reached:
        restored = restore_backup(
            _ground(settings, reached, adopted, clock=clock, entropy=entropy),
            backup,
            telling=telling,
        )
        telling("what is due by now is purged")
        with open_agency(settings, reached, clock=clock, entropy=entropy) as agency:
            noted = note_restore(
                agency,
                made_at=restored.made_at,
                due=restored.due,
                locked=restored.locked,
                holds_ended=restored.holds_ended,
                unapproved=restored.unapproved,
            )
            purge_reads(agency)
            end_holds(agency)
            purge_papers(agency)
    mark.unlink()
    return attrs.evolve(restored, paused=noted.paused, wishes_ended=noted.wishes_ended)


def _ground(
    settings: Settings,
    reached: Reached,
    adopted: Adopted,
    *,
    clock: Callable[[], datetime],
    entropy: Callable[[int], bytes],
) -> Ground:
    pictures = Pictures(settings.data / "pictures", keys=reached.keys, entropy=entropy)
    return Ground(
        agency=settings.agency,
        admin=reached.admin,
        keys=reached.keys,
        pictures=pictures,
        retention=adopted.retention,
        clock=clock,
    )


def _have_keys(
    folder: Path,
    exported: tuple[Path, str] | None,
    *,
    entropy: Callable[[int], bytes],
) -> None:
    if exported is not None:
        import_keys(exported[0], folder, exported[1], entropy=entropy)
    # Nothing in a backup is locked by the signing key: one from before there was such
    # a key still opens, and a new one is made.
    needed = set(LASTING) - {SIGNING}
    if not all((folder / name).exists() for name in needed):
        raise KeysMissingError("the keys of the agency are not there")


def _check_empty(data: Path) -> None:
    there = {each.name for each in data.iterdir()} if data.is_dir() else set()
    if strange := sorted(there - _MAY_BE_THERE):
        message = f"the data folder holds {', '.join(strange)}"
        raise NotEmptyError(message)
