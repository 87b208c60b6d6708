"""A record of the log: public fields, commitments to the private ones, a sealed rest.

Each private field stands in the public entry only as a salted commitment,
SHA-256 over the canonical JSON (RFC 8785) of `[salt, name, value]`: it can be proved
later field by field, and tells nothing before that (an unsalted digest of a plate
falls to a list of all plates in minutes). Salts and values lie encrypted beside it
under a key of this record alone, AES-256-GCM with the hash of the public entry as
additional data; dropping the key leaves a leaf that means nothing.

Public time is cut to the hour, so that the log does not tell when somebody worked.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, NewType

import attrs
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from charteroak.core.errors import CharterOakError
from charteroak.core.time import aware

RecordId = NewType("RecordId", int)
"""Number of a record, given when it is committed; its place in the tree is another."""

Value = str | int | bool | None | list[str] | list[int]
"""What a field may hold: no fractions, whose canonical form is a trap."""

SALT_BYTES: Final = 16
KEY_BYTES: Final = 32
# One key seals one record, so the nonce need not differ.
_NONCE: Final = bytes(12)
_LARGEST: Final = 65_535


class RecordKind(StrEnum):
    """What happened: `noun.verb`, the verb in the past."""

    ALERT_ACKNOWLEDGED = "alert.acknowledged"
    ALERT_CONCLUDED = "alert.concluded"
    ALERT_CONFIRMED = "alert.confirmed"
    ALERT_RAISED = "alert.raised"
    ALERT_REJECTED = "alert.rejected"
    ALERT_WITHHELD = "alert.withheld"
    BACKUP_MADE = "backup.made"
    BACKUP_RESTORED = "backup.restored"
    BATCH_CONFLICTED = "batch.conflicted"
    BOX_ENROLLED = "box.enrolled"
    BOX_INVITED = "box.invited"
    BOX_OBEYED = "box.obeyed"
    BOX_REVOKED = "box.revoked"
    BOX_TOLD = "box.told"
    BUCKET_PURGED = "bucket.purged"
    CAMERA_PLACED = "camera.placed"
    CAMERA_REFUSED = "camera.refused"
    CASE_ENDED = "case.ended"
    CASE_SEEN = "case.seen"
    COUNCIL_ENROLLED = "council.enrolled"
    COUNCIL_HANDED_OVER = "council.handed_over"
    DECLARATION_REGISTERED = "declaration.registered"
    DECLARATION_WITHDRAWN = "declaration.withdrawn"
    DISCLOSURE_ANSWERED = "disclosure.answered"
    DISCLOSURE_APPROVED = "disclosure.approved"
    DISCLOSURE_ASKED = "disclosure.asked"
    DISCLOSURE_REFUSED = "disclosure.refused"
    DISCLOSURE_RELEASED = "disclosure.released"
    EMERGENCY_BOUND = "emergency.bound"
    EMERGENCY_OPENED = "emergency.opened"
    EMERGENCY_REPORTED = "emergency.reported"
    ENTRY_APPROVED = "entry.approved"
    ENTRY_ASKED = "entry.asked"
    ENTRY_ENDED = "entry.ended"
    ENTRY_REJECTED = "entry.rejected"
    EXPORT_ANSWERED = "export.answered"
    EXPORT_ASKED = "export.asked"
    FLAG_LOOKED_AT = "flag.looked_at"
    FLAG_RAISED = "flag.raised"
    HOLD_APPROVED = "hold.approved"
    HOLD_COUNTED = "hold.counted"
    HOLD_DECIDED = "hold.decided"
    HOLD_ENDED = "hold.ended"
    HOLD_EXTENDED = "hold.extended"
    HOLD_EXTENSION_REQUESTED = "hold.extension_requested"
    HOLD_KEPT = "hold.kept"
    HOLD_REQUESTED = "hold.requested"
    HOLD_SEARCHED = "hold.searched"
    HOTLIST_LOADED = "hotlist.loaded"
    HOTLIST_REFUSED = "hotlist.refused"
    LOG_READ = "log.read"
    OWNER_ANSWERED = "owner.answered"
    OWNER_APPROVED = "owner.approved"
    OWNER_ASKED = "owner.asked"
    OWNER_REFUSED = "owner.refused"
    OWNER_RELEASED = "owner.released"
    PAPER_OPENED = "paper.opened"
    PAPERS_PURGED = "papers.purged"
    PARTNER_PAUSED = "partner.paused"
    PARTNER_REGISTERED = "partner.registered"
    PARTNER_RESUMED = "partner.resumed"
    PERSON_ADDED = "person.added"
    PERSON_CHANGED = "person.changed"
    PERSON_LOCKED = "person.locked"
    PERSON_SIGNED_IN = "person.signed_in"
    PERSON_SIGNED_OUT = "person.signed_out"
    RETENTION_CHANGED = "retention.changed"
    RULES_CHANGED = "rules.changed"
    RULES_REFUSED = "rules.refused"
    SEARCH_ANSWERED = "search.answered"
    SEARCH_APPROVED = "search.approved"
    SEARCH_ASKED = "search.asked"
    SEARCH_REJECTED = "search.rejected"
    SEARCH_STOPPED = "search.stopped"
    SEARCH_WAITS = "search.waits"
    SUSPEND_DOUBTED = "suspend.doubted"
    SUSPEND_ENDED = "suspend.ended"
    SUSPEND_ORDERED = "suspend.ordered"
    SUSPEND_REFUSED = "suspend.refused"


class RecordTooLargeError(CharterOakError):
    """A public entry longer than a log entry may be (65,535 bytes, C2SP tlog-tiles)."""

    code = "charteroak.log.record-too-large"
    hint = "Shorten what was entered."


class UnopenableRecordError(CharterOakError):
    """The key does not open the record, or the public entry was changed."""

    code = "charteroak.log.unopenable"
    hint = "Either the key belongs to another record, or the record was altered."


@attrs.frozen(kw_only=True, repr=False)
class Draft:
    """What is to be recorded, before salts and keys.

    Attributes:
        at: the moment, exact; goes to the private part, cut to the hour to the public.
        public: fields that anybody may read: never a name, a plate, a place.
        private: fields that are committed to and sealed.
    """

    kind: RecordKind
    at: datetime = attrs.field(validator=aware)
    public: Mapping[str, Value] = attrs.field(factory=dict)
    private: Mapping[str, Value] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True, repr=False)
class Record:
    """A record as it is stored.

    Attributes:
        entry: the public entry, canonical JSON in UTF-8: the bytes of the leaf.
        sealed: salts and private values, encrypted.
    """

    kind: RecordKind
    hour: datetime
    entry: bytes
    sealed: bytes


def canonical(value: object) -> bytes:
    """Canonical JSON (RFC 8785) of strings, whole numbers, booleans, null and lists.

    Keys are ordered by UTF-16 code units, as the RFC asks.
    """

    def ordered(item: object) -> object:
        if isinstance(item, Mapping):
            keys = sorted(item, key=lambda key: str(key).encode("utf-16-be"))
            return {key: ordered(item[key]) for key in keys}
        if isinstance(item, list | tuple):
            return [ordered(each) for each in item]
        if isinstance(item, float):
            msg = "a record holds no fractions"
            raise TypeError(msg)
        return item

    text = json.dumps(ordered(value), ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def commitment(salt: bytes, name: str, value: Value) -> str:
    """The commitment to one private field, hexadecimal."""
    return hashlib.sha256(Proof(name=name, salt=salt, value=value).preimage).hexdigest()


def compose(draft: Draft, *, salts: list[bytes], key: bytes) -> Record:
    """Make the record of a draft.

    Args:
        draft: what happened.
        salts: one of `SALT_BYTES` for each private field and one for the moment,
            fresh and random.
        key: `KEY_BYTES`, fresh and random, of this record alone.

    Raises:
        RecordTooLargeError: the public entry is too long.
    """
    moment = draft.at.astimezone(UTC)
    hour = moment.replace(minute=0, second=0, microsecond=0)
    private: dict[str, Value] = {**draft.private, "at": moment.isoformat()}
    named = dict(zip(sorted(private), salts, strict=True))
    entry = canonical(
        {
            "v": 1,
            "kind": draft.kind.value,
            "hour": hour.strftime("%Y-%m-%dT%HZ"),
            "public": dict(draft.public),
            "committed": {
                name: commitment(named[name], name, value)
                for name, value in private.items()
            },
        }
    )
    if len(entry) > _LARGEST:
        raise RecordTooLargeError("the record is too large")
    plain = canonical(
        {name: [named[name].hex(), value] for name, value in private.items()}
    )
    sealed = AESGCM(key).encrypt(_NONCE, plain, hashlib.sha256(entry).digest())
    return Record(kind=draft.kind, hour=hour, entry=entry, sealed=sealed)


@attrs.frozen(kw_only=True, repr=False)
class Proof:
    """What proves one private field of a record to somebody who has the public entry.

    Attributes:
        salt: `SALT_BYTES`, that the commitment was made with.
    """

    name: str
    salt: bytes
    value: Value

    @property
    def preimage(self) -> bytes:
        """The bytes whose SHA-256 is the commitment in the public entry."""
        return canonical([self.salt.hex(), self.name, self.value])


def proofs(record: Record, *, key: bytes) -> dict[str, Proof]:
    """The private fields of a record with their salts, each checked.

    Raises:
        UnopenableRecordError: wrong key, or an altered record.
    """
    try:
        plain = AESGCM(key).decrypt(
            _NONCE, record.sealed, hashlib.sha256(record.entry).digest()
        )
    except InvalidTag:
        raise UnopenableRecordError("the record does not open") from None
    committed = json.loads(record.entry)["committed"]
    opened = {
        name: Proof(name=name, salt=bytes.fromhex(salt), value=value)
        for name, (salt, value) in json.loads(plain).items()
    }
    for name, proof in opened.items():
        if hashlib.sha256(proof.preimage).hexdigest() != committed.get(name):
            raise UnopenableRecordError("a field does not fit its commitment")
    return opened


def unseal(record: Record, *, key: bytes) -> dict[str, Value]:
    """The private fields of a record; see `proofs`.

    Raises:
        UnopenableRecordError: wrong key, or an altered record.
    """
    return {name: proof.value for name, proof in proofs(record, key=key).items()}
