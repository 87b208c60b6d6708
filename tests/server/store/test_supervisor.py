"""Attacks on the promises of the embedded database's supervisor."""

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import psycopg
import pytest

from charteroak.server.store.postgres import binaries, launch, leftovers, supervisor
from charteroak.server.store.postgres.errors import (
    BinariesMissingError,
    DatabaseDidNotStartError,
    DatabaseNotRunningError,
    DataFolderHeldError,
    DataVersionError,
    DiskFullError,
    NoPermissionError,
    NotADataFolderError,
    SecretMissingError,
    UnreachableFolderError,
)
from charteroak.server.store.postgres.supervisor import EmbeddedPostgres, Progress
from tests.support.postgres import reachable_folder

_ROOT = os.geteuid() == 0
_OWNER = Path(__file__).with_name("an_owner.py")
_PATIENCE_S = 60.0

as_root = pytest.mark.skipif(not _ROOT, reason="only root changes users and mounts")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


@pytest.fixture
def folder() -> Iterator[Path]:
    with reachable_folder("supervisor") as path:
        yield path


class Make(Protocol):
    """Makes a supervisor of a folder with this name."""

    def __call__(self, name: str = "data") -> EmbeddedPostgres: ...


@pytest.fixture
def make(folder: Path, postgres_programs: Path) -> Iterator[Make]:
    """Make supervisors of `folder/data` that are stopped after the test."""
    made: list[EmbeddedPostgres] = []

    def make(name: str = "data") -> EmbeddedPostgres:
        server = EmbeddedPostgres(folder / name, binaries_dir=postgres_programs)
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop()


def _commit(dsn: str, number: int) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (%(n)s)", {"n": number})


def _kept(dsn: str) -> list[int]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT n FROM kept ORDER BY n").fetchall()
    return [int(row[0]) for row in rows]


def _setting(dsn: str, name: str) -> str:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT current_setting(%(name)s)", {"name": name}
        ).fetchone()
    assert row is not None
    return str(row[0])


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not done():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


@contextlib.contextmanager
def _owner(
    data: Path, programs: Path, tie: str = "death-signal"
) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """Another process that owns a running server; killed at the end."""
    path = os.pathsep.join(sys.path)
    with subprocess.Popen(
        [sys.executable, str(_OWNER), str(data), str(programs), tie],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        try:
            assert process.stdout is not None
            server = int(process.stdout.readline())
            yield process, server, process.stdout.readline().strip()
        finally:
            process.kill()
            process.wait()
            leftovers.wait_until_gone(data / "pgdata", waiting=lambda _: None)


def test_starts_stops_and_starts_again_faster(make: Make) -> None:
    server = make()
    begun = time.monotonic()
    server.start()
    first_s = time.monotonic() - begun
    _commit(server.dsn, 1)
    server.stop()
    server.stop()
    with pytest.raises(DatabaseNotRunningError):
        server.poll()

    begun = time.monotonic()
    server.start()
    second_s = time.monotonic() - begun

    assert _kept(server.dsn) == [1]
    assert second_s < first_s


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("wal_recycle", "off"),
        ("min_wal_size", "32MB"),
        ("wal_level", "minimal"),
        ("listen_addresses", ""),
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("lc_collate", "C"),
        ("server_encoding", "UTF8"),
        ("log_parameter_max_length_on_error", "0"),
    ],
)
def test_settings_that_promises_rest_on(
    postgres_dsn: str, name: str, value: str
) -> None:
    if "CHARTEROAK_TEST_DSN" in os.environ:
        pytest.skip("somebody else's server has its own settings")
    if name == "lc_collate":
        with psycopg.connect(postgres_dsn) as connection:
            row = connection.execute(
                "SELECT datcollate FROM pg_database WHERE datname = current_database()"
            ).fetchone()
        assert row == (value,)
    else:
        assert _setting(postgres_dsn, name) == value


def test_a_data_folder_cannot_change_the_settings(make: Make) -> None:
    server = make()
    server.start()
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET wal_recycle = on")
    server.restart()

    assert _setting(server.dsn, "wal_recycle") == "off"


