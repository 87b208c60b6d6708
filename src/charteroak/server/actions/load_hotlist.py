"""Load a hot list, in the place of the one of its name; and the matcher's file.

A list of the agency's own is not loaded by one person: see `ask_entries`.
"""

from collections.abc import Sequence

import attrs

from charteroak.core.alert_review import NotAllowed
from charteroak.core.flag import FlagKind
from charteroak.core.habit import SMALL_LIST, WATCHED_FOR
from charteroak.core.hotlist import HotList, HotListId, ListClass
from charteroak.core.hotlist_file import (
    Parsed,
    Row,
    RowError,
    UnreadableListError,
    parse,
)
from charteroak.core.log_record import Draft, RecordId, RecordKind
from charteroak.core.own_entry import BY_HAND
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, Permit, Request, Rule, decide
from charteroak.core.search_record import decision_fields
from charteroak.server.agency import Agency
from charteroak.server.flagging import flag
from charteroak.server.listing import (
    ListFile,
    ListUnreadable,
    Notes,
    described,
    entry_of,
    hot_digests,
    plate_digests,
    tell,
)
from charteroak.server.store import entry_wishes, hotlists
from charteroak.server.store.database import Changes

__all__ = [
    "ListFile",
    "ListProhibited",
    "ListUnreadable",
    "Loaded",
    "NeedsSecondPerson",
    "load_hotlist",
    "rebuild_hot_file",
]


@attrs.frozen(kw_only=True)
class Loaded:
    """The list is in force.

    Attributes:
        entries: how many plates are on it.
        repeated: how many rows said what an earlier one had said.
        errors: rows that were left out, the first 1,000.
        left_out: how many rows were left out in all.
        vague: lines of rows whose reason nobody could check, the first 1,000; a list
            from elsewhere may say so little, and they are in force.
        vague_rows: how many such rows there are.
    """

    list_id: HotListId
    entries: int
    repeated: int
    errors: tuple[RowError, ...]
    left_out: int
    vague: tuple[int, ...]
    vague_rows: int


@attrs.frozen(kw_only=True)
class ListProhibited:
    """The rules refuse lists of this class; nothing of the file was read.

    Attributes:
        because: every rule against it, of statute, policy and contract.
    """

    list_class: ListClass
    because: tuple[Rule, ...]


@attrs.frozen
class NeedsSecondPerson:
    """It is a list of the agency's own, which nobody loads alone; nothing was read."""


def load_hotlist(
    agency: Agency, who: Person, file: ListFile
) -> Loaded | ListProhibited | ListUnreadable | NeedsSecondPerson | NotAllowed:
    """Replace a hot list whole; from then on reads are held against the new one.

    An entry that stays keeps its id, so that an alert can tell whether its entry is
    still listed.
    """
    if not who.may(Act.LOAD_HOTLIST):
        return NotAllowed(act=Act.LOAD_HOTLIST)
    decision = decide(
        agency.rules,
        Request(
            act=Act.LOAD_HOTLIST,
            custodian=agency.profile.custodian,
            roles=who.roles,
            list_class=file.list_class,
        ),
    )
    if isinstance(decision, Permit):
        # What may alert nobody is not loaded either.
        decision = agency.refused_lists.get(file.list_class, decision)
    if isinstance(decision, Denial):
        return _refuse(agency, who, file.list_class, decision)
    if file.list_class is ListClass.LOCAL:
        return NeedsSecondPerson()
    notes = Notes(agency, who)
    parsed = _parsed(agency, file, notes)
    if notes.rules:
        tell(agency, who, file.list_class, notes)
    if isinstance(parsed, ListUnreadable):
        return parsed
    (name, source, authority), rows = parsed
    hotlist = HotList(
        list_id=HotListId(agency.new_id()),
        name=name,
        list_class=file.list_class,
        source=source,
        authority=authority,
        loaded_at=agency.clock(),
    )
    # First the matcher loses its file and asks the database about every read; so
    # whatever breaks from here on, no hit is missed.
    with agency.hot_file.changing(lambda: hot_digests(agency)):
        list_id = _replace(agency, who, hotlist, rows, decision)
    return Loaded(
        list_id=list_id,
        entries=len(rows.rows),
        repeated=rows.repeated,
        errors=rows.errors,
        left_out=rows.left_out,
        vague=rows.vague,
        vague_rows=rows.vague_rows,
    )


