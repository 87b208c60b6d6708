"""A plate on a list of the agency's own: one person asks, another approves, it ends."""

import re
from datetime import timedelta

import attrs
import pytest
from tests.support.agency import SettableClock
from tests.support.box import FakeBox, an_account, own_entries_approved
from tests.support.own_entries import (
    HEADER,
    HER_CAR,
    ROBBERY,
    a_file,
    a_plate,
    approved,
    asked,
)
from tests.support.sightings import log_kinds
from tests.support.tables import Tables

from charteroak.core.alert_review import NotAllowed
from charteroak.core.case_file import CaseFile, Cases
from charteroak.core.hold import SamePerson
from charteroak.core.hotlist import digest
from charteroak.core.own_entry import LONGEST, NoSuchEntry, NoSuchWish
from charteroak.core.people import Person, Role
from charteroak.core.plate import MatchKey
from charteroak.core.search import Purpose
from charteroak.core.search_answer import Forbidden
from charteroak.core.second_person import WAITS_FOR
from charteroak.server.actions.ask_entries import (
    TooVague,
    ask_entry,
    ask_list,
)
from charteroak.server.actions.change_person import disable
from charteroak.server.actions.decide_entries import EntriesDecided, decide_entries
from charteroak.server.actions.end_entries import end_entries
from charteroak.server.actions.end_entry import EntryEnded, end_entry
from charteroak.server.actions.make_buckets import make_buckets
from charteroak.server.actions.see_entries import (
    count_waiting_entries,
    see_entries,
    see_waiting_entries,
)
from charteroak.server.actions.tidy_up import tidy_up
from charteroak.server.agency import Agency


@pytest.fixture
def clerk(agency: Agency) -> Person:
    return an_account(agency, Role.LIST_CLERK)


@pytest.fixture
def boss(agency: Agency) -> Person:
    return an_account(agency, Role.SUPERVISOR)


def may_hit(agency: Agency, plate: str) -> bool:
    index, _ = agency.hot_file.look()
    return index.may_hold(digest(agency.keys.hotlist_key, MatchKey(plate)))


def in_tables(tables: Tables, text: str) -> list[str]:
    """Every table that holds a text."""
    names = tables.rows(
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p')"
        " AND relnamespace = current_schema()::regnamespace"
    )
    return [str(name) for (name,) in names if text in tables.text_of(str(name))]


def test_nobody_is_alerted_before_a_second_person_has_approved(
    agency: Agency, box: FakeBox, tables: Tables, clerk: Person, boss: Person
) -> None:
    wish = asked(agency, clerk)

    box.send(box.read(HER_CAR))

    assert tables.count("alerts") == 0
    assert not may_hit(agency, HER_CAR)
    assert tables.count("hotlist_entries") == 0
    (entry,) = tables.public_entries("entry.asked")
    assert (entry["decision"], entry["rules"]) == ("refused", ["CO-entry-approval"])
    assert entry["once_approved"] == "permitted"
    assert HER_CAR not in str(entry)
    assert "26-1234" not in str(entry)

    done = approved(agency, boss, wish)

    assert done == EntriesDecided(approved=True, entries=1)
    assert may_hit(agency, HER_CAR)
    box.send(box.read(HER_CAR))
    assert tables.count("alerts") == 1
    (entry,) = tables.public_entries("entry.approved")
    assert (entry["decision"], entry["rules"]) == ("permitted", ["CO-entry"])
    assert (entry["approval"], entry["asked"]) == ("given", int(wish))
    assert tables.rows(
        "SELECT name, list_class, asked_by, approved_by, purpose"
        " FROM hotlist_entries JOIN hotlists USING (list_id)"
    ) == [("Entered by hand", "local", clerk.person_id, boss.person_id, "robbery")]


def test_what_waits_stands_in_no_table_but_sealed_in_the_log(
    agency: Agency, tables: Tables, clerk: Person
) -> None:
    asked(agency, clerk)

    assert in_tables(tables, HER_CAR) == []
    assert in_tables(tables, "26-1234") == []


def test_nobody_approves_their_own_and_it_is_decided_once(
    agency: Agency, tables: Tables, boss: Person
) -> None:
    both = an_account(agency, Role.LIST_CLERK, Role.SUPERVISOR)
    wish = asked(agency, both)

    own = decide_entries(agency, both, wish, approve=True, reason="")

    assert isinstance(own, SamePerson)
    assert tables.count("hotlist_entries") == 0
    assert count_waiting_entries(agency, both) == 0
    assert count_waiting_entries(agency, boss) == 1
    rejected = decide_entries(
        agency, boss, wish, approve=False, reason="It is nobody's business"
    )
    assert rejected == EntriesDecided(approved=False, entries=0)
    again = decide_entries(agency, boss, wish, approve=True, reason="")
    assert isinstance(again, NoSuchWish)
    assert tables.count("hotlist_entries") == 0
    (entry,) = tables.public_entries("entry.rejected")
    assert (entry["why"], entry["entries"]) == ("second_person", 0)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.LIST_CLERK}))
