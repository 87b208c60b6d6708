"""The rules in force, in plain words, for everybody who is signed in."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from charteroak.server.actions.see_rules import see_rules
from charteroak.server.web.render import page
from charteroak.server.web.session import SignedIn, TheAgency

router = APIRouter()


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
            "statute": list(found.statute.rules.values()),
            "policy": list(found.policy.rules.values()) if found.policy else [],
        },
    )
