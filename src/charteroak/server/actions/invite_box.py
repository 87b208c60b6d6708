"""Make a one-time code that lets one box in."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

import attrs

from charteroak.core.alert_review import NotAllowed
from charteroak.core.camera import CameraId
from charteroak.core.enrolment import CODE_BYTES, CODE_LIFE, hash_code, make_code
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import boxes, cameras

_LONGEST_NAME: Final = 80


@attrs.frozen(kw_only=True, repr=False)
class Invited:
    """The code, shown this once: only its hash is kept.

    Attributes:
        code: such as `7K3M-0QXZ-4TBN`.
        expires_at: from then on it lets nobody in.
    """

    code: str
    expires_at: datetime


@attrs.frozen(kw_only=True)
class NoSuchCameras:
    """Some cameras are not there, or none was named.

    Attributes:
        cameras: those that are not there.
    """

    cameras: tuple[str, ...]


@attrs.frozen
class UnusableBoxName:
    """A box needs a name of 1 to 80 printable characters."""


def invite_box(
    agency: Agency, who: Person, name: str, speaks_for: Collection[CameraId]
) -> Invited | NoSuchCameras | UnusableBoxName | NotAllowed:
    """Invite one box to speak for some cameras; the code works once, for 15 minutes."""
    if not who.may(Act.ENROL_BOX):
        return NotAllowed(act=Act.ENROL_BOX)
    name = name.strip()
    if not name.isprintable() or not 1 <= len(name) <= _LONGEST_NAME:
        return UnusableBoxName()
    now = agency.clock()
    code = make_code(agency.entropy(CODE_BYTES))
    expires_at = now + CODE_LIFE
    wanted = sorted(set(speaks_for))
    with agency.database.changes() as tx:
        missing = set(wanted) - cameras.known(tx, wanted)
        if missing or not wanted:
            return NoSuchCameras(cameras=tuple(sorted(missing)))
        boxes.invite(
            tx,
            code_hash=hash_code(code),
            box_name=name,
            cameras=wanted,
            invited_by=who.person_id,
            at=now,
            expires_at=expires_at,
        )
        agency.record(
            tx,
            Draft(
                kind=RecordKind.BOX_INVITED,
                at=now,
                public={"cameras": len(wanted)},
                private={
                    "person": str(who.person_id),
                    "box_name": name,
                    "cameras": [str(camera) for camera in wanted],
                },
            ),
        )
    return Invited(code=code, expires_at=expires_at)
