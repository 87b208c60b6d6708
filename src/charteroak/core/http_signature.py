"""HTTP Message Signatures (RFC 9421) in the one profile that boxes and servers use.

Ed25519; covered are `wire.SIGNED_COMPONENTS`; the parameters are `created`, `expires`
(at most `LONGEST_LIFE_S` after `created`), `keyid`, `alg`, `nonce` and `tag`; the body
is bound by Content-Digest (RFC 9530). `http_message_signatures` does the cryptography
and builds the signature base; this module fixes the profile and gives each way to fail
its own error.

Freshness by the verifier's clock is deliberately *not* judged here: a box whose clock
is wrong must be heard, so that somebody can set its clock. The caller is handed
`Verified.created` and `Verified.nonce`; a replay is stopped by remembering nonces and
by the sequence of batches.
"""

import base64
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

import attrs
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    MappingKeyResolver,
    VerifyResult,
)
from http_message_signatures.algorithms import ED25519
from http_message_signatures.exceptions import HTTPMessageSignaturesException
from http_sf.compat import Dictionary, InnerList
from typing_extensions import override

from charteroak.core.errors import CharterOakError, NaiveTimeError
from charteroak.core.wire import SIGNATURE_TAG, SIGNED_COMPONENTS

NONCE_BYTES: Final = 16
LONGEST_LIFE_S: Final = 60
"""Longest time between `created` and `expires`, seconds; both by the signer's clock."""

_LABEL: Final = "charteroak"
_WRITTEN: Final = {"content-digest", "signature-input", "signature"}
_LARGEST_FIELD: Final = 4096
"""Longest signature header we look at, characters; ours are under 500."""


class HttpSignatureError(CharterOakError):
    """Base: the request does not carry a signature that can be relied on."""

    code = "charteroak.http-signature.refused"
    hint = "Sign the request as the protocol page says."


class MissingSignatureError(HttpSignatureError):
    """There is no Signature or no Signature-Input header, or it cannot be parsed."""

    code = "charteroak.http-signature.missing"


class WrongTagError(HttpSignatureError):
    """There are signatures, but none is meant for this purpose."""

    code = "charteroak.http-signature.wrong-tag"
    hint = "The signature was made for another protocol; check the tag parameter."


class MissingComponentError(HttpSignatureError):
    """The signature leaves out a part of the request that must be signed."""

    code = "charteroak.http-signature.missing-component"
    hint = "Cover the method, authority, target URI, content digest and content type."


class UnknownKeyError(HttpSignatureError):
    """Nobody here knows the key that the request claims to be signed with."""

    code = "charteroak.http-signature.unknown-key"
    hint = "Enrol the device again; its key is not known to this server."


class BadSignatureError(HttpSignatureError):
    """The signature does not fit the request, or its parameters break the profile."""

    code = "charteroak.http-signature.bad"
    hint = (
        "The request was changed on its way or signed with another key; behind a "
        "proxy, check that the server knows its public address."
    )


class DigestMismatchError(HttpSignatureError):
    """The body is not the one whose digest was signed."""

    code = "charteroak.http-signature.digest-mismatch"
    hint = "The body was changed on its way; send it again."


@attrs.frozen(kw_only=True)
class HttpMessage:
    """The parts of a request that a signature may cover.

    Attributes:
        method: upper case.
        url: absolute, encoded, as the server is addressed by its clients; a server
            behind a proxy gives its public address here, not the proxy's back side.
        fields: header fields, name and value, in the order of the wire; a name that
            came twice is here twice.
    """

    method: str
    url: str
    fields: tuple[tuple[str, str], ...]


@attrs.frozen(kw_only=True)
class Verified:
    """What a valid signature says.

    Attributes:
        key_id: whose key it is, as given to `resolve_key`.
        nonce: `NONCE_BYTES` bytes that the signer used once; the caller remembers it.
        created: when it was signed, by the signer's clock, whole seconds since 1970.
        expires: until when the signer meant it to count, same clock.
        evidence: the two signature headers, to be kept as proof of who sent this.
    """

    key_id: str
    nonce: bytes
    created: int
    expires: int
    evidence: str


