"""Case numbers, held against a file and against a machine that answers over HTTP."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import ValidationError
from typing_extensions import override

from charteroak.core.case_file import (
    CaseFile,
    Cases,
    CaseStanding,
    RecordsUnreachableError,
    doubt,
)
from charteroak.server.bootstrap import cases
from charteroak.server.outbound.case_csv import CsvCases
from charteroak.server.outbound.case_http import HttpCases
from charteroak.server.settings import Settings

FILE = "Case,Status,Unit\n26-00001,Open,Patrol\n26-00002,closed,Patrol\n26-00003,Active,Vice\n"


class Records(BaseHTTPRequestHandler):
    """A records system; answers what its address says."""

    asked: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Authorization"]))
        name = self.path.rsplit("/", 1)[1]
        answers = {
            "26-00001": (200, {"status": "open", "unit": "Patrol"}),
            "26%2F2": (200, {"status": "closed"}),
            "26-00500": (500, {}),
            "26-00302": (302, {}),
            "26-00666": (200, {"state": "open"}),
            "26-00667": (200, {"status": "purple"}),
        }
        status, body = answers.get(name, (404, {}))
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def a_system() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Records)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/cases/{{case}}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with a_system() as there:
        yield there


# --------------------------------------------------------------------------- the file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cases.csv"
    path.write_text(FILE)
    return path


def test_a_file_knows_open_and_closed_cases(file: Path) -> None:
    records = CsvCases(file)

    assert records.find("26-00001") == CaseFile(open=True, unit="Patrol")
    assert records.find("26-00002") == CaseFile(open=False, unit="Patrol")
    assert records.find("26-99999") is None


def test_a_changed_file_is_read_again(file: Path) -> None:
    records = CsvCases(file)
    assert records.find("26-00009") is None

    file.write_text(FILE + "26-00009,open,\n")

    assert records.find("26-00009") == CaseFile(open=True)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"number,status\n1,open\n",
        b"case,status\n26-1,purple\n",
        b"case,status\n26-1\n",
        b"\xff\xfe",
    ],
)
def test_a_file_that_cannot_be_used_is_a_system_that_does_not_answer(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "cases.csv"
    path.write_bytes(content)

    with pytest.raises(RecordsUnreachableError):
        CsvCases(path).find("26-1")


def test_so_is_one_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RecordsUnreachableError):
        CsvCases(tmp_path / "none.csv").find("26-1")


# --------------------------------------------------------------------------- over HTTP


def test_a_system_is_asked_by_number_with_its_token(address: str) -> None:
    records = HttpCases(address, token="secret")  # noqa: S106  (of a test)

    assert records.find("26-00001") == CaseFile(open=True, unit="Patrol")
    assert Records.asked[-1] == ("/cases/26-00001", "Bearer secret")
    assert records.find("26/2") == CaseFile(open=False)
    assert records.find("26-404") is None


@pytest.mark.parametrize("number", ["26-00500", "26-00302", "26-00666", "26-00667"])
def test_any_other_answer_is_none(address: str, number: str) -> None:
    with pytest.raises(RecordsUnreachableError):
        HttpCases(address).find(number)


def test_a_system_that_is_away_is_said_to_be(address: str) -> None:
    with a_system() as gone:
        pass
    assert gone != address

    with pytest.raises(RecordsUnreachableError):
        HttpCases(gone).find("26-00001")


# ------------------------------------------------------------------ what is made of it


def test_what_the_records_say_of_a_number(file: Path) -> None:
    known = Cases(units=frozenset({"patrol"}), records=CsvCases(file))

    assert known.standing("26-00001") is CaseStanding.OPEN
    assert known.standing("26-00002") is CaseStanding.CLOSED
    assert known.standing("26-00003") is CaseStanding.OTHER_UNIT
    assert known.standing("26-77777") is CaseStanding.UNKNOWN
    assert known.standing("") is CaseStanding.UNCHECKED
    assert Cases().standing("26-00001") is CaseStanding.UNCHECKED
    file.unlink()
    assert known.standing("26-00001") is CaseStanding.UNREACHABLE


@pytest.mark.parametrize("standing", CaseStanding)
def test_only_what_the_records_object_to_needs_a_second_person(
    standing: CaseStanding,
) -> None:
    objected = {CaseStanding.CLOSED, CaseStanding.OTHER_UNIT, CaseStanding.UNKNOWN}

    why = doubt(standing)

    assert (why is not None) == (standing in objected)
    assert why is None or "records system" in why.plain


def test_numbers_have_the_form_that_is_set() -> None:
    formed = Cases(pattern=re.compile(r"\d{2}-\d{5}"), example="26-01234")

    assert formed.fits("26-01234")
    assert formed.fits("")
    assert not formed.fits("26-0123")
    assert not formed.fits("26-01234 OR 1")


def test_settings_make_them(file: Path, address: str) -> None:
    by_file = cases(
        Settings(
            case_pattern=r"\d{2}-\d{5}",
            case_records=str(file),
            case_units="Patrol, CID",
        )
    )
    by_address = cases(Settings(case_records=address))

    assert by_file.standing("26-00001") is CaseStanding.OPEN
    assert by_file.standing("26-00003") is CaseStanding.OTHER_UNIT
    assert not by_file.fits("1")
    assert by_address.standing("26-00001") is CaseStanding.OPEN
    assert cases(Settings()) == Cases(example="26-01234")


@pytest.mark.parametrize(
    "wrong",
    [
        {"case_pattern": "("},
        {"case_pattern": r"\d{4}"},
        {"case_records": "http://cad.example.gov/{case}"},
        {"case_records": "https://cad.example.gov/cases"},
        {"emergency_purposes": "missing_person,curiosity"},
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(
    wrong: dict[str, str],
) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(wrong)
