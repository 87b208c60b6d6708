"""One alert: what a person compares, the verdict, and what came of it."""

from enum import StrEnum
from typing import Annotated, Final
from urllib.parse import parse_qsl
from uuid import UUID

import attrs
from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from charteroak.core.alert import AlertId, Checks, Outcome, Rejection
from charteroak.core.alert_review import (
    AlreadyConcluded,
    AlreadyReviewed,
    AlreadyTaken,
    ChecksMissing,
    Done,
    EvidenceGone,
    NoSuchAlert,
    NotAllowed,
    NotConfirmed,
)
from charteroak.core.people import Act
from charteroak.server.actions.acknowledge_alert import acknowledge_alert
from charteroak.server.actions.conclude_alert import conclude_alert
from charteroak.server.actions.review_alert import (
    Confirming,
    Rejecting,
    review_alert,
)
from charteroak.server.actions.see_alert import AlertSeen, see_alert
from charteroak.server.actions.see_alert_picture import (
    Picture,
    PictureBroken,
    PictureSeen,
    see_alert_picture,
)
from charteroak.server.actions.see_street_map import see_street_map
from charteroak.server.agency import Agency
from charteroak.server.web.board_view import (
    OUTCOMES,
    REJECTIONS,
    BoardFilter,
    cells,
    list_is_old,
)
from charteroak.server.web.map_view import Spot, compass, draw_map
from charteroak.server.web.no_picture import DAMAGED, DELETED, no_picture
from charteroak.server.web.render import page, words_of
from charteroak.server.web.session import (
    NotYourRoleError,
    Session,
    TheAgency,
    may,
)
from charteroak.server.web.text import Words, later

router = APIRouter()

Sees = Annotated[Session, Depends(may(Act.SEE_ALERTS))]
Acknowledges = Annotated[Session, Depends(may(Act.ACKNOWLEDGE_ALERT))]
Reviews = Annotated[Session, Depends(may(Act.REVIEW_ALERT))]

_CONFLICT: Final = 409
_INCOMPLETE: Final = 422


class Back(StrEnum):
    """Where somebody goes on after acknowledging."""

    ALERT = "alert"
    BOARD = "board"


Refusal = (
    AlreadyConcluded
    | AlreadyReviewed
    | AlreadyTaken
    | ChecksMissing
    | EvidenceGone
    | NotConfirmed
)


@router.get("/alerts/{alert_id}")
def show_alert(
    request: Request, alert_id: str, agency: TheAgency, session: Sees
) -> HTMLResponse:
    """Show an alert with everything that it takes to verify it."""
    return _page(request, agency, session, _number(alert_id))


@router.get("/alerts/{alert_id}/{which}.jpg")
def show_picture(
    request: Request, alert_id: str, which: Picture, agency: TheAgency, session: Sees
) -> Response:
    """Show a picture, or a drawing that says it was deleted on schedule."""
    seen = see_alert_picture(agency, session.person, _number(alert_id), which)
    headers = {"Cache-Control": "no-store"}
    match seen:
        case PictureSeen(jpeg=jpeg):
            return Response(jpeg, media_type="image/jpeg", headers=headers)
        case EvidenceGone():
            return no_picture(request, DELETED)
        case PictureBroken():
            return no_picture(request, DAMAGED)
        case NoSuchAlert():
            raise HTTPException(404)
        case NotAllowed(act=act):
            raise NotYourRoleError(act)


