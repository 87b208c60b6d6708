"""Export what is held for a case, as a package for court."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs

from charteroak.core.export import (
    Exported,
    Judged,
    NothingExported,
    Order,
    Recipient,
    Standing,
    WhyNothing,
    folder_of,
    judge,
    question,
)
from charteroak.core.flag import FlagKind
from charteroak.core.log_record import Draft, RecordKind, Value, proofs
from charteroak.core.package import (
    LARGEST_BYTES,
    Missing,
    Package,
    PackageRead,
    PackageRecord,
    PackageTooLargeError,
    Picture,
    PictureKind,
    build,
)
from charteroak.core.people import Person
from charteroak.core.policy import Permit
from charteroak.core.screening import Verdict
from charteroak.core.sealed import LogReceipt, Sealed
from charteroak.core.search_answer import Forbidden
from charteroak.law.screening import note_rules
from charteroak.law.words import spoken
from charteroak.server.agency import Agency
from charteroak.server.flagging import flag_record
from charteroak.server.store import audit, exports, packing
from charteroak.server.store.database import Changes
from charteroak.server.store.exports import Copy
from charteroak.server.vault.pictures import PictureBrokenError, PictureGoneError

_TO: Final = {
    Recipient.COURT: "Court",
    Recipient.DEFENCE: "Defense",
    Recipient.PROSECUTOR: "Prosecutor",
}


def export_case(
    agency: Agency, who: Person, order: Order
) -> Sealed[Exported | Forbidden | NothingExported]:
    """Make the package, or say why not. Either way the question is in the log first.

    Three transactions: the question with the decision; the look; the answer with the
    package's SHA-256, in which every hold is seen once more to stand. The package is
    made in memory alone, one at a time: what breaks off, or comes while another is made,
    leaves its question in the log and no file.

    Returns:
        An answer that opens when the log durably holds the last record about it.

    Raises:
        PicturesUnavailableError: pictures cannot be read now; nothing is given out.
        StoreUnavailableError: the log cannot be written; nothing is given out.
    """
    now = agency.clock()
    with agency.database.changes() as tx:
        chosen = exports.chosen(tx, order.case_ref, order.reads, at=now)
        judged = _judged(agency, tx, who, order, chosen, at=now)
        asked = agency.record(
            tx, question(who, order, judged, reads=len(chosen), at=now)
        )
        if judged.weighed.verdict is Verdict.BLOCK:
            flag_record(
                agency,
                tx,
                FlagKind.NOTE_BLOCKED,
                about=who.person_id,
                recorded=asked.record_id,
                at=now,
            )
    if judged.against or not isinstance(judged.decision, Permit):
        return Sealed(
            Forbidden(recorded=asked.record_id, because=judged.against), asked
        )
    making = _Making(
        agency, who=who, order=order, permit=judged.decision, asked=asked, at=now
    )
    if len(chosen) < len(order.reads):
        return making.nothing(WhyNothing.HOLD_ENDED)
    return making.answer(chosen)


def _judged(  # noqa: PLR0913  (all that it depends on)
    agency: Agency,
    tx: Changes,
    who: Person,
    order: Order,
    chosen: Sequence[Standing],
    *,
    at: datetime,
) -> Judged:
    return judge(
        agency.rules,
        who,
        order,
        chosen,
        theirs=exports.asked_by(tx, order.case_ref, who.person_id, at=at),
        custodian=agency.profile.custodian,
        notes=note_rules(),
        decide=agency.decide_leaving,
    )


@attrs.frozen
class _Making:
    """An export that the rules allow and that is in the log, until it is answered."""

    agency: Agency
    who: Person = attrs.field(kw_only=True)
    order: Order = attrs.field(kw_only=True)
    permit: Permit = attrs.field(kw_only=True)
    asked: LogReceipt = attrs.field(kw_only=True)
    at: datetime = attrs.field(kw_only=True)

    def answer(
        self, chosen: Sequence[Standing]
    ) -> Sealed[Exported | Forbidden | NothingExported]:
        with self.agency.database.changes() as turn:
            if packing.take(turn):
                return self._made(chosen)
        # Without that connection in hand: of many who come at once each would wait for a
        # second one until all had failed.
        return self.nothing(WhyNothing.BUSY)

    def _made(
        self, chosen: Sequence[Standing]
    ) -> Sealed[Exported | Forbidden | NothingExported]:
        try:
            reads = self._reads(chosen)
            content = build(
                self._package(reads),
                sign=self.agency.keys.sign,
                public_key_pem=self.agency.keys.public_pem,
            )
        except PackageTooLargeError:
            return self.nothing(WhyNothing.TOO_LARGE)
        sha256 = hashlib.sha256(content).hexdigest()
        pictures = [picture for read in reads for picture in read.pictures]
        fields: dict[str, Value] = {
            "reads": len(reads),
            "pictures": sum(each.missing is None for each in pictures),
            "pictures_missing": sum(each.missing is not None for each in pictures),
            "bytes": len(content),
            "sha256": sha256,
        }
        exported = Exported(
            asked=self.asked.record_id,
            content=content,
            sha256=sha256,
            reads=len(reads),
        )
        # Making it takes its time: a hold may have ended since, and what is in force by
        # now decides, a moratorium too.
        agency, who, order = self.agency.in_force(), self.who, self.order
        now = agency.clock()
        with agency.database.changes() as tx:
            stands = exports.all_stand(tx, chosen, at=now)
            judged = _judged(agency, tx, who, order, chosen, at=now)
            if stands and judged.against:
                return self._refused(tx, judged, reads=len(chosen), at=now)
            if stands:
                answered = agency.record(tx, self._answered(fields))
                exports.add(tx, order, exported, by=who.person_id, at=now)
                return Sealed(exported, answered)
        return self.nothing(WhyNothing.HOLD_ENDED)

    def _refused(
        self, tx: Changes, judged: Judged, *, reads: int, at: datetime
    ) -> Sealed[Exported | Forbidden | NothingExported]:
        """The rules allowed it when it was asked, and do no longer."""
        again = question(self.who, self.order, judged, reads=reads, at=at)
        refused = self.agency.record(tx, again)
        last = self.agency.record(
            tx, self._answered({"reads": 0, "refused": int(refused.record_id)})
        )
        forbidden = Forbidden(recorded=refused.record_id, because=judged.against)
        return Sealed(forbidden, last)

    def nothing(
        self, why: WhyNothing
    ) -> Sealed[Exported | Forbidden | NothingExported]:
        with self.agency.database.changes() as tx:
            answered = self.agency.record(
                tx, self._answered({"reads": 0, "why": why.value})
            )
        return Sealed(NothingExported(why=why), answered)

    def _answered(self, fields: Mapping[str, Value]) -> Draft:
        return Draft(
            kind=RecordKind.EXPORT_ANSWERED,
            at=self.agency.clock(),
            public={"asked": int(self.asked.record_id), **fields},
            private={
                "person": str(self.who.person_id),
                "case_ref": self.order.case_ref,
            },
        )

    def _reads(self, chosen: Sequence[Standing]) -> list[PackageRead]:
        holds = {each.read_id: each for each in chosen}
        with self.agency.database.changes() as tx:
            found = exports.copies(tx, chosen, permit=self.permit, logged=self.asked)
        reads, size = list[PackageRead](), 0
        for copy in found:
            pictures = _pictures(self.agency, copy)
            size += sum(len(each.jpeg or b"") for each in pictures)
            if size > LARGEST_BYTES:
                raise PackageTooLargeError("the pictures are too large together")
            kept = self._kept(holds[copy.read.read_id])
            reads.append(attrs.evolve(copy.read, pictures=pictures, kept=kept))
        return reads

    def _kept(self, hold: Standing) -> str:
        def day(moment: datetime) -> str:
            return moment.astimezone(self.agency.zone).strftime("%Y-%m-%d %H:%M %Z")

        return (
            f"Held for the case (ground: {spoken(hold.ground)}); asked for by {hold.requester or 'unknown'} on "
            f"{day(hold.requested_at)}, approved by {hold.approver or 'unknown'} on "
            f"{day(hold.approved_at)}; the hold ends on {day(hold.ends_at)}."
        )

    def _package(self, reads: Sequence[PackageRead]) -> Package:
        agency, order = self.agency, self.order
        labels = {each.code: each.label for each in agency.profile.purposes}
        url = agency.settings.public_url
        return Package(
            folder=folder_of(self.asked.record_id),
            title="Export for court",
            agency=agency.settings.agency_name,
            case_ref=order.case_ref,
            made_by=self.who.name,
            made_at=self.at,
            made_for=f"{_TO[order.recipient]}: {order.name}",
            why=f"{labels.get(order.purpose, order.purpose)}. {order.note}",
            zone=agency.zone,
            reads=tuple(reads),
            decision=self.permit,
            record=_record(agency, self.asked),
            key_at=f"{url.rstrip('/')}/signing-key.pem" if url else "",
        )


def _pictures(agency: Agency, copy: Copy) -> tuple[Picture, ...]:
    places = {
        PictureKind.PLATE: copy.plate_picture,
        PictureKind.VEHICLE: copy.vehicle_picture,
    }
    return tuple(
        _picture(agency, kind, place) for kind, place in places.items() if place
    )


def _picture(agency: Agency, kind: PictureKind, place: str) -> Picture:
    """A picture; where it cannot be read the package says so in its place."""
    try:
        return Picture(kind=kind, jpeg=agency.pictures.fetch(place))
    except PictureGoneError:
        return Picture(kind=kind, jpeg=None, missing=Missing.DELETED)
    except PictureBrokenError:
        return Picture(kind=kind, jpeg=None, missing=Missing.DAMAGED)


def _record(agency: Agency, asked: LogReceipt) -> PackageRecord:
    """The record of the question: its public entry, and what proves the rest."""
    with agency.database.audits() as tx:
        stored = audit.one(tx, asked.record_id)
    if stored is None or stored.key is None:  # pragma: no cover  (just written)
        msg = "the record of the question is not in the log"
        raise LookupError(msg)
    return PackageRecord(
        record_id=asked.record_id,
        entry=stored.record.entry,
        proofs=tuple(proofs(stored.record, key=stored.key).values()),
    )