def test_no_password_no_entry(make: Make) -> None:
    server = make()
    server.start()
    for wrong in ("", "wrong"):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.dsn, password=wrong)


def test_only_the_owner_gets_near(make: Make, folder: Path) -> None:
    server = make()
    server.start()
    data = folder / "data"
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in [data, *data.iterdir(), data / "run" / ".s.PGSQL.5432"]
    }

    assert modes.pop("data") == (0o710 if _ROOT else 0o700)
    assert all(mode & 0o077 == 0 for mode in modes.values()), modes
    if _ROOT:
        # The server's user may not write where root does.
        assert data.stat().st_uid == 0
        assert (data / "admin.secret").stat().st_uid == 0


def test_values_of_failing_statements_do_not_reach_the_log(
    make: Make, folder: Path
) -> None:
    server = make()
    server.start()
    marker = "MARKER77"
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE seen (plate text PRIMARY KEY, n int)")
        for attack in (
            "INSERT INTO seen SELECT 'MARKER77' FROM generate_series(1, 2)",
            "SELECT 'MARKER77'::int",
            "SELECT MARKER77",
            "DO $$ BEGIN RAISE WARNING 'MARKER77'; END $$",
        ):
            with contextlib.suppress(psycopg.Error):
                connection.execute(attack)
        with contextlib.suppress(psycopg.Error):
            connection.execute("SELECT %s::int + %s::int", (marker, marker))
    server.stop()

    log = (folder / "data" / "postgres.log").read_text()
    assert "database system is shut down" in log
    assert marker.lower() not in log.lower()


def test_a_second_supervisor_is_told_who_holds_the_folder(
    make: Make, folder: Path, postgres_programs: Path
) -> None:
    with _owner(folder / "data", postgres_programs) as (process, _, dsn):
        with pytest.raises(DataFolderHeldError, match=str(process.pid)) as refused:
            make().start()
        assert refused.value.holder == process.pid
        _commit(dsn, 1)  # the first is unharmed
        assert supervisor.dsn_of_running(folder / "data") == dsn


def test_the_same_process_cannot_start_twice(make: Make) -> None:
    make().start()
    with pytest.raises(DataFolderHeldError):
        make().start()


@on_linux
@pytest.mark.parametrize("tie", ["death-signal", "watch"])
def test_the_server_dies_with_its_owner_and_the_data_stay(
    make: Make, folder: Path, postgres_programs: Path, tie: str
) -> None:
    pgdata = folder / "data" / "pgdata"
    with _owner(folder / "data", postgres_programs, tie) as (process, server, dsn):
        _commit(dsn, 1)
        assert server in leftovers._processes(pgdata)
        process.kill()
        process.wait()
        _until(lambda: not leftovers._processes(pgdata))

    again = make()
    again.start()
    assert _kept(again.dsn) == [1]


@on_linux
def test_the_next_owner_waits_for_a_server_that_is_still_stopping(
    make: Make, folder: Path, postgres_programs: Path
) -> None:
    for number in range(3):
        with _owner(folder / "data", postgres_programs) as (process, _, dsn):
            _commit(dsn, number)
            process.kill()
            process.wait()
            # At once, with the old server in the middle of its shutdown.
            with make() as server:
                assert _kept(server.dsn) == list(range(number + 1))


@on_linux
def test_a_killed_server_is_noticed_and_restarted_with_its_data(
    make: Make,
) -> None:
    server = make()
    server.start()
    _commit(server.dsn, 1)
    dsn = server.dsn
    endless = "SELECT count(*) FROM generate_series(1, 1000000000000)"
    with contextlib.closing(psycopg.connect(dsn)) as session:
        # A session that computes does not notice that its server is gone.
        session.pgconn.send_query(endless.encode())
        killed = server.process
        os.kill(killed, signal.SIGKILL)
        assert server.wait(_PATIENCE_S) == -signal.SIGKILL
        server.restart()

    assert server.poll() is None
    assert server.process != killed
    assert server.dsn == dsn
    assert _kept(dsn) == [1]


