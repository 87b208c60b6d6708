"""An agency with something on every page of the desk, and who may see which.

Everything came in as it does in service, through the actions: an alert in each state it
can be in, reads on a few streets, holds that wait and are kept, people who left.
"""

import io
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

import attrs
import numpy as np
from PIL import Image

from charteroak.core.alert import AlertId, Checks, Outcome, Rejection
from charteroak.core.alert_review import Done
from charteroak.core.camera import Camera, CameraId
from charteroak.core.duty import Duty
from charteroak.core.hold import HoldId
from charteroak.core.hotlist import ListClass
from charteroak.core.people import FAILURES_BEFORE_LOCK, Person, Role
from charteroak.core.plate import PlateText
from charteroak.core.search import Purpose
from charteroak.core.search_answer import Found
from charteroak.rendering.bodies import draw_rear
from charteroak.rendering.plate import render_plate
from charteroak.server.actions.acknowledge_alert import acknowledge_alert
from charteroak.server.actions.add_person import PersonAdded, add_person
from charteroak.server.actions.approve_hold import HoldKept, approve_hold
from charteroak.server.actions.ask_entries import EntriesWait, Wanted, ask_entry
from charteroak.server.actions.change_person import Changed, disable
from charteroak.server.actions.conclude_alert import conclude_alert
from charteroak.server.actions.decide_entries import decide_entries
from charteroak.server.actions.load_hotlist import ListFile, Loaded, load_hotlist
from charteroak.server.actions.note_duty import note_duty
from charteroak.server.actions.place_camera import place_camera
from charteroak.server.actions.request_hold import HoldRequested, request_hold
from charteroak.server.actions.review_alert import (
    Confirming,
    Rejecting,
    review_alert,
)
from charteroak.server.actions.search_reads import search_reads
from charteroak.server.actions.sign_in import SignedInAs, sign_in
from charteroak.server.agency import Agency
from tests.support.a_busy_desk import BusyDesk, busy
from tests.support.alerts import Hit, dropped, raised
from tests.support.box import a_box
from tests.support.sightings import a_read, a_search, taken
from tests.support.web import PASSWORD, somebody

CASE: Final = "26-04417"
PLATE: Final = "BK47193"
"""What is searched for: it was seen at three cameras."""

_NAMES: Final = {
    Role.ADMINISTRATOR: "Ada Brandt",
    Role.AUDITOR: "Lou Okafor",
    Role.DISPATCHER: "Dana Whitfield",
    Role.INVESTIGATOR: "Ines Caldwell",
    Role.LIST_CLERK: "Cleo Marsh",
    Role.OFFICER: "Omar Petrosyan",
    Role.SUPERVISOR: "Sam Delacroix",
}
_CAMERAS: Final = tuple(
    Camera(
        camera_id=CameraId(short),
        name=name,
        latitude=41.8104 + north / 1000,
        longitude=-72.5301 + east / 1000,
        heading_deg=heading,
    )
    for short, name, north, east, heading in (
        ("main-st-north", "Main Street at the Green, northbound", 0, 0, 10),
        ("main-st-south", "Main Street at Elm, southbound", -4, 1, 190),
        ("route-83-east", "Route 83 at the county line, eastbound", 3, 9, 80),
        ("mill-road", "Mill Road at the bridge", -6, -7, 270),
    )
)
_STREETS: Final = tuple(camera.camera_id for camera in _CAMERAS[:3])


@attrs.frozen(kw_only=True)
class FullDesk:
    """What the pages of the desk are about.

    Attributes:
        people: somebody of each role.
        requests: at the disclosure desk.
        alerts: one in each state, by a word for it.
        kept: a hold that was approved; `waiting` is one that was not.
        gone: somebody whose account is disabled.
    """

    agency: Agency
    people: Mapping[Role, Person]
    requests: BusyDesk
    alerts: Mapping[str, AlertId]
    kept: HoldId
    gone: Person
    box: UUID

    def token(self, role: Role) -> str:
        """A new session of somebody with a role."""
        answer = sign_in(self.agency, self.people[role].login, PASSWORD)
        assert isinstance(answer, SignedInAs), answer
        return answer.token


