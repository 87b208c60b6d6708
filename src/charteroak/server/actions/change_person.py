"""Changes of an account: roles, disabling, unlocking, passwords; each one recorded."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final

import attrs

from charteroak.core.log_record import Draft, RecordKind, Value
from charteroak.core.people import LOCKED_FOR, Person, PersonId, Role, mixes_duties
from charteroak.server.agency import Agency
from charteroak.server.store import people, sessions
from charteroak.server.store.database import Changes
from charteroak.server.store.passwords import (
    fits_hash,
    hash_password,
    in_line,
    temporary_password,
)
from charteroak.server.store.people import Account

SHORTEST_PASSWORD: Final = 15
"""Characters: NIST SP 800-63B (revision 4) asks for so many where a password is the
only factor, and for no rules about their kind."""


class Change(StrEnum):
    """What is done to an account."""

    DISABLED = "disabled"
    ENABLED = "enabled"
    NOTICE_DISMISSED = "notice_dismissed"
    PASSWORD_CHOSEN = "password_chosen"  # noqa: S105  the name of a change
    PASSWORD_REPLACED = "password_replaced"  # noqa: S105  the name of a change
    ROLES = "roles"
    UNLOCKED = "unlocked"


class Refusal(StrEnum):
    """Why an account was left as it was."""

    LAST_ADMINISTRATOR = "last_administrator"
    LOCKED = "locked"
    MIXED_DUTIES = "mixed_duties"
    NO_ROLES = "no_roles"
    NO_SUCH_PERSON = "no_such_person"
    OWN_ACCOUNT = "own_account"
    PASSWORD_SAME = "password_same"  # noqa: S105  the name of a reason
    PASSWORD_SHORT = "password_short"  # noqa: S105  the name of a reason
    PASSWORD_WRONG = "password_wrong"  # noqa: S105  the name of a reason


@attrs.frozen(kw_only=True, repr=False)
class Changed:
    """An account was changed.

    Attributes:
        person: as it was before.
        password: the new temporary one, to be told once; None for other changes.
    """

    person: Person
    password: str | None = None


@attrs.frozen
class NotChanged:
    """An account was left as it was."""

    because: Refusal


def change_roles(
    agency: Agency, who: Person | None, person_id: PersonId, roles: Iterable[Role]
) -> Changed | NotChanged:
    """Give somebody other roles; their sessions end, so that all hold at once."""
    wanted = frozenset(roles)
    if not wanted:
        return NotChanged(Refusal.NO_ROLES)
    if mixes_duties(wanted):
        return NotChanged(Refusal.MIXED_DUTIES)

    def change(tx: Changes, account: Account) -> Refusal | None:
        if _is_own(who, account):
            return Refusal.OWN_ACCOUNT
        if Role.ADMINISTRATOR not in wanted and _is_last(tx, account):
            return Refusal.LAST_ADMINISTRATOR
        people.set_roles(tx, person_id, wanted)
        sessions.end_all(tx, person_id)
        return None

    return _change(agency, who, person_id, Change.ROLES, change, roles=wanted)


def disable(
    agency: Agency, who: Person | None, person_id: PersonId
) -> Changed | NotChanged:
    """Let somebody sign in no more; their sessions end at once."""

    def change(tx: Changes, account: Account) -> Refusal | None:
        if _is_own(who, account):
            return Refusal.OWN_ACCOUNT
        if _is_last(tx, account):
            return Refusal.LAST_ADMINISTRATOR
        people.set_disabled(tx, person_id, agency.clock())
        sessions.end_all(tx, person_id)
        return None

    return _change(agency, who, person_id, Change.DISABLED, change)


def enable(
    agency: Agency, who: Person | None, person_id: PersonId
) -> Changed | NotChanged:
    """Let somebody sign in again who was disabled."""

    def change(tx: Changes, _account: Account) -> None:
        people.set_disabled(tx, person_id, None)

    return _change(agency, who, person_id, Change.ENABLED, change)


def unlock(
    agency: Agency, who: Person | None, person_id: PersonId
) -> Changed | NotChanged:
    """Let somebody try again before the ten minutes are over."""

    def change(tx: Changes, _account: Account) -> None:
        people.unlock(tx, person_id)

    return _change(agency, who, person_id, Change.UNLOCKED, change)


def replace_password(
    agency: Agency, who: Person | None, person_id: PersonId
) -> Changed | NotChanged:
    """Give somebody a temporary password; their sessions end at once.

    Whoever gives it could sign in with it first, so the person is told, until they say
    that they know (`dismiss_notice`).
    """
    told = temporary_password(agency.entropy)
    hashed = hash_password(told)

    def change(tx: Changes, account: Account) -> Refusal | None:
        if _is_own(who, account):
            return Refusal.OWN_ACCOUNT
        people.set_password(tx, person_id, hashed=hashed, temporary=True)
        people.set_replaced(tx, person_id, agency.clock())
        sessions.end_all(tx, person_id)
        return None

    answer = _change(agency, who, person_id, Change.PASSWORD_REPLACED, change)
    return (
        attrs.evolve(answer, password=told) if isinstance(answer, Changed) else answer
    )


def dismiss_notice(agency: Agency, who: Person) -> Changed | NotChanged:
    """Say that one knows that one's password was replaced; this is recorded too."""

    def change(tx: Changes, _account: Account) -> None:
        people.set_replaced(tx, who.person_id, None)

    return _change(agency, who, who.person_id, Change.NOTICE_DISMISSED, change)


