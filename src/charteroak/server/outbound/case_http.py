"""Case numbers from a records system that answers over HTTP."""

import ssl
from typing import Final
from urllib.parse import quote

import httpx2
import msgspec

from charteroak.core.case_file import CaseFile, RecordsUnreachableError
from charteroak.server.outbound.case_csv import is_open

TIMEOUT_S: Final = 3.0
PLACE: Final = "{case}"
"""Where the number stands in the address."""

_FOUND: Final = 200
_NOT_FOUND: Final = 404
_LARGEST_BYTES: Final = 64 * 1024


class _Answer(msgspec.Struct, frozen=True):
    status: str
    unit: str = ""


class HttpCases:
    """`GET` of an address with the number in it.

    200 with JSON `{"status": "open", "unit": "Patrol"}`, or 404 where the system knows
    no such case. Anything else is a system that does not answer. The request carries
    the number of the case and nothing about a search.
    """

    def __init__(self, address: str, *, token: str | None = None) -> None:
        """Take an address.

        Args:
            address: https, with `{case}` where the number goes.
            token: sent as a bearer token, where the system asks for one.
        """
        self._address = address
        headers = {"Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self._client = httpx2.Client(
            verify=ssl.create_default_context(),
            timeout=TIMEOUT_S,
            follow_redirects=False,
            headers=headers,
            trust_env=False,
        )

    def find(self, case_ref: str) -> CaseFile | None:
        """See `core.case_file.CaseRecords`."""
        try:
            answer = self._client.get(
                self._address.replace(PLACE, quote(case_ref, safe=""))
            )
        except httpx2.HTTPError:
            # Its text may name the address.
            raise RecordsUnreachableError("the records system is away") from None
        if answer.status_code == _NOT_FOUND:
            return None
        if answer.status_code != _FOUND or len(answer.content) > _LARGEST_BYTES:
            raise RecordsUnreachableError("the records system gives no usable answer")
        try:
            said = msgspec.json.decode(answer.content, type=_Answer)
        except (msgspec.MsgspecError, ValueError):
            raise RecordsUnreachableError(
                "the records system gives no usable answer"
            ) from None
        return CaseFile(open=is_open(said.status), unit=said.unit)
