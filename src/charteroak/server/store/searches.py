"""The look: the only place that reads reads, as a role that can do nothing else.

Each function asks for the permit and for the receipt of the recorded question, so that
a look that nobody permitted or nobody recorded is a type error; and for the moment
before which reads are due, so that none of them is shown where a purge is late.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs
from psycopg.rows import args_row, class_row

from charteroak.core.camera import CameraId
from charteroak.core.codes import Case, DataKind
from charteroak.core.disclosure import Wanted
from charteroak.core.errors import CharterOakError
from charteroak.core.people import Act
from charteroak.core.plate import PlatePattern, PlateText
from charteroak.core.policy import Permit
from charteroak.core.read import Box, Read, ReadId
from charteroak.core.sealed import LogReceipt
from charteroak.core.search import Search, grams, like
from charteroak.core.search_answer import Sighting
from charteroak.server.store.database import Looks


class ForeignPermitError(CharterOakError):
    """A permit for another search than the one it was shown with."""

    code = "charteroak.search.foreign-permit"
    hint = "Search again."


@attrs.frozen
class _Span:
    starts_at: datetime
    ends_at: datetime


@attrs.frozen(repr=False)
class _Which:
    plate: PlatePattern
    cameras: frozenset[CameraId]


@attrs.frozen(kw_only=True, repr=False)
class Page:
    """Reads, newest first; `cut` says whether there were more."""

    sightings: tuple[Sighting, ...]
    cut: bool


_LONGEST_STEP: Final = 16
"""Buckets in one statement, at the most: each takes a lock for each of its indexes."""

_BUCKETS: Final = """
    SELECT starts_at, ends_at
      FROM buckets
     WHERE dropped_at IS NULL
       AND starts_at < %(until)s
       AND ends_at > %(since)s
     ORDER BY starts_at DESC
     LIMIT 2000
"""

COLUMNS: Final = """
    SELECT r.read_id, r.camera_id, r.seen_at, r.plate, r.confidence, r.characters,
           r.state, r.state_confidence, r.plate_box, r.engine, r.box_id,
           coalesce(c.name, r.camera_id), r.received_at, r.clock_suspect,
           r.plate_picture, r.vehicle_picture
      FROM reads AS r
      LEFT JOIN cameras AS c ON c.camera_id = r.camera_id
"""

_WITHIN: Final = """
       AND r.seen_at >= %(since)s
       AND r.seen_at < %(until)s
       AND (cardinality(%(cameras)s::text[]) = 0
            OR r.camera_id = ANY (%(cameras)s::text[]))
     ORDER BY r.seen_at DESC, r.read_id DESC
     LIMIT %(limit)s
"""

_EXACT: Final = f"""
    {COLUMNS}
     WHERE r.match_key = %(key)s
    {_WITHIN}
"""

# The array is the index's own expression (reads_grams): letter for letter, or it is not
# used. LIKE then decides; the grams alone would let plates through.
_WILD: Final = f"""
    {COLUMNS}
     WHERE (ARRAY[
    '^' || substr(match_key, 1, 1),
    substr(match_key, 1, 2), substr(match_key, 2, 2), substr(match_key, 3, 2),
    substr(match_key, 4, 2), substr(match_key, 5, 2), substr(match_key, 6, 2),
    substr(match_key, 7, 2), substr(match_key, 8, 2), substr(match_key, 9, 2),
    substr(match_key, 10, 2)
]) @> %(grams)s::text[]
       AND r.match_key LIKE %(like)s
    {_WITHIN}
"""

_HITS: Final = """
    SELECT read_id FROM alert_evidence WHERE read_id = ANY (%(reads)s)
"""

_ONE: Final = f"""
    {COLUMNS}
     WHERE r.read_id = %(read_id)s
       AND r.seen_at >= %(since)s
       AND r.seen_at < %(until)s
     LIMIT 1
