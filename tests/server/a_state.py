"""Agencies under other laws and policies than Connecticut's own."""

from datetime import date

import attrs

from charteroak.core.policy import RuleBook
from charteroak.core.retention import Retention
from charteroak.law.loader import load_profile, load_terms
from charteroak.server.actions.make_buckets import make_buckets
from charteroak.server.agency import Agency

ON = date(2026, 11, 22)


def under(agency: Agency, jurisdiction: str = "us_ct", *policies: str) -> Agency:
    """The same agency, with another law in force and policies beside it."""
    profile = load_profile(jurisdiction, on=ON)
    terms = [load_terms(name, custodian=profile.custodian) for name in policies]
    limits = [profile.read_limit, *(each.read_limit for each in terms)]
    made = attrs.evolve(
        agency,
        profile=profile,
        rules=RuleBook(sets=(profile.rules, *(each.rules for each in terms))),
        retention=Retention(min(limit for limit in limits if limit is not None)),
        edge_only=any(each.edge_only for each in terms),
    )
    make_buckets(made)
    return made
