"""A whole site for a benchmark: its own database, agency and server, gone afterwards.

Everything is what an agency runs: the embedded PostgreSQL, the migrations, the keys,
and where asked for the server's own process. It lies in one temporary folder, which is
removed at the end, at an error and at Ctrl-C; what a killed benchmark left is removed
by the next one.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeAlias

import attrs
import httpx2
import psycopg
from psycopg import sql

from charteroak.bench.bench import BenchFailedError
from charteroak.server.agency import Agency
from charteroak.server.bootstrap import open_site
from charteroak.server.settings import Settings
from charteroak.server.store.postgres.supervisor import dsn_of_running
from charteroak.server.store.roles import AgencySchema

Admin: TypeAlias = "psycopg.Connection[tuple[object, ...]]"

AGENCY: Final = "bench"
_PREFIX: Final = "charteroak-bench-"
_PASSABLE: Final = 0o711
_LOOPBACK: Final = "127.0.0.1"
_UNTIL_UP_S: Final = 120.0
_UNTIL_DOWN_S: Final = 60.0
_LOOK_EVERY_S: Final = 0.05


@attrs.frozen(kw_only=True, eq=False)
class BenchSite:
    """An agency of its own.

    Attributes:
        folder: everything that is written lies in here.
        dsn: of the database's administrator.
    """

    agency: Agency
    folder: Path
    dsn: str = attrs.field(repr=False)

    @contextmanager
    def admin(self) -> Iterator[Admin]:
        """The database's administrator, in the agency's schema, each statement alone."""
        with administrator(self.dsn) as connection:
            yield connection

    def count(self, query: sql.SQL) -> int:
        """The one number that a query gives."""
        with self.admin() as connection:
            return one_number(connection, query)


@contextmanager
def a_site(*, keep: timedelta | None = None) -> Iterator[BenchSite]:
    """Make a site in this process, with buckets and nothing in them.

    Args:
        keep: the agency's own limit; the law's without it.
    """
    with own_folder() as folder:
        settings = _settings(folder, keep=keep)
        with open_site(settings) as site:
            assert site.postgres is not None  # noqa: S101 - no DSN is given
            yield BenchSite(agency=site.agency, folder=folder, dsn=site.postgres.dsn)


@contextmanager
def administrator(dsn: str) -> Iterator[Admin]:
    """The administrator of a site's database, in the agency's schema."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL("SET search_path TO {}").format(
                sql.Identifier(AgencySchema(AGENCY).schema)
            )
        )
        yield connection


def one_number(connection: Admin, query: sql.SQL) -> int:
    """The one number that a query gives.

    Raises:
        BenchFailedError: it gave something else.
    """
    row = connection.execute(query).fetchone()
    if row is None or not isinstance(row[0], int):
        raise BenchFailedError("the database gave no number")
    return row[0]


class Server:
    """`charteroak server run` in a process of its own, on loopback.

    It ends with this process, however that ends.

    Attributes:
        address: where boxes find it; the same after every start.
        folder: its data lie below it.
    """

    def __init__(self, folder: Path, *, keep: timedelta | None = None) -> None:
        self.folder = folder
        self._port = free_port()
        self.address = f"http://{_LOOPBACK}:{self._port}"
        self._settings = _settings(folder, keep=keep)
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    @property
    def process(self) -> int:
        """Its process number.

        Raises:
            BenchFailedError: it is not running.
        """
        if self._process is None:
            raise BenchFailedError("the server is not running")
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it answers.

        Raises:
            BenchFailedError: it ended, or does not answer within two minutes.
        """
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "charteroak.bench.served"],
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
            )
        until = time.monotonic() + _UNTIL_UP_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                said = self._log.read_text(errors="replace")[-500:]
                msg = f"the server did not start: {said.strip() or 'it said nothing'}"
                raise BenchFailedError(msg)
            time.sleep(_LOOK_EVERY_S)

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, and wait until it is gone; without effect where it is not running."""
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(_UNTIL_DOWN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None

    @contextmanager
    def agency(self) -> Iterator[Agency]:
        """Its agency, for the administrator's own commands; while it runs."""
        with open_site(self._settings, share=True) as site:
            yield site.agency

    @contextmanager
    def admin(self) -> Iterator[Admin]:
        """The administrator of its database; see `BenchSite.admin`."""
        dsn = dsn_of_running(self._settings.data / "database")
        if dsn is None:
            raise BenchFailedError("the database is not running")
        with administrator(dsn) as connection:
            yield connection

    def _answers(self) -> bool:
        try:
            answer = httpx2.get(
                f"{self.address}/api/v1/health", trust_env=False, timeout=5.0
            )
        except httpx2.HTTPError:
            return False
        return answer.is_success

    def _environment(self) -> Mapping[str, str]:
        ours = {
            name: value
            for name, value in os.environ.items()
            # Settings of a real agency on this machine are not the benchmark's.
            if not name.startswith("CHARTEROAK_")
        }
        ours["CHARTEROAK_DATA"] = str(self._settings.data)
        ours["CHARTEROAK_AGENCY"] = AGENCY
        ours["CHARTEROAK_PORT"] = str(self._port)
        if self._settings.keep is not None:
            ours["CHARTEROAK_KEEP"] = f"PT{int(self._settings.keep.total_seconds())}S"
        return ours


@contextmanager
def a_server(*, keep: timedelta | None = None) -> Iterator[Server]:
    """Run a server for the length of a block."""
    with own_folder() as folder:
        server = Server(folder, keep=keep)
        try:
            server.start()
            yield server
        finally:
            server.end()


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server((_LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]
    assert isinstance(port, int)  # noqa: S101 - of an internet address it is
    return port


@contextmanager
def own_folder() -> Iterator[Path]:
    """A new temporary folder that the database's user can pass through.

    Folders of benchmarks that were killed are removed first: nobody holds their lock.
    """
    above = Path(tempfile.gettempdir())
    for left in above.glob(f"{_PREFIX}*"):
        _remove_if_left(left)
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        lock = stack.enter_context((folder / "lock").open("w"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder.chmod(_PASSABLE)
        yield folder


def _remove_if_left(folder: Path) -> None:
    with contextlib.suppress(OSError):
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            return
        # A folder without a lock has just been made.
        with (folder / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)


def _settings(folder: Path, *, keep: timedelta | None) -> Settings:
    """Settings of a benchmark's agency, whatever the environment says."""
    return Settings(
        data=folder / "data",
        dsn=None,
        agency=AGENCY,
        jurisdiction="us_ct",
        keep=keep,
        host=_LOOPBACK,
        tls_certificate=None,
        tls_key=None,
        proxy=None,
        public_url=None,
    )
