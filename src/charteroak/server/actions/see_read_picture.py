"""See a picture of a read that one's own recorded search has found."""

from enum import StrEnum

import attrs

from charteroak.core.log_record import RecordId
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, decide
from charteroak.core.read import ReadId
from charteroak.core.search_answer import NotShown, ReadGone
from charteroak.server.agency import Agency
from charteroak.server.store import audit, searches
from charteroak.server.vault.pictures import PictureBrokenError, PictureGoneError


class Picture(StrEnum):
    """Which of a read's pictures."""

    PLATE = "plate"
    VEHICLE = "vehicle"


@attrs.frozen(kw_only=True, repr=False)
class PictureSeen:
    """A picture, JPEG."""

    jpeg: bytes


@attrs.frozen
class PictureBroken:
    """The picture was damaged or altered; that is no deletion."""


def see_read_picture(
    agency: Agency, who: Person, asked_id: RecordId, read_id: ReadId, which: Picture
) -> PictureSeen | PictureBroken | NotShown | ReadGone:
    """Open a picture of a result for the person who searched, for an hour.

    The recorded search is the ticket: it names who asked and for what. The read is
    looked up by that very search again, under the rules as they are now.

    Raises:
        PicturesUnavailableError: the place where pictures lie does not answer.
        StoreUnavailableError: the database does not answer.
    """
    now = agency.clock()
    with agency.database.audits() as tx:
        ticket = audit.asked_search(tx, asked_id)
    if ticket is None or not ticket[0].shows_to(who, at=now):
        return NotShown()
    asked, receipt = ticket
    decision = decide(
        agency.rules,
        asked.again(Act.SEARCH_READS, who, limit=agency.profile.read_limit),
    )
    if isinstance(decision, Denial):
        return NotShown()
    with agency.database.looks() as looks:
        sighting = searches.one(
            looks,
            permit=decision,
            logged=receipt,
            search=asked.search,
            read_id=read_id,
            not_before=agency.retention.not_before(now),
        )
    if sighting is None:
        return ReadGone()
    reference = (
        sighting.plate_picture if which is Picture.PLATE else sighting.vehicle_picture
    )
    try:
        return PictureSeen(jpeg=agency.pictures.fetch(reference))
    except PictureGoneError:
        return ReadGone()
    except PictureBrokenError:
        return PictureBroken()
