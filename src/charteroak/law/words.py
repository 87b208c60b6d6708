"""Requests, answers and changes in words, for people who read no code."""

from collections.abc import Mapping, Sequence
from typing import Final

from charteroak.core.codes import ASKED_BY_A_JURISDICTION, JURISDICTIONS
from charteroak.core.decision_table import WHO
from charteroak.core.people import Act, Role
from charteroak.core.policy import name_of, sets_of_roles
from charteroak.law.comparing import Change
from charteroak.law.vocabulary import values

ACTS: Final[Mapping[Act, str]] = {
    Act.ADD_LIST_ENTRY: "enter a plate on the agency's own list",
    Act.ANSWER_OWNER: "give somebody the record of a car",
    Act.APPROVE_HOLD: "approve that a read is kept for a case",
    Act.DISCLOSE: "give reads to another agency",
    Act.EXPORT: "export what is held",
    Act.HOLD: "keep a read beyond the limit",
    Act.KEEP: "keep what a camera read",
    Act.LOAD_HOTLIST: "load a hot list",
    Act.PLACE_CAMERA: "place a camera",
    Act.RECEIVE_ALERT: "be told of a hit",
    Act.REQUEST_HOLD: "ask that a read is kept for a case",
    Act.SEARCH_READS: "search the reads of one's own agency",
    Act.SUSPEND: "suspend or resume capture and search, or hand over the council's keys",
}

FIELDS: Final[Mapping[str, str]] = {
    "agency_kind": "kind of agency",
    "approval": "approval of a supervisor",
    "case": "case number",
    "data_kind": "data",
    "declaration": "written declaration",
    "freshness": "the list is",
    "ground": "ground",
    "held": "the read is",
    "keys": "keys of the council",
    "legal_process": "legal process",
    "list_class": "class of list",
    "location": "where it stands is",
    "mount": "mounted",
    "place": "place",
    "purpose": "purpose",
    "reach": "against the limit",
    "standing": "whose car",
    "step": "step",
    "store": "where it lies",
    WHO: "asked by",
}

_FEW: Final = 6
"""So many codes are named one by one; of more, those that are left out."""


def spoken(code: str) -> str:
    """A code as a person would say it.

    >>> spoken("judicial_warrant")
    'judicial warrant'
    """
    return code.replace("_", " ")


def change(found: Change) -> str:
    """A change in one sentence: what turns, for what it holds, and by which rules."""
    parts = [
        f"{FIELDS[field]}: {some(field, codes, found.act)}"
        for field, codes in found.codes.items()
        if len(codes) < len(_all(field, found.act))
    ]
    what = "; ".join(parts) or "always"
    count = "1 request" if found.cells == 1 else f"{found.cells:,} requests"
    word = "permitted" if found.now else "refused"
    turn = f"still {word}" if found.was == found.now else f"now {word}"
    rules = [
        *([f"now by {', '.join(found.gained)}"] if found.gained else []),
        *([f"no longer by {', '.join(found.lost)}"] if found.lost else []),
    ]
    return f"{turn}: {ACTS[found.act]} ({what}); {'; '.join(rules)}; {count}"


def some(field: str, codes: Sequence[str], act: Act) -> str:
    """Some codes of a field: named, or by what is left out."""
    if field == WHO and act not in ASKED_BY_A_JURISDICTION:
        return _roles(codes)
    whole = _all(field, act)
    left = [code for code in whole if code not in codes]
    if len(codes) > _FEW and len(left) < len(codes):
        return f"all but {', '.join(spoken(code) for code in left)}"
    return ", ".join(spoken(code) for code in codes)


def _roles(names: Sequence[str]) -> str:
    """Sets of roles by what they have in common; there are 128 of them."""
    sets = [frozenset[str](name.split(" ")) - {"nobody"} for name in names]
    every = frozenset.intersection(*sets)
    never = frozenset(role.value for role in Role) - frozenset.union(*sets)
    parts = [
        *(f"with {spoken(role)}" for role in sorted(every)),
        *(f"without {spoken(role)}" for role in sorted(never)),
    ]
    return " and ".join(parts) or f"{len(sets)} sets of roles"


def _all(field: str, act: Act) -> Sequence[str]:
    if field != WHO:
        return values(field)
    if act in ASKED_BY_A_JURISDICTION:
        return JURISDICTIONS
    return [name_of(roles) for roles in sets_of_roles()]
