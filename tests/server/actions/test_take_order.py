"""A council's order: one key stops all, both start it again, and nothing else does."""

import json
from datetime import timedelta
from pathlib import Path

import attrs
import psycopg
import pytest
from tests.support.agency import SettableClock
from tests.support.box import FakeBox, wanted
from tests.support.council import (
    MAYA,
    NOAH,
    Member,
    an_order,
    enrolled,
    reborn,
    refused,
    suspended,
)
from tests.support.sightings import a_search, seen
from tests.support.tables import Tables
from tests.support.web import somebody

from charteroak.core.codes import Step
from charteroak.core.council_order import key_text, read_key, read_order
from charteroak.core.log_record import RecordKind
from charteroak.core.moratorium import Objection
from charteroak.core.people import Role
from charteroak.core.search_answer import Found, Refused
from charteroak.server.actions.enrol_council import (
    CouncilEnrolledError,
    TwoKeysError,
    enrol_council,
)
from charteroak.server.actions.load_hotlist import rebuild_hot_file
from charteroak.server.actions.purge_reads import purge_reads
from charteroak.server.actions.recall_council import look_at_council
from charteroak.server.actions.search_reads import search_reads
from charteroak.server.actions.take_order import (
    MOST_REFUSED,
    Carried,
    NotCarried,
    TooMany,
    take_order,
)
from charteroak.server.agency import Agency
from charteroak.server.law_in_force import LawInForce, adopt
from charteroak.server.settings import Settings

STRANGER = Member(name="Chief of Police")
SEARCHES_ALONE = """
@id("OWN-searches")
@statute("Town policy 1")
@plain("Searches are for the law to decide.")
@confidence("high")
@review("no lawyer yet")
@change("")
permit (principal, action == Action::"search_reads", resource);
"""
ALL_BUT_FOR_THE_COUNCIL = """
@id("OWN-all")
@statute("Contract 1")
@plain("Everything is for the law to decide.")
@confidence("high")
@review("no lawyer yet")
@change("")
permit (principal, action, resource);

@id("OWN-any-key")
@statute("Contract 2")
@plain("Nobody stops the cameras with one key.")
@confidence("high")
@review("no lawyer yet")
@change("")
forbid (principal, action == Action::"suspend", resource)
when { context.step == Step::"suspend" };
"""


def carried(agency: Agency, order: bytes) -> Carried:
    answer = take_order(agency, order)
    assert isinstance(answer, Carried)
    return answer


def searched(agency: Agency) -> Found | Refused:
    now = agency.in_force()
    who = somebody(agency, Role.INVESTIGATOR)
    answer = search_reads(now, who, a_search(agency)).open(now.covered)
    assert isinstance(answer, Found | Refused)
    return answer


def test_one_key_suspends_and_every_search_is_refused_by_the_councils_rule(
    agency: Agency, tables: Tables
) -> None:
    seen(agency)
    suspended(agency)

    answer = searched(agency)

    assert isinstance(answer, Refused)
    assert [rule.rule_id for rule in answer.because] == ["MO-no-search"]
    assert agency.law.council.suspended_at == agency.clock()
    (public,) = tables.public_entries(RecordKind.SUSPEND_ORDERED)
    assert (public["step"], public["keys"]) == ("suspend", "one")
    assert public["rules"] == ["CO-suspend"]
    assert public["signed_by"] == [MAYA.key.key_id]
    # Whoever reads the log can check the signature without us.
    kept = read_order(str(public["order"]).encode())
    MAYA.secret.public_key().verify(kept.signatures[0][1], kept.order.signed_bytes)


def test_one_key_does_not_resume_and_both_do(agency: Agency, tables: Tables) -> None:
    seen(agency)
    suspended(agency)

    no = refused(agency, an_order(agency, Step.RESUME, NOAH))

    assert [rule.rule_id for rule in no.because] == ["CO-resume-two-keys"]
    assert no.signed_by == (NOAH.name,)
    assert agency.law.council.suspended
    (public,) = tables.public_entries(RecordKind.SUSPEND_REFUSED)
    assert public["rules"] == ["CO-resume-two-keys"]

    done = carried(agency, an_order(agency, Step.RESUME, NOAH, MAYA))

    assert set(done.by) == {MAYA.name, NOAH.name}
    assert done.stands == agency.law.council
    assert done.stands.suspended_at is None
    assert isinstance(searched(agency), Found)
    assert len(tables.public_entries(RecordKind.SUSPEND_ENDED)) == 1


