"""See a picture of an alert: the plate, or the mosaic of the vehicle."""

from enum import StrEnum

import attrs

from charteroak.core.alert import AlertId
from charteroak.core.alert_review import EvidenceGone, NoSuchAlert, NotAllowed
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import alerts
from charteroak.server.vault.pictures import PictureBrokenError, PictureGoneError


class Picture(StrEnum):
    """Which of an alert's pictures."""

    PLATE = "plate"
    VEHICLE = "vehicle"


@attrs.frozen(kw_only=True, repr=False)
class PictureSeen:
    """A picture, JPEG."""

    jpeg: bytes


@attrs.frozen
class PictureBroken:
    """The picture was damaged or altered; that is no deletion."""


def see_alert_picture(
    agency: Agency, who: Person, alert_id: AlertId, which: Picture
) -> PictureSeen | PictureBroken | EvidenceGone | NoSuchAlert | NotAllowed:
    """Open a picture for a person, if a role allows it and it is still there.

    Raises:
        PicturesUnavailableError: the place where pictures lie does not answer.
    """
    if not who.may(Act.SEE_ALERTS):
        return NotAllowed(act=Act.SEE_ALERTS)
    now = agency.clock()
    with agency.database.changes() as tx:
        alert = alerts.find(
            tx, alert_id, at=now, not_before=agency.retention.not_before(now)
        )
    if alert is None:
        return NoSuchAlert()
    if alert.evidence is None:
        return EvidenceGone(deleted_at=alert.deleted_at)
    reference = (
        alert.evidence.plate_picture
        if which is Picture.PLATE
        else alert.evidence.vehicle_picture
    )
    try:
        return PictureSeen(jpeg=agency.pictures.fetch(reference))
    except PictureGoneError:
        # The key goes before the bucket: for a moment the evidence outlives it.
        return EvidenceGone(deleted_at=alert.deleted_at)
    except PictureBrokenError:
        return PictureBroken()
