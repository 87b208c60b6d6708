"""Hot lists and their entries: replaced whole, looked up by match key."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs
from psycopg.rows import class_row

from charteroak.core.box_list import ListedPlate
from charteroak.core.hotlist import Entry, EntryId, HotList, HotListId, ListClass
from charteroak.core.own_entry import Standing
from charteroak.core.plate import MatchKey, PlateText
from charteroak.server.store import owed
from charteroak.server.store.database import Changes, Ingests
from charteroak.server.store.owed import Owed

_PUT: Final = """
    INSERT INTO hotlists
           (list_id, name, list_class, source, authority, loaded_at, loaded_by, entries)
    VALUES (%(list_id)s, %(name)s, %(list_class)s, %(source)s, %(authority)s,
            %(loaded_at)s, %(loaded_by)s, 0)
    ON CONFLICT (name) DO UPDATE
       SET list_class = EXCLUDED.list_class, source = EXCLUDED.source,
           authority = EXCLUDED.authority, loaded_at = EXCLUDED.loaded_at,
           loaded_by = EXCLUDED.loaded_by
    RETURNING list_id
"""

_CLEAR: Final = """
    DELETE FROM hotlist_entries WHERE list_id = %(list_id)s
"""

_FILL: Final = """
    INSERT INTO hotlist_entries
           (entry_id, list_id, plate, match_key, state, reason, vehicle, case_ref,
            entered_at, expires_at, purpose, asked_record, asked_by, approved_by)
    SELECT entry_id, %(list_id)s, plate, match_key, state, reason, vehicle, case_ref,
           %(entered_at)s, expires_at, %(purpose)s::text, %(asked)s::bigint,
           %(asked_by)s::uuid, %(approved_by)s::uuid
      FROM unnest(%(entry_ids)s::uuid[], %(plates)s::text[], %(match_keys)s::text[],
                  %(states)s::text[], %(reasons)s::text[], %(vehicles)s::text[],
                  %(case_refs)s::text[], %(expiries)s::timestamptz[])
        AS e (entry_id, plate, match_key, state, reason, vehicle, case_ref, expires_at)
"""

_COUNT: Final = """
    UPDATE hotlists SET entries = %(entries)s WHERE list_id = %(list_id)s
"""

_ALL: Final = """
    SELECT list_id, name, list_class, source, authority, loaded_at, entries
      FROM hotlists
     ORDER BY name
     LIMIT 1000
"""

_NAMED: Final = """
    SELECT list_id, name, list_class, source, authority, loaded_at, entries
      FROM hotlists
     WHERE lower(name) = lower(%(name)s)
     ORDER BY name
     LIMIT 1
"""

# The law is asked again at every match: a class that becomes prohibited after its
# list was loaded matches nothing from that day. An entry of the agency's own that nobody
# approved matches nothing, however it came into the table. No limit: each entry is a hit.
_ENTRIES: Final = """
    SELECT e.entry_id, e.plate, e.match_key, e.state, e.reason, e.vehicle, e.case_ref,
           e.entered_at, e.expires_at,
           h.list_id, h.name, h.list_class, h.source, h.authority, h.loaded_at
      FROM hotlist_entries AS e
      JOIN hotlists AS h ON h.list_id = e.list_id
     WHERE e.match_key = ANY(%(keys)s)
       AND h.list_class <> ALL(%(prohibited)s)
       AND (h.list_class <> 'local' OR e.approved_by IS NOT NULL)
     ORDER BY e.match_key, h.name, e.entry_id
"""

# No limit: all entries are meant, and they are passed on as they come.
_KEYS: Final = """
    SELECT e.match_key
      FROM hotlist_entries AS e
      JOIN hotlists AS h ON h.list_id = e.list_id
     WHERE h.list_class <> ALL(%(prohibited)s)
       AND (h.list_class <> 'local' OR e.approved_by IS NOT NULL)
"""


# No limit, as above. What has ended matches nothing and is left out.
_PLATES: Final = """
    SELECT e.match_key, e.state, e.expires_at
      FROM hotlist_entries AS e
      JOIN hotlists AS h ON h.list_id = e.list_id
     WHERE e.list_id = ANY(%(list_ids)s)
       AND (e.expires_at IS NULL OR e.expires_at > %(at)s)
       AND (h.list_class <> 'local' OR e.approved_by IS NOT NULL)
