"""What holds stand on: papers of courts, and requests to preserve."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

import attrs
from psycopg.rows import args_row

from charteroak.core.hold import HoldId
from charteroak.core.hold_ground import Document, DocumentKind, HoldPaper, Party
from charteroak.core.papers import Issuer, Paper
from charteroak.server.store.database import Changes

_ADD: Final = """
    INSERT INTO hold_papers
           (hold_id, title, issuer, issued_by, number, dated, party, contact,
            document, document_kind, document_sha256)
    VALUES (%(hold_id)s, %(title)s, %(issuer)s, %(issued_by)s, %(number)s, %(dated)s,
            %(party)s, %(contact)s, '', %(document_kind)s, %(document_sha256)s)
"""

_FILED: Final = """
    UPDATE hold_papers SET document = %(document)s WHERE hold_id = %(hold_id)s
"""

_OF: Final = """
    SELECT hold_id, title, issuer, issued_by, number, dated, party, contact, document,
           document_kind, document_sha256
      FROM hold_papers
     WHERE hold_id = ANY (%(holds)s)
     ORDER BY hold_id
     LIMIT 10000
"""


@attrs.frozen(kw_only=True, repr=False)
class FiledPaper:
    """A paper with its document.

    Attributes:
        document: where the vault keeps it; empty where there is none.
        kind: None where there is no document.
        sha256: of the document, hexadecimal; empty where there is none.
    """

    hold_id: HoldId
    paper: HoldPaper
    document: str
    kind: DocumentKind | None
    sha256: str


def add(
    tx: Changes, hold_id: HoldId, paper: HoldPaper, document: Document | None
) -> None:
    """Write down what a hold stands on; the document is filed afterwards."""
    tx.connection.execute(
        _ADD,
        {
            "hold_id": hold_id,
            "title": paper.title,
            "issuer": paper.issuer,
            "issued_by": paper.issued_by,
            "number": paper.number,
            "dated": paper.dated,
            "party": paper.party,
            "contact": paper.contact,
            "document_kind": document.kind if document else "",
            "document_sha256": document.sha256 if document else "",
        },
    )


def filed(tx: Changes, hold_id: HoldId, reference: str) -> None:
    """Write down where the vault keeps the document."""
    tx.connection.execute(_FILED, {"hold_id": hold_id, "document": reference})


def of(tx: Changes, holds: Sequence[HoldId]) -> dict[HoldId, FiledPaper]:
    """The papers of some holds; one of an active case has none."""
    with tx.connection.cursor(row_factory=args_row(_paper)) as cursor:
        found = cursor.execute(_OF, {"holds": list(holds)}).fetchall()
    return {each.hold_id: each for each in found}


def _paper(  # noqa: PLR0913, PLR0917  (one argument for each column of `_OF`)
    hold_id: UUID,
    title: str | None,
    issuer: str | None,
    issued_by: str,
    number: str,
    dated: date,
    party: str | None,
    contact: str,
    document: str,
    document_kind: str,
    document_sha256: str,
) -> FiledPaper:
    return FiledPaper(
        hold_id=HoldId(hold_id),
        paper=HoldPaper(
            title=None if title is None else Paper(title),
            issuer=None if issuer is None else Issuer(issuer),
            issued_by=issued_by,
            number=number,
            dated=dated,
            party=None if party is None else Party(party),
            contact=contact,
        ),
        document=document,
        kind=DocumentKind(document_kind) if document_kind else None,
        sha256=document_sha256,
    )
