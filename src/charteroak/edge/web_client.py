"""The box's HTTP client, and how it reads a server's "no"."""

import ssl
from typing import Final

import attrs
import httpx2
import msgspec

from charteroak.core.errors import CharterOakError
from charteroak.edge.settings import is_loopback

CONNECT_TIMEOUT_S: Final = 5.0
ANSWER_TIMEOUT_S: Final = 30.0
_LONGEST_TEXT: Final = 300


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
            return "the server's certificate is not trusted"
        case httpx2.ConnectError():
            return "the server cannot be reached"
        case _:
            return "the connection to the server broke"


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
