"""`charteroak server`: real commands on a real data folder, as an administrator types."""

import json
import os
import pwd
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import httpx2
import psycopg
import pytest

from charteroak.server.store.postgres.supervisor import dsn_of_running
from tests.support.postgres import reachable_folder

PATIENCE_S = 90


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@attrs.frozen
class Shell:
    """Where an administrator types.

    Attributes:
        data: the data folder that the environment names.
    """

    data: Path

    def environment(self, **more: str) -> dict[str, str]:
        mine = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("CHARTEROAK_")
        }
        return {
            **mine,
            "CHARTEROAK_DATA": str(self.data),
            "CHARTEROAK_AGENCY": "typed",
            "CHARTEROAK_KEEP": "PT3M",
            "COLUMNS": "160",
            **{f"CHARTEROAK_{name.upper()}": value for name, value in more.items()},
        }

    def run(self, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Type a command and wait for its end; a traceback is never an answer."""
        ended = subprocess.run(
            [sys.executable, "-m", "charteroak.cli", "server", *words],
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert "Traceback" not in ended.stderr + ended.stdout
        return ended

    def refused(self, *words: str, **more: str) -> str:
        """What stderr says of a command that must end with status 1."""
        ended = self.run(*words, **more)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr.startswith("charteroak: ")
        return ended.stderr


@attrs.frozen
class Running:
    """A server that runs, as `charteroak server run` started it."""

    process: "subprocess.Popen[str]"
    address: str

    def stop(self, number: signal.Signals) -> str:
        """Send a signal and wait; gives what it still said."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=PATIENCE_S)
        return said


@pytest.fixture
def shell() -> Iterator[Shell]:
    with reachable_folder("cli") as folder:
        yield Shell(folder / "data")


def started(shell: Shell, *words: str, port: str = "", **more: str) -> Running:
    port = port or str(free_port())
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "charteroak.cli", "server", "run"),
            *("--port", port, *words),
        ],
        env=shell.environment(**more),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    begun, said = time.monotonic(), ""
    while "Ctrl-C stops it" not in said:
        assert time.monotonic() - begun < PATIENCE_S, said
        assert process.poll() is None, said + process.stderr.read()
        if select.select([process.stderr], [], [], 0.2)[0]:
            said += os.read(process.stderr.fileno(), 65_536).decode()
    return Running(process, f"http://127.0.0.1:{port}")


def pages_answer(server: Running) -> bool:
    answer = httpx2.get(f"{server.address}/api/v1/health")
    return answer.status_code == 200


def database_answers(shell: Shell) -> bool:
    dsn = dsn_of_running(shell.data / "database")
    try:
        with psycopg.connect(dsn or "host=/nowhere") as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def test_accounts_from_the_first_to_the_disabled(shell: Shell) -> None:
    waiting = shell.run("migrate", "--check")
    assert waiting.returncode == 1
    assert waiting.stdout.startswith("To do: 0001_spine.sql\n")
    assert "Make a backup" in waiting.stdout
    assert shell.run("migrate").stdout.endswith("The database is up to date.\n")
    checked = shell.run("migrate", "--check")
    assert (checked.returncode, checked.stdout) == (0, "The database is up to date.\n")

    added = shell.run(
        *("user", "add", "ada", "--name", "Ada Brandt"),
        *("--role", "administrator", "--role", "list_clerk"),
    )
    assert added.returncode == 0
    first = re.search(r"Added ada\. Temporary password: (\S+)", added.stdout)
    assert first is not None
    assert "somebody has the login ada" in shell.refused(
        *("user", "add", "ada", "--name", "Another", "--role", "auditor")
    )

    listed = shell.run("user", "list").stdout
    assert re.search(r"ada +Ada Brandt +administrator, list_clerk +in use", listed)

    renewed = shell.run("user", "password", "ADA")
    assert renewed.returncode == 0
    assert "Temporary password, shown this once:" in renewed.stdout
    assert first[1] not in renewed.stdout
    assert "nobody has the login bob" in shell.refused("user", "password", "bob")
    assert shell.run("user", "unlock", "ada").returncode in {0, 1}
    # Somebody must be able to let others in again.
    assert "last administrator" in shell.refused("user", "disable", "ada")
    shell.run("user", "add", "eve", "--name", "Eve", "--role", "administrator")
    assert shell.run("user", "disable", "ada").stdout == "Done.\n"
    assert re.search(r"ada .* disabled", shell.run("user", "list").stdout)


