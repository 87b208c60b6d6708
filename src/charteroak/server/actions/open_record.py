"""Open one record of the log; that it was opened is recorded first."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs

from charteroak.core.hold import NotAllowed
from charteroak.core.log_record import Draft, RecordId, RecordKind
from charteroak.core.people import Act, Person
from charteroak.core.policy import Permit, Rule, decide
from charteroak.core.search_record import UnreadableRecordError, requested
from charteroak.server.agency import Agency
from charteroak.server.store import audit
from charteroak.server.store.audit import Stored
from charteroak.server.store.database import Audits

# What an auditor may see of a private part. Anything else may name a car, and an
# auditor sees no reads: it is shown as sealed, with its commitment.
_SHOWN: Final = frozenset(
    {"about", "act", "alert", "asker", "at", "box", "camera", "cameras", "case_ref", "clerk", "hold", "list",
     "login", "partner_name", "person", "role", "roles", "second_person", "since",
     "until"}
)  # fmt: skip

_PEOPLE: Final = frozenset({"about", "asker", "clerk", "person", "second_person"})
_MOMENTS: Final = frozenset({"at", "since", "until"})


@attrs.frozen(kw_only=True)
class Field:
    """One private field as an auditor sees it.

    Attributes:
        value: None where it stays sealed.
        moment: the value, where it is a moment.
        commitment: what stands for it in the public entry, hexadecimal.
    """

    name: str
    value: str | None
    moment: datetime | None
    commitment: str


@attrs.frozen(kw_only=True)
class Replay:
    """The decision of a record, made again by the rules as they are now.

    Attributes:
        same_rules: whether these are the rules of then, by their fingerprint.
        agrees: whether decision and deciding rules are the same.
    """

    same_rules: bool
    agrees: bool
    permitted: bool
    because: tuple[Rule, ...]


@attrs.frozen(kw_only=True, repr=False)
class RecordOpened:
    """One record whole, for an auditor.

    Attributes:
        entry: the public entry, as the bytes of the log, in text.
        fields: the private part; None where its key was dropped.
        replay: None where the record holds no decision.
    """

    record_id: RecordId
    stored: Stored
    entry: str
    fields: tuple[Field, ...] | None
    replay: Replay | None


@attrs.frozen(kw_only=True)
class NoSuchRecord:
    """The log has no record of that number."""


def open_record(
    agency: Agency, who: Person, record_id: RecordId
) -> RecordOpened | NoSuchRecord | NotAllowed:
    """One record with its private part, plates masked; recorded before it is opened.

    Raises:
        UnopenableRecordError: the record was altered.
        StoreUnavailableError: the log cannot be written or read; nothing is shown.
    """
    if not who.may(Act.READ_LOG):
        return NotAllowed()
    now = agency.clock()
    with agency.database.changes() as changes:
        agency.record(
            changes,
            Draft(
                kind=RecordKind.LOG_READ,
                at=now,
                public={"record": int(record_id)},
                private={"person": str(who.person_id)},
            ),
        )
    with agency.database.audits() as tx:
        stored = audit.one(tx, record_id)
        if stored is None:
            return NoSuchRecord()
        private = stored.private()
        fields = None if private is None else _fields(tx, stored, private)
    return RecordOpened(
        record_id=stored.record_id,
        stored=stored,
        entry=stored.record.entry.decode(),
        fields=fields,
        replay=None if private is None else _replay(agency, stored, private),
    )


def _fields(
    tx: Audits, stored: Stored, private: Mapping[str, object]
) -> tuple[Field, ...]:
    return tuple(
        Field(
            name=name,
            value=_shown(tx, name, private[name]),
            moment=_moment(name, private[name]),
            commitment=stored.committed.get(name, ""),
        )
        for name in sorted(private)
    )


def _shown(tx: Audits, name: str, value: object) -> str | None:
    if name == "plate":
        # Its shape tells a narrow search from a fishing one, and names no car.
        return re.sub(r"[^?*]", "•", str(value))
    if name not in _SHOWN:
        return None
    if name in _PEOPLE:
        try:
            return audit.name_of(tx, UUID(str(value))) or str(value)
        except ValueError:
            return str(value)
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return str(value)


def _moment(name: str, value: object) -> datetime | None:
    if name not in _MOMENTS:
        return None
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None


def _replay(
    agency: Agency, stored: Stored, private: Mapping[str, object]
) -> Replay | None:
    public = stored.public
    try:
        asked = requested(public, private)
    except UnreadableRecordError:
        return None
    decision = decide(agency.rules, asked)
    word = "permitted" if isinstance(decision, Permit) else "refused"
    return Replay(
        same_rules=public.get("policy") == decision.fingerprint,
        agrees=public.get("decision") == word
        and public.get("rules") == [rule.rule_id for rule in decision.because],
        permitted=isinstance(decision, Permit),
        because=decision.because,
    )
