"""A drawing in the place of a picture that cannot be shown, which says why."""

from typing import Final

from fastapi import Request
from fastapi.responses import Response

from charteroak.server.web.render import words_of
from charteroak.server.web.text import later

DELETED: Final = later("deleted on schedule")
DAMAGED: Final = later("damaged: tell the administrator")

_DRAWING: Final = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 160" \
width="320" height="160"><rect width="320" height="160" fill="#8883"/>\
<text x="160" y="86" text-anchor="middle" font-family="sans-serif" font-size="18" \
fill="#777">{words}</text></svg>"""


def no_picture(request: Request, why: str) -> Response:
    """Answer with a drawing of the words `DELETED` or `DAMAGED`."""
    drawing = _DRAWING.format(words=words_of(request).gettext(why))
    headers = {"Cache-Control": "no-store"}
    return Response(drawing, media_type="image/svg+xml", headers=headers)
