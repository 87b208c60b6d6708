"""The examples for proxies, run as they are: pages, boxes and the board's stream."""

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs
import httpx2
import msgspec
import pytest

from charteroak.core.people import Role
from charteroak.core.wire import MEDIA_TYPE
from charteroak.server.actions.sign_in import SignedInAs, sign_in
from charteroak.server.agency import Agency
from charteroak.server.web.app import create_app
from charteroak.server.web.session import COOKIE
from tests.attack.a_site import a_marker
from tests.support.box import FakeBox, wanted
from tests.support.certificates import DAY, Authority
from tests.support.live import served
from tests.support.postgres import reachable_folder
from tests.support.web import PASSWORD, somebody

PROXIES = Path(__file__).parents[2] / "deploy" / "proxy"
NAME = "lpr.fernwood.example"
PATIENCE_S = 60


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def nginx(folder: Path, port: int, behind: str) -> Sequence[str]:
    text = (PROXIES / "nginx.conf").read_text()
    site = (
        text.replace("127.0.0.1:8443", behind)
        .replace("443 ssl", f"127.0.0.1:{port} ssl")
        .replace(NAME, "localhost")
        .replace("/etc/charteroak/tls", str(folder))
        .replace("/var/log/nginx", str(folder))
    )
    whole = folder / "nginx.conf"
    places = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log crit;\n"
        f"events {{}}\nhttp {{\n{places}{site}}}\n"
    )
    return ["nginx", "-e", f"{folder}/error.log", "-p", str(folder), "-c", str(whole)]


def caddy(folder: Path, port: int, behind: str) -> Sequence[str]:
    text = (PROXIES / "Caddyfile").read_text()
    own = f"tls {folder}/server.pem {folder}/server.key"
    whole = folder / "Caddyfile"
    whole.write_text(
        "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"
        + text.replace(
            f"\n{NAME} {{", f"\nhttps://localhost:{port} {{\n\t{own}"
        ).replace("127.0.0.1:8443", behind)
    )
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(whole)]


@contextmanager
def proxied(make: str, folder: Path, port: int, behind: str) -> Iterator[None]:
    commands = {"nginx": nginx, "caddy": caddy}
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            commands[make](folder, port, behind),
            stdout=said,
            stderr=said,
            env={"HOME": str(folder), "PATH": "/usr/sbin:/usr/bin:/bin"},
        )
    try:
        begun = time.monotonic()
        while not answers(port):
            told = (folder / "said").read_text()
            assert process.poll() is None, told
            assert time.monotonic() - begun < PATIENCE_S, told
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        finally:
            process.kill()
            process.wait()


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def signed_in(agency: Agency) -> str:
    dana = somebody(agency, Role.DISPATCHER)
    answer = sign_in(agency, dana.login, PASSWORD)
    assert isinstance(answer, SignedInAs)
    return answer.token


@pytest.mark.parametrize("make", ["nginx", "caddy"])
def test_boxes_and_browsers_come_through_a_proxy(
    agency: Agency, box: FakeBox, make: str
) -> None:
    if shutil.which(make, path="/usr/sbin:/usr/bin") is None:
        pytest.skip(f"{make} is not here")
    port = free_port()
    public = f"https://localhost:{port}"
    settings = agency.settings.model_copy(
        update={"proxy": "127.0.0.1", "public_url": public}
    )
    plate = a_marker()
    wanted(agency, plate)
    token = signed_in(agency)
    with reachable_folder(make) as folder:
        authority = Authority(folder)
        authority.sign(
            folder / "server.pem", folder / "server.key", begins=-DAY, ends=DAY
        )
        trusted = ssl.create_default_context(cafile=authority.pem)
        with (
            served(create_app(attrs.evolve(agency, settings=settings))) as behind,
            proxied(make, folder, port, behind.removeprefix("http://")),
            httpx2.Client(
                base_url=public, verify=trusted, timeout=PATIENCE_S, trust_env=False
            ) as http,
        ):
            answer = http.get("/api/v1/health")
            assert answer.status_code == 200
            assert "strict-transport-security" in answer.headers
            assert http.get("/metrics").status_code == 403
            http.cookies.set(COOKIE, token)
            assert http.get("/board").status_code == 200

            with http.stream("GET", "/board/events") as stream:
                lines = stream.iter_lines()
                # Held back by the proxy, nothing would come before the stream ends.
                assert any(line == "event: board" for line in lines)
                body = msgspec.msgpack.encode(
                    box.batch(box.seal(box.read(plate, picture=bytes(200_000))))
                )
                url = f"{public}/api/v1/batches"
                signed = box.request(body, url=url)
                sent = http.post(url, content=body, headers=dict(signed.fields))
                assert sent.status_code == 200
                assert sent.headers["content-type"] == MEDIA_TYPE
                assert any(plate in line for line in lines)
        for log in [*folder.glob("*.log"), folder / "said"]:
            assert plate not in log.read_text()
