"""Orders of a council: what is one, whose it is, and how they add up."""

import json
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from charteroak.core.codes import Keys, Step
from charteroak.core.council_order import (
    KEYS_NEEDED,
    LARGEST_ORDER,
    CouncilKey,
    Order,
    SignedOrder,
    UnreadableKeyError,
    UnreadableOrderError,
    key_text,
    read_key,
    read_order,
    turned,
)
from charteroak.core.errors import NaiveTimeError
from charteroak.core.moratorium import (
    CLOCK_TOLERANCE,
    Objection,
    Taken,
    objection,
    standing,
)

NOON = datetime(2026, 10, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE, OTHER, STRANGER = (Ed25519PrivateKey.generate() for _ in range(3))


def key(secret: Ed25519PrivateKey, name: str) -> CouncilKey:
    public = secret.public_key().public_bytes_raw()
    return CouncilKey(name=name, public_key=public)


KEYS = (key(ONE, "Maya"), key(OTHER, "Noah"))
ORDER = Order(
    agency="fernwood",
    step=Step.RESUME,
    number=2,
    issued_at=NOON,
    reason="Vote of May 3",
)


def signed(*by: Ed25519PrivateKey, order: Order = ORDER) -> SignedOrder:
    found = SignedOrder(order=order, signatures=())
    for secret in by:
        found = found.signed_by(secret)
    return found


def taken(number: int, step: Step | None, *by: Ed25519PrivateKey) -> Taken:
    at = NOON + number * HOUR
    if step is None:
        return Taken(number=number, step=None, at=at, reason="?")
    order = attrs.evolve(ORDER, number=number, step=step)
    text = signed(*by, order=order).text
    return Taken(number=number, step=step, at=at, reason="x", text=text)


def test_an_order_survives_its_file() -> None:
    made = signed(ONE, OTHER)

    assert read_order(made.text) == made
    assert turned(read_order(made.text), KEYS).keys is Keys.TWO


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading(text: bytes) -> None:
    with pytest.raises(UnreadableOrderError):
        read_order(text)
    with pytest.raises(UnreadableKeyError):
        read_key(text)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("order", "charteroak-council-order/2"),
        ("step", "pause"),
        ("number", 0),
        ("number", 2**31),
        ("number", 1.5),
        ("issued_at", "2026-10-15T12:00:00"),
        ("issued_at", "2026-10-15T12:00:00.5+00:00"),
        ("issued_at", "yesterday"),
        ("reason", " "),
        ("reason", "x" * 501),
        ("reason", "a\nb"),
        ("signatures", []),
        ("signatures", [{"key": "x"}]),
        ("more", 1),
    ],
)
def test_what_is_out_of_its_range_is_no_order(field: str, value: object) -> None:
    text = json.dumps({**json.loads(signed(ONE).text), field: value})

    with pytest.raises(UnreadableOrderError):
        read_order(text.encode())


def test_an_order_is_not_endless() -> None:
    with pytest.raises(UnreadableOrderError, match="too large"):
        read_order(signed(ONE).text + b" " * LARGEST_ORDER)
    with pytest.raises(NaiveTimeError):
        attrs.evolve(ORDER, issued_at=NOON.replace(tzinfo=None))


@pytest.mark.parametrize("name", ["", "x" * 81, "a\nb"])
def test_a_key_has_a_holder(name: str) -> None:
    with pytest.raises(UnreadableKeyError):
        read_key(key_text(attrs.evolve(KEYS[0], name=name)))


def test_a_key_is_32_bytes() -> None:
    with pytest.raises(UnreadableKeyError):
        read_key(key_text(CouncilKey(name="Maya", public_key=b"short")))


@pytest.mark.parametrize(
    ("by", "keys", "doubts"),
    [
        ((), Keys.NONE, 0),
        ((ONE,), Keys.ONE, 0),
        ((ONE, ONE), Keys.ONE, 0),
        ((ONE, STRANGER), Keys.ONE, 1),
        ((STRANGER,), Keys.NONE, 1),
        ((OTHER, ONE), Keys.TWO, 0),
        ((OTHER, ONE, STRANGER), Keys.TWO, 1),
    ],
)
def test_keys_are_counted_once_each(
    by: tuple[Ed25519PrivateKey, ...], keys: Keys, doubts: int
) -> None:
    found = turned(signed(*by), KEYS)

    assert found.keys is keys
    assert len(found.doubts) == doubts
    assert len(found.by) <= KEYS_NEEDED


def test_pauses_are_as_long_as_they_last() -> None:
    stands = standing(
        "fernwood",
        KEYS,
        [
            taken(1, Step.SUSPEND, ONE),
            taken(2, Step.SUSPEND, OTHER),
            taken(3, Step.RESUME, ONE, OTHER),
            taken(5, Step.SUSPEND, ONE),
        ],
    )

    assert stands.suspended_at == NOON + 5 * HOUR
    assert (stands.last, stands.next_number, stands.doubt) == (5, 6, False)
    assert [each.until for each in stands.pauses] == [NOON + 3 * HOUR, None]
    moments = [NOON + hours * HOUR for hours in range(7)]
    assert [stands.paused(each) for each in moments] == [
        False,
        True,
        True,
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    "end",
    [
        taken(2, Step.RESUME, ONE),
        taken(2, Step.RESUME, ONE, STRANGER),
        attrs.evolve(taken(2, Step.SUSPEND, ONE, OTHER), step=Step.RESUME),
        attrs.evolve(taken(7, Step.RESUME, ONE, OTHER), number=2),
        attrs.evolve(taken(2, Step.RESUME, ONE, OTHER), text=b"{}"),
    ],
)
def test_an_end_without_both_signatures_stops_all(end: Taken) -> None:
    stands = standing("fernwood", KEYS, [taken(1, Step.SUSPEND, ONE), end])

    assert stands.doubt
    assert stands.suspended_at == NOON + HOUR


def test_a_doubt_stops_what_was_in_service() -> None:
    stands = standing("fernwood", KEYS, [taken(1, None)])

    assert stands.doubt
    assert stands.suspended
    assert standing("fernwood", KEYS, []).suspended_at is None


@pytest.mark.parametrize(
    ("ahead", "against"),
    [
        (-HOUR, None),
        (timedelta(0), None),
        (timedelta(seconds=1), Objection.OLDER_THAN_LAST),
        (CLOCK_TOLERANCE, Objection.OLDER_THAN_LAST),
        (CLOCK_TOLERANCE + timedelta(seconds=1), None),
        (timedelta(days=400), None),
    ],
)
def test_a_clock_that_was_ahead_does_not_lock_the_council_out(
    ahead: timedelta, against: Objection | None
) -> None:
    last = attrs.evolve(taken(1, Step.SUSPEND, ONE), at=NOON + ahead)
    stands = standing("fernwood", KEYS, [last])

    found = objection(ORDER, stands, at=NOON)

    assert found is against
    again = attrs.evolve(ORDER, number=1)
    assert objection(again, stands, at=NOON) is Objection.CARRIED_OUT
