"""The box's HTTP client, and how it reads a server's "no"."""

import ssl
from datetime import datetime
from typing import Final

import attrs
import httpx2
import msgspec
from cryptography import x509

from charteroak.core.errors import CharterOakError
from charteroak.edge.settings import is_loopback

CONNECT_TIMEOUT_S: Final = 5.0
ANSWER_TIMEOUT_S: Final = 30.0
_LONGEST_TEXT: Final = 300
_HTTPS: Final = 443


class UnusableAuthorityError(CharterOakError):
    """The file given with `--authority` holds no certificate."""

    code = "charteroak.edge.unusable-authority"
    hint = "Give a PEM file with the certificate that signed the server's."


@attrs.frozen(kw_only=True)
class ServerSays:
    """A server's refusal in its own words, fit for one line of a log.

    Attributes:
        status: HTTP status.
        code: stable identifier, or "" where the answer is not from our server.
        message: what is wrong.
        hint: what to do.
    """

    status: int
    code: str = ""
    message: str = ""
    hint: str = ""

    @property
    def sentence(self) -> str:
        """The refusal in one sentence, without a full stop at its end."""
        told = self.message.rstrip(". ") or f"the server answered {self.status}"
        return f"{told} ({self.code})" if self.code else told


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""
    hint: str = ""


def open_client(server: str, authority_file: str | None) -> httpx2.Client:
    """A client for one server; redirects are not followed, since they are not signed.

    Args:
        server: base address.
        authority_file: certificates to trust, PEM; None for the system's.

    Raises:
        UnusableAuthorityError: no certificates in the file.
    """
    try:
        context = ssl.create_default_context(cafile=authority_file)
    except (OSError, ValueError):
        raise UnusableAuthorityError("cannot read the certificate") from None
    return httpx2.Client(
        verify=context,
        timeout=httpx2.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        follow_redirects=False,
        # A proxy in the environment is for other machines, never for this one.
        trust_env=not is_loopback(httpx2.URL(server).host),
    )


def why_unreachable(trouble: httpx2.HTTPError) -> str:
    """Why a request got no answer, in words; the text of the library can be empty."""
    match trouble:
        case httpx2.TimeoutException():
            return "the server did not answer in time"
        case httpx2.ConnectError() if "CERTIFICATE" in str(trouble).upper():
            return _why_distrusted(trouble)
        case httpx2.ConnectError():
            return "the server cannot be reached"
        case _:
            return "the connection to the server broke"


def _why_distrusted(trouble: httpx2.ConnectError) -> str:
    """What is wrong with the server's certificate, from what TLS said."""
    said = str(trouble).lower()
    if "has expired" in said:
        ended = _end_of_certificate(trouble.request.url)
        when = f" on {ended:%Y-%m-%d at %H:%M} UTC" if ended else ""
        return (
            f"the server's certificate expired{when}; its administrator must renew it"
        )
    if "not yet valid" in said:
        return "the server's certificate is not valid yet, or this clock is wrong"
    if "mismatch" in said:
        return "the server's certificate is for another name"
    return "the server's certificate is not trusted"


def _end_of_certificate(server: httpx2.URL) -> datetime | None:
    """The last moment of a certificate that was refused; nothing is sent over it."""
    try:
        pem = ssl.get_server_certificate(
            (server.host, server.port or _HTTPS), timeout=CONNECT_TIMEOUT_S
        )
        return x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc
    except (OSError, ValueError):
        return None


def refusal(status: int, content: bytes) -> ServerSays:
    """Read a refusal; an answer that is not our server's has only its status."""
    try:
        problem = msgspec.json.decode(content, type=_Problem)
    except (msgspec.MsgspecError, ValueError):
        return ServerSays(status=status)
    return ServerSays(
        status=status,
        code=_one_line(problem.code),
        message=_one_line(problem.message),
        hint=_one_line(problem.hint),
    )


def _one_line(text: str) -> str:
    # Another machine's text goes into our log: no new lines, no control characters.
    return "".join(c if c.isprintable() else " " for c in text)[:_LONGEST_TEXT].strip()
