"""Promise 9: a plate never appears in a log line, URL, metric, error or file name.

One plate that is nowhere else goes every way through a real server: enrolled, read,
misread, listed, matched, searched, refused, verified, held, and through all that can
break. Then everything that the server said is searched for it. Pages that show a plate
to somebody who may see it are named; no other answer may hold it.
"""

import contextlib
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest
from bs4 import BeautifulSoup
from tests.attack.a_running_server import Desk, Running, running
from tests.attack.a_site import a_marker

from charteroak.core.people import Role

LIST = {
    "name": "Daily file",
    "list_class": "vehicle",
    "source": "State Police",
    "authority": "Conn. Gen. Stat.",
}
CHECKS = ["characters", "state", "vehicle", "live_record"]
DESKS = (
    Role.LIST_CLERK,
    Role.DISPATCHER,
    Role.INVESTIGATOR,
    Role.SUPERVISOR,
    Role.AUDITOR,
)
# What is meant to show plates: to people who may see them, in the body and nowhere
# else; and the sign-in form, which shows again what was typed as a login.
SHOWN_AT = re.compile(
    r"GET /(board|board/events|alerts/[^/]+|cases/[^/]+|export/[^/]+|"
    r"disclosure/requests/[0-9]+)|"
    r"POST /(search|search/explain|sign-in|export/[^/]+|"
    r"disclosure/(owners/)?(new|explain)|disclosure/requests/[0-9]+/release|"
    r"alerts/[^/]+/(confirm|outcome|acknowledge))"
)
_ADDRESSES = ("href", "src", "srcset", "action", "formaction", "poster", "ping")
pytestmark = pytest.mark.slow


def search_for(plate: str, **changes: str) -> dict[str, str]:
    form = {"purpose": "robbery", "case": "26-1234", "plate": plate, "period": "24h"}
    return {**form, **changes}


def addresses(page: str) -> list[str]:
    """Everything on a page that a browser may send somewhere or keep in its history."""
    return [
        f"{tag.name} {name}={value}"
        for tag in BeautifulSoup(page, "html.parser").find_all(True)
        for name, value in tag.attrs.items()
        if name in _ADDRESSES or name.startswith("hx-") or name == "data-events"
    ]


def leaks(answers: list[httpx2.Response], marker: str) -> list[str]:
    """Where a marker stands in answers that should not hold it."""
    found = []
    for answer in answers:
        asked = f"{answer.request.method} {answer.request.url.path}"
        heads = [*answer.headers.items(), ("reason", answer.reason_phrase)]
        found += [f"{asked}: {h}" for h in heads if marker in repr(h).lower()]
        body = read_of(answer)
        found += [f"{asked}: {a}" for a in addresses(body) if marker in a.lower()]
        shown = answer.status_code < 500 and SHOWN_AT.fullmatch(asked)
        if not shown and marker in body.lower():
            found.append(f"{asked} {answer.status_code}: body")
    return found


def read_of(answer: httpx2.Response) -> str:
    try:
        return answer.text
    except httpx2.ResponseNotRead:  # the board's stream, looked at by itself
        assert answer.request.url.path == "/board/events"
        return ""


def test_the_searcher_sees_what_it_must() -> None:
    request = httpx2.Request("GET", "http://127.0.0.1/people")
    page = '<a href="/x?p=QX9">.</a><form action="/qx9"></form><p hx-get="/qX9">a'
    answers = [
        httpx2.Response(303, request=request, headers={"location": "/QX9"}),
        httpx2.Response(200, request=request, text=page),
    ]

    assert [each.partition(": ")[2] for each in leaks(answers, "qx9")] == [
        "('location', '/QX9')",
        "a href=/x?p=QX9",
        "form action=/qx9",
        "p hx-get=/qX9",
        "body",
    ]


# --------------------------------------------------------------------------- the flow


