"""Promise 7: the raw reading is never rewritten, from the box to the page."""

from itertools import product

import msgspec
import psycopg
import pytest
from bs4 import BeautifulSoup
from starlette.testclient import TestClient
from tests.attack.a_site import a_marker
from tests.support.box import URL, FakeBox, wanted
from tests.support.postgres import TestAgency
from tests.support.tables import Tables
from tests.support.web import BASE_URL, ClientAs

from charteroak.core.people import Role
from charteroak.core.wire import BatchAnswer, WireRead
from charteroak.server.agency import Agency
from charteroak.server.web.app import create_app

# Every way to write four signs that the match key makes one.
SPELLINGS = ["".join(signs) for signs in product("O0", repeat=4)]


def delivered(agency: Agency, box: FakeBox, reads: list[WireRead]) -> BatchAnswer:
    """Send reads as bytes over the box's own entrance."""
    body = msgspec.msgpack.encode(box.batch(*map(box.seal, reads)))
    http = TestClient(create_app(agency), base_url=BASE_URL)
    answer = http.post(URL, content=body, headers=dict(box.request(body).fields))
    assert answer.status_code == 200, answer.text
    return msgspec.msgpack.decode(answer.content, type=BatchAnswer)


def test_every_spelling_is_stored_and_shown_as_it_was_sent(
    agency: Agency, box: FakeBox, client_as: ClientAs, tables: Tables
) -> None:
    reads = [box.read(f"{spelling}7X") for spelling in SPELLINGS]

    assert delivered(agency, box, reads).kept == len(SPELLINGS)

    stored = tables.rows("SELECT read_id, convert_to(plate, 'UTF8') FROM reads")
    sent = [(read.read_id, read.plate.encode()) for read in reads]
    assert sorted(stored, key=str) == sorted(sent, key=str)
    assert tables.rows("SELECT DISTINCT match_key FROM reads") == [("00007X",)]
    # All are found by any spelling, and each is shown by its own.
    form = {"purpose": "robbery", "case": "26-1", "plate": "0o0o7x", "period": "24h"}
    page = client_as(Role.INVESTIGATOR).post("/search", form).text
    shown = BeautifulSoup(page, "html.parser").select("tr.co-row .co-plate__glyphs")
    assert sorted(each.text for each in shown) == sorted(each.plate for each in reads)


def test_an_alert_shows_what_was_read_beside_what_was_listed(
    agency: Agency, box: FakeBox, client_as: ClientAs, tables: Tables
) -> None:
    rest = a_marker()[:5]
    wanted(agency, f"O0{rest}")

    delivered(agency, box, [box.read(f"0O{rest}")])

    assert tables.rows("SELECT plate, entry_plate FROM alert_evidence") == [
        (f"0O{rest}", f"O0{rest}")
    ]
    board = client_as(Role.DISPATCHER).page("/board")
    link = board.select_one("a.co-hit__plate")
    assert link is not None
    page = client_as(Role.DISPATCHER).page(str(link["href"]))
    rows = [
        "".join(cell.get_text(strip=True) for cell in row.select("td[translate=no]"))
        for row in page.select(".co-faceoff tr")
    ]
    assert rows[:2] == [f"0O{rest}", f"O0{rest}"]


@pytest.mark.parametrize(
    "plate",
    [
        "AB 123",
        "ab123",
        "AB-123",
        " AB123",
        "AB123\n",
        "\uff21\uff22\uff11\uff12\uff13",
        "\u00c4B123",
        "",
    ],
)
def test_what_would_have_to_be_rewritten_is_refused(
    agency: Agency, box: FakeBox, tables: Tables, plate: str
) -> None:
    answer = delivered(agency, box, [box.read(plate), box.read("AB123")])

    assert answer.kept == 1
    assert [each.index for each in answer.refused] == [0]
    assert tables.rows("SELECT plate FROM reads") == [("AB123",)]


@pytest.mark.parametrize("role", ["ingest", "desk", "search", "log", "purge"])
@pytest.mark.parametrize("table", ["reads", "reads_misdated", "alert_evidence"])
def test_nobody_can_rewrite_it_afterwards(
    agency_schema: TestAgency, role: str, table: str
) -> None:
    for column in ("plate", "match_key", "characters"):
        if (table, column) == ("alert_evidence", "match_key"):
            continue
        with psycopg.connect(agency_schema.dsn(role)) as connection:
            connection.execute("SET TRANSACTION READ WRITE")
            change = f"UPDATE {table} SET {column} = DEFAULT"  # noqa: S608
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(change.encode())
