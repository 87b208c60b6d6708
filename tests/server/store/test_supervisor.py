"""Attacks on the promises of the embedded database's supervisor."""

import contextlib
import os
import signal
import stat
import subprocess
import threading
import time
from pathlib import Path

import psycopg
import pytest

from charteroak.server.store.postgres import leftovers, supervisor
from charteroak.server.store.postgres.errors import (
    DatabaseNotRunningError,
    DataFolderHeldError,
)
from tests.support.embedded import (
    PATIENCE_S,
    ROOT,
    Make,
    an_owner_process,
    commit,
    kept,
    on_linux,
    setting,
    until,
)


def test_starts_stops_and_starts_again_faster(make: Make) -> None:
    server = make()
    begun = time.monotonic()
    server.start()
    first_s = time.monotonic() - begun
    commit(server.dsn, 1)
    server.stop()
    server.stop()
    with pytest.raises(DatabaseNotRunningError):
        server.poll()

    begun = time.monotonic()
    server.start()
    second_s = time.monotonic() - begun

    assert kept(server.dsn) == [1]
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
        assert setting(postgres_dsn, name) == value


def test_a_data_folder_cannot_change_the_settings(make: Make) -> None:
    server = make()
    server.start()
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET wal_recycle = on")
    server.restart()

    assert setting(server.dsn, "wal_recycle") == "off"


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

    assert modes.pop("data") == (0o710 if ROOT else 0o700)
    assert all(mode & 0o077 == 0 for mode in modes.values()), modes
    if ROOT:
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
    with an_owner_process(folder / "data", postgres_programs) as (process, _, dsn):
        with pytest.raises(DataFolderHeldError, match=str(process.pid)) as refused:
            make().start()
        assert refused.value.holder == process.pid
        commit(dsn, 1)  # the first is unharmed
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
    with an_owner_process(folder / "data", postgres_programs, tie) as (
        process,
        server,
        dsn,
    ):
        commit(dsn, 1)
        assert server in leftovers._processes(pgdata)
        process.kill()
        process.wait()
        until(lambda: not leftovers._processes(pgdata))

    again = make()
    again.start()
    assert kept(again.dsn) == [1]


@on_linux
def test_the_next_owner_waits_for_a_server_that_is_still_stopping(
    make: Make, folder: Path, postgres_programs: Path
) -> None:
    for number in range(3):
        with an_owner_process(folder / "data", postgres_programs) as (process, _, dsn):
            commit(dsn, number)
            process.kill()
            process.wait()
            # At once, with the old server in the middle of its shutdown.
            with make() as server:
                assert kept(server.dsn) == list(range(number + 1))


@on_linux
def test_a_killed_server_is_noticed_and_restarted_with_its_data(
    make: Make,
) -> None:
    server = make()
    server.start()
    commit(server.dsn, 1)
    dsn = server.dsn
    endless = "SELECT count(*) FROM generate_series(1, 1000000000000)"
    with contextlib.closing(psycopg.connect(dsn)) as session:
        # A session that computes does not notice that its server is gone.
        session.pgconn.send_query(endless.encode())
        killed = server.process
        os.kill(killed, signal.SIGKILL)
        assert server.wait(PATIENCE_S) == -signal.SIGKILL
        server.restart()

    assert server.poll() is None
    assert server.process != killed
    assert server.dsn == dsn
    assert kept(dsn) == [1]


def test_a_server_killed_with_much_to_recover_comes_back(make: Make) -> None:
    server = make()
    server.start()
    with psycopg.connect(server.dsn) as connection:
        connection.execute("CREATE TABLE many AS SELECT generate_series(1, 300000) n")
    os.kill(server.process, signal.SIGKILL)
    server.wait(PATIENCE_S)
    server.restart()

    with psycopg.connect(server.dsn) as connection:
        row = connection.execute("SELECT count(*) FROM many").fetchone()
    assert row == (300_000,)


def test_a_note_with_a_number_reused_by_another_program_does_not_matter(
    make: Make, folder: Path
) -> None:
    server = make()
    server.start()
    commit(server.dsn, 1)
    note = folder / "data" / "pgdata" / "postmaster.pid"
    old = note.read_text()
    server.stop()
    user = (folder / "data" / "pgdata").stat().st_uid
    with subprocess.Popen(
        ["/bin/sleep", "600"], user=user if ROOT else None
    ) as stranger:
        note.write_text(old.replace(old.splitlines()[0], str(stranger.pid), 1))
        os.chown(note, user, -1)
        server.start()
        assert stranger.poll() is None
        stranger.kill()

    assert kept(server.dsn) == [1]


def test_started_from_a_thread_it_outlives_the_thread(make: Make) -> None:
    server = make()
    starter = threading.Thread(target=server.start)
    starter.start()
    starter.join()

    assert server.wait(1.0) is None
    commit(server.dsn, 1)


@on_linux
def test_a_socket_whose_note_names_a_living_stranger_does_not_matter(
    make: Make, folder: Path
) -> None:
    """As after a double kill, when nobody has reaped the old server yet."""
    server = make()
    server.start()
    commit(server.dsn, 1)
    sockets = Path((folder / "data" / "socket").read_text())
    note = sockets / ".s.PGSQL.5432.lock"
    old = note.read_text()
    server.stop()
    with subprocess.Popen(["/bin/sleep", "600"]) as stranger:
        try:
            note.write_text(old.replace(old.splitlines()[0], str(stranger.pid), 1))
            again = make()
            again.start()
            assert kept(again.dsn) == [1]
        finally:
            stranger.kill()