def test_only_a_list_clerk_asks(agency: Agency, role: Role) -> None:
    who = an_account(agency, role)

    assert isinstance(
        ask_entry(agency, who, a_plate(agency), purpose=ROBBERY), NotAllowed
    )
    assert isinstance(
        ask_list(agency, who, a_file("A1,CT,robbery,,26-1,"), purpose=ROBBERY),
        NotAllowed,
    )


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SUPERVISOR}))
def test_only_a_supervisor_approves(
    agency: Agency, tables: Tables, clerk: Person, role: Role
) -> None:
    wish = asked(agency, clerk)
    who = an_account(agency, role)

    done = decide_entries(agency, who, wish, approve=True, reason="")

    assert isinstance(done, NotAllowed)
    assert tables.count("hotlist_entries") == 0


@pytest.mark.parametrize("purpose", ["harassment", "immigration", "personal_use"])
def test_a_banned_purpose_is_refused_with_its_statute(
    agency: Agency, tables: Tables, clerk: Person, purpose: str
) -> None:
    refused = ask_entry(agency, clerk, a_plate(agency), purpose=Purpose(purpose))

    assert isinstance(refused, Forbidden)
    assert all(rule.statute for rule in refused.because)
    assert "CO-entry-approval" not in [rule.rule_id for rule in refused.because]
    (entry,) = tables.public_entries("entry.asked")
    assert (entry["decision"], entry["once_approved"]) == ("refused", "refused")
    file = a_file("A1,CT,robbery of a shop,,26-1,")
    assert isinstance(
        ask_list(agency, clerk, file, purpose=Purpose(purpose)), Forbidden
    )
    assert tables.count("entry_wishes") == 0


@pytest.mark.parametrize("field", ["reason", "vehicle"])
def test_forbidden_words_are_refused_and_shown_to_a_supervisor(
    agency: Agency, tables: Tables, clerk: Person, field: str
) -> None:
    plain, bad = a_plate(agency), "ICE detainer"
    wanted = (
        attrs.evolve(plain, reason=bad)
        if field == "reason"
        else attrs.evolve(plain, vehicle=bad)
    )

    refused = ask_entry(agency, clerk, wanted, purpose=ROBBERY)

    assert isinstance(refused, Forbidden)
    assert tables.count("entry_wishes") == 0
    assert tables.rows("SELECT kind, about FROM flags") == [
        ("note_blocked", clerk.person_id)
    ]


def test_vague_words_are_asked_about(
    agency: Agency, tables: Tables, clerk: Person
) -> None:
    vague = attrs.evolve(a_plate(agency), reason="inv")

    assert isinstance(ask_entry(agency, clerk, vague, purpose=ROBBERY), TooVague)
    assert tables.count("entry_wishes") == 0
    assert log_kinds(agency) == ["entry.asked"]


def test_what_the_records_say_of_the_case_is_shown_to_who_approves(
    agency: Agency, clerk: Person, boss: Person
) -> None:
    class Records:
        def find(self, case_ref: str) -> CaseFile | None:
            return CaseFile(open=False) if case_ref == "26-00001" else None

    cases = Cases(
        pattern=re.compile(r"\d{2}-\d{5}"), example="26-01234", records=Records()
    )
    here = attrs.evolve(agency, cases=cases)
    for case_ref in ("26-00001", "26-00002"):
        asked(here, clerk, attrs.evolve(a_plate(here), case_ref=case_ref))

    seen = see_waiting_entries(here, boss)

    assert not isinstance(seen, NotAllowed)
    doubts = [line.plates[0].doubts for line in seen.waiting]
    assert [len(each) for each in doubts] == [1, 1]
    assert "closed" in doubts[0][0]
    assert "knows no case" in doubts[1][0]


def test_an_entry_lasts_thirty_days_at_the_most_and_asking_again_renews_it(  # noqa: PLR0913, PLR0917
    agency: Agency,
    agency_clock: SettableClock,
    box: FakeBox,
    tables: Tables,
    clerk: Person,
    boss: Person,
) -> None:
    approved(agency, boss, asked(agency, clerk, a_plate(agency, days=400)))
    agency_clock.advance(timedelta(days=20))

    approved(agency, boss, asked(agency, clerk, a_plate(agency, days=30)))

    ((ends,),) = tables.rows("SELECT expires_at FROM hotlist_entries")
    assert ends == agency_clock() + LONGEST
    agency_clock.advance(LONGEST)
    make_buckets(agency)
    box.send(box.read(HER_CAR))
    assert tables.count("alerts") == 0


