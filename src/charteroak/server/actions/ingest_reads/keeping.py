"""What of a batch may be kept at all, decided before any table or file sees it.

A box that keeps hits alone sends hits alone. Whether it does is not left to the box: here
each read is held against the lists once more, and what hits nothing is forgotten unseen.
"""

from datetime import datetime
from typing import Final

from charteroak.core import hotlist
from charteroak.core.intake import Opened
from charteroak.core.keeping import Mode
from charteroak.core.policy import Permit
from charteroak.server.actions.ingest_reads.matching import listed, may_alert
from charteroak.server.agency import Agency
from charteroak.server.store.database import Ingests

NOT_KEPT: Final = "charteroak.batch.not-kept"
"""As what was turned away is counted: how many, and nothing else of them."""


def keepable(
    agency: Agency, tx: Ingests, opened: list[Opened], *, at: datetime
) -> list[Opened]:
    """Those reads that the rules in force let the agency keep.

    What was captured while the council suspended is not kept later either, whenever it
    comes.

    Args:
        agency: whose rules.
        tx: looked up in; nothing is written.
        opened: all reads of the batch.
        at: the moment of receipt.
    """
    opened = [each for each in opened if not agency.council.paused(each.read.seen_at)]
    match agency.mode:
        case Mode.ORDINARY:
            return opened
        case Mode.STOPPED:
            return []
        case Mode.EDGE_ONLY:
            return _hits(agency, tx, opened, at)


def _hits(
    agency: Agency, tx: Ingests, opened: list[Opened], at: datetime
) -> list[Opened]:
    entries = listed(agency, tx, [each.read.plate.match_key for each in opened])
    return [
        each
        for each in opened
        if any(
            hotlist.match(each.read.plate, each.read.state, on.entry, at=at)
            and isinstance(may_alert(agency, on.hotlist, at=at), Permit)
            for on in entries.get(each.read.plate.match_key, [])
        )
    ]
