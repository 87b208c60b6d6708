"""See what was asked at the disclosure desk, and where each request stands."""

from datetime import timedelta

import attrs

from charteroak.core.camera import Camera
from charteroak.core.codes import Declared
from charteroak.core.disclosure import (
    Details,
    Disclosure,
    KeptPaper,
    NoSuchDisclosure,
    Stage,
)
from charteroak.core.hold import NotAllowed
from charteroak.core.log_record import RecordId
from charteroak.core.people import Act, Person
from charteroak.core.policy import Rule
from charteroak.core.screening import Screened, screen
from charteroak.law.screening import note_rules
from charteroak.server import leaving
from charteroak.server.agency import Agency
from charteroak.server.store import cameras, disclosures, papers, partners


@attrs.frozen(kw_only=True, repr=False)
class DisclosureShown:
    """One request with all that the second person must know.

    Attributes:
        details: what the log alone knows; the plate is shown to those who release.
        papers: that came with it, and the letter where there is one.
        term: how long those are kept once it is answered or refused.
        declared: what the agency's declarations are worth now; None: an owner asks.
        against: whether something stands against it now.
        because: the rules that decide now.
        may_decide: whether whoever looks can approve it or turn it down.
        may_release: whether they can have the package made.
        own: whether they entered it themselves.
        doubt: what its note leaves a doubt by.
    """

    disclosure: Disclosure
    details: Details
    papers: tuple[KeptPaper, ...]
    term: timedelta
    declared: Declared | None
    against: bool
    because: tuple[Rule, ...]
    may_decide: bool
    may_release: bool
    own: bool
    doubt: Screened
    cameras: tuple[str, ...]


def see_disclosures(
    agency: Agency, who: Person, *, closed_too: bool = False
) -> tuple[Disclosure, ...] | NotAllowed:
    """Requests, those that wait first; with `closed_too` answered and refused ones."""
    if not who.may(Act.ENTER_DISCLOSURE):
        return NotAllowed()
    with agency.database.changes() as tx:
        return tuple(disclosures.newest(tx, closed_too=closed_too))


def see_disclosure(
    agency: Agency, who: Person, number: RecordId
) -> DisclosureShown | NoSuchDisclosure | NotAllowed:
    """One request, with what the rules say to it at this moment."""
    if not who.may(Act.ENTER_DISCLOSURE):
        return NotAllowed()
    details = leaving.details_of(agency, number)
    if isinstance(details, NoSuchDisclosure):
        return details
    with agency.database.changes() as tx:
        asked = disclosures.one(tx, number)
        if asked is None:
            return NoSuchDisclosure()
        stands = leaving.stand_now(agency, tx, who, asked)
        declared = (
            None
            if asked.partner is None
            else leaving.declared(agency, tx, asked.partner)
        )
        kept = tuple(papers.of_disclosure(tx, number))
        names = {each.camera_id: each.name for each in cameras.everything(tx)}
    own = asked.entered_by == who.person_id
    second = who.may(Act.APPROVE_DISCLOSURE) and not own
    wanted = details.wanted
    return DisclosureShown(
        disclosure=asked,
        details=details,
        papers=kept,
        term=agency.papers_term.limit,
        declared=declared,
        against=stands.why is not None,
        because=stands.because,
        may_decide=second and asked.stage is Stage.WAITING,
        may_release=second and asked.stage in {Stage.APPROVED, Stage.ANSWERED},
        own=own,
        doubt=screen(details.note, note_rules()),
        cameras=tuple(names.get(each, str(each)) for each in sorted(wanted.cameras)),
    )


def count_open(agency: Agency, who: Person) -> int:
    """How many requests wait that this person could decide; nothing for most roles."""
    if not who.may(Act.APPROVE_DISCLOSURE):
        return 0
    with agency.database.changes() as tx:
        return disclosures.count_open(tx, but=who.person_id)


@attrs.frozen(kw_only=True)
class DeskChoices:
    """What the forms of the desk offer.

    Attributes:
        cameras: by name, those no longer in use too.
        partners: how many agencies are in the register.
    """

    cameras: tuple[Camera, ...]
    partners: int


def desk_choices(agency: Agency) -> DeskChoices:
    """What the forms of the desk offer."""
    with agency.database.changes() as tx:
        placed = cameras.everything(tx)
        known = partners.everything(tx)
    return DeskChoices(
        cameras=tuple(each.to_camera() for each in placed), partners=len(known)
    )
