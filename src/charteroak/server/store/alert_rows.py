"""An alert with its evidence, and the row that it is made from."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import attrs

from charteroak.core.alert import AlertId, Checks, Outcome, Rejection, Status
from charteroak.core.alert_review import Deed
from charteroak.core.hotlist import StateAgreement, Tier
from charteroak.core.plate import PlateText


@attrs.frozen(kw_only=True, repr=False)
class Evidence:
    """What identifies a car: lives as long as a read, unless it is held.

    Attributes:
        characters: probability of each glyph, 0 to 1, as many as `plate` has.
        entry_listed: whether the entry is still on its list now.
        plate_picture: where the vault keeps the picture of the plate.
        vehicle_picture: where the vault keeps the mosaic of the vehicle.
    """

    plate: PlateText
    confidence: float
    characters: tuple[float, ...]
    state: str | None
    state_confidence: float | None
    engine: str
    clock_suspect: bool
    plate_picture: str
    vehicle_picture: str
    entry_plate: PlateText
    entry_state: str | None
    entry_reason: str
    entry_vehicle: str
    entry_case_ref: str
    entry_entered_at: datetime
    entry_listed: bool
    list_name: str
    list_source: str
    list_authority: str
    list_loaded_at: datetime


@attrs.frozen(kw_only=True, repr=False)
class Alert:
    """An alert with all that is known of it.

    Attributes:
        kept_from: when the time of its evidence began to run.
        camera_name: as the camera is called now; its short name where it is gone.
        list_name: as the list is called now; empty where it is gone.
        acknowledged: who took it; None: nobody.
        reviewed: who gave the verdict; None: nobody.
        concluded: who wrote the outcome; None: nobody.
        evidence: None once it was deleted on schedule.
        deleted_at: when the evidence was deleted; None while it is there.
    """

    alert_id: AlertId
    kept_from: datetime
    seen_at: datetime
    raised_at: datetime
    camera_id: str
    camera_name: str
    list_id: UUID
    list_name: str
    tier: Tier
    state_agreement: StateAgreement
    late: bool
    misdated: bool
    status: Status
    checks: Checks
    rejection: Rejection | None
    outcome: Outcome | None
    acknowledged: Deed | None
    reviewed: Deed | None
    concluded: Deed | None
    evidence: Evidence | None
    deleted_at: datetime | None

    @property
    def waiting(self) -> bool:
        """Whether a person can and should still look at it."""
        return self.status is Status.UNVERIFIED and self.evidence is not None


@attrs.frozen(kw_only=True, repr=False)
class EvidenceRow:
    """The columns of evidence, all None together where it was deleted."""

    plate: str | None
    confidence: float | None
    characters: Sequence[float] | None
    state: str | None
    state_confidence: float | None
    engine: str | None
    clock_suspect: bool | None
    plate_picture: str | None
    vehicle_picture: str | None
    entry_plate: str | None
    entry_state: str | None
    entry_reason: str | None
    entry_vehicle: str | None
    entry_case_ref: str | None
    entry_entered_at: datetime | None
    entry_listed: bool
    list_name: str | None
    list_source: str | None
    list_authority: str | None
    list_loaded_at: datetime | None

    def to_evidence(self) -> Evidence | None:
        """The evidence, None where it was deleted."""
        if (
            self.plate is None
            or self.entry_plate is None
            or self.entry_entered_at is None
            or self.list_loaded_at is None
        ):
            return None
        return Evidence(
            plate=PlateText(self.plate),
            confidence=self.confidence or 0.0,
            characters=tuple(self.characters or ()),
            state=self.state,
            state_confidence=self.state_confidence,
            engine=self.engine or "",
            clock_suspect=bool(self.clock_suspect),
            plate_picture=self.plate_picture or "",
            vehicle_picture=self.vehicle_picture or "",
            entry_plate=PlateText(self.entry_plate),
            entry_state=self.entry_state,
            entry_reason=self.entry_reason or "",
            entry_vehicle=self.entry_vehicle or "",
            entry_case_ref=self.entry_case_ref or "",
            entry_entered_at=self.entry_entered_at,
            entry_listed=self.entry_listed,
            list_name=self.list_name or "",
            list_source=self.list_source or "",
            list_authority=self.list_authority or "",
            list_loaded_at=self.list_loaded_at,
        )


@attrs.frozen(kw_only=True, repr=False)
class Row(EvidenceRow):
    """One row of the alerts with their evidence, by the names of its columns."""

    alert_id: UUID
    kept_from: datetime
    seen_at: datetime
    raised_at: datetime
    camera_id: str
    camera_name: str
    list_id: UUID
    list_name_now: str
    tier: str
    state_agreement: str
    late: bool
    misdated: bool
    status: str
    checks: Sequence[str]
    rejection: str | None
    outcome: str | None
    acknowledged_at: datetime | None
    acknowledged_name: str
    reviewed_at: datetime | None
    reviewed_name: str
    outcome_at: datetime | None
    outcome_name: str
    deleted_at: datetime | None

    def to_alert(self) -> Alert:
        """The alert, in the words of the domain."""
        evidence = self.to_evidence()
        return Alert(
            alert_id=AlertId(self.alert_id),
            kept_from=self.kept_from,
            seen_at=self.seen_at,
            raised_at=self.raised_at,
            camera_id=self.camera_id,
            camera_name=self.camera_name,
            list_id=self.list_id,
            list_name=self.list_name_now or (evidence.list_name if evidence else ""),
            tier=Tier(self.tier),
            state_agreement=StateAgreement(self.state_agreement),
            late=self.late,
            misdated=self.misdated,
            status=Status(self.status),
            checks=Checks(**dict.fromkeys(self.checks, True)),
            rejection=None if self.rejection is None else Rejection(self.rejection),
            outcome=None if self.outcome is None else Outcome(self.outcome),
            acknowledged=_deed(self.acknowledged_at, self.acknowledged_name),
            reviewed=_deed(self.reviewed_at, self.reviewed_name),
            concluded=_deed(self.outcome_at, self.outcome_name),
            evidence=evidence,
            deleted_at=self.deleted_at,
        )


def _deed(at: datetime | None, by: str) -> Deed | None:
    return None if at is None else Deed(by=by, at=at)
