"""Alerts as the desk sees them, and what people find out about them.

An alert keeps what is counted. What identifies a car lies in its evidence, which is
dropped with its bucket: every question here answers with or without it, and without it
from the moment it is due (`not_before`: the present moment less the agency's limit),
also where the purge is late.
"""

from datetime import datetime
from typing import Final

import attrs
from psycopg.rows import class_row

from charteroak.core.alert import AlertId, Checks, Outcome, Rejection, Status
from charteroak.core.people import PersonId
from charteroak.server.store.alert_rows import Alert, Row
from charteroak.server.store.database import Changes

_COLUMNS: Final = """
    SELECT a.alert_id, a.kept_from, a.seen_at, a.raised_at, a.camera_id,
           coalesce(c.name, a.camera_id) AS camera_name,
           a.list_id, coalesce(h.name, '') AS list_name_now,
           a.tier, a.state_agreement, a.late, a.misdated, a.status, a.checks,
           a.rejection, a.outcome,
           a.acknowledged_at, coalesce(p.name, '') AS acknowledged_name,
           a.reviewed_at, coalesce(r.name, '') AS reviewed_name,
           a.outcome_at, coalesce(o.name, '') AS outcome_name,
           e.plate, e.confidence, e.characters, e.state, e.state_confidence, e.engine,
           e.clock_suspect, e.plate_picture, e.vehicle_picture, e.entry_plate,
           e.entry_state, e.entry_reason, e.entry_vehicle, e.entry_case_ref,
           e.entry_entered_at,
           -- A list is loaded anew every day, and its entries get new numbers.
           EXISTS (SELECT 1 FROM hotlist_entries AS x
                    WHERE x.match_key = translate(e.entry_plate, 'O', '0')
                      AND x.list_id = a.list_id
                      AND x.state IS NOT DISTINCT FROM e.entry_state
                      AND (x.expires_at IS NULL OR x.expires_at > %(at)s)
           ) AS entry_listed,
           e.list_name, e.list_source, e.list_authority, e.list_loaded_at,
           CASE WHEN e.plate IS NULL THEN (
               SELECT b.dropped_at FROM buckets AS b
                WHERE b.starts_at <= a.kept_from AND a.kept_from < b.ends_at
                ORDER BY b.dropped_at DESC NULLS LAST, b.bucket
                LIMIT 1
           ) END AS deleted_at
"""

_JOINS: Final = """
      LEFT JOIN alert_evidence AS e
        ON e.alert_id = a.alert_id AND e.kept_from = a.kept_from
       AND e.kept_from >= %(not_before)s
      LEFT JOIN cameras AS c ON c.camera_id = a.camera_id
      LEFT JOIN hotlists AS h ON h.list_id = a.list_id
      LEFT JOIN people AS p ON p.person_id = a.acknowledged_by
      LEFT JOIN people AS r ON r.person_id = a.reviewed_by
      LEFT JOIN people AS o ON o.person_id = a.outcome_by
"""

# Unverified ones have a limit of their own, so that no flood of reviewed alerts hides
# one that nobody has looked at.
_LIVE: Final = f"""
    WITH unverified AS (
        SELECT alert_id FROM alerts WHERE status = 'unverified'
         ORDER BY raised_at DESC, alert_id
         LIMIT %(unverified_most)s
    ), reviewed AS (
        SELECT alert_id FROM alerts WHERE status <> 'unverified'
         ORDER BY raised_at DESC, alert_id
         LIMIT %(reviewed_most)s
    ), live AS (
        SELECT alert_id FROM unverified UNION ALL SELECT alert_id FROM reviewed
    )
    {_COLUMNS}
      FROM live
      JOIN alerts AS a ON a.alert_id = live.alert_id
    {_JOINS}
     ORDER BY a.raised_at DESC, a.alert_id
     LIMIT %(unverified_most)s + %(reviewed_most)s
"""  # noqa: S608 (constants of this module alone)

_COUNT_UNVERIFIED: Final = """
    SELECT count(*) FROM alerts WHERE status = 'unverified'
"""

_FIND: Final = f"""
    {_COLUMNS}
      FROM alerts AS a
    {_JOINS}
     WHERE a.alert_id = %(alert_id)s
"""