@attrs.frozen(kw_only=True)
class VerifiedHead:
    """A request whose head is proved, and whose body may still be another.

    Attributes:
        says: what the signature says.
        check_body: raises `DigestMismatchError` where a body is not the one signed.
    """

    says: Verified
    check_body: Callable[[bytes], None]


class _Fields:
    """Header fields with the mapping interface that the library asks for."""

    def __init__(self, fields: tuple[tuple[str, str], ...]) -> None:
        self._fields = list(fields)

    def items(self) -> list[tuple[str, str]]:
        return list(self._fields)

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _ in self._fields])

    def __contains__(self, name: str) -> bool:
        return any(known.lower() == name.lower() for known, _ in self._fields)

    def __setitem__(self, name: str, value: str) -> None:
        self._fields.append((name, value))

    def __delitem__(self, name: str) -> None:
        self._fields = [
            (known, value)
            for known, value in self._fields
            if known.lower() != name.lower()
        ]


@attrs.define
class _Adapter:
    """`HttpMessage` with the attribute names that the library asks for."""

    method: str
    url: str
    headers: _Fields

    @classmethod
    def of(cls, message: HttpMessage) -> "_Adapter":
        return cls(message.method, message.url, _Fields(message.fields))


class _TimelessVerifier(HTTPMessageVerifier):
    """The library's verifier without its comparison with this machine's clock."""

    @override
    def validate_created_and_expires(
        self, sig_input: InnerList, max_age: timedelta | None = None
    ) -> None:
        """Nothing: `_parameters` has judged the two times against each other."""


def sign(  # noqa: PLR0913 - the profile's own parameters, each named at the call
    message: HttpMessage,
    *,
    body: bytes,
    key_id: str,
    private_key: Ed25519PrivateKey,
    created: datetime,
    nonce: bytes,
    tag: str = SIGNATURE_TAG,
) -> dict[str, str]:
    """Sign a request.

    Args:
        message: with its Content-Type, and without Content-Digest.
        body: the bytes that will be sent.
        key_id: by which the other side finds the public key.
        private_key: the signer's.
        created: now, by the signer's clock.
        nonce: `NONCE_BYTES` bytes never used before with this key.
        tag: the protocol that the signature is for.

    Returns:
        The header fields to add: Content-Digest, Signature-Input, Signature.

    Raises:
        BadSignatureError: the message cannot be signed in this profile.
        NaiveTimeError: `created` has no zone.
    """
    if created.utcoffset() is None:
        raise NaiveTimeError("created has no time zone")
    if len(nonce) != NONCE_BYTES:
        raise BadSignatureError("a nonce of the wrong length")
    adapter = _Adapter.of(message)
    signer = HTTPMessageSigner(
        signature_algorithm=ED25519,
        key_resolver=MappingKeyResolver(
            public_keys={}, private_keys={key_id: private_key}
        ),
    )
    try:
        signer.sign(
            adapter,
            key_id=key_id,
            created=created,
            expires=created + timedelta(seconds=LONGEST_LIFE_S),
            nonce=base64.b64encode(nonce).decode(),
            label=_LABEL,
            tag=tag,
            covered_component_ids=SIGNED_COMPONENTS,
            body=body,
        )
    except (HTTPMessageSignaturesException, ValueError):
        raise BadSignatureError("the request cannot be signed") from None
    return {
        name: value
        for name, value in adapter.headers.items()
        if name.lower() in _WRITTEN
    }


def verify(
    message: HttpMessage,
    *,
    body: bytes,
    resolve_key: Callable[[str], bytes | None],
    tag: str = SIGNATURE_TAG,
) -> Verified:
    """Check who signed a request, that all of it was signed, and that it is unchanged.

    Args:
        message: as received.
        body: the bytes received, before any decoding.
        resolve_key: gives the Ed25519 public key, 32 bytes, of a key id, or None.
            What it raises passes through.
        tag: the protocol that the signature must be for.

    Raises:
        MissingSignatureError: no signature, or one that cannot be parsed.
        WrongTagError: no signature for this protocol.
        MissingComponentError: not all of `wire.SIGNED_COMPONENTS` are signed.
        UnknownKeyError: `resolve_key` gave None.
        BadSignatureError: the signature does not fit, or breaks the profile.
        DigestMismatchError: the body is another one.
    """
    head = verify_head(message, resolve_key=resolve_key, tag=tag)
    head.check_body(body)
    return head.says


