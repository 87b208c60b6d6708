"""Splitting SQL text into statements, by PostgreSQL's own lexical rules."""

import re
from collections.abc import Iterator
from typing import Final

from charteroak.core.errors import CharterOakError

# https://www.postgresql.org/docs/15/sql-syntax-lexical.html. Alternatives are tried
# in this order; each but the last reads one whole token.
_TOKEN: Final = re.compile(
    r"""
      (?P<comment>      --[^\n\r]* )
    | (?P<block>        /\* )
    | (?P<escaped>      [eE]' (?: [^'\\] | \\. | '' )* (?P<escaped_end>')? )
    | (?P<quoted>       ' [^']* (?P<quoted_end>')? )
    | (?P<identifier>   " [^"]* (?P<identifier_end>")? )
    | (?P<dollar>       \$ (?: [A-Za-z_\x80-\U0010ffff]
                             [A-Za-z0-9_\x80-\U0010ffff]* )? \$ )
    | (?P<word>         [A-Za-z_\x80-\U0010ffff] [A-Za-z0-9_$\x80-\U0010ffff]* )
    | (?P<number>       [0-9] [A-Za-z0-9_$.\x80-\U0010ffff]* )
    | (?P<space>        \s+ )
    | (?P<other>        . )
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK_EDGE: Final = re.compile(r"/\*|\*/")


class UnsplittableSqlError(CharterOakError):
    """A quote, comment or parenthesis is not closed."""

    code = "charteroak.sql.unsplittable"
    hint = "Close it; the file runs in psql only when it does."

    def __init__(self, what: str) -> None:
        super().__init__(f"SQL text ends inside a {what}")


def statements(text: str) -> Iterator[str]:
    r"""Split at the semicolons that end a statement.

    Quotes (standard-conforming, `E''`, identifiers, dollar quotes), nested comments,
    parentheses and the bodies of `BEGIN ATOMIC` functions are respected. Pieces that
    hold only space and comments are left out. The semicolon is not part of a piece.

    >>> list(statements("SELECT ';'; -- done;\nSELECT $a$;$a$;"))
    ["SELECT ';'", '-- done;\nSELECT $a$;$a$']

    Raises:
        UnsplittableSqlError: the text ends inside a quote, comment or parenthesis.
    """
    begin = at = parentheses = 0
    words: list[str] = []
    blocks, empty = 0, True
    while at < len(text):
        kind, end = _token(text, at)
        if kind not in {"space", "comment", "block"}:
            char = text[at]
            if char == ";" and parentheses == 0 and blocks == 0:
                if not empty:
                    yield text[begin:at].strip()
                begin, words, empty, at = end, [], True, end
                continue
            empty = False
            parentheses += (char == "(") - (char == ")")
            if kind == "word":
                words.append(text[at:end].lower())
                blocks += _block_step(words, blocks)
        at = end
    if parentheses > 0 or blocks > 0:
        raise UnsplittableSqlError("parenthesis" if parentheses else "function body")
    if not empty:
        yield text[begin:].strip()


def _token(text: str, at: int) -> tuple[str, int]:
    """The kind and the end of the token that begins at `at`."""
    found = _TOKEN.match(text, at)
    if found is None or found.lastgroup is None:  # `other` takes any character
        raise UnsplittableSqlError("character")
    kind = next(name for name in _KINDS if found[name] is not None)
    if kind == "block":
        return kind, _end_of_comment(text, found.end())
    if kind == "dollar":
        closed = text.find(found[kind], found.end())
        if closed < 0:
            raise UnsplittableSqlError("dollar quote")
        return kind, closed + len(found[kind])
    if kind in {"escaped", "quoted", "identifier"} and found[f"{kind}_end"] is None:
        raise UnsplittableSqlError("quote")
    return kind, found.end()


_KINDS: Final = (
    "comment",
    "block",
    "escaped",
    "quoted",
    "identifier",
    "dollar",
    "word",
    "number",
    "space",
    "other",
)


def _end_of_comment(text: str, at: int) -> int:
    """Comments nest in PostgreSQL."""
    depth = 1
    for edge in _BLOCK_EDGE.finditer(text, at):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    raise UnsplittableSqlError("comment")


def _block_step(words: list[str], depth: int) -> int:
    """How the last word changes the depth of a SQL-standard function body.

    As psql does: only in CREATE [OR REPLACE] FUNCTION or PROCEDURE, BEGIN opens, CASE
    opens within it, END closes.
    """
    head = words[3:4] if words[:3] == ["create", "or", "replace"] else words[1:2]
    if words[0] != "create" or head not in (["function"], ["procedure"]):
        return 0
    match words[-1]:
        case "begin":
            return 1
        case "case" if depth > 0:
            return 1
        case "end" if depth > 0:
            return -1
        case _:
            return 0
