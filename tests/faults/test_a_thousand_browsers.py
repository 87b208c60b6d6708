"""A thousand browsers have the board open, and one alert reaches all of them."""

import asyncio
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import httpx2
import pytest

from charteroak.core.people import Role
from tests.attack.a_running_server import Desk, Running
from tests.faults.boxes import PATIENCE_S, takes_reads, until

pytestmark = pytest.mark.xdist_group("faults")

BROWSERS = 1000
PLATE = "WXY3479"
REASON = "Wanted by a thousand"
_FILES = BROWSERS + 200
_AT_ONCE = 200
LIST = {
    "name": "Daily file",
    "list_class": "vehicle",
    "source": "State Police",
    "authority": "Conn. Gen. Stat.",
}
WATCHERS = (Role.DISPATCHER, Role.OFFICER, Role.SUPERVISOR, Role.INVESTIGATOR)


@contextmanager
def many_files() -> Iterator[None]:
    """So many open sockets in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < _FILES:
        pytest.skip(f"this machine allows {hard} open files, {_FILES} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, _FILES), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@attrs.define(eq=False)
class Browser:
    """One stream; `board` is set with the first list, `alerted` with the alert."""

    board: asyncio.Event = attrs.field(factory=asyncio.Event)
    alerted: asyncio.Event = attrs.field(factory=asyncio.Event)
    ended: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def watch(self, address: httpx2.URL, cookie: str) -> None:
        """Receive until the server ends it."""
        reader, writer = await asyncio.open_connection(address.host, address.port)
        try:
            writer.write(
                f"GET /board/events HTTP/1.1\r\nHost: {address.host}:{address.port}\r\n"
                f"Cookie: {cookie}\r\nConnection: close\r\n\r\n".encode()
            )
            assert b" 200 " in await reader.readline()
            tail = b""
            while some := await reader.read(65536):
                tail = tail[-64:] + some
                if b"event: board" in tail:
                    self.board.set()
                if REASON.encode() in tail:
                    self.alerted.set()
        finally:
            self.ended.set()
            writer.close()


def memory_mb(pid: int) -> float:
    return _figure(pid, "VmRSS:") / 1024


def threads(pid: int) -> int:
    return _figure(pid, "Threads:")


def _figure(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise AssertionError(name)


def looks(server: Running) -> int:
    """How often the board was asked for: each look reads the table of hot lists."""
    with server.admin() as connection:
        row = connection.execute(
            "SELECT seq_scan + coalesce(idx_scan, 0) FROM pg_stat_user_tables "
            "WHERE relname = 'hotlists' AND schemaname = current_schema()"
        ).fetchone()
    assert row is not None
    return int(str(row[0]))


def send_a_hit(server: Running, clerk: Desk) -> None:
    box = server.box
    batch = box.batch(box.seal(box.read(PLATE)))
    assert server.send(batch).status_code == 200
    assert clerk.get("/hot-lists").status_code == 200


async def all_of(events: list[asyncio.Event], what: str) -> float:
    begun = time.monotonic()
    try:
        async with asyncio.timeout(PATIENCE_S):
            for event in events:
                await event.wait()
    except TimeoutError:
        missing = sum(not event.is_set() for event in events)
        pytest.fail(f"{what}: {missing} of {len(events)} are missing")
    return time.monotonic() - begun


async def crowd(server: Running, clerk: Desk, cookies: list[str]) -> list[str]:
    """Open all streams, raise the alert, stop the server; gives the figures."""
    assert server.process is not None
    pid = server.process.pid
    before_mb, looked = memory_mb(pid), looks(server)
    address = httpx2.URL(server.address)
    browsers = [Browser() for _ in range(BROWSERS)]
    begun = time.monotonic()
    tasks = []
    for n, browser in enumerate(browsers):
        cookie = cookies[n % len(cookies)]
        tasks.append(asyncio.create_task(browser.watch(address, cookie)))
        if n % _AT_ONCE == _AT_ONCE - 1:
            await all_of([each.board for each in browsers[: n + 1]], "the first list")
    open_s = time.monotonic() - begun

    sent = asyncio.create_task(asyncio.to_thread(send_a_hit, server, clerk))
    alert_s = await all_of([each.alerted for each in browsers], "the alert")
    await sent
    assert not any(each.ended.is_set() for each in browsers)
    after_mb, now_threads = memory_mb(pid), threads(pid)
    looked = looks(server) - looked
    assert now_threads < 120
    assert after_mb - before_mb < 400
    # Of these four, hardly more than one a second and one for each alert.
    assert looked < BROWSERS

    begun = time.monotonic()
    await asyncio.to_thread(server.end)
    stop_s = time.monotonic() - begun
    await asyncio.gather(*tasks)
    return [
        f"{BROWSERS} streams open in {open_s:.1f} s",
        f"one alert at all of them in {alert_s:.2f} s",
        f"memory +{after_mb - before_mb:.0f} MB, {now_threads} threads",
        f"{looked} scans of the lists; stopped in {stop_s:.1f} s",
    ]


def test_one_alert_reaches_all_and_everything_else_goes_on(server: Running) -> None:
    until(lambda: takes_reads(server), "the server is not up")
    clerk = server.at_the_desk(Role.LIST_CLERK)
    rows = f"plate,reason\n{PLATE},{REASON}\n".encode()
    assert clerk.post("/hot-lists", LIST, file=rows).status_code == 200
    cookies = [
        str(server.at_the_desk(role).http.headers["cookie"]) for role in WATCHERS
    ]
    try:
        with many_files():
            figures = asyncio.run(crowd(server, clerk, cookies))
        print(*figures, sep="\n")  # noqa: T201 - for whoever measures
        assert "Traceback" not in server.said
    finally:
        server.end()
        server.start()
