"""The HTTP signature: what fits is accepted, and whatever is changed is refused."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from charteroak.core.errors import NaiveTimeError
from charteroak.core.http_signature import (
    BadSignatureError,
    DigestMismatchError,
    HttpMessage,
    HttpSignatureError,
    MissingComponentError,
    MissingSignatureError,
    UnknownKeyError,
    Verified,
    WrongTagError,
    sign,
    verify,
)
from charteroak.core.wire import MEDIA_TYPE

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
BOX = "5f0c6d5e-9f0a-4f43-9d2a-0d8b7f0b7c11"
URL = "https://alpr.example:8443/api/v1/batches"
CREATED = datetime(2026, 10, 1, 12, tzinfo=UTC)
NONCE = bytes(range(16))
BODY = b"sealed envelopes"


def request(url: str = URL, method: str = "POST") -> HttpMessage:
    return HttpMessage(method=method, url=url, fields=(("Content-Type", MEDIA_TYPE),))


def signed(
    message: HttpMessage | None = None,
    *,
    body: bytes = BODY,
    created: datetime = CREATED,
    nonce: bytes = NONCE,
    tag: str = "alpr-ingest/1",
) -> HttpMessage:
    message = message or request()
    added = sign(
        message,
        body=body,
        key_id=BOX,
        private_key=KEY,
        created=created,
        nonce=nonce,
        tag=tag,
    )
    return attrs.evolve(message, fields=message.fields + tuple(added.items()))


def checked(message: HttpMessage, body: bytes = BODY) -> Verified:
    return verify(message, body=body, resolve_key={BOX: PUBLIC}.get)


def replaced(message: HttpMessage, name: str, old: str, new: str) -> HttpMessage:
    fields = tuple(
        (known, value.replace(old, new) if known.lower() == name else value)
        for known, value in message.fields
    )
    assert fields != message.fields
    return attrs.evolve(message, fields=fields)


def without(message: HttpMessage, name: str) -> HttpMessage:
    return attrs.evolve(
        message, fields=tuple(f for f in message.fields if f[0].lower() != name)
    )


def test_a_signed_request_says_who_when_and_which() -> None:
    told = checked(signed())

    assert told.key_id == BOX
    assert told.nonce == NONCE
    assert told.created == int(CREATED.timestamp())
    assert told.expires == told.created + 60
    assert told.evidence.count("charteroak=") == 2


def test_the_profile_on_the_wire() -> None:
    fields = dict(signed().fields)

    digest = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    assert fields["Content-Digest"] == f"sha-256=:{digest}:"
    assert fields["Signature-Input"] == (
        'charteroak=("@method" "@authority" "@target-uri" "content-digest"'
        f' "content-type");created=1790856000;keyid="{BOX}";alg="ed25519"'
        ';expires=1790856060;nonce="AAECAwQFBgcICQoLDA0ODw==";tag="alpr-ingest/1"'
    )


@pytest.mark.parametrize("years", [-30, 30])
def test_a_wrong_clock_is_heard_and_told(years: int) -> None:
    created = CREATED + timedelta(days=365 * years)

    assert checked(signed(created=created)).created == int(created.timestamp())


@given(st.binary(min_size=0, max_size=400), st.binary(min_size=16, max_size=16))
def test_whatever_is_signed_verifies(body: bytes, nonce: bytes) -> None:
    assert checked(signed(body=body, nonce=nonce), body).nonce == nonce


@given(st.binary(max_size=100))
def test_another_body_is_refused(body: bytes) -> None:
    if body != BODY:
        with pytest.raises(DigestMismatchError):
            checked(signed(), body)


_PATH = st.text("abc/-.", max_size=12)


@given(
    st.sampled_from(["http", "https"]),
    st.sampled_from(["alpr.example:8443", "alpr.example", "other.example:8443"]),
    _PATH,
)
def test_another_address_is_refused(scheme: str, host: str, path: str) -> None:
    url = f"{scheme}://{host}/api/v1/batches{path}"
    if url != URL:
        with pytest.raises(BadSignatureError):
            checked(attrs.evolve(signed(), url=url))


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "post", ""])
def test_another_method_is_refused(method: str) -> None:
    with pytest.raises(BadSignatureError):
        checked(attrs.evolve(signed(), method=method))


@given(st.data())
def test_any_changed_character_of_a_signed_header_is_refused(
    data: st.DataObject,
) -> None:
    message = signed()
    at = data.draw(st.integers(0, len(message.fields) - 1))
    name, value = message.fields[at]
    where = data.draw(st.integers(0, len(value) - 1))
    put = data.draw(st.characters(min_codepoint=32, max_codepoint=126))
    changed = value[:where] + put + value[where + 1 :]
    fields = list(message.fields)
    fields[at] = (name, changed)
    tampered = attrs.evolve(message, fields=tuple(fields))
    if _same(name, value, changed):
        return
    with pytest.raises(HttpSignatureError):
        checked(tampered)


def _same(name: str, value: str, changed: str) -> bool:
    """Whether two spellings mean the same: RFC 9421 does not sign labels and padding."""
    if name == "Signature":
        # The last base64 digit of 64 bytes carries four bits that mean nothing, and a
        # label has no meaning; but both headers must still name the same label.
        def raw(text: str) -> bytes:
            return base64.b64decode(text.partition("=:")[2].rstrip(": "))

        try:
            return changed.startswith("charteroak=:") and raw(value) == raw(changed)
        except ValueError:
            return False
    return value.strip() == changed.strip()


@pytest.mark.parametrize("name", ["signature", "signature-input"])
def test_an_unsigned_request_is_refused(name: str) -> None:
    with pytest.raises(MissingSignatureError):
        checked(without(signed(), name))


@pytest.mark.parametrize("name", ["content-type", "content-digest"])
def test_a_signed_header_that_is_gone_is_refused(name: str) -> None:
    with pytest.raises(BadSignatureError):
        checked(without(signed(), name))


def test_a_header_given_twice_is_refused() -> None:
    message = signed()
    twice = attrs.evolve(
        message, fields=(*message.fields, ("content-type", "text/plain"))
    )
    with pytest.raises(BadSignatureError):
        checked(twice)


def test_a_signature_for_another_protocol_is_refused() -> None:
    with pytest.raises(WrongTagError):
        checked(signed(tag="alpr-fed/1"))


@pytest.mark.parametrize(
    "component",
    ['"@method" ', '"@authority" ', '"@target-uri" ', '"content-digest" '],
)
def test_a_signature_over_less_is_refused(component: str) -> None:
    with pytest.raises(MissingComponentError):
        checked(replaced(signed(), "signature-input", component, ""))


def test_a_component_with_a_parameter_is_another_component() -> None:
    with pytest.raises(MissingComponentError):
        checked(replaced(signed(), "signature-input", '"@method"', '"@method";req'))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (";created=1790856000", ""),
        (";created=1790856000", ";created=?1"),
        (";expires=1790856060", ""),
        (";expires=1790856060", ";expires=1790856061"),
        (";expires=1790856060", ";expires=1790856000"),
        (';nonce="AAECAwQFBgcICQoLDA0ODw=="', ""),
        ('nonce="AAECAwQFBgcICQoLDA0ODw=="', 'nonce="AAEC"'),
        ('nonce="AAECAwQFBgcICQoLDA0ODw=="', 'nonce="AAECAwQFBgcICQoLDA0ODx=="'),
        ('nonce="AAECAwQFBgcICQoLDA0ODw=="', 'nonce="*"'),
        (';alg="ed25519"', ""),
        ('alg="ed25519"', 'alg="hmac-sha256"'),
    ],
)
def test_parameters_outside_the_profile_are_refused(old: str, new: str) -> None:
    with pytest.raises(BadSignatureError):
        checked(replaced(signed(), "signature-input", old, new))


def test_a_stranger_is_refused() -> None:
    with pytest.raises(UnknownKeyError):
        verify(signed(), body=BODY, resolve_key=lambda _: None)


def test_another_key_is_refused() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
    with pytest.raises(BadSignatureError):
        verify(signed(), body=BODY, resolve_key=lambda _: other.public_bytes_raw())


def test_a_key_on_file_that_is_none_is_refused() -> None:
    with pytest.raises(BadSignatureError):
        verify(signed(), body=BODY, resolve_key=lambda _: b"short")


def test_two_signatures_for_one_protocol_are_refused() -> None:
    message = signed()
    second = replaced(signed(nonce=bytes(16)), "signature", "charteroak=", "other=")
    second = replaced(second, "signature-input", "charteroak=", "other=")
    with pytest.raises(BadSignatureError):
        checked(attrs.evolve(message, fields=message.fields + second.fields[-2:]))


def test_trouble_in_the_key_store_is_not_taken_for_a_bad_signature() -> None:
    def broken(_: str) -> bytes | None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        verify(signed(), body=BODY, resolve_key=broken)


@given(st.text(max_size=300), st.text(max_size=300))
def test_noise_in_the_headers_is_our_error_only(one: str, two: str) -> None:
    noise = (("Signature-Input", one), ("Signature", two))
    with pytest.raises(HttpSignatureError):
        checked(attrs.evolve(request(), fields=request().fields + noise))


def test_a_header_too_long_to_be_ours_is_not_parsed() -> None:
    with pytest.raises(MissingSignatureError):
        checked(replaced(signed(), "signature", "charteroak", "c" * 5000))


@pytest.mark.parametrize("length", [0, 15, 17])
def test_a_nonce_of_the_wrong_length_is_not_signed(length: int) -> None:
    with pytest.raises(BadSignatureError):
        signed(nonce=bytes(length))


def test_a_moment_without_zone_is_not_signed() -> None:
    with pytest.raises(NaiveTimeError):
        signed(created=CREATED.replace(tzinfo=None))


@pytest.mark.parametrize("url", ["no url", "https:///path", "https://a b/"])
def test_an_address_that_is_none_is_not_signed(url: str) -> None:
    with pytest.raises(BadSignatureError):
        signed(request(url=url))


def test_an_old_signature_is_replaced_not_joined() -> None:
    stale = without(signed(nonce=bytes(16)), "content-digest")
    fresh = sign(
        stale, body=BODY, key_id=BOX, private_key=KEY, created=CREATED, nonce=NONCE
    )
    assert (
        checked(
            attrs.evolve(request(), fields=request().fields + tuple(fresh.items()))
        ).nonce
        == NONCE
    )
