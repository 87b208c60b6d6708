"""See what an export of a case would hold, and what the law would say to it."""

from collections.abc import Collection

import attrs

from charteroak.core.codes import Case, Held
from charteroak.core.export import ExportMade, Judged, Order, Standing, judge
from charteroak.core.hold import NotAllowed
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.package import PackageRead
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, Permit, Request, decide
from charteroak.core.read import ReadId
from charteroak.core.search_record import decision_fields
from charteroak.law.screening import note_rules
from charteroak.law.vocabulary import PurposeName
from charteroak.server.agency import Agency
from charteroak.server.store import exports
from charteroak.server.store.database import Changes


@attrs.frozen(kw_only=True, repr=False)
class ExportLine:
    """One held read that could be exported.

    Attributes:
        pictured: whether it has a picture of the plate.
    """

    hold: Standing
    read: PackageRead
    pictured: bool


@attrs.frozen(kw_only=True, repr=False)
class ExportOffer:
    """What is held for a case, read by read, oldest first.

    Attributes:
        made: what was given out before, newest first.
        purposes: all that can be named, banned ones too.
    """

    case_ref: str
    lines: tuple[ExportLine, ...]
    made: tuple[ExportMade, ...]
    purposes: tuple[PurposeName, ...]


def see_export(
    agency: Agency,
    who: Person,
    case_ref: str,
    *,
    reads: Collection[ReadId] = (),
) -> ExportOffer | NotAllowed:
    """The held reads of a case that may be exported: those that were held one by one.

    What is kept as a span is not laid open here; of it only `reads` are shown, which
    whoever names them has found by looking into it.

    That somebody looks is committed before the copies are read; a refusal is recorded.
    """
    with agency.database.changes() as tx:
        standing = exports.offered(tx, case_ref, reads, at=agency.clock())
        decided = [(each, _decide(agency, who, each)) for each in standing]
        allowed = [each for each, said in decided if isinstance(said, Permit)]
        denial = next((no for _, no in decided if isinstance(no, Denial)), None)
        refused = not who.may(Act.EXPORT) or (bool(standing) and not allowed)
        _record(agency, tx, who, case_ref, holds=len(allowed), denial=denial)
    if refused:
        return NotAllowed()
    with agency.database.changes() as tx:
        copies = {each.read.read_id: each for each in exports.seen(tx, allowed)}
        made = exports.of_case(tx, case_ref)
    return ExportOffer(
        case_ref=case_ref,
        lines=tuple(
            ExportLine(
                hold=hold,
                read=copies[hold.read_id].read,
                pictured=bool(copies[hold.read_id].plate_picture),
            )
            for hold in allowed
            # Its copy may have been forgotten since.
            if hold.read_id in copies
        ),
        made=tuple(made),
        purposes=agency.profile.purposes,
    )


def explain_export(agency: Agency, who: Person, order: Order) -> Judged:
    """What the rules would say to an export now; shows no read, and records nothing."""
    with agency.database.changes() as tx:
        now = agency.clock()
        chosen = exports.chosen(tx, order.case_ref, order.reads, at=now)
        theirs = exports.asked_by(tx, order.case_ref, who.person_id, at=now)
    return judge(
        agency.rules,
        who,
        order,
        chosen,
        theirs=theirs,
        custodian=agency.profile.custodian,
        notes=note_rules(),
        decide=agency.decide_leaving,
    )


def _decide(agency: Agency, who: Person, hold: Standing) -> Permit | Denial:
    return decide(
        agency.rules,
        Request(
            act=Act.EXPORT,
            custodian=agency.profile.custodian,
            roles=who.roles,
            purpose=hold.purpose,
            case=Case.GIVEN,
            held=Held.HELD,
        ),
    )


def _record(  # noqa: PLR0913  (what is recorded, by name)
    agency: Agency,
    tx: Changes,
    who: Person,
    case_ref: str,
    *,
    holds: int,
    denial: Denial | None,
) -> None:
    agency.record(
        tx,
        Draft(
            kind=RecordKind.CASE_SEEN,
            at=agency.clock(),
            public={**(decision_fields(denial) if denial else {}), "holds": holds},
            private={
                "person": str(who.person_id),
                "roles": sorted(role.value for role in who.roles),
                "case_ref": case_ref,
            },
        ),
    )
