"""Look up what was asked for, and make the package that leaves the house."""

import hashlib
from typing import TypeAlias

import attrs

from charteroak.core import package
from charteroak.core.codes import DataKind
from charteroak.core.disclosure import (
    MOST_READS,
    SURE_ENOUGH,
    Details,
    Disclosure,
    NoSuchDisclosure,
    Refusal,
    Stage,
)
from charteroak.core.hold import NotAllowed, SamePerson
from charteroak.core.log_record import RecordId, Value, proofs
from charteroak.core.package import Missing, PackageRead, PackageRecord, PictureKind
from charteroak.core.people import Act, Person
from charteroak.core.policy import Permit
from charteroak.core.sealed import LogReceipt, Sealed
from charteroak.core.search_answer import Sighting
from charteroak.server import leaving
from charteroak.server.agency import Agency
from charteroak.server.store import audit, counts, disclosures, packing, searches
from charteroak.server.vault.pictures import PictureBrokenError, PictureGoneError

_PROVED = frozenset({"at", "cameras", "plate", "reference", "since", "state", "until"})
"""Private fields of the request that its receiver can prove to others."""


@attrs.frozen(kw_only=True, repr=False)
class Released:
    """A package, which is kept nowhere: it is made again when it is needed again.

    Attributes:
        name: of the file; a word and a number.
        reads: how many are in it.
        cut: whether there were more.
        sha256: of the content, hexadecimal; it stands in the log.
    """

    name: str
    content: bytes
    reads: int
    cut: bool
    sha256: str


@attrs.frozen(kw_only=True)
class PackageBusy:
    """Another package is being made; nothing was decided, looked up or recorded."""


@attrs.frozen(kw_only=True, repr=False)
class _Found:
    sightings: tuple[Sighting, ...]
    cut: bool
    facts: tuple[tuple[str, str], ...]


_Answer: TypeAlias = Sealed[Released] | Refusal | NoSuchDisclosure | SamePerson


def release_disclosure(
    agency: Agency, who: Person, number: RecordId
) -> _Answer | PackageBusy | NotAllowed:
    """Decide once more, look, make the package and record what it is.

    Three transactions around the look, as for a search: the decision, the look, the
    count with the package's SHA-256. A declaration that ended after the approval, a rule
    or a switch that was changed since, refuses it here, also while the package is made.
    What is due is never found. One package is made at a time.

    Returns:
        A package that opens when the log durably holds the decision.

    Raises:
        StoreUnavailableError, PicturesUnavailableError: nothing is given out.
        PackageTooLargeError: the same.
    """
    if not who.may(Act.APPROVE_DISCLOSURE):
        return NotAllowed()
    with agency.database.changes() as turn:
        if not packing.take(turn):
            return PackageBusy()
        return _release(agency, who, number)


def _release(agency: Agency, who: Person, number: RecordId) -> _Answer:
    details = leaving.details_of(agency, number)
    if isinstance(details, NoSuchDisclosure):
        return details
    with agency.database.changes() as tx:
        asked = disclosures.find_to_change(tx, number)
        if asked is None or asked.stage not in {Stage.APPROVED, Stage.ANSWERED}:
            return NoSuchDisclosure()
        if asked.entered_by == who.person_id:
            return SamePerson()
        stands = leaving.stand_now(agency, tx, who, asked)
        released = agency.record(
            tx,
            leaving.draft(
                agency, who, stands.decision, "released", public={"asked": int(number)}
            ),
        )
        if stands.why is not None or not isinstance(stands.decision, Permit):
            return leaving.refuse(agency, tx, who, asked, details, stands)
    found = _look(agency, asked, details, permit=stands.decision, released=released)
    made = _package(agency, who, asked, details, found, permit=stands.decision)
    return _answered(agency, who, details, number, made, released=released)


def _look(
    agency: Agency,
    asked: Disclosure,
    details: Details,
    *,
    permit: Permit,
    released: LogReceipt,
) -> _Found:
    # What was seen after it was entered, nobody approved: released again, it is no more.
    wanted, not_after = details.wanted, asked.entered_at
    if permit.request.data_kind is DataKind.AGGREGATE:
        with agency.database.changes() as tx:
            sums = counts.of_cameras(
                tx,
                since=wanted.since,
                until=min(wanted.until, not_after),
                cameras=wanted.cameras,
            )
        facts = tuple(
            (each.camera, f"{each.reads:,} reads, {each.hits:,} hits") for each in sums
        )
        return _Found(sightings=(), cut=False, facts=facts)
    with agency.database.looks() as looks:
        page = searches.leaving(
            looks,
            permit=permit,
            logged=released,
            wanted=wanted,
            not_before=agency.retention.not_before(agency.clock()),
            not_after=not_after,
            limit=MOST_READS,
        )
    more = (
        "There were more: these are the newest."
        if page.cut
        else "Every read that fits the request."
    )
    return _Found(sightings=page.sightings, cut=page.cut, facts=(("Complete", more),))


