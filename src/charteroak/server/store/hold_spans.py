"""Spans that holds keep: what they name, and how far their copying has come."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs
from psycopg.rows import args_row

from charteroak.core.camera import CameraId
from charteroak.core.hold import HoldId
from charteroak.core.hold_span import HoldSpan
from charteroak.server.store.database import Changes

_ADD: Final = """
    INSERT INTO hold_spans (hold_id, cameras, by_plate, plates, since, until)
    VALUES (%(hold_id)s, %(cameras)s, %(by_plate)s, '', %(since)s, %(until)s)
"""

_FILED: Final = """
    UPDATE hold_spans SET plates = %(plates)s WHERE hold_id = %(hold_id)s
"""

_BEGIN: Final = """
    UPDATE hold_spans
       SET kept_from = %(kept_from)s, expected = %(expected)s
     WHERE hold_id = %(hold_id)s AND kept_from IS NULL
"""

_WALKED: Final = """
    UPDATE hold_spans SET walked_at = %(at)s WHERE hold_id = %(hold_id)s
"""

_COLUMNS: Final = """
    SELECT s.hold_id, s.cameras, s.by_plate, s.plates, s.since, s.until, s.kept_from,
           s.expected, s.walked_at
      FROM hold_spans AS s
"""

_OF: Final = f"""
    {_COLUMNS}
     WHERE s.hold_id = ANY (%(holds)s)
     ORDER BY s.hold_id
     LIMIT 10000
"""

_TO_WALK: Final = f"""
    {_COLUMNS}
      JOIN holds AS h ON h.hold_id = s.hold_id
     WHERE h.approved_at IS NOT NULL AND h.ended_at IS NULL AND h.ends_at > %(at)s
       AND (s.walked_at IS NULL OR s.until > %(open_from)s)
     ORDER BY s.since, s.hold_id
     LIMIT 1000
"""


@attrs.frozen(kw_only=True, repr=False)
class SpanRow:
    """A span as it is stored; its plates lie in the vault.

    Attributes:
        plates: where the vault keeps them; empty where none are named.
        kept_from: what was seen earlier was due when it was approved; None: it waits.
        expected: how many reads there were then; None where that is not told.
        walked_at: when a walk through all of it last came to its end.
    """

    hold_id: HoldId
    cameras: frozenset[CameraId]
    by_plate: bool
    plates: str
    since: datetime
    until: datetime
    kept_from: datetime | None
    expected: int | None
    walked_at: datetime | None


def add(tx: Changes, hold_id: HoldId, span: HoldSpan) -> None:
    """Write down what is to be kept; its plates are filed afterwards."""
    tx.connection.execute(
        _ADD,
        {
            "hold_id": hold_id,
            "cameras": sorted(span.cameras),
            "by_plate": bool(span.plates),
            "since": span.since,
            "until": span.until,
        },
    )


def filed(tx: Changes, hold_id: HoldId, plates: str) -> None:
    """Write down where the vault keeps the plates."""
    tx.connection.execute(_FILED, {"hold_id": hold_id, "plates": plates})


def begin(
    tx: Changes, hold_id: HoldId, *, kept_from: datetime, expected: int | None
) -> None:
    """Write down from where on reads are copied; a second time does nothing."""
    values = {"hold_id": hold_id, "kept_from": kept_from, "expected": expected}
    tx.connection.execute(_BEGIN, values)


def walked(tx: Changes, hold_id: HoldId, *, at: datetime) -> None:
    """Write down that all that was there at a moment is copied."""
    tx.connection.execute(_WALKED, {"hold_id": hold_id, "at": at})


def of(tx: Changes, holds: Sequence[HoldId]) -> dict[HoldId, SpanRow]:
    """The spans of some holds; a hold of one read has none."""
    with tx.connection.cursor(row_factory=args_row(_span)) as cursor:
        found = cursor.execute(_OF, {"holds": list(holds)}).fetchall()
    return {each.hold_id: each for each in found}


def to_walk(tx: Changes, *, at: datetime, open_from: datetime) -> list[SpanRow]:
    """Approved spans that something may still have to be copied for.

    Args:
        tx: the desk.
        at: the present moment.
        open_from: a span that ended later may still get reads that come late.
    """
    with tx.connection.cursor(row_factory=args_row(_span)) as cursor:
        return cursor.execute(_TO_WALK, {"at": at, "open_from": open_from}).fetchall()


def _span(  # noqa: PLR0913, PLR0917  (one argument for each column of `_COLUMNS`)
    hold_id: UUID,
    cameras: Sequence[str],
    by_plate: bool,  # noqa: FBT001  (a column)
    plates: str,
    since: datetime,
    until: datetime,
    kept_from: datetime | None,
    expected: int | None,
    walked_at: datetime | None,
) -> SpanRow:
    return SpanRow(
        hold_id=HoldId(hold_id),
        cameras=frozenset(CameraId(camera) for camera in cameras),
        by_plate=by_plate,
        plates=plates,
        since=since,
        until=until,
        kept_from=kept_from,
        expected=expected,
        walked_at=walked_at,
    )
