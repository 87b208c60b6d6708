"""Why a read outlives its term: an active case, a paper of a court, a wish to preserve.

A paper counts by who issued it, never by its title (`core.papers.legal_process`).
"""

import hashlib
from datetime import date
from enum import StrEnum
from typing import Final

import attrs

from charteroak.core.codes import Approval, Case, Ground
from charteroak.core.errors import CharterOakError
from charteroak.core.papers import Issuer, Paper, legal_process
from charteroak.core.people import Act, Role
from charteroak.core.policy import Request

LARGEST_DOCUMENT: Final = 10 * 1024 * 1024
"""Bytes of the document of a hold: a warrant of some hundred scanned pages fits."""

LONGEST_LINE: Final = 120
"""Characters of who issued a paper, its number and how to reach who asks."""


class UnusableDocumentError(CharterOakError):
    """A document that is empty, too large, or neither a PDF nor a picture."""

    code = "charteroak.hold.unusable-document"
    hint = "Choose a PDF, JPEG or PNG file of 10 MB at the most."


class Party(StrEnum):
    """Who asks that reads are preserved."""

    DEFENCE = "defence"
    PROSECUTION = "prosecution"


class DocumentKind(StrEnum):
    """What kind of file a document is; its value is the file's ending."""

    JPEG = "jpg"
    PDF = "pdf"
    PNG = "png"


_BEGINS: Final = {
    b"%PDF-": DocumentKind.PDF,
    b"\xff\xd8\xff": DocumentKind.JPEG,
    b"\x89PNG\r\n\x1a\n": DocumentKind.PNG,
}


@attrs.frozen(kw_only=True, repr=False)
class Document:
    """The paper itself, as a file.

    Attributes:
        kind: by its first bytes, whatever its name says.
    """

    content: bytes
    kind: DocumentKind

    @property
    def sha256(self) -> str:
        """SHA-256 of the file, hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


@attrs.frozen(kw_only=True, repr=False)
class HoldPaper:
    """What a hold stands on beside its case.

    Attributes:
        title: what a paper calls itself; None for a request to preserve.
        issuer: who issued it; None for a request to preserve.
        issued_by: judge and court, or the person who asks, in words.
        number: of the paper; may be empty for a request.
        dated: the day that stands on it.
        party: whose request it is; None for a paper of a court.
        contact: how to reach the person who asks; empty for a paper.
    """

    title: Paper | None = None
    issuer: Issuer | None = None
    issued_by: str
    number: str
    dated: date
    party: Party | None = None
    contact: str = ""

    def __attrs_post_init__(self) -> None:
        """Check that it is a paper or a request, and not both."""
        if (self.title is None) != (self.issuer is None):
            msg = "a paper has a title and an issuer"
            raise ValueError(msg)
        if (self.title is None) == (self.party is None):
            msg = "a hold stands on a paper or on a request"
            raise ValueError(msg)

    @property
    def ground(self) -> Ground:
        """What it counts as."""
        if self.title is None or self.issuer is None:
            return Ground.PRESERVATION
        return Ground(legal_process(self.title, self.issuer).value)

    @property
    def needs_document(self) -> bool:
        """Whether the document is kept: that of a court always."""
        return self.party is None


def ground_of(paper: HoldPaper | None) -> Ground:
    """The ground of a hold; without any paper it is the active case itself."""
    return Ground.ACTIVE_CASE if paper is None else paper.ground


def parse_document(content: bytes) -> Document:
    """A document by its bytes.

    Raises:
        UnusableDocumentError: empty, too large, or of another kind.

    >>> parse_document(b"%PDF-1.7 ...").kind.value
    'pdf'
    """
    if len(content) <= LARGEST_DOCUMENT:
        for begin, kind in _BEGINS.items():
            if content.startswith(begin):
                return Document(content=content, kind=kind)
    raise UnusableDocumentError("not a document that can be kept")


def to_hold(
    *,
    custodian: str,
    case_ref: str,
    ground: Ground,
    approval: Approval,
    roles: frozenset[Role] = frozenset(),
) -> Request:
    """What the rules are asked: may this outlive its term?

    Args:
        custodian: whose reads.
        case_ref: empty where none was given.
        ground: on what.
        approval: of a supervisor who did not ask.
        roles: of whoever asks; none where the server goes on copying by itself.
    """
    return Request(
        act=Act.HOLD,
        custodian=custodian,
        roles=roles,
        case=Case.GIVEN if case_ref else Case.NONE,
        ground=ground,
        approval=approval,
    )
