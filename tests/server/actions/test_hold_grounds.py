"""Grounds: what a hold stands on, what is refused, what is kept of its paper."""

import secrets
from collections.abc import Callable
from datetime import date, timedelta

import attrs
import pytest
from tests.support.agency import SettableClock
from tests.support.holds import (
    CASE,
    HOUR,
    INES,
    PDF,
    SAM,
    a_document,
    a_paper,
    a_picture,
    a_span,
    a_wish,
    ask_for,
    asked_for,
)
from tests.support.sightings import a_search, person, seen
from tests.support.tables import Tables

from charteroak.core.codes import Ground
from charteroak.core.hold import HoldState, NoSuchHold, NotAllowed
from charteroak.core.hold_ground import (
    LARGEST_DOCUMENT,
    DocumentKind,
    HoldPaper,
    Party,
    UnusableDocumentError,
    parse_document,
)
from charteroak.core.papers import Issuer, Paper
from charteroak.core.people import Person, Role
from charteroak.core.policy import RuleBook
from charteroak.core.search_answer import Forbidden
from charteroak.law.loader import load_profile
from charteroak.server.actions.approve_hold import HoldKept, SpanBegun, approve_hold
from charteroak.server.actions.end_hold import HoldEnded, end_hold
from charteroak.server.actions.end_holds import end_holds
from charteroak.server.actions.request_hold import HoldRequested, request_hold
from charteroak.server.actions.search_reads import search_reads
from charteroak.server.actions.see_case import CaseSeen, HoldLine, see_case
from charteroak.server.actions.see_hold_document import (
    DocumentGone,
    HoldDocument,
    see_hold_document,
)
from charteroak.server.agency import Agency
from charteroak.server.vault.pictures import Pictures, PicturesUnavailableError


def line(agency: Agency, who: Person = SAM) -> HoldLine:
    found = see_case(agency, who, CASE)
    assert isinstance(found, CaseSeen)
    return found.lines[0]


def ruled_by(agency: Agency, state: str, on: date) -> Agency:
    profile = load_profile(state, on=on)
    return attrs.evolve(agency, profile=profile, rules=RuleBook(sets=(profile.rules,)))


@pytest.mark.parametrize(
    ("title", "issuer", "ground"),
    [
        (Paper.WARRANT, Issuer.JUDGE, Ground.JUDICIAL_WARRANT),
        (Paper.ORDER, Issuer.JUDGE, Ground.COURT_ORDER),
        (Paper.WARRANT, Issuer.AGENCY, Ground.ADMINISTRATIVE_WARRANT),
        (Paper.ORDER, Issuer.AGENCY, Ground.ADMINISTRATIVE_WARRANT),
        (Paper.SUBPOENA, Issuer.JUDGE, Ground.SUBPOENA),
        (Paper.SUBPOENA, Issuer.ATTORNEY, Ground.SUBPOENA),
        (Paper.WARRANT, Issuer.ATTORNEY, Ground.NONE),
        (Paper.ORDER, Issuer.ATTORNEY, Ground.NONE),
    ],
)
def test_a_paper_counts_by_who_issued_it(
    title: Paper, issuer: Issuer, ground: Ground
) -> None:
    assert a_paper(title, issuer).ground is ground


def test_a_hold_stands_on_a_paper_or_on_a_request_and_on_nothing_in_between() -> None:
    bare = {"issued_by": "a", "number": "", "dated": date(2026, 10, 1)}
    for wrong in (
        {},
        {"title": Paper.ORDER},
        {"title": Paper.ORDER, "issuer": Issuer.JUDGE, "party": Party.DEFENCE},
    ):
        with pytest.raises(ValueError, match="paper"):
            HoldPaper(**bare, **wrong)  # type: ignore[arg-type]


def test_a_document_is_known_by_its_bytes_and_not_by_its_name() -> None:
    assert parse_document(PDF).kind is DocumentKind.PDF
    assert parse_document(a_picture()).kind is DocumentKind.PNG
    assert parse_document(b"\xff\xd8\xff\xe0 jpeg").kind is DocumentKind.JPEG
    for wrong in (b"", b"<html>", b"MZ\x90", PDF + bytes(LARGEST_DOCUMENT)):
        with pytest.raises(UnusableDocumentError):
            parse_document(wrong)


