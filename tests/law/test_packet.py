"""What a council adopts is what the machine does."""

import re
from html import unescape
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from charteroak.law.cli import app

CAMERAS = "name,place\nElm & Main,Elm Street at Main <north>\nBridge,Old Bridge\n"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["packet", *(str(each) for each in arguments)])


def told(html: str) -> str:
    """The page as it is read."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_the_packet_says_what_the_rules_in_force_answer(tmp_path: Path) -> None:
    cameras, out = tmp_path / "cameras.csv", tmp_path / "packet.html"
    cameras.write_text(CAMERAS)

    done = run(
        "Town of <Example>",
        "-o", out,
        "--with", "local",
        "--with", "no_sharing",
        "--cameras", cameras,
        "--on", "2026-11-22",
    )  # fmt: skip

    assert done.exit_code == 0
    html, words = out.read_text(), told(out.read_text())
    assert "Town of &lt;Example&gt;" in html
    assert "Elm &amp; Main" in html
    assert "Elm Street at Main &lt;north&gt;" in html
    assert "2 cameras." in words
    assert "is deleted 3 days after it was taken" in words
    assert "here that of CO-LOCAL" in words
    assert "deleted 2 years after its answer" in words
    assert "here that of US-CT (Charter Oak: our own number)" in words
    assert "How long the state's schedules for public records" in words
    assert "Immigration enforcement no Reads are never used" in words
    assert "Fraud, Arson, Drug trafficking yes Officers, dispatchers" in words
    assert "by agreement no Reads leave the town" in words
    assert "immigration violator no Immigration enforcement is a banned use" in words
    assert "Contract terms: No sharing" in words
    assert "made on 2026-11-22" in words
    assert "What a lawyer must still read" in words
    # It prints without a network.
    assert not re.search(r"https?://|<script|<link|@import", html)


def test_a_file_that_ends_in_pdf_is_one(tmp_path: Path) -> None:
    out = tmp_path / "packet.PDF"

    assert run("Town", "-o", out).exit_code == 0
    assert out.read_bytes().startswith(b"%PDF-1.7")


def test_without_a_list_of_cameras_it_says_so(tmp_path: Path) -> None:
    out = tmp_path / "packet.html"

    assert run("Town", "-o", out, "--law", "us_nh").exit_code == 0
    assert "The list of cameras was not given" in told(out.read_text())


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        ("name,where\nElm,Elm Street\n", "line 2: a camera has a name and a place"),
        ("name,place\nElm,Elm Street\nOak,\n", "line 3"),
        (None, "cannot be read"),
    ],
)
def test_cameras_that_cannot_be_read_are_named(
    content: str | None, trouble: str, tmp_path: Path
) -> None:
    cameras, out = tmp_path / "cameras.csv", tmp_path / "packet.html"
    if content is not None:
        cameras.write_text(content)

    done = run("Town", "-o", out, "--cameras", cameras)

    assert done.exit_code == 2
    assert trouble in " ".join(done.output.split())
    assert not out.exists()


def test_a_name_that_says_neither_page_nor_pdf_is_refused(tmp_path: Path) -> None:
    done = run("Town", "-o", tmp_path / "packet.docx")

    assert done.exit_code == 2
    assert "ends neither in .html nor in .pdf" in done.output.replace("\n", " ")
    assert not any(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    done = run("Town", "-o", tmp_path / "nowhere" / "packet.html")

    assert done.exit_code == 2
    assert "cannot be written" in " ".join(done.output.split())
