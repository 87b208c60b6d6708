"""What every request passes, and what every answer carries."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastapi import FastAPI, Request
from starlette.testclient import TestClient
from tests.support.web import BASE_URL, ClientAs, browser

from charteroak.core.people import Role
from charteroak.server.agency import Agency
from charteroak.server.store.database import StoreUnavailableError
from charteroak.server.web.app import ROUTERS, create_app
from charteroak.server.web.render import UnbuiltPagesError, manifest
from charteroak.server.web.security import own_names
from charteroak.server.web.session import SignedIn

SECRET = "AB12345"  # noqa: S105 - stands for a plate that somebody typed


def with_settings(agency: Agency, **changes: object) -> Agency:
    settings = agency.settings.model_copy(update=changes)
    return attrs.evolve(agency, settings=settings)


def test_every_answer_keeps_the_page_ours(client_as: ClientAs) -> None:
    desk = client_as(Role.ADMINISTRATOR)
    for path in ("/people", "/nowhere", "/board", "/sign-in"):
        headers = desk.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self';")
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["strict-transport-security"] == "max-age=31536000"


def test_plain_http_promises_no_https(app: FastAPI) -> None:
    answer = TestClient(app, base_url="http://127.0.0.1:8443").get("/sign-in")

    assert answer.status_code == 200
    assert "strict-transport-security" not in answer.headers


def test_pages_hold_no_inline_style_or_script(client_as: ClientAs) -> None:
    desk = client_as(Role.ADMINISTRATOR)
    for path in ("/people", "/cameras", "/account", "/nowhere"):
        page = desk.page(path, status=404 if path == "/nowhere" else 200)
        assert page.select("style, [style], [onclick], script:not([src])") == []
        for tag in page.select("[src], link[href]"):
            assert str(tag.get("src") or tag.get("href")).startswith("/static/")


def test_built_files_stay_with_the_browser(app: FastAPI) -> None:
    client = TestClient(app, base_url=BASE_URL)
    for name in manifest().values():
        headers = client.get(f"/static/{name}").headers
        assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/none.css").headers["cache-control"] == "no-store"


def test_unbuilt_pages_are_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnbuiltPagesError, match="make web"):
        manifest(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(UnbuiltPagesError):
        manifest(tmp_path)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("127.0.0.1:8443", 200),
        ("[::1]:8443", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("", 421),
        ("[", 421),
    ],
)
def test_a_name_that_is_not_ours_is_refused(
    app: FastAPI, host: str, status: int
) -> None:
    client = TestClient(app, base_url=BASE_URL)

    assert client.get("/sign-in", headers={"host": host}).status_code == status


def test_names_come_from_address_and_certificate(
    agency: Agency, tmp_path: Path
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "town")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("LPR.town.example")]), False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "town.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    names = own_names(
        with_settings(
            agency, public_url="https://alpr.example:8443", tls_certificate=file
        ).settings
    )

    assert {"alpr.example", "lpr.town.example", "localhost"} <= names


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 401),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": BASE_URL}, 403),
        ({"origin": BASE_URL}, 401),
        ({"origin": "http://localhost"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_a_form_from_elsewhere_is_refused(
    app: FastAPI, headers: dict[str, str], status: int
) -> None:
    client = TestClient(app, base_url=BASE_URL)
    form = {"login": "x", "password": "y"}

    assert client.post("/sign-in", data=form, headers=headers).status_code == status


OPEN = {"/council", "/sign-in"}
"""Forms that ask for something better than a session: signatures, and a password."""


def test_every_other_form_needs_a_session(app: FastAPI) -> None:
    desk = browser(app)
    tried = 0
    for router in ROUTERS:
        for route in router.routes:
            path = getattr(route, "path", "")
            methods: set[str] = getattr(route, "methods", set())
            if "POST" not in methods or path in OPEN or path.startswith("/api/"):
                continue
            some = path.replace("{", "").replace("}", "")
            assert desk.post(some).status_code in {401, 422}, path
            tried += 1
    assert tried > 8


def test_a_form_too_large_is_refused_unread(app: FastAPI) -> None:
    client = TestClient(
        app, base_url=BASE_URL, headers={"sec-fetch-site": "same-origin"}
    )

    refused = client.post("/sign-in", headers={"content-length": str(10**9)})
    unsized = client.post("/sign-in", content=iter([b"login=x"]))

    assert (refused.status_code, unsized.status_code) == (413, 413)


def test_only_the_named_proxy_is_believed(agency: Agency) -> None:
    def scheme(request: Request) -> str:
        return request.url.scheme

    seen = []
    for proxy in (None, "10.1.2.0/24"):
        app = create_app(with_settings(agency, proxy=proxy))
        app.add_api_route("/test-scheme", scheme)
        for client in ("10.1.2.3", "10.9.9.9"):
            http = TestClient(app, base_url="http://localhost", client=(client, 5000))
            answer = http.get("/test-scheme", headers={"x-forwarded-proto": "https"})
            seen.append(answer.json() if answer.status_code == 200 else None)

    assert seen == ["http", "http", "https", None]


@pytest.mark.parametrize(
    ("client", "status"),
    [("10.1.2.3", 200), ("127.0.0.1", 200), ("203.0.113.5", 421), ("odd", 421)],
)
def test_nobody_comes_past_the_proxy_in_plain_http(
    agency: Agency, client: str, status: int
) -> None:
    settings = {"host": "0.0.0.0", "proxy": "10.1.2.0/24"}  # noqa: S104 - the point
    app = create_app(
        with_settings(agency, public_url="https://lpr.example.gov", **settings)
    )

    http = TestClient(app, base_url="http://lpr.example.gov", client=(client, 5000))
    for forged in ({}, {"x-forwarded-proto": "https", "x-forwarded-for": "10.1.2.3"}):
        assert http.get("/sign-in", headers=forged).status_code == status
        assert http.get("/api/v1/health", headers=forged).status_code == status


def test_what_breaks_is_a_calm_page_and_a_line_without_values(
    app: FastAPI, client_as: ClientAs, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_session: SignedIn) -> None:
        raise ValueError(f"no such plate {SECRET}")  # noqa: EM102 - the point

    app.add_api_route("/test-broken", broken, methods=["POST"])
    desk = client_as(Role.INVESTIGATOR)
    with caplog.at_level(logging.INFO):
        answer = desk.post("/test-broken", {"plate": SECRET})

    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert SECRET not in answer.text
    assert SECRET not in caplog.text
    assert "ValueError at broken" in caplog.text
    reference = caplog.text.partition("broke ")[2].partition(":")[0]
    assert len(reference) == 8
    assert reference in answer.text


def test_a_database_that_does_not_answer_is_said(
    app: FastAPI, client_as: ClientAs
) -> None:
    def gone(_session: SignedIn) -> None:
        raise StoreUnavailableError("gone")

    app.add_api_route("/test-gone", gone)
    answer = client_as(Role.INVESTIGATOR).get("/test-gone")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert "Nothing is lost" in answer.text


def test_the_access_log_has_patterns_and_no_addresses(
    client_as: ClientAs, caplog: pytest.LogCaptureFixture
) -> None:
    desk = client_as(Role.ADMINISTRATOR)
    with caplog.at_level(logging.INFO, logger="charteroak.web"):
        desk.get(f"/people/00000000-0000-4000-8000-000000000000?q={SECRET}")
        desk.get(f"/{SECRET}")

    assert "GET /people/{person_id} 404" in caplog.text
    assert "GET (no page) 404" in caplog.text
    assert SECRET not in caplog.text
    assert "00000000-0000" not in caplog.text


def test_a_form_that_cannot_be_read_is_said_without_its_values(
    client_as: ClientAs,
) -> None:
    desk = client_as(Role.ADMINISTRATOR)

    answer = desk.post("/people", {"roles": SECRET})

    assert answer.status_code == 422
    assert SECRET not in answer.text
    assert "Nothing was changed" in answer.text


def test_a_bad_address_keeps_the_way_back(client_as: ClientAs) -> None:
    page = client_as(Role.ADMINISTRATOR).page("/nowhere", status=404)

    assert page.select_one("nav a[href='/people']") is not None
    assert client_as().page("/nowhere", status=404).select_one("nav") is None