def test_what_nobody_decides_in_a_day_is_forgotten(
    agency: Agency,
    agency_clock: SettableClock,
    tables: Tables,
    clerk: Person,
    boss: Person,
) -> None:
    wish = asked(agency, clerk)
    agency_clock.advance(WAITS_FOR)

    late = decide_entries(agency, boss, wish, approve=True, reason="")

    assert isinstance(late, NoSuchWish)
    assert end_entries(agency) == 1
    assert end_entries(agency) == 0
    (entry,) = tables.public_entries("entry.ended")
    assert (entry["why"], entry["asked"]) == ("undecided", int(wish))
    agency_clock.advance(timedelta(days=91))
    tidy_up(agency)
    assert tables.count("entry_wishes") == tables.count("entries_asked") == 0


def test_the_rules_decide_again_about_who_asked_as_they_are_now(
    agency: Agency, tables: Tables, clerk: Person, boss: Person
) -> None:
    wish = asked(agency, clerk)
    admin = an_account(agency, Role.ADMINISTRATOR)
    disable(agency, admin, clerk.person_id)

    refused = decide_entries(agency, boss, wish, approve=True, reason="")

    assert isinstance(refused, Forbidden)
    assert [rule.rule_id for rule in refused.because] == ["CO-list-by-clerk"]
    assert tables.count("hotlist_entries") == 0
    (entry,) = tables.public_entries("entry.rejected")
    assert entry["why"] == "rules"


def test_an_entry_is_ended_before_its_day_by_clerk_or_supervisor(
    agency: Agency, box: FakeBox, tables: Tables, clerk: Person, boss: Person
) -> None:
    for who in (clerk, boss):
        approved(agency, boss, asked(agency, clerk))
        shown = see_entries(agency, who)
        assert not isinstance(shown, NotAllowed)
        (entry,) = shown
        assert (entry.asker, entry.approver) == (clerk.name, boss.name)

        assert isinstance(end_entry(agency, who, entry.entry_id), EntryEnded)

        assert not may_hit(agency, HER_CAR)
        assert tables.count("hotlist_entries") == 0
        assert isinstance(end_entry(agency, who, entry.entry_id), NoSuchEntry)
        officer = an_account(agency, Role.OFFICER)
        assert isinstance(end_entry(agency, officer, entry.entry_id), NotAllowed)
    box.send(box.read(HER_CAR))
    assert tables.count("alerts") == 0
    assert tables.rows("SELECT entries FROM hotlists") == [(0,)]


def test_the_worker_deletes_what_has_ended(
    agency: Agency,
    agency_clock: SettableClock,
    tables: Tables,
    clerk: Person,
    boss: Person,
) -> None:
    approved(agency, boss, asked(agency, clerk))
    other = a_plate(agency, "C3", days=20)
    approved(agency, boss, asked(agency, clerk, other))
    agency_clock.advance(timedelta(days=8))

    assert end_entries(agency) == 1

    assert tables.rows("SELECT plate FROM hotlist_entries") == [("C3",)]
    assert tables.rows("SELECT entries FROM hotlists") == [(1,)]
    assert not may_hit(agency, HER_CAR)
    assert may_hit(agency, "C3")
    assert tables.rows("SELECT what FROM erasures_owed") == [("hotlist_entries",)]
    (entry,) = tables.public_entries("entry.ended")
    assert (entry["why"], entry["entries"]) == ("its_day_has_come", 1)


def test_one_plate_asked_for_again_and_again_is_flagged(
    agency: Agency, agency_clock: SettableClock, tables: Tables, clerk: Person
) -> None:
    for _ in range(3):
        asked(agency, clerk)
        agency_clock.advance(timedelta(days=2))
    assert tables.count("flags") == 0

    asked(agency, clerk)

    assert tables.rows("SELECT kind, times FROM flags") == [("entry_repeated", 4)]


def test_an_entry_of_before_that_nobody_approved_matches_nothing(
    agency: Agency, box: FakeBox, tables: Tables, boss: Person
) -> None:
    own_entries_approved(agency, f"{HEADER}A1,CT,robbery of a shop,,26-1,\n")
    tables.change("UPDATE hotlist_entries SET asked_by = NULL, approved_by = NULL")

    box.send(box.read("A1"))

    assert tables.count("alerts") == 0
    shown = see_entries(agency, boss)
    assert not isinstance(shown, NotAllowed)
    assert [each.approved for each in shown] == [False]
