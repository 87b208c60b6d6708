"""Putting in force what a council ordered, so that no hit is missed when all goes on."""

import attrs

from charteroak.core.moratorium import CouncilStanding
from charteroak.server.agency import Agency
from charteroak.server.law_in_force import LawInForce
from charteroak.server.listing import hot_digests


def put_in_force(agency: Agency, stands: CouncilStanding) -> None:
    """Put in force, in this process, how a council's orders stand.

    While it suspends no list may alert anybody, so the matcher's file is empty. It is
    filled before the first read comes in again, and not when its next turn is.
    """
    if agency.law.council.suspended and not stands.suspended:
        law = LawInForce(adopted=agency.law.adopted, council=stands)
        resumed = attrs.evolve(agency, law=law).in_force()
        agency.hot_file.rewrite(lambda: hot_digests(resumed))
    agency.law.stands(stands)
