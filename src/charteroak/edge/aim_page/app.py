"""The page itself: a few addresses below a secret one, for one installer at a time."""

import secrets
from importlib.resources import files
from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from charteroak.edge.aim_page.watcher import Watcher

_FILES: Final = {
    "": ("page.html", "text/html; charset=utf-8"),
    "aim.css": ("aim.css", "text/css; charset=utf-8"),
    "aim.js": ("aim.js", "text/javascript; charset=utf-8"),
}
_GUARDS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def create_app(watcher: Watcher, *, secret: str) -> Starlette:
    """The page of one watcher.

    Args:
        watcher: what it shows.
        secret: the first part of every address; whoever lacks it finds nothing.
    """

    def known(request: Request) -> None:
        given = request.path_params["secret"].encode()
        if not secrets.compare_digest(given, secret.encode()):
            raise HTTPException(404)

    def fixed(request: Request) -> Response:
        known(request)
        found = _FILES.get(request.path_params.get("name", ""))
        if found is None:
            raise HTTPException(404)
        name, kind = found
        content = files(__package__).joinpath(name).read_bytes()
        return Response(content, media_type=kind, headers=_GUARDS)

    def view(request: Request) -> Response:
        known(request)
        content = msgspec.json.encode(watcher.view())
        return Response(content, media_type="application/json", headers=_GUARDS)

    def mosaic(request: Request) -> Response:
        known(request)
        return _picture(watcher.mosaic())

    def plate(request: Request) -> Response:
        known(request)
        return _picture(watcher.plate(0))

    return Starlette(
        routes=[
            Route("/favicon.ico", lambda _request: Response(status_code=204)),
            Route("/{secret}/", fixed),
            Route("/{secret}/view.json", view),
            Route("/{secret}/view.jpg", mosaic),
            Route("/{secret}/plate.jpg", plate),
            Route("/{secret}/{name}", fixed),
        ]
    )


def _picture(content: bytes | None) -> Response:
    if content is None:
        raise HTTPException(404)
    return Response(content, media_type="image/jpeg", headers=_GUARDS)
