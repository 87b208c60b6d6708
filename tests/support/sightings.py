"""Reads that are simply there, without a box, and searches for them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from charteroak.core.camera import Camera, CameraId
from charteroak.core.people import Person, PersonId, Role
from charteroak.core.plate import PlatePattern, PlateText
from charteroak.core.read import Box, Read, ReadId
from charteroak.core.search import Purpose, Search
from charteroak.server.agency import Agency
from charteroak.server.store import audit, cameras, reads
from charteroak.server.store.reads import NewRead, Receipt

BOX = UUID(int=5)


def person(*roles: Role) -> Person:
    """Somebody with these roles, known to nobody but the test."""
    return Person(
        person_id=PersonId(uuid4()),
        login="-".join(sorted(roles)).replace("_", "-"),
        name=" and ".join(sorted(roles)),
        roles=frozenset(roles),
    )


def placed(agency: Agency, camera_id: str, name: str) -> CameraId:
    """Place a camera."""
    camera = Camera(
        camera_id=CameraId(camera_id), name=name, latitude=41.7, longitude=-72.7
    )
    with agency.database.changes() as tx:
        cameras.place(tx, camera, at=agency.clock())
    return camera.camera_id


def a_read(
    agency: Agency,
    plate: str = "AB12345",
    *,
    ago: timedelta = timedelta(hours=1),
    camera: str = "main-st",
) -> Read:
    """A read of a plate, so long ago by the agency's clock."""
    return Read(
        read_id=ReadId(uuid4()),
        camera=CameraId(camera),
        seen_at=agency.clock() - ago,
        plate=PlateText(plate),
        confidence=0.5,
        characters=(0.5,) * len(plate),
        state="CT",
        state_confidence=0.75,
        plate_box=Box(x=1, y=2, width=30, height=10),
        engine="test 1",
    )


def taken(agency: Agency, read: Read, *, pictures: Sequence[bytes] = ()) -> Read:
    """Take a read in, with a picture of the plate and of the vehicle if given."""
    references = ["", ""]
    if pictures:
        bucket = agency.retention.bucket(read.seen_at).name
        agency.keys.make_bucket(bucket)
        references = agency.pictures.store(bucket, pictures)
    with agency.database.ingests() as tx:
        assert reads.add(
            tx,
            [
                NewRead(
                    read=read,
                    match_key=read.plate.match_key,
                    plate_picture=references[0],
                    vehicle_picture=references[1],
                )
            ],
            Receipt(box_id=BOX, received_at=agency.clock(), clock_suspect=False),
        )
    return read


def seen(
    agency: Agency,
    plate: str = "AB12345",
    *,
    ago: timedelta = timedelta(hours=1),
    camera: str = "main-st",
) -> Read:
    """Take in a read of a plate, without pictures."""
    return taken(agency, a_read(agency, plate, ago=ago, camera=camera))


def a_search(  # noqa: PLR0913  (what a test wants different, by name)
    agency: Agency,
    plate: str = "AB12345",
    *,
    back: timedelta = timedelta(days=1),
    until: datetime | None = None,
    cameras: Sequence[str] = (),
    purpose: str = "robbery",
    case_ref: str = "26-1234",
) -> Search:
    """A search back from now; until a minute from now unless told otherwise."""
    now = agency.clock()
    return Search(
        plate=PlatePattern.parse(plate),
        since=now - back,
        until=until or now + timedelta(minutes=1),
        cameras=frozenset(CameraId(camera) for camera in cameras),
        purpose=Purpose(purpose),
        case_ref=case_ref,
    )


def log_kinds(agency: Agency) -> list[str]:
    """What the log holds, oldest first."""
    with agency.database.audits() as tx:
        found = audit.newest(tx, kind=None, before=None, limit=100)
    return [record.kind for record in reversed(found)]
