"""Say before the click what the law says to a search; looks at nothing."""

from datetime import datetime, timedelta

import attrs

from charteroak.core.camera import Camera
from charteroak.core.case_file import CaseStanding
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, Permit, Request, Rule, decide, request
from charteroak.core.screening import Verdict, screen
from charteroak.core.search import OTHER, Purpose
from charteroak.core.search_check import weigh
from charteroak.law.screening import note_rules
from charteroak.law.vocabulary import PurposeName
from charteroak.server.agency import Agency
from charteroak.server.store import cameras


@attrs.frozen(kw_only=True)
class Explained:
    """What the rules would say.

    Attributes:
        because: the rules that decide; every one that stands against, if any does.
        note: what the note, and what the records say of the case, come to.
        case: what the records say of the case.
        emergency: whether it would be made without a case number for now.
    """

    permitted: bool
    because: tuple[Rule, ...]
    note: Verdict = Verdict.OK
    case: CaseStanding = CaseStanding.UNCHECKED
    emergency: bool = False


@attrs.frozen(kw_only=True)
class Choice:
    """A purpose in the form, with what the rules say to it for this person.

    Attributes:
        against: what stands against it, whatever else is given; None where nothing.
    """

    purpose: PurposeName
    against: Rule | None


@attrs.frozen(kw_only=True)
class Choices:
    """What the search form offers.

    Attributes:
        cameras: by name; those no longer in use too: what they read may still be kept.
        read_limit: how far back reads are kept here: the strictest of all rules.
    """

    purposes: tuple[Choice, ...]
    cameras: tuple[Camera, ...]
    read_limit: timedelta


def explain_search(  # noqa: PLR0913  (what is asked, by name)
    agency: Agency,
    who: Person,
    *,
    purpose: Purpose,
    case_ref: str,
    since: datetime,
    note: str = "",
    emergency: bool = False,
) -> Explained:
    """What the rules would say to a search by this person now, and to its note.

    A hypothetical: nothing is looked up, so nothing is recorded.
    """
    emergency = emergency and not case_ref and str(purpose) in agency.emergencies
    given = "emergency" if emergency else case_ref
    question = _question(agency, who, purpose=purpose, case_ref=given, since=since)
    decision = decide(agency.rules, question)
    screened = screen(note, note_rules(), must_say=str(purpose) == str(OTHER))
    weighed = weigh(agency.rules, question, screened)
    permitted = isinstance(decision, Permit)
    if permitted:
        weighed = weighed.beside(agency.cases.standing(case_ref))
    # What permits it is no news once the note stands against it.
    noted = weighed.because if permitted else ()
    return Explained(
        permitted=permitted,
        because=noted or decision.because,
        note=weighed.verdict,
        case=weighed.case,
        emergency=emergency,
    )


def search_choices(agency: Agency, who: Person) -> Choices:
    """What the form offers: all purposes, banned ones too, and all cameras."""
    now = agency.clock()
    choices = []
    for purpose in agency.profile.purposes:
        decision = decide(
            agency.rules,
            _question(agency, who, purpose=purpose.code, case_ref="any", since=now),
        )
        against = decision.because[0] if isinstance(decision, Denial) else None
        choices.append(Choice(purpose=purpose, against=against))
    with agency.database.changes() as tx:
        placed = cameras.everything(tx)
    return Choices(
        purposes=tuple(choices),
        cameras=tuple(each.to_camera() for each in placed),
        read_limit=agency.retention.limit,
    )


def _question(
    agency: Agency, who: Person, *, purpose: Purpose, case_ref: str, since: datetime
) -> Request:
    return request(
        Act.SEARCH_READS,
        who,
        custodian=agency.profile.custodian,
        purpose=purpose,
        case_ref=case_ref,
        since=since,
        at=agency.clock(),
        limit=agency.profile.read_limit,
    )
