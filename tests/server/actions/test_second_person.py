"""What is written with a search counts: refused, or shown to a second person first."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import attrs
import pytest
from tests.support.agency import SettableClock, a_fresh_agency
from tests.support.shelf import Shelf
from tests.support.sightings import a_search, person, seen
from tests.support.web import somebody

from charteroak.core.flag import AboutYourself, FlagKind, NoSuchFlag, Outcome
from charteroak.core.hold import NotAllowed, SamePerson
from charteroak.core.hotlist import ListClass
from charteroak.core.log_record import RecordId, RecordKind
from charteroak.core.people import Person, Role
from charteroak.core.read import ReadId
from charteroak.core.screening import Verdict
from charteroak.core.search import Search
from charteroak.core.search_answer import Forbidden, Found, NotShown, Refused, Waits
from charteroak.core.second_person import NotWaiting
from charteroak.server.actions.decide_search import SearchDecided, decide_search
from charteroak.server.actions.load_hotlist import (
    ListFile,
    ListUnreadable,
    Loaded,
    load_hotlist,
)
from charteroak.server.actions.look_at_flag import FlagLookedAt, look_at_flag
from charteroak.server.actions.request_hold import request_hold
from charteroak.server.actions.search_reads import open_approved, search_reads
from charteroak.server.actions.see_oversight import (
    FlagLine,
    count_to_look_at,
    own_waiting,
    see_oversight,
)
from charteroak.server.actions.see_read_picture import Picture, see_read_picture
from charteroak.server.agency import Agency
from charteroak.server.store import audit
from charteroak.server.store.audit import Stored

PLATE = "QX94A7"
WHY = "The case file bears it out"


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def agency(
    agencies: Shelf,
    clock: SettableClock,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Agency]:
    """A new one for each test: they move the clock."""
    folder = tmp_path_factory.mktemp("agency")
    with a_fresh_agency(agencies, clock, folder) as made:
        seen(made, PLATE)
        yield made


def noted(agency: Agency, note: str, *, purpose: str = "robbery") -> Search:
    return attrs.evolve(a_search(agency, PLATE, purpose=purpose), note=note)


def answer(agency: Agency, who: Person, search: Search) -> Found | Refused | Waits:
    return search_reads(agency, who, search).open(agency.covered)


def record(agency: Agency, number: RecordId) -> Stored:
    with agency.database.audits() as tx:
        stored = audit.one(tx, number)
    assert stored is not None
    return stored


def newest(agency: Agency) -> Stored:
    with agency.database.audits() as tx:
        listed = audit.newest(tx, kind=None, before=None, limit=1)
    return record(agency, listed[0].record_id)


def waits(agency: Agency, who: Person, note: str = "rally downtown") -> RecordId:
    asked = answer(agency, who, noted(agency, note))
    assert isinstance(asked, Waits), asked
    return asked.asked


def flags_about(agency: Agency, who: Person) -> list[FlagLine]:
    found = see_oversight(agency, person(Role.SUPERVISOR), looked_at_too=True)
    assert not isinstance(found, NotAllowed)
    return [line for line in found.flags if line.flag.about == who.person_id]


# --------------------------------------------------------------------- what is refused


def test_a_note_that_speaks_of_what_is_banned_is_refused_by_the_law(
    agency: Agency,
) -> None:
    who = person(Role.OFFICER)

    refused = answer(agency, who, noted(agency, f"ICE assist {PLATE}"))

    assert isinstance(refused, Refused)
    assert [rule.rule_id for rule in refused.because] == [
        "CT-no-immigration",
        "CO-note-immigration-agency",
    ]
    assert "26-14" in refused.because[0].statute
    stored = newest(agency)
    assert stored.record.kind is RecordKind.SEARCH_STOPPED
    assert stored.public["note"] == "block"
    assert stored.public["note_rule"] == "CO-note-immigration-agency"
    assert PLATE not in stored.record.entry.decode()
    assert "ICE assist" not in stored.record.entry.decode()
    private = stored.private()
    assert private is not None
    assert private["note"] == f"ICE assist {PLATE}"


def test_a_supervisor_is_told_of_each(agency: Agency) -> None:
    who = person(Role.OFFICER)
    for _ in range(2):
        answer(agency, who, noted(agency, "planned parenthood"))

    kinds = [line.flag.kind for line in flags_about(agency, who)]
    assert kinds == [FlagKind.NOTE_BLOCKED, FlagKind.NOTE_BLOCKED]


def test_nothing_shows_what_a_stopped_search_would_have_found(agency: Agency) -> None:
    who = person(Role.INVESTIGATOR)
    read = seen(agency, PLATE)
    refused = answer(agency, who, noted(agency, "ICE"))
    assert isinstance(refused, Refused)
    waiting = waits(agency, who)

    for number in (refused.asked, waiting):
        shown = see_read_picture(agency, who, number, read.read_id, Picture.PLATE)
        assert isinstance(shown, NotShown)
        held = request_hold(
            agency,
            who,
            asked_id=number,
            read_id=ReadId(read.read_id),
            reason="The car at the pump",
            span=timedelta(days=30),
        )
        assert isinstance(held, NotShown)


@pytest.mark.parametrize("note", ["inv", ".", "investigation", "patrol investigation"])
def test_a_note_that_says_nothing_is_refused_with_a_question(
    agency: Agency, note: str
) -> None:
    refused = answer(agency, person(Role.OFFICER), noted(agency, note))

    assert isinstance(refused, Refused)
    assert refused.note is Verdict.VAGUE
    assert "What crime or person?" in refused.because[0].change
    assert newest(agency).record.kind is RecordKind.SEARCH_STOPPED


@pytest.mark.parametrize("note", ["", "26-13287", "211pc", "robbery at 7-eleven"])
def test_what_says_enough_beside_the_purpose_is_searched(
    agency: Agency, note: str
) -> None:
    found = answer(agency, person(Role.OFFICER), noted(agency, note))

    assert isinstance(found, Found)
    assert found.sightings


def test_a_refusal_by_the_rules_stays_one_whatever_the_note_says(
    agency: Agency,
) -> None:
    refused = answer(
        agency, person(Role.OFFICER), noted(agency, "rally", purpose="immigration")
    )

    assert isinstance(refused, Refused)
    assert refused.because[0].rule_id == "CT-no-immigration"
    assert newest(agency).record.kind is RecordKind.SEARCH_ASKED


# ------------------------------------------------------------------ the second person


def test_a_doubt_waits_and_is_searched_in_the_askers_name_once(
    agency: Agency, clock: SettableClock
) -> None:
    asker = somebody(agency, Role.OFFICER)
    supervisor = somebody(agency, Role.SUPERVISOR)
    asked = waits(agency, asker)
    before = newest(agency)
    assert (before.record.kind, before.public["note"]) == (
        RecordKind.SEARCH_WAITS,
        "review",
    )
    assert isinstance(open_approved(agency, asker, asked), NotWaiting)
    seen_by = see_oversight(agency, supervisor)
    assert not isinstance(seen_by, NotAllowed)
    line = next(each for each in seen_by.waiting if each.waiting.record_id == asked)
    assert line.search is not None
    assert line.search.note == "rally downtown"
    assert line.waiting.asker == asker.name

    decided = decide_search(agency, supervisor, asked, approve=True, reason=WHY)
    assert decided == SearchDecided(approved=True)
    approval = newest(agency)
    assert approval.record.kind is RecordKind.SEARCH_APPROVED
    assert approval.public["asked"] == asked
    clock.advance(timedelta(hours=3))
    opened = open_approved(agency, asker, asked)

    assert not isinstance(opened, NotWaiting)
    found = opened.open(agency.covered)
    assert isinstance(found, Found)
    assert found.sightings
    search = record(agency, found.asked)
    assert search.record.kind is RecordKind.SEARCH_ASKED
    assert search.public["waited"] == asked
    private = search.private()
    assert private is not None
    assert private["person"] == str(asker.person_id)
    assert private["second_person"] == str(supervisor.person_id)
    assert PLATE not in search.record.entry.decode()
    assert isinstance(open_approved(agency, asker, asked), NotWaiting)
    assert own_waiting(agency, asker) == ()


def test_nobody_is_their_own_second_person(agency: Agency) -> None:
    chief = person(Role.SUPERVISOR)
    asked = waits(agency, chief)
    officer = person(Role.OFFICER)

    own = decide_search(agency, chief, asked, approve=True, reason=WHY)
    other = decide_search(agency, officer, asked, approve=True, reason=WHY)

    assert isinstance(own, SamePerson)
    assert isinstance(other, NotAllowed)
    assert isinstance(open_approved(agency, chief, asked), NotWaiting)


def test_what_was_rejected_is_never_searched(agency: Agency) -> None:
    asker, supervisor = person(Role.OFFICER), person(Role.SUPERVISOR)
    asked = waits(agency, asker)

    decide_search(agency, supervisor, asked, approve=False, reason=WHY)

    assert newest(agency).record.kind is RecordKind.SEARCH_REJECTED
    assert isinstance(open_approved(agency, asker, asked), NotWaiting)
    again = decide_search(agency, supervisor, asked, approve=True, reason=WHY)
    assert isinstance(again, NotWaiting)
    assert [each.approved for each in own_waiting(agency, asker)] == [False]


def test_somebody_elses_approved_search_is_not_opened(agency: Agency) -> None:
    asked = waits(agency, person(Role.OFFICER))
    decide_search(agency, person(Role.SUPERVISOR), asked, approve=True, reason=WHY)

    assert isinstance(open_approved(agency, person(Role.OFFICER), asked), NotWaiting)
    assert isinstance(
        open_approved(agency, person(Role.OFFICER), RecordId(999_999)), NotWaiting
    )


def test_neither_a_decision_nor_an_approval_waits_for_more_than_a_day(
    agency: Agency, clock: SettableClock
) -> None:
    asker, supervisor = person(Role.OFFICER), person(Role.SUPERVISOR)
    undecided, approved = waits(agency, asker), waits(agency, asker)
    decide_search(agency, supervisor, approved, approve=True, reason=WHY)

    clock.advance(timedelta(hours=24))

    late = decide_search(agency, supervisor, undecided, approve=True, reason=WHY)
    assert isinstance(late, NotWaiting)
    assert isinstance(open_approved(agency, asker, approved), NotWaiting)


def test_the_rules_decide_again_when_it_is_opened(agency: Agency) -> None:
    asker = person(Role.OFFICER)
    asked = waits(agency, asker)
    decide_search(agency, person(Role.SUPERVISOR), asked, approve=True, reason=WHY)
    moved = attrs.evolve(asker, roles=frozenset({Role.LIST_CLERK}))

    opened = open_approved(agency, moved, asked)

    assert not isinstance(opened, NotWaiting)
    assert isinstance(opened.open(agency.covered), Refused)


# ------------------------------------------------------------------------------- flags


def test_a_flag_is_looked_at_once_and_never_by_whom_it_is_about(
    agency: Agency,
) -> None:
    chief, other = person(Role.SUPERVISOR), person(Role.SUPERVISOR)
    answer(agency, chief, noted(agency, "immigration"))
    flag = flags_about(agency, chief)[0].flag
    waiting = count_to_look_at(agency, other)

    def look(who: Person) -> object:
        return look_at_flag(
            agency, who, flag.flag_id, outcome=Outcome.REFERRED, reason=WHY
        )

    assert isinstance(look(chief), AboutYourself)
    assert isinstance(look(person(Role.OFFICER)), NotAllowed)
    assert isinstance(look(other), FlagLookedAt)
    assert isinstance(look(other), NoSuchFlag)
    stored = newest(agency)
    assert stored.record.kind is RecordKind.FLAG_LOOKED_AT
    assert stored.public == {"flag": "note_blocked", "outcome": "referred"}
    assert count_to_look_at(agency, other) == waiting - 1
    assert count_to_look_at(agency, person(Role.OFFICER)) == 0


# ------------------------------------------------------------ what else is written down


@pytest.mark.parametrize(
    ("reason", "rule"),
    [
        ("The ICE agents asked for it", "CT-no-immigration"),
        ("see the report, see case", "CO-note-says-nothing"),
    ],
)
def test_the_reason_of_a_hold_is_screened(
    agency: Agency, reason: str, rule: str
) -> None:
    who = person(Role.INVESTIGATOR)
    read = seen(agency, f"HZ{uuid4().hex[:4].upper()}")
    search = a_search(agency, read.plate.glyphs)
    found = answer(agency, who, search)
    assert isinstance(found, Found)

    held = request_hold(
        agency,
        who,
        asked_id=found.asked,
        read_id=read.read_id,
        reason=reason,
        span=timedelta(days=30),
    )

    assert isinstance(held, Forbidden)
    assert held.because[0].rule_id == rule
    assert newest(agency).record.kind is RecordKind.HOLD_REQUESTED


def a_list(content: bytes, name: str = "State file") -> ListFile:
    return ListFile(
        name=name,
        list_class=ListClass.VEHICLE,
        source="State Police",
        authority="Conn. Gen. Stat. 29-1c",
        content=content,
    )


def test_rows_of_a_list_that_say_what_is_forbidden_are_left_out(
    agency: Agency,
) -> None:
    clerk = person(Role.LIST_CLERK)
    content = b"plate,reason\nAA111,Stolen vehicle\nBB222,ICE detainer\nCC333,DHS\n"

    loaded = load_hotlist(agency, clerk, a_list(content))

    assert isinstance(loaded, Loaded)
    assert (loaded.entries, loaded.left_out) == (2, 1)
    assert [(error.line, error.column) for error in loaded.errors] == [(3, "reason")]
    # So short a list from elsewhere is looked at for that, too.
    assert {line.flag.kind for line in flags_about(agency, clerk)} == {
        FlagKind.LIST_NOTE,
        FlagKind.LIST_SMALL,
    }


def test_a_list_whose_name_says_it_is_refused_whole(agency: Agency) -> None:
    clerk = person(Role.LIST_CLERK)

    refused = load_hotlist(
        agency, clerk, a_list(b"plate,reason\nAA111,Stolen\n", name="ICE-list")
    )

    assert isinstance(refused, ListUnreadable)
    assert newest(agency).public["flag"] == "list_note"