def furnished(agency: Agency) -> FullDesk:
    """Fill an empty agency."""
    people = {role: _person(agency, role) for role in Role}
    box = a_box(agency, *(camera.camera_id for camera in _CAMERAS))
    for camera in _CAMERAS:
        place_camera(agency, people[Role.ADMINISTRATOR], camera)
    box.send(box.read("QX9A42", camera=_STREETS[0]))
    alerts = _alerts(agency, people)
    _reads(agency)
    _lists(agency, people[Role.LIST_CLERK])
    note_duty(agency, Duty.PURGE_READS, done=3, trouble="")
    note_duty(agency, Duty.MAKE_BUCKETS, done=None, trouble="The disk is full.")
    _second_looks(agency, people)
    _own_plates(agency, people)
    return FullDesk(
        agency=agency,
        people=people,
        requests=busy(agency, people, PLATE),
        alerts=alerts,
        kept=_holds(agency, people),
        gone=_others(agency, people[Role.ADMINISTRATOR]),
        box=box.device,
    )


def _person(agency: Agency, role: Role) -> Person:
    name = _NAMES[role]
    return somebody(agency, role, login=name.lower().replace(" ", "-"))


def _alerts(agency: Agency, people: Mapping[Role, Person]) -> dict[str, AlertId]:
    dispatcher, officer = people[Role.DISPATCHER], people[Role.OFFICER]
    made = {
        "deleted": raised(agency, Hit(plate="TT55501", ago=timedelta(days=2))),
    }
    dropped(agency, agency.clock() - timedelta(days=2))
    hits = {
        "concluded": Hit(plate="RX20417", ago=timedelta(hours=5)),
        "confirmed": Hit(plate="LM88210", ago=timedelta(hours=2)),
        "rejected": Hit(plate="PT61350", ago=timedelta(hours=3)),
        "late": Hit(
            plate="HG31172",
            state=None,
            late=True,
            clock_suspect=True,
            ago=timedelta(minutes=50),
            camera=_CAMERAS[2],
            reason="Missing person: Silver Alert",
        ),
        "taken": Hit(plate="KD70938", ago=timedelta(minutes=4), camera=_CAMERAS[1]),
        "folded": Hit(
            plate="AB01234",
            listed="ABO1234",
            characters=(0.99, 0.98, 0.71, 0.99, 0.99, 0.97, 0.99),
            vehicle="",
            ago=timedelta(minutes=1),
            camera=_CAMERAS[1],
        ),
        "waiting": Hit(plate=PLATE, ago=timedelta(seconds=8)),
    }
    for word, hit in hits.items():
        pictures = _pictures(hit.plate)
        made[word] = raised(agency, attrs.evolve(hit, pictures=pictures))
    yes = Confirming(
        checks=Checks(characters=True, state=True, vehicle=True, live_record=True)
    )
    no = Rejecting(rejection=Rejection.WRONG_CHARACTERS)
    found = Outcome.VEHICLE_RECOVERED
    for done in (
        acknowledge_alert(agency, officer, made["taken"]),
        review_alert(agency, dispatcher, made["confirmed"], yes),
        review_alert(agency, dispatcher, made["concluded"], yes),
        conclude_alert(agency, officer, made["concluded"], found),
        review_alert(agency, dispatcher, made["rejected"], no),
    ):
        assert isinstance(done, Done), done
    return made


def _reads(agency: Agency) -> None:
    """A car that crossed town; the picture of one read never came."""
    for step, hours in enumerate((1, 2, 5, 9, 20)):
        camera = _STREETS[step % len(_STREETS)]
        read = a_read(agency, PLATE, ago=timedelta(hours=hours), camera=camera)
        taken(agency, read, pictures=_pictures(PLATE) if step else ())


