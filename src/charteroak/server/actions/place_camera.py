"""Place a camera, or correct where it stands."""

import attrs

from charteroak.core.alert_review import NotAllowed
from charteroak.core.camera import Camera
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, Request, decide
from charteroak.core.search_answer import Forbidden
from charteroak.core.search_record import decision_fields
from charteroak.server.agency import Agency
from charteroak.server.store import cameras


@attrs.frozen
class Placed:
    """The camera is as it was described."""


def place_camera(
    agency: Agency, who: Person, camera: Camera
) -> Placed | Forbidden | NotAllowed:
    """Add a camera, or correct the one of its short name; a retired one comes back.

    Where the rules let no camera stand, none is placed; that it was asked is recorded.
    """
    if not who.may(Act.PLACE_CAMERA):
        return NotAllowed(act=Act.PLACE_CAMERA)
    now = agency.clock()
    decision = decide(
        agency.rules,
        Request(
            act=Act.PLACE_CAMERA,
            custodian=agency.profile.custodian,
            roles=who.roles,
            place=camera.place,
            mount=camera.mount,
            location=camera.location,
        ),
    )
    refused = isinstance(decision, Denial)
    with agency.database.changes() as tx:
        recorded = agency.record(
            tx,
            Draft(
                kind=RecordKind.CAMERA_REFUSED if refused else RecordKind.CAMERA_PLACED,
                at=now,
                public=decision_fields(decision),
                private={
                    "person": str(who.person_id),
                    "camera": camera.camera_id,
                    "latitude": f"{camera.latitude:.6f}",
                    "longitude": f"{camera.longitude:.6f}",
                    "heading": f"{camera.heading_deg:.0f}",
                },
            ),
        )
        if refused:
            return Forbidden(recorded=recorded.record_id, because=decision.because)
        cameras.place(tx, camera, at=now)
    return Placed()
