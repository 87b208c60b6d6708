"""Hot lists: what reads are compared with, and loading a list."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import Response

from charteroak.core.alert_review import NotAllowed
from charteroak.core.hotlist import ListClass
from charteroak.core.people import Act
from charteroak.core.search import Purpose
from charteroak.core.search_answer import Forbidden
from charteroak.law.vocabulary import is_purpose
from charteroak.server.actions.ask_entries import EntriesWait, ask_list
from charteroak.server.actions.load_hotlist import (
    ListFile,
    ListProhibited,
    ListUnreadable,
    Loaded,
    NeedsSecondPerson,
    load_hotlist,
)
from charteroak.server.actions.see_entries import count_waiting_entries, see_entries
from charteroak.server.actions.see_hotlists import see_hotlists
from charteroak.server.agency import Agency
from charteroak.server.web.entry_form import groups
from charteroak.server.web.entry_pages import DONE, SAID, refused
from charteroak.server.web.render import page, words_of
from charteroak.server.web.session import NotYourRoleError, Session, TheAgency, may
from charteroak.server.web.text import later
from charteroak.server.web.uploads import Admitting

router = APIRouter(route_class=Admitting)

Clerk = Annotated[Session, Depends(may(Act.LOAD_HOTLIST))]
Sees = Annotated[Session, Depends(may(Act.SEE_HOTLISTS))]

CLASSES: Final = {
    ListClass.VEHICLE: later("Stolen vehicles"),
    ListClass.LICENSE_PLATE: later("Stolen plates"),
    ListClass.MISSING_PERSON: later("Missing persons"),
    ListClass.WANTED_PERSON: later("Wanted persons"),
    ListClass.PROTECTION_ORDER: later("Protection orders"),
    ListClass.LOCAL: later("Local list of this agency"),
    ListClass.SUPERVISED_RELEASE: later("Supervised release"),
    ListClass.SEX_OFFENDER: later("Sex offender registry"),
    ListClass.GANG: later("Gang file"),
    ListClass.TERRORIST_SCREENING: later("Terrorist screening"),
    ListClass.IMMIGRATION_VIOLATOR: later("Immigration violators"),
}
"""Classes of lists as pages name them, the usual ones first."""

TOO_OLD: Final = timedelta(hours=24)
"""A list that is older is marked: what it says may be settled long ago."""


@router.get("/hot-lists")
def hot_lists(
    request: Request, agency: TheAgency, session: Sees, said: str = ""
) -> Response:
    """List the hot lists, and the agency's own plates."""
    return _list(request, agency, session, said=said)


@router.post("/hot-lists")
def load(  # noqa: PLR0913, PLR0917  the fields of the form
    request: Request,
    agency: TheAgency,
    session: Clerk,
    name: Annotated[str, Form(max_length=400)] = "",
    list_class: Annotated[str, Form(max_length=40)] = "",
    source: Annotated[str, Form(max_length=400)] = "",
    authority: Annotated[str, Form(max_length=400)] = "",
    purpose: Annotated[str, Form(max_length=60)] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Load a list, in the place of the one of its name; one of our own waits."""
    typed = {
        "name": name,
        "list_class": list_class,
        "source": source,
        "authority": authority,
        "purpose": purpose,
    }
    known = {each.value: each for each in ListClass}.get(list_class)
    errors = _missing(request, typed, known, file)
    if errors or known is None or file is None:
        return _list(request, agency, session, typed=typed, errors=errors)
    prohibited = known in agency.refused_lists
    # Of a list that the rules refuse not one byte is taken into memory.
    content = b"" if prohibited else file.file.read()
    listed = ListFile(
        name=name,
        list_class=known,
        source=source,
        authority=authority,
        content=content,
        file_name=file.filename or "",
    )
    answer = load_hotlist(agency, session.person, listed)
    if isinstance(answer, NeedsSecondPerson):
        return _ask(request, agency, session, listed, typed)
    if isinstance(answer, ListProhibited):
        context = {"answer": answer, "class_name": CLASSES[answer.list_class]}
        return page(request, "hotlist_refused.html", context, status=403)
    if isinstance(answer, ListUnreadable):
        return _list(request, agency, session, typed=typed, unreadable=answer)
    if isinstance(answer, Loaded):
        return _list(request, agency, session, loaded=answer, loaded_name=name.strip())
    raise NotYourRoleError(answer.act)


def _ask(
    request: Request,
    agency: Agency,
    session: Session,
    listed: ListFile,
    typed: Mapping[str, str],
) -> Response:
    """A list of our own: it is asked for, and waits."""
    words = words_of(request)
    answer = ask_list(agency, session.person, listed, purpose=Purpose(typed["purpose"]))
    match answer:
        case EntriesWait():
            return _list(request, agency, session, waits=answer)
        case ListUnreadable():
            return _list(request, agency, session, typed=typed, unreadable=answer)
        case Forbidden():
            return refused(request, answer, words.gettext("To list plates of our own"))
        case NotAllowed():
            raise NotYourRoleError(answer.act)


def _missing(
    request: Request,
    typed: Mapping[str, str],
    known: ListClass | None,
    file: UploadFile | None,
) -> dict[str, str]:
    words = words_of(request)
    wanted = {
        "name": words.gettext("Give the list a name."),
        "source": words.gettext("Say where the file comes from."),
        "authority": words.gettext("Name the statute or order it is kept under."),
    }
    errors = {field: text for field, text in wanted.items() if not typed[field].strip()}
    if known is None:
        errors["list_class"] = words.gettext("Choose what kind of list it is.")
    if known is ListClass.LOCAL and not is_purpose(typed["purpose"]):
        errors["purpose"] = words.gettext(
            "Choose why its plates are looked for: it is a list of our own."
        )
    if file is None or not file.filename:
        errors["file"] = words.gettext(
            "Choose the file again: none came with the form."
        )
    return errors


def _list(  # noqa: PLR0913  what the page shows after each outcome
    request: Request,
    agency: Agency,
    session: Session,
    *,
    said: str = "",
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    unreadable: ListUnreadable | None = None,
    loaded: Loaded | None = None,
    loaded_name: str = "",
    waits: EntriesWait | None = None,
) -> Response:
    fields = ("name", "list_class", "source", "authority", "purpose")
    nothing = dict.fromkeys(fields, "")
    shown, own = see_hotlists(agency), see_entries(agency, session.person)
    if isinstance(own, NotAllowed):
        raise NotYourRoleError(own.act)
    context = {
        "shown": shown,
        "classes": CLASSES,
        "too_old": TOO_OLD,
        "typed": typed or nothing,
        "errors": errors or {},
        "unreadable": unreadable,
        "loaded": loaded,
        "loaded_name": loaded_name,
        "waits": waits,
        "own": own,
        "waiting": count_waiting_entries(agency, session.person),
        "may_load": session.person.may(Act.LOAD_HOTLIST),
        "may_enter": session.person.may(Act.ADD_LIST_ENTRY),
        "groups": groups(agency.profile.purposes, words_of(request)),
        "labels": {str(each.code): each.label for each in agency.profile.purposes},
        "said": SAID.get(said, ""),
        "done": said in DONE,
    }
    wrong = bool(errors) or unreadable is not None
    answer = page(request, "hotlists.html", context, status=422 if wrong else 200)
    answer.headers["Cache-Control"] = "no-store"
    return answer
