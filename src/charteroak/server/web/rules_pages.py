"""The rules in force, in plain words, for everybody who is signed in."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from charteroak.law.profile import Kind
from charteroak.server.actions.see_rules import see_rules
from charteroak.server.web.render import page
from charteroak.server.web.session import SignedIn, TheAgency
from charteroak.server.web.text import later

router = APIRouter()

WORDS: Final[Mapping[Kind | None, str]] = {
    None: later("The council's moratorium"),
    Kind.CONTRACT: later("The agency's contract"),
    Kind.POLICY: later("The agency's own policy"),
    Kind.PRESET: later("The agency's own policy"),
}
"""Who stands behind a set of rules beside the law."""


@router.get("/rules")
def show_rules(request: Request, agency: TheAgency, _session: SignedIn) -> HTMLResponse:
    """Rules, numbers, sources, and what a lawyer must still read."""
    found = see_rules(agency)
    return page(
        request,
        "rules.html",
        {
            "found": found,
            "profile": found.profile,
            "limits": [
                (each, _minutes(each.before_minutes), _minutes(each.after_minutes))
                for each in found.limits
            ],
            "statute": list(found.statute.rules.values()),
            "words": WORDS,
        },
    )


def _minutes(count: int | None) -> timedelta | None:
    return None if count is None else timedelta(minutes=count)
