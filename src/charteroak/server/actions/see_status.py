"""What everybody may see: is every duty done, and which promise cannot be kept here."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import attrs

from charteroak.core.box_report import BoxStanding, Heard
from charteroak.core.duty import Duty, DutyState
from charteroak.core.keeping import Mode
from charteroak.server.agency import Agency
from charteroak.server.law_in_force import NotAdopted
from charteroak.server.store import (
    alerts,
    box_reports,
    boxes,
    cameras,
    duties,
    figures,
    papers,
    promises,
)
from charteroak.server.store.database import Changes
from charteroak.server.store.papers import PapersStanding
from charteroak.server.store.postgres.service_user import is_shared
from charteroak.server.store.roles import AgencySchema
from charteroak.server.vault.certificate import (
    CertificateSeen,
    CertificateState,
    look_at,
)
from charteroak.server.vault.disk import Disk

SHARED_USER: Final = "shared_user"
"""The note that the embedded database runs as a user whom other programs share."""


class Trouble(StrEnum):
    """What needs a person, beside late duties and broken promises."""

    BOX_DISK_LOW = "box_disk_low"
    BOX_LOSES_READS = "box_loses_reads"
    BOX_MEMORY = "box_memory"
    BOX_NO_LIST = "box_no_list"
    BOX_QUEUE_OLD = "box_queue_old"
    BOX_SILENT = "box_silent"
    CAMERA_NO_PICTURE = "camera_no_picture"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_EXPIRES_SOON = "certificate_expires_soon"
    CERTIFICATE_UNUSABLE = "certificate_unusable"
    DISK_FULL = "disk_full"
    DISK_LOW = "disk_low"
    RULES_REFUSED = "rules_refused"


_OF_BOXES: Final = (
    Trouble.BOX_LOSES_READS,
    Trouble.BOX_SILENT,
    Trouble.BOX_MEMORY,
    Trouble.BOX_NO_LIST,
    Trouble.CAMERA_NO_PICTURE,
    Trouble.BOX_QUEUE_OLD,
    Trouble.BOX_DISK_LOW,
)
"""The most urgent first."""

_OF_CERTIFICATE: Final = {
    CertificateState.EXPIRED: Trouble.CERTIFICATE_EXPIRED,
    CertificateState.EXPIRES_SOON: Trouble.CERTIFICATE_EXPIRES_SOON,
    CertificateState.UNUSABLE: Trouble.CERTIFICATE_UNUSABLE,
}


@attrs.frozen(kw_only=True)
class BoxLine:
    """A trusted box.

    Attributes:
        last_batch_at: when it last brought reads; None: never.
        heard_at: when there was word from it last; None: never.
        silent: whether there should have been word since.
        standing: what it said of itself last; None: nothing yet.
        loses: whether it has lost reads lately.
    """

    box_id: UUID
    name: str
    last_batch_at: datetime | None
    heard_at: datetime | None
    silent: bool
    standing: BoxStanding | None
    loses: bool


@attrs.frozen(kw_only=True)
class Named:
    """A box or a camera that is in trouble, and since when, where that is known."""

    name: str
    since: datetime | None


@attrs.frozen(kw_only=True)
class DutyLine:
    """One duty.

    Attributes:
        state: None where it was never done yet.
    """

    duty: Duty
    state: DutyState | None
    late: bool


@attrs.frozen(kw_only=True)
class Status:
    """How the server stands.

    Attributes:
        broken_promises: codes of what this database's settings let us not promise.
        notes: codes of what could be better, and breaks no promise by itself.
        oldest_at: start of the oldest bucket that is still there; None: none.
        limit: the read limit in force.
        mode: what the rules let boxes and server keep.
        papers: of the disclosure desk, kept and due.
        papers_term: how long those are kept once all is answered.
        stored: reads stored in the last day, by the counts of ingest.
        deleted: reads deleted in the last day.
        refusals: what was turned away in the last day, by kind.
        matcher: state of the matcher's file.
        certificate: None where this server does not end TLS itself.
        blind: cameras in use that give no picture.
        unverified: alerts that wait for a person.
        rules: the sets of rules in force, and the fingerprint of each.
        policy: the fingerprint of all of them together.
        refused: rules that were offered and cannot be used; None: none.
        suspended_at: since when the council suspends; None: it does not.
    """

    at: datetime
    duties: tuple[DutyLine, ...]
    broken_promises: tuple[str, ...]
    notes: tuple[str, ...]
    limit: timedelta
    mode: Mode
    granule: timedelta
    oldest_at: datetime | None
    papers: PapersStanding
    papers_term: timedelta
    stored: int
    deleted: int
    refusals: dict[str, int]
    matcher: str
    certificate: CertificateSeen | None
    disk: Disk
    boxes: tuple[BoxLine, ...]
    blind: tuple[Named, ...]
    unverified: int
    rules: tuple[tuple[str, str], ...]
    policy: str
    refused: NotAdopted | None
    suspended_at: datetime | None

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What needs a person, beside duties and promises."""
        found = [code for code in _OF_BOXES if self.named(code)]
        if self.certificate is not None and self.certificate.state in _OF_CERTIFICATE:
            found.append(_OF_CERTIFICATE[self.certificate.state])
        if self.disk.full:
            found.append(Trouble.DISK_FULL)
        elif self.disk.low:
            found.append(Trouble.DISK_LOW)
        if self.refused is not None:
            found.append(Trouble.RULES_REFUSED)
        return tuple(found)

    def named(self, code: Trouble) -> tuple[Named, ...]:
        """The boxes or cameras that a trouble is about; none for any other."""
        if code is Trouble.CAMERA_NO_PICTURE:
            return self.blind
        about = []
        for box in self.boxes:
            said = box.standing
            if code is Trouble.BOX_SILENT and box.silent:
                about.append(Named(name=box.name, since=box.heard_at))
            if code is Trouble.BOX_LOSES_READS and box.loses:
                about.append(Named(name=box.name, since=None))
            if said is None or box.silent:
                continue
            if code is Trouble.BOX_QUEUE_OLD and said.queue_old:
                about.append(Named(name=box.name, since=said.oldest_at))
            if code is Trouble.BOX_DISK_LOW and said.disk_low:
                about.append(Named(name=box.name, since=None))
            if code is Trouble.BOX_NO_LIST and said.without_list(self.at):
                about.append(Named(name=box.name, since=said.list_until))
            if code is Trouble.BOX_MEMORY and said.leaks_memory:
                about.append(Named(name=box.name, since=None))
        return tuple(about)

    @property
    def well(self) -> bool:
        """Whether nothing is late or wrong, and every promise can be kept."""
        late = any(line.late for line in self.duties)
        return not (self.broken_promises or self.troubles or late)


