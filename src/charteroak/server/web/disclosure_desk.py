"""What the pages of the disclosure desk share: who may, words, files and the way on."""

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Final, TypeVar
from urllib.parse import quote

from fastapi import Depends
from fastapi.responses import RedirectResponse, Response

from charteroak.core.codes import Process
from charteroak.core.disclosure import Stage, Why
from charteroak.core.people import Act
from charteroak.law.words import spoken
from charteroak.server.agency import Agency
from charteroak.server.web.disclosure_form import DATA, STANDINGS
from charteroak.server.web.session import Session, may
from charteroak.server.web.text import Words, later

AtDesk = Annotated[Session, Depends(may(Act.ENTER_DISCLOSURE))]
R = TypeVar("R", bound=Response)
Code = TypeVar("Code", bound=StrEnum)

STAGES: Final = {
    Stage.ANSWERED: ("good", later("Answered")),
    Stage.APPROVED: ("waiting", later("Approved, to release")),
    Stage.REFUSED: ("off", later("Refused")),
    Stage.WAITING: ("waiting", later("Waits for a supervisor")),
}
"""Where a request stands: the shape and the word."""

WHYS: Final = {
    Why.NOTE: later("for what was written with it"),
    Why.PAUSED: later("the agency is paused"),
    Why.PERSON: later("by a supervisor"),
    Why.RULES: later("by the rules"),
}


def to_request(number: int, said: str) -> RedirectResponse:
    """On to the page of a request."""
    return RedirectResponse(
        f"/disclosure/requests/{number}?said={quote(said)}", HTTPStatus.SEE_OTHER
    )


def attachment(content: bytes, media_type: str, name: str) -> Response:
    """A file that a browser keeps and never shows as a page of ours."""
    return private(
        Response(
            content,
            media_type=media_type,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
    )


def options(names: Mapping[Code, str], words: Words) -> list[tuple[str, str]]:
    """The choices of a field: code and label."""
    return [(code.value, words.gettext(label)) for code, label in names.items()]


def names(agency: Agency) -> dict[str, object]:
    """Words for codes, which several pages need."""
    return {
        "stages": STAGES,
        "whys": WHYS,
        "spoken": spoken,
        "data_names": DATA,
        "standings": STANDINGS,
        "none": Process.NONE,
        "labels": {str(each.code): each.label for each in agency.profile.purposes},
    }


def private(answer: R) -> R:
    """An answer that no browser and no proxy keeps."""
    answer.headers["Cache-Control"] = "no-store"
    return answer