def test_status_says_what_needs_attention_and_is_plain_json_for_machines(
    shell: Shell,
) -> None:
    said = shell.run("status")

    assert said.returncode == 1  # no worker has run yet
    assert "Something needs attention." in said.stdout
    assert "LATE" in said.stdout
    assert "1. The server does not run here" in said.stdout
    machine = shell.run("status", "--json")
    assert machine.returncode == 1
    seen = json.loads(machine.stdout)
    assert seen["well"] is False
    assert seen["limit_s"] == 180
    assert seen["broken_promises"] == []
    shared = os.geteuid() == 0 and "charteroak" not in {
        each.pw_name for each in pwd.getpwall()
    }
    assert seen["notes"] == (["shared_user"] if shared else [])
    assert {line["duty"] for line in seen["duties"]} >= {"purge_reads", "tidy_up"}


def test_a_server_runs_shares_its_database_and_stops_in_order(shell: Shell) -> None:
    server = started(shell, "--log", "json")
    assert pages_answer(server)

    added = shell.run("user", "add", "ada", "--name", "Ada", "--role", "administrator")
    assert added.returncode == 0
    begun = time.monotonic()
    while (status := shell.run("status")).returncode != 0:
        assert time.monotonic() - begun < PATIENCE_S, status.stdout
    assert "All is well." in status.stdout
    assert pages_answer(server)
    held = shell.refused("run", "--port", str(free_port()))
    assert held.count("\n") == 2
    assert "in use" in held or "another" in held
    taken = shell.refused("run", "--port", server.address.rpartition(":")[2])
    assert "cannot listen on 127.0.0.1, port" in taken

    said = server.stop(signal.SIGTERM)

    assert server.process.returncode == 0, said
    assert "Traceback" not in said
    lines = [json.loads(line) for line in said.splitlines()]
    asked = [line for line in lines if line["logger"] == "charteroak.web"]
    assert asked
    for line in asked:
        assert line["level"] == "info"
        assert (line["method"], line["route"]) == ("GET", "/api/v1/health")
        assert line["status"] == 200
    assert not database_answers(shell)


def test_a_killed_server_takes_its_database_along_and_starts_again(
    shell: Shell,
) -> None:
    server = started(shell)
    shell.run("user", "add", "ada", "--name", "Ada", "--role", "administrator")

    server.stop(signal.SIGKILL)

    begun = time.monotonic()
    while database_answers(shell):
        assert time.monotonic() - begun < PATIENCE_S
        time.sleep(0.1)
    again = started(shell)
    assert pages_answer(again)
    assert "ada" in shell.run("user", "list").stdout
    again.stop(signal.SIGINT)
    assert again.process.returncode == 0


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("agency", "West Hartford", "CHARTEROAK_AGENCY: "),
        ("keep", "soon", "CHARTEROAK_KEEP: "),
        (
            "policyy",
            "minimal",
            "CHARTEROAK_POLICYY is no setting; CHARTEROAK_POLICY is",
        ),
        ("port", "0", "CHARTEROAK_PORT: "),
        ("host", "0.0.0.0", "plain HTTP is for this machine only"),  # noqa: S104
        ("tls_certificate", "/nowhere/cert.pem", "set both CHARTEROAK_TLS_CERTIFICATE"),
        ("time_zone", "Mars/Olympus", "CHARTEROAK_TIME_ZONE: "),
        ("jurisdiction", "atlantis", "there is no law profile named atlantis"),
        ("policy", "strict", "no agency policy or contract named strict"),
        ("dsn", "postgresql://nobody:s3cret@127.0.0.1:1/x", "cannot be reached"),
    ],
)
def test_a_wrong_setting_is_named_in_a_sentence(
    shell: Shell, setting: str, value: str, said: str
) -> None:
    told = shell.refused("run", **{setting: value})

    assert said in told
    assert "s3cret" not in told


@pytest.mark.parametrize("zone", ["", "/etc/passwd", "America"])
def test_a_time_zone_that_is_none_is_refused(shell: Shell, zone: str) -> None:
    assert "no such time zone" in shell.refused("status", time_zone=zone)


def test_a_certificate_that_cannot_be_used_is_named(shell: Shell) -> None:
    said = shell.refused(
        "run", tls_certificate="/nowhere/cert.pem", tls_key="/nowhere/key.pem"
    )
    assert "the certificate cannot be used" in said
    assert not shell.data.exists()


def test_a_data_folder_that_cannot_be_made_is_named(shell: Shell) -> None:
    shell.data.write_text("a file where the folder should be")

    assert "cannot use the data folder" in shell.refused("status")
