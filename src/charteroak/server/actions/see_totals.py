"""What a monitoring system may know: numbers, and no name of anybody or anything."""

from charteroak.server.agency import Agency
from charteroak.server.store import totals
from charteroak.server.store.totals import Totals


def see_totals(agency: Agency) -> Totals:
    """Sum up all that was counted.

    Raises:
        StoreUnavailableError: the database does not answer.
    """
    with agency.database.changes() as tx:
        return totals.of_all(tx)
