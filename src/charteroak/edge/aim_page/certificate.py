"""A certificate for an hour on a ladder: made for one run, shown by its fingerprint."""

import datetime as dt
import ipaddress
import ssl
import tempfile
from pathlib import Path

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_SKEW = dt.timedelta(hours=1)


@attrs.frozen(kw_only=True)
class ShortCertificate:
    """A certificate that nobody signed.

    Attributes:
        context: for a server.
        fingerprint: SHA-256 of the certificate, as browsers show it: pairs with colons.
    """

    context: ssl.SSLContext = attrs.field(repr=False)
    fingerprint: str


def make_certificate(
    host: str, *, now: dt.datetime, lasts: dt.timedelta
) -> ShortCertificate:
    """Make a key and a certificate for it; neither is left on the disk.

    Args:
        host: the address or name that the browser will ask for.
        now: the present moment.
        lasts: how long it is good for.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Charter Oak camera")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # The phone's clock and the box's need not agree to the minute.
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + lasts + _SKEW)
        .add_extension(x509.SubjectAlternativeName([_named(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # The standard library takes certificates from files only; this one is private.
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "aim.pem"
        file.touch(mode=0o600)
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + made.public_bytes(serialization.Encoding.PEM)
        )
        context.load_cert_chain(file)
    digest = made.fingerprint(hashes.SHA256()).hex(":").upper()
    return ShortCertificate(context=context, fingerprint=digest)


def _named(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
