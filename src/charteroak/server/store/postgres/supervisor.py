"""Runs an embedded PostgreSQL for as long as this process lives.

Promises, each attacked in the tests:

* one supervisor per data folder, enforced by the kernel (flock);
* the server stops when its owner stops, also by `kill -9`;
* what was committed survives the death of either, at any moment;
* a start waits as long as recovery takes, and fails as soon as the server does;
* no network address, no trust: a socket in a closed folder, and a password;
* no plate in the server's log (`conf`).
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import attrs
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from charteroak.server.store.postgres import binaries, conf, leftovers
from charteroak.server.store.postgres.binaries import Binaries
from charteroak.server.store.postgres.errors import (
    DatabaseError,
    DatabaseNotRunningError,
    DataVersionError,
    from_message,
    from_os_error,
)
from charteroak.server.store.postgres.folder import (
    DataFolder,
    sync,
    write_private,
)
from charteroak.server.store.postgres.keeper import Keeper
from charteroak.server.store.postgres.service_user import (
    LAUNCHER,
    ServiceUser,
    service_user,
)

ADMIN: Final = "charteroak_admin"
DATABASE: Final = "charteroak"

# Fast shutdown: sessions are ended and a checkpoint is written, so that the next
# start needs no recovery and what a purge removed from the write-ahead log stays
# removed. SIGTERM would wait for every client, SIGQUIT would leave a recovery.
FAST_SHUTDOWN: Final = signal.SIGINT

# After this a stop no longer waits for the checkpoint; committed rows are in the log.
_STOP_PATIENCE_S: Final = 60.0
_LOOK_EVERY_S: Final = 0.02


@attrs.frozen(kw_only=True)
class Progress:
    """What a start is waiting for.

    Attributes:
        doing: words for a person.
        elapsed_s: seconds since this step began.
    """

    doing: str
    elapsed_s: float


@attrs.frozen(kw_only=True)
class _Site:
    """What a start has found out: it stays the same over restarts."""

    user: ServiceUser
    programs: Binaries
    socket: Path


def _silent(progress: Progress) -> None:
    """Tell nobody."""
    del progress


class EmbeddedPostgres:
    """One PostgreSQL server, owned by this process.

    A context manager: started on entry, stopped on exit. It may be started from any
    thread. Not to be carried over `fork`.

    Args:
        data_dir: a folder of its own; made if absent, refused if it holds other files.
        binaries_dir: where root keeps its copy of the programs.
        on_progress: told, many times a second, what a start or stop waits for.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        binaries_dir: Path | None = None,
        on_progress: Callable[[Progress], None] = _silent,
        tie: str = "death-signal" if sys.platform == "linux" else "watch",
    ) -> None:
        self._folder = DataFolder(data_dir.absolute())
        self._shelf = binaries_dir
        self._progress = on_progress
        self._tie = tie
        self._open = contextlib.ExitStack()
        self._keeper: Keeper | None = None
        self._site: _Site | None = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop in order, whatever happened."""
        self.stop()

    @property
    def dsn(self) -> str:
        """How the administrator connects. Holds the password: never print it.

        Raises:
            DatabaseNotRunningError: the server has not been started.
        """
        if self._site is None:
            raise DatabaseNotRunningError
        return _dsn(self._folder, self._site.socket)

    def start(self) -> None:
        """Start the server and wait, without limit, until it takes connections.

        Makes the data on the first start. A start that fails leaves nothing running
        and nothing held.

        Raises:
            DataFolderHeldError: another process runs this folder.
            DatabaseError: a more exact subclass of it says what else is wrong.
        """
        with contextlib.ExitStack() as undo:
            user = service_user(self._folder.pgdata)
            try:
                self._folder.prepare(user)
                undo.enter_context(self._folder.held())
                undo.callback(self._let_go)
                user.must_reach(self._folder.root)
                programs = binaries.find(user, shelf=self._shelf)
                self._folder.clear_drafts()
                if not self._folder.pgdata.exists():
                    self._make_data(user, programs)
                self._check_version()
                socket = self._folder.make_socket_folder(user)
                self._site = _Site(user=user, programs=programs, socket=socket)
                self._run(self._site)
                self._make_database()
            except psycopg.Error as refused:
                message = f"the database is up but refuses: {refused}"
                raise DatabaseError(message) from refused
            except OSError as trouble:
                where = f" ({trouble.filename})" if trouble.filename else ""
                raise from_os_error(
                    trouble, doing=f"preparing the database{where}"
                ) from trouble
            self._open = undo.pop_all()

    def stop(self) -> None:
        """Stop in order, and let go of the data folder. Without effect if stopped."""
        self._open.close()

    def poll(self) -> int | None:
        """Look whether the server runs.

        Returns:
            None while it does, else its exit status, negative for a signal.

        Raises:
            DatabaseNotRunningError: it has not been started, or was stopped.
        """
        if self._keeper is None:
            raise DatabaseNotRunningError
        return self._keeper.returncode

    def wait(self, timeout_s: float) -> int | None:
        """Wait for the server to end, but no longer than `timeout_s`; then as `poll`."""
        if self._keeper is None:
            raise DatabaseNotRunningError
        self._keeper.ended.wait(timeout_s)
        return self.poll()

    def restart(self) -> None:
        """Start the server again after it died; stop it first if it lives.

        The data folder stays held, the socket and the password stay as they were.
        """
        if self._site is None:
            raise DatabaseNotRunningError
        self._halt()
        self._run(self._site)

    @property
    def process(self) -> int:
        """Process number of the server, for diagnosis and for tests that kill it."""
        noted = leftovers.noted_process(self._folder.pgdata / "postmaster.pid")
        if self._keeper is None or noted is None:
            raise DatabaseNotRunningError
        return noted

    def _make_data(self, user: ServiceUser, programs: Binaries) -> None:
        """Run initdb in a draft, which becomes the data only when it is complete."""
        password = self._folder.password()
        token = time.monotonic_ns()
        draft = self._folder.root / f"pgdata.new-{token}"
        draft.mkdir(mode=0o700)
        user.give(draft)
        told = self._folder.root / f"password-{token}"
        write_private(told, password)
        user.give(told)
        keeper = Keeper(
            self._launch(
                user,
                signal.SIGKILL,
                [
                    str(programs.initdb),
                    f"--pgdata={draft}",
                    f"--username={ADMIN}",
                    f"--pwfile={told}",
                    "--auth-local=scram-sha-256",
                    "--auth-host=reject",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--data-checksums",
                    "--no-instructions",
                ],
            ),
            log=self._folder.log,
        )
        try:
            keeper.begin()
            self._await_end(keeper, "making the database")
        finally:
            told.unlink()
        if keeper.returncode != 0:
            raise from_message(keeper.reason())
        draft.rename(self._folder.pgdata)
        sync(self._folder.root)

    def _check_version(self) -> None:
        found = (self._folder.pgdata / "PG_VERSION").read_text("ascii").strip()
        if found != str(binaries.MAJOR_VERSION):
            raise DataVersionError(found=found, wanted=binaries.MAJOR_VERSION)

    def _run(self, site: _Site) -> None:
        """Start the server process and wait until it is ready."""
        note = self._folder.pgdata / "postmaster.pid"
        leftovers.wait_until_gone(
            self._folder.pgdata,
            waiting=lambda s: self._tell("waiting for the last server to end", s),
        )
        leftovers.clear_sockets(site.socket)
        old = _text(note)
        server = [str(site.programs.postgres), "-D", str(self._folder.pgdata)]
        server += conf.arguments(site.socket)
        keeper = Keeper(
            self._launch(site.user, FAST_SHUTDOWN, server), log=self._folder.log
        )
        self._keeper = keeper
        keeper.begin()
        begun = time.monotonic()
        while not keeper.ended.wait(_LOOK_EVERY_S):
            now = _text(note)
            # The status is the last line; an old note differs in process or time.
            if now != old and now.rstrip().endswith("ready"):
                return
            self._tell("starting the database", time.monotonic() - begun)
        raise from_message(keeper.reason())

    def _make_database(self) -> None:
        """Log in as administrator: the last proof of a start; make what is missing."""
        maintenance = make_conninfo(self.dsn, dbname="postgres")
        with psycopg.connect(maintenance, autocommit=True) as connection:
            known = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %(name)s", {"name": DATABASE}
            ).fetchone()
            if known is not None:
                return
            for closed in ("postgres", "template1"):
                connection.execute(
                    sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(
                        sql.Identifier(closed)
                    )
                )
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(
                    sql.Identifier(DATABASE)
                )
            )

    def _launch(
        self, user: ServiceUser, death: signal.Signals, program: list[str]
    ) -> list[str]:
        run = [*LAUNCHER, "run", *user.launch_arguments()]
        return [*run, str(os.getpid()), str(int(death)), self._tie, *program]

    def _let_go(self) -> None:
        """Undo a start: stop the server, forget the socket."""
        self._halt()
        if self._site is not None:
            self._folder.remove_socket_folder(self._site.user)
        self._keeper = self._site = None

    def _halt(self) -> None:
        """Stop the server in order; after a minute, without a checkpoint."""
        if self._keeper is None:
            return
        self._keeper.signal(FAST_SHUTDOWN)
        if not self._await_end(
            self._keeper, "stopping the database", patience_s=_STOP_PATIENCE_S
        ):
            self._keeper.signal(signal.SIGQUIT)
            self._await_end(self._keeper, "stopping the database")
        self._keeper.join()

    def _await_end(
        self, keeper: Keeper, doing: str, *, patience_s: float = float("inf")
    ) -> bool:
        begun = time.monotonic()
        while not keeper.ended.wait(_LOOK_EVERY_S):
            waited_s = time.monotonic() - begun
            self._tell(doing, waited_s)
            if waited_s > patience_s:
                return False
        return True

    def _tell(self, doing: str, elapsed_s: float) -> None:
        self._progress(Progress(doing=doing, elapsed_s=elapsed_s))


def dsn_of_running(data_dir: Path) -> str | None:
    """How the administrator connects to a server that another process runs.

    Returns:
        None if none has been started on this folder (it may have died since).
    """
    folder = DataFolder(data_dir.absolute())
    socket = folder.socket_folder()
    return None if socket is None else _dsn(folder, socket)


def _dsn(folder: DataFolder, socket: Path) -> str:
    return make_conninfo(
        host=str(socket), user=ADMIN, password=folder.password(), dbname=DATABASE
    )


def _text(note: Path) -> str:
    try:
        return note.read_text(errors="replace")
    except FileNotFoundError:
        return ""
