"""One line for each request, with nothing in it that anybody typed.

The server behind us (uvicorn) writes whole addresses into its access log, so that one
is switched off and this one is kept: method, the route's pattern in place of the path,
status, time. No query, no identifier, no address of a person.
"""

import logging
from typing import Final

from starlette.types import Scope

_LOG: Final = logging.getLogger("charteroak.web")
KEYS: Final = ("method", "route", "status", "took_ms")
"""What a line of a request has beside its message, for machines."""
_METHODS: Final = frozenset(
    {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
)


def note(scope: Scope, status: int, took_s: float) -> None:
    """Write the line of one request."""
    method = scope["method"] if scope["method"] in _METHODS else "other"
    pattern = getattr(scope.get("route"), "path", "(no page)")
    took_ms = round(took_s * 1000)
    _LOG.info(
        "%s %s %d %d ms",
        method,
        pattern,
        status,
        took_ms,
        extra=dict(zip(KEYS, (method, pattern, status, took_ms), strict=True)),
    )
