"""Reading the log: as the auditor's role, which never sees a read."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs
from psycopg.rows import args_row

from charteroak.core.disclosure import Details
from charteroak.core.log_record import Record, RecordId, RecordKind, unseal
from charteroak.core.own_entry import Wished, wished
from charteroak.core.sealed import LogReceipt
from charteroak.core.search_record import Asked, UnreadableRecordError, recall
from charteroak.server.store.database import Audits


@attrs.frozen(kw_only=True, repr=False)
class Listed:
    """A record in a list: what anybody may read of it.

    Attributes:
        public: its public fields.
    """

    record_id: RecordId
    kind: str
    hour: datetime
    public: Mapping[str, object]


@attrs.frozen(kw_only=True, repr=False)
class Stored:
    """One record whole.

    Attributes:
        key: of its private part; None where it was dropped.
    """

    record_id: RecordId
    record: Record
    key: bytes | None

    @property
    def public(self) -> Mapping[str, object]:
        """Its public fields."""
        return _public(self.record.entry)

    @property
    def committed(self) -> Mapping[str, str]:
        """The commitments that stand for its private fields, by their names."""
        fields = json.loads(self.record.entry)["committed"]
        return {str(name): str(value) for name, value in fields.items()}

    def private(self) -> Mapping[str, object] | None:
        """Its private fields, each checked; None where the key was dropped.

        Raises:
            UnopenableRecordError: it was altered.
        """
        return None if self.key is None else unseal(self.record, key=self.key)


_NEWEST: Final = """
    SELECT record_id, kind, hour, entry
      FROM log
     WHERE (%(kind)s::text IS NULL OR kind = %(kind)s)
       AND (%(before)s::bigint IS NULL OR record_id < %(before)s)
     ORDER BY record_id DESC
     LIMIT %(limit)s
"""

_COUNT: Final = """
    SELECT count(*) FROM log WHERE (%(kind)s::text IS NULL OR kind = %(kind)s)
"""

_ONE: Final = """
    SELECT l.record_id, l.kind, l.hour, l.entry, l.sealed, k.key
      FROM log AS l
      LEFT JOIN log_keys AS k ON k.record_id = l.record_id
     WHERE l.record_id = %(record_id)s
"""

_NAME: Final = """
    SELECT name FROM people WHERE person_id = %(person_id)s
"""


def newest(
    tx: Audits, *, kind: RecordKind | None, before: int | None, limit: int
) -> list[Listed]:
    """Records, newest first.

    Args:
        tx: as the auditor's role.
        kind: only these; None for all.
        before: only those with a smaller number; None for the newest.
        limit: at the most.
    """
    with tx.connection.cursor(row_factory=args_row(_listed)) as cursor:
        return cursor.execute(
            _NEWEST, {"kind": kind, "before": before, "limit": limit}
        ).fetchall()


def count(tx: Audits, *, kind: RecordKind | None) -> int:
    """How many records there are."""
    row = tx.connection.execute(_COUNT, {"kind": kind}).fetchone()
    return row[0] if row is not None and isinstance(row[0], int) else 0


def one(tx: Audits, record_id: int) -> Stored | None:
    """One record whole; None where there is none of that number."""
    with tx.connection.cursor(row_factory=args_row(_stored)) as cursor:
        return cursor.execute(_ONE, {"record_id": record_id}).fetchone()


def name_of(tx: Audits, person_id: UUID) -> str | None:
    """What colleagues call a person."""
    row = tx.connection.execute(_NAME, {"person_id": person_id}).fetchone()
    return None if row is None else str(row[0])


def asked_search(tx: Audits, record_id: int) -> tuple[Asked, LogReceipt] | None:
    """A recorded search and its receipt: committed, because this transaction sees it.

    None where there is no such record, it is of another kind, or its key was dropped.

    Raises:
        UnopenableRecordError: it was altered.
        UnreadableRecordError: it was written by another version.
    """
    found = _search_of_kind(tx, record_id, RecordKind.SEARCH_ASKED)
    return None if found is None else (found[0], LogReceipt(found[0].record_id))


def waiting_search(tx: Audits, record_id: int) -> tuple[Asked, str] | None:
    """A recorded search that waits for a second person, and its note.

    None where there is no such record, it is of another kind, or its key was dropped.

    Raises:
        UnopenableRecordError: it was altered.
        UnreadableRecordError: it was written by another version.
    """
    found = _search_of_kind(tx, record_id, RecordKind.SEARCH_WAITS)
    return None if found is None else (found[0], str(found[1]["note"]))


def entry_wish(tx: Audits, record_id: int) -> Wished | None:
    """The plates that somebody asked to have on a list of the agency's own.

    None where there is no such record, it is of another kind, or its key was dropped.

    Raises:
        UnopenableRecordError: it was altered.
        UnreadableRecordError: it was written by another version.
    """
    stored = one(tx, record_id)
    if stored is None or stored.record.kind is not RecordKind.ENTRY_ASKED:
        return None
    private = stored.private()
    return None if private is None else wished(private)


def asked_at_desk(
    tx: Audits, record_id: int
) -> tuple[Mapping[str, object], Details] | None:
    """What was asked at the disclosure desk: the public fields, and what is private.

    None where there is no such record, it is of another kind, or its key was dropped.

    Raises:
        UnopenableRecordError: it was altered.
        UnreadableRecordError: it was written by another version.
    """
    stored = one(tx, record_id)
    kinds = {RecordKind.DISCLOSURE_ASKED, RecordKind.OWNER_ASKED}
    if stored is None or stored.record.kind not in kinds:
        return None
    private = stored.private()
    if private is None:
        return None
    try:
        return stored.public, Details.of_fields(private)
    except (KeyError, TypeError, ValueError):
        raise UnreadableRecordError("the record tells of no request") from None


def _search_of_kind(
    tx: Audits, record_id: int, kind: RecordKind
) -> tuple[Asked, Mapping[str, object]] | None:
    """A search and its private fields, where a record of that kind can be opened."""
    stored = one(tx, record_id)
    if stored is None or stored.record.kind is not kind:
        return None
    private = stored.private()
    if private is None:
        return None
    return recall(stored.record_id, stored.public, private), private


def _public(entry: bytes) -> Mapping[str, object]:
    fields = json.loads(entry)["public"]
    if not isinstance(fields, dict):
        raise TypeError
    return fields


def _listed(record_id: int, kind: str, hour: datetime, entry: bytes) -> Listed:
    return Listed(
        record_id=RecordId(record_id), kind=kind, hour=hour, public=_public(entry)
    )


def _stored(  # noqa: PLR0913, PLR0917  (the columns of `_ONE`)
    record_id: int,
    kind: str,
    hour: datetime,
    entry: bytes,
    sealed: bytes,
    key: bytes | None,
) -> Stored:
    return Stored(
        record_id=RecordId(record_id),
        record=Record(kind=RecordKind(kind), hour=hour, entry=entry, sealed=sealed),
        key=key,
    )
