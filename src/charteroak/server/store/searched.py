"""Who searched which plate for which case, by digest alone: for flags, never for looks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import attrs

from charteroak.core.log_record import RecordId
from charteroak.core.people import PersonId
from charteroak.server.store.database import Changes, Purges

_ADD: Final = """
    INSERT INTO searched (record_id, person_id, asked_at, case_ref, plate_digest)
    VALUES (%(record_id)s, %(person)s, %(at)s, %(case_ref)s, %(digest)s)
"""

_SAME_PLATE: Final = """
    SELECT count(*), count(DISTINCT date_trunc('day', asked_at, 'UTC'))
      FROM searched
     WHERE person_id = %(person)s AND plate_digest = %(digest)s
       AND asked_at > %(since)s
"""

_MOST_OFTEN: Final = """
    SELECT plate_digest
      FROM searched
     WHERE person_id = %(person)s AND plate_digest = ANY (%(digests)s)
       AND asked_at > %(since)s
     GROUP BY plate_digest
     ORDER BY count(*) DESC, plate_digest
     LIMIT 1
"""

_PLATES_OF_CASE: Final = """
    SELECT count(DISTINCT plate_digest)
      FROM searched
     WHERE case_ref = %(case_ref)s AND asked_at > %(since)s
"""

_HOURS: Final = """
    SELECT extract(hour FROM asked_at AT TIME ZONE %(zone)s)::int AS hour, count(*)
      FROM searched
     WHERE person_id = %(person)s AND asked_at > %(since)s AND asked_at < %(until)s
     GROUP BY hour
     ORDER BY hour
     LIMIT 24
"""

_FORGET: Final = """
    DELETE FROM searched WHERE asked_at < %(before)s
"""


@attrs.frozen
class Repeated:
    """How often somebody searched one plate, and on how many different days."""

    times: int
    days: int


def add(  # noqa: PLR0913  (the columns, by name)
    tx: Changes,
    record_id: RecordId,
    *,
    person: PersonId,
    at: datetime,
    case_ref: str,
    digest: bytes,
) -> None:
    """Remember that a plate was searched."""
    tx.connection.execute(
        _ADD,
        {
            "record_id": record_id,
            "person": person,
            "at": at,
            "case_ref": case_ref,
            "digest": digest,
        },
    )


def same_plate(
    tx: Changes, *, person: PersonId, digest: bytes, since: datetime
) -> Repeated:
    """How often somebody searched this plate since a moment."""
    row = tx.connection.execute(
        _SAME_PLATE, {"person": person, "digest": digest, "since": since}
    ).fetchone()
    times, days = (0, 0) if row is None else (int(str(row[0])), int(str(row[1])))
    return Repeated(times, days)


def most_often(
    tx: Changes, *, person: PersonId, digests: Sequence[bytes], since: datetime
) -> bytes | None:
    """Which of some plates somebody searched most often since a moment; None: none."""
    row = tx.connection.execute(
        _MOST_OFTEN, {"person": person, "digests": list(digests), "since": since}
    ).fetchone()
    return row[0] if row is not None and isinstance(row[0], bytes) else None


def plates_of_case(tx: Changes, *, case_ref: str, since: datetime) -> int:
    """How many different plates were searched for a case since a moment."""
    row = tx.connection.execute(
        _PLATES_OF_CASE, {"case_ref": case_ref, "since": since}
    ).fetchone()
    return 0 if row is None else int(str(row[0]))


def hours(
    tx: Changes, *, person: PersonId, zone: str, since: datetime, until: datetime
) -> dict[int, int]:
    """How many searches of somebody fell into each hour of the day, by local time."""
    rows = tx.connection.execute(
        _HOURS, {"person": person, "zone": zone, "since": since, "until": until}
    ).fetchall()
    return {int(str(hour)): int(str(count)) for hour, count in rows}


def forget(tx: Purges, *, before: datetime) -> int:
    """Forget what was searched long ago."""
    return tx.connection.execute(_FORGET, {"before": before}).rowcount
