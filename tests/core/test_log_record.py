import hashlib
import json
from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charteroak.core.log_record import (
    Draft,
    Record,
    RecordKind,
    RecordTooLargeError,
    UnopenableRecordError,
    Value,
    canonical,
    commitment,
    compose,
    unseal,
)

AT = datetime(2026, 10, 1, 12, 34, 56, tzinfo=UTC)
KEY = bytes(range(32))
names = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12).filter(
    lambda name: name != "at"
)
values = st.one_of(
    st.text(max_size=30), st.integers(-(2**53), 2**53), st.booleans(), st.none()
)
fields = st.dictionaries(names, values, max_size=5)


def a_record(private: dict[str, Value], public: dict[str, Value]) -> Record:
    draft = Draft(kind=RecordKind.SEARCH_ASKED, at=AT, private=private, public=public)
    salts = [hashlib.sha256(bytes([n])).digest()[:16] for n in range(len(private) + 1)]
    return compose(draft, salts=salts, key=KEY)


@given(fields, fields)
def test_what_was_sealed_opens_and_fits_its_commitments(
    private: dict[str, Value], public: dict[str, Value]
) -> None:
    record = a_record(private, public)
    assert unseal(record, key=KEY) == {**private, "at": AT.isoformat()}
    assert json.loads(record.entry)["public"] == public


@given(fields)
def test_equal_values_do_not_show_as_equal(private: dict[str, Value]) -> None:
    committed = json.loads(a_record(private, {}).entry)["committed"]
    assert len(set(committed.values())) == len(private) + 1


def test_a_private_value_is_not_in_the_stored_bytes() -> None:
    record = a_record({"pattern": "AB12345"}, {"purpose": "stolen_vehicle"})
    assert b"AB12345" not in record.entry + record.sealed
    assert "AB12345" not in repr(record)


def test_public_time_is_cut_to_the_hour() -> None:
    record = a_record({}, {})
    assert json.loads(record.entry)["hour"] == "2026-10-01T12Z"
    assert b"34:56" not in record.entry
    assert record.hour == datetime(2026, 10, 1, 12, tzinfo=UTC)


def test_a_changed_entry_or_another_key_does_not_open() -> None:
    record = a_record({"case": "26-1"}, {})
    changed = attrs.evolve(record, entry=record.entry.replace(b"asked", b"shown"))
    with pytest.raises(UnopenableRecordError):
        unseal(changed, key=KEY)
    with pytest.raises(UnopenableRecordError):
        unseal(record, key=bytes(32))


def test_commitment_by_hand() -> None:
    by_hand = hashlib.sha256(b'["00ff","case","26-1"]').hexdigest()
    assert commitment(b"\x00\xff", "case", "26-1") == by_hand


def test_canonical_orders_keys_by_utf16() -> None:
    # RFC 8785 section 3.2.3: U+1F600 sorts before U+FB33 in UTF-16, after it by point.
    assert canonical({"\ufb33": 1, "\U0001f600": 2, "1": 3, "\r": 4}) == (
        '{"\\r":4,"1":3,"\U0001f600":2,"\ufb33":1}'.encode()
    )


def test_fractions_are_refused() -> None:
    with pytest.raises(TypeError):
        canonical({"share": 0.5})


def test_a_record_longer_than_a_log_entry_is_refused() -> None:
    with pytest.raises(RecordTooLargeError):
        a_record({}, {"note": "x" * 70_000})
