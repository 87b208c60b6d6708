"""What everybody may see: is every duty done, and which promise cannot be kept here."""

from datetime import datetime, timedelta
from typing import Final

import attrs

from charteroak.core.duty import Duty, DutyState
from charteroak.server.agency import Agency
from charteroak.server.store import duties, figures, promises
from charteroak.server.store.postgres.service_user import is_shared
from charteroak.server.store.roles import AgencySchema

SHARED_USER: Final = "shared_user"
"""The note that the embedded database runs as a user whom other programs share."""


@attrs.frozen(kw_only=True)
class DutyLine:
    """One duty.

    Attributes:
        state: None where it was never done yet.
    """

    duty: Duty
    state: DutyState | None
    late: bool


@attrs.frozen(kw_only=True)
class Status:
    """How the server stands.

    Attributes:
        broken_promises: codes of what this database's settings let us not promise.
        notes: codes of what could be better, and breaks no promise by itself.
        oldest_at: start of the oldest bucket that is still there; None: none.
        limit: the read limit in force.
        stored: reads stored in the last day, by the counts of ingest.
        deleted: reads deleted in the last day.
        refusals: what was turned away in the last day, by kind.
        matcher: state of the matcher's file.
    """

    at: datetime
    duties: tuple[DutyLine, ...]
    broken_promises: tuple[str, ...]
    notes: tuple[str, ...]
    limit: timedelta
    granule: timedelta
    oldest_at: datetime | None
    stored: int
    deleted: int
    refusals: dict[str, int]
    matcher: str

    @property
    def well(self) -> bool:
        """Whether nothing is late, and every promise can be kept."""
        return not self.broken_promises and not any(line.late for line in self.duties)


def see_status(agency: Agency) -> Status:
    """Look at the worker's book, the database's settings and the figures of a day."""
    now = agency.clock()
    since = now - timedelta(days=1)
    with agency.database.changes() as tx:
        book = {state.duty: state for state in duties.standing(tx)}
        broken = promises.broken(tx, AgencySchema(agency.settings.agency))
        day = figures.of_a_day(tx, since=since)
    lines = tuple(
        DutyLine(
            duty=duty,
            state=book.get(duty),
            late=duty not in book or book[duty].late(now, agency.retention.granule),
        )
        for duty in Duty
    )
    return Status(
        at=now,
        duties=lines,
        broken_promises=tuple(broken),
        notes=_notes(agency),
        limit=agency.retention.limit,
        granule=agency.retention.granule,
        oldest_at=day.oldest_at,
        stored=day.stored,
        deleted=day.deleted,
        refusals=day.refusals,
        matcher=agency.hot_file.state.value,
    )


def _notes(agency: Agency) -> tuple[str, ...]:
    if agency.settings.dsn is not None:
        # Somebody else's server: who it runs as is not ours to see.
        return ()
    data = agency.settings.data / "database" / "pgdata"
    return (SHARED_USER,) if is_shared(data) else ()
