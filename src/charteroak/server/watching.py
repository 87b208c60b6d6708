"""Watches how searches are made: remembers by digest, and raises flags.

What counts is the car that was looked at, not how it was asked for: whoever types
`BK4719?` on Monday and `BK47*93` on Tuesday has looked at one car twice.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from charteroak.core.flag import FlagKind
from charteroak.core.habit import (
    AT_ONCE,
    LOOKED_BACK,
    WATCHED_FOR,
    many_plates,
    same_plate_again,
    unusual_hour,
)
from charteroak.core.log_record import RecordId
from charteroak.core.people import Person
from charteroak.core.plate import MatchKey, PlatePattern
from charteroak.server.agency import Agency
from charteroak.server.flagging import flag
from charteroak.server.store import searched, sessions
from charteroak.server.store.database import Changes

_DIGEST_BYTES: Final = 16
_FEW: Final = 5
"""A pattern that showed more plates than this looked for none of them."""


def watch(  # noqa: PLR0913  (what is watched, by name)
    agency: Agency,
    tx: Changes,
    who: Person,
    plate: PlatePattern,
    *,
    case_ref: str,
    shown: Iterable[MatchKey],
    asked: RecordId,
    at: datetime,
) -> None:
    """Remember a search before its answer is given, and flag odd habits.

    Args:
        agency: whose reads.
        tx: the transaction that counts what was found.
        who: asked.
        plate: what was looked for.
        case_ref: for which case.
        shown: the plate of each read that the answer shows.
        asked: number of its record.
        at: when.
    """
    since = at - LOOKED_BACK
    digest = _looked_at(agency, tx, who, plate, shown, since=since)
    me = who.person_id
    zone = agency.settings.time_zone
    hours = searched.hours(tx, person=me, zone=zone, since=at - WATCHED_FOR, until=at)
    searched.add(tx, asked, person=me, at=at, case_ref=case_ref, digest=digest)
    again = searched.same_plate(tx, person=me, digest=digest, since=since)
    plates = searched.plates_of_case(tx, case_ref=case_ref, since=since)
    found: list[tuple[FlagKind, str, int]] = []
    if same_plate_again(times=again.times, days=again.days):
        found.append((FlagKind.PLATE_REPEATED, digest.hex(), again.times))
    if many_plates(plates):
        found.append((FlagKind.CASE_MANY_PLATES, case_ref, plates))
    if unusual_hour(at.astimezone(agency.zone).hour, hours):
        found.append((FlagKind.UNUSUAL_HOUR, "hour", 1))
    browsers = sessions.in_use(tx, me, since=at - AT_ONCE)
    if browsers > 1:
        found.append((FlagKind.SHARED_LOGIN, "browsers", browsers))
    for kind, topic, times in found:
        flag(agency, tx, kind, topic, about=me, asked=asked, at=at, times=times)


def _looked_at(  # noqa: PLR0913  (what it is worked out from, by name)
    agency: Agency,
    tx: Changes,
    who: Person,
    plate: PlatePattern,
    shown: Iterable[MatchKey],
    *,
    since: datetime,
) -> bytes:
    """Which car a search was about, as a digest.

    A pattern that showed a few plates was about the one of them that this person looked
    at most until now; about the one most often shown, where it was none.
    """
    plates = [each for each, _reads in Counter(shown).most_common(_FEW + 1)]
    if plate.exact or not 1 <= len(plates) <= _FEW:
        return _digest(agency, plate.text)
    digests = [_digest(agency, each) for each in plates]
    before = searched.most_often(tx, person=who.person_id, digests=digests, since=since)
    return before or digests[0]


def _digest(agency: Agency, plate: str) -> bytes:
    # Keyed, and for this alone: it can be compared with no other list of digests.
    return hashlib.blake2b(
        plate.encode(),
        digest_size=_DIGEST_BYTES,
        key=agency.keys.hotlist_key,
        person=b"searched",
    ).digest()
