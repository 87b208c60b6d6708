"""Verdicts: who may give them, what they need, and that nobody overwrites anybody."""

import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import attrs
import msgspec
import psycopg
import psycopg.sql
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.agency import SettableClock
from tests.support.alerts import Hit, drawn, dropped, raised
from tests.support.postgres import TestAgency
from tests.support.web import somebody

from charteroak.core.alert import AlertId, Checks, Outcome, Rejection, Status
from charteroak.core.alert_review import (
    AlreadyConcluded,
    AlreadyReviewed,
    AlreadyTaken,
    ChecksMissing,
    Done,
    EvidenceGone,
    NoSuchAlert,
    NotAllowed,
    NotConfirmed,
    minutes_span,
)
from charteroak.core.log_record import Record, RecordKind, unseal
from charteroak.core.people import Act, Person, Role
from charteroak.core.retention import Retention
from charteroak.server.actions.acknowledge_alert import acknowledge_alert
from charteroak.server.actions.conclude_alert import conclude_alert
from charteroak.server.actions.review_alert import (
    Confirming,
    Rejecting,
    Reviewed,
    review_alert,
)
from charteroak.server.actions.see_alert import AlertSeen, see_alert
from charteroak.server.actions.see_alert_picture import (
    Picture,
    PictureSeen,
    see_alert_picture,
)
from charteroak.server.actions.see_board import Board, see_board
from charteroak.server.agency import Agency
from charteroak.server.store import alerts
from charteroak.server.store.alert_rows import Alert

ALL = Checks(characters=True, state=True, vehicle=True, live_record=True)
CONFIRM = Confirming(checks=ALL)
MISREAD = Rejecting(rejection=Rejection.WRONG_CHARACTERS)


def stored(agency: Agency, alert_id: AlertId) -> Alert:
    with agency.database.changes() as tx:
        now = agency.clock()
        found = alerts.find(
            tx, alert_id, at=now, not_before=agency.retention.not_before(now)
        )
    assert found is not None
    return found


def records(
    schema: TestAgency,
) -> list[tuple[str, dict[str, object], dict[str, object]]]:
    """Every record of the log: kind, public fields, opened private fields."""
    with psycopg.connect(schema.dsn("log")) as connection:
        rows = connection.execute(
            "SELECT l.kind, l.hour, l.entry, l.sealed, k.key FROM log AS l "
            "JOIN log_keys AS k USING (record_id) ORDER BY record_id"
        ).fetchall()
    return [
        (
            kind,
            msgspec.json.decode(entry)["public"],
            dict(
                unseal(
                    Record(
                        kind=RecordKind(kind), hour=hour, entry=entry, sealed=sealed
                    ),
                    key=key,
                )
            ),
        )
        for kind, hour, entry, sealed, key in rows
    ]


def of_alerts(schema: TestAgency) -> list[str]:
    return [kind for kind, _, _ in records(schema) if kind.startswith("alert.")]


def test_confirming_with_all_checks_is_written_with_its_record(
    agency: Agency, agency_schema: TestAgency, agency_clock: SettableClock
) -> None:
    alert_id, who = raised(agency), somebody(agency, Role.DISPATCHER)
    agency_clock.advance(timedelta(minutes=2))

    answer = review_alert(agency, who, alert_id, CONFIRM)

    assert isinstance(answer, Done)
    alert = stored(agency, alert_id)
    assert alert.status is Status.CONFIRMED
    assert alert.checks == ALL
    assert alert.reviewed is not None
    assert (alert.reviewed.by, alert.reviewed.at) == (who.name, agency_clock.now)
    kind, public, private = records(agency_schema)[-1]
    assert kind == "alert.confirmed"
    assert public == {"checks": 4, "minutes": "1_to_5"}
    assert (private["person"], private["alert"]) == (str(who.person_id), str(alert_id))


def test_what_is_public_of_a_verdict_names_no_car_and_nobody(
    agency: Agency, agency_schema: TestAgency
) -> None:
    alert_id, who = raised(agency), somebody(agency, Role.DISPATCHER)
    acknowledge_alert(agency, who, alert_id)
    review_alert(agency, who, alert_id, CONFIRM)
    conclude_alert(agency, who, alert_id, Outcome.VEHICLE_RECOVERED)

    public = [fields for kind, fields, _ in records(agency_schema) if "alert." in kind]

    text = repr(public)
    assert len(public) == 3
    for secret in ("AB12345", who.name, str(who.person_id), str(alert_id), "Main"):
        assert secret not in text