def choose_password(
    agency: Agency, who: Person, *, before: str, after: str, token: str
) -> Changed | NotChanged:
    """Change one's own password; one's other sessions end.

    Wrong tries are counted for the session: whoever found it open must not guess on.
    The fifth ends it and locks the account, as at sign-in.

    Args:
        agency: whose server.
        who: the signed-in person.
        before: the password until now.
        after: the password from now on.
        token: of the session that goes on.

    Raises:
        TooManySignInsError: more at once than can be checked; nothing was counted.
    """
    if len(after) < SHORTEST_PASSWORD:
        return NotChanged(Refusal.PASSWORD_SHORT)
    if after == before:
        return NotChanged(Refusal.PASSWORD_SAME)
    session = sessions.hash_of(token)
    with in_line():
        refused = _wrong(agency, who, before, session)
    if refused is not None:
        return NotChanged(refused)
    hashed = hash_password(after)

    def change(tx: Changes, _account: Account) -> None:
        people.set_password(tx, who.person_id, hashed=hashed, temporary=False)
        sessions.forgive(tx, session)
        sessions.end_all(tx, who.person_id, but=session)

    return _change(agency, who, who.person_id, Change.PASSWORD_CHOSEN, change)


def _wrong(
    agency: Agency, who: Person, password: str, session: bytes
) -> Refusal | None:
    now = agency.clock()
    with agency.database.changes() as tx:
        tried = sessions.count_try(tx, session, who.login, now)
    if tried is None:
        return Refusal.LOCKED
    if fits_hash(password, tried.password_hash):
        return None
    if not tried.locks:
        return Refusal.PASSWORD_WRONG
    with agency.database.changes() as tx:
        sessions.end(tx, session)
        people.lock(tx, who.person_id, now + LOCKED_FOR)
        agency.record(
            tx,
            Draft(
                kind=RecordKind.PERSON_LOCKED,
                at=now,
                private={"person": str(who.person_id)},
            ),
        )
    return Refusal.LOCKED


def _change(  # noqa: PLR0913, PLR0917  one place for what all changes share
    agency: Agency,
    who: Person | None,
    person_id: PersonId,
    kind: Change,
    change: Callable[[Changes, Account], Refusal | None],
    roles: frozenset[Role] | None = None,
) -> Changed | NotChanged:
    with agency.database.changes() as tx:
        people.lock_administrators(tx)
        account = people.find(tx, person_id)
        if account is None:
            return NotChanged(Refusal.NO_SUCH_PERSON)
        refused = change(tx, account)
        if refused is not None:
            return NotChanged(refused)
        public: dict[str, Value] = {"change": kind.value}
        if roles is not None:
            public["roles"] = sorted(role.value for role in roles)
        agency.record(
            tx,
            Draft(
                kind=RecordKind.PERSON_CHANGED,
                at=agency.clock(),
                public=public,
                private={
                    "person": str(person_id),
                    "by": str(who.person_id) if who is not None else None,
                },
            ),
        )
    return Changed(person=account.person)


def _is_own(who: Person | None, account: Account) -> bool:
    return who is not None and who.person_id == account.person.person_id


def _is_last(tx: Changes, account: Account) -> bool:
    """Whether nobody could give out roles any more without this account."""
    return (
        Role.ADMINISTRATOR in account.person.roles
        and people.other_administrators(tx, account.person.person_id) == 0
    )
