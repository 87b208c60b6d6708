"""Approve or reject plates that somebody asks to have on a list of the agency's own."""

from datetime import datetime

import attrs

from charteroak.core.alert_review import NotAllowed
from charteroak.core.codes import Approval
from charteroak.core.hold import SamePerson
from charteroak.core.hotlist import HotList, HotListId, ListClass
from charteroak.core.hotlist_file import Row
from charteroak.core.log_record import Draft, RecordId, RecordKind
from charteroak.core.own_entry import (
    EntryWish,
    NoSuchWish,
    Standing,
    Wished,
    WishedPlate,
    to_enter,
)
from charteroak.core.people import Act, Person, Role
from charteroak.core.policy import Denial, Permit, Request, decide
from charteroak.core.search_answer import Forbidden
from charteroak.core.search_record import decision_fields
from charteroak.server.agency import Agency
from charteroak.server.listing import entry_of, hot_digests
from charteroak.server.store import audit, entry_wishes, hotlists, own_entries, people
from charteroak.server.store.database import Changes


@attrs.frozen(kw_only=True)
class EntriesDecided:
    """It was decided; approved plates are in force.

    Attributes:
        entries: how many came into force.
    """

    approved: bool
    entries: int


Answer = EntriesDecided | Forbidden | NoSuchWish | SamePerson


def decide_entries(
    agency: Agency, who: Person, asked: RecordId, *, approve: bool, reason: str
) -> Answer | NotAllowed:
    """Write down what a second person says; approved plates are matched from then on.

    The rules decide again, about whoever asked as they are now: somebody who has lost
    the role, or the account, since then gets nothing listed.

    Args:
        agency: whose list.
        who: decides; never who asked.
        asked: number of the record in which the plates stand.
        approve: or reject.
        reason: may be empty where it is approved.
    """
    if not who.may(Act.APPROVE_LIST_ENTRY):
        return NotAllowed(act=Act.APPROVE_LIST_ENTRY)
    with agency.database.audits() as audits:
        wished = audit.entry_wish(audits, asked)
    if wished is None:
        return NoSuchWish()
    if not approve:
        return _decide(agency, who, asked, wished, approve=False, reason=reason)
    # As whoever loads a list does: first the matcher loses its file, so that whatever
    # breaks from here on, no hit is missed.
    with agency.hot_file.changing(lambda: hot_digests(agency)):
        return _decide(agency, who, asked, wished, approve=True, reason=reason)


def _decide(  # noqa: PLR0913  (what is decided, by name)
    agency: Agency,
    who: Person,
    asked: RecordId,
    wished: Wished,
    *,
    approve: bool,
    reason: str,
) -> Answer:
    now = agency.clock()
    with agency.database.changes() as tx:
        wish = entry_wishes.find_to_change(tx, asked)
        if wish is None or not wish.decidable(now):
            return NoSuchWish()
        if wish.asked_by == who.person_id:
            return SamePerson()
        known = hotlists.named(tx, wished.list_name)
        if known is not None and known.list_class != ListClass.LOCAL:
            # Loaded since then; it is not this list's to replace.
            return NoSuchWish()
        roles = _roles(tx, wish)
        decision = _by_the_rules(agency, wish, wished, roles)
        comes = approve and isinstance(decision, Permit)
        plates = [each for each in wished.plates if each.expires_at > now]
        recorded = agency.record(
            tx,
            Draft(
                kind=RecordKind.ENTRY_APPROVED if comes else RecordKind.ENTRY_REJECTED,
                at=now,
                public={
                    **decision_fields(decision),
                    "asked": int(asked),
                    "entries": len(plates) if comes else 0,
                    "why": "second_person" if comes or not approve else "rules",
                },
                private={
                    "person": str(who.person_id),
                    "roles": sorted(role.value for role in roles),
                    "asker": str(wish.asked_by),
                    "reason": reason,
                    "list": wished.list_name,
                },
            ),
        ).record_id
        entry_wishes.decide(tx, asked, by=who.person_id, at=now, approved=comes)
        if not comes:
            entry_wishes.reject(tx, asked)
        else:
            _list(agency, tx, who, wish, wished, plates=plates, at=now)
    if approve and isinstance(decision, Denial):
        return Forbidden(recorded=recorded, because=decision.because)
    return EntriesDecided(approved=comes, entries=len(plates) if comes else 0)


def _roles(tx: Changes, wish: EntryWish) -> frozenset[Role]:
    """The roles that whoever asked has now; none where the account is gone."""
    account = people.find(tx, wish.asked_by)
    if account is None or account.disabled_at is not None:
        return frozenset()
    return account.person.roles


def _by_the_rules(
    agency: Agency, wish: EntryWish, wished: Wished, roles: frozenset[Role]
) -> Permit | Denial:
    listed = decide(
        agency.rules,
        Request(
            act=Act.LOAD_HOTLIST,
            custodian=agency.profile.custodian,
            roles=roles,
            list_class=ListClass.LOCAL,
        ),
    )
    if isinstance(listed, Denial):
        return listed
    return decide(
        agency.rules,
        to_enter(
            custodian=agency.profile.custodian,
            roles=roles,
            purpose=wish.purpose,
            case_ref=wished.plates[0].case_ref if wished.plates else "",
            approval=Approval.GIVEN,
        ),
    )


def _list(  # noqa: PLR0913  (what comes into force, by name)
    agency: Agency,
    tx: Changes,
    who: Person,
    wish: EntryWish,
    wished: Wished,
    *,
    plates: list[WishedPlate],
    at: datetime,
) -> None:
    hotlist = HotList(
        list_id=HotListId(agency.new_id()),
        name=wished.list_name,
        list_class=ListClass.LOCAL,
        source=wished.source,
        authority=wished.authority,
        loaded_at=at,
    )
    list_id = hotlists.put(tx, hotlist, by=wish.asked_by)
    standing = Standing(
        purpose=wish.purpose,
        asked=wish.asked,
        asked_by=wish.asked_by,
        approved_by=who.person_id,
    )
    entries = [entry_of(agency, list_id, _row(each), at=at) for each in plates]
    if wished.by_hand:
        for entry in entries:
            own_entries.add(tx, entry, standing)
    else:
        hotlists.replace_entries(tx, list_id, entries, at=at, standing=standing)


def _row(plate: WishedPlate) -> Row:
    return Row(
        plate=plate.plate,
        state=plate.state,
        reason=plate.reason,
        vehicle=plate.vehicle,
        case_ref=plate.case_ref,
        expires_at=plate.expires_at,
    )
