"""The server's TLS certificate: how it stands, and a new one without a restart.

Whoever renews a certificate replaces two files. Until both are there and belong
together, the server goes on with those it has: a bad renewal breaks nothing today.
"""

import logging
import ssl
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

import attrs
from cryptography import x509

from charteroak.core.errors import CharterOakError

SOON: Final = timedelta(days=21)
"""So long before its end a certificate wants somebody's attention."""

_log = logging.getLogger(__name__)


class BadCertificateError(CharterOakError):
    """The TLS certificate and key cannot be used."""

    code = "charteroak.server.bad-certificate"
    hint = "Check both files: PEM, readable, a pair, and the key without a passphrase."


class CertificateState(StrEnum):
    """How a certificate stands."""

    EXPIRED = "expired"
    EXPIRES_SOON = "expires_soon"
    GOOD = "good"
    UNUSABLE = "unusable"


@attrs.frozen(kw_only=True)
class CertificateSeen:
    """The certificate as its files are now.

    Attributes:
        expires_at: None where it cannot be read.
    """

    state: CertificateState
    expires_at: datetime | None = None


def context_of(certificate: Path, key: Path) -> ssl.SSLContext:
    """A server's side of TLS with a certificate and its key.

    Raises:
        BadCertificateError: they cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # Without a password a key that has one would be asked for on the terminal, by
        # the thread that serves, for as long as nobody answers.
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ssl.SSLError) as refused:
        raise BadCertificateError("the certificate cannot be used") from refused
    return context


def look_at(certificate: Path, key: Path, *, now: datetime) -> CertificateSeen:
    """How the certificate in two files stands."""
    try:
        context_of(certificate, key)
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (BadCertificateError, OSError, ValueError):
        return CertificateSeen(state=CertificateState.UNUSABLE)
    ends = found.not_valid_after_utc
    if ends <= now:
        state = CertificateState.EXPIRED
    elif ends - SOON <= now:
        state = CertificateState.EXPIRES_SOON
    else:
        state = CertificateState.GOOD
    return CertificateSeen(state=state, expires_at=ends)


class Renewal:
    """Gives every new connection the certificate that lies in the files.

    Belongs to one thread, but for the handshakes, which may be in any.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        """Load both files.

        Raises:
            BadCertificateError: they cannot be used.
        """
        self._files = (certificate, key)
        self._seen = self._marks()
        self._current = context_of(certificate, key)

    def attach(self, context: ssl.SSLContext) -> None:
        """Have the handshakes of a listening context use the current certificate."""

        def choose(
            connection: ssl.SSLObject | ssl.SSLSocket,
            _name: str | None,
            _context: ssl.SSLContext,
        ) -> None:
            # A whole context at once: half of a renewal is never seen.
            connection.context = self._current

        # Called for clients that give no name too.
        context.sni_callback = choose

    def look(self, *, again: bool = False) -> bool:
        """Take up the files if they have changed.

        Args:
            again: also if they have not, because somebody asked.

        Returns:
            Whether new connections get another certificate from now on.
        """
        marks = self._marks()
        if marks == self._seen and not again:
            return False
        self._seen = marks
        try:
            self._current = context_of(*self._files)
        except BadCertificateError:
            _log.error("the new certificate cannot be used; the old one stays in use")
            return False
        _log.info("new connections use the certificate that is in its file now")
        return True

    def _marks(self) -> list[tuple[int, int, int] | None]:
        marks: list[tuple[int, int, int] | None] = []
        for file in self._files:
            try:
                found = file.stat()
            except OSError:
                marks.append(None)
            else:
                marks.append((found.st_ino, found.st_mtime_ns, found.st_size))
        return marks