"""


@attrs.frozen(kw_only=True)
class LoadedList:
    """A hot list as pages show it.

    Attributes:
        entries: how many plates, expired ones too.
    """

    list_id: UUID
    name: str
    list_class: str
    source: str
    authority: str
    loaded_at: datetime
    entries: int


@attrs.frozen(kw_only=True, repr=False)
class Listed:
    """An entry with the list that it is on."""

    entry: Entry
    hotlist: HotList


@attrs.frozen(kw_only=True, repr=False)
class _Row:
    entry_id: UUID
    plate: str
    match_key: str
    state: str | None
    reason: str
    vehicle: str
    case_ref: str
    entered_at: datetime
    expires_at: datetime | None
    list_id: UUID
    name: str
    list_class: str
    source: str
    authority: str
    loaded_at: datetime

    def to_listed(self) -> Listed:
        list_id = HotListId(self.list_id)
        return Listed(
            entry=Entry(
                entry_id=EntryId(self.entry_id),
                list_id=list_id,
                plate=PlateText(self.plate),
                state=self.state,
                reason=self.reason,
                vehicle=self.vehicle,
                case_ref=self.case_ref,
                entered_at=self.entered_at,
                expires_at=self.expires_at,
            ),
            hotlist=HotList(
                list_id=list_id,
                name=self.name,
                list_class=ListClass(self.list_class),
                source=self.source,
                authority=self.authority,
                loaded_at=self.loaded_at,
            ),
        )


def put(tx: Changes, hotlist: HotList, *, by: UUID | None) -> HotListId:
    """Add a list, or renew the one of its name, and lock it until the end.

    Returns:
        Its id: the one it had before, where there was one of its name.
    """
    row = tx.connection.execute(
        _PUT, {**attrs.asdict(hotlist), "loaded_by": by}
    ).fetchone()
    if row is None or not isinstance(row[0], UUID):  # pragma: no cover
        msg = "INSERT RETURNING gave no id"
        raise TypeError(msg)
    return HotListId(row[0])


def replace_entries(
    tx: Changes,
    list_id: HotListId,
    entries: Sequence[Entry],
    *,
    at: datetime,
    standing: Standing | None = None,
) -> None:
    """Put new entries in the place of all that a list held.

    Args:
        tx: of the desk.
        list_id: whose.
        entries: all that it holds from now on.
        at: the present moment.
        standing: who stands behind them; None: a list from elsewhere.
    """
    owed.add(tx, Owed.HOTLIST_ENTRIES)
    tx.connection.execute(_CLEAR, {"list_id": list_id})
    fill(tx, list_id, entries, at=at, standing=standing)
    tx.connection.execute(_COUNT, {"list_id": list_id, "entries": len(entries)})


def fill(
    tx: Changes,
    list_id: HotListId,
    entries: Sequence[Entry],
    *,
    at: datetime,
    standing: Standing | None,
) -> None:
    """Add entries to a list; see `replace_entries`."""
    tx.connection.execute(
        _FILL,
        {
            "list_id": list_id,
            "entered_at": at,
            "entry_ids": [entry.entry_id for entry in entries],
            "plates": [entry.plate.glyphs for entry in entries],
            "match_keys": [entry.plate.match_key for entry in entries],
            "states": [entry.state for entry in entries],
            "reasons": [entry.reason for entry in entries],
            "vehicles": [entry.vehicle for entry in entries],
            "case_refs": [entry.case_ref for entry in entries],
            "expiries": [entry.expires_at for entry in entries],
            "purpose": None if standing is None else standing.purpose,
            "asked": None if standing is None else standing.asked,
            "asked_by": None if standing is None else standing.asked_by,
            "approved_by": None if standing is None else standing.approved_by,
        },
    )


def named(tx: Changes, name: str) -> LoadedList | None:
    """The list of a name, if there is one."""
    with tx.connection.cursor(row_factory=class_row(LoadedList)) as cursor:
        return cursor.execute(_NAMED, {"name": name}).fetchone()


def everything(tx: Changes | Ingests) -> list[LoadedList]:
    """All lists, by name; 1,000 at the most."""
    with tx.connection.cursor(row_factory=class_row(LoadedList)) as cursor:
        return cursor.execute(_ALL).fetchall()


def entries(
    tx: Ingests, keys: Collection[MatchKey], *, prohibited: Collection[ListClass]
) -> dict[MatchKey, list[Listed]]:
    """The entries with some match keys, by key; those of prohibited lists left out."""
    if not keys:
        return {}
    found: dict[MatchKey, list[Listed]] = {}
    with tx.connection.cursor(row_factory=class_row(_Row)) as cursor:
        cursor.execute(
            _ENTRIES, {"keys": list(keys), "prohibited": [str(c) for c in prohibited]}
        )
        for row in cursor:
            found.setdefault(MatchKey(row.match_key), []).append(row.to_listed())
    return found


def listed_plates(
    tx: Changes, list_ids: Sequence[HotListId], *, at: datetime
) -> Iterator[ListedPlate]:
    """What of the entries of some lists decides what hits them, in no order."""
    with tx.connection.cursor(
        "listed_plates", row_factory=class_row(ListedPlate)
    ) as cursor:
        cursor.itersize = 10_000
        cursor.execute(_PLATES, {"list_ids": list(list_ids), "at": at})
        yield from cursor


def match_keys(
    tx: Changes | Ingests, *, prohibited: Collection[ListClass]
) -> Iterator[MatchKey]:
    """All match keys of all lists that may be used, in no order, some more than once."""
    # A cursor on the server: a million keys do not pass through memory at once.
    with tx.connection.cursor("match_keys") as cursor:
        cursor.itersize = 10_000
        cursor.execute(_KEYS, {"prohibited": [str(each) for each in prohibited]})
        for row in cursor:
            yield MatchKey(str(row[0]))
