"""Papers: what is kept of them, sealed as it lies there; opening is the vault's.

A paper goes when its term is over, counted from when nothing stands on it any more: its
request is answered or refused, its declaration has ended. The rest of its row stays.
"""

from collections import Counter
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs
from psycopg.rows import args_row

from charteroak.core.disclosure import KeptPaper, PaperKind
from charteroak.server.store import owed
from charteroak.server.store.database import Changes, Purges
from charteroak.server.store.owed import Owed

_ADD: Final = """
    INSERT INTO papers (paper_id, kind, media_type, sha256, size, kept_at, sealed)
    VALUES (%(paper_id)s, %(kind)s, %(media_type)s, %(sha256)s, %(size)s, %(kept_at)s,
            %(sealed)s)
"""

_COLUMNS: Final = """
    SELECT p.paper_id, p.kind, p.media_type, p.sha256, p.size, p.kept_at,
           nullif(e.ended_at, 'infinity'), p.deleted_at
      FROM papers AS p
      JOIN paper_ends AS e ON e.paper_id = p.paper_id
"""

_ONE: Final = f"""
    {_COLUMNS}
     WHERE p.paper_id = %(paper_id)s
"""

_SEALED: Final = """
    SELECT sealed FROM papers WHERE paper_id = %(paper_id)s
"""

_STANDING: Final = """
    SELECT count(*), count(*) FILTER (WHERE e.ended_at <= %(ended_by)s)
      FROM papers AS p
      JOIN paper_ends AS e ON e.paper_id = p.paper_id
     WHERE p.deleted_at IS NULL
"""

_ANY_DUE: Final = """
    SELECT EXISTS (
           SELECT
             FROM papers AS p
             JOIN paper_ends AS e ON e.paper_id = p.paper_id
            WHERE p.deleted_at IS NULL
              AND e.ended_at <= %(ended_by)s)
"""

_FORGET_DUE: Final = """
    UPDATE papers AS p
       SET sealed = NULL, deleted_at = %(at)s
      FROM paper_ends AS e
     WHERE e.paper_id = p.paper_id
       AND p.deleted_at IS NULL
       AND e.ended_at <= %(ended_by)s
    RETURNING p.kind
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
    """A paper's content as it lies there; empty where there is none, or no more."""
    row = tx.connection.execute(_SEALED, {"paper_id": paper_id}).fetchone()
    return row[0] if row is not None and isinstance(row[0], bytes) else b""


def of_disclosure(tx: Changes, number: int) -> list[KeptPaper]:
    """The papers of a request, the oldest first."""
    with tx.connection.cursor(row_factory=args_row(_paper)) as cursor:
        return cursor.execute(_OF_DISCLOSURE, {"number": number}).fetchall()


@attrs.frozen(kw_only=True)
class PapersStanding:
    """How many papers there are.

    Attributes:
        kept: with their content.
        due: of those, whose term is over: the next purge deletes them.
    """

    kept: int
    due: int


def standing(tx: Changes, *, ended_by: datetime) -> PapersStanding:
    """How many papers are kept, and how many of them are due."""
    with tx.connection.cursor(row_factory=args_row(_standing)) as cursor:
        row = cursor.execute(_STANDING, {"ended_by": ended_by}).fetchone()
    return row or PapersStanding(kept=0, due=0)


def forget_due(tx: Purges, *, ended_by: datetime, at: datetime) -> dict[PaperKind, int]:
    """Take out the content of every paper on which nothing has stood for its term.

    Owes the rewriting of the table, in the same transaction.

    Args:
        tx: of the worker.
        ended_by: what ended until then is due.
        at: the present moment.

    Returns:
        How many went, by kind.
    """
    values = {"ended_by": ended_by, "at": at}
    if tx.connection.execute(_ANY_DUE, values).fetchone() != (True,):
        return {}
    owed.add(tx, Owed.PAPERS)
    gone = Counter(
        PaperKind(str(row[0])) for row in tx.connection.execute(_FORGET_DUE, values)
    )
    return dict(gone)


def _standing(kept: int, due: int) -> PapersStanding:
    return PapersStanding(kept=kept, due=due)


def _paper(  # noqa: PLR0913, PLR0917  (one argument for each column of `_COLUMNS`)
    paper_id: UUID,
    kind: str,
    media_type: str,
    sha256: str,
    size: int,
    kept_at: datetime,
    ended_at: datetime | None,
    deleted_at: datetime | None,
) -> KeptPaper:
    return KeptPaper(
        paper_id=paper_id,
        kind=PaperKind(kind),
        media_type=media_type,
        sha256=sha256,
        size=size,
        kept_at=kept_at,
        ended_at=ended_at,
        deleted_at=deleted_at,
    )
