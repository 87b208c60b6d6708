"""Load a hot list, in the place of the one of its name; and the matcher's file."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final
from uuid import UUID

import attrs

from charteroak.core.alert_review import NotAllowed
from charteroak.core.flag import FlagKind
from charteroak.core.hotlist import (
    Digest,
    Entry,
    EntryId,
    HotList,
    HotListId,
    ListClass,
    digests,
)
from charteroak.core.hotlist_file import (
    Parsed,
    Row,
    RowError,
    UnreadableListError,
    parse,
)
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, Permit, Request, Rule, decide
from charteroak.core.screening import screen
from charteroak.core.search_check import banned
from charteroak.core.search_record import decision_fields
from charteroak.law.screening import note_rules
from charteroak.server.agency import Agency
from charteroak.server.store import flags, hotlists

_LONGEST: Final = 200
_AT_ONCE: Final = 10_000


@attrs.frozen(kw_only=True)
class ListFile:
    """A file with what somebody says about it.

    Attributes:
        name: of the list; a list of this name is replaced.
        source: where the file comes from, in words.
        authority: the statute or order that it is kept under.
        content: the bytes of the file, not looked at yet.
    """

    name: str
    list_class: ListClass
    source: str
    authority: str
    content: bytes = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Loaded:
    """The list is in force.

    Attributes:
        entries: how many plates are on it.
        repeated: how many rows said what an earlier one had said.
        errors: rows that were left out, the first 1,000.
        left_out: how many rows were left out in all.
    """

    list_id: HotListId
    entries: int
    repeated: int
    errors: tuple[RowError, ...]
    left_out: int


@attrs.frozen(kw_only=True)
class ListProhibited:
    """The rules refuse lists of this class; nothing of the file was read.

    Attributes:
        because: every rule against it, of statute, policy and contract.
    """

    list_class: ListClass
    because: tuple[Rule, ...]


@attrs.frozen(kw_only=True)
class ListUnreadable:
    """Nothing was loaded, and the list of before is in force.

    Attributes:
        trouble: what is wrong with the whole file.
        errors: what is wrong with its rows, where none could be used.
    """

    trouble: str
    hint: str
    errors: tuple[RowError, ...] = ()


def load_hotlist(
    agency: Agency, who: Person, file: ListFile
) -> Loaded | ListProhibited | ListUnreadable | NotAllowed:
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
    if isinstance(decision, Denial):
        return _refuse(agency, who, file.list_class, decision)
    try:
        name, source, authority = map(_words, (file.name, file.source, file.authority))
        notes = _Notes(agency, who)
        if any(map(notes.refuses, (name, source, authority))):
            _tell(agency, who, file.list_class, notes)
            return ListUnreadable(
                trouble="its name, source or authority says what the law forbids",
                hint="Say whose list it is. That it was refused is recorded.",
            )
        parsed = parse(file.content, zone=agency.zone, refuses=notes.refuses)
    except UnreadableListError as unreadable:
        return ListUnreadable(trouble=str(unreadable), hint=unreadable.hint)
    if notes.rules:
        _tell(agency, who, file.list_class, notes)
    if parsed.errors and not parsed.rows:
        return ListUnreadable(
            trouble="none of the rows can be used",
            hint=UnreadableListError.hint,
            errors=parsed.errors,
        )
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
    with agency.hot_file.changing(lambda: _digests(agency)):
        list_id = _replace(agency, who, hotlist, parsed, decision)
    return Loaded(
        list_id=list_id,
        entries=len(parsed.rows),
        repeated=parsed.repeated,
        errors=parsed.errors,
        left_out=parsed.left_out,
    )


def rebuild_hot_file(agency: Agency) -> int:
    """Write the matcher's file anew from the database: at a start, after a load.

    Returns:
        How many different plates are on the lists.
    """
    return agency.hot_file.rewrite(lambda: _digests(agency))


def _digests(agency: Agency) -> Iterator[Digest]:
    secret = agency.keys.hotlist_key
    with agency.database.changes() as tx:
        keys = hotlists.match_keys(tx, prohibited=agency.refused_lists)
        while some := list(islice(keys, _AT_ONCE)):
            yield from map(Digest, digests(secret, some))


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


class _Notes:
    """Screens what a list says, each text once: a file has few different reasons."""

    def __init__(self, agency: Agency, who: Person) -> None:
        self._agency = agency
        self._who = who
        self._known: dict[str, bool] = {}
        self.rules: set[str] = set()

    def refuses(self, text: str) -> bool:
        """Whether a text says what the rules in force forbid."""
        if text not in self._known:
            screened = screen(text, note_rules())
            self._known[text] = banned(
                self._agency.rules,
                self._who,
                screened,
                custodian=self._agency.profile.custodian,
                at=self._agency.clock(),
            )
            if self._known[text] and screened.rule is not None:
                self.rules.add(screened.rule.rule_id)
        return self._known[text]


def _tell(agency: Agency, who: Person, list_class: ListClass, notes: _Notes) -> None:
    """Record that a list said what is forbidden, and let a supervisor look."""
    now = agency.clock()
    with agency.database.changes() as tx:
        told = agency.record(
            tx,
            Draft(
                kind=RecordKind.FLAG_RAISED,
                at=now,
                public={
                    "flag": FlagKind.LIST_NOTE.value,
                    "list_class": list_class.value,
                    "note_rules": sorted(notes.rules),
                },
                private={"person": str(who.person_id)},
            ),
        )
        flags.hoist(
            tx,
            FlagKind.LIST_NOTE,
            str(told.record_id),
            flag_id=agency.new_id(),
            about=who.person_id,
            record_id=told.record_id,
            at=now,
        )


def _replace(
    agency: Agency, who: Person, hotlist: HotList, parsed: Parsed, permit: Permit
) -> HotListId:
    with agency.database.changes() as tx:
        list_id = hotlists.put(tx, hotlist, by=who.person_id)
        hotlists.replace_entries(
            tx,
            list_id,
            [_entry(agency, list_id, row, hotlist.loaded_at) for row in parsed.rows],
            at=hotlist.loaded_at,
        )
        agency.record(
            tx,
            Draft(
                kind=RecordKind.HOTLIST_LOADED,
                at=hotlist.loaded_at,
                public={
                    **decision_fields(permit),
                    "entries": len(parsed.rows),
                    "left_out": parsed.left_out,
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
    return list_id


def _entry(agency: Agency, list_id: HotListId, row: Row, at: datetime) -> Entry:
    said = "\0".join(
        [row.plate.glyphs, row.state or "", row.reason, row.vehicle, row.case_ref]
    )
    # Keyed: an id must not tell the plate to whoever can try all plates.
    hashed = hashlib.blake2b(
        said.encode(),
        digest_size=16,
        key=agency.keys.hotlist_key,
        salt=list_id.bytes,
    )
    return Entry(
        entry_id=EntryId(UUID(bytes=hashed.digest())),
        list_id=list_id,
        plate=row.plate,
        state=row.state,
        reason=row.reason,
        vehicle=row.vehicle,
        case_ref=row.case_ref,
        entered_at=at,
        expires_at=row.expires_at,
    )


def _words(text: str) -> str:
    spelled = text.strip()
    if not spelled.isprintable() or not 1 <= len(spelled) <= _LONGEST:
        raise UnreadableListError("name, source and authority are 1 to 200 characters")
    return spelled
