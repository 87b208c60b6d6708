from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.box import CAMERA, a_camera_report, a_report

from charteroak.core import wire
from charteroak.core.wire import (
    Batch,
    UnreadableBatchError,
    UnreadableReadError,
    UnreadableReportError,
    WireRead,
    content_digest,
    decode_batch,
    decode_read,
    decode_report,
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


ODD = [
    {"waiting": -1},
    {"waiting": 2**63},
    {"waiting": 1.5},
    {"oldest_s": -1},
    {"oldest_s": 10**12},
    {"number": 0},
    {"boot_epoch": 2**63 - 1},
    {"software": ""},
    {"software": "x" * 81},
    {"software": "<b>\n"},
    {"software": "oak \N{BLACK HEART SUIT}"},
    {"disk_free_bytes": -1},
    {"cameras": None},
    {"cameras": [{"camera": CAMERA}]},
]
ODD_CAMERA = [
    {"camera": "Elm St"},
    {"camera": CAMERA + "\n"},
    {"for_s": -1},
    {"for_s": datetime(2099, 1, 1, tzinfo=UTC)},
    {"last_frame_s": 10**12},
    {"fps": float("nan")},
    {"fps": float("inf")},
    {"fps": -1.0},
    {"frames": -1},
    {"why": "<script>"},
    {"why": "a" * 21},
    {"why": "QX7SECR"},
]


@pytest.mark.parametrize(
    "odd", [*ODD, *({"cameras": [each]} for each in ODD_CAMERA)], ids=str
)
def test_a_report_with_odd_values_is_none(odd: dict[str, object]) -> None:
    usual = msgspec.to_builtins(a_report(a_camera_report()))
    assert decode_report(msgspec.msgpack.encode(usual)) == a_report(a_camera_report())
    said = {**usual, **odd}
    if odd not in ODD:
        said["cameras"] = [{**usual["cameras"][0], **each} for each in said["cameras"]]

    with pytest.raises(UnreadableReportError) as refused:
        decode_report(msgspec.msgpack.encode(said))

    assert str(refused.value) == "not a report"
    assert refused.value.__cause__ is None
