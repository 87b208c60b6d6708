"""A code lets one box in, once, for a quarter of an hour."""

import threading
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace
from tests.support.agency import SettableClock
from tests.support.box import CAMERA, camera, somebody
from tests.support.tables import Tables

from charteroak.core.alert_review import NotAllowed
from charteroak.core.camera import CameraId
from charteroak.core.people import Role
from charteroak.core.wire import Enrolment, EnrolmentRequest
from charteroak.server.actions.enrol_box import NotEnrolled, enrol_box
from charteroak.server.actions.invite_box import (
    Invited,
    NoSuchCameras,
    UnusableBoxName,
    invite_box,
)
from charteroak.server.actions.place_camera import Placed, place_camera
from charteroak.server.actions.revoke_box import NoSuchBox, Revoked, revoke_box
from charteroak.server.agency import Agency
from charteroak.server.store import cameras, refusals

ADMIN = somebody(Role.ADMINISTRATOR)
WRONG = "charteroak.enrolment.wrong-code"
UNUSABLE = "charteroak.enrolment.unusable-key"


def a_key() -> bytes:
    return Ed25519PrivateKey.generate().public_key().public_bytes_raw()


def invited(agency: Agency) -> Invited:
    place_camera(agency, ADMIN, camera())
    done = invite_box(agency, ADMIN, "box on Main", [CameraId(CAMERA)])
    assert isinstance(done, Invited), done
    return done


def enrol(agency: Agency, code: str, key: bytes) -> Enrolment | NotEnrolled:
    return enrol_box(
        agency, EnrolmentRequest(code=code, public_key=key, software="box 1.0")
    )


def refused_with(done: Enrolment | NotEnrolled) -> str:
    assert isinstance(done, NotEnrolled), done
    return done.code


def test_a_box_learns_what_it_must_know(agency: Agency, tables: Tables) -> None:
    key = a_key()

    enrolled = enrol(agency, invited(agency).code, key)

    assert isinstance(enrolled, Enrolment)
    assert enrolled.agency_key == bytes(agency.keys.agency_key.public_key)
    assert enrolled.cameras == [CAMERA]
    assert enrolled.keep_s == agency.retention.limit.total_seconds()
    assert tables.rows("SELECT box_id, name, public_key, software FROM boxes") == [
        (enrolled.device, "box on Main", key, "box 1.0")
    ]
    assert tables.log_kinds() == ["camera.placed", "box.invited", "box.enrolled"]


def test_the_code_is_kept_nowhere(agency: Agency, tables: Tables) -> None:
    code = invited(agency).code

    for table in ["invitations", "log", "boxes"]:
        text = tables.text_of(table)
        assert code not in text
        assert code.replace("-", "") not in text


def test_a_code_works_once(agency: Agency, tables: Tables) -> None:
    code = invited(agency).code
    enrol(agency, code, a_key())

    assert refused_with(enrol(agency, code, a_key())) == WRONG
    assert tables.count("boxes") == 1


def test_of_two_boxes_at_once_one_comes_in(agency: Agency, tables: Tables) -> None:
    code = invited(agency).code
    done: list[Enrolment | NotEnrolled] = []
    threads = [
        threading.Thread(target=lambda: done.append(enrol(agency, code, a_key())))
        for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(type(each).__name__ for each in done) == [
        "Enrolment",
        *["NotEnrolled"] * 3,
    ]
    assert tables.count("boxes") == 1


def test_a_box_that_lost_the_answer_may_ask_again(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    code, key = invited(agency).code, a_key()
    first = enrol(agency, code, key)
    agency_clock.advance(timedelta(minutes=1))

    again = enrol(agency, code.lower(), key)

    # Orders tell the present moment, so that nobody can repeat them.
    assert isinstance(first, Enrolment)
    assert isinstance(again, Enrolment)
    assert replace(again, orders=None) == replace(first, orders=None)
    assert again.orders is not None
    assert tables.count("boxes") == 1
    agency_clock.advance(timedelta(minutes=15))
    assert refused_with(enrol(agency, code, key)) == UNUSABLE


def test_a_code_expires(agency: Agency, agency_clock: SettableClock) -> None:
    code = invited(agency).code
    agency_clock.advance(timedelta(minutes=15))

    assert refused_with(enrol(agency, code, a_key())) == WRONG


def test_wrong_tries_are_counted(agency: Agency) -> None:
    invited(agency)

    for code in ["0000-0000-0000", "", "x" * 4000, "\x00"]:
        assert refused_with(enrol(agency, code, a_key())) == WRONG

    with agency.database.changes() as tx:
        found = refusals.since(tx, agency.clock() - timedelta(hours=1))
    assert [(each.kind, each.n) for each in found] == [(WRONG, 4)]


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33)])
def test_a_key_of_the_wrong_length_uses_no_code_up(agency: Agency, key: bytes) -> None:
    code = invited(agency).code

    assert refused_with(enrol(agency, code, key)) == UNUSABLE

    assert isinstance(enrol(agency, code, a_key()), Enrolment)


def test_a_known_key_is_not_enrolled_twice_nor_after_it_was_revoked(
    agency: Agency,
) -> None:
    key, code = a_key(), invited(agency).code
    first = enrol(agency, code, key)
    assert isinstance(first, Enrolment)

    assert refused_with(enrol(agency, invited(agency).code, key)) == UNUSABLE
    assert isinstance(revoke_box(agency, ADMIN, first.device), Revoked)
    assert isinstance(revoke_box(agency, ADMIN, first.device), NoSuchBox)
    assert refused_with(enrol(agency, code, key)) == UNUSABLE


def test_software_that_cannot_be_printed_is_refused(agency: Agency) -> None:
    code = invited(agency).code
    for software in ["zero\x00", "line\n", "x" * 121]:
        done = enrol_box(
            agency,
            EnrolmentRequest(code=code, public_key=a_key(), software=software),
        )
        assert refused_with(done) == "charteroak.enrolment.unreadable"


def test_a_box_speaks_for_cameras_that_are_there(agency: Agency) -> None:
    place_camera(agency, ADMIN, camera())
    both = [CameraId(CAMERA), CameraId("elm-st-south")]

    assert invite_box(agency, ADMIN, "box", both) == NoSuchCameras(
        cameras=("elm-st-south",)
    )
    assert invite_box(agency, ADMIN, "box", []) == NoSuchCameras(cameras=())
    for name in ["", "  ", "a\x00b", "x" * 81]:
        assert invite_box(agency, ADMIN, name, both[:1]) == UnusableBoxName()


def test_a_camera_is_placed_and_corrected(agency: Agency) -> None:
    place_camera(agency, ADMIN, camera())
    moved = camera()

    assert place_camera(agency, ADMIN, moved) == Placed()

    with agency.database.changes() as tx:
        (placed,) = cameras.everything(tx)
    assert placed.to_camera() == moved


def test_who_is_no_administrator_may_not(agency: Agency, tables: Tables) -> None:
    others = somebody(*(set(Role) - {Role.ADMINISTRATOR}))
    first = enrol(agency, invited(agency).code, a_key())
    assert isinstance(first, Enrolment)
    before = tables.count("log")

    for done in [
        place_camera(agency, others, camera("elm-st-south")),
        invite_box(agency, others, "box", [CameraId(CAMERA)]),
        revoke_box(agency, others, first.device),
    ]:
        assert isinstance(done, NotAllowed)
    assert tables.count("log") == before
