"""Read the public parts of the log."""

from typing import Final

import attrs

from charteroak.core.hold import NotAllowed
from charteroak.core.log_record import RecordKind
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import audit
from charteroak.server.store.audit import Listed

PAGE: Final = 50
"""Records on one page of the log."""


@attrs.frozen(kw_only=True)
class LogPage:
    """Records, newest first.

    Attributes:
        total: how many there are of this kind.
        before: number to ask for the next page with; None on the last page.
    """

    records: tuple[Listed, ...]
    total: int
    before: int | None


def read_log(
    agency: Agency, who: Person, *, kind: RecordKind | None, before: int | None
) -> LogPage | NotAllowed:
    """Public parts of records, newest first; what anybody may read is not recorded."""
    if not who.may(Act.READ_LOG):
        return NotAllowed()
    with agency.database.audits() as tx:
        records = audit.newest(tx, kind=kind, before=before, limit=PAGE + 1)
        total = audit.count(tx, kind=kind)
    shown = tuple(records[:PAGE])
    more = len(records) > PAGE
    return LogPage(
        records=shown, total=total, before=shown[-1].record_id if more else None
    )
