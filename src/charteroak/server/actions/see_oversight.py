"""What a supervisor should look at: searches that wait, and flags; an auditor too."""

import attrs

from charteroak.core.case_file import CASE_DOUBTS
from charteroak.core.emergency import Emergency
from charteroak.core.flag import Flag
from charteroak.core.hold import NotAllowed
from charteroak.core.people import Act, Person
from charteroak.core.screening import Screened, screen
from charteroak.core.search import Search
from charteroak.core.second_person import WAITS_FOR, Waiting
from charteroak.law.screening import note_rules
from charteroak.server.agency import Agency
from charteroak.server.store import audit, emergencies, flags, waiting
from charteroak.server.store.database import Audits


@attrs.frozen(kw_only=True, repr=False)
class WaitingLine:
    """A search that waits, with all that its second person must know.

    Attributes:
        search: None where its record cannot be opened any more.
        screened: what the note comes to, and by which words.
        doubt: what leaves the doubt, in a sentence.
        own: whether whoever looks asked it themselves.
    """

    waiting: Waiting
    search: Search | None
    screened: Screened | None
    doubt: str
    own: bool


@attrs.frozen(kw_only=True)
class FlagLine:
    """A flag; `own` where it is about whoever looks, who cannot clear it."""

    flag: Flag
    own: bool


@attrs.frozen(kw_only=True, repr=False)
class Oversight:
    """What there is to look at.

    Attributes:
        decides: whether whoever looks decides about searches; else they see flags alone.
    """

    decides: bool
    waiting: tuple[WaitingLine, ...]
    flags: tuple[FlagLine, ...]
    emergencies: tuple[Emergency, ...]


def see_oversight(
    agency: Agency, who: Person, *, looked_at_too: bool = False
) -> Oversight | NotAllowed:
    """All that waits for a supervisor; with `looked_at_too` what was looked at as well.

    An auditor is shown the flags alone: a search that waits names a plate.
    """
    if not who.may(Act.LOOK_AT_FLAGS):
        return NotAllowed()
    decides = who.may(Act.OVERSEE_SEARCHES)
    now = agency.clock()
    with agency.database.changes() as tx:
        undecided = waiting.undecided(tx, at=now) if decides else []
        raised = flags.newest(tx, looked_at_too=looked_at_too)
        unbound = emergencies.unbound(tx) if decides else []
    with agency.database.audits() as audits:
        lines = tuple(_line(audits, each, who) for each in undecided)
    return Oversight(
        decides=decides,
        waiting=lines,
        flags=tuple(
            FlagLine(flag=each, own=each.about == who.person_id) for each in raised
        ),
        emergencies=tuple(unbound),
    )


def count_to_look_at(agency: Agency, who: Person) -> int:
    """How much waits that this person can decide or look at; nothing for most roles."""
    if not who.may(Act.LOOK_AT_FLAGS):
        return 0
    with agency.database.changes() as tx:
        raised = flags.count(tx, but=who.person_id)
        if not who.may(Act.OVERSEE_SEARCHES):
            return raised
        return raised + waiting.count(tx, at=agency.clock(), but=who.person_id)


def own_waiting(agency: Agency, who: Person) -> tuple[Waiting, ...]:
    """One's own searches of the last two days that wait or can be opened."""
    now = agency.clock()
    with agency.database.changes() as tx:
        asked = waiting.of_person(tx, who.person_id, since=now - 2 * WAITS_FOR)
    return tuple(asked)


def own_emergencies(agency: Agency, who: Person) -> tuple[Emergency, ...]:
    """One's own searches that still need a case."""
    with agency.database.changes() as tx:
        return tuple(emergencies.unbound(tx, person=who.person_id, most=20))


def _line(tx: Audits, each: Waiting, who: Person) -> WaitingLine:
    recorded = audit.waiting_search(tx, each.record_id)
    own = each.asked_by == who.person_id
    if recorded is None:
        return WaitingLine(waiting=each, search=None, screened=None, doubt="", own=own)
    asked, note = recorded
    screened = screen(note, note_rules())
    about_case = CASE_DOUBTS.get(each.note_rule)
    about_note = "" if screened.rule is None else screened.rule.why
    return WaitingLine(
        waiting=each,
        search=attrs.evolve(asked.search, note=note),
        screened=screened,
        doubt=about_note if about_case is None else about_case.plain,
        own=own,
    )
