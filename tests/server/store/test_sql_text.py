import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charteroak.server.store.sql_text import UnsplittableSqlError, statements

_HOSTILE = st.text(alphabet="aE;'\"$-*/\\()\n ", max_size=12)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _escaped(text: str) -> str:
    return "E'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _dollars(text: str) -> str:
    return f"$q${text}$q$"


def _identifier(text: str) -> str:
    return f'1 AS "x{text.replace(chr(34), chr(34) * 2)}"'


def _comment(text: str) -> str:
    return "/*" + text.replace("/", "").replace("*", "") + "/* ; */ */"


_VALUES = st.one_of(
    _HOSTILE.map(_quoted),
    _HOSTILE.map(_escaped),
    _HOSTILE.map(_dollars),
    _HOSTILE.map(_identifier),
    st.just("(SELECT 1)"),
    st.just("1 AS a$b$"),
)
_SPACES = st.one_of(
    st.just(" "),
    _HOSTILE.map(_comment),
    _HOSTILE.map(lambda text: "--" + text.replace("\n", "") + "\n"),
)


@st.composite
def _statements(draw: st.DrawFn) -> str:
    space = draw(_SPACES)
    values = draw(st.lists(_VALUES, min_size=1, max_size=3))
    return f"SELECT{space}" + f"{space}, ".join(values) + draw(_SPACES)


@given(pieces=st.lists(_statements(), min_size=1, max_size=4))
def test_gives_back_what_was_joined(pieces: list[str]) -> None:
    assert list(statements(";".join(pieces))) == [piece.strip() for piece in pieces]


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(pieces=st.lists(_statements(), min_size=1, max_size=4))
def test_postgresql_sees_the_same_statements(
    pieces: list[str], postgres_dsn: str
) -> None:
    text = ";".join(pieces) + ";"
    with psycopg.connect(postgres_dsn) as connection:
        whole = [
            result.fetchall() for result in connection.execute(text.encode()).results()
        ]
        alone = [
            connection.execute(statement.encode()).fetchall()
            for statement in statements(text)
        ]
    assert alone == whole


def test_leaves_out_empty_statements() -> None:
    assert list(statements(" ; -- nothing;\n;/* ; */ SELECT 1;; ")) == [
        "/* ; */ SELECT 1"
    ]


def test_keeps_function_bodies_whole() -> None:
    body = (
        "CREATE OR REPLACE FUNCTION f(a int) RETURNS int BEGIN ATOMIC "
        "SELECT 1; SELECT CASE WHEN a > 1 THEN 2 ELSE 3 END; END"
    )
    assert list(statements(f"{body}; SELECT 1")) == [body, "SELECT 1"]


def test_a_transaction_block_is_not_a_function_body() -> None:
    assert list(statements("BEGIN; SELECT 1; END")) == ["BEGIN", "SELECT 1", "END"]


@pytest.mark.parametrize(
    "text", ["SELECT 'a", "SELECT $a$ b", "/* /* */", 'SELECT "a', "SELECT (1;"]
)
def test_refuses_what_is_not_closed(text: str) -> None:
    with pytest.raises(UnsplittableSqlError):
        list(statements(text))
