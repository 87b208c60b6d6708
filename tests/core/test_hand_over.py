"""A council hands its keys over: a chain of signatures, in which nobody finds a place."""

import json
from datetime import UTC, datetime, timedelta
from itertools import combinations

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from charteroak.core.codes import Keys, Step
from charteroak.core.council_order import (
    MOST_KEYS,
    CouncilKey,
    Order,
    SignedOrder,
    UnreadableOrderError,
    may_hold,
    read_order,
    turned,
)
from charteroak.core.moratorium import (
    GOOD_FOR,
    CouncilStanding,
    Objection,
    Taken,
    objection,
    standing,
)

NOON = datetime(2026, 10, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
# Fixed, so that a case that Hypothesis finds can be run again.
SECRETS = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(7)]
NAMES = ["Maya", "Noah", "Ada", "Ben", "Cleo", "Dov", "Clerk"]
KEYS = tuple(
    CouncilKey(name=name, public_key=secret.public_key().public_bytes_raw())
    for name, secret in zip(NAMES, SECRETS, strict=True)
)
MAYA, NOAH, ADA, BEN, CLEO, DOV, CLERK = range(7)
HOLDERS = st.sets(st.sampled_from(range(7)))


def signed(
    number: int, step: Step, by: tuple[int, ...], *to: int, agency: str = "fernwood"
) -> SignedOrder:
    order = Order(
        agency=agency,
        step=step,
        number=number,
        issued_at=NOON,
        reason="Elected on November 3",
        to=tuple(KEYS[each] for each in to),
    )
    found = SignedOrder(order=order, signatures=())
    for each in by:
        found = found.signed_by(SECRETS[each])
    return found


def taken(
    number: int,
    step: Step | None,
    by: tuple[int, ...] = (),
    *to: int,
    agency: str = "fernwood",
    said: int | None = None,
) -> Taken:
    """A row of the database, whether or not anybody ordered it."""
    text = b""
    if step is not None:
        text = signed(said or number, step, by, *to, agency=agency).text
    at = NOON + number * HOUR
    return Taken(number=number, step=step, at=at, reason=f"no. {number}", text=text)


def stands(*orders: Taken) -> CouncilStanding:
    return standing("fernwood", KEYS[:2], orders)


def holders(found: CouncilStanding) -> list[str]:
    return [each.name for each in found.keys]


def test_an_order_of_before_is_what_it_was_to_the_byte() -> None:
    """A file that was signed when there were no hand-overs."""
    maya = KEYS[MAYA]
    order = read_order(
        b'{"order":"charteroak-council-order/1","agency":"fernwood","step":"suspend",'
        b'"number":1,"issued_at":"2026-10-12T19:30:00+00:00","reason":"Vote of October'
        b' 12","signatures":[{"key":"139e3940e64b5491","signature":"o2k09PWcMWxtp'
        b'ilz7974TngaLhSluznAEB3ivy0ytsE8qJnWCCr6GQwEylXnM+Agh2ip9LyrodTeTrKygVOHBg=="}]}'
    )

    assert order.order.signed_bytes == (
        b'charteroak-council-order/1\n{"agency":"fernwood","issued_at":'
        b'"2026-10-12T19:30:00+00:00","number":1,"order":"charteroak-council-order/1",'
        b'"reason":"Vote of October 12","step":"suspend"}'
    )
    assert turned(order, [maya]).by == (maya,)


def test_a_hand_over_survives_its_file_and_names_are_signed_too() -> None:
    made = signed(1, Step.HAND_OVER, (MAYA, NOAH), NOAH, ADA)
    assert read_order(made.text) == made

    text = json.loads(made.text)
    text["to"][1]["name"] = "Somebody else"
    renamed = read_order(json.dumps(text).encode())

    assert turned(made, KEYS).keys is Keys.TWO
    assert turned(renamed, KEYS).keys is Keys.NONE


