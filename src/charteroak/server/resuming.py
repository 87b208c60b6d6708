"""Putting in force what a council ordered, so that no hit is missed when all goes on."""

from collections.abc import Mapping
from typing import Final

import attrs

from charteroak.core.codes import Step
from charteroak.core.log_record import RecordKind
from charteroak.core.moratorium import CouncilStanding
from charteroak.server.agency import Agency
from charteroak.server.law_in_force import LawInForce
from charteroak.server.listing import hot_digests

RECORDED_AS: Final[Mapping[Step | None, RecordKind]] = {
    None: RecordKind.SUSPEND_DOUBTED,
    Step.HAND_OVER: RecordKind.COUNCIL_HANDED_OVER,
    Step.RESUME: RecordKind.SUSPEND_ENDED,
    Step.SUSPEND: RecordKind.SUSPEND_ORDERED,
}
"""An order that is carried out, in the log; None: a doubt."""


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