def list_it(clerk: Desk, marker: str) -> None:
    rows = f"plate,reason\n{marker},stolen\n{marker}!,bad row\n"
    assert clerk.post("/hot-lists", LIST, file=rows.encode()).status_code == 200
    forbidden = {**LIST, "list_class": "immigration_violator"}
    assert clerk.post("/hot-lists", forbidden, file=rows.encode()).status_code == 403
    for broken in [
        f"plate,{marker}\n1,x\n",
        f"plate,reason,{marker}\n1,x,y\n",
        f'plate,reason\n"{marker}',
        f"{marker}\0\xff",
    ]:
        answer = clerk.post("/hot-lists", LIST, file=broken.encode("latin-1"))
        assert answer.status_code == 422


def read_it(server: Running, marker: str) -> None:
    box = server.box
    batch = box.batch(
        box.seal(box.read(marker, picture=b"one")),
        box.seal(box.read(f"{marker}!")),
        box.seal(box.read(marker, engine="zero\0")),
        box.seal(box.read(marker, camera=marker.lower())),
        box.seal(marker.encode()),
    )
    assert server.send(batch).status_code == 200
    assert server.send(batch).status_code == 200
    again = box.batch(box.seal(box.read(marker)), sequence=batch.sequence)
    assert server.send(again).status_code == 409
    assert server.send(marker.encode()).status_code == 422
    http = server.client()
    enrolment = {"code": marker, "public_key": "", "software": marker}
    assert http.post("/api/v1/enrolments", json=enrolment).status_code in {403, 422}
    unsigned = {"signature-input": marker, "signature": f"sig1=:{marker}:"}
    sent = http.post("/api/v1/batches", content=marker.encode(), headers=unsigned)
    assert sent.status_code == 401


def verify_it(dispatcher: Desk, marker: str) -> str:
    board = dispatcher.get("/board")
    assert marker in board.text
    found = re.search(r'href="(/alerts/[^"]+)"', board.text)
    assert found is not None
    alert = found[1]
    assert marker in dispatcher.get(alert).text
    assert dispatcher.get(f"{alert}/plate.jpg").content == b"one"
    dispatcher.post(f"{alert}/acknowledge", {"back": "board", "asked": f"?x={marker}"})
    assert dispatcher.post(f"{alert}/confirm", {"checks": marker}).status_code == 422
    assert dispatcher.post(f"{alert}/reject", {"rejection": marker}).status_code == 422
    done = dispatcher.post(f"{alert}/confirm", {"checks": CHECKS})
    assert done.status_code == 303
    done = dispatcher.post(f"{alert}/outcome", {"outcome": "not_found"})
    assert done.status_code == 303
    return alert


def search_it(ines: Desk, sam: Desk, marker: str) -> None:
    answer = ines.post("/search", search_for(marker))
    assert marker in answer.text
    assert ines.post("/search/explain", search_for(marker)).status_code == 200
    banned = search_for(marker, purpose="immigration")
    assert ines.post("/search", banned).status_code == 403
    assert ines.post("/search", search_for(f"{marker}!")).status_code == 422
    assert (
        ines.post("/search", search_for(marker, case=f"{marker}!")).status_code == 422
    )
    page = BeautifulSoup(answer.text, "html.parser")
    picture, hold = page.select_one("#read-1 img"), page.select_one("#read-1 a")
    assert picture is not None
    assert hold is not None
    assert ines.get(str(picture["src"])).content == b"one"
    assert ines.get(str(hold["href"])).status_code == 200
    asked = ines.post(str(hold["href"]), {"reason": "the car seen", "days": "30"})
    assert asked.status_code == 303
    case = sam.get("/cases/26-1234")
    assert marker not in asked.headers["location"]
    approve = re.search(r'action="(/holds/[^"]+/approve)"', case.text)
    assert approve is not None
    assert sam.post(approve[1], {"case_ref": "26-1234"}).status_code == 303
    assert marker in sam.get("/cases/26-1234").text


def export_it(ines: Desk, marker: str) -> None:
    page = BeautifulSoup(ines.get("/export/26-1234").text, "html.parser")
    read = page.select_one("input[name=read]")
    assert read is not None
    form = {
        "read": str(read["value"]),
        "purpose": "robbery",
        "to": "court",
        "name": "Superior Court, Hartford",
        "note": "hearing of the case",
    }
    assert marker not in ines.post("/export/26-1234", form).text
    package = ines.post("/export/26-1234", {**form, "sure": "yes"})
    assert package.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
        names = archive.namelist()
        (page_of_it,) = (name for name in names if name.endswith("/index.html"))
        assert marker in archive.read(page_of_it).decode()
        assert marker not in " ".join(names)
    told = {**form, "sure": "yes", "note": f"hearing about the car {marker}"}
    assert ines.post("/export/26-1234", told).status_code == 200


