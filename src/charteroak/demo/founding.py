"""Found the town: its people, cameras, lists and boxes, all through the actions."""

from collections.abc import Mapping
from typing import Final, TypeVar

import attrs

from charteroak.core.camera import CameraId
from charteroak.core.people import Person, Role
from charteroak.demo.cameras import CAMERAS
from charteroak.demo.town import LISTS, PEOPLE, WANTED
from charteroak.server.actions.add_person import PersonAdded, add_person
from charteroak.server.actions.invite_box import Invited, invite_box
from charteroak.server.actions.load_hotlist import ListFile, Loaded, load_hotlist
from charteroak.server.actions.place_camera import Placed, place_camera
from charteroak.server.agency import Agency

T = TypeVar("T")

_LETTERS: Final = "ABCDEFGHJKMNPQRSTVWXYZ23456789"


@attrs.frozen(kw_only=True, repr=False)
class Founded:
    """What only the founder knows.

    Attributes:
        manager: who places cameras and loads lists.
        passwords: of each login.
        codes: the one-time code of each camera's box.
    """

    manager: Person
    passwords: Mapping[str, str]
    codes: Mapping[CameraId, str]


def found(agency: Agency) -> Founded:
    """Make everything that the demonstration begins with."""
    passwords = {each.login: _password(agency) for each in PEOPLE}
    people = [
        _added(
            add_person(
                agency,
                None,
                login=each.login,
                name=each.name,
                roles=each.roles,
                password=passwords[each.login],
            )
        )
        for each in PEOPLE
    ]
    manager = next(each for each in people if Role.ADMINISTRATOR in each.roles)
    for camera in CAMERAS:
        _expect(place_camera(agency, manager, camera), Placed)
    load_lists(agency, manager)
    codes = {
        camera.camera_id: _expect(
            invite_box(agency, manager, f"Box: {camera.name}", [camera.camera_id]),
            Invited,
        ).code
        for camera in CAMERAS
    }
    return Founded(manager=manager, passwords=passwords, codes=codes)


def load_lists(agency: Agency, manager: Person) -> None:
    """Load the lists, as a state's file comes in twice a day: an old one alerts nobody."""
    for name, list_class, source, authority in LISTS:
        content = "plate,state,reason,vehicle,case\n" + "".join(
            f'{wanted.listed_as},{wanted.vehicle.state},"{wanted.reason}",'
            f'"{wanted.looks}",{wanted.case_ref}\n'
            for wanted in WANTED
            if wanted.list_name == name
        )
        _expect(
            load_hotlist(
                agency,
                manager,
                ListFile(
                    name=name,
                    list_class=list_class,
                    source=source,
                    authority=authority,
                    content=content.encode(),
                ),
            ),
            Loaded,
        )


def _password(agency: Agency) -> str:
    """Three groups of four, easy to type: 58 bits."""
    signs = [_LETTERS[byte % len(_LETTERS)] for byte in agency.entropy(12)]
    return "-".join("".join(signs[start : start + 4]) for start in (0, 4, 8))


def _expect(answer: object, kind: type[T]) -> T:
    """The answer, if it is the one without which there is no town."""
    if not isinstance(answer, kind):
        msg = f"the town could not be founded: {answer!r}"
        raise TypeError(msg)
    return answer


def _added(answer: object) -> Person:
    return _expect(answer, PersonAdded).person
