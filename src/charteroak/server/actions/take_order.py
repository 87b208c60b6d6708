"""Carry out a council's order: suspend, end that, or hand its keys over.

Who brings the order does not matter: its signatures do. Anybody may bring one, an old one
out of the log too, so what is refused is written down a few times a minute at the most.
"""

from datetime import timedelta
from typing import Final

import attrs

from charteroak.core.codes import Step
from charteroak.core.council_order import (
    Order,
    SignedOrder,
    Turned,
    UnreadableOrderError,
    read_order,
    turned,
)
from charteroak.core.log_record import Draft, RecordId, RecordKind, Value
from charteroak.core.moratorium import CouncilStanding, Objection, Taken, objection
from charteroak.core.people import Act
from charteroak.core.policy import Denial, Permit, Request, Rule, decide_by
from charteroak.core.search_record import decision_fields
from charteroak.server.agency import Agency
from charteroak.server.resuming import RECORDED_AS, put_in_force
from charteroak.server.store import council
from charteroak.server.store.database import Changes
from charteroak.server.vault import council_file

MOST_REFUSED: Final = 10
"""Refusals that are written down in a minute; the log is nobody's to fill."""

_MINUTE: Final = timedelta(minutes=1)


@attrs.frozen(kw_only=True)
class Carried:
    """The order was carried out.

    Attributes:
        stands: how things stand since.
        by: who signed it.
    """

    step: Step
    record_id: RecordId
    stands: CouncilStanding
    by: tuple[str, ...]


@attrs.frozen(kw_only=True)
class NotCarried:
    """The order was not carried out; all stands as before.

    Attributes:
        order: None where the file holds none.
        objection: what stands against the order, whoever signed it.
        doubts: what is wrong with its signatures, in sentences.
        because: the rules that refuse it.
        signed_by: whose signatures are good.
        next_number: the number that an order must have now.
        recorded: whether it is in the log; not where too many were refused of late.
    """

    order: Order | None = None
    objection: Objection | None = None
    doubts: tuple[str, ...] = ()
    because: tuple[Rule, ...] = ()
    signed_by: tuple[str, ...] = ()
    next_number: int = 1
    recorded: bool = True


@attrs.frozen
class TooMany:
    """So many orders without a good signature came that no more are looked at now."""


def take_order(agency: Agency, text: bytes) -> Carried | NotCarried | TooMany:
    """Carry out an order, or say why not; either way it is in the log.

    The statute's rules decide: one key of the council suspends, two resume, two hand the
    keys over, whatever a policy or a contract says. In force in this process on return,
    and in every other within a second.

    Args:
        agency: whose cameras.
        text: the order's file, as it was brought.

    Raises:
        StoreUnavailableError: nothing was carried out.
    """
    try:
        signed = read_order(text)
    except UnreadableOrderError:
        with agency.database.changes() as tx:
            stands = council.stands(tx, agency.settings.agency)
            if not _refuse(agency, tx, "unreadable", {}):
                return TooMany()
        return NotCarried(next_number=stands.next_number)
    with agency.database.changes() as tx:
        council.alone(tx)
        answer = _take(agency, tx, signed)
    if isinstance(answer, Carried):
        put_in_force(agency, answer.stands)
    return answer


def _take(
    agency: Agency, tx: Changes, signed: SignedOrder
) -> Carried | NotCarried | TooMany:
    now, order = agency.clock(), signed.order
    stands = council.stands(tx, agency.settings.agency)
    changed = not stands.goes_on_from(agency.law.council)
    stands = agency.law.council if changed else stands
    keys = turned(signed, stands.keys, former=stands.former)
    against = Objection.CHANGED if changed else objection(order, stands, at=now)
    # By the statute's set alone, in which the house's rules are: whoever runs the server
    # names the policy and the contract, and neither takes the keys from the council.
    decision = decide_by(
        agency.profile.rules,
        Request(
            act=Act.SUSPEND,
            custodian=agency.profile.custodian,
            step=order.step,
            keys=keys.keys,
        ),
    )
    if against is not None or isinstance(decision, Denial):
        why = against.value if against is not None else "rules"
        recorded = _refuse(agency, tx, why, _fields(order.number, keys, decision))
        if not (recorded or keys.by):
            return TooMany()
        return NotCarried(
            order=order,
            objection=against,
            doubts=keys.doubts,
            because=decision.because if isinstance(decision, Denial) else (),
            signed_by=tuple(each.name for each in keys.by),
            next_number=stands.next_number,
            recorded=recorded,
        )
    return _carry_out(agency, tx, signed, keys, decision)


def _carry_out(
    agency: Agency, tx: Changes, signed: SignedOrder, keys: Turned, decision: Permit
) -> Carried:
    order, name = signed.order, agency.settings.agency
    taken = Taken(
        number=council.stands(tx, name).place(order),
        step=order.step,
        at=agency.clock(),
        reason=order.reason,
        text=signed.text,
    )
    to: dict[str, Value] = {
        "to": [each.key_id for each in order.to],
        "to_names": [each.name for each in order.to],
    }
    receipt = agency.record(
        tx,
        Draft(
            kind=RECORDED_AS[order.step],
            at=taken.at,
            public={
                **_fields(taken.number, keys, decision),
                **(to if order.to else {}),
                "reason": order.reason,
                "order": signed.text.decode(),
            },
            private={"roles": []},
        ),
    )
    council.add(tx, taken, record_id=receipt.record_id)
    stands = council.stands(tx, name)
    # Before the commit: if that fails, the next start finds here what was ordered.
    council_file.write(agency.keys.folder, stands)
    return Carried(
        step=order.step,
        record_id=receipt.record_id,
        stands=stands,
        by=tuple(each.name for each in keys.by),
    )


def _fields(number: int, keys: Turned, decision: Permit | Denial) -> dict[str, Value]:
    return {
        **decision_fields(decision),
        "number": number,
        "signed_by": [each.key_id for each in keys.by],
    }


def _refuse(
    agency: Agency,
    tx: Changes,
    why: str,
    public: dict[str, Value],
) -> bool:
    """Write a refusal down, unless too many were of late; says whether it was."""
    if not agency.law.doors.admits(agency.clock(), MOST_REFUSED, _MINUTE):
        return False
    agency.record(
        tx,
        Draft(
            kind=RecordKind.SUSPEND_REFUSED,
            at=agency.clock(),
            public={"why": why, **public},
            private={"roles": []},
        ),
    )
    return True
