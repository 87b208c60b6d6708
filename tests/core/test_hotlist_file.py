"""The file of a hot list: what can be used is taken, the rest named by its line."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charteroak.core.hotlist_file import (
    Parsed,
    RowError,
    UnreadableListError,
    parse,
)

HARTFORD = ZoneInfo("America/New_York")


def parsed(text: str) -> Parsed:
    return parse(text.encode(), zone=HARTFORD)


def test_every_column_is_read_in_any_order() -> None:
    found = parsed(
        "Expires,case, plate ,vehicle,state,reason\n"
        '2026-12-31,26-01,ab-123,"Ford, silver",ct,stolen car\n'
    )

    (row,) = found.rows
    assert (row.plate.glyphs, row.state, row.reason) == ("AB123", "CT", "stolen car")
    assert (row.vehicle, row.case_ref) == ("Ford, silver", "26-01")
    # Through the last day, by the clock on the wall.
    assert row.expires_at == datetime(2027, 1, 1, 5, tzinfo=UTC)
    assert not found.errors


def test_a_moment_names_its_zone() -> None:
    found = parsed(
        "plate,reason,expires\n"
        "A1,x,2026-12-31T12:00:00Z\n"
        "A2,x,2026-12-31T12:00:00\n"
        "A3,x,tomorrow\n"
        "A4,x,9999-12-31\n"
    )

    assert [row.expires_at for row in found.rows] == [
        datetime(2026, 12, 31, 12, tzinfo=UTC)
    ]
    assert [(error.line, error.column) for error in found.errors] == [
        (3, "expires"),
        (4, "expires"),
        (5, "expires"),
    ]


def test_bad_rows_are_named_by_line_and_never_quoted() -> None:
    found = parsed(
        "plate,state,reason\n"
        "GOOD1,CT,stolen\n"
        "\n"
        "SECRETPLATE1,CT,stolen\n"
        "SECRET1,ZZ,stolen\n"
        "SECRET2,CT,\n"
        "SECRET3,CT\n"
        'SECRET4,CT,"two\nlines"\n'
        "SECRET5,CT,zero\x00byte\n"
        "🚗,CT,stolen\n"
        "GOOD2,,stolen\n"
    )

    assert [row.plate.glyphs for row in found.rows] == ["GOOD1", "GOOD2"]
    assert found.errors == (
        RowError(line=4, column="plate", trouble="not a plate: 12 characters"),
        RowError(line=5, column="state", trouble="not the two letters of a state"),
        RowError(line=6, column="reason", trouble="it is empty"),
        RowError(line=7, column="", trouble="2 values for 3 columns"),
        RowError(
            line=9,
            column="reason",
            trouble="it holds characters that cannot be printed",
        ),
        RowError(
            line=10,
            column="reason",
            trouble="it holds characters that cannot be printed",
        ),
        RowError(line=11, column="plate", trouble="not a plate: 1 characters"),
    )
    assert found.left_out == 7
    assert "SECRET" not in repr(found.errors)


def test_of_two_rows_that_differ_only_in_their_expiry_the_later_counts() -> None:
    found = parsed(
        "plate,reason,expires\nA1,x,2026-01-01\nB2,x,\nA1,x,2026-12-31\nA1,y,\n"
    )

    assert [(row.plate.glyphs, row.reason) for row in found.rows] == [
        ("A1", "x"),
        ("B2", "x"),
        ("A1", "y"),
    ]
    assert found.rows[0].expires_at == datetime(2027, 1, 1, 5, tzinfo=UTC)
    assert found.repeated == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"plate\nA1\n",
        b"plate,reason,expire\nA1,x,2026-12-31\n",
        b"plate,reason,reason\nA1,x,x\n",
        b"plate,reason\nA1,\xff\n",
        b'plate,reason\n"A1,x\n',
        b'plate,reason\nA1,"x"y\n',
        b"\x00\x01\x02",
        b"plate;reason\nA1;x\n",
    ],
)
def test_what_is_no_list_is_refused_whole(content: bytes) -> None:
    with pytest.raises(UnreadableListError) as refused:
        parse(content, zone=HARTFORD)

    assert "A1" not in str(refused.value)


def test_a_file_from_a_spreadsheet_is_read() -> None:
    found = parse(b"\xef\xbb\xbfplate,reason\r\nA1,stolen\r\n", zone=HARTFORD)

    assert len(found.rows) == 1


def test_errors_are_counted_past_the_ones_that_are_shown() -> None:
    found = parsed("plate,reason\n" + "!,x\n" * 1500)

    assert (len(found.errors), found.left_out) == (1000, 1500)


@given(text=st.text(max_size=300))
def test_any_text_after_a_header_is_parsed_or_refused(text: str) -> None:
    try:
        found = parse(
            b"plate,reason,state,expires\n" + text.encode("utf-8", "surrogatepass"),
            zone=HARTFORD,
        )
    except UnreadableListError:
        return
    assert found.left_out >= len(found.errors)


def test_vague_reasons_are_counted_all_and_named_up_to_a_thousand() -> None:
    rows = "".join(f"A{number},CT,x\n" for number in range(1200))
    content = f"plate,state,reason\n{rows}B1,CT,stolen\n".encode()

    found = parse(content, zone=HARTFORD, says_nothing=lambda text: text == "x")

    assert found.vague_rows == 1200
    assert found.vague == tuple(range(2, 1002))
    assert len(found.rows) == 1201
