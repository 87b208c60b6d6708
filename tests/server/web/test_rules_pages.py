"""The rules page: which limit for keeping reads was in force, and who decided it."""

from datetime import date, timedelta

import attrs
from tests.support.web import ClientAs

from charteroak.core.people import Role
from charteroak.law.profile import Limit
from charteroak.server.actions.note_retention import note_retention
from charteroak.server.agency import Agency


def test_the_page_says_which_limit_was_in_force_and_who_decided(
    agency: Agency, client_as: ClientAs
) -> None:
    officer = client_as(Role.OFFICER)
    assert "Nothing is on record yet" in officer.page("/rules").text
    law = Limit(limit=timedelta(days=21), because="US-CT", statute="P.A. 26-14")
    own = Limit(limit=timedelta(days=7), because="agency setting", statute="")
    town = agency.settings.model_copy(
        update={
            "keep_decided_by": "Town Council",
            "keep_decided_on": date(2026, 10, 12),
        }
    )

    assert note_retention(agency, law)
    assert not note_retention(agency, law)
    assert note_retention(attrs.evolve(agency, settings=town), own)
    assert note_retention(agency, attrs.evolve(own, limit=timedelta(hours=72)))

    section = officer.page("/rules").select_one("#limits")
    assert section is not None
    newest, council, first = (
        row.get_text(" ", strip=True) for row in section.select("tbody tr")
    )
    assert "3 days" in newest
    assert "nobody is named" in newest
    assert "7 days" in council
    assert "21 days" in council
    assert "Town Council Oct 12, 2026" in council
    assert "first on record" in first
    assert "P.A. 26-14" in first
    assert "Connecticut Oct 1, 2026" in first
