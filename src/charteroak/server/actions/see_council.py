"""See how the council's orders stand: open to everybody, signed in or not."""

import attrs

from charteroak.core.moratorium import CouncilStanding, Taken
from charteroak.server.agency import Agency
from charteroak.server.store import council


@attrs.frozen(kw_only=True)
class CouncilSeen:
    """What everybody may know of the council's orders.

    Attributes:
        orders: every one that was carried out, the newest first.
    """

    agency: str
    stands: CouncilStanding
    orders: tuple[Taken, ...]


def see_council(agency: Agency) -> CouncilSeen:
    """Whose keys are enrolled, what was ordered, and how things stand."""
    with agency.database.changes() as tx:
        orders = council.orders(tx)
        stands = council.stands(tx)
    return CouncilSeen(
        agency=agency.settings.agency,
        stands=stands,
        orders=tuple(reversed(orders)),
    )
