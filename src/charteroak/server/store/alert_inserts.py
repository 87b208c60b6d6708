"""Alerts as they are raised: the alert, and the evidence that lies beside it."""

from datetime import datetime
from typing import Final
from uuid import UUID

import attrs

from charteroak.core.alert import AlertId, Status
from charteroak.core.hotlist import HotList, Match
from charteroak.server.store.database import Ingests
from charteroak.server.store.reads import NewRead, real

_ADD: Final = """
    INSERT INTO alerts
           (alert_id, kept_from, seen_at, raised_at, camera_id, list_id, tier,
            state_agreement, late, misdated, status, checks)
    VALUES (%(alert_id)s, %(kept_from)s, %(seen_at)s, %(raised_at)s, %(camera_id)s,
            %(list_id)s, %(tier)s, %(state_agreement)s, %(late)s, %(misdated)s,
            %(status)s, '{}')
"""

_ADD_EVIDENCE: Final = """
    INSERT INTO alert_evidence
           (alert_id, kept_from, read_id, plate, confidence, characters, state,
            state_confidence, engine, clock_suspect, plate_picture, vehicle_picture,
            entry_id, entry_plate, entry_state, entry_reason, entry_vehicle,
            entry_case_ref, entry_entered_at, list_name, list_source, list_authority,
            list_loaded_at)
    VALUES (%(alert_id)s, %(kept_from)s, %(read_id)s, %(plate)s, %(confidence)s,
            %(characters)s::real[], %(state)s, %(state_confidence)s, %(engine)s,
            %(clock_suspect)s, %(plate_picture)s, %(vehicle_picture)s,
            %(entry_id)s, %(entry_plate)s, %(entry_state)s, %(entry_reason)s,
            %(entry_vehicle)s, %(entry_case_ref)s, %(entry_entered_at)s,
            %(list_name)s, %(list_source)s, %(list_authority)s, %(list_loaded_at)s)
"""


@attrs.frozen(kw_only=True, repr=False)
class NewAlert:
    """A hit, as it is raised.

    Attributes:
        kept_from: when the time of its evidence begins to run; its bucket is there.
        late: shown, never sounded.
        misdated: the read's time cannot be right.
    """

    alert_id: AlertId
    new: NewRead
    match: Match
    hotlist: HotList
    kept_from: datetime
    raised_at: datetime
    late: bool
    misdated: bool
    clock_suspect: bool


def add(tx: Ingests, alert: NewAlert) -> None:
    """Add an alert, unverified, with its evidence."""
    read, entry = alert.new.read, alert.match.entry
    key: dict[str, UUID | datetime] = {
        "alert_id": alert.alert_id,
        "kept_from": alert.kept_from,
    }
    tx.connection.execute(
        _ADD,
        {
            **key,
            "seen_at": read.seen_at,
            "raised_at": alert.raised_at,
            "camera_id": read.camera,
            "list_id": entry.list_id,
            "tier": alert.match.tier,
            "state_agreement": alert.match.state,
            "late": alert.late,
            "misdated": alert.misdated,
            "status": Status.UNVERIFIED,
        },
    )
    tx.connection.execute(
        _ADD_EVIDENCE,
        {
            **key,
            "read_id": read.read_id,
            "plate": read.plate.glyphs,
            "confidence": real(read.confidence),
            "characters": list(map(real, read.characters)),
            "state": read.state,
            "state_confidence": (
                None if read.state_confidence is None else real(read.state_confidence)
            ),
            "engine": read.engine,
            "clock_suspect": alert.clock_suspect,
            "plate_picture": alert.new.plate_picture,
            "vehicle_picture": alert.new.vehicle_picture,
            "entry_id": entry.entry_id,
            "entry_plate": entry.plate.glyphs,
            "entry_state": entry.state,
            "entry_reason": entry.reason,
            "entry_vehicle": entry.vehicle,
            "entry_case_ref": entry.case_ref,
            "entry_entered_at": entry.entered_at,
            "list_name": alert.hotlist.name,
            "list_source": alert.hotlist.source,
            "list_authority": alert.hotlist.authority,
            "list_loaded_at": alert.hotlist.loaded_at,
        },
    )
