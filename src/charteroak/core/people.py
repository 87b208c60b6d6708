"""People who sign in, and what their roles let them do."""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from typing import Final, NewType
from uuid import UUID

import attrs

PersonId = NewType("PersonId", UUID)

FAILURES_BEFORE_LOCK: Final = 5
LOCKED_FOR: Final = timedelta(minutes=10)
"""Five failures, ten minutes: CJIS Security Policy, unsuccessful logon attempts."""

IDLE_LIMIT: Final = timedelta(minutes=30)
"""CJIS Security Policy v6, session lock (AC-11): 30 minutes."""

SESSION_LIMIT: Final = timedelta(hours=12)
"""Re-authentication at AAL2 (NIST SP 800-63B): 12 hours."""


class Role(StrEnum):
    """What a person is for; one person may have several."""

    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    DISPATCHER = "dispatcher"
    INVESTIGATOR = "investigator"
    LIST_CLERK = "list_clerk"
    OFFICER = "officer"
    SUPERVISOR = "supervisor"


class Act(StrEnum):
    """What can be asked of an agency's server, in the agency's words."""

    ACKNOWLEDGE_ALERT = "acknowledge_alert"
    ADD_LIST_ENTRY = "add_list_entry"
    ANSWER_OWNER = "answer_owner"
    APPROVE_DISCLOSURE = "approve_disclosure"
    APPROVE_HOLD = "approve_hold"
    APPROVE_LIST_ENTRY = "approve_list_entry"
    DISCLOSE = "disclose"
    ENROL_BOX = "enrol_box"
    ENTER_DISCLOSURE = "enter_disclosure"
    EXPORT = "export"
    HOLD = "hold"
    KEEP = "keep"
    LOAD_HOTLIST = "load_hotlist"
    LOOK_AT_FLAGS = "look_at_flags"
    MANAGE_PEOPLE = "manage_people"
    OVERSEE_SEARCHES = "oversee_searches"
    PLACE_CAMERA = "place_camera"
    READ_LOG = "read_log"
    RECEIVE_ALERT = "receive_alert"
    REQUEST_HOLD = "request_hold"
    REVIEW_ALERT = "review_alert"
    SEARCH_READS = "search_reads"
    SEE_ALERTS = "see_alerts"
    SEE_CAMERAS = "see_cameras"
    SEE_HOTLISTS = "see_hotlists"
    SEE_STATUS = "see_status"
    SUSPEND = "suspend"


_EVERYBODY: Final = frozenset(Role)
_ON_DUTY: Final = frozenset(
    {Role.DISPATCHER, Role.INVESTIGATOR, Role.OFFICER, Role.SUPERVISOR}
)

_APART: Final = frozenset({Role.ADMINISTRATOR, Role.AUDITOR, Role.LIST_CLERK})

ALLOWED: Final[dict[Act, frozenset[Role]]] = {
    Act.ACKNOWLEDGE_ALERT: _ON_DUTY,
    Act.ADD_LIST_ENTRY: frozenset({Role.LIST_CLERK}),
    Act.APPROVE_DISCLOSURE: frozenset({Role.SUPERVISOR}),
    Act.APPROVE_HOLD: frozenset({Role.SUPERVISOR}),
    Act.APPROVE_LIST_ENTRY: frozenset({Role.SUPERVISOR}),
    Act.ENROL_BOX: frozenset({Role.ADMINISTRATOR}),
    Act.EXPORT: frozenset({Role.INVESTIGATOR, Role.SUPERVISOR}),
    # Whoever enters a request never approves it: see `core.disclosure`.
    Act.ENTER_DISCLOSURE: frozenset({Role.LIST_CLERK, Role.SUPERVISOR}),
    Act.LOAD_HOTLIST: frozenset({Role.LIST_CLERK}),
    # A flag names no car; and a chief who is the only supervisor has somebody above.
    Act.LOOK_AT_FLAGS: frozenset({Role.AUDITOR, Role.SUPERVISOR}),
    Act.MANAGE_PEOPLE: frozenset({Role.ADMINISTRATOR}),
    Act.OVERSEE_SEARCHES: frozenset({Role.SUPERVISOR}),
    Act.PLACE_CAMERA: frozenset({Role.ADMINISTRATOR}),
    Act.READ_LOG: frozenset({Role.AUDITOR}),
    Act.REQUEST_HOLD: frozenset({Role.INVESTIGATOR, Role.SUPERVISOR}),
    Act.REVIEW_ALERT: _ON_DUTY,
    # Who may search is also a rule of law (Cedar); this gate only shows the form, so
    # that a forbidden search can be asked, refused and recorded.
    Act.SEARCH_READS: _ON_DUTY | {Role.ADMINISTRATOR, Role.LIST_CLERK},
    Act.SEE_ALERTS: _ON_DUTY,
    Act.SEE_CAMERAS: _EVERYBODY,
    Act.SEE_HOTLISTS: frozenset({Role.LIST_CLERK, Role.SUPERVISOR}),
    Act.SEE_STATUS: _EVERYBODY,
}
"""Which roles may do what; an act that is missing here is allowed to nobody."""


def mixes_duties(roles: Iterable[Role]) -> bool:
    """Whether one account would both look for cars and keep watch over those who do.

    Whoever gives out roles, reads the log or fills hot lists has no account with which
    to search: else an administrator would only have to tick a second box.

    >>> mixes_duties({Role.ADMINISTRATOR, Role.INVESTIGATOR})
    True
    >>> mixes_duties({Role.OFFICER, Role.SUPERVISOR})
    False
    """
    given = frozenset(roles)
    return not given.isdisjoint(_APART) and not given.isdisjoint(_ON_DUTY)


@attrs.frozen(kw_only=True)
class Person:
    """Somebody with an account.

    Attributes:
        login: short name they sign in with, lower case.
        name: as colleagues write it.
        roles: at least one.
    """

    person_id: PersonId
    login: str
    name: str
    roles: frozenset[Role] = attrs.field(validator=attrs.validators.min_len(1))

    def may(self, act: Act) -> bool:
        """Whether any of the person's roles allows an act."""
        return not self.roles.isdisjoint(ALLOWED.get(act, frozenset()))
