"""How many reads boxes forgot at once because they hit nothing: numbers, by hour."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from charteroak.server.store.database import Ingests

# A report that comes again, or late, counts nothing twice.
_NOTE: Final = """
    INSERT INTO forgotten_counts AS known (box_id, boot_epoch, camera_id, hour, n)
    SELECT %(box_id)s, %(boot_epoch)s, camera_id, hour, n
      FROM unnest(%(camera_ids)s::text[], %(hours)s::timestamptz[], %(ns)s::bigint[])
        AS told (camera_id, hour, n)
    ON CONFLICT (box_id, boot_epoch, camera_id, hour) DO UPDATE
       SET n = greatest(known.n, EXCLUDED.n)
"""


def note(
    tx: Ingests,
    box_id: UUID,
    *,
    boot_epoch: int,
    counts: Mapping[tuple[str, datetime], int],
) -> None:
    """Note what a box counted since it started; with the box's row locked.

    Args:
        tx: of the report.
        box_id: who counted.
        boot_epoch: its start: it counts anew from each.
        counts: by camera and first moment of the hour.
    """
    if not counts:
        return
    tx.connection.execute(
        _NOTE,
        {
            "box_id": box_id,
            "boot_epoch": boot_epoch,
            "camera_ids": [camera for camera, _ in counts],
            "hours": [hour for _, hour in counts],
            "ns": list(counts.values()),
        },
    )
