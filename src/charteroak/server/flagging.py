"""Raising flags: what supervisors should look at, with its record where it has none yet."""

from datetime import datetime

from charteroak.core.flag import FlagKind
from charteroak.core.log_record import Draft, RecordId, RecordKind
from charteroak.core.people import PersonId
from charteroak.server.agency import Agency
from charteroak.server.store import flags
from charteroak.server.store.database import Changes


def flag(  # noqa: PLR0913  (what is raised, by name)
    agency: Agency,
    tx: Changes,
    kind: FlagKind,
    topic: str,
    *,
    about: PersonId,
    asked: RecordId,
    at: datetime,
    times: int = 1,
) -> None:
    """Let a supervisor look at what a record tells of; said once a month.

    Args:
        agency: whose.
        tx: the transaction of what it is about.
        kind: what happened.
        topic: what it is about; the same topic is not raised again for a while.
        about: whose doing.
        asked: number of the record that tells of it.
        at: the moment.
        times: how often it has happened.
    """
    raised = flags.hoist(
        tx,
        kind,
        topic,
        flag_id=agency.new_id(),
        about=about,
        record_id=asked,
        at=at,
        times=times,
    )
    if raised:
        agency.record(
            tx,
            Draft(
                kind=RecordKind.FLAG_RAISED,
                at=at,
                public={"flag": kind.value, "asked": int(asked), "times": times},
                private={"about": str(about)},
            ),
        )


def flag_record(  # noqa: PLR0913  (what is raised, by name)
    agency: Agency,
    tx: Changes,
    kind: FlagKind,
    *,
    about: PersonId,
    recorded: RecordId,
    at: datetime,
) -> None:
    """Let a supervisor look at a record that says itself what happened: at each of them."""
    flags.hoist(
        tx,
        kind,
        str(recorded),
        flag_id=agency.new_id(),
        about=about,
        record_id=recorded,
        at=at,
    )
