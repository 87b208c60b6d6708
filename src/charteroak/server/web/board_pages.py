"""The board: live alerts for the people on duty."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from charteroak.core.alert_review import NotAllowed
from charteroak.core.people import Act
from charteroak.server.actions.see_board import see_board
from charteroak.server.web.board_view import BoardFilter, board_context
from charteroak.server.web.render import page
from charteroak.server.web.session import (
    NotYourRoleError,
    Session,
    TheAgency,
    may,
)

router = APIRouter()


@router.get("/board")
def show_board(
    request: Request,
    agency: TheAgency,
    session: Annotated[Session, Depends(may(Act.SEE_ALERTS))],
) -> HTMLResponse:
    """Show the live alerts; the filter is in the address and survives a reload."""
    board = see_board(agency, session.person)
    if isinstance(board, NotAllowed):
        raise NotYourRoleError(board.act)
    asked = BoardFilter.parse(request.query_params)
    return page(request, "board.html", board_context(board, asked))
