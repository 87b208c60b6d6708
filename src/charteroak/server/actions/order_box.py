"""Answer a box that asks what it may keep, and for the list that it compares with."""

import attrs
from nacl.public import SealedBox
from nacl.signing import VerifyKey

from charteroak.core.box_list import BoxListAnswer, box_key, pack_list
from charteroak.core.http_signature import HttpSignatureError
from charteroak.core.orders import OrdersAnswer, Signed, sign_list
from charteroak.server.agency import Agency
from charteroak.server.ordering import ListInForce, give_orders, list_in_force
from charteroak.server.senders import Sender, TurnedAway, Why, let_in, turn_away
from charteroak.server.store import hotlists


@attrs.frozen(kw_only=True)
class Told:
    """The box has its orders."""

    answer: OrdersAnswer


@attrs.frozen(kw_only=True, repr=False)
class Given:
    """The box has the list.

    Attributes:
        tag: of the list.
        answer: None: it has this list already.
    """

    tag: str
    answer: BoxListAnswer | None


def order_box(agency: Agency, sender: Sender, body: bytes) -> Told | TurnedAway:
    """Tell a box what it may keep from now on.

    Raises:
        StoreUnavailableError: nobody can be told now.
    """
    refused = _refused(agency, sender, body)
    if refused is not None:
        return refused
    with agency.database.ingests() as tx:
        let = let_in(tx, sender, at=agency.clock())
        if isinstance(let, TurnedAway):
            return let
        nonce = sender.head.says.nonce
        return Told(answer=give_orders(agency, tx, sender.box, asked=nonce))


def give_box_list(
    agency: Agency, sender: Sender, body: bytes, *, known: str
) -> Given | TurnedAway:
    """Give a box the list in force, unless it has it.

    Args:
        agency: whose box it is.
        sender: from `meet_sender`.
        body: as received; empty.
        known: the tag of the list that the box has; may be empty.

    Raises:
        ListBeingMadeError: it asks again in a moment.
        StoreUnavailableError: the same.
    """
    refused = _refused(agency, sender, body)
    if refused is not None:
        return refused
    with agency.database.ingests() as tx:
        let = let_in(tx, sender, at=agency.clock())
        if isinstance(let, TurnedAway):
            return let
        in_force = list_in_force(agency, tx)
    if known == in_force.tag:
        return Given(tag=in_force.tag, answer=None)
    signed = agency.box_lists.take(in_force.tag, lambda: _make(agency, in_force))
    # To the box's own key: whoever sees the answer on its way learns no plate by it.
    own = VerifyKey(sender.box.public_key).to_curve25519_public_key()
    answer = BoxListAnswer(
        content=signed.content,
        signature=signed.signature,
        key=SealedBox(own).encrypt(box_key(agency.keys.hotlist_key)),
    )
    return Given(tag=in_force.tag, answer=answer)


def _refused(agency: Agency, sender: Sender, body: bytes) -> TurnedAway | None:
    try:
        sender.head.check_body(body)
    except HttpSignatureError as refused:
        now = agency.clock()
        with agency.database.ingests() as tx:
            return turn_away(tx, Why.UNAUTHENTIC, refused, at=now)
    return None


def _make(agency: Agency, in_force: ListInForce) -> Signed:
    with agency.database.changes() as tx:
        content = pack_list(
            hotlists.listed_plates(tx, in_force.list_ids, at=agency.clock()),
            key=box_key(agency.keys.hotlist_key),
            tag=in_force.tag,
            number=in_force.number,
            expires_s=in_force.expires_s,
        )
    return sign_list(content, agency.keys.sign)