def _lists(agency: Agency, clerk: Person) -> None:
    for name, list_class in (("State Police daily file", ListClass.VEHICLE),):
        loaded = load_hotlist(
            agency,
            clerk,
            ListFile(
                name=name,
                list_class=list_class,
                source="State Police, daily file",
                authority="Conn. Gen. Stat. 29-1c",
                content=b"plate,state,reason\nZZ10001,CT,Stolen vehicle\n",
            ),
        )
        assert isinstance(loaded, Loaded), loaded


def _own_plates(agency: Agency, people: Mapping[Role, Person]) -> None:
    """Two plates of the agency's own in force, one of them not for long; one that waits."""
    clerk, robbery = people[Role.LIST_CLERK], Purpose("robbery")
    for plate, days, approve in (
        ("XR30817", 2, True),
        ("B80OI15", 28, True),
        ("KB10O84", 7, False),
    ):
        wanted = Wanted(
            plate=PlateText(plate),
            state="CT",
            reason="Robbery of the pharmacy on Elm Street, 12 October",
            vehicle="silver Ford Focus, 2019" if approve else "",
            case_ref=CASE,
            expires_at=agency.clock() + timedelta(days=days),
        )
        asked = ask_entry(agency, clerk, wanted, purpose=robbery)
        assert isinstance(asked, EntriesWait), asked
        if approve:
            decide_entries(
                agency, people[Role.SUPERVISOR], asked.asked, approve=True, reason=""
            )


def _second_looks(agency: Agency, people: Mapping[Role, Person]) -> None:
    """A search that waits for a second person, one that was refused, an emergency."""
    officer = people[Role.OFFICER]
    search = a_search(agency, PLATE, case_ref=CASE)
    missing = a_search(agency, PLATE, purpose="missing_person", case_ref="")
    for each in (
        attrs.evolve(search, note="the rally downtown"),
        attrs.evolve(search, note="ICE assist"),
        attrs.evolve(missing, emergency=True),
    ):
        search_reads(agency, officer, each)


def _holds(agency: Agency, people: Mapping[Role, Person]) -> HoldId:
    """One that a supervisor approved, and one that waits."""
    investigator = people[Role.INVESTIGATOR]
    answer = search_reads(agency, investigator, a_search(agency, PLATE, case_ref=CASE))
    found = answer.open(agency.covered)
    assert isinstance(found, Found), found
    asked = []
    for sighting in found.sightings[2:4]:
        hold = request_hold(
            agency,
            investigator,
            asked_id=found.asked,
            read_id=sighting.read.read_id,
            reason="Seen leaving the lot of the burgled shop",
            span=timedelta(days=90),
        )
        assert isinstance(hold, HoldRequested), hold
        asked.append(hold.hold_id)
    kept = approve_hold(agency, people[Role.SUPERVISOR], asked[0])
    assert isinstance(kept, HoldKept), kept
    return asked[0]


def _others(agency: Agency, administrator: Person) -> Person:
    """Somebody new, somebody who left, somebody locked out."""
    new = add_person(
        agency,
        administrator,
        login="n.ferrara",
        name="Nico Ferrara",
        roles=[Role.OFFICER],
    )
    assert isinstance(new, PersonAdded), new
    gone = somebody(agency, Role.SUPERVISOR, Role.INVESTIGATOR, login="gil-tran")
    assert isinstance(disable(agency, administrator, gone.person_id), Changed)
    locked = somebody(agency, Role.OFFICER, login="lena-abbott")
    for _ in range(FAILURES_BEFORE_LOCK):
        sign_in(agency, locked.login, "wrong")
    return gone


def _pictures(plate: str) -> tuple[bytes, bytes]:
    """A plate, and the mosaic of a car's rear, JPEG."""
    rng = np.random.default_rng(1)
    rear = draw_rear("sedan", "grey", px_per_m=48).base
    street = Image.new("RGBA", rear.size, "#8f9a94")
    street.alpha_composite(rear)
    pictures = []
    for image in (
        render_plate(plate, state="CT", width_px=240, rng=rng),
        street.resize((48, 40)),
    ):
        held = io.BytesIO()
        image.convert("RGB").save(held, "JPEG", quality=88)
        pictures.append(held.getvalue())
    return pictures[0], pictures[1]
