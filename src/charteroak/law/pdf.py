"""A document as PDF, tagged for screen readers (PDF/UA-1)."""

from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Final

import msgspec
import typst

from charteroak.core.errors import CharterOakError
from charteroak.law.document import Block, Code, Document, Listing, Paragraph, Table

_TEMPLATE: Final = "document.typ"
_NARROWEST, _WIDEST = 14, 80
"""Of a column, in characters of its average cell."""


class NoPdfError(CharterOakError):
    """The document could not be made a PDF."""

    code = "charteroak.law.no-pdf"
    hint = "Take the HTML page: a browser prints it to PDF."


def pdf(document: Document, *, made_on: date) -> bytes:
    """The document as PDF; the same bytes for the same document and day.

    Raises:
        NoPdfError: it could not be set.
    """
    data = {
        "title": document.title,
        "lead": [_block(each) for each in document.lead],
        "sections": [
            {"title": each.title, "blocks": [_block(block) for block in each.blocks]}
            for each in document.sections
        ],
    }
    try:
        made = typst.compile(
            files(__package__).joinpath(_TEMPLATE).read_bytes(),
            format="pdf",
            # Fonts of the machine would make it another document there.
            ignore_system_fonts=True,
            sys_inputs={"document": msgspec.json.encode(data).decode()},
            pdf_standards="ua-1",
            timestamp=datetime(made_on.year, made_on.month, made_on.day, tzinfo=UTC),
        )
    except typst.TypstError as refused:
        raise NoPdfError("the document cannot be set as PDF") from refused
    if not isinstance(made, bytes):
        raise NoPdfError("the document cannot be set as PDF")
    return made


def _block(block: Block) -> dict[str, object]:
    match block:
        case Paragraph(text=text):
            return {"kind": "paragraph", "text": text}
        case Listing(items=items):
            return {
                "kind": "listing",
                "items": [
                    {"text": each.text, "strong": each.strong, "note": each.note}
                    for each in items
                ],
            }
        case Table(heads=heads, rows=rows):
            return {
                "kind": "table",
                "heads": heads,
                "rows": rows,
                "widths": [
                    _width([head, *(row[place] for row in rows)])
                    for place, head in enumerate(heads)
                ],
            }
        case Code(text=text):
            return {"kind": "code", "text": text}


def _width(cells: list[str]) -> int:
    """The share of a column; 0: as wide as its words, which are all short."""
    if max(map(len, cells)) <= _NARROWEST:
        return 0
    average = sum(map(len, cells)) // len(cells)
    return min(max(average, _NARROWEST), _WIDEST)