def rebuild_hot_file(agency: Agency) -> int:
    """Write the matcher's file anew from the database: at a start, after a load.

    Returns:
        How many different plates are on the lists.
    """
    return agency.hot_file.rewrite(lambda: hot_digests(agency))


def _refuse(
    agency: Agency, who: Person, list_class: ListClass, decision: Denial
) -> ListProhibited:
    with agency.database.changes() as tx:
        agency.record(
            tx,
            Draft(
                kind=RecordKind.HOTLIST_REFUSED,
                at=agency.clock(),
                public=decision_fields(decision),
                private={"person": str(who.person_id)},
            ),
        )
    return ListProhibited(list_class=list_class, because=decision.because)


def _parsed(
    agency: Agency, file: ListFile, notes: Notes
) -> tuple[tuple[str, str, str], Parsed] | ListUnreadable:
    words = described(file, notes)
    if isinstance(words, ListUnreadable):
        return words
    if _is_own(agency, words[0]):
        return ListUnreadable(
            trouble="a list of this name is one of the agency's own",
            hint="Give it another name: this list would take the place of that one.",
        )
    try:
        parsed = parse(
            file.content,
            zone=agency.zone,
            refuses=notes.refuses,
            says_nothing=notes.says_nothing,
        )
    except UnreadableListError as unreadable:
        return ListUnreadable(trouble=str(unreadable), hint=unreadable.hint)
    if parsed.errors and not parsed.rows:
        return ListUnreadable(
            trouble="none of the rows can be used",
            hint=UnreadableListError.hint,
            errors=parsed.errors,
        )
    return words, parsed


def _is_own(agency: Agency, name: str) -> bool:
    with agency.database.changes() as tx:
        known = hotlists.named(tx, name)
    own = known is not None and known.list_class == ListClass.LOCAL
    return own or name.casefold() == BY_HAND.casefold()


def _replace(
    agency: Agency, who: Person, hotlist: HotList, parsed: Parsed, permit: Permit
) -> HotListId:
    at = hotlist.loaded_at
    with agency.database.changes() as tx:
        list_id = hotlists.put(tx, hotlist, by=who.person_id)
        hotlists.replace_entries(
            tx,
            list_id,
            [entry_of(agency, list_id, row, at=at) for row in parsed.rows],
            at=at,
        )
        recorded = agency.record(
            tx,
            Draft(
                kind=RecordKind.HOTLIST_LOADED,
                at=at,
                public={
                    **decision_fields(permit),
                    "entries": len(parsed.rows),
                    "left_out": parsed.left_out,
                    "vague": parsed.vague_rows,
                },
                private={
                    "person": str(who.person_id),
                    "list": str(list_id),
                    "name": hotlist.name,
                    "source": hotlist.source,
                    "authority": hotlist.authority,
                },
            ),
        )
        _watch(
            agency,
            tx,
            who,
            hotlist,
            list_id=list_id,
            rows=parsed.rows,
            record_id=recorded.record_id,
        )
    return list_id


def _watch(  # noqa: PLR0913  (what is watched, by name)
    agency: Agency,
    tx: Changes,
    who: Person,
    hotlist: HotList,
    *,
    list_id: HotListId,
    rows: Sequence[Row],
    record_id: RecordId,
) -> None:
    """Flag what looks like an entry of one's own under the name of somebody else's."""
    at = hotlist.loaded_at
    if len(rows) < SMALL_LIST:
        flag(
            agency,
            tx,
            FlagKind.LIST_SMALL,
            str(list_id),
            about=who.person_id,
            asked=record_id,
            at=at,
            times=len(rows),
        )
    rejected = entry_wishes.rejected_since(tx, at - WATCHED_FOR)
    if not rejected:
        return
    again = rejected.intersection(plate_digests(agency, [row.plate for row in rows]))
    for digest in sorted(again):
        flag(
            agency,
            tx,
            FlagKind.LIST_REJECTED_PLATE,
            digest.hex(),
            about=who.person_id,
            asked=record_id,
            at=at,
        )