def test_a_server_killed_with_much_to_recover_comes_back(make: Make) -> None:
    server = make()
    server.start()
    with psycopg.connect(server.dsn) as connection:
        connection.execute("CREATE TABLE many AS SELECT generate_series(1, 300000) n")
    os.kill(server.process, signal.SIGKILL)
    server.wait(_PATIENCE_S)
    server.restart()

    with psycopg.connect(server.dsn) as connection:
        row = connection.execute("SELECT count(*) FROM many").fetchone()
    assert row == (300_000,)


def test_a_note_with_a_number_reused_by_another_program_does_not_matter(
    make: Make, folder: Path
) -> None:
    server = make()
    server.start()
    _commit(server.dsn, 1)
    note = folder / "data" / "pgdata" / "postmaster.pid"
    old = note.read_text()
    server.stop()
    user = (folder / "data" / "pgdata").stat().st_uid
    with subprocess.Popen(
        ["/bin/sleep", "600"], user=user if _ROOT else None
    ) as stranger:
        note.write_text(old.replace(old.splitlines()[0], str(stranger.pid), 1))
        os.chown(note, user, -1)
        server.start()
        assert stranger.poll() is None
        stranger.kill()

    assert _kept(server.dsn) == [1]


def test_started_from_a_thread_it_outlives_the_thread(make: Make) -> None:
    server = make()
    starter = threading.Thread(target=server.start)
    starter.start()
    starter.join()

    assert server.wait(1.0) is None
    _commit(server.dsn, 1)


def test_a_long_or_odd_path_gets_a_short_closed_socket_folder(
    make: Make, folder: Path
) -> None:
    for name in ("x" * 120, "a, 'b\" c"):
        server = make(name)
        server.start()
        noted = Path((folder / name / "socket").read_text())
        assert noted.parent != folder / name
        assert stat.S_IMODE(noted.stat().st_mode) == 0o700
        _commit(server.dsn, 1)
        server.stop()
        assert not noted.exists()


def test_a_folder_with_other_files_is_left_alone(make: Make, folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "letter.txt").write_text("dear")

    with pytest.raises(NotADataFolderError):
        make().start()

    assert [path.name for path in (folder / "data").iterdir()] == ["letter.txt"]


def test_data_of_another_version_are_left_alone(make: Make, folder: Path) -> None:
    server = make()
    server.start()
    server.stop()
    version = folder / "data" / "pgdata" / "PG_VERSION"
    version.write_text("16\n")

    with pytest.raises(DataVersionError, match="16"):
        server.start()


def test_a_lost_secret_is_named(make: Make, folder: Path) -> None:
    server = make()
    server.start()
    server.stop()
    (folder / "data" / "admin.secret").unlink()

    with pytest.raises(SecretMissingError):
        server.start()


def test_a_start_fails_as_soon_as_the_server_does_and_lets_go(
    make: Make, folder: Path
) -> None:
    server = make()
    server.start()
    server.stop()
    control = folder / "data" / "pgdata" / "global" / "pg_control"
    control.rename(control.with_suffix(".away"))

    with pytest.raises(DatabaseDidNotStartError, match="control"):
        server.start()

    control.with_suffix(".away").rename(control)
    server.start()


def test_leftovers_of_a_killed_first_start_do_not_matter(
    make: Make, folder: Path
) -> None:
    data = folder / "data"
    (data / "pgdata.new-1" / "base").mkdir(parents=True)
    (data / "password-1").write_text("half")
    (data / "lock").touch()

    make().start()

    assert not list(data.glob("pgdata.new-*"))
    assert not list(data.glob("password-*"))


def test_waiting_is_told(folder: Path, postgres_programs: Path) -> None:
    told: list[Progress] = []
    with EmbeddedPostgres(
        folder / "data", binaries_dir=postgres_programs, on_progress=told.append
    ):
        pass

    assert "making the database" in {progress.doing for progress in told}


def test_the_log_is_bounded(folder: Path, make: Make) -> None:
    server = make()
    server.start()
    server.stop()
    log = folder / "data" / "postgres.log"
    with log.open("a") as file:
        file.write("x" * 5 * 1024 * 1024)
    server.start()

    assert log.stat().st_size < 1024 * 1024


