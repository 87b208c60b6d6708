"""An account for somebody new."""

import re
from collections.abc import Iterable
from typing import Final

import attrs

from charteroak.core.errors import CharterOakError
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Person, PersonId, Role, mixes_duties
from charteroak.server.agency import Agency
from charteroak.server.store import people
from charteroak.server.store.passwords import hash_password, temporary_password

LONGEST_NAME: Final = 80
_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._\-]{1,39}")


class UnusableAccountError(CharterOakError):
    """A login, name or set of roles that no account can have."""

    code = "charteroak.people.unusable-account"
    hint = (
        "A login is 2 to 40 lower-case letters, digits, dots or dashes; a name is not "
        "empty; there is at least one role; whoever manages people, reads the log or "
        "loads hot lists does not also look for cars."
    )

    def __init__(self, field: str) -> None:
        super().__init__(f"unusable {field}")
        self.field = field


@attrs.frozen(kw_only=True, repr=False)
class PersonAdded:
    """A new account.

    Attributes:
        password: to be told to the person, once; kept nowhere.
    """

    person: Person
    password: str


@attrs.frozen
class LoginTaken:
    """Somebody has that login; disabled accounts keep theirs for good."""

    login: str


def add_person(  # noqa: PLR0913  what an account is made of
    agency: Agency,
    who: Person | None,
    *,
    login: str,
    name: str,
    roles: Iterable[Role],
    password: str | None = None,
) -> PersonAdded | LoginTaken:
    """Add an account.

    Args:
        agency: whose server.
        who: the administrator; None for the command line on the server itself.
        login: as typed; case does not matter.
        name: as colleagues write it.
        roles: at least one.
        password: None for a temporary one, which the person must change at the first
            sign-in, so that no administrator can act in another's name. One that is
            given here stays: for the demonstration only.

    Raises:
        UnusableAccountError: a login, name or set of roles that cannot be.
    """
    login, name, wanted = login.strip().lower(), name.strip(), frozenset(roles)
    if not _LOGIN.fullmatch(login):
        raise UnusableAccountError("login")
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise UnusableAccountError("name")
    if not wanted or mixes_duties(wanted):
        raise UnusableAccountError("roles")
    person = Person(
        person_id=PersonId(agency.new_id()), login=login, name=name, roles=wanted
    )
    told = password or temporary_password(agency.entropy)
    hashed = hash_password(told)
    now = agency.clock()
    with agency.database.changes() as tx:
        if not people.add(
            tx, person, password_hash=hashed, temporary=password is None, at=now
        ):
            return LoginTaken(login)
        agency.record(
            tx,
            Draft(
                kind=RecordKind.PERSON_ADDED,
                at=now,
                public={"roles": sorted(role.value for role in wanted)},
                private={
                    "person": str(person.person_id),
                    "login": login,
                    "name": name,
                    "by": str(who.person_id) if who is not None else None,
                },
            ),
        )
    return PersonAdded(person=person, password=told)
