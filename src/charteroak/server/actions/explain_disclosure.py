"""Say before the click what the law says to a request; nothing is recorded or looked up."""

from collections.abc import Sequence

import attrs

from charteroak.core.codes import DataKind, Declared, Process, Standing
from charteroak.core.disclosure import agency_question, owner_question
from charteroak.core.partner import PartnerId
from charteroak.core.people import Person
from charteroak.core.policy import Denial, Rule
from charteroak.core.screening import Verdict
from charteroak.core.search import Purpose
from charteroak.core.search_check import weigh
from charteroak.server import leaving
from charteroak.server.agency import Agency
from charteroak.server.store import partners


@attrs.frozen(kw_only=True)
class DisclosureExplained:
    """What the rules would say now.

    Attributes:
        because: the rules that decide; every one that stands against, if any does.
        declared: what the agency's declarations are worth; None: an owner asks.
        note: what was written with it comes to.
    """

    permitted: bool
    because: tuple[Rule, ...]
    declared: Declared | None = None
    note: Verdict = Verdict.OK


def explain_disclosure(  # noqa: PLR0913  (what is asked, by name)
    agency: Agency,
    *,
    partner_id: PartnerId,
    purpose: Purpose,
    data_kind: DataKind,
    process: Process,
    note: str,
    beside: Sequence[str] = (),
) -> DisclosureExplained | None:
    """What the rules would say to another agency's request; None for an unknown one.

    Args:
        agency: whose reads.
        partner_id: who asks.
        purpose: for what.
        data_kind: which data.
        process: what its legal paper counts as.
        note: what crime or person it is about.
        beside: what else is written: person, contact, their case number.
    """
    with agency.database.changes() as tx:
        partner = partners.one(tx, partner_id)
        if partner is None:
            return None
        declared = leaving.declared(agency, tx, partner)
    question = agency_question(
        partner,
        custodian=agency.profile.custodian,
        purpose=purpose,
        data_kind=data_kind,
        process=process,
        declared=declared,
    )
    stands = leaving.stand_of(leaving.decide_twice_over(agency, question), partner)
    screened = leaving.screened(note, question, beside=(partner.name, *beside))
    weighed = weigh(agency.rules, question, screened)
    noted = weighed.verdict in {Verdict.BLOCK, Verdict.VAGUE}
    return DisclosureExplained(
        permitted=stands.why is None and not noted,
        because=weighed.because if noted and stands.why is None else stands.because,
        declared=declared,
        note=weighed.verdict,
    )


def explain_owner(
    agency: Agency, who: Person, standing: Standing
) -> DisclosureExplained:
    """What the rules would say to an owner's request."""
    question = owner_question(
        who, custodian=agency.profile.custodian, standing=standing
    )
    decision = leaving.decide_twice_over(agency, question)
    return DisclosureExplained(
        permitted=not isinstance(decision, Denial), because=decision.because
    )
