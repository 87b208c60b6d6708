"""Papers: what is kept of them, sealed as it lies there; opening is the vault's."""

from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.rows import args_row

from charteroak.core.disclosure import KeptPaper, PaperKind
from charteroak.server.store.database import Changes

_ADD: Final = """
    INSERT INTO papers (paper_id, kind, media_type, sha256, size, kept_at, sealed)
    VALUES (%(paper_id)s, %(kind)s, %(media_type)s, %(sha256)s, %(size)s, %(kept_at)s,
            %(sealed)s)
"""

_COLUMNS: Final = """
    SELECT p.paper_id, p.kind, p.media_type, p.sha256, p.size, p.kept_at
      FROM papers AS p
"""

_ONE: Final = f"""
    {_COLUMNS}
     WHERE p.paper_id = %(paper_id)s
"""

_SEALED: Final = """
    SELECT sealed FROM papers WHERE paper_id = %(paper_id)s
"""

_ATTACH: Final = """
    INSERT INTO disclosure_papers (number, paper_id) VALUES (%(number)s, %(paper_id)s)
"""

_OF_DISCLOSURE: Final = f"""
    {_COLUMNS}
      JOIN disclosure_papers AS d ON d.paper_id = p.paper_id
     WHERE d.number = %(number)s
     ORDER BY p.kept_at, p.paper_id
     LIMIT 100
"""


def add(tx: Changes, paper: KeptPaper, sealed: bytes) -> None:
    """Keep a paper."""
    tx.connection.execute(
        _ADD,
        {
            "paper_id": paper.paper_id,
            "kind": paper.kind,
            "media_type": paper.media_type,
            "sha256": paper.sha256,
            "size": paper.size,
            "kept_at": paper.kept_at,
            "sealed": sealed,
        },
    )


def attach(tx: Changes, number: int, paper_id: UUID) -> None:
    """Put a paper to a request."""
    tx.connection.execute(_ATTACH, {"number": number, "paper_id": paper_id})


def one(tx: Changes, paper_id: UUID) -> KeptPaper | None:
    """A paper without its content."""
    with tx.connection.cursor(row_factory=args_row(_paper)) as cursor:
        return cursor.execute(_ONE, {"paper_id": paper_id}).fetchone()


def sealed_of(tx: Changes, paper_id: UUID) -> bytes:
    """A paper's content as it lies there; empty where there is none."""
    row = tx.connection.execute(_SEALED, {"paper_id": paper_id}).fetchone()
    return row[0] if row is not None and isinstance(row[0], bytes) else b""


def of_disclosure(tx: Changes, number: int) -> list[KeptPaper]:
    """The papers of a request, the oldest first."""
    with tx.connection.cursor(row_factory=args_row(_paper)) as cursor:
        return cursor.execute(_OF_DISCLOSURE, {"number": number}).fetchall()


def _paper(  # noqa: PLR0913, PLR0917  (one argument for each column of `_COLUMNS`)
    paper_id: UUID,
    kind: str,
    media_type: str,
    sha256: str,
    size: int,
    kept_at: datetime,
) -> KeptPaper:
    return KeptPaper(
        paper_id=paper_id,
        kind=PaperKind(kind),
        media_type=media_type,
        sha256=sha256,
        size=size,
        kept_at=kept_at,
    )