@pytest.mark.parametrize(
    ("step", "to"),
    [
        (Step.HAND_OVER, None),
        (Step.HAND_OVER, {}),
        (Step.HAND_OVER, [{"council_key": "00" * 31, "name": "Ada"}]),
        (Step.HAND_OVER, [{"council_key": KEYS[ADA].public_key.hex(), "name": ""}]),
        (Step.HAND_OVER, [{"council_key": KEYS[ADA].public_key.hex()}]),
        (Step.HAND_OVER, [{"council_key": "00" * 32, "name": "Ada"}] * 9),
        (Step.RESUME, []),
        (Step.SUSPEND, [{"council_key": "00" * 32, "name": "Ada"}]),
    ],
)
def test_keys_are_named_by_a_hand_over_and_by_nothing_else(
    step: Step, to: object
) -> None:
    text = json.loads(signed(1, Step.SUSPEND, (MAYA,)).text) | {"step": step.value}
    if to is not None:
        text["to"] = to

    with pytest.raises(UnreadableOrderError):
        read_order(json.dumps(text).encode())


@given(st.lists(st.sampled_from(KEYS), max_size=5))
def test_two_or_three_different_keys_may_be_a_councils(keys: list[CouncilKey]) -> None:
    assert may_hold(keys) is (len(keys) in {2, 3} and len(set(keys)) == len(keys))
    alike = [attrs.evolve(each, name="ADA") for each in keys]
    assert not may_hold([*alike, attrs.evolve(KEYS[ADA], name="ada")])


def test_keys_are_handed_over_in_a_moratorium_and_outside_of_one() -> None:
    outside = stands(taken(1, Step.HAND_OVER, (MAYA, NOAH), NOAH, ADA))
    within = stands(
        taken(1, Step.SUSPEND, (MAYA,)),
        taken(2, Step.HAND_OVER, (MAYA, NOAH), NOAH, ADA),
    )

    assert holders(outside) == holders(within) == ["Noah", "Ada"]
    assert (outside.suspended, within.suspended) == (False, True)
    # Whose reason it is that all stands still has not changed.
    assert within.reason == "no. 1"
    assert within.suspended_at == NOON + HOUR
    assert [each.name for each in within.former] == ["Maya"]
    since = [within.counts_since(each) for each in within.keys]
    assert since == [None, NOON + 2 * HOUR]
    ended = within.after(taken(3, Step.RESUME, (ADA, NOAH)))
    assert not ended.suspended


def test_a_key_that_comes_back_counts_since_it_came_back() -> None:
    found = stands(
        taken(1, Step.HAND_OVER, (MAYA, NOAH), NOAH, ADA),
        taken(2, Step.HAND_OVER, (ADA, NOAH), ADA, NOAH, MAYA),
        taken(3, Step.HAND_OVER, (MAYA, ADA), MAYA, NOAH),
    )

    since = {each.name: found.counts_since(each) for each in found.keys}
    assert since == {"Maya": NOON + 2 * HOUR, "Noah": None}
    assert [each.name for each in found.former] == ["Ada"]


@pytest.mark.parametrize("lost", range(MOST_KEYS))
def test_any_two_of_three_do_what_two_can_and_so_one_may_be_lost(lost: int) -> None:
    three = (MAYA, NOAH, CLERK)
    left = tuple(each for each in three if each != three[lost])
    begun = stands(
        taken(1, Step.HAND_OVER, (MAYA, NOAH), *three),
        taken(2, Step.SUSPEND, left[:1]),
    )

    assert not begun.after(taken(3, Step.RESUME, left)).suspended
    replaced = begun.after(taken(3, Step.HAND_OVER, left, *left, ADA))
    assert set(holders(replaced)) == {NAMES[each] for each in (*left, ADA)}
    alone = begun.after(taken(3, Step.HAND_OVER, left[:1], *left, ADA))
    assert (alone.doubt, alone.keys) == (True, begun.keys)


SLIPPED_IN = [
    pytest.param(taken(1, Step.HAND_OVER, (MAYA,), MAYA, DOV), id="one key"),
    pytest.param(taken(1, Step.HAND_OVER, (), DOV, CLEO), id="no key"),
    pytest.param(taken(1, Step.HAND_OVER, (DOV, CLEO), DOV, CLEO), id="their own"),
    pytest.param(taken(1, Step.HAND_OVER, (MAYA, DOV), MAYA, DOV), id="one and own"),
    pytest.param(taken(1, Step.HAND_OVER, (MAYA, NOAH), DOV, DOV), id="twice"),
    pytest.param(taken(1, Step.HAND_OVER, (MAYA, NOAH), DOV), id="a single one"),
    pytest.param(taken(1, Step.HAND_OVER, (MAYA, NOAH), *range(2, 6)), id="four"),
    pytest.param(
        taken(1, Step.HAND_OVER, (MAYA, NOAH), ADA, BEN, agency="elsewhere"),
        id="of another agency",
    ),
    pytest.param(
        taken(2, Step.HAND_OVER, (MAYA, NOAH), ADA, BEN, said=1), id="of another turn"
    ),
    pytest.param(
        attrs.evolve(taken(1, Step.RESUME, (MAYA, NOAH)), step=Step.HAND_OVER),
        id="another step",
    ),
    pytest.param(
        attrs.evolve(taken(1, Step.HAND_OVER, (MAYA, NOAH), ADA, BEN), text=b"{}"),
        id="no order",
    ),
]


