"""Orders count for one box, for its own question, and as the agency signed them."""

from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from charteroak.core.keeping import Mode
from charteroak.core.orders import (
    LAST_S,
    ForgedOrdersError,
    Orders,
    Signed,
    open_list,
    open_orders,
    sign_list,
    sign_orders,
)

DEVICE = UUID("5f0c6d5e-9f0a-4f43-9d2a-0d8b7f0b7c11")
ASKED = bytes(range(16))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()


def orders(**said: object) -> Orders:
    usual = Orders(
        device=DEVICE,
        answers=ASKED,
        number=1_800_000_000_000_000,
        mode="edge-only",
        keep_s=180,
        lasts_s=LAST_S,
        list_tag="f7",
    )
    return msgspec.structs.replace(usual, **said)


def test_orders_come_back_as_they_were_given() -> None:
    signed = sign_orders(orders(), KEY.sign)

    told = open_orders(signed, signing_key=PUBLIC, device=DEVICE, asked=ASKED)

    assert told == orders()
    assert told.told is Mode.EDGE_ONLY
    assert told.server_s == 1_800_000_000


def test_a_word_that_nobody_knows_stops_the_box() -> None:
    assert orders(mode="keep-it-all").told is Mode.STOPPED


@pytest.mark.parametrize(
    "forged",
    [
        sign_orders(orders(device=UUID(int=1)), KEY.sign),
        sign_orders(orders(answers=bytes(16)), KEY.sign),
        sign_orders(orders(), Ed25519PrivateKey.from_private_bytes(bytes(32)).sign),
        Signed(content=sign_orders(orders(), KEY.sign).content, signature=bytes(64)),
        Signed(content=sign_orders(orders(), KEY.sign).content, signature=b""),
        sign_list(sign_orders(orders(), KEY.sign).content, KEY.sign),
        Signed(
            content=sign_orders(orders(), KEY.sign).content.replace(
                b"edge-only", b"ordinary!"
            ),
            signature=sign_orders(orders(), KEY.sign).signature,
        ),
    ],
)
def test_nothing_else_counts(forged: Signed) -> None:
    with pytest.raises(ForgedOrdersError):
        open_orders(forged, signing_key=PUBLIC, device=DEVICE, asked=ASKED)


def test_signed_orders_are_no_list() -> None:
    with pytest.raises(ForgedOrdersError):
        open_list(sign_orders(orders(), KEY.sign), signing_key=PUBLIC)
    assert open_list(sign_list(b"words", KEY.sign), signing_key=PUBLIC) == b"words"
