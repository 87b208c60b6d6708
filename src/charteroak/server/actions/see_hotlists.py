"""The hot lists that reads are compared with."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import attrs

from charteroak.core.hotlist import ListClass
from charteroak.server.agency import Agency
from charteroak.server.store import hotlists


@attrs.frozen(kw_only=True)
class ListShown:
    """A hot list as its page shows it.

    Attributes:
        entries: how many plates, expired ones too.
    """

    list_id: UUID
    name: str
    list_class: ListClass
    source: str
    authority: str
    loaded_at: datetime
    entries: int


@attrs.frozen(kw_only=True)
class ListsShown:
    """All hot lists by name.

    Attributes:
        prohibited: classes that the law forbids here, each with its statute.
    """

    lists: tuple[ListShown, ...]
    prohibited: Mapping[ListClass, str]


def see_hotlists(agency: Agency) -> ListsShown:
    """Look at the lists, and not at their entries."""
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
            )
            for found in stored
        ),
        prohibited=agency.profile.list_statutes,
    )
