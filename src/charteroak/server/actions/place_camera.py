"""Place a camera, or correct where it stands."""

import attrs

from charteroak.core.alert_review import NotAllowed
from charteroak.core.camera import Camera
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import cameras


@attrs.frozen
class Placed:
    """The camera is as it was described."""


def place_camera(agency: Agency, who: Person, camera: Camera) -> Placed | NotAllowed:
    """Add a camera, or correct the one of its short name; a retired one comes back."""
    if not who.may(Act.ENROL_BOX):
        return NotAllowed(act=Act.ENROL_BOX)
    now = agency.clock()
    with agency.database.changes() as tx:
        cameras.place(tx, camera, at=now)
        agency.record(
            tx,
            Draft(
                kind=RecordKind.CAMERA_PLACED,
                at=now,
                private={
                    "person": str(who.person_id),
                    "camera": camera.camera_id,
                    "latitude": f"{camera.latitude:.6f}",
                    "longitude": f"{camera.longitude:.6f}",
                    "heading": f"{camera.heading_deg:.0f}",
                },
            ),
        )
    return Placed()
