"""A search as the log keeps it: written before anybody looks, and read again.

Public: why, under which rules, with which answer. Private: who, what and where. Both
together replay the decision.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import attrs
import msgspec

from charteroak.core.camera import CameraId
from charteroak.core.codes import DECIDED_BY
from charteroak.core.errors import CharterOakError
from charteroak.core.log_record import Draft, RecordId, RecordKind, Value
from charteroak.core.people import Act, Person, PersonId
from charteroak.core.plate import PlatePattern
from charteroak.core.policy import Denial, Permit, Request, request
from charteroak.core.search import Purpose, Search

SHOWN_FOR: Final = timedelta(hours=1)
"""Pictures of a search's results are shown, and holds taken from them, this long."""


class UnreadableRecordError(CharterOakError):
    """A record that is not of a search, or not of one that this version knows."""

    code = "charteroak.log.unreadable-search"
    hint = "Open the record with the version of Charter Oak that wrote it."


@attrs.frozen(kw_only=True, repr=False)
class Asked:
    """A search as it was recorded.

    Attributes:
        at: the moment of asking.
        person: who asked.
        request: what the rules were asked.
        permitted: what they said.
        rule_ids: which of them decided.
        fingerprint: of the rules then in force.
    """

    record_id: RecordId
    at: datetime
    person: PersonId
    request: Request
    search: Search
    permitted: bool
    rule_ids: tuple[str, ...]
    fingerprint: str

    def shows_to(self, who: Person, *, at: datetime) -> bool:
        """Whether its results may still be shown to somebody: its asker, for an hour."""
        return (
            self.permitted
            and self.person == who.person_id
            and self.at <= at <= self.at + SHOWN_FOR
        )

    def again(self, act: Act, who: Person, *, limit: timedelta) -> Request:
        """What the rules are asked when something more is done with its results.

        What was within reach when the search was made stays so for its hour.
        """
        return request(
            act,
            who,
            custodian=self.request.custodian,
            purpose=self.search.purpose,
            case_ref=self.search.case_ref,
            since=self.search.since,
            at=self.at,
            limit=limit,
        )


def decision_fields(decision: Permit | Denial) -> dict[str, Value]:
    """The public fields of a decision: enough, with the roles, to replay it."""
    asked = decision.request
    return {
        "act": asked.act.value,
        "custodian": asked.custodian,
        **({"requester": asked.requester} if asked.requester else {}),
        **asked.codes,
        "decision": "permitted" if isinstance(decision, Permit) else "refused",
        "rules": [rule.rule_id for rule in decision.because],
        "policy": decision.fingerprint,
    }


def describe(
    who: Person, search: Search, decision: Permit | Denial, *, at: datetime
) -> Draft:
    """The record of a search and of what the rules say to it."""
    return Draft(
        kind=RecordKind.SEARCH_ASKED,
        at=at,
        public=decision_fields(decision),
        private={
            "person": str(who.person_id),
            "roles": sorted(role.value for role in who.roles),
            "plate": search.plate.text,
            "cameras": [str(camera) for camera in sorted(search.cameras)],
            "since": search.since.isoformat(),
            "until": search.until.isoformat(),
            "case_ref": search.case_ref,
        },
    )


def requested(public: Mapping[str, object], private: Mapping[str, object]) -> Request:
    """What the rules were asked, from a record that holds a decision.

    Raises:
        UnreadableRecordError: it holds none.
    """
    try:
        act = Act(str(public["act"]))
        return msgspec.convert(
            {
                "act": act,
                "custodian": public["custodian"],
                "requester": public.get("requester", ""),
                "roles": private["roles"],
                **{field: public[field] for field in DECIDED_BY[act]},
            },
            Request,
        )
    except (KeyError, ValueError, msgspec.ValidationError):
        raise UnreadableRecordError("the record holds no decision") from None


def recall(
    record_id: RecordId, public: Mapping[str, object], private: Mapping[str, object]
) -> Asked:
    """The search that a record tells of.

    Raises:
        UnreadableRecordError: it tells of none.
    """
    try:
        return Asked(
            record_id=record_id,
            at=datetime.fromisoformat(str(private["at"])),
            person=PersonId(UUID(str(private["person"]))),
            request=requested(public, private),
            search=Search(
                plate=PlatePattern(str(private["plate"])),
                since=datetime.fromisoformat(str(private["since"])),
                until=datetime.fromisoformat(str(private["until"])),
                cameras=frozenset(
                    CameraId(camera) for camera in _texts(private["cameras"])
                ),
                purpose=Purpose(str(public["purpose"])),
                case_ref=str(private["case_ref"]),
            ),
            permitted=public["decision"] == "permitted",
            rule_ids=tuple(_texts(public["rules"])),
            fingerprint=str(public["policy"]),
        )
    except (KeyError, TypeError, ValueError):
        raise UnreadableRecordError("the record tells of no search") from None


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError
    return [str(each) for each in value]
