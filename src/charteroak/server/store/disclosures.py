"""Requests at the disclosure desk; what they ask for is in the log alone."""

from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.rows import args_row

from charteroak.core.codes import DataKind, Process, Standing
from charteroak.core.disclosure import Disclosure, Stage, Why
from charteroak.core.log_record import RecordId
from charteroak.core.people import PersonId
from charteroak.core.search import Purpose
from charteroak.server.store.database import Changes
from charteroak.server.store.partners import partner_of

_ADD: Final = """
    INSERT INTO disclosures
           (number, partner_id, purpose, data_kind, legal_process, standing, stage, why,
            entered_by, entered_at, closed_at)
    VALUES (%(number)s, %(partner_id)s, %(purpose)s, %(data_kind)s, %(legal_process)s,
            %(standing)s, %(stage)s, %(why)s, %(entered_by)s, %(entered_at)s,
            %(closed_at)s)
"""

_COLUMNS: Final = """
    SELECT d.number, d.purpose, d.data_kind, d.legal_process, d.standing, d.stage,
           d.why, d.entered_by, d.entered_at, d.approved_by, d.approved_at,
           d.closed_at, d.reads, coalesce(c.name, ''), coalesce(a.name, ''),
           n.partner_id, n.name, n.kind, n.jurisdiction, n.added_at, n.paused_at
      FROM disclosures AS d
      LEFT JOIN partners AS n ON n.partner_id = d.partner_id
      LEFT JOIN people AS c ON c.person_id = d.entered_by
      LEFT JOIN people AS a ON a.person_id = d.approved_by
"""

_NEWEST: Final = f"""
    {_COLUMNS}
     WHERE %(closed)s OR d.stage IN ('waiting', 'approved')
     ORDER BY d.stage NOT IN ('waiting', 'approved'), d.entered_at DESC, d.number DESC
     LIMIT %(most)s
"""

_ONE: Final = f"""
    {_COLUMNS}
     WHERE d.number = %(number)s
"""

_TO_CHANGE: Final = f"""
    {_ONE}
       FOR UPDATE OF d
"""

_OPEN: Final = """
    SELECT count(*)
      FROM disclosures
     WHERE stage IN ('waiting', 'approved')
       AND entered_by <> %(but)s
"""

_APPROVE: Final = """
    UPDATE disclosures
       SET stage = 'approved', approved_by = %(by)s, approved_at = %(at)s
     WHERE number = %(number)s
"""

_REFUSE: Final = """
    UPDATE disclosures SET stage = 'refused', why = %(why)s, closed_at = %(at)s
     WHERE number = %(number)s
"""

_ANSWER: Final = """
    UPDATE disclosures SET stage = 'answered', reads = %(reads)s, closed_at = %(at)s
     WHERE number = %(number)s
"""


def add(tx: Changes, asked: Disclosure) -> None:
    """Write down a request."""
    tx.connection.execute(
        _ADD,
        {
            "number": asked.number,
            "partner_id": None if asked.partner is None else asked.partner.partner_id,
            "purpose": asked.purpose,
            "data_kind": asked.data_kind,
            "legal_process": asked.process,
            "standing": asked.standing,
            "stage": asked.stage,
            "why": asked.why,
            "entered_by": asked.entered_by,
            "entered_at": asked.entered_at,
            "closed_at": asked.closed_at,
        },
    )


def newest(tx: Changes, *, closed_too: bool, most: int = 200) -> list[Disclosure]:
    """Requests, those that wait first, then the newest."""
    with tx.connection.cursor(row_factory=args_row(_disclosure)) as cursor:
        return cursor.execute(_NEWEST, {"closed": closed_too, "most": most}).fetchall()


def one(tx: Changes, number: int) -> Disclosure | None:
    """One request."""
    with tx.connection.cursor(row_factory=args_row(_disclosure)) as cursor:
        return cursor.execute(_ONE, {"number": number}).fetchone()


def find_to_change(tx: Changes, number: int) -> Disclosure | None:
    """One request, locked until the transaction ends."""
    with tx.connection.cursor(row_factory=args_row(_disclosure)) as cursor:
        return cursor.execute(_TO_CHANGE, {"number": number}).fetchone()


def count_open(tx: Changes, *, but: PersonId) -> int:
    """How many requests wait that somebody did not enter themselves."""
    row = tx.connection.execute(_OPEN, {"but": but}).fetchone()
    return row[0] if row is not None and isinstance(row[0], int) else 0


def approve(tx: Changes, number: int, *, by: PersonId, at: datetime) -> None:
    """Write down who approved."""
    tx.connection.execute(_APPROVE, {"number": number, "by": by, "at": at})


def refuse(tx: Changes, number: int, *, why: Why, at: datetime) -> None:
    """Write down that the answer is no."""
    tx.connection.execute(_REFUSE, {"number": number, "why": why, "at": at})


def answer(tx: Changes, number: int, *, reads: int, at: datetime) -> None:
    """Write down that a package was made."""
    tx.connection.execute(_ANSWER, {"number": number, "reads": reads, "at": at})


def _disclosure(  # noqa: PLR0913, PLR0917  (one argument for each column of `_COLUMNS`)
    number: int,
    purpose: str,
    data_kind: str,
    legal_process: str | None,
    standing: str | None,
    stage: str,
    why: str | None,
    entered_by: UUID,
    entered_at: datetime,
    approved_by: UUID | None,
    approved_at: datetime | None,
    closed_at: datetime | None,
    reads: int | None,
    clerk: str,
    approver: str,
    partner_id: UUID | None,
    name: str,
    kind: str,
    jurisdiction: str,
    added_at: datetime,
    paused_at: datetime | None,
) -> Disclosure:
    return Disclosure(
        number=RecordId(number),
        partner=None
        if partner_id is None
        else partner_of(partner_id, name, kind, jurisdiction, added_at, paused_at),
        purpose=Purpose(purpose),
        data_kind=DataKind(data_kind),
        process=None if legal_process is None else Process(legal_process),
        standing=None if standing is None else Standing(standing),
        stage=Stage(stage),
        why=None if why is None else Why(why),
        entered_by=PersonId(entered_by),
        entered_at=entered_at,
        approved_by=None if approved_by is None else PersonId(approved_by),
        approved_at=approved_at,
        closed_at=closed_at,
        reads=reads,
        clerk=clerk,
        approver=approver,
    )
