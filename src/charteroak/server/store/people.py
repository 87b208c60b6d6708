"""People: accounts, what locks them, and when they were last seen."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import attrs
from psycopg.rows import args_row

from charteroak.core.people import FAILURES_BEFORE_LOCK, Person, PersonId, Role
from charteroak.server.store.database import Audits, Changes

_MOST: Final = 2_000

_ADD: Final = """
    INSERT INTO people
           (person_id, login, name, password_hash, temporary, roles, added_at, failures)
    VALUES (%(person_id)s, %(login)s, %(name)s, %(password_hash)s, %(temporary)s,
            %(roles)s, %(at)s, 0)
    ON CONFLICT (login) DO NOTHING
 RETURNING person_id
"""

_COLUMNS: Final = """
    SELECT person_id, login, name, roles, temporary,
           added_at, disabled_at, locked_until, last_seen_at
      FROM people
"""

_ALL: Final = f"""
    {_COLUMNS}
     ORDER BY disabled_at IS NOT NULL, login
     LIMIT {_MOST}
"""

_FIND: Final = f"""
    {_COLUMNS}
     WHERE person_id = %(person_id)s
       FOR UPDATE
"""

_TRY: Final = """
    UPDATE people
       SET failures = CASE WHEN locked_until IS NULL THEN failures + 1 ELSE 1 END,
           locked_until = CASE
               WHEN locked_until IS NULL AND failures + 1 >= %(most)s
               THEN %(locked_until)s::timestamptz END
     WHERE login = %(login)s
       AND disabled_at IS NULL
       AND (locked_until IS NULL OR locked_until <= %(at)s)
 RETURNING person_id, login, name, roles, temporary, password_hash, failures
"""

_SIGNED_IN: Final = """
    UPDATE people
       SET failures = 0, locked_until = NULL, last_seen_at = %(at)s
     WHERE person_id = %(person_id)s
       AND disabled_at IS NULL
"""

_SAW: Final = """
    UPDATE people
       SET last_seen_at = %(at)s
     WHERE person_id = %(person_id)s
       AND (last_seen_at IS NULL OR last_seen_at < %(at)s)
"""

_CHANGE_HASH: Final = """
    UPDATE people
       SET password_hash = %(password_hash)s, temporary = %(temporary)s,
           failures = 0, locked_until = NULL
     WHERE person_id = %(person_id)s
"""

_SET_REPLACED: Final = """
    UPDATE people SET replaced_at = %(at)s WHERE person_id = %(person_id)s
"""

_SET_ROLES: Final = """
    UPDATE people SET roles = %(roles)s WHERE person_id = %(person_id)s
"""

_SET_DISABLED: Final = """
    UPDATE people SET disabled_at = %(at)s WHERE person_id = %(person_id)s
"""

_LOCK: Final = """
    UPDATE people SET locked_until = %(until)s WHERE person_id = %(person_id)s
"""

_UNLOCK: Final = """
    UPDATE people
       SET failures = 0, locked_until = NULL
     WHERE person_id = %(person_id)s
"""

# In one order everywhere, so that two changes never wait for each other.
_LOCK_ADMINISTRATORS: Final = """
    SELECT person_id
      FROM people
     WHERE 'administrator' = ANY (roles)
     ORDER BY person_id
     LIMIT 2000
       FOR UPDATE
"""

_OTHER_ADMINISTRATORS: Final = """
    SELECT count(*)
      FROM people
     WHERE 'administrator' = ANY (roles)
       AND disabled_at IS NULL
       AND person_id <> %(person_id)s
