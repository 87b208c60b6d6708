"""Wiring: from settings to an agency that works, and in order back again."""

import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import attrs

from charteroak.core.case_file import CaseRecords, Cases
from charteroak.core.errors import CharterOakError
from charteroak.server.actions.load_hotlist import rebuild_hot_file
from charteroak.server.actions.make_buckets import make_buckets
from charteroak.server.actions.note_retention import note_retention
from charteroak.server.actions.recall_council import recall_council
from charteroak.server.agency import Agency
from charteroak.server.law_in_force import LawInForce, adopt, today
from charteroak.server.outbound.case_csv import CsvCases
from charteroak.server.outbound.case_http import HttpCases
from charteroak.server.settings import Settings, split
from charteroak.server.store.database import Database
from charteroak.server.store.migrate import migrate, pending
from charteroak.server.store.postgres.errors import DataFolderHeldError
from charteroak.server.store.postgres.supervisor import (
    EmbeddedPostgres,
    Progress,
    dsn_of_running,
)
from charteroak.server.store.roles import AgencySchema, Passwords, Role, role_dsn
from charteroak.server.vault.hot_file import HotFile
from charteroak.server.vault.keys import Keys
from charteroak.server.vault.pictures import Pictures
from charteroak.server.vault.street_map import read_street_map

_PASSABLE: Final = 0o711
"""The data folder itself: the database's user may pass through, nobody may list it."""


class UnusableDataFolderError(CharterOakError):
    """The data folder cannot be made or written."""

    code = "charteroak.server.data-folder"
    hint = "Check that its disk is mounted and has room, and that you may write to it."


class HalfRestoredError(CharterOakError):
    """A backup was being restored here, and that did not come to its end."""

    code = "charteroak.server.half-restored"
    hint = (
        "Remove all in the data folder but the folder `keys`, then restore again. "
        "Until then nothing is served, because reads that are due may lie there."
    )


@attrs.frozen(kw_only=True, eq=False)
class Site:
    """An agency, and the database that this process runs for it.

    Attributes:
        postgres: the embedded server, where this process owns it.
        admin: how the administrator connects to the database. Never print it.
    """

    agency: Agency
    postgres: EmbeddedPostgres | None
    admin: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True, eq=False)
class Reached:
    """A database that answers, and the keys: what an agency is opened on.

    Attributes:
        postgres: the embedded server, where this process owns it.
        admin: how the administrator connects to the database. Never print it.
    """

    postgres: EmbeddedPostgres | None
    admin: str = attrs.field(repr=False)
    keys: Keys


def present() -> datetime:
    """The present moment: the one place where the server reads the clock."""
    return datetime.now(UTC)  # noqa: TID251 - this is where clocks come from


def cases(settings: Settings) -> Cases:
    """How the agency numbers its cases, with its records system where it has one."""
    pattern, where = settings.case_pattern, settings.case_records
    records: CaseRecords | None = None
    if where is not None and "://" in where:
        token = settings.case_records_token
        secret = None if token is None else token.get_secret_value()
        records = HttpCases(where, token=secret)
    elif where is not None:
        records = CsvCases(Path(where))
    return Cases(
        pattern=None if pattern is None else re.compile(pattern),
        example=settings.case_example,
        units=frozenset(unit.casefold() for unit in split(settings.case_units or "")),
        records=records,
    )


@contextmanager
def open_site(
    settings: Settings,
    *,
    share: bool = False,
    clock: Callable[[], datetime] = present,
    entropy: Callable[[int], bytes] = secrets.token_bytes,
    on_progress: Callable[[Progress], None] = lambda _progress: None,
) -> Iterator[Site]:
    """Start, or reach, all that an agency's server stands on, for the length of a block.

    The embedded database is started unless `CHARTEROAK_DSN` names another.

    Args:
        settings: of the agency.
        share: use the database of a server that runs on this data folder already, as
            an administrator's command does; without it that is an error.
        clock: the present moment.
        entropy: fresh random bytes.
        on_progress: told while a start or stop takes its time.

    Raises:
        DataFolderHeldError: another process runs this data folder.
        UnusableDataFolderError: the data folder cannot be used.
        UnusableMapError: the street map is none.
        CharterOakError: what the database, the law or the keys say is wrong.
    """
    # Rules that cannot be used are told before anything slow happens.
    adopt(settings, on=today(settings, clock()))
    if settings.map_file is not None and not share:
        read_street_map(settings.map_file)
    if restoring_mark(settings).exists():
        raise HalfRestoredError("a restore did not come to its end")
    with (
        reach(
            settings, share=share, entropy=entropy, on_progress=on_progress
        ) as reached,
        open_agency(settings, reached, clock=clock, entropy=entropy) as agency,
    ):
        yield Site(agency=agency, postgres=reached.postgres, admin=reached.admin)