@router.post("/alerts/{alert_id}/acknowledge")
def acknowledge(  # noqa: PLR0913, PLR0917 (each is a part of the request)
    request: Request,
    alert_id: str,
    agency: TheAgency,
    session: Acknowledges,
    back: Annotated[Back, Form()] = Back.ALERT,
    asked: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    """Take an alert; its colleagues see the name."""
    number = _number(alert_id)
    answer = acknowledge_alert(agency, session.person, number)
    # On the board both refusals show by themselves: the card says who has it.
    if back is Back.BOARD and not isinstance(answer, NoSuchAlert | NotAllowed):
        query = BoardFilter.parse(dict(parse_qsl(asked.removeprefix("?")))).query
        return RedirectResponse(f"/board{query}", 303)
    return _answer(request, agency, session, number, answer)


@router.post("/alerts/{alert_id}/confirm")
def confirm(
    request: Request,
    alert_id: str,
    agency: TheAgency,
    session: Reviews,
    checks: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Confirm: the four checks were made by this person."""
    number, made = _number(alert_id), set(checks or ())
    known = [field.name for field in attrs.fields(Checks) if field.name in made]
    verdict = Confirming(checks=Checks(**dict.fromkeys(known, True)))
    answer = review_alert(agency, session.person, number, verdict)
    return _answer(request, agency, session, number, answer, ticked=verdict.checks)


@router.post("/alerts/{alert_id}/reject")
def reject(
    request: Request,
    alert_id: str,
    agency: TheAgency,
    session: Reviews,
    rejection: Annotated[Rejection, Form()],
) -> Response:
    """Reject with one tap; no check is needed to say no."""
    number = _number(alert_id)
    answer = review_alert(
        agency, session.person, number, Rejecting(rejection=rejection)
    )
    return _answer(request, agency, session, number, answer)


@router.post("/alerts/{alert_id}/outcome")
def conclude(
    request: Request,
    alert_id: str,
    agency: TheAgency,
    session: Reviews,
    outcome: Annotated[Outcome, Form()],
) -> Response:
    """Write what came of it."""
    number = _number(alert_id)
    answer = conclude_alert(agency, session.person, number, outcome)
    return _answer(request, agency, session, number, answer)


def _number(text: str) -> AlertId:
    try:
        return AlertId(UUID(text))
    except ValueError:
        raise HTTPException(404) from None


def _answer(  # noqa: PLR0913 (the page again, with what it was asked)
    request: Request,
    agency: Agency,
    session: Session,
    alert_id: AlertId,
    answer: Done | Refusal | NoSuchAlert | NotAllowed,
    *,
    ticked: Checks | None = None,
) -> Response:
    match answer:
        case Done():
            return RedirectResponse(f"/alerts/{alert_id}", 303)
        case NoSuchAlert():
            raise HTTPException(404)
        case NotAllowed(act=act):
            raise NotYourRoleError(act)
        case _:
            return _page(
                request, agency, session, alert_id, refusal=answer, ticked=ticked
            )


def _page(  # noqa: PLR0913 (the page, with what it was asked)
    request: Request,
    agency: Agency,
    session: Session,
    alert_id: AlertId,
    *,
    refusal: Refusal | None = None,
    ticked: Checks | None = None,
) -> HTMLResponse:
    seen = see_alert(agency, session.person, alert_id)
    match seen:
        case NoSuchAlert():
            raise HTTPException(404)
        case NotAllowed(act=act):
            raise NotYourRoleError(act)
        case _:
            pass
    evidence = seen.alert.evidence
    head, text = _words(refusal, words_of(request))
    values = {
        "alert": seen.alert,
        "cells": (
            cells(
                evidence.plate.glyphs,
                evidence.entry_plate.glyphs,
                evidence.characters,
            )
            if evidence
            else []
        ),
        "list_old": evidence is not None
        and list_is_old(evidence.list_loaded_at, seen.at),
        **_where(agency, seen),
        "rejections": REJECTIONS,
        "outcomes": OUTCOMES,
        "ticked": ticked or Checks(),
        "refused_head": head,
        "refused": text,
        "missing": refusal.missing if isinstance(refusal, ChecksMissing) else (),
        "deed": getattr(refusal, "deed", None),
    }
    return page(request, "alert.html", values, status=_status(refusal))


def _where(agency: Agency, seen: AlertSeen) -> dict[str, object]:
    """The small map: the camera with what it looks at, the others as dots."""
    streets = see_street_map(agency)
    spots = [
        Spot(
            camera=camera,
            kind="here" if camera.camera_id == seen.alert.camera_id else "bare",
        )
        for camera in seen.cameras
    ]
    here = [spot.camera.heading_deg for spot in spots if spot.kind == "here"]
    return {
        "where": draw_map(
            spots,
            thanks=None if streets is None else streets.attribution,
            width=360,
            height=220,
        ),
        "heading": compass(here[0]) if here else "",
    }


def _status(refusal: Refusal | None) -> int:
    match refusal:
        case None:
            return 200
        case ChecksMissing():
            return _INCOMPLETE
        case _:
            return _CONFLICT


_REFUSED: Final[dict[type[object], tuple[str, str]]] = {
    AlreadyTaken: (
        later("Already taken by"),
        later("Somebody is looking at this alert already."),
    ),
    AlreadyReviewed: (
        later("Already reviewed by"),
        later("What you sent was not written, and nothing was overwritten."),
    ),
    AlreadyConcluded: (
        later("An outcome was already written by"),
        later("Yours was not written, and nothing was overwritten."),
    ),
    NotConfirmed: (
        later("Nothing was written"),
        later("An outcome belongs to a confirmed alert; this one is not."),
    ),
    EvidenceGone: (
        later("Nothing was written"),
        later(
            "The picture was deleted on schedule, so nobody can compare anything with "
            "it, and the alert cannot be confirmed any more."
        ),
    ),
    ChecksMissing: (
        later("Not confirmed: a check is missing"),
        later("Nothing was written. What you ticked is still ticked."),
    ),
}
"""What became of the attempt: a heading, that a name may follow, and a sentence."""


def _words(refusal: Refusal | None, words: Words) -> tuple[str, str]:
    head, text = ("", "") if refusal is None else _REFUSED[type(refusal)]
    return (words.gettext(head), words.gettext(text)) if text else ("", "")
