"""Signing in, and knowing the signed-in again."""

from datetime import datetime, timedelta
from typing import Final

import attrs

from charteroak.core.log_record import Draft, RecordKind, Value
from charteroak.core.people import IDLE_LIMIT, LOCKED_FOR, SESSION_LIMIT, Person
from charteroak.server.agency import Agency
from charteroak.server.store import passwords, people, sessions
from charteroak.server.store.passwords import NOBODY, fits_hash
from charteroak.server.store.people import Try
from charteroak.server.store.sessions import hash_of

TOKEN_BYTES: Final = 32
LONGEST_PASSWORD: Final = passwords.LONGEST_PASSWORD
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
        replaced_at: when somebody else replaced the password; None: the person knows.
    """

    person: Person
    locked: bool
    temporary: bool
    replaced_at: datetime | None
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
        replaces: token of the session that this browser had before; it ends. If it is
            the same person's, no lock of the account stops them, and five wrong
            passwords end the session and lock the account.

    Raises:
        TooManySignInsError: more at once than can be checked; nothing was counted.
    """
    # Before the try is counted: a full line must not lock anybody out.
    with passwords.in_line():
        return _sign_in(agency, login, password, replaces=replaces)


def _sign_in(
    agency: Agency, login: str, password: str, *, replaces: str | None
) -> SignedInAs | NotSignedIn:
    now = agency.clock()
    login = login.strip().lower()
    before = hash_of(replaces) if replaces is not None else None
    with agency.database.changes() as tx:
        own = before and sessions.count_try(tx, before, login, now)
        tried = own or people.count_try(
            tx, login, at=now, locked_until=now + LOCKED_FOR
        )
        # With the lock itself, though the fifth password may yet be the right one:
        # then the record of the sign-in follows.
        if tried is not None and tried.locks and not own:
            agency.record(tx, _locked(tried, now))
    fits = fits_hash(password, tried.password_hash if tried is not None else NOBODY)
    if tried is None:
        return NotSignedIn()
    if not fits:
        if own and tried.locks and before is not None:
            with agency.database.changes() as tx:
                sessions.end(tx, before)
                people.lock(tx, tried.person.person_id, now + LOCKED_FOR)
                agency.record(tx, _locked(tried, now))
        return NotSignedIn()
    return _begin(agency, tried, before, now)


def _locked(tried: Try, now: datetime) -> Draft:
    who: dict[str, Value] = {"person": str(tried.person.person_id)}
    return Draft(kind=RecordKind.PERSON_LOCKED, at=now, private=who)


def _begin(
    agency: Agency, tried: Try, before: bytes | None, now: datetime
) -> SignedInAs | NotSignedIn:
    who: dict[str, Value] = {"person": str(tried.person.person_id)}
    with agency.database.changes() as tx:
        if not people.signed_in(tx, tried.person.person_id, now):
            return NotSignedIn()
        if before is not None:
            sessions.end(tx, before)
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
        replaced_at=found.replaced_at,
        signed_in_at=found.signed_in_at,
        expires_at=found.expires_at,
    )
