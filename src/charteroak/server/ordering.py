"""What boxes are told: what they may keep, and which list is in force for them."""

import hashlib
from datetime import datetime, timedelta
from typing import Final

import attrs

from charteroak.core.codes import Freshness
from charteroak.core.hotlist import HotListId, ListClass
from charteroak.core.list_rules import alerting, freshness
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.orders import LAST_S, Orders, OrdersAnswer, sign_orders
from charteroak.core.policy import Permit
from charteroak.server.agency import Agency
from charteroak.server.store import boxes, hotlists, list_marks
from charteroak.server.store.boxes import StoredBox
from charteroak.server.store.database import Changes, Ingests
from charteroak.server.store.hotlists import LoadedList

_LIST_LASTS: Final = timedelta(hours=24)
"""Where no rule says how old a list may be: a box that nobody reaches for a day has
none, so that what was taken off a list stops nobody for longer."""

_RENEWED_EVERY: Final = timedelta(hours=6)
_SECOND: Final = timedelta(seconds=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@attrs.frozen(kw_only=True)
class ListInForce:
    """Which entries boxes are to compare with now.

    Attributes:
        list_ids: the lists that may alert somebody now.
        number: the moment of the last change; see `list_marks.number`.
        expires_s: when the first of the lists gets too old; seconds since 1970.
        tag: differs whenever anything of it, or the rules, differ.
    """

    list_ids: tuple[HotListId, ...]
    number: int
    expires_s: int
    tag: str


def list_in_force(agency: Agency, tx: Ingests | Changes) -> ListInForce:
    """Which lists boxes are to compare with, of all that are loaded.

    One that got too old, or whose class the rules refuse, is left out: where nobody
    may be alerted there is no hit, and what is no hit is forgotten.
    """
    now, term = agency.clock(), agency.profile.list_refresh
    loaded, own = hotlists.everything(tx), list_marks.own_entries(tx)
    ends = {each.list_id: _too_old_from(each, term) for each in loaded}
    usable = [each for each in loaded if _alerts(agency, each, now)]
    changes = [_EPOCH + _MICROSECOND]
    changes += [each.loaded_at for each in loaded]
    changes += [end for end in ends.values() if end is not None and end <= now]
    soonest = _EPOCH + (now - _EPOCH) // _RENEWED_EVERY * _RENEWED_EVERY + _LIST_LASTS
    for each in usable:
        end = ends[each.list_id]
        soonest = soonest if end is None else min(soonest, end)
    number = list_marks.number(
        tx, changed=_microseconds(max(changes)), now=_microseconds(now)
    )
    expires_s = (soonest - _EPOCH) // _SECOND
    of = f"{number}\n{expires_s}\n{own}\n{agency.rules.fingerprint}\n" + "\n".join(
        sorted(f"{each.list_id} {each.loaded_at.timestamp()}" for each in usable)
    )
    return ListInForce(
        list_ids=tuple(HotListId(each.list_id) for each in usable),
        number=number,
        expires_s=expires_s,
        tag=hashlib.sha256(of.encode()).hexdigest()[:32],
    )


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _too_old_from(loaded: LoadedList, term: timedelta | None) -> datetime | None:
    list_class = ListClass(loaded.list_class)
    if term is None:
        return None
    end = loaded.loaded_at + term + _MICROSECOND
    stale = freshness(list_class, loaded.loaded_at, term=term, at=end)
    return end if stale is Freshness.STALE else None


def _alerts(agency: Agency, loaded: LoadedList, now: datetime) -> bool:
    list_class = ListClass(loaded.list_class)
    term = agency.profile.list_refresh
    fresh = freshness(list_class, loaded.loaded_at, term=term, at=now)
    custodian = agency.profile.custodian
    return list_class not in agency.refused_lists and isinstance(
        alerting(agency.rules, custodian, list_class, fresh), Permit
    )


def give_orders(
    agency: Agency, tx: Ingests | Changes, box: StoredBox, *, asked: bytes
) -> OrdersAnswer:
    """Tell a box what it may keep; that it was told something new is recorded.

    Args:
        agency: whose box it is.
        tx: the transaction of its question.
        box: who asks.
        asked: see `Orders.answers`.
    """
    now, mode = agency.clock(), agency.mode
    if boxes.tell(tx, box.box_id, mode=mode.value):
        agency.record(
            tx,
            Draft(
                kind=RecordKind.BOX_TOLD,
                at=now,
                public={"mode": mode.value, "rules": agency.rules.fingerprint},
                private={"box": str(box.box_id)},
            ),
        )
    in_force = list_in_force(agency, tx)
    orders = Orders(
        device=box.box_id,
        answers=asked,
        number=_microseconds(now),
        mode=mode.value,
        keep_s=int(agency.retention.limit.total_seconds()),
        lasts_s=LAST_S,
        list_tag=in_force.tag,
    )
    return OrdersAnswer(
        signing_key=agency.keys.public_key,
        signed=sign_orders(orders, agency.keys.sign),
    )
