"""Signing out."""

from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Person
from charteroak.server.agency import Agency
from charteroak.server.store import sessions
from charteroak.server.store.sessions import hash_of


def sign_out(agency: Agency, who: Person, token: str) -> None:
    """End a session; a second time it does nothing."""
    with agency.database.changes() as tx:
        if sessions.end(tx, hash_of(token)):
            agency.record(
                tx,
                Draft(
                    kind=RecordKind.PERSON_SIGNED_OUT,
                    at=agency.clock(),
                    private={"person": str(who.person_id)},
                ),
            )
