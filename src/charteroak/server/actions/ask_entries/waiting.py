"""A wish for entries of the agency's own, written down: decided, recorded, waiting."""

from collections.abc import Mapping
from datetime import datetime

import attrs

from charteroak.core.codes import Approval
from charteroak.core.flag import FlagKind
from charteroak.core.habit import WATCHED_FOR, entered_again
from charteroak.core.hotlist import ListClass
from charteroak.core.hotlist_file import RowError
from charteroak.core.log_record import Draft, RecordId, RecordKind, Value
from charteroak.core.own_entry import EntryWish, Wished, to_enter
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, Permit, Request, decide
from charteroak.core.search import Purpose
from charteroak.core.search_record import decision_fields
from charteroak.core.second_person import WAITS_FOR
from charteroak.server.agency import Agency
from charteroak.server.flagging import flag
from charteroak.server.listing import plate_digests
from charteroak.server.store import entry_wishes
from charteroak.server.store.database import Changes


@attrs.frozen(kw_only=True)
class EntriesWait:
    """They wait for a supervisor who did not ask.

    Attributes:
        asked: number of the record in which they stand.
        errors: rows of the file that were left out, the first 1,000.
        left_out: how many rows were left out in all.
    """

    asked: RecordId
    entries: int
    errors: tuple[RowError, ...] = ()
    left_out: int = 0


def question(
    agency: Agency, who: Person, purpose: Purpose, case_ref: str, approval: Approval
) -> Request:
    """What the rules are asked about entries that somebody wants."""
    return to_enter(
        custodian=agency.profile.custodian,
        roles=who.roles,
        purpose=purpose,
        case_ref=case_ref,
        approval=approval,
    )


def decided(
    agency: Agency, who: Person, purpose: Purpose, case_ref: str
) -> Permit | Denial:
    """What the rules will say once a supervisor has approved; a denial is for good.

    A list of the agency's own must be allowed here at all, too.
    """
    listed = decide(
        agency.rules,
        Request(
            act=Act.LOAD_HOTLIST,
            custodian=agency.profile.custodian,
            roles=who.roles,
            list_class=ListClass.LOCAL,
        ),
    )
    if isinstance(listed, Permit):
        listed = agency.refused_lists.get(ListClass.LOCAL, listed)
    if isinstance(listed, Denial):
        return listed
    return decide(
        agency.rules, question(agency, who, purpose, case_ref, Approval.GIVEN)
    )


def asked(  # noqa: PLR0913  (what is recorded, by name)
    agency: Agency,
    who: Person,
    wish: Wished,
    purpose: Purpose,
    later: Permit | Denial,
    *,
    at: datetime,
    public: Mapping[str, Value] | None = None,
) -> Draft:
    """The record of a wish: what the rules say to it now, with nobody's approval.

    Where they will say no whatever a supervisor says, that is the decision.
    """
    case_ref = wish.plates[0].case_ref if wish.plates else "given"
    now = decide(agency.rules, question(agency, who, purpose, case_ref, Approval.NONE))
    return Draft(
        kind=RecordKind.ENTRY_ASKED,
        at=at,
        public={
            **decision_fields(later if isinstance(later, Denial) else now),
            "once_approved": "refused" if isinstance(later, Denial) else "permitted",
            "entries": len(wish.plates),
            **(public or {}),
        },
        private={
            "person": str(who.person_id),
            "roles": sorted(role.value for role in who.roles),
            **wish.fields,
        },
    )


def refused(  # noqa: PLR0913  (what is remembered, by name)
    agency: Agency,
    tx: Changes,
    who: Person,
    wish: Wished,
    *,
    recorded: RecordId,
    at: datetime,
) -> None:
    """Remember, by digest, that these plates were refused to somebody."""
    entry_wishes.remember(
        tx,
        recorded,
        person=who.person_id,
        at=at,
        digests=plate_digests(agency, [each.plate for each in wish.plates]),
        rejected=True,
    )


def wait(  # noqa: PLR0913  (what waits, by name)
    agency: Agency,
    tx: Changes,
    who: Person,
    wish: Wished,
    *,
    purpose: Purpose,
    recorded: RecordId,
    at: datetime,
) -> None:
    """Let a recorded wish wait for a second person, and flag one that comes too often."""
    entry_wishes.add(
        tx,
        EntryWish(
            asked=recorded,
            asked_by=who.person_id,
            asked_at=at,
            purpose=purpose,
            by_hand=wish.by_hand,
            entries=len(wish.plates),
            # What has ended by itself needs no decision.
            expires_at=min(
                at + WAITS_FOR, max(each.expires_at for each in wish.plates)
            ),
            decided_by=None,
            decided_at=None,
            approved=None,
            asker=who.name,
            decider="",
        ),
    )
    digests = plate_digests(agency, [each.plate for each in wish.plates])
    entry_wishes.remember(
        tx, recorded, person=who.person_id, at=at, digests=digests, rejected=False
    )
    most = entry_wishes.most_asked(
        tx, person=who.person_id, digests=digests, since=at - WATCHED_FOR
    )
    if most is not None and entered_again(most[1]):
        flag(
            agency,
            tx,
            FlagKind.ENTRY_REPEATED,
            most[0].hex(),
            about=who.person_id,
            asked=recorded,
            at=at,
            times=most[1],
        )
