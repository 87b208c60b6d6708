"""The register of agencies that may ask, and of their declarations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.rows import args_row

from charteroak.core.codes import AgencyKind
from charteroak.core.papers import Declaration, Pledge
from charteroak.core.partner import DeclarationId, Partner, PartnerId, Registered
from charteroak.server.store.database import Changes

_ADD: Final = """
    INSERT INTO partners (partner_id, name, kind, jurisdiction, added_at)
    VALUES (%(partner_id)s, %(name)s, %(kind)s, %(jurisdiction)s, %(added_at)s)
    ON CONFLICT (name, jurisdiction) DO NOTHING
    RETURNING true
"""

_COLUMNS: Final = """
    SELECT partner_id, name, kind, jurisdiction, added_at, paused_at FROM partners
"""

_ALL: Final = f"""
    {_COLUMNS}
     ORDER BY name, jurisdiction, partner_id
     LIMIT %(most)s
"""

_ONE: Final = f"""
    {_COLUMNS}
     WHERE partner_id = %(partner_id)s
"""

_TO_CHANGE: Final = f"""
    {_ONE}
       FOR UPDATE
"""

_PAUSE: Final = """
    UPDATE partners SET paused_at = %(at)s WHERE partner_id = %(partner_id)s
"""

_PAUSE_ALL: Final = """
    UPDATE partners SET paused_at = %(at)s WHERE paused_at IS NULL
    RETURNING partner_id, name, kind, jurisdiction, added_at, paused_at
"""

_REGISTER: Final = """
    INSERT INTO declarations
           (declaration_id, partner_id, signer, signed_at, ends_at, pledges,
            registered_at, paper_id)
    VALUES (%(declaration_id)s, %(partner_id)s, %(signer)s, %(signed_at)s, %(ends_at)s,
            %(pledges)s, %(registered_at)s, %(paper_id)s)
"""

_DECLARATIONS: Final = """
    SELECT d.declaration_id, d.partner_id, n.name, d.signer, d.signed_at, d.ends_at,
           d.pledges, d.withdrawn_at, p.sha256, d.registered_at, d.paper_id,
           p.deleted_at
      FROM declarations AS d
      JOIN partners AS n ON n.partner_id = d.partner_id
      JOIN papers AS p ON p.paper_id = d.paper_id
"""

_OF_PARTNERS: Final = f"""
    {_DECLARATIONS}
     WHERE d.partner_id = ANY (%(partners)s)
     ORDER BY d.registered_at DESC, d.declaration_id
     LIMIT %(most)s
"""

_DECLARATION_TO_CHANGE: Final = f"""
    {_DECLARATIONS}
     WHERE d.declaration_id = %(declaration_id)s
       FOR UPDATE OF d
"""

_WITHDRAW: Final = """
    UPDATE declarations SET withdrawn_at = %(at)s
     WHERE declaration_id = %(declaration_id)s
