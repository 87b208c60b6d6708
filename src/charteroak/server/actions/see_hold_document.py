"""See the document that a hold stands on; that somebody opened it is recorded."""

import attrs

from charteroak.core.hold import HoldId, NotAllowed
from charteroak.core.hold_ground import DocumentKind
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import hold_papers, holds
from charteroak.server.vault.pictures import PictureBrokenError, PictureGoneError


@attrs.frozen(kw_only=True, repr=False)
class HoldDocument:
    """The document as it was filed."""

    content: bytes
    kind: DocumentKind


@attrs.frozen(kw_only=True)
class DocumentGone:
    """The hold has ended, or has no document."""


@attrs.frozen
class DocumentBroken:
    """The document was damaged or altered; that is no deletion."""


def see_hold_document(
    agency: Agency, who: Person, hold_id: HoldId
) -> HoldDocument | DocumentBroken | DocumentGone | NotAllowed:
    """The document of a hold, for those who may hold reads.

    Raises:
        PicturesUnavailableError: the place where it lies does not answer.
    """
    if not who.may(Act.REQUEST_HOLD):
        return NotAllowed()
    now = agency.clock()
    with agency.database.changes() as tx:
        hold = holds.find_to_change(tx, hold_id)
        filed = hold_papers.of(tx, [hold_id]).get(hold_id)
        if hold is None or not hold.stands(now):
            return DocumentGone()
        if filed is None or not filed.document or filed.kind is None:
            return DocumentGone()
        agency.record(
            tx,
            Draft(
                kind=RecordKind.CASE_SEEN,
                at=now,
                public={"holds": 1, "document": filed.sha256},
                private={
                    "person": str(who.person_id),
                    "case_ref": hold.case_ref,
                    "hold": str(hold_id),
                },
            ),
        )
    try:
        content = agency.pictures.fetch(filed.document)
    except PictureGoneError:
        return DocumentGone()
    except PictureBrokenError:
        return DocumentBroken()
    return HoldDocument(content=content, kind=filed.kind)