def test_neither_policy_nor_contract_takes_the_keys_or_gives_them(
    agency: Agency, tmp_path: Path, tables: Tables
) -> None:
    files = {name: tmp_path / f"{name}.cedar" for name in ("policy", "contract")}
    # One is silent about the council, the other is against it.
    files["policy"].write_text(SEARCHES_ALONE)
    files["contract"].write_text(ALL_BUT_FOR_THE_COUNCIL)
    named = {name: str(file) for name, file in files.items()}
    settings = Settings.model_validate(
        {**agency.settings.model_dump(exclude_unset=True), **named}
    )
    adopted = adopt(settings, on=agency.clock().date())
    town = attrs.evolve(agency, settings=settings, law=LawInForce(adopted=adopted))
    enrolled(town)

    carried(town.in_force(), an_order(town, Step.SUSPEND, MAYA))

    assert refused(town.in_force(), an_order(town, Step.RESUME, NOAH)).because
    carried(town.in_force(), an_order(town, Step.RESUME, NOAH, MAYA))
    assert not town.in_force().council.suspended
    (public,) = tables.public_entries(RecordKind.SUSPEND_ENDED)
    assert public["rules"] == ["CO-resume"]
    assert public["policy"] == adopted.profile.rules.fingerprint


def test_a_purge_goes_on_and_the_log_is_written(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    seen(agency)
    suspended(agency)
    agency_clock.advance(timedelta(days=23))

    purged = purge_reads(agency.in_force())

    assert purged.buckets
    assert tables.count("reads") == 0
    assert "bucket.purged" in tables.log_kinds()


@pytest.mark.parametrize("members", [(NOAH, NOAH), (STRANGER, NOAH), (STRANGER,), ()])
def test_two_signatures_are_not_two_keys(
    agency: Agency, members: tuple[Member, ...]
) -> None:
    suspended(agency)
    text = json.loads(an_order(agency, Step.RESUME, *members))
    # As if the tool had not left the second of two equal signatures out.
    text["signatures"] += text["signatures"][:1] if members[:2] == (NOAH, NOAH) else []

    answer = take_order(agency, json.dumps(text).encode())

    assert isinstance(answer, NotCarried)
    assert agency.law.council.suspended


def test_a_signature_of_another_order_does_not_fit(agency: Agency) -> None:
    suspended(agency)
    resume = json.loads(an_order(agency, Step.RESUME, NOAH))
    suspend = json.loads(an_order(agency, Step.SUSPEND, MAYA))
    resume["signatures"] += suspend["signatures"]

    no = refused(agency, json.dumps(resume).encode())

    assert no.doubts == (f"The signature of {MAYA.name} does not fit this order.",)
    assert no.signed_by == (NOAH.name,)


@pytest.mark.parametrize("field", ["reason", "issued_at", "number", "agency", "step"])
def test_an_order_that_was_altered_after_it_was_signed_is_none(
    agency: Agency, field: str
) -> None:
    suspended(agency)
    text = json.loads(an_order(agency, Step.RESUME, MAYA, NOAH))
    text[field] = {
        "reason": "Nothing.",
        "issued_at": "2026-10-15T12:00:01+00:00",
        "number": 2 + 1,
        "agency": "elsewhere",
        "step": "suspend",
    }[field]

    no = refused(agency, json.dumps(text).encode())

    assert len(no.doubts) == 2
    assert agency.law.council.suspended


def test_an_order_is_carried_out_once(
    agency: Agency, agency_clock: SettableClock
) -> None:
    enrolled(agency)
    suspend = an_order(agency, Step.SUSPEND, MAYA)
    carried(agency, suspend)
    resume = an_order(agency, Step.RESUME, MAYA, NOAH)
    carried(agency, resume)

    assert refused(agency, suspend).objection is Objection.CARRIED_OUT
    agency_clock.advance(timedelta(minutes=1))
    carried(agency, an_order(agency, Step.SUSPEND, NOAH))
    assert refused(agency, resume).objection is Objection.CARRIED_OUT
    assert agency.law.council.suspended


def test_what_does_not_belong_here_is_said(
    agency: Agency, agency_clock: SettableClock
) -> None:
    no_council = refused(agency, an_order(agency, Step.SUSPEND, MAYA))
    assert no_council.objection is Objection.NO_COUNCIL
    enrolled(agency)
    now = agency.clock()

    def said(step: Step = Step.SUSPEND, **more: object) -> Objection | None:
        order = an_order(agency, step, MAYA, NOAH, **more)  # type: ignore[arg-type]
        return refused(agency, order).objection

    assert said(number=7) is Objection.AHEAD
    assert said(at=now - timedelta(days=31)) is Objection.OLD
    assert said(at=now + timedelta(hours=1)) is Objection.FUTURE
    assert said(Step.RESUME) is Objection.NOT_SUSPENDED
    other = attrs.evolve(
        agency, settings=agency.settings.model_copy(update={"agency": "elsewhere"})
    )
    foreign = an_order(other, Step.SUSPEND, MAYA)
    assert refused(agency, foreign).objection is Objection.OTHER_AGENCY
    carried(agency, an_order(agency, Step.SUSPEND, MAYA))
    agency_clock.advance(timedelta(hours=1))
    older = an_order(agency, Step.RESUME, MAYA, NOAH, at=now - timedelta(hours=2))
    assert refused(agency, older).objection is Objection.OLDER_THAN_LAST


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"\xff\xfe", b"[1]", b'{"order": 1}', b"x" * 20_000]
)
def test_what_is_no_order_is_refused_and_recorded(
    agency: Agency, tables: Tables, text: bytes
) -> None:
    enrolled(agency)

    assert refused(agency, text).order is None
    (public,) = tables.public_entries(RecordKind.SUSPEND_REFUSED)
    assert public == {"why": "unreadable"}


