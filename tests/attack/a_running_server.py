"""`charteroak server run` itself, in a process of its own, telling all it can.

Settings, wiring, web server and log are those of the command; only the level of the
log is lower than the command sets it, so that whatever any library would ever write
is written.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path

import attrs
import httpx2
import msgspec
import psycopg
from tests.support.box import FakeBox, a_box
from tests.support.postgres import reachable_folder
from tests.support.web import PASSWORD, somebody

from charteroak.core.people import Role
from charteroak.core.wire import Batch
from charteroak.server.bootstrap import open_site
from charteroak.server.settings import Settings
from charteroak.server.store.postgres.supervisor import dsn_of_running
from charteroak.server.web.session import COOKIE, csrf_of

AGENCY = "attacked"
_ROOT = Path(__file__).parents[2]
_UNTIL_UP_S = 120
_UP = "Ctrl-C stops it"
_LOUD = (
    "import logging, sys; "
    "logging.basicConfig(level=logging.DEBUG, stream=sys.stderr); "
    "from charteroak.cli import main; sys.exit(main())"
)


@attrs.define(kw_only=True)
class Running:
    """A server in its own process, an enrolled box, and everything that was answered.

    Attributes:
        folder: holds the data folder (`data`) and what the process said (`said`).
        answers: every answer of the server, in order.
    """

    folder: Path
    address: str
    box: FakeBox
    environment: dict[str, str]
    stack: ExitStack
    process: "subprocess.Popen[bytes] | None" = None
    answers: list[httpx2.Response] = attrs.field(factory=list)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def said(self) -> str:
        """What the process wrote so far."""
        return (self.folder / "said").read_text()

    def start(self) -> None:
        """Run the server, until it answers."""
        said = self.stack.enter_context((self.folder / "said").open("a"))
        before = self.said.count(_UP)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _LOUD, "server", "run"],
            env=self.environment,
            cwd=_ROOT,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + _UNTIL_UP_S
        while self.said.count(_UP) == before:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.1)

    def end(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server, and wait until it is gone."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(60)

    def client(self) -> httpx2.Client:
        """A browser without a session, that says what browsers say."""
        http = httpx2.Client(
            base_url=self.address,
            headers={"sec-fetch-site": "same-origin"},
            event_hooks={"response": [self.answers.append]},
            timeout=60,
            trust_env=False,
        )
        return self.stack.enter_context(http)

    def at_the_desk(self, role: Role) -> "Desk":
        """The browser of somebody with a role, who signs in through the form."""
        http = self.client()
        form = {"login": login_of(role), "password": PASSWORD}
        signed_in = http.post("/sign-in", data=form)
        assert signed_in.status_code == httpx2.codes.SEE_OTHER, signed_in.text
        token = signed_in.headers["set-cookie"].partition("=")[2].partition(";")[0]
        # A browser keeps a secure cookie of this very machine; this client would not.
        http.headers["cookie"] = f"{COOKIE}={token}"
        return Desk(http=http, csrf=csrf_of(token))

    def send(self, batch: bytes | Batch) -> httpx2.Response:
        """What the box sends, or bytes that it signs all the same."""
        body = batch if isinstance(batch, bytes) else msgspec.msgpack.encode(batch)
        url = f"{self.address}/api/v1/batches"
        fields = dict(self.box.request(body, url=url).fields)
        return self.client().post(url, content=body, headers=fields)

    def raw(self, request: bytes) -> bytes:
        """Send bytes that need not be HTTP; gives the first of the answer."""
        url = httpx2.URL(self.address)
        with socket.create_connection((url.host, url.port or 0), timeout=20) as wire:
            wire.sendall(request)
            return wire.recv(65536)

    @contextmanager
    def admin(self) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
        """The database's administrator, in the agency's schema."""
        dsn = dsn_of_running(self.data / "database")
        assert dsn is not None
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(f"SET search_path TO agency_{AGENCY}".encode())
            yield connection

    def command(self, *arguments: str) -> str:
        """All that a command of this agency writes."""
        done = subprocess.run(
            [sys.executable, "-c", _LOUD, *arguments],
            env=self.environment,
            cwd=_ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr


@attrs.frozen(kw_only=True)
class Desk:
    """A signed-in browser; its forms carry the token of its session."""

    http: httpx2.Client
    csrf: str

    def get(self, path: str) -> httpx2.Response:
        return self.http.get(path)

    def post(
        self,
        path: str,
        form: Mapping[str, str | list[str]] | None = None,
        *,
        file: bytes | None = None,
    ) -> httpx2.Response:
        files = {"file": ("list.csv", file, "text/csv")} if file is not None else None
        return self.http.post(
            path, data={"csrf": self.csrf, **(form or {})}, files=files
        )


def login_of(role: Role) -> str:
    return f"the-{role.value.replace('_', '-')}"


@contextmanager
def running(
    disk: Callable[[Path], AbstractContextManager[object]] = nullcontext,
) -> Iterator[Running]:
    """Found an agency, with a person of each role and a box, and run its server.

    Args:
        disk: makes the disk that the data folder will be on.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(reachable_folder("running"))
        (folder / "data").mkdir()
        stack.enter_context(disk(folder / "data"))
        box = _founded(folder / "data")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = int(taken.getsockname()[1])
        environment = {
            **os.environ,
            "PYTHONPATH": str(_ROOT / "src"),
            "CHARTEROAK_DATA": str(folder / "data"),
            "CHARTEROAK_AGENCY": AGENCY,
            "CHARTEROAK_PORT": str(port),
        }
        server = Running(
            folder=folder,
            address=f"http://127.0.0.1:{port}",
            box=box,
            environment=environment,
            stack=stack,
        )
        stack.callback(server.end)
        server.start()
        yield server


def _founded(data: Path) -> FakeBox:
    with open_site(Settings(data=data, agency=AGENCY)) as site:
        for role in Role:
            somebody(site.agency, role, login=login_of(role))
        return a_box(site.agency)
