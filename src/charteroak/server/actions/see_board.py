"""See the board: live alerts, and how fresh cameras and lists are."""

from collections.abc import Generator, Mapping
from datetime import datetime, timedelta
from typing import Final

import attrs

from charteroak.core.alert import Status
from charteroak.core.alert_review import NotAllowed
from charteroak.core.box_report import CameraStanding
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import alerts, board_health, box_reports, hints
from charteroak.server.store.alert_rows import Alert
from charteroak.server.store.board_health import CameraHealth, ListHealth

UNVERIFIED_MOST: Final = 200
REVIEWED_MOST: Final = 50
_CAMERAS_MOST: Final = 500
_LISTS_MOST: Final = 50

CAMERA_QUIET: Final = timedelta(minutes=15)
"""A box without reports that has brought nothing for this long is shown as quiet."""

LIST_OLD: Final = timedelta(hours=24)
"""A hot list older than this is shown as old: recovered cars are still on it."""

CLOCK_OFF_S: Final = 60
"""A box whose clock is this far off, in seconds, is shown as having a wrong clock."""


@attrs.frozen(kw_only=True, repr=False)
class Board:
    """What the board shows at a moment.

    Attributes:
        alerts: those that wait for a person first, newest first; then the others.
        unverified: how many alerts have no verdict, also those that are not shown.
        standings: what boxes said last of their cameras, by short name.
        list_term: how old a list may be before it alerts nobody; None: no rule says.
        disk_full: no more reads are taken in, so no alert can come.
    """

    at: datetime
    alerts: tuple[Alert, ...]
    unverified: int
    cameras: tuple[CameraHealth, ...]
    standings: Mapping[str, CameraStanding]
    lists: tuple[ListHealth, ...]
    list_term: timedelta | None
    disk_full: bool

    @property
    def waiting(self) -> int:
        """How many of the alerts shown wait for a person."""
        return sum(alert.waiting for alert in self.alerts)

    @property
    def unverified_older(self) -> int:
        """How many without a verdict are older than all that are shown."""
        shown = sum(alert.status is Status.UNVERIFIED for alert in self.alerts)
        return max(0, self.unverified - shown)


def see_board(agency: Agency, who: Person) -> Board | NotAllowed:
    """Show a person the board, if a role allows it."""
    if not who.may(Act.SEE_ALERTS):
        return NotAllowed(act=Act.SEE_ALERTS)
    return board_now(agency)


def board_now(agency: Agency) -> Board:
    """The board, for whoever may see it: the caller has checked that.

    Raises:
        StoreUnavailableError: the database does not answer.
    """
    now = agency.clock()
    with agency.database.changes() as tx:
        live = alerts.live(
            tx,
            unverified_most=UNVERIFIED_MOST,
            reviewed_most=REVIEWED_MOST,
            at=now,
            not_before=agency.retention.not_before(now),
        )
        return Board(
            at=now,
            # A stable sort: within both groups they stay newest first.
            alerts=tuple(sorted(live, key=lambda alert: not alert.waiting)),
            unverified=alerts.count_unverified(tx),
            cameras=tuple(board_health.cameras(tx, most=_CAMERAS_MOST)),
            standings=box_reports.of_cameras(tx, now=now),
            lists=tuple(board_health.lists(tx, most=_LISTS_MOST)),
            list_term=agency.profile.list_refresh,
            disk_full=agency.disk.full,
        )


def board_hints(agency: Agency, *, wait_s: float) -> Generator[bool]:
    """Yield when the board may have changed, at the latest every `wait_s` seconds.

    Raises:
        StoreUnavailableError: the database does not answer.
    """
    return hints.listen(agency.database, wait_s=wait_s)
