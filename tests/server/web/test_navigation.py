"""Every address of the desk lights the page that it belongs to."""

import pytest

from charteroak.server.web.render import NAVIGATION


@pytest.mark.parametrize(
    ("here", "lit"),
    [
        ("/alerts/7", ["Board"]),
        ("/cases/26-04417", ["Cases"]),
        ("/emergencies/E-1/bind", ["Search"]),
        ("/end-case", ["Cases"]),
        ("/export/26-04417", ["Cases"]),
        ("/holds/closed", ["Cases"]),
        ("/keep/ask", ["Cases"]),
        ("/keeper", []),
        ("/search", ["Search"]),
        ("/searches/7/reads/1/hold", ["Search"]),
        ("/account", []),
    ],
)
def test_an_address_lights_one_page_or_none(here: str, lit: list[str]) -> None:
    assert [place.name for place in NAVIGATION if place.leads_to(here)] == lit
