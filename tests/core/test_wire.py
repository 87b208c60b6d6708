from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charteroak.core import wire
from charteroak.core.wire import (
    Batch,
    UnreadableBatchError,
    UnreadableReadError,
    WireRead,
    content_digest,
    decode_batch,
    decode_read,
    signed_bytes,
)

A_READ = WireRead(
    read_id=UUID(int=7),
    camera="main-st",
    seen_at=datetime(2026, 10, 1, 12, tzinfo=UTC),
    plate="AB12345",
    confidence=0.9,
    characters=[0.9] * 7,
    state=None,
    state_confidence=None,
    box=(10, 20, 130, 60),
    engine="rapidocr 3.10.0",
    plate_picture=b"jpeg",
    vehicle_picture=b"jpeg",
)


def altered(**change: object) -> WireRead:
    return msgspec.structs.replace(A_READ, **change)


def test_a_read_survives_the_wire() -> None:
    read = decode_read(msgspec.msgpack.encode(A_READ)).to_read()
    assert read.plate.glyphs == "AB12345"
    assert read.seen_at == A_READ.seen_at


@pytest.mark.parametrize(
    "change",
    [
        {"plate": ""},
        {"plate": "A" * 30},
        {"plate": "AB🚗"},
        {"plate": "AB\x0012"},
        {"plate": "ab12345"},
        {"confidence": 1.5},
        {"confidence": float("nan")},
        {"characters": [0.9]},
        {"state": "ZZ"},
        {"box": (-1, 0, 10, 10)},
        {"box": (0, 0, 0, 10)},
        {"engine": "x" * 200},
        {"seen_at": datetime(2026, 10, 1, 12)},  # noqa: DTZ001 - the point
        {"plate_picture": b"x" * (wire.LARGEST_PICTURE_BYTES + 1)},
    ],
)
def test_a_bad_value_is_refused_without_naming_the_plate(
    change: dict[str, object],
) -> None:
    with pytest.raises(UnreadableReadError) as refused:
        altered(**change).to_read()
    assert "AB" not in str(refused.value)
    assert refused.value.__cause__ is None


@given(st.binary(max_size=400))
def test_any_bytes_are_a_message_or_our_error(data: bytes) -> None:
    for decode, error in (
        (decode_read, UnreadableReadError),
        (decode_batch, UnreadableBatchError),
    ):
        try:
            decode(data)
        except error:
            continue


@pytest.mark.parametrize(
    "change",
    [
        {"envelopes": []},
        {"envelopes": [b""] * 501},
        {"sequence": 0},
        {"boot_epoch": -1},
    ],
)
def test_an_impossible_batch_is_refused(change: dict[str, object]) -> None:
    batch = Batch(
        device=UUID(int=1), boot_epoch=1, sequence=1, envelopes=[b"x"], signature=b""
    )
    body = msgspec.msgpack.encode(msgspec.structs.replace(batch, **change))
    with pytest.raises(UnreadableBatchError):
        decode_batch(body)


@given(
    st.lists(st.binary(max_size=20), max_size=5),
    st.lists(st.binary(max_size=20), max_size=5),
)
def test_no_two_lists_of_envelopes_share_their_digest(
    one: list[bytes], other: list[bytes]
) -> None:
    assert (content_digest(one) == content_digest(other)) == (one == other)


@given(st.integers(1, 2**60), st.integers(1, 2**60), st.integers(1, 2**60))
def test_epoch_and_sequence_cannot_be_shifted_into_each_other(
    epoch: int, sequence: int, other: int
) -> None:
    def signed(epoch: int, sequence: int) -> bytes:
        return signed_bytes(
            device=UUID(int=1), boot_epoch=epoch, sequence=sequence, content=bytes(32)
        )

    assert (signed(epoch, sequence) == signed(epoch, other)) == (sequence == other)
