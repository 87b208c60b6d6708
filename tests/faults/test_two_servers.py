"""Two servers on one data folder: the second says who has it, and leaves it alone."""

import os
import signal
import subprocess
import sys

import pytest

from tests.attack.a_running_server import Running
from tests.faults.boxes import takes_reads, until

pytestmark = pytest.mark.xdist_group("faults")


def second(server: Running) -> "subprocess.CompletedProcess[str]":
    """Start another server on the same data folder, on a port of its own."""
    return subprocess.run(
        [sys.executable, "-m", "charteroak.cli", "server", "run"],
        env={**server.environment, "CHARTEROAK_PORT": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_second_is_refused_and_starts_when_the_first_was_killed(
    server: Running,
) -> None:
    until(lambda: takes_reads(server), "the server is not up")
    first = server.process
    assert first is not None

    refused = second(server)

    assert refused.returncode == 1
    assert f"held by another Charter Oak (process {first.pid})" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert takes_reads(server)

    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    server.start()

    assert server.process is not first
    assert takes_reads(server)
