"""Open a kept paper; that it was opened is recorded first, but for our own letters."""

import hashlib
from uuid import UUID

import attrs

from charteroak.core.disclosure import KeptPaper, PaperKind
from charteroak.core.hold import NotAllowed
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import papers
from charteroak.server.vault.papers import PaperBrokenError, open_paper


@attrs.frozen(kw_only=True, repr=False)
class PaperSeen:
    """A paper with its content."""

    paper: KeptPaper
    content: bytes


@attrs.frozen(kw_only=True)
class NoSuchPaper:
    """There is no such paper."""


@attrs.frozen(kw_only=True)
class PaperDeleted:
    """Its term is over: only what it was is known, and its SHA-256."""

    paper: KeptPaper


@attrs.frozen(kw_only=True)
class PaperDamaged:
    """It does not open, or is not what its SHA-256 says."""


def see_paper(
    agency: Agency, who: Person, paper_id: UUID
) -> PaperSeen | PaperDeleted | PaperDamaged | NoSuchPaper | NotAllowed:
    """The content of a paper, checked against the SHA-256 of the day it came."""
    if not who.may(Act.ENTER_DISCLOSURE):
        return NotAllowed()
    with agency.database.changes() as tx:
        paper = papers.one(tx, paper_id)
        if paper is None:
            return NoSuchPaper()
        if paper.deleted_at is not None:
            return PaperDeleted(paper=paper)
        sealed = papers.sealed_of(tx, paper_id)
        if paper.kind is not PaperKind.LETTER:
            agency.record(
                tx,
                Draft(
                    kind=RecordKind.PAPER_OPENED,
                    at=agency.clock(),
                    public={"paper": paper.kind.value, "paper_sha256": paper.sha256},
                    private={"person": str(who.person_id)},
                ),
            )
    try:
        content = open_paper(agency.keys, paper_id, sealed)
    except PaperBrokenError:
        return PaperDamaged()
    if hashlib.sha256(content).hexdigest() != paper.sha256:
        return PaperDamaged()
    return PaperSeen(paper=paper, content=content)