@as_root
def test_root_never_runs_it_and_copies_the_programs_for_itself(
    make: Make, folder: Path, postgres_programs: Path
) -> None:
    server = make()
    server.start()

    uid = Path(f"/proc/{server.process}").stat().st_uid
    assert uid != 0
    assert (folder / "data" / "pgdata").stat().st_uid == uid
    copied = [path.stat() for path in postgres_programs.rglob("*")]
    assert copied
    assert all(one.st_uid == 0 and not one.st_mode & 0o022 for one in copied)


@as_root
def test_a_closed_folder_above_is_named_and_stays_closed(
    make: Make, folder: Path
) -> None:
    home = folder / "home"
    home.mkdir(mode=0o700)

    with pytest.raises(UnreachableFolderError, match=str(home)) as refused:
        make("home/data").start()

    assert refused.value.blocked_by == home
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@as_root
def test_a_strangers_folder_of_programs_is_not_used(folder: Path) -> None:
    shelf = folder / "shelf"
    shelf.mkdir()
    os.chown(shelf, pwd.getpwnam("nobody").pw_uid, -1)

    with pytest.raises(NoPermissionError):
        EmbeddedPostgres(folder / "data", binaries_dir=shelf).start()


@as_root
@on_linux
def test_a_full_disk_is_named(folder: Path, postgres_programs: Path) -> None:
    small = folder / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m,mode=755", "none", str(small)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode != 0:
        pytest.skip("this machine does not let root mount")
    try:
        with pytest.raises(DiskFullError):
            EmbeddedPostgres(small / "data", binaries_dir=postgres_programs).start()
    finally:
        subprocess.run(["umount", str(small)], check=True)


@as_root
@on_linux
def test_someone_who_is_not_root_runs_it_in_place(folder: Path) -> None:
    """The other way in: no drop, no copy. Needs an interpreter that all may run."""
    python = shutil.which("python3", path="/usr/bin:/bin")
    release = f"{sys.version_info.major}.{sys.version_info.minor}"
    if python is None or not Path(python).resolve().name.endswith(release):
        pytest.skip("no system Python of this release")
    data = folder / "data"
    data.mkdir()
    nobody = pwd.getpwnam("nobody")
    os.chown(data, nobody.pw_uid, nobody.pw_gid)
    script = (
        "import sys, psycopg; from pathlib import Path;"
        "from charteroak.server.store.postgres.supervisor import EmbeddedPostgres;"
        "server = EmbeddedPostgres(Path(sys.argv[1])); server.start();"
        "c = psycopg.connect(server.dsn);"
        "print(c.execute('SELECT 6 * 7').fetchone()[0]); c.close(); server.stop()"
    )
    ran = subprocess.run(
        [python, "-B", "-c", script, str(data)],
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        env={"PYTHONPATH": os.pathsep.join(sys.path[1:])},
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )

    assert (ran.stdout, ran.returncode) == ("42\n", 0), ran.stderr
    assert (data / "admin.secret").stat().st_uid == nobody.pw_uid


def test_a_launcher_whose_parent_is_gone_starts_nothing() -> None:
    if sys.platform != "linux":
        pytest.skip("the parent-death signal is Linux's")
    arguments = ["run", "-", "-", "-", "1", "2", "death-signal", "/bin/echo", "no"]
    ran = subprocess.run(
        [sys.executable, "-I", "-S", launch.__file__, *arguments],
        capture_output=True,
        check=False,
    )

    assert (ran.returncode, ran.stdout) == (launch.PARENT_GONE, b"")


@as_root
def test_a_damaged_installation_is_not_copied(folder: Path) -> None:
    wheel = binaries._installed()
    path, _ = wheel.files[0]
    with pytest.raises(BinariesMissingError, match="not the file"):
        binaries._copy(
            binaries._Wheel(
                root=wheel.root, version=wheel.version, files=((path, "0" * 64),)
            ),
            folder / "draft",
        )
