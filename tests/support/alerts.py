"""Alerts as the ingest raises them, without a box: for tests of the desk.

camera = placed(agency)
alert_id = raised(agency, plate="AB12345")
"""

import io
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID

import attrs
import numpy as np

from charteroak.core.alert import AlertId
from charteroak.core.camera import Camera, CameraId
from charteroak.core.hotlist import (
    Entry,
    EntryId,
    HotList,
    HotListId,
    ListClass,
    match,
)
from charteroak.core.plate import PlateText
from charteroak.core.read import Box, Read, ReadId
from charteroak.rendering.plate import render_plate
from charteroak.server.agency import Agency
from charteroak.server.store import alert_inserts, cameras, hints, hotlists
from charteroak.server.store.alert_inserts import NewAlert
from charteroak.server.store.reads import NewRead

CAMERA: Final = Camera(
    camera_id=CameraId("main-st-north"),
    name="Main Street at the Green, northbound",
    latitude=41.8104,
    longitude=-72.5301,
    heading_deg=10,
)
LIST: Final = HotList(
    list_id=HotListId(UUID("6f1f5a52-7e3d-4d0c-9a5e-3a7f6b1c2d10")),
    name="NCIC Vehicle File",
    list_class=ListClass.VEHICLE,
    source="NCIC through COLLECT",
    authority="28 U.S.C. 534",
    # An hour before the clock of the tests begins.
    loaded_at=datetime.fromisoformat("2026-10-15T11:00:00+00:00"),
)


@attrs.frozen(kw_only=True)
class Hit:
    """What is raised; every field has a plain default.

    Attributes:
        ago: how long before the clock's present it was seen.
    """

    plate: str = "AB12345"
    listed: str = ""
    state: str | None = "CT"
    entry_state: str | None = "CT"
    reason: str = "Stolen vehicle"
    vehicle: str = "Grey Honda Civic 2019, four doors"
    case_ref: str = "26-10482"
    characters: tuple[float, ...] = ()
    ago: timedelta = timedelta(seconds=3)
    late: bool = False
    misdated: bool = False
    clock_suspect: bool = False
    camera: Camera = CAMERA
    hotlist: HotList = LIST
    pictures: tuple[bytes, bytes] | None = None


def raised(agency: Agency, hit: Hit | None = None, *, hinted: bool = True) -> AlertId:
    """Raise an alert with its list, its entry, its camera and its pictures.

    Args:
        agency: where.
        hit: what is raised.
        hinted: whether those who listen are woken, as the ingest does.
    """
    hit = hit or Hit()
    now = agency.clock()
    seen_at = now - hit.ago
    read = _read(agency, hit, seen_at)
    entry = _entry(agency, hit)
    found = match(read.plate, hit.state, entry, at=now)
    assert found is not None, "the plate does not match its entry"
    bucket = agency.retention.bucket(seen_at).name
    agency.keys.make_bucket(bucket)
    plate_picture, vehicle_picture = agency.pictures.store(
        bucket, hit.pictures or drawn(hit.plate, hit.state or "CT")
    )
    alert = NewAlert(
        alert_id=AlertId(agency.new_id()),
        new=NewRead(
            read=read,
            match_key=read.plate.match_key,
            plate_picture=plate_picture,
            vehicle_picture=vehicle_picture,
        ),
        match=found,
        hotlist=attrs.evolve(hit.hotlist, list_id=entry.list_id),
        kept_from=seen_at,
        raised_at=now,
        late=hit.late,
        misdated=hit.misdated,
        clock_suspect=hit.clock_suspect,
    )
    with agency.database.ingests() as tx:
        alert_inserts.add(tx, alert)
        if hinted:
            hints.give(tx)
    return alert.alert_id


def _read(agency: Agency, hit: Hit, seen_at: datetime) -> Read:
    plate = PlateText(hit.plate)
    return Read(
        read_id=ReadId(agency.new_id()),
        camera=hit.camera.camera_id,
        seen_at=seen_at,
        plate=plate,
        confidence=0.94,
        characters=hit.characters or tuple(0.99 for _ in plate.glyphs),
        state=hit.state,
        state_confidence=None if hit.state is None else 0.97,
        plate_box=Box(x=100, y=100, width=120, height=60),
        engine="drawn/1",
    )


def _entry(agency: Agency, hit: Hit) -> Entry:
    """Place the camera, and load the list anew with nothing but this entry."""
    now = agency.clock()
    with agency.database.changes() as tx:
        cameras.place(tx, hit.camera, at=now)
        entry = Entry(
            entry_id=EntryId(agency.new_id()),
            list_id=hotlists.put(tx, hit.hotlist, by=None),
            plate=PlateText(hit.listed or hit.plate),
            state=hit.entry_state,
            reason=hit.reason,
            vehicle=hit.vehicle,
            case_ref=hit.case_ref,
            entered_at=now - timedelta(days=2),
        )
        hotlists.replace_entries(tx, entry.list_id, [entry], at=entry.entered_at)
    return entry


def dropped(agency: Agency, kept_from: datetime) -> datetime:
    """Drop the bucket of a moment as a purge does: its key and pictures, its rows."""
    bucket = agency.retention.bucket(kept_from).name
    agency.pictures.drop_bucket(bucket)
    now = agency.clock()
    with agency.database.purges() as tx:
        tx.connection.execute("SELECT * FROM drop_bucket(%s, %s)", [bucket, now])
    return now


@lru_cache
def drawn(plate: str, state: str) -> tuple[bytes, bytes]:
    """Pictures of a plate, and of nearly nothing in place of the vehicle, JPEG."""
    drawing = render_plate(
        plate, state=state, width_px=200, rng=np.random.default_rng(1)
    )
    pictures = []
    for image in (drawing, drawing.resize((24, 12))):
        held = io.BytesIO()
        image.convert("RGB").save(held, "JPEG", quality=88)
        pictures.append(held.getvalue())
    return pictures[0], pictures[1]