def give_it_away(clerk: Desk, sam: Desk, marker: str) -> None:
    """An agency asks, and its person and its own case number hold the plate as well."""
    new = {"name": "Hartford Police", "kind": "municipal_police", "jurisdiction": "CT"}
    added = clerk.post("/disclosure/agencies", new)
    partner = added.headers["location"].partition("?")[0].rpartition("/")[2]
    asked = {
        "partner": partner,
        "person": f"Det. {marker}",
        "contact": "860-555-0119",
        "reference": f"26-1 {marker}",
        "paper": "none",
        "purpose": "robbery",
        "data_kind": "nonhit",
        "plate": marker,
        **{each: _prefilled(clerk, each) for each in ("since", "until")},
    }
    assert clerk.post("/disclosure/explain", asked).status_code == 200
    wrong = clerk.post("/disclosure/new", {**asked, "plate": f"{marker}!"})
    assert wrong.status_code == 422
    entered = clerk.post("/disclosure/new", asked)
    path = entered.headers["location"].partition("?")[0]
    assert marker in sam.get(path).text
    why = {"answer": "approve", "reason": f"The car {marker} is theirs"}
    assert sam.post(f"{path}/decide", why).status_code == 303
    package = sam.post(f"{path}/release")
    assert package.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
        assert marker not in " ".join(archive.namelist())
        assert any(marker.encode() in archive.read(each) for each in archive.namelist())
    banned = clerk.post("/disclosure/new", {**asked, "purpose": "immigration"})
    refused = clerk.get(banned.headers["location"].partition("?")[0])
    letter = re.search(r'href="(/disclosure/papers/[^"?]+)"', refused.text)
    assert letter is not None
    assert "not granted" in clerk.get(letter[1]).text
    for place in ("/disclosure?show=all", "/disclosure/agencies"):
        assert sam.get(place).status_code == 200


def _prefilled(clerk: Desk, field: str) -> str:
    form = BeautifulSoup(clerk.get("/disclosure/new").text, "html.parser")
    found = form.select_one(f"#{field}")
    assert found is not None
    return str(found["value"])


def ask_for_nothing(server: Running, desk: Desk, marker: str) -> None:
    """Addresses, forms and bytes that lead nowhere, typed by somebody."""
    for path in (
        f"/{marker}",
        f"/alerts/{marker}",
        f"/searches/{marker}/reads/1/x.jpg",
    ):
        assert desk.get(path).status_code in {404, 422}
    desk.get(f"/board?show={marker}&camera={marker}")
    desk.post(f"/holds/{marker}/approve")
    server.client().post("/sign-in", data={"login": marker, "password": marker})
    server.client().get("/board", headers={"host": marker})
    server.raw(f"GET /{marker} HTTP/9.9\r\n{marker}\r\n\r\n".encode())
    server.raw(f"{marker} / HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


def stream(desk: Desk) -> str:
    """The start of the board's stream of events, without what it shows."""
    with desk.http.stream("GET", "/board/events") as events:
        lines = events.iter_lines()
        head = []
        for line in lines:
            head.append(line)
            if len(head) > 3 and not line:
                break
    assert any(line.startswith("data:") for line in head)
    return "\n".join(line for line in head if not line.startswith("data:"))


# ---------------------------------------------------------------------- what can break

RAISES = """
    CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no room for %', NEW.plate; END $$
"""


@contextlib.contextmanager
def broken(
    admin: "psycopg.Connection[tuple[object, ...]]", breaks: str, mends: str
) -> Iterator[None]:
    admin.execute(breaks.encode())
    yield
    admin.execute(mends.encode())


def break_it(server: Running, ines: Desk, clerk: Desk, marker: str) -> None:
    """Real dependencies fail, with the plate in their own words."""
    box = server.box
    with server.admin() as admin:
        admin.execute(RAISES.encode())
        for table in ("reads", "hotlist_entries"):
            trigger = f"tell BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION"
            with broken(admin, f"CREATE TRIGGER {trigger} tell()", "SELECT"):
                with pytest.raises(psycopg.errors.RaiseException, match="no room for"):
                    admin.execute(
                        f"INSERT INTO {table} SELECT (jsonb_populate_record("
                        f"null::{table}, jsonb_build_object('plate', '{marker}',"
                        " 'seen_at', now()))).*".encode()
                    )
                if table == "reads":
                    sent = box.batch(box.seal(box.read(marker)))
                    assert server.send(sent).status_code == 500
                else:
                    rows = f"plate,reason\n{marker},y\n".encode()
                    assert clerk.post("/hot-lists", LIST, file=rows).status_code == 500
            admin.execute(f"DROP TRIGGER tell ON {table}".encode())
        search = "SELECT ON reads {} agency_attacked_search"
        with broken(
            admin,
            f"REVOKE {search.format('FROM')}",
            f"GRANT {search.format('TO')}",
        ):
            assert ines.post("/search", search_for(marker)).status_code == 500


def shut_the_database(server: Running, desk: Desk, marker: str) -> None:
    """The database lets nobody in any more, and breaks off what is under way."""
    with server.admin() as admin:
        admin.execute("ALTER ROLE agency_attacked_desk NOLOGIN")
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = 'agency_attacked_desk'"
        )
    assert desk.post("/search", search_for(marker)).status_code == 503
    assert desk.get(f"/cases/{marker}").status_code == 503


