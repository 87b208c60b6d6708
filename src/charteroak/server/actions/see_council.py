"""See how the council's orders stand: open to everybody, signed in or not."""

from datetime import datetime

import attrs

from charteroak.core.moratorium import CouncilStanding
from charteroak.server.agency import Agency
from charteroak.server.store import council


@attrs.frozen(kw_only=True)
class CouncilSeen:
    """What everybody may know of the council's orders.

    Attributes:
        stands: every order that was carried out, and whose keys count.
        enrolled_at: when the first keys were enrolled; None: none are.
    """

    agency: str
    stands: CouncilStanding
    enrolled_at: datetime | None


def see_council(agency: Agency) -> CouncilSeen:
    """Whose keys count, what was ordered, and how things stand."""
    known = agency.law.council
    with agency.database.changes() as tx:
        stands = council.stands(tx, agency.settings.agency)
        return CouncilSeen(
            agency=agency.settings.agency,
            # What somebody took back in the database has not changed hands by that.
            stands=stands if stands.goes_on_from(known) else known,
            enrolled_at=council.enrolled_at(tx),
        )
