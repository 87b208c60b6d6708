"""From a template and its values to a page."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import attrs
import jinja2
import msgspec
from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from charteroak.core.errors import CharterOakError
from charteroak.core.people import Act, Person, Role
from charteroak.server.agency import Agency
from charteroak.server.web.text import (
    Words,
    ago,
    exactly,
    how_long,
    later,
    local_time,
    since_when,
)

STATIC: Final = Path(__file__).with_name("static")
_TEMPLATES: Final = Path(__file__).with_name("templates")


class UnbuiltPagesError(CharterOakError):
    """Styles and scripts of the pages have not been built."""

    code = "charteroak.web.unbuilt"
    hint = "Run `make web` once, then start again."


@attrs.frozen
class Place:
    """A page in the navigation; shown to those who may do what it is for.

    Attributes:
        beside: where the addresses of other pages begin that belong to it.
    """

    path: str
    name: str
    act: Act
    beside: tuple[str, ...] = ()

    def leads_to(self, here: str) -> bool:
        """Whether an address is this page's, or one of those that belong to it."""
        return any(
            here == each or here.startswith(f"{each}/")
            for each in (self.path, *self.beside)
        )


NAVIGATION: Final = (
    Place("/board", later("Board"), Act.SEE_ALERTS, ("/alerts",)),
    Place("/search", later("Search"), Act.SEARCH_READS, ("/emergencies", "/searches")),
    Place(
        "/cases",
        later("Cases"),
        Act.REQUEST_HOLD,
        ("/end-case", "/export", "/holds", "/keep"),
    ),
    Place("/oversight", later("Oversight"), Act.LOOK_AT_FLAGS),
    Place("/disclosure", later("Requests"), Act.ENTER_DISCLOSURE),
    Place("/hot-lists", later("Hot lists"), Act.SEE_HOTLISTS),
    Place("/cameras", later("Cameras"), Act.SEE_CAMERAS),
    Place("/people", later("People"), Act.MANAGE_PEOPLE),
    Place("/log", later("Log"), Act.READ_LOG),
    Place("/rules", later("Rules"), Act.SEE_STATUS),
    Place("/status", later("Status"), Act.SEE_STATUS),
)
"""The desk's pages, in the order of its navigation."""


ROLES: Final = {
    Role.ADMINISTRATOR: later("administrator"),
    Role.AUDITOR: later("auditor"),
    Role.DISPATCHER: later("dispatcher"),
    Role.INVESTIGATOR: later("investigator"),
    Role.LIST_CLERK: later("list clerk"),
    Role.OFFICER: later("officer"),
    Role.SUPERVISOR: later("supervisor"),
}
"""Roles as pages name them."""


def manifest(folder: Path = STATIC) -> Mapping[str, str]:
    """The built files by the names that templates know them by.

    Raises:
        UnbuiltPagesError: they were never built, or only half.
    """
    try:
        return msgspec.json.decode(
            (folder / "manifest.json").read_bytes(), type=dict[str, str]
        )
    except (OSError, msgspec.DecodeError):
        raise UnbuiltPagesError("the pages are not built: run `make web`") from None


class Pages:
    """Templates with what all of them may use.

    Attributes:
        words: the language of the pages.
    """

    def __init__(
        self, agency: Agency, *, words: Words, assets: Mapping[str, str]
    ) -> None:
        """Prepare the templates of one agency.

        Args:
            agency: its name, zone and clock are on every page.
            words: the catalogue of translations.
            assets: see `manifest`.
        """
        self.words = words
        self._agency = agency
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        )
        self._environment.policies["ext.i18n.trimmed"] = True
        _install(self._environment, words)
        self._environment.filters.update(
            local_time=self._local_time,
            ago=self._ago,
            how_long=self._how_long,
            exactly=self._exactly,
            since_when=self._since_when,
        )
        self._environment.globals.update(
            agency_name=agency.settings.agency_name,
            asset=lambda name: f"/static/{assets[name]}",
            now=agency.clock,
            council_stands=lambda: agency.law.council,
            statute=self._statute,
            role_name=lambda role: words.gettext(ROLES[Role(role)]),
        )

    def write(
        self, template: str, context: Mapping[str, object], *, block: str | None = None
    ) -> str:
        """The text of a page, or of one named block of it."""
        page = self._environment.get_template(template)
        if block is None:
            return page.render(context)
        values = page.new_context(dict(context))
        return self._environment.concat(page.blocks[block](values))

    def _statute(self, fact_id: str) -> str:
        return self._agency.in_force().profile.statute(fact_id)

    def _local_time(self, moment: datetime, *, seconds: bool = True) -> Markup:
        return local_time(moment, self._agency.zone, seconds=seconds)

    def _ago(self, moment: datetime) -> str:
        return ago(moment, self._agency.clock(), self.words)

    def _since_when(self, moment: datetime) -> Markup:
        return since_when(moment, self._agency.clock(), self._agency.zone)

    def _how_long(self, span: timedelta) -> str:
        return how_long(span, self.words)

    def _exactly(self, span: timedelta) -> str:
        return exactly(span, self.words)


def _install(environment: jinja2.Environment, words: Words) -> None:
    # The extension adds this method to the environment by itself, untyped.
    install = vars(environment)["install_gettext_callables"]
    install(words.gettext, words.ngettext, newstyle=True)


def words_of(request: Request) -> Words:
    """The language of the pages, for texts that a handler chooses."""
    return pages_of(request).words


def pages_of(request: Request) -> Pages:
    """The templates of the app that answers this request."""
    pages = request.app.state.pages
    if not isinstance(pages, Pages):  # pragma: no cover
        msg = "the app has no templates"
        raise TypeError(msg)
    return pages


def page(
    request: Request,
    template: str,
    context: Mapping[str, object],
    *,
    status: int = 200,
    block: str | None = None,
) -> HTMLResponse:
    """Answer with a page, or with one named block of it for a swap.

    Every template also has: `session` (None before sign-in; `.person`, `.csrf`),
    `navigation`, `here` (the path), `agency_name`, `now()`, `asset(name)`, and the
    filters `local_time`, `since_when`, `ago`, `how_long` and `exactly`.
    """
    session = getattr(request.state, "session", None)
    person: Person | None = getattr(session, "person", None)
    values = {
        "session": session,
        "navigation": _open_to(person, request) if person is not None else (),
        "here": request.url.path,
        **context,
    }
    text = pages_of(request).write(template, values, block=block)
    return HTMLResponse(text, status_code=status)


def _open_to(person: Person, request: Request) -> tuple[Place, ...]:
    served = request.app.state.paths
    return tuple(
        place for place in NAVIGATION if place.path in served and person.may(place.act)
    )


def first_place(person: Person, request: Request) -> str:
    """Where somebody lands after signing in: the first page of their navigation."""
    places = _open_to(person, request)
    return places[0].path if places else "/account"
