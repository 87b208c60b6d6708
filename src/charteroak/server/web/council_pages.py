"""The council's page: how its orders stand, and where a signed order is brought.

It is open without an account: a council must not have to ask for one before it can stop
the cameras. The signatures of an order count, and not who brings it.
"""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response

from charteroak.core.codes import Step
from charteroak.core.council_order import LARGEST_ORDER
from charteroak.core.moratorium import Objection
from charteroak.server.actions.see_council import see_council
from charteroak.server.actions.take_order import Carried, NotCarried, take_order
from charteroak.server.agency import Agency
from charteroak.server.web.render import page
from charteroak.server.web.session import TheAgency, recall
from charteroak.server.web.text import ENGLISH, Words, later

router = APIRouter()

CARRIED: Final[Mapping[Step, str]] = {
    Step.HAND_OVER: later(
        "The keys were handed over: from now on those count that the order names, and no "
        "others."
    ),
    Step.RESUME: later("The suspension is over: capture and search go on."),
    Step.SUSPEND: later("Capture and search are suspended."),
}
"""What an order did, in words."""

TOO_MANY: Final = later(
    "Too many orders without a signature of the council came in the last minute. An "
    "order with a good signature is always looked at; bring others in a minute."
)

OBJECTIONS: Final[Mapping[Objection, str]] = {
    Objection.AHEAD: later(
        "It skips a number: the next order has the number %(next)d."
    ),
    Objection.ALREADY_SUSPENDED: later(
        "All is suspended already, so one more order to suspend does nothing."
    ),
    Objection.CARRIED_OUT: later(
        "An order of this number was carried out already. Draw up a new one; it has the "
        "number %(next)d."
    ),
    Objection.CHANGED: later(
        "Somebody changed the council's keys or orders in the database. Try again in a "
        "moment; if it stays so, no order counts until they are what they were."
    ),
    Objection.FUTURE: later(
        "It was drawn up in the future. Check the clock of the machine it was signed on."
    ),
    Objection.NO_COUNCIL: later(
        "No council is enrolled here: nobody has brought its public keys yet."
    ),
    Objection.NOT_SUSPENDED: later("Nothing is suspended, so there is nothing to end."),
    Objection.OLD: later("It is older than 30 days. Draw up a new one."),
    Objection.OLDER_THAN_LAST: later(
        "It was drawn up before the last order was carried out. Draw up a new one."
    ),
    Objection.OTHER_AGENCY: later("It is meant for another agency."),
    Objection.UNFIT_KEYS: later(
        "A hand-over names two or three different keys, of as many different members."
    ),
}
"""Why an order is not carried out, in words."""

_UNREADABLE: Final = later(
    "This is no order of a council. Bring the file that `charteroak council sign` wrote, "
    "whole and unchanged."
)
_SIGNED: Final = later("Good signatures: %(names)s.")


@router.get("/council")
def show(request: Request, agency: TheAgency) -> Response:
    """How the council's orders stand."""
    return _page(request, agency)


@router.post("/council")
def bring(
    request: Request,
    agency: TheAgency,
    order: Annotated[str, Form(max_length=LARGEST_ORDER)] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Carry out an order, or say why not; the guard has checked that the form is ours."""
    text = order.encode()
    if file is not None and file.filename:
        text = file.file.read(LARGEST_ORDER + 1)
    answer = take_order(agency, text)
    if isinstance(answer, Carried):
        return _page(request, agency.in_force(), carried=answer)
    words = request.app.state.pages.words
    if isinstance(answer, NotCarried):
        reasons = why_not(answer, words)
        return _page(request, agency, refused=reasons, answer=answer)
    return _page(request, agency, refused=(words.gettext(TOO_MANY),), status=429)


def why_not(answer: NotCarried, words: Words = ENGLISH) -> tuple[str, ...]:
    """Why an order was not carried out, in sentences, the most telling first."""
    if answer.order is None:
        return (words.gettext(_UNREADABLE),)
    says: list[str] = []
    if answer.objection is not None:
        text = words.gettext(OBJECTIONS[answer.objection])
        says.append(text % {"next": answer.next_number})
    says.extend(rule.plain for rule in answer.because)
    says.extend(answer.doubts)
    if answer.signed_by:
        names = ", ".join(answer.signed_by)
        says.append(words.gettext(_SIGNED) % {"names": names})
    return tuple(says)


def _page(  # noqa: PLR0913  (what the page shows after each outcome)
    request: Request,
    agency: Agency,
    *,
    carried: Carried | None = None,
    refused: tuple[str, ...] = (),
    answer: NotCarried | None = None,
    status: int = 403,
) -> Response:
    recall(request)
    context = {
        "seen": see_council(agency),
        "carried": carried,
        "carried_words": CARRIED,
        "refused": refused,
        "answer": answer,
    }
    return page(request, "council.html", context, status=status if refused else 200)
