"""See one alert with everything that a person needs to verify it."""

from datetime import datetime

import attrs

from charteroak.core.alert import AlertId
from charteroak.core.alert_review import NoSuchAlert, NotAllowed
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import alerts, board_health
from charteroak.server.store.alert_rows import Alert
from charteroak.server.store.board_health import CameraHealth

_CAMERAS_MOST = 500


@attrs.frozen(kw_only=True, repr=False)
class AlertSeen:
    """One alert, and where the cameras stand.

    Attributes:
        at: the moment of looking.
        cameras: all in use, for the locator.
    """

    at: datetime
    alert: Alert
    cameras: tuple[CameraHealth, ...]


def see_alert(
    agency: Agency, who: Person, alert_id: AlertId
) -> AlertSeen | NoSuchAlert | NotAllowed:
    """Show a person one alert, if a role allows it."""
    if not who.may(Act.SEE_ALERTS):
        return NotAllowed(act=Act.SEE_ALERTS)
    now = agency.clock()
    with agency.database.changes() as tx:
        alert = alerts.find(
            tx, alert_id, at=now, not_before=agency.retention.not_before(now)
        )
        if alert is None:
            return NoSuchAlert()
        cameras = board_health.cameras(tx, most=_CAMERAS_MOST)
    return AlertSeen(at=now, alert=alert, cameras=tuple(cameras))
