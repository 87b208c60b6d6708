"""Ask the records system which cases with holds are closed; a person then ends them."""

from typing import Final

import attrs

from charteroak.core.case_file import CaseStanding
from charteroak.core.hold import NotAllowed
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import holds
from charteroak.server.store.holds import CaseLine

_MOST: Final = 200


@attrs.frozen(kw_only=True)
class ClosedCases:
    """Cases whose holds stand though the records system says that they are closed.

    Attributes:
        cases: those; nothing of them is deleted until somebody ends them.
        asked: about how many cases the records system was asked.
        connected: whether there is a records system at all.
        unreachable: whether it stopped answering; the rest was not asked.
    """

    cases: tuple[CaseLine, ...]
    asked: int
    connected: bool
    unreachable: bool


def see_closed_cases(agency: Agency, who: Person) -> ClosedCases | NotAllowed:
    """Ask about every case with a hold that stands, until an answer stays out."""
    if not who.may(Act.APPROVE_HOLD):
        return NotAllowed()
    connected = agency.cases.records is not None
    with agency.database.changes() as tx:
        standing = [each for each in holds.cases(tx, most=_MOST) if each.holds]
    closed: list[CaseLine] = []
    asked = 0
    for each in standing if connected else ():
        said = agency.cases.standing(each.case_ref)
        if said is CaseStanding.UNREACHABLE:
            return ClosedCases(
                cases=tuple(closed), asked=asked, connected=True, unreachable=True
            )
        asked += 1
        if said is CaseStanding.CLOSED:
            closed.append(each)
    return ClosedCases(
        cases=tuple(closed), asked=asked, connected=connected, unreachable=False
    )