def see_status(agency: Agency) -> Status:
    """Look at the worker's book, the database's settings and the figures of a day."""
    now = agency.clock()
    since = now - timedelta(days=1)
    term = agency.papers_term.limit
    with agency.database.changes() as tx:
        book = {state.duty: state for state in duties.standing(tx)}
        broken = promises.broken(tx, AgencySchema(agency.settings.agency))
        day = figures.of_a_day(tx, since=since)
        trusted = _boxes(tx, now)
        blind = _blind(tx, now)
        unverified = alerts.count_unverified(tx)
        kept = papers.standing(tx, ended_by=now - term)
    lines = tuple(
        DutyLine(
            duty=duty,
            state=book.get(duty),
            late=duty not in book or book[duty].late(now, agency.retention.granule),
        )
        for duty in Duty
    )
    return Status(
        at=now,
        duties=lines,
        broken_promises=tuple(broken),
        notes=_notes(agency),
        limit=agency.retention.limit,
        mode=agency.mode,
        granule=agency.retention.granule,
        oldest_at=day.oldest_at,
        papers=kept,
        papers_term=term,
        stored=day.stored,
        deleted=day.deleted,
        refusals=day.refusals,
        matcher=agency.hot_file.state.value,
        certificate=_certificate(agency, now),
        disk=agency.disk,
        boxes=trusted,
        blind=blind,
        unverified=unverified,
        rules=_rules(agency),
        policy=agency.rules.fingerprint,
        refused=agency.law.refused,
        suspended_at=agency.council.suspended_at,
    )


def _rules(agency: Agency) -> tuple[tuple[str, str], ...]:
    """The law, and what narrows it, with fingerprints."""
    law = agency.profile
    found = [
        (f"Law of {law.name}, {law.effective}", law.rules.fingerprint),
        *(
            (f"{each.kind.capitalize()}: {each.name}", each.rules.fingerprint)
            for each in agency.terms
        ),
    ]
    if agency.council.suspended:
        found.append(("The council's moratorium", agency.rules.sets[-1].fingerprint))
    return tuple(found)


def _certificate(agency: Agency, now: datetime) -> CertificateSeen | None:
    settings = agency.settings
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    return look_at(settings.tls_certificate, settings.tls_key, now=now)


def _boxes(tx: Changes, now: datetime) -> tuple[BoxLine, ...]:
    said = box_reports.of_boxes(tx)
    lines = []
    for box in boxes.everything(tx):
        if box.revoked_at is not None:
            continue
        standing = said.get(box.box_id)
        heard = Heard(
            last_batch_at=box.last_batch_at,
            reported_at=None if standing is None else standing.reported_at,
        )
        line = BoxLine(
            box_id=box.box_id,
            name=box.name,
            last_batch_at=box.last_batch_at,
            heard_at=heard.at,
            silent=heard.silent(now),
            standing=standing,
            loses=standing is not None and standing.loses(now),
        )
        lines.append(line)
    return tuple(lines)


def _blind(tx: Changes, now: datetime) -> tuple[Named, ...]:
    said = box_reports.of_cameras(tx, now=now)
    return tuple(
        Named(name=each.name, since=said[each.camera_id].since)
        for each in cameras.everything(tx)
        if each.retired_at is None
        and each.camera_id in said
        and said[each.camera_id].blind(now)
    )


def _notes(agency: Agency) -> tuple[str, ...]:
    if agency.settings.dsn is not None:
        # Somebody else's server: who it runs as is not ours to see.
        return ()
    data = agency.settings.data / "database" / "pgdata"
    return (SHARED_USER,) if is_shared(data) else ()
