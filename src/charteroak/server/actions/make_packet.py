"""Make what a council adopts and publishes, from what this server runs with."""

from datetime import datetime
from typing import Final

from charteroak.core.camera import Location
from charteroak.core.codes import Declared
from charteroak.core.hotlist import ListClass
from charteroak.core.list_rules import alerting, freshness
from charteroak.core.partner import Registered, worth
from charteroak.core.policy import Permit
from charteroak.law.packet import Camera, LoadedList, Packet, Partner
from charteroak.law.words import spoken
from charteroak.server.agency import Agency
from charteroak.server.law_in_force import today
from charteroak.server.store import cameras, hotlists, partners
from charteroak.server.store.cameras import PlacedCamera
from charteroak.server.store.database import Changes

_POINTS: Final = ("north", "northeast", "east", "southeast")
_POINTS_BACK: Final = ("south", "southwest", "west", "northwest")
_TURN: Final = 360 / 8


def make_packet(agency: Agency) -> Packet:
    """The packet as of now: cameras, partners, lists, and every rule in force.

    Where a camera stands is told as the rules had it placed: one whose place is withheld
    is counted, without its name, which could tell it.

    Raises:
        StoreUnavailableError: the database does not answer.
    """
    with agency.database.changes() as tx:
        placed = cameras.everything(tx)
        loaded = hotlists.everything(tx)
        known = _partners(agency, tx)
    own = agency.settings.keep
    return Packet(
        agency=agency.settings.agency_name,
        profile=agency.profile,
        terms=agency.terms,
        cameras=[_camera(each) for each in placed if each.retired_at is None],
        on=today(agency.settings, agency.clock()),
        own_limit=own,
        own_papers=agency.settings.keep_papers,
        partners=known,
        lists=[
            LoadedList(
                name=each.name,
                list_class=spoken(each.list_class),
                source=f"{each.source}; {each.authority}",
                loaded=_day(agency, each.loaded_at),
                alerts=_alerts(agency, ListClass(each.list_class), each.loaded_at),
            )
            for each in loaded
        ],
        suspended=_suspended(agency),
    )


def _alerts(agency: Agency, list_class: ListClass, loaded_at: datetime) -> bool:
    term = agency.profile.list_refresh
    fresh = freshness(list_class, loaded_at, term=term, at=agency.clock())
    answer = alerting(agency.rules, agency.profile.custodian, list_class, fresh)
    return list_class not in agency.refused_lists and isinstance(answer, Permit)


def _camera(placed: PlacedCamera) -> Camera:
    """A camera as the public is told of it."""
    kind = f"{spoken(placed.mount)}, looks at: {spoken(placed.place)}"
    if placed.location != Location.PUBLISHED:
        why = "a condition of a federal grant" if "grant" in placed.location else ""
        told = f"withheld{f' ({why})' if why else ''}; {kind}"
        return Camera(name="(name withheld)", place=told)
    where = f"{placed.latitude:.5f}, {placed.longitude:.5f}"
    way = (*_POINTS, *_POINTS_BACK)[round(placed.heading_deg / _TURN) % 8]
    return Camera(name=placed.name, place=f"{where}, towards the {way}; {kind}")


def _partners(agency: Agency, tx: Changes) -> list[Partner]:
    found = partners.everything(tx)
    given = partners.declarations(tx, [each.partner_id for each in found])
    return [
        Partner(
            name=each.name,
            state=each.jurisdiction,
            kind=spoken(each.kind),
            declaration="paused: it gets nothing"
            if each.paused_at is not None
            else _declared(
                agency, [one for one in given if one.partner_id == each.partner_id]
            ),
        )
        for each in found
    ]


def _declared(agency: Agency, given: list[Registered]) -> str:
    now = agency.clock()
    match worth((each.declaration for each in given), now):
        case Declared.VALID:
            ends = max(
                each.declaration.ends_at
                for each in given
                if each.declaration.code(now) is Declared.VALID
            )
            return f"in force until {_day(agency, ends)}"
        case Declared.EXPIRED:
            return "ended or withdrawn"
        case Declared.NONE:
            return "none"


def _suspended(agency: Agency) -> str:
    since = agency.council.suspended_at
    if since is None:
        return ""
    return (
        f"Capture and search are suspended by the council since {_day(agency, since)}. "
        "What follows is in force again once two keys of the council end that."
    )


def _day(agency: Agency, moment: datetime) -> str:
    return f"{moment.astimezone(agency.zone):%Y-%m-%d}"