@pytest.mark.parametrize("absent", ["characters", "state", "vehicle", "live_record"])
def test_a_missing_check_refuses_and_writes_nothing(
    agency: Agency, agency_schema: TestAgency, absent: str
) -> None:
    alert_id, who = raised(agency), somebody(agency, Role.OFFICER)
    checks = attrs.evolve(ALL, **{absent: False})

    answer = review_alert(agency, who, alert_id, Confirming(checks=checks))

    assert answer == ChecksMissing(missing=(absent,))
    assert stored(agency, alert_id).status is Status.UNVERIFIED
    assert of_alerts(agency_schema) == []


@pytest.mark.parametrize("rejection", list(Rejection))
def test_one_tap_rejects(
    agency: Agency, agency_schema: TestAgency, rejection: Rejection
) -> None:
    alert_id, who = raised(agency), somebody(agency, Role.DISPATCHER)

    answer = review_alert(agency, who, alert_id, Rejecting(rejection=rejection))

    assert isinstance(answer, Done)
    alert = stored(agency, alert_id)
    assert (alert.status, alert.rejection) == (Status.REJECTED, rejection)
    kind, public, _ = records(agency_schema)[-1]
    assert kind == "alert.rejected"
    assert public == {"rejection": rejection.value, "minutes": "under_1"}


def test_the_second_verdict_is_told_who_was_first(
    agency: Agency, agency_schema: TestAgency
) -> None:
    alert_id = raised(agency)
    first, second = (somebody(agency, Role.DISPATCHER) for _ in range(2))
    review_alert(agency, first, alert_id, MISREAD)

    answer = review_alert(agency, second, alert_id, CONFIRM)

    assert isinstance(answer, AlreadyReviewed)
    assert (answer.deed.by, answer.status) == (first.name, Status.REJECTED)
    assert stored(agency, alert_id).status is Status.REJECTED
    assert of_alerts(agency_schema) == ["alert.rejected"]


