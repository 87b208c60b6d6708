"""The finite codes that the rules decide by, and which of them each act is decided by.

Whatever a decision depends on is one of these codes, so that everything the rules can
ever be asked can be enumerated. Values of the world (a signed declaration, a paper with
an issuer, a date) become a code in `core.papers`, once, before anything is decided.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from charteroak.core.camera import Location, Mount, Place
from charteroak.core.hotlist import ListClass
from charteroak.core.people import Act
from charteroak.core.read import STATES

FEDERAL: Final = "US"
"""The requesting jurisdiction of every federal agency."""

FOREIGN: Final = "XX"
"""The requesting jurisdiction of whoever is outside of the United States."""

JURISDICTIONS: Final = (*sorted(STATES), FEDERAL, FOREIGN)
"""Who may ask: 50 states, the District of Columbia, the federal level, and abroad."""


class AgencyKind(StrEnum):
    """What kind of body asks for reads."""

    DEFENCE = "defence"
    FEDERAL_AGENCY = "federal_agency"
    MUNICIPAL_POLICE = "municipal_police"
    OTHER = "other"
    PROSECUTOR = "prosecutor"
    SHERIFF = "sheriff"
    STATE_POLICE = "state_police"
    VENDOR = "vendor"


class Approval(StrEnum):
    """Whether a supervisor has approved."""

    GIVEN = "given"
    NONE = "none"


class Case(StrEnum):
    """Whether a case is named."""

    GIVEN = "given"
    NONE = "none"


class DataKind(StrEnum):
    """What kind of data is asked for.

    `AGGREGATE`: counts that identify nobody. `OWN_RECORD`: the reads of one car, for
    its registered owner.
    """

    AGGREGATE = "aggregate"
    HIT = "hit"
    NONHIT = "nonhit"
    OWN_RECORD = "own_record"


class Declared(StrEnum):
    """What there is of a written declaration; see `core.papers.Declaration`."""

    EXPIRED = "expired"
    NONE = "none"
    VALID = "valid"


class Freshness(StrEnum):
    """Whether a list is younger than the interval in which it must be refreshed."""

    FRESH = "fresh"
    STALE = "stale"


class Ground(StrEnum):
    """Why a read shall outlive its term."""

    ACTIVE_CASE = "active_case"
    ADMINISTRATIVE_WARRANT = "administrative_warrant"
    COURT_ORDER = "court_order"
    JUDICIAL_WARRANT = "judicial_warrant"
    NONE = "none"
    PRESERVATION = "preservation"
    SUBPOENA = "subpoena"


class Held(StrEnum):
    """Whether what is exported is held for the case."""

    HELD = "held"
    NOT_HELD = "not_held"


class Keys(StrEnum):
    """How many of the council's keys were turned; two stands for three as well."""

    NONE = "none"
    ONE = "one"
    TWO = "two"


class Process(StrEnum):
    """What legal process comes with a request.

    An administrative warrant is signed by an officer of the agency that wants it, not by
    a judge; it is never a warrant in the sense of any rule here.
    """

    ADMINISTRATIVE_WARRANT = "administrative_warrant"
    COURT_ORDER = "court_order"
    JUDICIAL_WARRANT = "judicial_warrant"
    NONE = "none"
    SUBPOENA = "subpoena"


class Reach(StrEnum):
    """How far back it goes, against the limit that the law sets."""

    BEYOND = "beyond"
    WITHIN = "within"


class Standing(StrEnum):
    """Whose car it is that somebody asks about."""

    JOINT_OWNER_AGREED = "joint_owner_agreed"
    JOINT_OWNER_ALONE = "joint_owner_alone"
    OTHER = "other"
    SOLE_OWNER = "sole_owner"


class Step(StrEnum):
    """Into a moratorium, out of it, or from the council's keys to others."""

    HAND_OVER = "hand_over"
    RESUME = "resume"
    SUSPEND = "suspend"


class Store(StrEnum):
    """Where data would lie; `EDGE_MEMORY` is gone when the box loses power."""

    EDGE_DISK = "edge_disk"
    EDGE_MEMORY = "edge_memory"
    SERVER = "server"


CODES: Final[Mapping[str, tuple[str, type[StrEnum] | None]]] = {
    "agency_kind": ("AgencyKind", AgencyKind),
    "approval": ("Approval", Approval),
    "case": ("Case", Case),
    "data_kind": ("Data", DataKind),
    "declaration": ("Declaration", Declared),
    "freshness": ("Freshness", Freshness),
    "ground": ("Ground", Ground),
    "held": ("Held", Held),
    "keys": ("Keys", Keys),
    "legal_process": ("Process", Process),
    "list_class": ("ListClass", ListClass),
    "location": ("Location", Location),
    "mount": ("Mount", Mount),
    "place": ("Place", Place),
    "purpose": ("Purpose", None),
    "reach": ("Reach", Reach),
    "standing": ("Standing", Standing),
    "step": ("Step", Step),
    "store": ("Store", Store),
}
"""Field of a request -> its name in the rules and its codes; purposes are a data file."""

DECIDED_BY: Final[Mapping[Act, tuple[str, ...]]] = {
    Act.ADD_LIST_ENTRY: ("purpose", "case", "approval"),
    Act.ANSWER_OWNER: ("standing", "data_kind"),
    Act.APPROVE_HOLD: ("purpose", "case", "reach"),
    Act.DISCLOSE: (
        "agency_kind",
        "purpose",
        "declaration",
        "data_kind",
        "legal_process",
    ),
    Act.EXPORT: ("purpose", "case", "held"),
    Act.HOLD: ("ground", "case", "approval"),
    Act.KEEP: ("data_kind", "store", "reach"),
    Act.LOAD_HOTLIST: ("list_class",),
    Act.PLACE_CAMERA: ("place", "mount", "location"),
    Act.RECEIVE_ALERT: ("list_class", "freshness"),
    Act.REQUEST_HOLD: ("purpose", "case", "reach"),
    Act.SEARCH_READS: ("purpose", "case", "reach"),
    Act.SUSPEND: ("step", "keys"),
}
"""Act -> the fields of a request that it is decided by, beside who asks.

Each act has its own few, so that the space of each is small enough to be enumerated.
"""

ASKED_BY_A_JURISDICTION: Final = frozenset({Act.DISCLOSE})
"""Acts that another agency asks for; all else is asked by people with roles."""

GROUPS: Final[Mapping[str, frozenset[Act]]] = {
    "look": frozenset({Act.APPROVE_HOLD, Act.REQUEST_HOLD, Act.SEARCH_READS}),
    "use": frozenset(act for act, fields in DECIDED_BY.items() if "purpose" in fields),
}
"""Groups of acts that a rule may name: `look`, into reads; `use`, for a purpose."""
