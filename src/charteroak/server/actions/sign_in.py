"""Signing in, and knowing the signed-in again."""

import threading
from datetime import datetime, timedelta
from typing import Final

import attrs
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import IDLE_LIMIT, LOCKED_FOR, SESSION_LIMIT, Person
from charteroak.server.agency import Agency
from charteroak.server.store import people, sessions
from charteroak.server.store.sessions import hash_of

TOKEN_BYTES: Final = 32
SHORTEST_PASSWORD: Final = 12
"""Characters; NIST SP 800-63B asks for 8 where there is a second factor, 15 without:
between them, because the account locks after five tries."""
LONGEST_PASSWORD: Final = 256
"""Characters; a longer one only costs time."""

_HASHER: Final = PasswordHasher()
# 64 MiB and a core for each check: more at once would be a way to deny service.
_AT_ONCE: Final = threading.BoundedSemaphore(2)
# Hash of a password nobody knows, with the hasher's own costs: checked when a login
# does not exist, so that the answer takes as long as for one that does.
_NOBODY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$F/L0WSDc4j+1z7FhOr9/Og$7fiYtJ"
    "WLJY92K1QCaNkHsFghVHe50jSeKtev5bE0D6g"
)
_TOUCH_EVERY: Final = timedelta(minutes=1)


@attrs.frozen(kw_only=True, repr=False)
class SignedInAs:
    """A new session.

    Attributes:
        token: for the cookie; kept nowhere here.
        temporary: the password must be changed before anything else.
    """

    person: Person
    token: str
    expires_at: datetime
    temporary: bool


@attrs.frozen
class NotSignedIn:
    """Wrong login, wrong password, disabled or locked: on purpose one answer."""


@attrs.frozen(kw_only=True, repr=False)
class Known:
    """A session that goes on.

    Attributes:
        locked: idle for too long: only receiving goes on, until the same person signs
            in again.
        temporary: the password must be changed before anything else.
    """

    person: Person
    locked: bool
    temporary: bool
    signed_in_at: datetime
    expires_at: datetime


def sign_in(
    agency: Agency, login: str, password: str, *, replaces: str | None = None
) -> SignedInAs | NotSignedIn:
    """Begin a session with a fresh token.

    Args:
        agency: whose server.
        login: as typed; case and space around it do not matter.
        password: as typed.
        replaces: token of the session that this browser had before; it ends.
    """
    now = agency.clock()
    with agency.database.changes() as tx:
        tried = people.count_try(
            tx, login.strip().lower(), at=now, locked_until=now + LOCKED_FOR
        )
    fits = fits_hash(password, tried.password_hash if tried is not None else _NOBODY)
    if tried is None:
        return NotSignedIn()
    who: dict[str, str | int | bool | list[str] | list[int] | None] = {
        "person": str(tried.person.person_id)
    }
    with agency.database.changes() as tx:
        if not fits:
            if tried.locks:
                agency.record(
                    tx, Draft(kind=RecordKind.PERSON_LOCKED, at=now, private=who)
                )
            return NotSignedIn()
        if not people.signed_in(tx, tried.person.person_id, now):
            return NotSignedIn()
        if replaces is not None:
            sessions.end(tx, hash_of(replaces))
        token = agency.entropy(TOKEN_BYTES).hex()
        sessions.add(
            tx,
            token_hash=hash_of(token),
            person_id=tried.person.person_id,
            at=now,
            expires_at=now + SESSION_LIMIT,
        )
        agency.record(tx, Draft(kind=RecordKind.PERSON_SIGNED_IN, at=now, private=who))
    return SignedInAs(
        person=tried.person,
        token=token,
        expires_at=now + SESSION_LIMIT,
        temporary=tried.temporary,
    )


def know_again(agency: Agency, token: str, *, active: bool) -> Known | None:
    """Who a token belongs to; None if its session is over.

    Args:
        agency: whose server.
        token: from the cookie.
        active: whether the person did something; a stream of events that goes on by
            itself keeps nobody's session awake.
    """
    now = agency.clock()
    hashed = hash_of(token)
    with agency.database.changes() as tx:
        found = sessions.find(tx, hashed)
        if found is None or found.expires_at <= now:
            return None
        idle = now - found.last_used_at
        locked = idle >= IDLE_LIMIT
        if active and not locked and idle >= _TOUCH_EVERY:
            sessions.touch(tx, hashed, now)
            people.saw(tx, found.person.person_id, now)
    return Known(
        person=found.person,
        locked=locked,
        temporary=found.temporary,
        signed_in_at=found.signed_in_at,
        expires_at=found.expires_at,
    )


def hash_password(password: str) -> str:
    """Argon2id with the second recommended costs of RFC 9106: 64 MiB, 3 passes."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def fits_hash(password: str, hashed: str) -> bool:
    """Whether a password fits; takes as long for yes as for no."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(hashed, password[:LONGEST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False
