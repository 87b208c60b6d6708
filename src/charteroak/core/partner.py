"""Agencies that may ask for reads, each with the declarations that it has given."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NewType
from uuid import UUID

import attrs

from charteroak.core.codes import AgencyKind, Declared
from charteroak.core.errors import CharterOakError
from charteroak.core.papers import Declaration

PartnerId = NewType("PartnerId", UUID)
DeclarationId = NewType("DeclarationId", UUID)

SHORTEST_NAME: Final = 2
LONGEST_NAME: Final = 120


class UnusableNameError(CharterOakError):
    """A name of an agency or of a person that is none."""

    code = "charteroak.partner.unusable-name"
    hint = "Give a name of 2 to 120 characters."


@attrs.frozen(kw_only=True)
class Partner:
    """Another agency, as it is known here.

    Attributes:
        jurisdiction: one of `core.codes.JURISDICTIONS`.
        paused_at: since when it gets nothing at all; None: it is not paused.
    """

    partner_id: PartnerId
    name: str
    kind: AgencyKind
    jurisdiction: str
    added_at: datetime
    paused_at: datetime | None = None


@attrs.frozen(kw_only=True)
class Registered:
    """A declaration in the register.

    Attributes:
        paper_id: of the scan of the paper.
        paper_sha256: of the same, hexadecimal.
        paper_deleted_at: when the scan was deleted; None: it is there.
    """

    declaration_id: DeclarationId
    partner_id: PartnerId
    declaration: Declaration
    paper_id: UUID
    paper_sha256: str
    registered_at: datetime
    paper_deleted_at: datetime | None = None

    @property
    def ended_at(self) -> datetime:
        """From when on its paper is kept for its term; may lie ahead."""
        said = self.declaration
        end = said.ends_at
        if said.withdrawn_at is not None:
            end = min(end, said.withdrawn_at)
        return max(end, self.registered_at)


@attrs.frozen(kw_only=True)
class NoSuchPartner:
    """No agency of that name is in the register."""


@attrs.frozen(kw_only=True)
class NoSuchDeclaration:
    """There is no such declaration, or it was withdrawn before."""


def parse_name(text: str) -> str:
    """A name on one line.

    Raises:
        UnusableNameError: too short or too long.

    >>> parse_name("  Yonkers  Police ")
    'Yonkers Police'
    """
    name = " ".join(text.split())
    if not SHORTEST_NAME <= len(name) <= LONGEST_NAME:
        raise UnusableNameError("a name of the wrong length")
    return name


def worth(declarations: Iterable[Declaration], at: datetime) -> Declared:
    """What all declarations of an agency are worth together at a moment.

    One that is in force is enough; without any, one that has ended says more than none.
    """
    codes = {each.code(at) for each in declarations}
    for code in (Declared.VALID, Declared.EXPIRED):
        if code in codes:
            return code
    return Declared.NONE
