"""Entries of the agency's own: those in force, and those that wait."""

import attrs

from charteroak.core.alert_review import NotAllowed
from charteroak.core.case_file import CaseStanding, doubt
from charteroak.core.hotlist import EntryId
from charteroak.core.own_entry import (
    EntryWish,
    NoSuchEntry,
    OwnEntry,
    Wished,
    WishedPlate,
)
from charteroak.core.people import Act, Person
from charteroak.core.screening import Verdict, screen
from charteroak.law.screening import note_rules
from charteroak.server.agency import Agency
from charteroak.server.store import audit, entry_wishes, hotlists, own_entries
from charteroak.server.store.database import Changes


@attrs.frozen(kw_only=True, repr=False)
class PlateLine:
    """One plate that waits, with what leaves a doubt about it.

    Attributes:
        doubts: each in a sentence; about its reason, then about its case.
        unchecked: whether the records system did not answer.
        listed: how many entries of the agency's own are in force for it.
    """

    plate: WishedPlate
    doubts: tuple[str, ...]
    unchecked: bool
    listed: int


@attrs.frozen(kw_only=True, repr=False)
class WishLine:
    """A wish with all that its second person must know.

    Attributes:
        wished: None where its record cannot be opened any more.
        replaces: how many plates are on the list that it takes the place of.
        own: whether whoever looks asked it themselves.
    """

    wish: EntryWish
    wished: Wished | None
    plates: tuple[PlateLine, ...]
    replaces: int
    own: bool


@attrs.frozen(kw_only=True, repr=False)
class WaitingEntries:
    """All that waits, and how the latest others came out."""

    waiting: tuple[WishLine, ...]
    done: tuple[EntryWish, ...]


def see_entries(agency: Agency, who: Person) -> tuple[OwnEntry, ...] | NotAllowed:
    """The agency's own entries in force, the one that ends first at the top."""
    if not who.may(Act.SEE_HOTLISTS):
        return NotAllowed(act=Act.SEE_HOTLISTS)
    with agency.database.changes() as tx:
        return tuple(own_entries.in_force(tx, at=agency.clock()))


def see_entry(
    agency: Agency, who: Person, entry_id: EntryId
) -> OwnEntry | NoSuchEntry | NotAllowed:
    """One of them."""
    if not who.may(Act.SEE_HOTLISTS):
        return NotAllowed(act=Act.SEE_HOTLISTS)
    with agency.database.changes() as tx:
        found = own_entries.find(tx, entry_id, at=agency.clock())
    return NoSuchEntry() if found is None else found


def see_waiting_entries(agency: Agency, who: Person) -> WaitingEntries | NotAllowed:
    """What waits for a second person, oldest first."""
    if not who.may(Act.SEE_HOTLISTS):
        return NotAllowed(act=Act.SEE_HOTLISTS)
    now = agency.clock()
    with agency.database.changes() as tx:
        waiting = entry_wishes.undecided(tx, at=now)
        done = entry_wishes.done(tx, at=now)
        listed = own_entries.in_force(tx, at=now)
    with agency.database.audits() as audits:
        asked = [(each, audit.entry_wish(audits, each.asked)) for each in waiting]
    counts: dict[str, int] = {}
    for entry in listed:
        key = entry.plate.match_key
        counts[key] = counts.get(key, 0) + 1
    with agency.database.changes() as tx:
        lines = tuple(_line(tx, each, wished, counts, who) for each, wished in asked)
    return WaitingEntries(waiting=lines, done=tuple(done))


def count_waiting_entries(agency: Agency, who: Person) -> int:
    """How many wishes wait that this person can decide; nothing for most roles."""
    if not who.may(Act.APPROVE_LIST_ENTRY):
        return 0
    with agency.database.changes() as tx:
        return entry_wishes.count(tx, at=agency.clock(), but=who.person_id)


def _line(
    tx: Changes,
    wish: EntryWish,
    wished: Wished | None,
    counts: dict[str, int],
    who: Person,
) -> WishLine:
    known = None
    if wished is not None and not wished.by_hand:
        known = hotlists.named(tx, wished.list_name)
    return WishLine(
        wish=wish,
        wished=wished,
        plates=tuple(_plate(each, counts) for each in wished.plates) if wished else (),
        replaces=0 if known is None else known.entries,
        own=wish.asked_by == who.person_id,
    )


def _plate(plate: WishedPlate, counts: dict[str, int]) -> PlateLine:
    screened = screen(plate.reason, note_rules())
    said = []
    if screened.rule is not None and screened.verdict is not Verdict.OK:
        said.append(screened.rule.why)
    about_case = doubt(plate.case_file)
    if about_case is not None:
        said.append(about_case.plain)
    return PlateLine(
        plate=plate,
        doubts=tuple(said),
        unchecked=plate.case_file is CaseStanding.UNREACHABLE,
        listed=counts.get(plate.plate.match_key, 0),
    )