@pytest.mark.parametrize("row", SLIPPED_IN)
def test_a_hand_over_that_two_keys_did_not_sign_is_a_doubt_and_stops_all(
    row: Taken,
) -> None:
    found = stands(row)

    assert (found.doubt, found.suspended) == (True, True)
    assert holders(found) == ["Maya", "Noah"]
    assert found.handed_over == ()
    assert not found.after(taken(9, Step.RESUME, (MAYA, NOAH))).suspended


def test_keys_that_were_handed_over_count_no_more() -> None:
    handed = taken(1, Step.HAND_OVER, (MAYA, NOAH), ADA, BEN)
    suspend = taken(2, Step.SUSPEND, (ADA,))
    later = stands(handed, suspend)

    for by in ((MAYA, NOAH), (MAYA, ADA), (NOAH, BEN)):
        assert later.after(taken(3, Step.RESUME, by)).suspended
        taken_back = later.after(taken(3, Step.HAND_OVER, by, MAYA, NOAH))
        assert (taken_back.doubt, holders(taken_back)) == (True, ["Ada", "Ben"])
    old = turned(signed(3, Step.RESUME, (MAYA, DOV)), later.keys, former=later.former)
    assert old.keys is Keys.NONE
    assert old.doubts == (
        "The key of Maya was handed over and counts no more.",
        "It is signed with a key that is not the council's.",
    )


ROWS = st.lists(
    st.tuples(
        st.sampled_from([*Step, None]),
        HOLDERS,
        st.lists(st.sampled_from(range(7)), max_size=4),
    ),
    max_size=8,
)


@given(ROWS)
def test_the_chain_is_what_its_slow_definition_says(
    rows: list[tuple[Step | None, set[int], list[int]]],
) -> None:
    """Two of the keys that count are needed for all but stopping; else it is a doubt."""
    keys, stopped, found = {MAYA, NOAH}, False, stands()
    for number, (step, by, to) in enumerate(rows, start=1):
        named = to if step is Step.HAND_OVER else []
        found = found.after(taken(number, step, tuple(sorted(by)), *named))
        good = len(by & keys) >= 2
        if step is Step.HAND_OVER and good and len(set(to)) == len(to) in {2, 3}:
            keys = set(to)
        else:
            stopped = not (step is Step.RESUME and good)
        assert (set(holders(found)), found.suspended) == (
            {NAMES[each] for each in keys},
            stopped,
        )


@given(ROWS, st.booleans(), st.sampled_from([(ADA,), (BEN,), (CLERK,)]))
def test_nobody_with_one_key_takes_the_council_over_or_starts_the_cameras(
    rows: list[tuple[Step | None, set[int], list[int]]],
    suspended: bool,  # noqa: FBT001  (of Hypothesis)
    one: tuple[int],
) -> None:
    """Who holds one key, every former one and the database writes what they like."""
    found = stands(taken(1, Step.HAND_OVER, (MAYA, NOAH), ADA, BEN, CLERK))
    if suspended:
        found = found.after(taken(2, Step.SUSPEND, (ADA,)))
    for number, (step, by, to) in enumerate(rows, start=3):
        theirs = tuple(sorted(by & {MAYA, NOAH, CLEO, DOV})) + one
        named = to if step is Step.HAND_OVER else []
        found = found.after(taken(number, step, theirs, *named))

    assert holders(found) == ["Ada", "Ben", "Clerk"]
    assert found.suspended is bool(suspended or rows)


