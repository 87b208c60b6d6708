"""What the rules must say, from the facts of law and not from the Cedar text.

Plain Python: for each state what is listed, refused and asked beside it; for each act the
rules that must stand against a request, and those that must permit it. A request is the
codes of its act; who asks is a state's code or a set of roles.
"""

from collections.abc import Callable, Mapping
from typing import Final

import attrs

Codes = Mapping[str, str]
Answer = tuple[bool, frozenset[str]]
SILENCE: Final = "CO-silence-is-no"

LISTED: Final = frozenset(
    [
        "stolen_vehicle",
        "stolen_plate",
        "hit_and_run",
        "missing_person",
        "endangered_person",
        "amber_alert",
        "silver_alert",
        "felony_warrant",
        "homicide",
        "assault",
        "domestic_violence",
        "robbery",
        "sexual_assault",
        "kidnapping",
        "human_trafficking",
        "weapons",
        "terrorism",
        "burglary",
        "larceny",
        "fraud",
        "arson",
        "drug_trafficking",
    ]
)
BANNED: Final = frozenset(
    [
        "immigration",
        "reproductive_care",
        "gender_affirming_care",
        "protected_activity",
        "protected_class",
    ]
)
POLICE: Final = frozenset({"municipal_police", "sheriff", "state_police"})
ENFORCEMENT: Final = POLICE | {"prosecutor"}
DUTY: Final = frozenset({"dispatcher", "investigator", "officer", "supervisor"})
CASE_WORKERS: Final = frozenset({"investigator", "supervisor"})
APART: Final = frozenset({"administrator", "auditor", "list_clerk"})
READS: Final = frozenset({"hit", "nonhit"})
JUDGE: Final = frozenset({"judicial_warrant", "court_order"})
COURT: Final = JUDGE | {"subpoena"}


@attrs.frozen(kw_only=True)
class State:
    """What differs from state to state.

    Attributes:
        listed: purposes for which anybody may look back.
        limit: how the rule of its limit is called.
        refused: classes of lists that are never loaded.
        places: where no camera may stand.
        court: grounds on which a court keeps reads longer.
        case: grounds that need a case and an approval, with the rule that permits.
    """

    code: str
    listed: frozenset[str] = LISTED
    limit: str = "21-days"
    refused: frozenset[str]
    places: frozenset[str] = frozenset()
    court: frozenset[str] = frozenset()
    case: Mapping[str, str] = attrs.field(factory=dict)

    def named(self, rule: str) -> str:
        return f"{self.code}-{rule}"


_NO_LIST: Final = frozenset(
    [
        "gang",
        "immigration_violator",
        "protection_order",
        "sex_offender",
        "supervised_release",
    ]
)
_OTHER_LISTS: Final = _NO_LIST | {"terrorist_screening"}
_CASE: Final = {"active_case": "hold-case"}
STATES: Final = {
    "CT": State(
        code="CT",
        refused=_NO_LIST,
        places=frozenset({"health_care"}),
        court=JUDGE,
        case={**_CASE, "preservation": "hold-preservation"},
    ),
    "NH": State(
        code="NH",
        listed=LISTED - {"domestic_violence", "fraud"}
        | {"suspended_registration", "commercial_vehicle"},
        limit="180-seconds",
        refused=_OTHER_LISTS,
        case=_CASE,
    ),
    "VA": State(
        code="VA",
        refused=_OTHER_LISTS,
        court=COURT,
        case={**_CASE, "preservation": "hold-case"},
    ),
    "WA": State(
        code="WA",
        refused=_OTHER_LISTS,
        places=frozenset(
            [
                "health_care",
                "school",
                "worship",
                "court",
                "food_bank",
                "immigration_facility",
            ]
        ),
        court=COURT,
    ),
    "ME": State(
        code="ME", listed=LISTED | {"commercial_vehicle"}, refused=_OTHER_LISTS
    ),
    "MN": State(
        code="MN",
        limit="60-days",
        refused=_OTHER_LISTS | {"missing_person"},
        case={**_CASE, "preservation": "hold-case"},
    ),
}


def answer(against: set[str], permits: set[str]) -> Answer:
    """One against beats all that permit; silence is no."""
    if against:
        return False, frozenset(against)
    return (True, frozenset(permits)) if permits else (False, frozenset({SILENCE}))


def when(*pairs: tuple[bool, str]) -> set[str]:
    return {rule for holds, rule in pairs if holds}


def dashed(code: str) -> str:
    return code.replace("_", "-")


def purpose_against(state: State, purpose: str) -> set[str]:
    """What a purpose runs into in an act of one's own agency."""
    if purpose in BANNED:
        return {state.named(f"no-{dashed(purpose)}")}
    if purpose not in state.listed:
        return {state.named("purpose-not-listed")}
    return set()


def looks(state: State, act: str, roles: frozenset[str], codes: Codes) -> Answer:
    against = purpose_against(state, codes["purpose"])
    against |= {f"CO-{dashed(role)}-never-looks" for role in roles & APART}
    against |= when(
        (codes["case"] == "none", state.named("case-number")),
        (codes["reach"] == "beyond", state.named(state.limit)),
        (
            act == "request_hold" and not roles & CASE_WORKERS,
            "CO-hold-by-investigator",
        ),
        (
            act == "approve_hold" and "supervisor" not in roles,
            state.named("hold-by-supervisor"),
        ),
    )
    permits = when(
        (act == "search_reads" and bool(roles & DUTY), state.named("search-listed")),
        (act == "request_hold", state.named("hold-request")),
        (act == "approve_hold", state.named("hold-approval")),
    )
    return answer(against, permits)


