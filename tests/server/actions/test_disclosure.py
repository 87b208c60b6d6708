"""The disclosure desk, on PostgreSQL: who gets reads, who gets a letter, who decides."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import timedelta

import attrs
import psycopg
import pytest
from tests.server.actions.test_export_broken_off import Watched
from tests.support.a_partner import (
    BOTH,
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
from tests.support.alerts import Hit, raised
from tests.support.council import suspended
from tests.support.sightings import a_read, log_kinds, person, placed, seen, taken
from tests.support.tables import Tables

from charteroak.core.codes import AgencyKind, DataKind, Process
from charteroak.core.decision_table import ActTable, Outcome, Table
from charteroak.core.disclosure import (
    NoSuchDisclosure,
    PeriodNotOver,
    Stage,
    Wanted,
    Why,
)
from charteroak.core.hold import NotAllowed, SamePerson
from charteroak.core.people import Act, Role
from charteroak.core.policy import RuleBook
from charteroak.core.sealed import NotYetCoveredError, Sealed
from charteroak.core.search import Purpose
from charteroak.law.compiling import tables_about
from charteroak.server.actions.ask_disclosure import SaysNothing, ask_disclosure
from charteroak.server.actions.decide_disclosure import (
    DisclosureApproved,
    decide_disclosure,
)
from charteroak.server.actions.release_disclosure import release_disclosure
from charteroak.server.actions.see_disclosures import see_disclosure, see_disclosures
from charteroak.server.agency import Agency

CLERK, SUPERVISOR = person(Role.LIST_CLERK), person(Role.SUPERVISOR)
PLATE = "BK47193"
WHY = "The warrant names this car"
DAY = timedelta(days=1)


def files(content: bytes) -> Mapping[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {
            name.partition("/")[2]: archive.read(name) for name in archive.namelist()
        }


# ------------------------------------------------------------------------ who gets reads


def test_a_neighbor_under_a_declaration_gets_a_package(
    agency: Agency, tables: Tables
) -> None:
    placed(agency, "main-st", "Main Street at the Green")
    taken(agency, a_read(agency, PLATE), pictures=(b"plate", b"car"))
    seen(agency, "OTHER1")
    yonkers = partner(agency, "Yonkers Police", "NY")
    declare(agency, yonkers)

    number = entered(agency, asked_by(agency, yonkers, plate=PLATE))
    assert (
        decide_disclosure(agency, SUPERVISOR, number, approve=True, reason=WHY)
        == DisclosureApproved()
    )
    made = answered(release_disclosure(agency, SUPERVISOR, number), agency)

    assert made.reads == 1
    assert made.name == f"disclosure-{number}.zip"
    inside = files(made.content)
    assert inside["pictures/0001-plate.jpg"] == b"plate"
    assert PLATE in inside["reads.csv"].decode()
    assert "OTHER1" not in inside["reads.csv"].decode()
    assert log_kinds(agency)[-4:] == [
        "disclosure.asked",
        "disclosure.approved",
        "disclosure.released",
        "disclosure.answered",
    ]
    told = tables.public_entries("disclosure.answered")[0]
    assert told["reads"] == 1
    assert told["package_sha256"] == hashlib.sha256(made.content).hexdigest()
    assert tables.public_entries("disclosure.asked")[0]["declaration"] == "valid"
    shown = see_disclosures(agency, SUPERVISOR, closed_too=True)
    assert not isinstance(shown, NotAllowed)
    assert [each.stage for each in shown] == [Stage.ANSWERED]


@pytest.mark.parametrize(
    ("jurisdiction", "kind", "process", "rule"),
    [
        ("US", AgencyKind.FEDERAL_AGENCY, Process.ADMINISTRATIVE_WARRANT, "CT-no-other-state"),
        ("TX", AgencyKind.SHERIFF, Process.NONE, "CT-no-other-state"),
        ("TX", AgencyKind.SHERIFF, Process.SUBPOENA, "CT-no-other-state"),
        ("NY", AgencyKind.MUNICIPAL_POLICE, Process.NONE, "CT-no-declaration"),
        ("CT", AgencyKind.VENDOR, Process.JUDICIAL_WARRANT, "CT-no-vendor"),
    ],
)  # fmt: skip
def test_whom_the_law_refuses_gets_a_letter_at_once(
    agency: Agency, jurisdiction: str, kind: AgencyKind, process: Process, rule: str
) -> None:
    seen(agency, PLATE)
    them = partner(agency, "An agency of others", jurisdiction, kind=kind)

    refusal = refused(
        ask_disclosure(
            agency, CLERK, asked_by(agency, them, plate=PLATE, process=process)
        )
    )

    assert rule in {each.rule_id for each in refusal.because}
    assert log_kinds(agency)[-2:] == ["disclosure.asked", "disclosure.refused"]
    letter = letter_of(agency, refusal.number)
    assert rule in letter
    assert "P.A. 26-14" in letter
    assert "What could be changed" in letter
    assert PLATE not in letter
    assert (
        decide_disclosure(agency, SUPERVISOR, refusal.number, approve=True, reason=WHY)
        == NoSuchDisclosure()
    )


def test_a_judges_warrant_opens_what_nothing_else_does(agency: Agency) -> None:
    seen(agency, PLATE)
    them = partner(agency, "Travis County Sheriff", "TX", kind=AgencyKind.SHERIFF)
    asks = asked_by(agency, them, plate=PLATE, process=Process.JUDICIAL_WARRANT)

    number = entered(agency, attrs.evolve(asks, scan=SCAN))
    decide_disclosure(agency, SUPERVISOR, number, approve=True, reason=WHY)

    assert answered(release_disclosure(agency, SUPERVISOR, number), agency).reads == 1


def test_immigration_is_refused_whatever_paper_comes(agency: Agency) -> None:
    here = partner(agency, "Hartford Police", "CT")
    for process in Process:
        asks = asked_by(agency, here, plate=PLATE, process=process)
        asks = attrs.evolve(asks, purpose=Purpose("immigration"), scan=SCAN)
        refusal = refused(ask_disclosure(agency, CLERK, asks))
        assert "CT-no-immigration" in {each.rule_id for each in refusal.because}


def test_what_is_written_counts_beside_the_purpose(agency: Agency) -> None:
    here = partner(agency, "Hartford Police", "CT")
    asks = asked_by(agency, here, plate=PLATE)

    refusal = refused(
        ask_disclosure(agency, CLERK, attrs.evolve(asks, note="assist ICE/ERO"))
    )
    nothing = ask_disclosure(agency, CLERK, attrs.evolve(asks, note="inv"))

    assert refusal.why is Why.NOTE
    assert "CT-no-immigration" in {each.rule_id for each in refusal.because}
    assert isinstance(nothing, SaysNothing)
    assert log_kinds(agency).count("disclosure.asked") == 1


# --------------------------------------------------------------------------- two persons


def test_nobody_enters_and_approves(agency: Agency, tables: Tables) -> None:
    here = partner(agency, "Hartford Police", "CT")
    number = entered(agency, asked_by(agency, here, plate=PLATE), who=SUPERVISOR)

    for approve in (True, False):
        answer = decide_disclosure(
            agency, SUPERVISOR, number, approve=approve, reason=WHY
        )
        assert answer == SamePerson()
    assert release_disclosure(agency, SUPERVISOR, number) == NoSuchDisclosure()
    with pytest.raises(psycopg.errors.CheckViolation):
        tables.change(
            "UPDATE disclosures SET stage = 'approved', approved_by = entered_by,"
            " approved_at = entered_at"
        )
    other = person(Role.SUPERVISOR)
    decide_disclosure(agency, other, number, approve=True, reason=WHY)
    assert release_disclosure(agency, SUPERVISOR, number) == SamePerson()


def test_others_have_no_business_at_the_desk(agency: Agency) -> None:
    here = partner(agency, "Hartford Police", "CT")
    number = entered(agency, asked_by(agency, here, plate=PLATE))

    for who in map(person, set(Role) - BOTH):
        assert see_disclosures(agency, who) == NotAllowed()
        assert see_disclosure(agency, who, number) == NotAllowed()
        assert ask_disclosure(agency, who, asked_by(agency, here)) == NotAllowed()
        assert release_disclosure(agency, who, number) == NotAllowed()


def test_a_clerk_releases_nothing(agency: Agency) -> None:
    here = partner(agency, "Hartford Police", "CT")
    number = entered(agency, asked_by(agency, here, plate=PLATE))

    answer = decide_disclosure(
        agency, person(Role.LIST_CLERK), number, approve=True, reason=WHY
    )

    assert answer == NotAllowed()
    decide_disclosure(agency, SUPERVISOR, number, approve=True, reason=WHY)
    assert release_disclosure(agency, CLERK, number) == NotAllowed()


def test_what_a_person_turns_down_gets_a_letter_without_their_reason(
    agency: Agency,
) -> None:
    here = partner(agency, "Hartford Police", "CT")
    number = entered(agency, asked_by(agency, here, plate=PLATE))

    refusal = refused(
        decide_disclosure(
            agency, SUPERVISOR, number, approve=False, reason="Their chief stalks her"
        )
    )

    assert refusal.why is Why.PERSON
    letter = letter_of(agency, number)
    assert "CO-turned-down" in letter
    assert "stalks" not in letter


# --------------------------------------------------------------- what is in the package


def test_nothing_that_is_due_leaves_the_house(
    agency: Agency, agency_clock: SettableClock
) -> None:
    seen(agency, PLATE, ago=20 * DAY)
    seen(agency, PLATE, ago=DAY)
    here = partner(agency, "Hartford Police", "CT")
    asks = asked_by(agency, here, plate=PLATE, back=21 * DAY)
    number = entered(agency, asks)
    decide_disclosure(agency, SUPERVISOR, number, approve=True, reason=WHY)
    assert answered(release_disclosure(agency, SUPERVISOR, number), agency).reads == 2

    # No purge has run; the read of twenty days ago is due all the same.
    agency_clock.advance(2 * DAY)

    assert answered(release_disclosure(agency, SUPERVISOR, number), agency).reads == 1


def test_hits_alone_where_hits_were_asked_for(agency: Agency) -> None:
    raised(agency, Hit(plate=PLATE, ago=timedelta(hours=1)))
    seen(agency, PLATE, ago=timedelta(hours=2))
    here = partner(agency, "Hartford Police", "CT")

    got = {}
    for kind in (DataKind.HIT, DataKind.NONHIT):
        asks = attrs.evolve(asked_by(agency, here, plate=PLATE), data_kind=kind)
        number = entered(agency, asks)
        decide_disclosure(agency, SUPERVISOR, number, approve=True, reason=WHY)
        made = answered(release_disclosure(agency, SUPERVISOR, number), agency)
        got[kind] = made.reads

    assert got[DataKind.HIT] == got[DataKind.NONHIT] - 1


def test_counts_go_to_anyone_and_name_no_car(agency: Agency) -> None:
    seen(agency, PLATE)
    them = partner(agency, "A university", "TX", kind=AgencyKind.OTHER)
    asks = attrs.evolve(
        asked_by(agency, them, plate=PLATE),
        purpose=Purpose("public_reporting"),
        data_kind=DataKind.AGGREGATE,
    )
    asks = attrs.evolve(asks, wanted=attrs.evolve(asks.wanted, plate=None))
    number = entered(agency, asks)
    decide_disclosure(agency, SUPERVISOR, number, approve=True, reason=WHY)

    made = answered(release_disclosure(agency, SUPERVISOR, number), agency)

    assert made.reads == 0
    assert all(
        PLATE.encode() not in content for content in files(made.content).values()
    )


# ----------------------------------------------------------------- what is past alone


def test_nobody_asks_for_what_is_still_to_be_read(
    agency: Agency, agency_clock: SettableClock
) -> None:
    here = partner(agency, "Hartford Police", "CT")
    asks = asked_by(agency, here, plate=PLATE)
    later = attrs.evolve(asks.wanted, until=agency_clock() + timedelta(minutes=1))
    before = log_kinds(agency)

    answer = ask_disclosure(agency, CLERK, attrs.evolve(asks, wanted=later))

    assert answer == PeriodNotOver()
    assert log_kinds(agency) == before


@pytest.mark.parametrize("kind", [DataKind.NONHIT, DataKind.AGGREGATE])
def test_one_approval_follows_nobody(
    agency: Agency,
    agency_clock: SettableClock,
    kind: DataKind,
    tables: Tables,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def passes() -> None:
        seen(agency, PLATE)
        hour = (agency_clock() - timedelta(hours=1)).isoformat()
        tables.change(
            "INSERT INTO read_counts"  # noqa: S608  (a clock's moment)
            " (camera_id, hour, reads, hits, due_on_arrival, misdated)"
            f" VALUES ('main-st', '{hour}', 1, 0, 0, 0)"
        )

    passes()
    here = partner(agency, "Hartford Police", "CT")
    asks = attrs.evolve(asked_by(agency, here, plate=PLATE), data_kind=kind)
    wanted = attrs.evolve(asks.wanted, until=agency_clock() + 5 * DAY)
    if kind is DataKind.AGGREGATE:
        wanted = attrs.evolve(wanted, plate=None)
    # As one was entered before it had to be over.
    with monkeypatch.context() as patched:
        patched.setattr(Wanted, "over", lambda _wanted, _now: True)
        number = entered(agency, attrs.evolve(asks, wanted=wanted))
    decide_disclosure(agency, SUPERVISOR, number, approve=True, reason=WHY)
    first = answered(release_disclosure(agency, SUPERVISOR, number), agency)

    agency_clock.advance(2 * DAY)
    passes()
    again = answered(release_disclosure(agency, SUPERVISOR, number), agency)

    assert again.reads == first.reads
    assert files(again.content)["index.html"] == files(first.content)["index.html"]


# ---------------------------------------------------------------------- decided twice


def test_a_table_that_disagrees_with_the_rules_gives_nothing(
    agency: Agency, caplog: pytest.LogCaptureFixture
) -> None:
    seen(agency, PLATE)
    here = partner(agency, "Hartford Police", "CT")
    number = entered(agency, asked_by(agency, here, plate=PLATE))
    decide_disclosure(agency, SUPERVISOR, number, approve=True, reason=WHY)

    def altered(book: RuleBook, custodian: str, act: Act) -> tuple[Table, ...]:
        return tuple(_turned(each, act) for each in tables_about(book, custodian, act))

    broken = attrs.evolve(agency, tables=altered)
    refusal = refused(release_disclosure(broken, SUPERVISOR, number))

    assert [each.rule_id for each in refusal.because] == ["CO-table-disagrees"]
    assert "disclosure.answered" not in log_kinds(agency)
    assert "the rules need repair: CO-table-disagrees" in caplog.text


@attrs.define
class Once:
    """The council suspends, the first time that this is called."""

    agency: Agency
    done: bool = False

    def __call__(self) -> None:
        if not self.done:
            self.done = True
            suspended(self.agency)


def test_a_moratorium_that_begins_while_it_is_made_gives_nothing_out(
    agency: Agency,
) -> None:
    taken(agency, a_read(agency, PLATE), pictures=(b"plate", b"car"))
    here = partner(agency, "Hartford Police", "CT")
    number = entered(agency, asked_by(agency, here, plate=PLATE))
    decide_disclosure(agency, SUPERVISOR, number, approve=True, reason=WHY)
    slow = attrs.evolve(agency, pictures=Watched(agency, then=Once(agency)))

    refusal = refused(release_disclosure(slow, SUPERVISOR, number))

    assert refusal.why is Why.RULES
    assert log_kinds(agency)[-1] == "disclosure.refused"
    assert "disclosure.answered" not in log_kinds(agency)


def _turned(table: Table, act: Act) -> Table:
    """The same table, but that the answer of each cell is turned."""
    whole = table.acts[act]
    turned = tuple(Outcome(not each.permits, each.rule_ids) for each in whole.outcomes)
    return attrs.evolve(
        table,
        acts={act: ActTable(classes=whole.classes, outcomes=turned, cells=whole.cells)},
    )


def test_a_rule_book_without_a_table_for_each_set_gives_nothing(
    agency: Agency,
) -> None:
    here = partner(agency, "Hartford Police", "CT")

    bare = attrs.evolve(agency, tables=lambda _book, _custodian, _act: ())
    refusal = refused(ask_disclosure(bare, CLERK, asked_by(agency, here)))

    assert [each.rule_id for each in refusal.because] == ["CO-table-disagrees"]


# ------------------------------------------------------------------- the log, the papers


def test_a_package_stays_closed_while_the_log_does_not_hold_it(agency: Agency) -> None:
    here = partner(agency, "Hartford Police", "CT")
    number = entered(agency, asked_by(agency, here, plate=PLATE))
    decide_disclosure(agency, SUPERVISOR, number, approve=True, reason=WHY)

    answer = release_disclosure(agency, SUPERVISOR, number)

    assert isinstance(answer, Sealed)
    with pytest.raises(NotYetCoveredError):
        answer.open(lambda _receipt: False)


def test_no_plate_stands_in_a_table_or_in_the_open_part_of_the_log(
    agency: Agency, tables: Tables
) -> None:
    them = partner(agency, "Travis County Sheriff", "TX", kind=AgencyKind.SHERIFF)
    asks = asked_by(agency, them, plate=PLATE)
    asks = attrs.evolve(asks, reference=f"26-1 {PLATE}", person=f"Det. {PLATE}")

    refusal = refused(ask_disclosure(agency, CLERK, asks))

    for table in ("disclosures", "papers", "partners", "declarations", "log"):
        assert PLATE not in tables.text_of(table)
    assert PLATE not in letter_of(agency, refusal.number)
    assert PLATE not in repr(asks)


def test_every_decision_of_a_request_can_be_replayed(
    agency: Agency, tables: Tables
) -> None:
    yonkers = partner(agency, "Yonkers Police", "NY")
    declare(agency, yonkers)
    number = entered(agency, asked_by(agency, yonkers, plate=PLATE))
    decide_disclosure(agency, SUPERVISOR, number, approve=True, reason=WHY)
    answered(release_disclosure(agency, SUPERVISOR, number), agency)

    for kind in ("asked", "approved", "released"):
        entry = tables.public_entries(f"disclosure.{kind}")[0]
        assert entry["requester"] == "NY"
        assert entry["policy"] == agency.rules.fingerprint
        assert entry["rules"] == ["CT-share-neighbors"]
        assert json.dumps(entry).count(PLATE) == 0


def test_no_role_of_the_database_does_more_than_it_must(agency: Agency) -> None:
    desk, looks, log = (
        agency.database.changes,
        agency.database.looks,
        agency.database.audits,
    )
    for begin, attack in (
        (desk, "UPDATE disclosures SET entered_by = gen_random_uuid()"),
        (desk, "DELETE FROM disclosures"),
        (desk, "UPDATE declarations SET ends_at = 'infinity'"),
        (desk, "UPDATE papers SET sha256 = ''"),
        (desk, "UPDATE partners SET jurisdiction = 'CT'"),
        (looks, "SELECT number FROM disclosures"),
        (looks, "SELECT plate FROM alert_evidence"),
        (log, "SELECT sealed FROM papers"),
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), begin() as tx:
            tx.connection.execute(attack.encode())
