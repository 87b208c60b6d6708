"""What every request passes before a page sees it, and every answer on its way out.

Plain ASGI, so that a stream of events flows through unbuffered.
"""

import re
import time
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from charteroak.core.hold_ground import LARGEST_DOCUMENT
from charteroak.core.papers import LARGEST_SCAN
from charteroak.server.settings import Settings
from charteroak.server.web.access import note
from charteroak.server.web.plain import is_address_plain, is_charset_ours

# Small icons of the design system lie inside its sheet, as data.
_POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_OWN_POLICY: Final = "content-security-policy"
_ALWAYS: Final = {
    _OWN_POLICY: _POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_A_YEAR: Final = "max-age=31536000"
_LOCAL: Final = ("localhost", "127.0.0.1", "::1")
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
LARGEST_FORM: Final = 1024 * 1024
"""Bytes; boxes have limits of their own."""
LARGEST_UPLOAD: Final = 64 * 1024 * 1024
"""Bytes of a form with a hot list; one of a million entries fits."""
UPLOADS: Final = "/hot-lists"
DOCUMENTS: Final = re.compile(r"/keep/ask|/searches/[0-9]+/reads/[0-9a-f-]{36}/hold")
"""Addresses of forms that the document of a hold comes with."""
DESK: Final = "/disclosure/"
"""Where the forms of the disclosure desk are, to which papers come."""
LARGEST_WITH_PAPER: Final = LARGEST_SCAN + LARGEST_FORM
LARGEST_WITH_DOCUMENT: Final = LARGEST_DOCUMENT + LARGEST_FORM


def own_names(settings: Settings) -> frozenset[str]:
    """The names by which this server may be asked: else it is a rebinding attack.

    They are those of the public address, of the certificate, and of this machine. A
    certificate's `*.example.gov` stays as it is.
    """
    names = {*_LOCAL, settings.host.lower()}
    if settings.public_url is not None:
        host = urlsplit(settings.public_url).hostname
        names.update({host} if host else ())
    if settings.tls_certificate is not None:
        names.update(_certified(settings.tls_certificate))
    return frozenset(names)


def _certified(file: Path) -> Iterable[str]:
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    try:
        alternatives = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
    except x509.ExtensionNotFound:
        return []
    return [
        *(name.lower() for name in alternatives.get_values_for_type(x509.DNSName)),
        *(str(ip) for ip in alternatives.get_values_for_type(x509.IPAddress)),
    ]


def is_own(host: str, names: frozenset[str]) -> bool:
    """Whether a Host header names this server.

    >>> is_own("LPR.example.gov:8443", frozenset({"*.example.gov"}))
    True
    >>> is_own("evil.example", frozenset({"localhost"}))
    False
    """
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    if not name:
        return False
    _, _, parent = name.partition(".")
    return name in names or f"*.{parent}" in names


def is_ours(headers: Headers, scheme: str) -> bool:
    """Whether an unsafe request comes from a page of this very server.

    Browsers say so in Sec-Fetch-Site, on every trustworthy address. An older one
    names the page's origin. (With `no-referrer` a browser sends `Origin: null` from our
    own forms, so the first is asked first.) A request that says neither is refused.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    return headers.get("origin") == f"{scheme}://{headers.get('host')}"


class Direct:
    """Notes who comes past the proxy in plain HTTP, before its headers are believed.

    Such a request would carry passwords and cookies in the open; the guard refuses it.
    This machine itself may: nothing leaves it.
    """

    def __init__(self, app: ASGIApp, *, proxy: str) -> None:
        """Stand in front of whatever reads the proxy's headers.

        Args:
            app: what is guarded.
            proxy: address or network of the proxy.
        """
        self._app = app
        self._proxy = ip_network(proxy)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] == "http":
            state = scope.setdefault("state", {})
            state["direct"] = scope["scheme"] != "https" and not self._may(scope)
        await self._app(scope, receive, send)

    def _may(self, scope: Scope) -> bool:
        try:
            peer = ip_address(scope["client"][0])
        except (TypeError, ValueError):
            return False
        return peer in self._proxy or peer.is_loopback


class Guard:
    """Checks host, origin and size; sets the headers that keep a page ours."""

    def __init__(self, app: ASGIApp, *, refuse: ASGIApp, names: frozenset[str]) -> None:
        """Stand in front of an app.

        Args:
            app: what is guarded.
            refuse: answers in its place; finds status and words in `scope["state"]`.
            names: see `own_names`.
        """
        self._app = app
        self._refuse = refuse
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        began = time.perf_counter()
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _harden(MutableHeaders(scope=message), scope, status)
            await send(message)

        trouble = self._trouble(scope, headers)
        try:
            if trouble is None:
                await self._app(scope, receive, answer)
            else:
                scope.setdefault("state", {})["trouble"] = trouble
                await self._refuse(scope, receive, answer)
        finally:
            note(scope, status, time.perf_counter() - began)
            scope["app"].state.measures.request(status)

    def _trouble(self, scope: Scope, headers: Headers) -> str | None:
        if not is_own(headers.get("host", ""), self._names):
            return "host"
        if scope.get("state", {}).get("direct"):
            return "direct"
        if not is_address_plain(scope):
            return "address"
        if scope["path"].startswith("/api/") or scope["method"] in _SAFE:
            return None
        return _trouble_of_form(scope, headers)


def _trouble_of_form(scope: Scope, headers: Headers) -> str | None:
    if not is_ours(headers, scope["scheme"]):
        return "origin"
    # Chunked forms do not exist in browsers; without a length there is none.
    length = headers.get("content-length", "")
    largest = _largest(scope["path"])
    if not length.isdecimal() or int(length) > largest:
        return "size"
    return None if is_charset_ours(headers) else "charset"


def _largest(path: str) -> int:
    if path == UPLOADS:
        return LARGEST_UPLOAD
    if path.startswith(DESK):
        return LARGEST_WITH_PAPER
    return LARGEST_WITH_DOCUMENT if DOCUMENTS.fullmatch(path) else LARGEST_FORM


def _harden(headers: MutableHeaders, scope: Scope, status: int) -> None:
    for name, value in _ALWAYS.items():
        # A page of ours that is to be sent on holds its style, and says so itself.
        if name != _OWN_POLICY or name not in headers:
            headers[name] = value
    if scope["scheme"] == "https":
        headers["strict-transport-security"] = _A_YEAR
    # Names of built files change with their content; everything else is private.
    built = scope["path"].startswith("/static/") and status in {200, 206, 304}
    headers["cache-control"] = (
        "public, max-age=31536000, immutable" if built else "no-store"
    )
