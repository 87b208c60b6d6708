"""Agencies, their declarations and the switch: what changes while a request waits."""

import hashlib
from datetime import timedelta

import attrs
from tests.support.a_partner import (
    SCAN,
    answered,
    asked_by,
    declare,
    entered,
    letter_of,
    partner,
    refused,
)
from tests.support.agency import SettableClock
from tests.support.sightings import a_read, log_kinds, person, seen, taken
from tests.support.tables import Tables
from typing_extensions import override

from charteroak.core.codes import AgencyKind, Declared
from charteroak.core.disclosure import NoSuchDisclosure, Stage, Why
from charteroak.core.hold import NotAllowed
from charteroak.core.papers import Pledge
from charteroak.core.partner import NoSuchDeclaration
from charteroak.core.people import Role
from charteroak.server.actions.ask_disclosure import ask_disclosure
from charteroak.server.actions.decide_disclosure import decide_disclosure
from charteroak.server.actions.pause_partner import PartnerPaused, pause_partner
from charteroak.server.actions.register_partner import PartnerKnown, register_partner
from charteroak.server.actions.release_disclosure import release_disclosure
from charteroak.server.actions.see_disclosures import see_disclosures
from charteroak.server.actions.see_paper import PaperDamaged, see_paper
from charteroak.server.actions.see_partners import see_partners
from charteroak.server.actions.withdraw_declaration import withdraw_declaration
from charteroak.server.agency import Agency
from charteroak.server.vault.pictures import Pictures

CLERK, SUPERVISOR = person(Role.LIST_CLERK), person(Role.SUPERVISOR)
PLATE = "BK47193"
WHY = "The warrant names this car"


# ------------------------------------------------------- what changes during a request