"""


@attrs.frozen(kw_only=True)
class Account:
    """A person with the state of their account.

    Attributes:
        temporary: they still have a password that somebody else has seen.
        disabled_at: since when they may not sign in; None: they may.
        locked_until: too many wrong passwords; None or past: not locked.
        last_seen_at: when they last did something; None: never.
    """

    person: Person
    temporary: bool
    added_at: datetime
    disabled_at: datetime | None
    locked_until: datetime | None
    last_seen_at: datetime | None


@attrs.frozen(kw_only=True, repr=False)
class Try:
    """A try to sign in that has been counted before it is checked.

    Attributes:
        locks: this was the last try; if it fails the account is locked.
    """

    person: Person
    temporary: bool
    password_hash: str
    locks: bool


def person(person_id: PersonId, login: str, name: str, roles: Iterable[str]) -> Person:
    """A person from the columns that other tables join."""
    return Person(
        person_id=person_id,
        login=login,
        name=name,
        roles=frozenset(Role(role) for role in roles),
    )


def add(
    tx: Changes, someone: Person, *, password_hash: str, temporary: bool, at: datetime
) -> bool:
    """Add an account; False if the login is taken."""
    row = tx.connection.execute(
        _ADD,
        {
            "person_id": someone.person_id,
            "login": someone.login,
            "name": someone.name,
            "password_hash": password_hash,
            "temporary": temporary,
            "roles": sorted(someone.roles),
            "at": at,
        },
    ).fetchone()
    return row is not None


def everybody(tx: Changes | Audits) -> list[Account]:
    """All accounts, those in use first, by login; 2,000 at the most."""
    with tx.connection.cursor(row_factory=args_row(_account)) as cursor:
        cursor.execute(_ALL)
        return cursor.fetchall()


def find(tx: Changes, person_id: PersonId) -> Account | None:
    """One account, locked against other changes until the transaction ends."""
    with tx.connection.cursor(row_factory=args_row(_account)) as cursor:
        cursor.execute(_FIND, {"person_id": person_id})
        return cursor.fetchone()


def count_try(
    tx: Changes, login: str, *, at: datetime, locked_until: datetime
) -> Try | None:
    """Count a try as failed before its password is checked.

    So as many tries at once as anybody likes are five, and not five for each thread.
    The fifth locks the account at once, and `signed_in` takes the lock off again.

    Returns:
        None if nobody may try: no such login, disabled, or locked.
    """
    with tx.connection.cursor(row_factory=args_row(a_try)) as cursor:
        cursor.execute(
            _TRY,
            {
                "login": login,
                "at": at,
                "locked_until": locked_until,
                "most": FAILURES_BEFORE_LOCK,
            },
        )
        return cursor.fetchone()


def signed_in(tx: Changes, person_id: PersonId, at: datetime) -> bool:
    """Forget failed tries; False if the account was disabled meanwhile."""
    cursor = tx.connection.execute(_SIGNED_IN, {"person_id": person_id, "at": at})
    return cursor.rowcount > 0


def saw(tx: Changes, person_id: PersonId, at: datetime) -> None:
    """Note that somebody did something."""
    tx.connection.execute(_SAW, {"person_id": person_id, "at": at})


def set_password(
    tx: Changes, person_id: PersonId, *, hashed: str, temporary: bool
) -> None:
    """Give an account another password, and unlock it."""
    tx.connection.execute(
        _CHANGE_HASH,
        {"person_id": person_id, "password_hash": hashed, "temporary": temporary},
    )


def set_replaced(tx: Changes, person_id: PersonId, at: datetime | None) -> None:
    """Note that somebody else replaced a password; None: the person has seen it."""
    tx.connection.execute(_SET_REPLACED, {"person_id": person_id, "at": at})


def set_roles(tx: Changes, person_id: PersonId, roles: Iterable[Role]) -> None:
    """Give an account other roles."""
    tx.connection.execute(_SET_ROLES, {"person_id": person_id, "roles": sorted(roles)})


def set_disabled(tx: Changes, person_id: PersonId, at: datetime | None) -> None:
    """Disable an account from a moment on, or with None enable it again."""
    tx.connection.execute(_SET_DISABLED, {"person_id": person_id, "at": at})


def lock(tx: Changes, person_id: PersonId, until: datetime) -> None:
    """Let nobody try until then."""
    tx.connection.execute(_LOCK, {"person_id": person_id, "until": until})


def unlock(tx: Changes, person_id: PersonId) -> None:
    """Forget failed tries."""
    tx.connection.execute(_UNLOCK, {"person_id": person_id})


def lock_administrators(tx: Changes) -> None:
    """Keep others from changing any administrator until this transaction ends.

    Else two could take each other's rights away at once, and none would be left.
    """
    tx.connection.execute(_LOCK_ADMINISTRATORS)


def other_administrators(tx: Changes, person_id: PersonId) -> int:
    """How many others could repair what this administrator breaks."""
    row = tx.connection.execute(
        _OTHER_ADMINISTRATORS, {"person_id": person_id}
    ).fetchone()
    return row[0] if row is not None and isinstance(row[0], int) else 0


def _account(
    person_id: PersonId,
    login: str,
    name: str,
    roles: list[str],
    temporary: bool,  # noqa: FBT001  a column, given by position
    *times: datetime | None,
) -> Account:
    added_at, disabled_at, locked_until, last_seen_at = times
    if added_at is None:  # pragma: no cover
        msg = "added_at is NOT NULL"
        raise TypeError(msg)
    return Account(
        person=person(person_id, login, name, roles),
        temporary=temporary,
        added_at=added_at,
        disabled_at=disabled_at,
        locked_until=locked_until,
        last_seen_at=last_seen_at,
    )


def a_try(  # noqa: PLR0913, PLR0917  the columns, in order
    person_id: PersonId,
    login: str,
    name: str,
    roles: list[str],
    temporary: bool,  # noqa: FBT001  a column, given by position
    hashed: str,
    failures: int,
) -> Try:
    """A try from the columns of an account, and how many have failed."""
    return Try(
        person=person(person_id, login, name, roles),
        temporary=temporary,
        password_hash=hashed,
        locks=failures >= FAILURES_BEFORE_LOCK,
    )