"""


def add(tx: Changes, partner: Partner) -> bool:
    """Put an agency in the register; False where one of its name is there."""
    row = tx.connection.execute(
        _ADD,
        {
            "partner_id": partner.partner_id,
            "name": partner.name,
            "kind": partner.kind,
            "jurisdiction": partner.jurisdiction,
            "added_at": partner.added_at,
        },
    ).fetchone()
    return row is not None


def everything(tx: Changes, *, most: int = 2000) -> list[Partner]:
    """Every agency of the register, by name."""
    with tx.connection.cursor(row_factory=args_row(partner_of)) as cursor:
        return cursor.execute(_ALL, {"most": most}).fetchall()


def one(tx: Changes, partner_id: PartnerId) -> Partner | None:
    """One agency."""
    with tx.connection.cursor(row_factory=args_row(partner_of)) as cursor:
        return cursor.execute(_ONE, {"partner_id": partner_id}).fetchone()


def find_to_change(tx: Changes, partner_id: PartnerId) -> Partner | None:
    """One agency, locked until the transaction ends."""
    with tx.connection.cursor(row_factory=args_row(partner_of)) as cursor:
        return cursor.execute(_TO_CHANGE, {"partner_id": partner_id}).fetchone()


def pause(tx: Changes, partner_id: PartnerId, *, at: datetime | None) -> None:
    """Pause an agency from a moment on; None: it is paused no longer."""
    tx.connection.execute(_PAUSE, {"partner_id": partner_id, "at": at})


def pause_all(tx: Changes, *, at: datetime) -> list[Partner]:
    """Pause every agency that is not; these are they."""
    with tx.connection.cursor(row_factory=args_row(partner_of)) as cursor:
        return cursor.execute(_PAUSE_ALL, {"at": at}).fetchall()


def register(  # noqa: PLR0913  (all that is in a row)
    tx: Changes,
    declaration_id: DeclarationId,
    partner_id: PartnerId,
    declaration: Declaration,
    *,
    paper_id: UUID,
    at: datetime,
) -> None:
    """Put a declaration in the register; its paper is kept already."""
    tx.connection.execute(
        _REGISTER,
        {
            "declaration_id": declaration_id,
            "partner_id": partner_id,
            "signer": declaration.signer,
            "signed_at": declaration.signed_at,
            "ends_at": declaration.ends_at,
            "pledges": sorted(declaration.pledges),
            "registered_at": at,
            "paper_id": paper_id,
        },
    )


def declarations(
    tx: Changes, partners: Sequence[PartnerId], *, most: int = 2000
) -> list[Registered]:
    """The declarations of some agencies, the newest first, ended ones too."""
    with tx.connection.cursor(row_factory=args_row(_registered)) as cursor:
        return cursor.execute(
            _OF_PARTNERS, {"partners": list(partners), "most": most}
        ).fetchall()


def declaration_to_change(
    tx: Changes, declaration_id: DeclarationId
) -> Registered | None:
    """One declaration, locked until the transaction ends."""
    with tx.connection.cursor(row_factory=args_row(_registered)) as cursor:
        return cursor.execute(
            _DECLARATION_TO_CHANGE, {"declaration_id": declaration_id}
        ).fetchone()


def withdraw(tx: Changes, declaration_id: DeclarationId, *, at: datetime) -> None:
    """Write down that a declaration is taken back."""
    tx.connection.execute(_WITHDRAW, {"declaration_id": declaration_id, "at": at})


def partner_of(  # noqa: PLR0913, PLR0917  (one argument for each column of `_COLUMNS`)
    partner_id: UUID,
    name: str,
    kind: str,
    jurisdiction: str,
    added_at: datetime,
    paused_at: datetime | None,
) -> Partner:
    """An agency from its row."""
    return Partner(
        partner_id=PartnerId(partner_id),
        name=name,
        kind=AgencyKind(kind),
        jurisdiction=jurisdiction,
        added_at=added_at,
        paused_at=paused_at,
    )


def _registered(  # noqa: PLR0913, PLR0917  (one for each column of `_DECLARATIONS`)
    declaration_id: UUID,
    partner_id: UUID,
    name: str,
    signer: str,
    signed_at: datetime,
    ends_at: datetime,
    pledges: Sequence[str],
    withdrawn_at: datetime | None,
    paper_sha256: str,
    registered_at: datetime,
    paper_id: UUID,
    paper_deleted_at: datetime | None,
) -> Registered:
    return Registered(
        declaration_id=DeclarationId(declaration_id),
        partner_id=PartnerId(partner_id),
        declaration=Declaration(
            agency=name,
            signer=signer,
            signed_at=signed_at,
            ends_at=ends_at,
            pledges=frozenset(map(Pledge, pledges)),
            withdrawn_at=withdrawn_at,
        ),
        paper_id=paper_id,
        paper_sha256=paper_sha256,
        registered_at=registered_at,
        paper_deleted_at=paper_deleted_at,
    )