def together(acts: list[Callable[[], object]]) -> list[object]:
    """Do things in threads of their own that begin at the same moment."""
    ready = threading.Barrier(len(acts))
    answers: list[object] = []

    def act(do: Callable[[], object]) -> None:
        ready.wait()
        answers.append(do())

    threads = [threading.Thread(target=act, args=[do]) for do in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_six_verdicts_at_once_one_counts(
    agency: Agency, agency_schema: TestAgency
) -> None:
    alert_id = raised(agency)
    people = [somebody(agency, Role.DISPATCHER) for _ in range(6)]

    def verdict(who: Person, number: int) -> Callable[[], Reviewed]:
        asked = CONFIRM if number % 2 else MISREAD
        return lambda: review_alert(agency, who, alert_id, asked)

    answers = together([verdict(who, n) for n, who in enumerate(people)])

    done = [answer for answer in answers if isinstance(answer, Done)]
    late = [answer for answer in answers if isinstance(answer, AlreadyReviewed)]
    assert (len(done), len(late)) == (1, 5)
    assert {answer.deed for answer in late} == {done[0].deed}
    assert len(of_alerts(agency_schema)) == 1


def test_of_six_who_acknowledge_at_once_one_has_it(
    agency: Agency, agency_schema: TestAgency
) -> None:
    alert_id = raised(agency)
    people = [somebody(agency, Role.OFFICER) for _ in range(6)]

    def take(who: Person) -> Callable[[], object]:
        return lambda: acknowledge_alert(agency, who, alert_id)

    answers = together([take(who) for who in people])

    done = [answer for answer in answers if isinstance(answer, Done)]
    taken = [answer for answer in answers if isinstance(answer, AlreadyTaken)]
    assert (len(done), len(taken)) == (1, 5)
    alert = stored(agency, alert_id)
    assert alert.acknowledged == done[0].deed
    assert of_alerts(agency_schema) == ["alert.acknowledged"]


def test_a_reviewed_alert_cannot_be_taken(agency: Agency) -> None:
    alert_id, who = raised(agency), somebody(agency, Role.DISPATCHER)
    review_alert(agency, who, alert_id, MISREAD)

    assert isinstance(acknowledge_alert(agency, who, alert_id), AlreadyReviewed)


def test_an_outcome_belongs_to_a_confirmed_alert_and_is_written_once(
    agency: Agency, agency_schema: TestAgency
) -> None:
    alert_id, who = raised(agency), somebody(agency, Role.DISPATCHER)
    assert conclude_alert(agency, who, alert_id, Outcome.ARREST) == NotConfirmed()
    review_alert(agency, who, alert_id, CONFIRM)

    answer = conclude_alert(agency, who, alert_id, Outcome.NOT_FOUND)
    again = conclude_alert(agency, who, alert_id, Outcome.ARREST)

    assert isinstance(answer, Done)
    assert again == AlreadyConcluded(outcome=Outcome.NOT_FOUND, deed=answer.deed)
    assert stored(agency, alert_id).outcome is Outcome.NOT_FOUND
    assert of_alerts(agency_schema) == ["alert.confirmed", "alert.concluded"]


def test_without_its_evidence_an_alert_cannot_be_confirmed(
    agency: Agency, agency_clock: SettableClock
) -> None:
    alert_id, who = raised(agency), somebody(agency, Role.DISPATCHER)
    agency_clock.advance(timedelta(days=22))
    deleted_at = dropped(agency, stored(agency, alert_id).kept_from)

    confirmed = review_alert(agency, who, alert_id, CONFIRM)
    picture = see_alert_picture(agency, who, alert_id, Picture.PLATE)
    seen = see_alert(agency, who, alert_id)
    rejected = review_alert(agency, who, alert_id, MISREAD)

    assert confirmed == EvidenceGone(deleted_at=deleted_at)
    assert picture == EvidenceGone(deleted_at=deleted_at)
    assert isinstance(seen, AlertSeen)
    assert seen.alert.evidence is None
    assert not seen.alert.waiting
    assert seen.alert.camera_name == "Main Street at the Green, northbound"
    assert isinstance(rejected, Done)


def test_evidence_that_is_due_is_shown_to_nobody_though_the_purge_is_late(
    agency: Agency, agency_clock: SettableClock
) -> None:
    # The law allows 21 days; the agency keeps two.
    agency = attrs.evolve(agency, retention=Retention(timedelta(days=2)))
    alert_id, who = raised(agency), somebody(agency, Role.DISPATCHER)
    agency_clock.advance(timedelta(days=2) - Hit().ago)
    assert stored(agency, alert_id).evidence is not None
    agency_clock.advance(timedelta(seconds=1))

    seen = see_alert(agency, who, alert_id)
    board = see_board(agency, who)

    gone = EvidenceGone(deleted_at=None)
    assert see_alert_picture(agency, who, alert_id, Picture.PLATE) == gone
    assert review_alert(agency, who, alert_id, CONFIRM) == gone
    assert isinstance(seen, AlertSeen)
    assert seen.alert.evidence is None
    assert isinstance(board, Board)
    assert [alert.evidence for alert in board.alerts] == [None]


def test_a_picture_whose_key_is_gone_is_gone(agency: Agency) -> None:
    alert_id, who = raised(agency), somebody(agency, Role.OFFICER)
    assert see_alert_picture(agency, who, alert_id, Picture.PLATE) == PictureSeen(
        jpeg=drawn("AB12345", "CT")[0]
    )
    agency.keys.destroy_bucket(
        agency.retention.bucket(stored(agency, alert_id).kept_from).name
    )

    gone = see_alert_picture(agency, who, alert_id, Picture.PLATE)

    assert gone == EvidenceGone(deleted_at=None)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR, Role.LIST_CLERK])
def test_who_is_not_on_duty_sees_and_does_nothing(
    agency: Agency, agency_schema: TestAgency, role: Role
) -> None:
    alert_id, who = raised(agency), somebody(agency, role)

    answers = [
        see_board(agency, who),
        see_alert(agency, who, alert_id),
        see_alert_picture(agency, who, alert_id, Picture.PLATE),
        acknowledge_alert(agency, who, alert_id),
        review_alert(agency, who, alert_id, CONFIRM),
        conclude_alert(agency, who, alert_id, Outcome.ARREST),
    ]

    assert answers == [
        *[NotAllowed(act=Act.SEE_ALERTS)] * 3,
        NotAllowed(act=Act.ACKNOWLEDGE_ALERT),
        *[NotAllowed(act=Act.REVIEW_ALERT)] * 2,
    ]
    assert of_alerts(agency_schema) == []


