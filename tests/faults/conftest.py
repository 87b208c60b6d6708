"""One server in a process of its own, which all the faults of this folder happen to."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.attack.a_running_server import Running, running

USUAL_FILES = 1024


@contextmanager
def usual_file_limit() -> Iterator[None]:
    """Processes started here begin with as many open files as most systems give."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(USUAL_FILES, soft), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    """Every test leaves it as it found it: up, and taking reads."""
    with running() as made:
        made.end()
        with usual_file_limit():
            made.start()
        yield made