# --------------------------------------------------------------------------- the sweep


def test_a_plate_is_in_no_line_address_error_figure_or_file_name() -> None:
    marker = a_marker()
    with running() as server:
        clerk, dispatcher, ines, sam, auditor = map(server.at_the_desk, DESKS)
        with server.admin() as bystander:
            bystander.execute("LISTEN agency_attacked")
            list_it(clerk, marker)
            read_it(server, marker)
            alert = verify_it(dispatcher, marker)
            hints = list(bystander.notifies(timeout=1))
        pushed = stream(dispatcher)
        search_it(ines, sam, marker)
        export_it(ines, marker)
        give_it_away(clerk, sam, marker)
        ask_for_nothing(server, dispatcher, marker)
        break_it(server, ines, clerk, marker)
        for path in ("/log", "/status", "/rules", "/cameras"):
            assert auditor.get(path).status_code == 200, server.said[-1000:]
        records = set(re.findall(r'href="(/log/\d+)"', auditor.get("/log").text))
        assert len(records) > 5
        for path in records:
            assert auditor.get(path).status_code == 200
        figures = server.command("server", "status", "--json")
        assert '"duties"' in figures
        for picture in (server.data / "pictures").rglob("*"):
            if picture.is_file():
                picture.write_bytes(bytes(picture.stat().st_size))
        assert dispatcher.get(f"{alert}/plate.jpg").content != b"one"
        names = [str(path) for path in server.data.rglob("*")]
        said_by_database = texts(server.data)
        shut_the_database(server, ines, marker)
        said, answers = server.said, list(server.answers)

    small = marker.lower()
    assert leaks(answers, small) == []
    assert {500, 503} <= {answer.status_code for answer in answers}
    assert small not in said.lower()
    # The lines are those of the whole flow, and of what broke in it.
    assert said.count("POST /search 200") == 1
    assert "RaiseException" in said
    assert hints
    for hint in hints:
        assert hint.payload == ""
    assert "event:" in pushed
    assert small not in pushed.lower()
    assert small not in figures.lower()
    assert [name for name in names if small in name.lower()] == []
    assert said_by_database
    assert [path for path, text in said_by_database if small in text] == []


def texts(data: Path) -> list[tuple[str, str]]:
    """What lies beside the database's own tables and their log of changes."""
    inside = ("base", "global", "pg_wal", "pg_xact")
    return [
        (str(path), path.read_bytes().decode("latin-1").lower())
        for path in sorted(data.rglob("*"))
        if path.is_file() and not set(path.parts) & set(inside)
    ]