def _package(  # noqa: PLR0913  (what goes into it, by name)
    agency: Agency,
    who: Person,
    asked: Disclosure,
    details: Details,
    found: _Found,
    *,
    permit: Permit,
) -> Released:
    own = asked.partner is None
    labels = {each.code: each.label for each in agency.profile.purposes}
    folder = f"{'owner' if own else 'disclosure'}-{int(asked.number)}"
    content = package.build(
        package.Package(
            folder=folder,
            title="Record of a car for its owner" if own else "Reads for an agency",
            agency=agency.settings.agency_name,
            case_ref=details.reference,
            made_by=who.name,
            made_at=asked.entered_at,
            made_for=details.person
            if asked.partner is None
            else f"{details.person}, {asked.partner.name}",
            why="the owner's own request"
            if own
            else labels.get(asked.purpose, str(asked.purpose)),
            zone=agency.zone,
            reads=tuple(_read(agency, each, own=own) for each in found.sightings),
            decision=permit,
            record=_record_of(agency, asked.number),
            key_at=agency.settings.contact,
            facts=found.facts,
        ),
        sign=agency.keys.sign,
        public_key_pem=agency.keys.public_pem,
    )
    return Released(
        name=f"{folder}.zip",
        content=content,
        reads=len(found.sightings),
        cut=found.cut,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _record_of(agency: Agency, number: RecordId) -> PackageRecord:
    """The record of the request, with what its receiver can prove of it."""
    with agency.database.audits() as tx:
        stored = audit.one(tx, number)
    if stored is None or stored.key is None:  # pragma: no cover  (its details opened)
        msg = "the record of a request is gone"
        raise LookupError(msg)
    opened = proofs(stored.record, key=stored.key)
    return PackageRecord(
        record_id=number,
        entry=stored.record.entry,
        proofs=tuple(opened[name] for name in sorted(_PROVED & set(opened))),
    )


def _read(agency: Agency, found: Sighting, *, own: bool) -> PackageRead:
    read = found.read
    wanted = [(PictureKind.PLATE, found.plate_picture)]
    if not own:
        wanted.append((PictureKind.VEHICLE, found.vehicle_picture))
    elif read.confidence < SURE_ENOUGH:
        # It may be another car that was read wrongly: no picture of it.
        wanted = []
    return PackageRead(
        read_id=read.read_id,
        camera_name=found.camera_name,
        seen_at=read.seen_at,
        plate=read.plate,
        confidence=read.confidence,
        characters=read.characters,
        state=read.state,
        state_confidence=read.state_confidence,
        engine=read.engine,
        clock_suspect=found.clock_suspect,
        pictures=tuple(_picture(agency, kind, ref) for kind, ref in wanted if ref),
    )


def _picture(agency: Agency, kind: PictureKind, reference: str) -> package.Picture:
    try:
        jpeg = agency.pictures.fetch(reference)
    except PictureGoneError:
        return package.Picture(kind=kind, jpeg=None, missing=Missing.DELETED)
    except PictureBrokenError:
        return package.Picture(kind=kind, jpeg=None, missing=Missing.DAMAGED)
    return package.Picture(kind=kind, jpeg=jpeg)


def _answered(  # noqa: PLR0913  (what is recorded, by name)
    agency: Agency,
    who: Person,
    details: Details,
    number: RecordId,
    made: Released,
    *,
    released: LogReceipt,
) -> Sealed[Released] | Refusal | NoSuchDisclosure:
    """Record what leaves, unless something stands against it by now."""
    # Making it takes its time: what is in force by now decides, a moratorium too.
    agency = agency.in_force()
    public: dict[str, Value] = {
        "asked": int(number),
        "released": int(released.record_id),
        "reads": made.reads,
        "cut": made.cut,
        "package_sha256": made.sha256,
    }
    with agency.database.changes() as tx:
        asked = disclosures.find_to_change(tx, number)
        if asked is None or asked.stage not in {Stage.APPROVED, Stage.ANSWERED}:
            return NoSuchDisclosure()
        stands = leaving.stand_now(agency, tx, who, asked)
        if stands.why is not None:
            return leaving.refuse(agency, tx, who, asked, details, stands)
        draft = leaving.draft(agency, who, stands.decision, "answered")
        last = agency.record(tx, attrs.evolve(draft, public=public))
        disclosures.answer(tx, number, reads=made.reads, at=agency.clock())
    return Sealed(made, last)