def test_nobody_can_fill_the_log_or_keep_the_council_out(
    agency: Agency, tables: Tables
) -> None:
    enrolled(agency)
    for _ in range(MOST_REFUSED):
        take_order(agency, b"nonsense")
    forged = an_order(agency, Step.SUSPEND, STRANGER)

    assert isinstance(take_order(agency, b"nonsense"), TooMany)
    assert isinstance(take_order(agency, forged), TooMany)
    suspend = an_order(agency, Step.SUSPEND, MAYA)
    carried(agency, suspend)
    # Orders stand in the log for everybody to read, and to bring again.
    for _ in range(MOST_REFUSED):
        assert not refused(agency, suspend).recorded
    assert len(tables.public_entries(RecordKind.SUSPEND_REFUSED)) == MOST_REFUSED


def test_keys_are_enrolled_once_and_are_two(agency: Agency, tables: Tables) -> None:
    alike = attrs.evolve(MAYA.key, name="Somebody else")
    for keys in [(MAYA.key,), (MAYA.key, MAYA.key), (MAYA.key, alike)]:
        with pytest.raises(TwoKeysError):
            enrol_council(agency, keys)
    enrolled(agency)

    with pytest.raises(CouncilEnrolledError):
        enrol_council(agency, (STRANGER.key, NOAH.key))

    (public,) = tables.public_entries(RecordKind.COUNCIL_ENROLLED)
    assert public["keys"] == [MAYA.key.key_id, NOAH.key.key_id]
    assert read_key(key_text(MAYA.key)) == MAYA.key


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE council_keys SET public_key = public_key",
        "DELETE FROM council_keys",
        "DELETE FROM council_orders",
        "UPDATE council_orders SET step = 'resume'",
        """INSERT INTO council_keys
           SELECT 3, name, sha256(public_key), enrolled_at, record_id
             FROM council_keys LIMIT 1""",
    ],
)
def test_the_server_cannot_change_keys_or_orders(agency: Agency, attack: str) -> None:
    suspended(agency)

    with agency.database.changes() as tx, pytest.raises(psycopg.Error):
        tx.connection.execute(attack.encode())


def test_an_end_that_somebody_wrote_into_the_database_ends_nothing(
    agency: Agency, tables: Tables
) -> None:
    suspended(agency)
    tables.change(
        "INSERT INTO council_orders SELECT 2, 'resume', taken_at, 'Never mind.', "
        "content, record_id FROM council_orders"
    )

    look_at_council(agency)

    assert agency.law.council.suspended
    assert agency.law.council.doubt


def test_it_survives_a_restart_and_another_process_sees_it(agency: Agency) -> None:
    other = attrs.evolve(agency, law=LawInForce())
    suspended(agency)
    assert other.in_force().council.suspended_at is None

    look_at_council(other)

    assert other.law.council.suspended
    again = reborn(agency).in_force()
    assert again.council == agency.law.council
    assert again.rules.rule("MO-no-search") is not None


