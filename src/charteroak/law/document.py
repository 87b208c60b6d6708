"""A document of headings, paragraphs, lists and tables, as one page of HTML.

It needs nothing from the network, and nothing in it is markup until it is written.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final, TypeAlias

import attrs

_STYLE: Final = (
    "body{font:16px/1.5 Georgia,serif;max-width:46rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1b1b}h1,h2{font-family:sans-serif;line-height:1.2}table{width:100%;"
    "border-collapse:collapse;margin:1rem 0}th,td{text-align:left;vertical-align:top;"
    "padding:.3rem .6rem .3rem 0;border-bottom:1px solid #c9c9c9}small{color:#565c65}"
    "pre{font-size:.75rem;line-height:1.35;white-space:pre-wrap;overflow-wrap:anywhere}"
    "@media print{h2{break-after:avoid}tr{break-inside:avoid}}"
)


@attrs.frozen
class Paragraph:
    """Some sentences."""

    text: str


@attrs.frozen(kw_only=True)
class Item:
    """One of a list.

    Attributes:
        strong: what must not be overlooked; may be empty.
        note: where it is written, in small letters; may be empty.
    """

    text: str
    strong: str = ""
    note: str = ""


@attrs.frozen
class Listing:
    """A list."""

    items: tuple[Item, ...]


@attrs.frozen
class Table:
    """Rows under heads; each row has as many cells as there are heads."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@attrs.frozen
class Code:
    """Text as a machine reads it."""

    text: str


Block: TypeAlias = Paragraph | Listing | Table | Code


@attrs.frozen
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: tuple[Block, ...]


@attrs.frozen(kw_only=True)
class Document:
    """A whole document.

    Attributes:
        lead: what stands before the first heading.
    """

    title: str
    lead: tuple[Block, ...]
    sections: tuple[Section, ...]


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table of what can be gone through once."""
    return Table(tuple(heads), tuple(tuple(row) for row in rows))


def html(document: Document) -> str:
    """The whole page."""
    title = escape(document.title)
    parts = [
        f"<h1>{title}</h1>",
        *(_block(each) for each in document.lead),
        *(_section(each) for each in document.sections),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body>\n<main>\n"
        + "\n".join(parts)
        + "\n</main>\n</body>\n</html>\n"
    )


def _section(section: Section) -> str:
    inside = "\n".join(_block(each) for each in section.blocks)
    return f"<h2>{escape(section.title)}</h2>\n{inside}"


def _block(block: Block) -> str:
    match block:
        case Paragraph(text=text):
            return f"<p>{escape(text)}</p>"
        case Listing(items=items):
            return "<ul>\n" + "".join(_item(each) for each in items) + "</ul>"
        case Table(heads=heads, rows=rows):
            return "<table>\n" + "".join(_rows(heads, rows)) + "</table>"
        case Code(text=text):
            return f'<pre tabindex="0">{escape(text)}</pre>'


def _item(item: Item) -> str:
    strong = f" <strong>{escape(item.strong)}</strong>" if item.strong else ""
    note = f" <small>{escape(item.note)}</small>" if item.note else ""
    return f"<li>{escape(item.text)}{strong}{note}</li>\n"


def _rows(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    cells = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    yield f"<thead><tr>{cells}</tr></thead>\n<tbody>\n"
    for row in rows:
        inside = "".join(f"<td>{escape(cell)}</td>" for cell in row)
        yield f"<tr>{inside}</tr>\n"
    yield "</tbody>\n"