@pytest.mark.parametrize("title", [Paper.WARRANT, Paper.ORDER])
def test_what_a_judge_signed_keeps_and_its_document_is_filed(
    agency: Agency, tables: Tables, title: Paper
) -> None:
    seen(agency)
    document = a_document("judge")
    hold_id = asked_for(agency, a_span(agency), paper=a_paper(title), document=document)

    done = approve_hold(agency, SAM, hold_id)

    assert isinstance(done, SpanBegun)
    paper = line(agency).paper
    assert paper is not None
    assert paper.paper == a_paper(title)
    assert paper.sha256 == document.sha256
    (asked,) = tables.public_entries("hold.requested")
    assert asked["document"] == document.sha256
    assert asked["ground"] == a_paper(title).ground.value
    opened = see_hold_document(agency, INES, hold_id)
    assert opened == HoldDocument(content=document.content, kind=DocumentKind.PDF)
    assert tables.public_entries("case.seen")[-1]["document"] == document.sha256
    # Nobody reads in the log, or in a table, who issued it for whom; and no file of
    # the vault has it in the clear.
    assert "Alvarez" not in tables.text_of("log")
    vault = agency.settings.data / "pictures"
    for file in vault.rglob("*"):
        assert not file.is_file() or b"judge" not in file.read_bytes()
    assert see_hold_document(agency, person(Role.OFFICER), hold_id) == NotAllowed()


@pytest.mark.parametrize(
    ("title", "issuer", "rule"),
    [
        (Paper.WARRANT, Issuer.AGENCY, "CO-administrative-warrant"),
        (Paper.SUBPOENA, Issuer.ATTORNEY, "CO-silence-is-no"),
        (Paper.ORDER, Issuer.ATTORNEY, "CO-hold-needs-ground"),
    ],
)
def test_a_paper_that_no_judge_signed_is_refused_with_its_rule(
    agency: Agency, tables: Tables, title: Paper, issuer: Issuer, rule: str
) -> None:
    answer = ask_for(
        agency,
        a_span(agency),
        paper=a_paper(title, issuer),
        document=a_document(),
    )

    assert isinstance(answer, Forbidden)
    assert [each.rule_id for each in answer.because] == [rule]
    (decided,) = tables.public_entries("hold.decided")
    assert (decided["act"], decided["decision"]) == ("hold", "refused")
    assert decided["rules"] == [rule]
    assert tables.count("holds") == tables.count("hold_papers") == 0
    assert agency.keys.holds() == []


def test_a_state_that_keeps_by_order_of_a_court_alone_says_so(agency: Agency) -> None:
    washington = ruled_by(agency, "us_wa", date(2026, 10, 15))

    active = ask_for(washington, a_span(agency))
    subpoena = ask_for(
        washington,
        a_span(agency),
        paper=a_paper(Paper.SUBPOENA, Issuer.ATTORNEY),
        document=a_document(),
    )

    assert isinstance(active, Forbidden)
    assert [each.rule_id for each in active.because] == ["WA-hold-court-only"]
    assert isinstance(subpoena, HoldRequested)


def test_a_state_whose_rule_nobody_has_read_keeps_nothing(agency: Agency) -> None:
    maine = ruled_by(agency, "us_me", date(2026, 10, 15))

    answer = ask_for(maine, a_span(agency), paper=a_paper(), document=a_document())

    assert isinstance(answer, Forbidden)
    assert [each.rule_id for each in answer.because] == ["ME-hold-unread"]


def test_a_law_that_changed_before_the_approval_counts(
    agency: Agency, tables: Tables
) -> None:
    seen(agency)
    hold_id = asked_for(agency, a_span(agency))
    changed = attrs.evolve(
        agency, rules=ruled_by(agency, "us_wa", date(2026, 10, 15)).rules
    )

    answer = approve_hold(changed, SAM, hold_id)

    assert isinstance(answer, Forbidden)
    assert tables.count("held_reads") == 0
    assert line(agency).state is HoldState.REQUESTED


@pytest.mark.parametrize("party", Party)
def test_a_request_to_preserve_needs_a_supervisor_and_no_document(
    agency: Agency, tables: Tables, party: Party
) -> None:
    seen(agency)
    hold_id = asked_for(agency, a_span(agency), paper=a_wish(party))

    done = approve_hold(agency, SAM, hold_id)

    assert isinstance(done, SpanBegun)
    assert tables.public_entries("hold.decided")[0]["ground"] == "preservation"
    assert see_hold_document(agency, SAM, hold_id) == DocumentGone()


