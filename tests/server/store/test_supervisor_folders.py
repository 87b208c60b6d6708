"""The supervisor's folders, users and programs, attacked."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from charteroak.server.store.postgres import binaries, launch
from charteroak.server.store.postgres.errors import (
    BinariesMissingError,
    DatabaseDidNotStartError,
    DataVersionError,
    DiskFullError,
    NoPermissionError,
    NotADataFolderError,
    SecretMissingError,
    UnreachableFolderError,
)
from charteroak.server.store.postgres.supervisor import EmbeddedPostgres, Progress
from tests.support.embedded import Make, as_root, commit, on_linux


def test_a_long_or_odd_path_gets_a_short_closed_socket_folder(
    make: Make, folder: Path
) -> None:
    for name in ("x" * 120, "a, 'b\" c"):
        server = make(name)
        server.start()
        noted = Path((folder / name / "socket").read_text())
        assert noted.parent != folder / name
        assert stat.S_IMODE(noted.stat().st_mode) == 0o700
        commit(server.dsn, 1)
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
