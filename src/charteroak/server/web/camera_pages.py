"""Cameras and boxes: how they do, for everybody; letting boxes in, for administrators."""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from charteroak.core.camera import (
    Camera,
    CameraId,
    Location,
    Mount,
    Place,
    is_camera_id,
)
from charteroak.core.people import Act
from charteroak.core.search_answer import Forbidden
from charteroak.server.actions.invite_box import Invited, NoSuchCameras, invite_box
from charteroak.server.actions.place_camera import place_camera
from charteroak.server.actions.revoke_box import revoke_box
from charteroak.server.actions.see_cameras import (
    CLOCK_OFF_S,
    REVIEWED,
    BoxShown,
    see_cameras,
)
from charteroak.server.actions.see_street_map import see_street_map
from charteroak.server.agency import Agency
from charteroak.server.web.camera_view import (
    SHAPES,
    WHY_NO_PICTURE,
    WORDS,
    cameras_map,
    filtered,
)
from charteroak.server.web.errors import show
from charteroak.server.web.render import page, words_of
from charteroak.server.web.session import Session, TheAgency, may
from charteroak.server.web.text import later

router = APIRouter()

Viewer = Annotated[Session, Depends(may(Act.SEE_CAMERAS))]
Placer = Annotated[Session, Depends(may(Act.PLACE_CAMERA))]
Inviter = Annotated[Session, Depends(may(Act.ENROL_BOX))]

PLACES: Final = {
    Place.ROAD: later("A road, and none of these"),
    Place.COURT: later("A court"),
    Place.FOOD_BANK: later("A food bank"),
    Place.HEALTH_CARE: later("A place of health care"),
    Place.IMMIGRATION_FACILITY: later("An immigration facility"),
    Place.SCHOOL: later("A school"),
    Place.WORSHIP: later("A place of worship"),
}
"""What a camera may look at, as the form names it; see `core.codes.Place`."""

MOUNTS: Final = {
    Mount.FIXED: later("A pole or a building"),
    Mount.VEHICLE: later("A police vehicle"),
}

LOCATIONS: Final = {
    Location.PUBLISHED: later("Yes"),
    Location.WITHHELD_BY_GRANT: later("No: federal money for it forbids that"),
    Location.WITHHELD: later("No, for another reason"),
}

_DONE: Final = {
    "placed": later("The camera is placed."),
    "revoked": later("The box is revoked. Nothing is taken from it any more."),
}

_TROUBLE: Final = {
    "name": later("Say in words where it stands."),
    "camera_id": later(
        "Use 1 to 40 lower-case letters, digits and dashes, as in main-st-north."
    ),
    "latitude": later("Give the latitude, degrees from -90 to 90, as in 41.7658."),
    "longitude": later("Give the longitude, degrees from -180 to 180, as in -72.6734."),
    "heading": later("Give where it looks, degrees clockwise from north, 0 to 360."),
    "place": later("Choose what it looks at; the rules decide by it."),
    "mount": later("Choose what it is mounted on."),
    "location": later("Say whether its place is published."),
    "box_name": later("Give the box a name of 1 to 80 characters."),
    "cameras": later("Choose at least one camera that is in use."),
}

_NOTHING_TYPED: Final = {
    "camera_id": "",
    "name": "",
    "latitude": "",
    "longitude": "",
    "heading": "0",
    "place": "",
    "mount": Mount.FIXED.value,
    "location": Location.PUBLISHED.value,
    "box_name": "",
    "cameras": "",
}


@router.get("/cameras")
def cameras(
    request: Request,
    agency: TheAgency,
    session: Viewer,
    done: str | None = None,
    state: str = "",
) -> Response:
    """Show cameras and boxes."""
    return _list(request, agency, session, done=_DONE.get(done or ""), state=state)