def test_a_number_that_is_no_alert(agency: Agency) -> None:
    who, number = somebody(agency, Role.DISPATCHER), AlertId(uuid4())

    answers = {
        see_alert(agency, who, number),
        see_alert_picture(agency, who, number, Picture.VEHICLE),
        acknowledge_alert(agency, who, number),
        review_alert(agency, who, number, CONFIRM),
        conclude_alert(agency, who, number, Outcome.ARREST),
    }

    assert answers == {NoSuchAlert()}


def test_a_verdict_whose_record_cannot_be_written_is_not_given(
    agency: Agency, agency_schema: TestAgency
) -> None:
    alert_id, who = raised(agency), somebody(agency, Role.DISPATCHER)
    with psycopg.connect(agency_schema.admin_dsn) as admin:
        admin.execute(
            psycopg.sql.SQL("REVOKE INSERT ON {}.log FROM {}").format(
                psycopg.sql.Identifier(agency_schema.schema),
                psycopg.sql.Identifier(f"{agency_schema.schema}_desk"),
            )
        )

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        review_alert(agency, who, alert_id, CONFIRM)

    assert stored(agency, alert_id).status is Status.UNVERIFIED


def test_an_entry_that_was_taken_off_its_list_is_said_to_be(agency: Agency) -> None:
    first = raised(agency, Hit(plate="AB12345"))
    assert (evidence := stored(agency, first).evidence) is not None
    assert evidence.entry_listed

    raised(agency, Hit(plate="ZZ99999"))  # loads the list anew, without the first

    assert (evidence := stored(agency, first).evidence) is not None
    assert not evidence.entry_listed


def test_waiting_alerts_come_first_newest_first(
    agency: Agency, agency_clock: SettableClock
) -> None:
    who = somebody(agency, Role.DISPATCHER)
    numbers = []
    for _ in range(4):
        agency_clock.advance(timedelta(seconds=10))
        numbers.append(raised(agency))
    review_alert(agency, who, numbers[3], MISREAD)
    review_alert(agency, who, numbers[1], CONFIRM)

    board = see_board(agency, who)

    assert isinstance(board, Board)
    shown = [numbers.index(alert.alert_id) for alert in board.alerts]
    assert shown == [2, 0, 3, 1]
    assert (board.unverified, board.waiting) == (2, 2)


def test_no_flood_of_reviewed_alerts_hides_an_unverified_one(
    agency: Agency, agency_schema: TestAgency, agency_clock: SettableClock
) -> None:
    lone = raised(agency)
    with psycopg.connect(agency_schema.admin_dsn) as admin:
        admin.execute(
            psycopg.sql.SQL(
                "INSERT INTO {}.alerts (alert_id, kept_from, seen_at, raised_at, "
                "camera_id, list_id, tier, state_agreement, late, misdated, status, "
                "checks) SELECT gen_random_uuid(), %(at)s, %(at)s, %(at)s, 'x', "
                "gen_random_uuid(), 'exact', 'agrees', false, false, 'rejected', '{{}}' "
                "FROM generate_series(1, 300)"
            ).format(psycopg.sql.Identifier(agency_schema.schema)),
            {"at": agency_clock.now + timedelta(minutes=1)},
        )

    board = see_board(agency, somebody(agency, Role.OFFICER))

    assert isinstance(board, Board)
    assert board.alerts[0].alert_id == lone
    assert len(board.alerts) == 51


@given(st.timedeltas(min_value=timedelta(0)), st.timedeltas(min_value=timedelta(0)))
def test_longer_never_has_a_shorter_span(one: timedelta, other: timedelta) -> None:
    order = ["under_1", "1_to_5", "5_to_15", "15_to_60", "over_60"]
    shorter, longer = sorted([one, other])

    assert order.index(minutes_span(shorter)) <= order.index(minutes_span(longer))
