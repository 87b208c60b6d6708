"""The street map's file, for browsers that are signed in; they ask for parts of it."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import FileResponse, Response

from charteroak.core.people import Act
from charteroak.server.actions.see_street_map import see_street_map
from charteroak.server.web.map_view import STREETS
from charteroak.server.web.session import Session, TheAgency, may

router = APIRouter()

Viewer = Annotated[Session, Depends(may(Act.SEE_CAMERAS))]


@router.get(STREETS)
def streets(agency: TheAgency, _session: Viewer) -> Response:
    """Send the file, or the range of it that is asked for (RFC 9110, section 14)."""
    found = see_street_map(agency)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return FileResponse(found.path, media_type="application/vnd.pmtiles")