@router.post("/cameras")
def place_one(  # noqa: PLR0913, PLR0917  the fields of the form
    request: Request,
    agency: TheAgency,
    session: Placer,
    camera_id: Annotated[str, Form(max_length=80)] = "",
    name: Annotated[str, Form(max_length=200)] = "",
    latitude: Annotated[str, Form(max_length=20)] = "",
    longitude: Annotated[str, Form(max_length=20)] = "",
    heading: Annotated[str, Form(max_length=20)] = "0",
    place: Annotated[str, Form(max_length=40)] = "",
    mount: Annotated[str, Form(max_length=40)] = "",
    location: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Place a camera, or correct the one of that short name."""
    typed = {
        "camera_id": camera_id.strip(),
        "name": name.strip(),
        "latitude": latitude,
        "longitude": longitude,
        "heading": heading,
        "place": place,
        "mount": mount,
        "location": location,
    }
    degrees = {
        field: _degrees(typed[field], low, high)
        for field, low, high in (
            ("latitude", -90, 90),
            ("longitude", -180, 180),
            ("heading", 0, 360),
        )
    }
    wrong = [field for field, value in degrees.items() if value is None]
    if not is_camera_id(typed["camera_id"]):
        wrong.insert(0, "camera_id")
    if not typed["name"] or not typed["name"].isprintable():
        wrong.append("name")
    wrong += [
        field
        for field, kinds in (("place", Place), ("mount", Mount), ("location", Location))
        if typed[field] not in set(kinds)
    ]
    if wrong:
        return _again(request, agency, session, typed, wrong)
    camera = Camera(
        camera_id=CameraId(typed["camera_id"]),
        name=typed["name"],
        latitude=degrees["latitude"] or 0.0,
        longitude=degrees["longitude"] or 0.0,
        heading_deg=degrees["heading"] or 0.0,
        place=Place(place),
        mount=Mount(mount),
        location=Location(location),
    )
    answer = place_camera(agency, session.person, camera)
    if isinstance(answer, Forbidden):
        return _forbidden(request, camera, answer)
    return RedirectResponse("/cameras?done=placed", 303)


@router.post("/cameras/boxes")
def invite(
    request: Request,
    agency: TheAgency,
    session: Inviter,
    box_name: Annotated[str, Form(max_length=200)] = "",
    cameras: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Make a one-time code that lets one box in, and show it this once."""
    wanted = [CameraId(each) for each in cameras or []]
    answer = invite_box(agency, session.person, box_name, wanted)
    if not isinstance(answer, Invited):
        field = "cameras" if isinstance(answer, NoSuchCameras) else "box_name"
        typed = {"box_name": box_name, "cameras": " ".join(wanted)}
        return _again(request, agency, session, typed, [field])
    address = agency.settings.public_url or (
        f"{request.url.scheme}://{request.url.netloc}"
    )
    context = {
        "box_name": box_name.strip(),
        "code": answer.code,
        "expires_at": answer.expires_at,
        "address": address,
    }
    return page(request, "box_invited.html", context)


@router.get("/cameras/boxes/{box_id}/revoke")
def ask_to_revoke(
    request: Request, agency: TheAgency, _session: Inviter, box_id: UUID
) -> Response:
    """Say what revoking a box means, and ask for its name."""
    return _revoking(request, agency, box_id)


@router.post("/cameras/boxes/{box_id}/revoke")
def revoke(
    request: Request,
    agency: TheAgency,
    session: Inviter,
    box_id: UUID,
    typed_name: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Trust a box no longer, if its name was typed."""
    box = _box(agency, box_id)
    if box is not None and typed_name.strip() != box.name:
        return _revoking(request, agency, box_id, typed_name=typed_name)
    revoke_box(agency, session.person, box_id)
    return RedirectResponse("/cameras?done=revoked", 303)


def _list(  # noqa: PLR0913  what the page shows after each outcome
    request: Request,
    agency: Agency,
    session: Session,
    *,
    done: str | None = None,
    state: str = "",
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    shown = see_cameras(agency)
    asked, listed = filtered(shown.cameras, state)
    streets = see_street_map(agency)
    context = {
        "shown": shown,
        "asked": asked,
        "listed": listed,
        "where": cameras_map(
            listed,
            thanks=None if streets is None else streets.attribution,
            words=words_of(request),
        ),
        "shapes": SHAPES,
        "words": WORDS,
        "why_no_picture": WHY_NO_PICTURE,
        "reviewed_within": REVIEWED,
        "places": PLACES,
        "mounts": MOUNTS,
        "locations": LOCATIONS,
        "in_use": [each for each in shown.cameras if each.retired_at is None],
        "may_place": session.person.may(Act.PLACE_CAMERA),
        "hour": timedelta(hours=1),
        "clock_off_s": CLOCK_OFF_S,
        "typed": {**_NOTHING_TYPED, **(typed or {})},
        "errors": errors or {},
        "done": done,
    }
    return page(request, "cameras.html", context, status=422 if errors else 200)


def _forbidden(request: Request, camera: Camera, answer: Forbidden) -> Response:
    words = words_of(request)
    asked = [
        (words.gettext("Asked"), words.gettext("To place a camera")),
        (words.gettext("It looks at"), words.gettext(PLACES[camera.place])),
        (
            words.gettext("Its place is published"),
            words.gettext(LOCATIONS[camera.location]),
        ),
    ]
    context = {
        "because": answer.because,
        "asked": asked,
        "recorded": answer.recorded,
        "not_done": words.gettext("No camera was placed."),
    }
    return page(request, "refused.html", context, status=403)


def _again(
    request: Request,
    agency: Agency,
    session: Session,
    typed: Mapping[str, str],
    wrong: list[str],
) -> Response:
    words = words_of(request)
    errors = {
        field: words.gettext(_TROUBLE[field]) for field in _TROUBLE if field in wrong
    }
    return _list(request, agency, session, typed=typed, errors=errors)


def _revoking(
    request: Request, agency: Agency, box_id: UUID, *, typed_name: str = ""
) -> Response:
    box = _box(agency, box_id)
    if box is None:
        return show(request, 404)
    context = {"box": box, "typed_name": typed_name, "wrong": bool(typed_name)}
    status = 422 if typed_name else 200
    return page(request, "box_revoke.html", context, status=status)


def _box(agency: Agency, box_id: UUID) -> BoxShown | None:
    return next(
        (
            box
            for box in see_cameras(agency).boxes
            if box.box_id == box_id and box.revoked_at is None
        ),
        None,
    )


def _degrees(text: str, low: float, high: float) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and low <= value <= high else None
