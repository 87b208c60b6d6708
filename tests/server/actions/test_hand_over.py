"""The council's keys change hands by two signatures, and by nothing that a server does."""

import json
from base64 import b64encode
from datetime import timedelta

import attrs
import psycopg
import pytest
from tests.support.agency import SettableClock
from tests.support.council import (
    ADA,
    CHIEF,
    CLERK,
    DEPUTY,
    MAYA,
    NOAH,
    REASON,
    Member,
    an_order,
    council_file,
    enrolled,
    handed_over,
    holders,
    reborn,
    refused,
    slipped_in,
    suspended,
)
from tests.support.tables import Tables

from charteroak.core.codes import Step
from charteroak.core.council_order import read_order
from charteroak.core.log_record import RecordKind
from charteroak.core.moratorium import Objection
from charteroak.server.actions.recall_council import look_at_council
from charteroak.server.actions.see_council import see_council
from charteroak.server.actions.take_order import Carried, take_order
from charteroak.server.agency import Agency

HOUR = timedelta(hours=1)


def test_two_keys_hand_over_and_whoever_gave_theirs_up_orders_nothing_any_more(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    enrolled(agency)
    agency_clock.advance(HOUR)

    done = handed_over(agency, MAYA, NOAH, to=(NOAH, ADA))

    assert (done.step, set(done.by)) == (Step.HAND_OVER, {MAYA.name, NOAH.name})
    assert holders(agency) == [NOAH.name, ADA.name]
    assert not agency.law.council.suspended
    (public,) = tables.public_entries(RecordKind.COUNCIL_HANDED_OVER)
    assert (public["step"], public["keys"]) == ("hand_over", "two")
    assert public["rules"] == ["CO-hand-over"]
    assert public["to"] == [NOAH.key.key_id, ADA.key.key_id]
    assert public["to_names"] == [NOAH.name, ADA.name]
    # Whoever reads the log can check both signatures without us.
    kept = read_order(str(public["order"]).encode())
    for member, (_key, signature) in zip((MAYA, NOAH), kept.signatures, strict=True):
        member.secret.public_key().verify(signature, kept.order.signed_bytes)

    no = refused(agency, an_order(agency, Step.SUSPEND, MAYA))
    assert no.doubts == (f"The key of {MAYA.name} was handed over and counts no more.",)
    assert [rule.rule_id for rule in no.because] == ["CO-suspend-no-key"]
    assert isinstance(take_order(agency, an_order(agency, Step.SUSPEND, ADA)), Carried)
    no = refused(agency, an_order(agency, Step.RESUME, MAYA, NOAH))
    assert [rule.rule_id for rule in no.because] == ["CO-resume-two-keys"]
    both = an_order(agency, Step.RESUME, NOAH, ADA)
    assert isinstance(take_order(agency, both), Carried)
    seen = see_council(agency)
    since = [seen.stands.counts_since(each) for each in seen.stands.keys]
    assert since == [None, agency.clock()]
    assert seen.enrolled_at == agency.clock() - HOUR
    assert [each.step for each in seen.stands.orders] == [
        Step.HAND_OVER,
        Step.SUSPEND,
        Step.RESUME,
    ]


def test_it_neither_begins_nor_ends_a_moratorium(agency: Agency) -> None:
    suspended(agency)
    since = agency.law.council.suspended_at

    handed_over(agency, NOAH, MAYA, to=(ADA, NOAH))

    assert agency.law.council.suspended_at == since
    assert agency.law.council.reason == REASON
    assert reborn(agency).law.council == agency.law.council
    both = an_order(agency, Step.RESUME, ADA, NOAH)
    assert isinstance(take_order(agency, both), Carried)


@pytest.mark.parametrize(
    ("by", "rule"),
    [
        ((), "CO-suspend-no-key"),
        ((CHIEF, DEPUTY), "CO-suspend-no-key"),
        ((MAYA,), "CO-hand-over-two-keys"),
        ((MAYA, MAYA), "CO-hand-over-two-keys"),
        ((MAYA, ADA), "CO-hand-over-two-keys"),
        ((CHIEF, NOAH), "CO-hand-over-two-keys"),
    ],
)
def test_one_key_cannot_take_the_council_over(
    agency: Agency, tables: Tables, by: tuple[Member, ...], rule: str
) -> None:
    enrolled(agency)
    text = json.loads(an_order(agency, Step.HAND_OVER, *by, to=(ADA, CHIEF)))
    # As if the tool had not left the second of two equal signatures out.
    text["signatures"] += text["signatures"][:1] if by == (MAYA, MAYA) else []
    text["signatures"] = text["signatures"] or [{"key": "0" * 16, "signature": ""}]

    no = refused(agency, json.dumps(text).encode())

    assert [each.rule_id for each in no.because] == [rule]
    assert holders(agency) == [MAYA.name, NOAH.name]
    (public,) = tables.public_entries(RecordKind.SUSPEND_REFUSED)
    assert (public["why"], public["rules"]) == ("rules", [rule])
    assert public["step"] == "hand_over"


@pytest.mark.parametrize("to", [(ADA, ADA), (ADA,), (ADA, MAYA, NOAH, CLERK)])
def test_it_names_two_or_three_different_keys(
    agency: Agency, to: tuple[Member, ...]
) -> None:
    enrolled(agency)

    no = refused(agency, an_order(agency, Step.HAND_OVER, MAYA, NOAH, to=to))

    assert no.objection is Objection.UNFIT_KEYS
    assert holders(agency) == [MAYA.name, NOAH.name]


def test_who_is_named_cannot_be_altered_after_it_was_signed(agency: Agency) -> None:
    enrolled(agency)
    good = json.loads(an_order(agency, Step.HAND_OVER, MAYA, NOAH, to=(NOAH, ADA)))
    for change in (
        {"council_key": CHIEF.key.public_key.hex()},
        {"name": CHIEF.name},
    ):
        altered = {**good, "to": [good["to"][0], good["to"][1] | change]}
        no = refused(agency, json.dumps(altered).encode())
        assert len(no.doubts) == 2
    assert holders(agency) == [MAYA.name, NOAH.name]


def test_a_hand_over_counts_once_and_here(
    agency: Agency, agency_clock: SettableClock
) -> None:
    enrolled(agency)
    first = an_order(agency, Step.HAND_OVER, MAYA, NOAH, to=(NOAH, ADA))
    elsewhere = attrs.evolve(
        agency, settings=agency.settings.model_copy(update={"agency": "elsewhere"})
    )
    foreign = an_order(elsewhere, Step.HAND_OVER, MAYA, NOAH, to=(CHIEF, DEPUTY))
    assert refused(agency, foreign).objection is Objection.OTHER_AGENCY
    assert isinstance(take_order(agency, first), Carried)
    agency_clock.advance(HOUR)
    # Maya is elected again, with the key that she had.
    handed_over(agency, ADA, NOAH, to=(MAYA, NOAH))

    again = refused(agency, first)

    assert again.objection is Objection.CARRIED_OUT
    assert set(again.signed_by) == {MAYA.name, NOAH.name}
    assert holders(agency) == [MAYA.name, NOAH.name]


def test_a_lost_key_is_replaced_with_the_two_others(agency: Agency) -> None:
    enrolled(agency)
    handed_over(agency, MAYA, NOAH, to=(MAYA, NOAH, CLERK))

    # Noah's is lost. The sealed one is opened, and is as good.
    handed_over(agency, MAYA, CLERK, to=(MAYA, ADA, CLERK))

    assert holders(agency) == [MAYA.name, ADA.name, CLERK.name]
    no = refused(agency, an_order(agency, Step.HAND_OVER, MAYA, NOAH, to=(MAYA, NOAH)))
    assert [rule.rule_id for rule in no.because] == ["CO-hand-over-two-keys"]


def test_nobody_who_runs_the_server_adds_a_third_key(agency: Agency) -> None:
    enrolled(agency)

    for slot in (1, 2, 3):
        with agency.database.changes() as tx, pytest.raises(psycopg.Error):
            tx.connection.execute(
                "INSERT INTO council_keys SELECT %s, 'Chief', sha256(public_key), "
                "enrolled_at, record_id FROM council_keys LIMIT 1",
                [slot],
            )


@pytest.mark.parametrize(
    ("by", "name"),
    [((MAYA,), None), ((CHIEF, DEPUTY), None), ((MAYA, NOAH), "elsewhere"), ((), None)],
)
def test_keys_that_somebody_wrote_into_the_database_stop_all_and_count_for_nothing(
    agency: Agency, tables: Tables, by: tuple[Member, ...], name: str | None
) -> None:
    enrolled(agency)
    theirs = attrs.evolve(
        agency,
        settings=agency.settings.model_copy(
            update={"agency": name or agency.settings.agency}
        ),
    )
    row = an_order(theirs, Step.HAND_OVER, *by, to=(CHIEF, DEPUTY))
    slipped_in(tables, 1, "hand_over", row)

    look_at_council(agency)

    for now in (agency, reborn(agency)):
        assert (now.law.council.suspended, now.law.council.doubt) == (True, True)
        assert holders(now) == [MAYA.name, NOAH.name]
        assert refused(now, an_order(now, Step.RESUME, CHIEF, DEPUTY)).because
    both = an_order(agency, Step.RESUME, MAYA, NOAH)
    assert isinstance(take_order(agency, both), Carried)
    assert not reborn(agency).law.council.suspended


@pytest.mark.parametrize("lost", ["council_orders", "council_orders, council_keys"])
def test_an_older_backup_does_not_bring_the_power_of_old_keys_back(
    agency: Agency, agency_clock: SettableClock, tables: Tables, lost: str
) -> None:
    enrolled(agency)
    handed_over(agency, MAYA, NOAH, to=(NOAH, ADA))
    agency_clock.advance(HOUR)
    handed_over(agency, NOAH, ADA, to=(ADA, CLERK, MAYA))
    agency_clock.advance(HOUR)
    take_order(agency, an_order(agency, Step.SUSPEND, CLERK))
    tables.change(f"TRUNCATE {lost}")

    again = reborn(agency)

    assert again.law.council == agency.law.council
    assert not again.law.council.doubt
    assert holders(again) == [ADA.name, CLERK.name, MAYA.name]
    assert refused(again, an_order(again, Step.RESUME, NOAH, MAYA)).because
    told = tables.public_entries(RecordKind.COUNCIL_HANDED_OVER)
    assert [each.get("again") for each in told] == [
        None,
        None,
        *["after a restore"] * 2,
    ]


def test_a_hand_over_that_is_missing_from_the_middle_is_put_back(
    agency: Agency, tables: Tables
) -> None:
    enrolled(agency)
    handed_over(agency, MAYA, NOAH, to=(NOAH, ADA))
    take_order(agency, an_order(agency, Step.SUSPEND, ADA))
    tables.change("DELETE FROM council_orders WHERE number = 1")

    assert reborn(agency).law.council == agency.law.council
    assert tables.count("council_orders") == 2


def test_a_hand_over_whose_place_was_taken_is_a_doubt(
    agency: Agency, tables: Tables
) -> None:
    enrolled(agency)
    suspend = an_order(agency, Step.SUSPEND, MAYA)
    handed_over(agency, MAYA, NOAH, to=(NOAH, ADA))
    tables.change("TRUNCATE council_orders")
    slipped_in(tables, 1, "suspend", suspend)
    slipped_in(tables, 2, "resume", an_order(agency, Step.RESUME, MAYA, NOAH))

    again = reborn(agency)

    assert (again.law.council.suspended, again.law.council.doubt) == (True, True)
    assert len(tables.public_entries(RecordKind.SUSPEND_DOUBTED)) == 1


@pytest.mark.parametrize(
    "attack",
    [
        "DELETE FROM council_orders WHERE number = 1",
        "TRUNCATE council_orders",
        "UPDATE council_orders SET step = 'suspend' WHERE number = 1",
        "UPDATE council_keys SET public_key = sha256(public_key)",
        "TRUNCATE council_keys",
    ],
)
def test_a_running_server_does_not_forget_what_is_changed_in_its_database(
    agency: Agency, tables: Tables, attack: str
) -> None:
    enrolled(agency)
    handed_over(agency, MAYA, NOAH, to=(NOAH, ADA))
    before = agency.law.council
    old = an_order(agency, Step.HAND_OVER, MAYA, NOAH, to=(MAYA, CHIEF), number=1)
    tables.change(attack)

    for order in (old, an_order(agency, Step.SUSPEND, MAYA)):
        assert refused(agency, order).objection is Objection.CHANGED
    assert see_council(agency).stands == before
    look_at_council(agency)

    now = agency.law.council
    assert now == before or now.doubt
    # Where the place of the order was taken by another, nobody knows: it is a doubt.
    assert refused(agency, old).order is not None


def test_keys_that_were_exchanged_in_the_database_never_count(
    agency: Agency, tables: Tables
) -> None:
    enrolled(agency)
    theirs = "\\x" + CHIEF.key.public_key.hex()
    ours = "\\x" + MAYA.key.public_key.hex()
    exchange = "UPDATE council_keys SET public_key = '{}' WHERE slot = 1"
    tables.change(exchange.format(theirs))

    for now in (agency, reborn(agency)):
        look_at_council(now)
        look_at_council(now)
        assert (now.law.council.suspended, now.law.council.doubt) == (True, True)
        assert holders(now) == [MAYA.name, NOAH.name]
        assert see_council(now).stands.keys == (MAYA.key, NOAH.key)
        no = refused(now, an_order(now, Step.RESUME, CHIEF, NOAH))
        assert (no.objection, no.signed_by) == (Objection.CHANGED, (NOAH.name,))
    assert len(tables.public_entries(RecordKind.SUSPEND_DOUBTED)) == 1

    # Whoever runs the server puts back what was there.
    tables.change(exchange.format(ours))
    again = reborn(agency)
    both = an_order(again, Step.RESUME, MAYA, NOAH)
    assert isinstance(take_order(again, both), Carried)
    assert not reborn(agency).law.council.suspended


def test_where_the_key_folder_is_gone_the_hand_over_is_brought_again(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    enrolled(agency)
    order = an_order(agency, Step.HAND_OVER, MAYA, NOAH, to=(NOAH, ADA))
    take_order(agency, order)
    tables.change("TRUNCATE council_orders")
    council_file(agency).unlink()
    agency_clock.advance(timedelta(days=200))

    again = reborn(agency)

    assert again.law.council.doubt
    assert holders(again) == [MAYA.name, NOAH.name]
    # Not even with a suspension does an old key keep the council out.
    assert isinstance(take_order(again, an_order(again, Step.SUSPEND, MAYA)), Carried)
    said = take_order(again, order)
    assert isinstance(said, Carried)
    assert holders(again) == [NOAH.name, ADA.name]
    assert again.law.council.doubt
    assert refused(again, order).objection is Objection.CARRIED_OUT
    assert refused(again, an_order(again, Step.RESUME, MAYA, NOAH)).because
    assert isinstance(
        take_order(again, an_order(again, Step.RESUME, ADA, NOAH)), Carried
    )
    last = reborn(again)
    assert last.law.council == again.law.council
    assert (last.law.council.suspended, last.law.council.doubt) == (False, False)


def test_a_file_that_somebody_else_wrote_names_no_keys(
    agency: Agency, tables: Tables
) -> None:
    enrolled(agency)
    handed_over(agency, MAYA, NOAH, to=(NOAH, ADA))
    forged = json.loads(council_file(agency).read_bytes())
    tables.change("TRUNCATE council_orders")
    theirs = an_order(agency, Step.HAND_OVER, CHIEF, MAYA, to=(CHIEF, MAYA), number=1)
    forged["orders"][0]["text"] = b64encode(theirs).decode()
    council_file(agency).write_text(json.dumps(forged))

    again = reborn(agency)

    assert again.law.council.doubt
    assert holders(again) == [MAYA.name, NOAH.name]
    # The log does not call it a hand-over.
    assert len(tables.public_entries(RecordKind.COUNCIL_HANDED_OVER)) == 1
    assert len(tables.public_entries(RecordKind.SUSPEND_DOUBTED)) == 1


def test_a_file_of_before_there_were_hand_overs_is_read(agency: Agency) -> None:
    suspended(agency)
    kept = json.loads(council_file(agency).read_bytes())
    (kept["last"],) = kept.pop("orders")
    council_file(agency).write_text(json.dumps(kept))

    again = reborn(agency)

    assert again.law.council == agency.law.council
    assert not again.law.council.doubt