def restoring_mark(settings: Settings) -> Path:
    """The file that is there while a backup is restored into the data folder."""
    return settings.data / "restoring"


@contextmanager
def reach(
    settings: Settings,
    *,
    share: bool = False,
    entropy: Callable[[int], bytes] = secrets.token_bytes,
    on_progress: Callable[[Progress], None] = lambda _progress: None,
) -> Iterator[Reached]:
    """Start, or reach, the database, and open the keys; see `open_site`."""
    with ExitStack() as stack:
        _make_data_folder(settings.data)
        postgres, admin = _reach_database(
            stack, settings, share=share, on_progress=on_progress
        )
        keys = Keys(settings.data / "keys", entropy=entropy)
        yield Reached(postgres=postgres, admin=admin, keys=keys)


@contextmanager
def open_agency(
    settings: Settings,
    reached: Reached,
    *,
    clock: Callable[[], datetime] = present,
    entropy: Callable[[int], bytes] = secrets.token_bytes,
) -> Iterator[Agency]:
    """Bring an agency's schema up to this release, and open all that it works with."""
    keys = reached.keys
    with ExitStack() as stack:
        database = _prepare_schema(settings, reached.admin, keys, clock())
        database.open()
        stack.callback(database.close)
        adopted = adopt(settings, on=today(settings, clock()))
        agency = Agency(
            settings=settings,
            profile=adopted.profile,
            rules=adopted.rules,
            retention=adopted.retention,
            terms=adopted.terms,
            edge_only=adopted.edge_only,
            law=LawInForce(adopted=adopted),
            database=database,
            keys=keys,
            pictures=Pictures(settings.data / "pictures", keys=keys, entropy=entropy),
            hot_file=HotFile(settings.data / "matcher" / "hot-list.index"),
            clock=clock,
            entropy=entropy,
            cases=cases(settings),
        )
        recall_council(agency)
        note_retention(agency, adopted.limit)
        make_buckets(agency)
        rebuild_hot_file(agency)
        yield agency.in_force()


def pending_migrations(
    settings: Settings, *, on_progress: Callable[[Progress], None]
) -> list[str]:
    """File names of the migrations that opening the agency would apply."""
    with reach(settings, share=True, on_progress=on_progress) as reached:
        names = AgencySchema(settings.agency)
        return [each.file_name for each in pending(reached.admin, names)]


def _reach_database(
    stack: ExitStack,
    settings: Settings,
    *,
    share: bool,
    on_progress: Callable[[Progress], None],
) -> tuple[EmbeddedPostgres | None, str]:
    """The embedded server, where this process runs it, and how to administer."""
    if settings.dsn is not None:
        return None, settings.dsn.get_secret_value()
    folder = settings.data / "database"
    postgres = EmbeddedPostgres(folder, on_progress=on_progress)
    try:
        stack.enter_context(postgres)
    except DataFolderHeldError:
        running = dsn_of_running(folder) if share else None
        if running is None:
            raise
        return None, running
    return postgres, postgres.dsn


def _prepare_schema(
    settings: Settings, admin: str, keys: Keys, now: datetime
) -> Database:
    """Bring the agency's schema up to this release; gives the ways in, by role."""
    names = AgencySchema(settings.agency)
    passwords = Passwords.from_file(keys.database_root)
    migrate(admin, names, passwords=passwords, applied_at=now)
    ways = {
        role.value: role_dsn(admin, names, role, passwords=passwords) for role in Role
    }
    return Database(ways, schema=names.schema)


def _make_data_folder(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
        # Root's database runs as another user, who must reach its own folder in here.
        data.chmod(_PASSABLE if os.geteuid() == 0 else 0o700)
    except OSError as refused:
        message = f"cannot use the data folder {data}: {refused.strerror}"
        raise UnusableDataFolderError(message) from refused