def export(state: State, roles: frozenset[str], codes: Codes) -> Answer:
    against = purpose_against(state, codes["purpose"])
    against |= {f"CO-{dashed(role)}-never-looks" for role in roles & APART}
    against |= when(
        (codes["case"] == "none", "CO-export-case"),
        (codes["held"] == "not_held", "CO-export-not-held"),
        (not roles & CASE_WORKERS, "CO-export-by-investigator"),
    )
    return answer(against, {"CO-export-held"})


def add_list_entry(state: State, roles: frozenset[str], codes: Codes) -> Answer:
    against = purpose_against(state, codes["purpose"]) | when(
        ("list_clerk" not in roles, "CO-entry-by-clerk"),
        (codes["case"] == "none", "CO-entry-case"),
        (codes["approval"] == "none", "CO-entry-approval"),
    )
    return answer(against, {"CO-entry"})


def list_against(state: State, codes: Codes) -> set[str]:
    kind = codes["list_class"]
    return when((kind in state.refused, state.named(f"list-{dashed(kind)}")))


def load_hotlist(state: State, roles: frozenset[str], codes: Codes) -> Answer:
    clerk = when(("list_clerk" not in roles, "CO-list-by-clerk"))
    return answer(list_against(state, codes) | clerk, {state.named("lists")})


def receive_alert(state: State, roles: frozenset[str], codes: Codes) -> Answer:
    against = list_against(state, codes) | when(
        (not roles & DUTY, "CO-alert-off-duty"),
        (codes["freshness"] == "stale", "CO-alert-stale"),
    )
    return answer(against, {"CO-alert-on-duty"})


def place_camera(state: State, roles: frozenset[str], codes: Codes) -> Answer:
    place, where = codes["place"], codes["location"]
    fixed = codes["mount"] == "fixed"
    against = when(
        ("administrator" not in roles, "CO-camera-by-administrator"),
        (place in state.places, state.named("camera-place")),
        (state.code == "CT" and where == "withheld", "CT-camera-withheld"),
        (
            state.code == "MN" and fixed and where != "published",
            "MN-camera-withheld",
        ),
        (state.code == "NH" and fixed, "NH-no-fixed-camera"),
    )
    return answer(against, {state.named("camera")})


def keep(state: State, codes: Codes) -> Answer:
    data, store = codes["data_kind"], codes["store"]
    within = codes["reach"] == "within"
    in_memory = store == "edge_memory"
    hampshire = state.code == "NH"
    against = when(
        (not within and data != "aggregate", state.named(f"{state.limit}-kept")),
        (hampshire and data == "nonhit" and not in_memory, "NH-nonhit-in-memory"),
    )
    permits = when(
        (data == "aggregate", "CO-keep-counts"),
        (data in READS and in_memory and within, "CO-keep-in-memory"),
        (data in READS and within and not hampshire, state.named("keep-within")),
        (data == "hit" and within and hampshire, "NH-keep-hit"),
    )
    return answer(against, permits)


def hold(state: State, codes: Codes) -> Answer:
    ground = codes["ground"]
    by_case = ground in state.case
    against = when(
        (ground == "none", "CO-hold-needs-ground"),
        (ground == "administrative_warrant", "CO-administrative-warrant"),
        (by_case and codes["case"] == "none", state.named("hold-needs-case")),
        (by_case and codes["approval"] == "none", state.named("hold-needs-approval")),
        (state.code == "ME", "ME-hold-unread"),
        (
            state.code == "WA" and ground in {"active_case", "preservation"},
            "WA-hold-court-only",
        ),
    )
    permits = when((ground in state.court, state.named("hold-court")))
    if by_case:
        permits.add(state.named(state.case[ground]))
    return answer(against, permits)


def answer_owner(state: State, codes: Codes) -> Answer:
    if state.code != "CT":
        return answer(set(), set())
    standing = codes["standing"]
    against = when(
        (standing == "joint_owner_alone", "CT-owner-consent"),
        (standing == "other", "CT-owner-other"),
    )
    return answer(against, when((codes["data_kind"] == "own_record", "CT-owner")))


def suspend(codes: Codes) -> Answer:
    keys, step = codes["keys"], codes["step"]
    against = when(
        (keys == "none", "CO-suspend-no-key"),
        (step == "resume" and keys == "one", "CO-resume-two-keys"),
        (step == "hand_over" and keys == "one", "CO-hand-over-two-keys"),
    )
    steps = {
        "hand_over": "CO-hand-over",
        "resume": "CO-resume",
        "suspend": "CO-suspend",
    }
    return answer(against, {steps[step]})


def expected(state: State, act: str, roles: frozenset[str], codes: Codes) -> Answer:
    """What a statute must say to an act of one's own agency."""
    by_roles: Mapping[str, Callable[[State, frozenset[str], Codes], Answer]] = {
        "add_list_entry": add_list_entry,
        "export": export,
        "load_hotlist": load_hotlist,
        "place_camera": place_camera,
        "receive_alert": receive_alert,
    }
    by_codes = {"answer_owner": answer_owner, "hold": hold, "keep": keep}
    if act in by_roles:
        return by_roles[act](state, roles, codes)
    if act in by_codes:
        return by_codes[act](state, codes)
    return suspend(codes) if act == "suspend" else looks(state, act, roles, codes)
