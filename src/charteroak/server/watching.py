"""Watches how searches are made: remembers by digest, and raises flags."""

import hashlib
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
from charteroak.core.log_record import Draft, RecordId, RecordKind
from charteroak.core.people import Person
from charteroak.core.search import Search
from charteroak.server.agency import Agency
from charteroak.server.store import flags, searched, sessions
from charteroak.server.store.database import Changes

_DIGEST_BYTES: Final = 16


def watch(  # noqa: PLR0913  (what is watched, by name)
    agency: Agency,
    tx: Changes,
    who: Person,
    search: Search,
    *,
    asked: RecordId,
    at: datetime,
) -> None:
    """Remember a permitted search, in its own transaction, and flag odd habits."""
    digest = _digest(agency, search.plate.text)
    hours = searched.hours(
        tx,
        person=who.person_id,
        zone=agency.settings.time_zone,
        since=at - WATCHED_FOR,
        until=at,
    )
    searched.add(
        tx,
        asked,
        person=who.person_id,
        at=at,
        case_ref=search.case_ref,
        digest=digest,
    )
    since = at - LOOKED_BACK
    again = searched.same_plate(tx, person=who.person_id, digest=digest, since=since)
    plates = searched.plates_of_case(tx, case_ref=search.case_ref, since=since)
    found: list[tuple[FlagKind, str, int]] = []
    if same_plate_again(times=again.times, days=again.days):
        found.append((FlagKind.PLATE_REPEATED, digest.hex(), again.times))
    if many_plates(plates):
        found.append((FlagKind.CASE_MANY_PLATES, search.case_ref, plates))
    if unusual_hour(at.astimezone(agency.zone).hour, hours):
        found.append((FlagKind.UNUSUAL_HOUR, "hour", 1))
    browsers = sessions.in_use(tx, who.person_id, since=at - AT_ONCE)
    if browsers > 1:
        found.append((FlagKind.SHARED_LOGIN, "browsers", browsers))
    for kind, topic, times in found:
        _raise(agency, tx, who, kind, topic, times=times, asked=asked, at=at)


def _raise(  # noqa: PLR0913  (what is raised, by name)
    agency: Agency,
    tx: Changes,
    who: Person,
    kind: FlagKind,
    topic: str,
    *,
    times: int,
    asked: RecordId,
    at: datetime,
) -> None:
    raised = flags.hoist(
        tx,
        kind,
        topic,
        flag_id=agency.new_id(),
        about=who.person_id,
        record_id=asked,
        at=at,
        times=times,
    )
    if raised:
        agency.record(
            tx,
            Draft(
                kind=RecordKind.FLAG_RAISED,
                at=at,
                public={"flag": kind.value, "asked": int(asked), "times": times},
                private={"about": str(who.person_id)},
            ),
        )


def _digest(agency: Agency, plate: str) -> bytes:
    # Keyed, and for this alone: it can be compared with no other list of digests.
    return hashlib.blake2b(
        plate.encode(),
        digest_size=_DIGEST_BYTES,
        key=agency.keys.hotlist_key,
        person=b"searched",
    ).digest()