def test_a_declaration_that_ends_after_the_approval_gives_nothing(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    seen(agency, PLATE)
    yonkers = partner(agency, "Yonkers Police", "NY")
    declare(agency, yonkers, ends_in=timedelta(hours=2))
    number = entered(agency, asked_by(agency, yonkers, plate=PLATE))
    decide_disclosure(agency, SUPERVISOR, number, approve=True, reason=WHY)
    agency_clock.advance(timedelta(hours=2))

    refusal = refused(release_disclosure(agency, SUPERVISOR, number))

    assert [each.rule_id for each in refusal.because] == ["CT-no-declaration"]
    assert "disclosure.answered" not in log_kinds(agency)
    assert tables.public_entries("disclosure.approved")[0]["declaration"] == "valid"
    last = tables.public_entries("disclosure.released")[0]
    assert (last["declaration"], last["decision"]) == ("expired", "refused")
    assert "declaration" in letter_of(agency, number)
    assert release_disclosure(agency, SUPERVISOR, number) == NoSuchDisclosure()


def test_a_declaration_that_ends_before_the_approval_is_not_approved(
    agency: Agency, agency_clock: SettableClock
) -> None:
    yonkers = partner(agency, "Yonkers Police", "NY")
    declare(agency, yonkers, ends_in=timedelta(hours=2))
    number = entered(agency, asked_by(agency, yonkers, plate=PLATE))
    agency_clock.advance(timedelta(hours=2))

    refusal = refused(
        decide_disclosure(agency, SUPERVISOR, number, approve=True, reason=WHY)
    )

    assert refusal.why is Why.RULES


def test_a_withdrawn_declaration_is_worth_nothing_and_stays_withdrawn(
    agency: Agency,
) -> None:
    yonkers = partner(agency, "Yonkers Police", "NY")
    given = declare(agency, yonkers)
    number = entered(agency, asked_by(agency, yonkers, plate=PLATE))
    assert see_partners(agency)[0].declared is Declared.VALID

    withdraw_declaration(agency, CLERK, given, reason="They wrote to us")

    assert see_partners(agency)[0].declared is Declared.EXPIRED
    refused(decide_disclosure(agency, SUPERVISOR, number, approve=True, reason=WHY))
    again = withdraw_declaration(agency, CLERK, given, reason="They wrote to us")
    assert again == NoSuchDeclaration()


def test_two_of_three_pledges_are_no_declaration(agency: Agency) -> None:
    yonkers = partner(agency, "Yonkers Police", "NY")
    for missing in Pledge:
        declare(agency, yonkers, pledges=frozenset(Pledge) - {missing})

    refused(ask_disclosure(agency, CLERK, asked_by(agency, yonkers, plate=PLATE)))


def test_a_paused_agency_gets_nothing(agency: Agency) -> None:
    seen(agency, PLATE)
    here = partner(agency, "Hartford Police", "CT")
    waiting = entered(agency, asked_by(agency, here, plate=PLATE))
    approved = entered(agency, asked_by(agency, here, plate=PLATE))
    decide_disclosure(agency, SUPERVISOR, approved, approve=True, reason=WHY)

    assert pause_partner(
        agency, CLERK, here.partner_id, paused=True, reason="Found in the press"
    ) == PartnerPaused(paused=True)

    for answer in (
        ask_disclosure(agency, CLERK, asked_by(agency, here, plate=PLATE)),
        decide_disclosure(agency, SUPERVISOR, waiting, approve=True, reason=WHY),
        release_disclosure(agency, SUPERVISOR, approved),
    ):
        refusal = refused(answer)
        assert refusal.why is Why.PAUSED
        assert refusal.because[0].rule_id == "CO-partner-paused"
    assert "disclosure.answered" not in log_kinds(agency)
    assert "partner.paused" in log_kinds(agency)
    may_not = pause_partner(
        agency, CLERK, here.partner_id, paused=False, reason="All is well now"
    )
    assert may_not == NotAllowed()
    pause_partner(
        agency, SUPERVISOR, here.partner_id, paused=False, reason="All is well now"
    )
    entered(agency, asked_by(agency, here, plate=PLATE))


def test_one_agency_stands_in_the_register_once(agency: Agency) -> None:
    partner(agency, "Springfield Police", "MA")

    again = register_partner(
        agency,
        CLERK,
        name="Springfield Police",
        kind=AgencyKind.MUNICIPAL_POLICE,
        jurisdiction="MA",
    )
    partner(agency, "Springfield Police", "VT")

    assert again == PartnerKnown()
    assert [each.partner.jurisdiction for each in see_partners(agency)] == ["MA", "VT"]


def test_a_kept_paper_is_sealed_hashed_and_told_of_when_opened(
    agency: Agency, tables: Tables
) -> None:
    yonkers = partner(agency, "Yonkers Police", "NY")
    declare(agency, yonkers)
    given = see_partners(agency)[0].declarations[0]

    paper = see_paper(agency, SUPERVISOR, given.paper_id)

    assert getattr(paper, "content", None) == SCAN.content
    recorded = tables.public_entries("declaration.registered")[0]
    assert recorded["paper_sha256"] == hashlib.sha256(SCAN.content).hexdigest()
    assert SCAN.content.decode() not in tables.text_of("papers")
    assert log_kinds(agency)[-1] == "paper.opened"
    tables.change("UPDATE papers SET sealed = sealed || 'x'")
    assert see_paper(agency, SUPERVISOR, given.paper_id) == PaperDamaged()


def test_what_was_answered_and_is_refused_later_stays_answered(
    agency: Agency,
) -> None:
    here = partner(agency, "Hartford Police", "CT")
    number = entered(agency, asked_by(agency, here, plate=PLATE))
    decide_disclosure(agency, SUPERVISOR, number, approve=True, reason=WHY)
    answered(release_disclosure(agency, SUPERVISOR, number), agency)
    pause_partner(agency, CLERK, here.partner_id, paused=True, reason="In the press")

    refusal = refused(release_disclosure(agency, SUPERVISOR, number))

    assert not refusal.letter
    assert log_kinds(agency)[-1] == "disclosure.refused"
    shown = see_disclosures(agency, SUPERVISOR, closed_too=True)
    assert not isinstance(shown, NotAllowed)
    assert shown[0].stage is Stage.ANSWERED


def test_a_switch_that_is_turned_while_the_package_is_made_stops_it(
    agency: Agency,
) -> None:
    taken(agency, a_read(agency, PLATE), pictures=(b"plate", b"car"))
    here = partner(agency, "Hartford Police", "CT")
    number = entered(agency, asked_by(agency, here, plate=PLATE))
    decide_disclosure(agency, SUPERVISOR, number, approve=True, reason=WHY)
    reason = "Found in the press"

    class Slow(Pictures):
        @override
        def fetch(self, ref: str) -> bytes:
            pause_partner(agency, CLERK, here.partner_id, paused=True, reason=reason)
            return agency.pictures.fetch(ref)

    folder = agency.settings.data / "pictures"
    slow = Slow(folder, keys=agency.keys, entropy=agency.entropy)
    refusal = refused(
        release_disclosure(attrs.evolve(agency, pictures=slow), SUPERVISOR, number)
    )

    assert refusal.why is Why.PAUSED
    assert "disclosure.answered" not in log_kinds(agency)
