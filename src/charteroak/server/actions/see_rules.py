"""See the rules in force, in plain words, with their sources."""

from datetime import timedelta

import attrs

from charteroak.law.profile import Profile
from charteroak.server.agency import Agency


@attrs.frozen(kw_only=True)
class RulesInForce:
    """The law profile of this agency, and the one limit that follows for its reads.

    Attributes:
        read_limit: the strictest of the law and the agency's own setting.
        own_limit: whether the agency's own setting is the stricter one.
    """

    profile: Profile
    read_limit: timedelta
    own_limit: bool


def see_rules(agency: Agency) -> RulesInForce:
    """The rules in force; open to everybody who is signed in."""
    return RulesInForce(
        profile=agency.profile,
        read_limit=agency.retention.limit,
        own_limit=agency.retention.limit < agency.profile.read_limit,
    )