def test_what_stands_against_a_hand_over() -> None:
    found = stands(taken(1, Step.SUSPEND, (MAYA,)))
    good = signed(2, Step.HAND_OVER, (MAYA, NOAH), ADA, BEN).order
    now = NOON + 2 * HOUR
    good = attrs.evolve(good, issued_at=now)

    assert objection(good, found, at=now) is None
    for change, against in [
        ({"agency": "elsewhere"}, Objection.OTHER_AGENCY),
        ({"number": 1}, Objection.CARRIED_OUT),
        ({"number": 3}, Objection.AHEAD),
        ({"issued_at": NOON}, Objection.OLDER_THAN_LAST),
        ({"to": (KEYS[ADA], KEYS[ADA])}, Objection.UNFIT_KEYS),
        ({"to": (KEYS[ADA],)}, Objection.UNFIT_KEYS),
        ({"to": KEYS[:4]}, Objection.UNFIT_KEYS),
        ({"to": ()}, Objection.UNFIT_KEYS),
    ]:
        other = attrs.evolve(good, **change)  # type: ignore[arg-type]
        assert objection(other, found, at=now) is against
    assert objection(good, found, at=now + GOOD_FOR + HOUR) is Objection.OLD


def test_after_a_doubt_a_hand_over_is_said_again_whatever_its_age() -> None:
    """What a backup forgot; the doubt took the number that the hand-over had."""
    backup = [taken(1, Step.SUSPEND, (MAYA,)), taken(2, Step.RESUME, (MAYA, NOAH))]
    lost = signed(3, Step.HAND_OVER, (MAYA, NOAH), ADA, BEN)
    later = signed(4, Step.HAND_OVER, (ADA, BEN), BEN, CLERK)
    now = NOON + 400 * timedelta(days=1)
    found = stands(*backup, attrs.evolve(taken(3, None), at=now - HOUR))

    for order, place in ((lost, 4), (later, 5)):
        assert objection(order.order, found, at=now) is None
        assert found.place(order.order) == place
        row = Taken(
            number=place, step=Step.HAND_OVER, at=now, reason="again", text=order.text
        )
        assert found.bears(row)
        # Not before its turn: the numbers of the rows say what came after what.
        assert not found.bears(attrs.evolve(row, number=2))
        found = found.after(row)
        # It ends nothing, and is not said a third time.
        assert (found.doubt, found.suspended) == (True, True)
        assert objection(order.order, found, at=now) is Objection.CARRIED_OUT

    assert holders(found) == ["Ben", "Clerk"]
    by_the_old = attrs.evolve(
        taken(found.next_number, Step.RESUME, (MAYA, NOAH)), at=now
    )
    assert found.after(by_the_old).doubt
    ended = found.after(taken(found.next_number, Step.RESUME, (BEN, CLERK)))
    assert (ended.doubt, ended.suspended) == (False, False)


def test_one_key_that_was_given_up_does_not_shut_the_council_out() -> None:
    """It could suspend in a doubt; that must not end what only the doubt allows."""
    lost = signed(1, Step.HAND_OVER, (MAYA, NOAH), ADA, BEN)
    found = stands(taken(1, None), taken(2, Step.SUSPEND, (MAYA,)))

    assert found.doubt
    assert objection(lost.order, found, at=NOON) is None


def test_a_hand_over_is_said_again_only_after_a_doubt_and_only_if_it_is_newer() -> None:
    early = signed(1, Step.HAND_OVER, (MAYA, NOAH), ADA, BEN)
    back = [
        taken(1, Step.HAND_OVER, (MAYA, NOAH), ADA, BEN),
        taken(2, Step.HAND_OVER, (ADA, BEN), MAYA, NOAH),
    ]
    for orders in (back, [*back, taken(3, None)]):
        found = stands(*orders)
        assert objection(early.order, found, at=NOON) is Objection.CARRIED_OUT
        row = taken(found.next_number, Step.HAND_OVER, (MAYA, NOAH), ADA, BEN, said=1)
        assert not found.bears(row)
        assert holders(found.after(row)) == ["Maya", "Noah"]


def test_pairs_of_three_are_all_there_are() -> None:
    """Whatever two of three sign together is enough, and nothing less is."""
    three = stands(taken(1, Step.HAND_OVER, (MAYA, NOAH), ADA, BEN, CLERK))

    for count, keys in ((0, Keys.NONE), (1, Keys.ONE), (2, Keys.TWO), (3, Keys.TWO)):
        for by in combinations((ADA, BEN, CLERK), count):
            assert turned(signed(2, Step.RESUME, by), three.keys).keys is keys