def test_what_is_kept_for_others_is_ended_by_a_supervisor_alone(
    agency: Agency,
) -> None:
    seen(agency)
    hold_id = asked_for(agency, a_span(agency), paper=a_wish())
    approve_hold(agency, SAM, hold_id)

    assert not line(agency, INES).may_end
    assert end_hold(agency, INES, hold_id, named=CASE) == NotAllowed()
    assert line(agency, SAM).may_end
    assert isinstance(end_hold(agency, SAM, hold_id, named=CASE), HoldEnded)


def test_the_document_goes_with_the_hold(
    agency: Agency, agency_clock: SettableClock
) -> None:
    hold_id = asked_for(agency, a_span(agency), paper=a_paper(), document=a_document())
    assert agency.keys.holds() == [hold_id]

    agency_clock.advance(timedelta(days=90))  # nobody ever approved it
    assert see_hold_document(agency, SAM, hold_id) == DocumentGone()
    end_holds(agency)

    assert agency.keys.holds() == agency.pictures.holds() == []


def test_one_read_is_held_on_a_warrant_too(agency: Agency, tables: Tables) -> None:
    read = seen(agency)
    asked = search_reads(agency, INES, a_search(agency)).until.record_id
    answer = request_hold(
        agency,
        INES,
        asked_id=asked,
        read_id=read.read_id,
        reason="the car at the pump",
        span=timedelta(days=30),
        paper=a_paper(Paper.WARRANT),
        document=parse_document(a_picture()),
    )
    assert isinstance(answer, HoldRequested)

    assert isinstance(approve_hold(agency, SAM, answer.hold_id), HoldKept)

    assert line(agency).hold.ground is Ground.JUDICIAL_WARRANT
    assert tables.count("held_reads") == 1


def failing(on: int) -> Callable[[int], bytes]:
    calls = 0

    def entropy(size: int) -> bytes:
        nonlocal calls
        calls += 1
        if calls >= on:
            raise PicturesUnavailableError("the disk stands still")
        return secrets.token_bytes(size)

    return entropy


def test_a_hold_whose_document_was_not_filed_was_never_asked_for(
    agency: Agency, tables: Tables
) -> None:
    folder = agency.settings.data / "pictures"
    broken = attrs.evolve(
        agency, pictures=Pictures(folder, keys=agency.keys, entropy=failing(1))
    )
    with pytest.raises(PicturesUnavailableError):
        ask_for(broken, a_span(agency), paper=a_paper(), document=a_document())

    assert tables.public_entries("hold.ended") == [{"why": "not_filed"}]
    assert line(agency).state is HoldState.ENDED


def test_a_hold_that_broke_off_before_its_document_cannot_be_approved(
    agency: Agency, tables: Tables
) -> None:
    hold_id = asked_for(agency, a_span(agency), paper=a_paper(), document=a_document())
    # As after a power cut between the two transactions.
    tables.change("UPDATE holds SET unfinished = true")

    assert approve_hold(agency, SAM, hold_id) == NoSuchHold()
    assert line(agency).state is HoldState.UNFINISHED
    assert isinstance(end_hold(agency, INES, hold_id, named=""), HoldEnded)


def test_a_read_that_becomes_due_before_the_approval_is_gone(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    read = seen(agency, ago=HOUR)
    asked = search_reads(agency, INES, a_search(agency)).until.record_id
    answer = request_hold(
        agency,
        INES,
        asked_id=asked,
        read_id=read.read_id,
        reason="the car at the pump",
        span=timedelta(days=90),
    )
    assert isinstance(answer, HoldRequested)
    agency_clock.advance(agency.retention.limit)  # due, and no purge came yet
    assert tables.count("reads") == 1

    done = approve_hold(agency, SAM, answer.hold_id)

    assert type(done).__name__ == "ReadGone"
    assert tables.count("held_reads") == 0
    assert tables.public_entries("hold.ended") == [{"why": "read_gone"}]


def test_a_paper_of_a_court_comes_with_its_document(
    agency: Agency, tables: Tables
) -> None:
    with pytest.raises(UnusableDocumentError):
        ask_for(agency, a_span(agency), paper=a_paper())

    assert tables.count("holds") == 0