def test_the_first_read_after_the_end_is_matched(
    agency: Agency, agency_clock: SettableClock, box: FakeBox, tables: Tables
) -> None:
    wanted(agency, "QX9A42")
    suspended(agency)
    during = agency.in_force()
    # The lists alert nobody meanwhile, so the worker empties the matcher's file.
    assert rebuild_hot_file(during) == 0
    quiet = attrs.evolve(box, agency=during)
    assert quiet.send(quiet.read("QX9A42")).not_kept == 1

    carried(during, an_order(agency, Step.RESUME, MAYA, NOAH))

    awake = attrs.evolve(box, agency=agency.in_force(), sequence=9)
    agency_clock.advance(timedelta(minutes=1))
    assert awake.send(awake.read("QX9A42")).kept == 1
    assert tables.count("alerts") == 1


def test_what_was_captured_meanwhile_is_not_kept_later(
    agency: Agency, agency_clock: SettableClock, box: FakeBox, tables: Tables
) -> None:
    agency_clock.advance(timedelta(minutes=5))
    suspended(agency)
    agency_clock.advance(timedelta(minutes=5))
    carried(agency, an_order(agency, Step.RESUME, MAYA, NOAH))
    agency_clock.advance(timedelta(minutes=5))
    late = attrs.evolve(box, agency=agency.in_force())
    minutes = [1, 6, 9, 11, 14]

    answer = late.send(
        *(late.read(f"AB{ago}", ago=timedelta(minutes=ago)) for ago in minutes)
    )

    assert (answer.kept, answer.not_kept) == (3, 2)
    assert tables.count("reads") == 3


def test_who_looked_before_an_order_does_not_undo_it(agency: Agency) -> None:
    enrolled(agency)
    seen_before = agency.law.council
    carried(agency, an_order(agency, Step.SUSPEND, MAYA))

    agency.law.stands(seen_before)

    assert agency.law.council.suspended


def emptied(tables: Tables, *which: str) -> None:
    """As if a backup from before had been restored."""
    for table in which:
        tables.change(f"TRUNCATE {table}")


def council_file(agency: Agency) -> Path:
    return agency.keys.folder / "council.json"


def test_a_restored_backup_does_not_end_a_moratorium(
    agency: Agency, tables: Tables
) -> None:
    suspended(agency)
    emptied(tables, "council_orders")

    again = reborn(agency)

    assert again.law.council == agency.law.council
    assert tables.public_entries(RecordKind.SUSPEND_ORDERED)[-1]["again"]


def test_a_backup_from_before_the_ceremony_does_not_forget_the_council(
    agency: Agency, tables: Tables
) -> None:
    suspended(agency)
    emptied(tables, "council_orders", "council_keys")

    assert reborn(agency).law.council == agency.law.council


def test_an_end_that_came_after_the_backup_counts_too(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    suspended(agency)
    agency_clock.advance(timedelta(hours=1))
    carried(agency, an_order(agency, Step.RESUME, MAYA, NOAH))
    tables.change("DELETE FROM council_orders WHERE number = 2")

    assert not reborn(agency).law.council.suspended


@pytest.mark.parametrize("content", [None, b"", b"{}", b"not JSON"])
def test_where_nobody_knows_what_was_ordered_last_all_stands_still(
    agency: Agency,
    agency_clock: SettableClock,
    tables: Tables,
    content: bytes | None,
) -> None:
    enrolled(agency)
    stolen = an_order(agency, Step.RESUME, MAYA, NOAH, number=2)
    agency_clock.advance(timedelta(hours=1))
    council_file(agency).unlink()
    if content is not None:
        council_file(agency).write_bytes(content)

    again = reborn(agency)

    assert again.law.council.doubt
    assert isinstance(searched(again), Refused)
    assert len(tables.public_entries(RecordKind.SUSPEND_DOUBTED)) == 1
    assert reborn(agency).law.council == again.law.council
    assert refused(again, stolen).objection is Objection.OLDER_THAN_LAST
    assert refused(again, an_order(again, Step.RESUME, MAYA)).because
    carried(again, an_order(again, Step.RESUME, MAYA, NOAH))
    assert not reborn(agency).law.council.suspended


def test_a_file_that_somebody_else_wrote_ends_nothing(agency: Agency) -> None:
    suspended(agency)
    forged = json.loads(council_file(agency).read_bytes())
    end = {"number": 2, "step": "resume", "reason": "Never mind."}
    forged["orders"].append(forged["orders"][0] | end)
    council_file(agency).write_text(json.dumps(forged))

    assert reborn(agency).law.council.suspended
