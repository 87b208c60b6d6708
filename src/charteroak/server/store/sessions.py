"""Sessions: who is signed in. Only the hash of a session's token is kept."""

import hashlib
from datetime import datetime
from typing import Final

import attrs
from psycopg.rows import args_row

from charteroak.core.people import FAILURES_BEFORE_LOCK, Person, PersonId
from charteroak.server.store.database import Changes
from charteroak.server.store.people import Try, a_try, person

_ADD: Final = """
    INSERT INTO sessions
           (token_hash, person_id, signed_in_at, last_used_at, expires_at)
    VALUES (%(token_hash)s, %(person_id)s, %(at)s, %(at)s, %(expires_at)s)
"""

_FIND: Final = """
    SELECT p.person_id, p.login, p.name, p.roles, p.temporary, p.replaced_at,
           s.signed_in_at, s.last_used_at, s.expires_at
      FROM sessions s
      JOIN people p USING (person_id)
     WHERE s.token_hash = %(token_hash)s
       AND p.disabled_at IS NULL
"""

_IN_USE: Final = """
    SELECT count(*)
      FROM sessions
     WHERE person_id = %(person_id)s
       AND last_used_at >= %(since)s
"""

_TOUCH: Final = """
    UPDATE sessions
       SET last_used_at = %(at)s
     WHERE token_hash = %(token_hash)s
       AND last_used_at < %(at)s
"""

_TRY: Final = """
    UPDATE sessions s
       SET failures = s.failures + 1
      FROM people p
     WHERE s.token_hash = %(token_hash)s
       AND s.expires_at > %(at)s
       AND s.failures < %(most)s
       AND p.person_id = s.person_id
       AND p.login = %(login)s
       AND p.disabled_at IS NULL
 RETURNING p.person_id, p.login, p.name, p.roles, p.temporary, p.password_hash,
           s.failures
"""

_FORGIVE: Final = """
    UPDATE sessions SET failures = 0 WHERE token_hash = %(token_hash)s
"""

_END: Final = """
    DELETE FROM sessions
     WHERE token_hash = %(token_hash)s
 RETURNING person_id
"""

_END_ALL: Final = """
    DELETE FROM sessions
     WHERE person_id = %(person_id)s
       AND token_hash IS DISTINCT FROM %(but)s::bytea
"""

_END_EXPIRED: Final = """
    DELETE FROM sessions
     WHERE person_id = %(person_id)s
       AND expires_at <= %(at)s
"""


@attrs.frozen(kw_only=True, repr=False)
class StoredSession:
    """A session as it is kept.

    Attributes:
        temporary: the person still has a password that somebody else has seen.
        replaced_at: when somebody else replaced their password; None: they know.
        expires_at: from then on it is over, whatever happens.
    """

    person: Person
    temporary: bool
    replaced_at: datetime | None
    signed_in_at: datetime
    last_used_at: datetime
    expires_at: datetime


def hash_of(token: str) -> bytes:
    """What is kept of a token: SHA-256; it has 256 random bits, so no salt."""
    return hashlib.sha256(token.encode()).digest()


def add(
    tx: Changes,
    *,
    token_hash: bytes,
    person_id: PersonId,
    at: datetime,
    expires_at: datetime,
) -> None:
    """Begin a session; the person's expired ones are forgotten."""
    tx.connection.execute(_END_EXPIRED, {"person_id": person_id, "at": at})
    tx.connection.execute(
        _ADD,
        {
            "token_hash": token_hash,
            "person_id": person_id,
            "at": at,
            "expires_at": expires_at,
        },
    )


def find(tx: Changes, token_hash: bytes) -> StoredSession | None:
    """The session of a token, unless its person has been disabled."""
    with tx.connection.cursor(row_factory=args_row(_session)) as cursor:
        cursor.execute(_FIND, {"token_hash": token_hash})
        return cursor.fetchone()


def in_use(tx: Changes, person_id: PersonId, *, since: datetime) -> int:
    """How many browsers have done something as this person since a moment."""
    row = tx.connection.execute(
        _IN_USE, {"person_id": person_id, "since": since}
    ).fetchone()
    return 0 if row is None else int(str(row[0]))


def touch(tx: Changes, token_hash: bytes, at: datetime) -> None:
    """Note that a session was used; never turns back."""
    tx.connection.execute(_TOUCH, {"token_hash": token_hash, "at": at})


def count_try(tx: Changes, token_hash: bytes, login: str, at: datetime) -> Try | None:
    """Count a password given in a session as wrong before it is checked.

    A lock of the account does not stop it: else whoever knows a login could keep its
    person, who is signed in, from working. The session has five tries of its own.

    Returns:
        None if there is no such session of that person, or its tries are used up.
    """
    with tx.connection.cursor(row_factory=args_row(a_try)) as cursor:
        cursor.execute(
            _TRY,
            {
                "token_hash": token_hash,
                "login": login,
                "at": at,
                "most": FAILURES_BEFORE_LOCK,
            },
        )
        return cursor.fetchone()


def forgive(tx: Changes, token_hash: bytes) -> None:
    """Forget the failed tries of a session: the password was right."""
    tx.connection.execute(_FORGIVE, {"token_hash": token_hash})


def end(tx: Changes, token_hash: bytes) -> bool:
    """End one session; says whether there was one."""
    cursor = tx.connection.execute(_END, {"token_hash": token_hash})
    return cursor.rowcount > 0


def end_all(tx: Changes, person_id: PersonId, *, but: bytes | None = None) -> int:
    """End all sessions of a person, but one perhaps; says how many there were."""
    cursor = tx.connection.execute(_END_ALL, {"person_id": person_id, "but": but})
    return cursor.rowcount


def _session(  # noqa: PLR0913, PLR0917  the columns, in order
    person_id: PersonId,
    login: str,
    name: str,
    roles: list[str],
    temporary: bool,  # noqa: FBT001  a column, given by position
    replaced_at: datetime | None,
    *times: datetime,
) -> StoredSession:
    signed_in_at, last_used_at, expires_at = times
    return StoredSession(
        person=person(person_id, login, name, roles),
        temporary=temporary,
        replaced_at=replaced_at,
        signed_in_at=signed_in_at,
        last_used_at=last_used_at,
        expires_at=expires_at,
    )
