"""Who comes to the door: boxes of ours, known by the signature on their requests."""

from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from charteroak.core.errors import CharterOakError
from charteroak.core.http_signature import VerifiedHead
from charteroak.server.store import batches, boxes, refusals
from charteroak.server.store.database import Ingests

# What the database's column holds; the box writes its clock into the signature.
_MOST_OFFSET_S: Final = 2**31 - 1


class RevokedBoxError(CharterOakError):
    """A request of a box that the agency trusts no longer."""

    code = "charteroak.batch.revoked-box"
    hint = "The box was revoked. Enrol it again, if it is to go on."


class ReusedNonceError(CharterOakError):
    """A request that has been sent before: a replay."""

    code = "charteroak.batch.reused-nonce"
    hint = "Sign every attempt anew, with a nonce of its own."


class Why(StrEnum):
    """What kind of refusal it is."""

    CONFLICT = "conflict"
    REVOKED = "revoked"
    UNAUTHENTIC = "unauthentic"
    UNREADABLE = "unreadable"


@attrs.frozen(kw_only=True)
class TurnedAway:
    """What was sent was not taken; it was counted by its code."""

    why: Why
    code: str
    message: str
    hint: str


@attrs.frozen(kw_only=True, repr=False)
class Sender:
    """A box of ours that signed a request, whose body is not read yet."""

    box: boxes.StoredBox
    head: VerifiedHead

    def clock_offset_s(self, now: datetime) -> int:
        """The box's clock less the server's when it signed, whole seconds."""
        offset_s = self.head.says.created - int(now.timestamp())
        return max(-_MOST_OFFSET_S, min(_MOST_OFFSET_S, offset_s))


def turn_away(
    tx: Ingests, why: Why, refused: CharterOakError, *, at: datetime
) -> TurnedAway:
    """Count a refusal, and say it."""
    refusals.count(tx, refused.code, at=at)
    return TurnedAway(
        why=why, code=refused.code, message=str(refused), hint=refused.hint
    )


def let_in(
    tx: Ingests, sender: Sender, *, at: datetime
) -> boxes.Forgotten | TurnedAway:
    """Let a request in once; from here on other requests of its box wait.

    A box that was revoked since it was met, and a request that was here before, are
    turned away.
    """
    box_id = sender.box.box_id
    forgotten = boxes.lock(tx, box_id)
    if forgotten is None:
        revoked = RevokedBoxError("the box was revoked")
        return turn_away(tx, Why.REVOKED, revoked, at=at)
    nonce = sender.head.says.nonce.hex()
    if not batches.remember_nonce(tx, box_id=box_id, nonce=nonce, at=at):
        replayed = ReusedNonceError("the request is a replay")
        return turn_away(tx, Why.UNAUTHENTIC, replayed, at=at)
    return forgotten