def verify_head(
    message: HttpMessage,
    *,
    resolve_key: Callable[[str], bytes | None],
    tag: str = SIGNATURE_TAG,
) -> VerifiedHead:
    """Check who signed a request, before its body is read; see `verify`.

    Raises:
        HttpSignatureError: as `verify`, but never `DigestMismatchError`.
    """
    claim = _claim(message, tag)
    key = resolve_key(claim.key_id)
    if key is None:
        raise UnknownKeyError("signed with a key that is not known here")
    verifier = _TimelessVerifier(
        signature_algorithm=ED25519,
        key_resolver=MappingKeyResolver(
            public_keys={claim.key_id: _public(key)}, private_keys={}
        ),
    )
    adapter = _Adapter.of(message)
    try:
        found = verifier.verify(
            adapter,
            max_age=None,
            expect_tag=tag,
            require_components=SIGNED_COMPONENTS,
        )
    except (HTTPMessageSignaturesException, ValueError):
        # The library's text may quote the request; ours never does.
        raise BadSignatureError("the signature does not fit the request") from None
    return VerifiedHead(
        says=claim, check_body=lambda body: _check_body(verifier, adapter, found, body)
    )


def _public(key: bytes) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(key)
    except ValueError:
        raise BadSignatureError("the key on file is no Ed25519 key") from None


def _check_body(
    verifier: _TimelessVerifier,
    adapter: _Adapter,
    found: list[VerifyResult],
    body: bytes,
) -> None:
    try:
        verifier.verify_body(adapter, found, body)
    except (HTTPMessageSignaturesException, ValueError):
        raise DigestMismatchError("the body is not the one that was signed") from None


def _claim(message: HttpMessage, tag: str) -> Verified:
    """What the one signature for this protocol says of itself; nothing proved yet."""
    inputs = _field(message, "signature-input")
    signatures = _field(message, "signature")
    parsed = Dictionary()
    try:
        parsed.parse(inputs.encode("ascii"))
    except (ValueError, TypeError):
        raise MissingSignatureError("Signature-Input cannot be parsed") from None
    ours = [
        member
        for member in parsed.values()
        if isinstance(member, InnerList) and member.params.get("tag") == tag
    ]
    if not ours:
        raise WrongTagError("no signature for this protocol")
    if len(ours) > 1:
        raise BadSignatureError("more than one signature for this protocol")
    # A component with a parameter (`;req`, `;bs`) is another component.
    plain = {item.value for item in ours[0] if not item.params}
    if not plain.issuperset(SIGNED_COMPONENTS):
        raise MissingComponentError("the signature does not cover the whole request")
    return _parameters(dict(ours[0].params), evidence=f"{inputs}\n{signatures}")


def _parameters(params: dict[str, object], *, evidence: str) -> Verified:
    match params:
        case {
            "created": int(created),
            "expires": int(expires),
            "keyid": str(key_id),
            "nonce": str(nonce),
            "alg": "ed25519",
        } if 0 < expires - created <= LONGEST_LIFE_S:
            return Verified(
                key_id=key_id,
                nonce=_nonce(nonce),
                created=created,
                expires=expires,
                evidence=evidence,
            )
        case _:
            raise BadSignatureError("a parameter of the signature is missing or odd")


def _nonce(text: str) -> bytes:
    try:
        nonce = base64.b64decode(text, validate=True)
    except ValueError:
        raise BadSignatureError("the nonce is not base64") from None
    # One spelling only: a verifier may remember either the text or the bytes.
    if len(nonce) != NONCE_BYTES or base64.b64encode(nonce).decode() != text:
        raise BadSignatureError("the nonce is not 16 bytes")
    return nonce


def _field(message: HttpMessage, name: str) -> str:
    lines = [value for known, value in message.fields if known.lower() == name]
    value = ", ".join(lines)
    if not value:
        raise MissingSignatureError("the request is not signed")
    if len(value) > _LARGEST_FIELD or not value.isascii():
        raise MissingSignatureError("a signature header is too long or not ASCII")
    return value