"""


def find(  # noqa: PLR0913  (two of them are proofs)
    tx: Looks,
    *,
    permit: Permit,
    logged: LogReceipt,
    search: Search,
    not_before: datetime,
    limit: int,
) -> Page:
    """Fetch the newest reads that a permitted, recorded search asks for.

    Walks the buckets newest first, in steps that double, and stops when the page is
    full: a wide pattern costs no more than the page it fills, a rare one few questions.

    Args:
        tx: as the role that may only read.
        permit: of this search.
        logged: receipt of the question, committed before this transaction began; it is
            not read here: asking for it makes an unrecorded look a type error.
        search: what is looked for.
        not_before: the present moment less the agency's limit; what was seen earlier is
            never shown, whether it has been deleted yet or not.
        limit: reads on the page, at the most.

    Raises:
        ForeignPermitError: the permit is for another purpose or case.
    """
    del logged
    _check(permit, search)
    return _newest(
        tx,
        _Which(search.plate, search.cameras),
        since=max(search.since, not_before),
        until=search.until,
        limit=limit,
    )


def leaving(  # noqa: PLR0913  (two of them are proofs)
    tx: Looks,
    *,
    permit: Permit,
    logged: LogReceipt,
    wanted: Wanted,
    not_before: datetime,
    not_after: datetime,
    limit: int,
) -> Page:
    """Fetch the newest reads that leave the house under a permit; see `find`.

    Args:
        tx: the look.
        permit: proof that the rules allow it.
        logged: proof that it is in the log.
        wanted: which reads.
        not_before: reads from before are due.
        not_after: reads from then on were not yet there to be asked for.
        limit: how many at the most.

    Raises:
        ForeignPermitError: the permit is not for giving reads of a plate away.
    """
    del logged
    asked = permit.request
    given_away = asked.act in {Act.ANSWER_OWNER, Act.DISCLOSE}
    if not given_away or asked.data_kind is DataKind.AGGREGATE or wanted.plate is None:
        raise ForeignPermitError("the permit is for something else")
    page = _newest(
        tx,
        _Which(wanted.plate, wanted.cameras),
        since=max(wanted.since, not_before),
        until=min(wanted.until, not_after),
        limit=limit,
    )
    found = page.sightings
    if wanted.state:
        own = {None, wanted.state}
        found = tuple(each for each in found if each.read.state in own)
    if asked.data_kind is DataKind.HIT:
        hit = _hits(tx, [each.read.read_id for each in found])
        found = tuple(each for each in found if each.read.read_id in hit)
    return attrs.evolve(page, sightings=found)


def _hits(tx: Looks, reads: Sequence[ReadId]) -> frozenset[UUID]:
    """Those of some reads that hit a list."""
    rows = tx.connection.execute(_HITS, {"reads": list(reads)}).fetchall()
    return frozenset(row[0] for row in rows if isinstance(row[0], UUID))


def _newest(
    tx: Looks, which: _Which, *, since: datetime, until: datetime, limit: int
) -> Page:
    with tx.connection.cursor(row_factory=class_row(_Span)) as cursor:
        spans = cursor.execute(_BUCKETS, {"since": since, "until": until}).fetchall()
    found: list[Sighting] = []
    at, step = 0, 1
    while at < len(spans) and len(found) <= limit:
        some = spans[at : at + step]
        found += _in_span(
            tx,
            which,
            since=max(since, some[-1].starts_at),
            until=min(until, some[0].ends_at),
            limit=limit + 1 - len(found),
        )
        # What is rare in the newest bucket is rare in those before: fewer, longer steps.
        at, step = at + step, min(2 * step, _LONGEST_STEP)
    return Page(sightings=tuple(found[:limit]), cut=len(found) > limit)


def one(  # noqa: PLR0913  (two of them are proofs)
    tx: Looks,
    *,
    permit: Permit,
    logged: LogReceipt,
    search: Search,
    read_id: ReadId,
    not_before: datetime,
) -> Sighting | None:
    """Fetch one read of a search's results again; None where it is gone or no result.

    Raises:
        ForeignPermitError: the permit is for another purpose or case.
    """
    _check(permit, search)
    found = by_id(
        tx,
        permit=permit,
        logged=logged,
        read_id=read_id,
        since=search.since,
        until=search.until,
        not_before=not_before,
    )
    if found is None or not search.plate.matches(found.read.plate.match_key):
        return None
    if search.cameras and found.read.camera not in search.cameras:
        return None
    return found


def by_id(  # noqa: PLR0913  (two of them are proofs)
    tx: Looks,
    *,
    permit: Permit,
    logged: LogReceipt,
    read_id: ReadId,
    since: datetime,
    until: datetime,
    not_before: datetime,
) -> Sighting | None:
    """Fetch one read by its name, seen in a half-open period; None where it is gone.

    `permit` and `logged` are not read here, and `not_before` cuts: see `find`.
    """
    del permit, logged
    with tx.connection.cursor(row_factory=args_row(sighting)) as cursor:
        return cursor.execute(
            _ONE,
            {"read_id": read_id, "since": max(since, not_before), "until": until},
        ).fetchone()


def _check(permit: Permit, search: Search) -> None:
    case = Case.GIVEN if search.case_ref else Case.NONE
    if permit.request.purpose != search.purpose or permit.request.case is not case:
        raise ForeignPermitError("the permit is for another search")


def _in_span(
    tx: Looks, which: _Which, *, since: datetime, until: datetime, limit: int
) -> list[Sighting]:
    with tx.connection.cursor(row_factory=args_row(sighting)) as cursor:
        return cursor.execute(
            _EXACT if which.plate.exact else _WILD,
            {
                "key": which.plate.text,
                "grams": list(grams(which.plate)),
                "like": like(which.plate),
                "since": since,
                "until": until,
                "cameras": sorted(which.cameras),
                "limit": limit,
            },
            # Planned for its own buckets and pattern, never once for all.
            prepare=False,
        ).fetchall()


def sighting(  # noqa: PLR0913, PLR0917  (one argument for each column of `COLUMNS`)
    read_id: UUID,
    camera_id: str,
    seen_at: datetime,
    plate: str,
    confidence: float,
    characters: Sequence[float],
    state: str | None,
    state_confidence: float | None,
    plate_box: Sequence[int],
    engine: str,
    box_id: UUID,
    camera_name: str,
    received_at: datetime,
    clock_suspect: bool,  # noqa: FBT001  (a column)
    plate_picture: str,
    vehicle_picture: str,
) -> Sighting:
    """A row of `COLUMNS`."""
    x, y, width, height = plate_box
    return Sighting(
        read=Read(
            read_id=ReadId(read_id),
            camera=CameraId(camera_id),
            seen_at=seen_at,
            plate=PlateText(plate),
            confidence=confidence,
            characters=tuple(characters),
            state=state,
            state_confidence=state_confidence,
            plate_box=Box(x=x, y=y, width=width, height=height),
            engine=engine,
        ),
        box_id=str(box_id),
        camera_name=camera_name,
        received_at=received_at,
        clock_suspect=clock_suspect,
        plate_picture=plate_picture,
        vehicle_picture=vehicle_picture,
    )
