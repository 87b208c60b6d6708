"""Text that can be kept: what a page is sent must be that, before anything reads it.

PostgreSQL keeps no NUL, and UTF-8 has no half of a surrogate pair. No browser sends
either from one of our forms, so a request that holds one is turned away whole: a part
that is dropped could change what was asked, as a search without its cameras.
"""

import re
from typing import Annotated, Final
from urllib.parse import unquote_to_bytes

from fastapi import HTTPException, Path, Request
from starlette.datastructures import Headers, UploadFile
from starlette.types import Scope

from charteroak.server.web.session import SAFE

_UNKEPT: Final = re.compile("[\x00\ud800-\udfff]")
_CHARSET: Final = re.compile(
    r";\s*charset\s*=\s*\"?(?!utf-?8\"?\s*(;|$))", re.IGNORECASE
)
LARGEST_NUMBER: Final = 2**63 - 1
"""Of a record: PostgreSQL's bigint."""

RecordNumber = Annotated[int, Path(ge=0, le=LARGEST_NUMBER)]
"""A record's number in an address."""


def is_plain(text: str) -> bool:
    """Whether a text can be kept.

    >>> is_plain("a"), is_plain("a" + chr(0)), is_plain(chr(0xD800))
    (True, False, False)
    """
    return _UNKEPT.search(text) is None


def is_address_plain(scope: Scope) -> bool:
    """Whether path and query of a request can be kept."""
    query: bytes = scope["query_string"]
    return is_plain(scope["path"]) and b"\0" not in unquote_to_bytes(query)


def is_charset_ours(headers: Headers) -> bool:
    """Whether a form is in UTF-8, as those of all our pages.

    A sender that names another would choose by which of Python's codecs it is read.

    >>> is_charset_ours(Headers({"content-type": "multipart/form-data; boundary=x"}))
    True
    >>> is_charset_ours(Headers({"content-type": "multipart/form-data; charset=utf-7"}))
    False
    """
    return _CHARSET.search(headers.get("content-type", "")) is None


async def plain_form(request: Request) -> None:
    """A dependency: all text of the form can be kept, or a calm page that says no."""
    if request.method in SAFE or request.url.path.startswith("/api/"):
        return
    for name, value in (await request.form()).multi_items():
        text = value.filename or "" if isinstance(value, UploadFile) else value
        if not is_plain(name) or not is_plain(text):
            raise HTTPException(422)
