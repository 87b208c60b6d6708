"""Everybody with an account, for those who manage them."""

from datetime import datetime

import attrs

from charteroak.core.people import Person
from charteroak.server.agency import Agency
from charteroak.server.store import people


@attrs.frozen(kw_only=True)
class AccountShown:
    """An account as the page People shows it.

    Attributes:
        temporary: they have not yet chosen a password of their own.
        disabled_at: since when they may not sign in; None: they may.
        locked_until: wrong passwords lock them until then; None: not locked now.
        last_seen_at: when they last did something; None: never.
    """

    person: Person
    temporary: bool
    added_at: datetime
    disabled_at: datetime | None
    locked_until: datetime | None
    last_seen_at: datetime | None


def see_people(agency: Agency) -> list[AccountShown]:
    """All accounts, those in use first, by login."""
    now = agency.clock()
    with agency.database.changes() as tx:
        accounts = people.everybody(tx)
    return [
        AccountShown(
            person=account.person,
            temporary=account.temporary,
            added_at=account.added_at,
            disabled_at=account.disabled_at,
            locked_until=account.locked_until
            if account.locked_until is not None and account.locked_until > now
            else None,
            last_seen_at=account.last_seen_at,
        )
        for account in accounts
    ]
