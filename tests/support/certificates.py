"""Real certificates for tests: an authority, and what it signs for this machine."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@attrs.frozen
class Authority:
    """Signs certificates for `localhost` and 127.0.0.1.

    Attributes:
        folder: where its own certificate lies (`authority.pem`).
    """

    folder: Path
    _key: ec.EllipticCurvePrivateKey = attrs.field(
        factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def pem(self) -> Path:
        """Its certificate, made when first asked for."""
        path = self.folder / "authority.pem"
        if not path.exists():
            name = _named("an authority")
            made = _builder(name, name, self._key, begins=-DAY, ends=900 * DAY)
            made = made.add_extension(
                x509.BasicConstraints(ca=True, path_length=0), critical=True
            )
            signed = made.sign(self._key, SHA256())
            path.write_bytes(signed.public_bytes(Encoding.PEM))
        return path

    def sign(
        self, certificate: Path, key: Path, *, begins: timedelta, ends: timedelta
    ) -> datetime:
        """Write a certificate and its key; both times are from now.

        Returns:
            The certificate's last moment.
        """
        own = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName(
            [
                x509.DNSName("localhost"),
                x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            ]
        )
        made = _builder(
            _named("localhost"), _named("an authority"), own, begins=begins, ends=ends
        ).add_extension(names, critical=False)
        signed = made.sign(self._key, SHA256())
        for path, content in [
            (
                key,
                own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            ),
            (certificate, signed.public_bytes(Encoding.PEM)),
        ]:
            draft = path.with_suffix(".new")
            draft.write_bytes(content)
            draft.replace(path)
        return signed.not_valid_after_utc


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    *,
    begins: timedelta,
    ends: timedelta,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)  # noqa: TID251 - TLS knows no other clock
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
    )
