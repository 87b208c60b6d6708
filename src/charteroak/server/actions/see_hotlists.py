"""The hot lists that reads are compared with."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import attrs

from charteroak.core.codes import Freshness
from charteroak.core.hotlist import ListClass
from charteroak.core.list_rules import freshness
from charteroak.server.agency import Agency
from charteroak.server.store import hotlists


@attrs.frozen(kw_only=True)
class ListShown:
    """A hot list as its page shows it.

    Attributes:
        entries: how many plates, expired ones too.
        stale: whether it is so old that it alerts nobody.
    """

    list_id: UUID
    name: str
    list_class: ListClass
    source: str
    authority: str
    loaded_at: datetime
    entries: int
    stale: bool


@attrs.frozen(kw_only=True)
class ListsShown:
    """All hot lists by name.

    Attributes:
        prohibited: classes that the rules refuse here, each with where that is written.
        term: how old a list may be before it alerts nobody; None: no rule says.
    """

    lists: tuple[ListShown, ...]
    prohibited: Mapping[ListClass, str]
    term: timedelta | None


def see_hotlists(agency: Agency) -> ListsShown:
    """Look at the lists, and not at their entries."""
    now, term = agency.clock(), agency.profile.list_refresh
    with agency.database.changes() as tx:
        stored = hotlists.everything(tx)
    return ListsShown(
        lists=tuple(
            ListShown(
                list_id=found.list_id,
                name=found.name,
                list_class=ListClass(found.list_class),
                source=found.source,
                authority=found.authority,
                loaded_at=found.loaded_at,
                entries=found.entries,
                stale=freshness(
                    ListClass(found.list_class), found.loaded_at, term=term, at=now
                )
                is Freshness.STALE,
            )
            for found in stored
        ),
        prohibited={
            list_class: denial.because[0].statute
            for list_class, denial in agency.refused_lists.items()
        },
        term=term,
    )