_LOCK: Final = """
    SELECT alert_id FROM alerts WHERE alert_id = %(alert_id)s FOR UPDATE
"""

_ACKNOWLEDGE: Final = """
    UPDATE alerts
       SET acknowledged_by = %(by)s, acknowledged_at = %(at)s
     WHERE alert_id = %(alert_id)s AND acknowledged_at IS NULL
"""

_REVIEW: Final = """
    UPDATE alerts
       SET status = %(status)s, checks = %(checks)s, rejection = %(rejection)s,
           reviewed_by = %(by)s, reviewed_at = %(at)s
     WHERE alert_id = %(alert_id)s AND status = 'unverified'
"""

_CONCLUDE: Final = """
    UPDATE alerts
       SET outcome = %(outcome)s, outcome_by = %(by)s, outcome_at = %(at)s
     WHERE alert_id = %(alert_id)s AND status = 'confirmed' AND outcome IS NULL
"""


def live(
    tx: Changes,
    *,
    unverified_most: int,
    reviewed_most: int,
    at: datetime,
    not_before: datetime,
) -> list[Alert]:
    """The newest unverified and the newest reviewed alerts, newest first.

    Args:
        tx: a transaction of the desk.
        at: the moment of looking: an entry that has expired is no longer listed.
        not_before: no evidence is shown that is older.
        unverified_most: at most so many that have no verdict.
        reviewed_most: at most so many that have one.
    """
    with tx.connection.cursor(row_factory=class_row(Row)) as cursor:
        rows = cursor.execute(
            _LIVE,
            {
                "unverified_most": unverified_most,
                "reviewed_most": reviewed_most,
                "at": at,
                "not_before": not_before,
            },
        ).fetchall()
    return [row.to_alert() for row in rows]


def count_unverified(tx: Changes) -> int:
    """How many alerts have no verdict, however old."""
    row = tx.connection.execute(_COUNT_UNVERIFIED).fetchone()
    return row[0] if row is not None and isinstance(row[0], int) else 0


def find(
    tx: Changes, alert_id: AlertId, *, at: datetime, not_before: datetime
) -> Alert | None:
    """One alert as it is at a moment, None where there is none."""
    values = {"alert_id": alert_id, "at": at, "not_before": not_before}
    with tx.connection.cursor(row_factory=class_row(Row)) as cursor:
        row = cursor.execute(_FIND, values).fetchone()
    return None if row is None else row.to_alert()


def find_to_change(
    tx: Changes, alert_id: AlertId, *, at: datetime, not_before: datetime
) -> Alert | None:
    """One alert that nobody else can change before this transaction ends.

    Waits for whoever changes it now, and then sees what they did.
    """
    # Two statements: the second has a fresh snapshot once the lock is held, so a
    # verdict that was being written while this one waited is seen.
    if tx.connection.execute(_LOCK, {"alert_id": alert_id}).fetchone() is None:
        return None
    return find(tx, alert_id, at=at, not_before=not_before)


def acknowledge(tx: Changes, alert_id: AlertId, *, by: PersonId, at: datetime) -> None:
    """Write who took a locked alert that nobody has taken."""
    tx.connection.execute(_ACKNOWLEDGE, {"alert_id": alert_id, "by": by, "at": at})


def review(  # noqa: PLR0913 (a verdict has so many parts)
    tx: Changes,
    alert_id: AlertId,
    *,
    status: Status,
    checks: Checks,
    rejection: Rejection | None,
    by: PersonId,
    at: datetime,
) -> None:
    """Write the verdict on a locked, unverified alert."""
    done = [name for name, is_done in attrs.asdict(checks).items() if is_done]
    tx.connection.execute(
        _REVIEW,
        {
            "alert_id": alert_id,
            "status": status,
            "checks": done,
            "rejection": rejection,
            "by": by,
            "at": at,
        },
    )


def conclude(
    tx: Changes, alert_id: AlertId, *, outcome: Outcome, by: PersonId, at: datetime
) -> None:
    """Write what came of a locked, confirmed alert."""
    tx.connection.execute(
        _CONCLUDE, {"alert_id": alert_id, "outcome": outcome, "by": by, "at": at}
    )
