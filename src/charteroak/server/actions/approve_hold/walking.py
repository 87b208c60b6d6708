"""Copy the reads of a span to its hold, in batches, for as long as it stands.

A batch is pictures first, then rows with their record in one transaction. A run that is
killed leaves at most pictures without rows, under the key of the hold, which go with it;
the next walk takes up what is not copied. Two walks at once copy nothing twice.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import attrs

from charteroak.core.codes import Approval
from charteroak.core.duty import Duty, every
from charteroak.core.errors import CharterOakError
from charteroak.core.hold import Hold, NoSuchHold
from charteroak.core.hold_ground import to_hold
from charteroak.core.hold_span import HoldSpan
from charteroak.core.log_record import Draft, RecordId, RecordKind
from charteroak.core.plate import PlateText
from charteroak.core.policy import Denial, Permit, decide
from charteroak.core.read import ReadId
from charteroak.core.sealed import LogReceipt
from charteroak.core.search_answer import ReadGone, Sighting
from charteroak.server.actions.approve_hold.picture import fetch
from charteroak.server.agency import Agency
from charteroak.server.store import held_reads, hold_spans, holds, span_reads
from charteroak.server.store.database import StoreUnavailableError
from charteroak.server.store.hold_spans import SpanRow
from charteroak.server.vault.pictures import PictureGoneError

_BATCH: Final = 100
_UNLIMITED: Final = 2**31
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT: Final = timedelta(microseconds=1)


class NotAllKeptError(CharterOakError):
    """Some of what holds ask for is not copied yet; the rest is."""

    code = "charteroak.hold.not-all-kept"
    hint = "It is tried again in half a minute. What is due meanwhile is lost."

    def __init__(self, troubles: tuple[str, ...]) -> None:
        super().__init__(f"not every hold is copied: {'; '.join(troubles)}")
        self.troubles = troubles


@attrs.frozen(kw_only=True)
class SpanBegun:
    """The span is approved; what there is of it is copied, or still being copied.

    Attributes:
        copied: reads that were copied by now.
        whole: whether that is all there is so far.
        gone: how much of its period was too late.
    """

    case_ref: str
    ends_at: datetime
    copied: int
    whole: bool
    gone: timedelta


def begin_span(  # noqa: PLR0913  (two of them are proofs)
    agency: Agency,
    hold: Hold,
    row: SpanRow,
    *,
    permit: Permit,
    receipt: LogReceipt,
    most: int,
) -> SpanBegun | NoSuchHold | ReadGone:
    """Write down from where on there are reads, and copy the first of them.

    Raises:
        PicturesUnavailableError: nothing more can be copied now; the worker goes on.
    """
    span = _span(agency, row)
    not_before = agency.retention.not_before(agency.clock())
    if span.until <= not_before:
        return ReadGone()
    with agency.database.looks() as tx:
        counted = span_reads.count(
            tx, permit=permit, logged=receipt, span=span, not_before=not_before
        )
    with agency.database.changes() as tx:
        hold_spans.begin(
            tx,
            hold.hold_id,
            kept_from=max(span.since, not_before),
            # How often a car was seen is a search of its own.
            expected=None if span.plates else counted.reads,
        )
    copied = _walk(agency, hold, span, permit=permit, receipt=receipt, most=most)
    if copied is None:
        return NoSuchHold()
    return SpanBegun(
        case_ref=hold.case_ref,
        ends_at=hold.ends_at,
        copied=copied,
        whole=copied < most,
        gone=span.gone(not_before),
    )


def keep_spans(agency: Agency) -> int:
    """Copy what approved spans still lack: the rest of a long one, reads that came since.

    One run lasts no longer than its interval (`core.duty`), so that other duties, a purge
    above all, come in between; the next run goes on. Each span gets its share of that
    time, the oldest reads first, and the runs begin with another span each time.

    Returns:
        How many reads were copied.

    Raises:
        NotAllKeptError: something could not be copied, after all else was done.
        StoreUnavailableError: the database broke off; what is committed stays done.
    """
    now = agency.clock()
    with agency.database.changes() as tx:
        rows = hold_spans.to_walk(
            tx, at=now, open_from=agency.retention.not_before(now)
        )
    budget = every(Duty.KEEP_HOLDS, agency.retention.granule)
    end = now + budget
    # A run that takes all of its time comes again after as much time: one turn each.
    turn = (now - _EPOCH) // (2 * budget) % max(1, len(rows))
    copied, troubles = 0, list[str]()
    for done, row in enumerate((*rows[turn:], *rows[:turn])):
        at = agency.clock()
        if at >= end:
            break
        try:
            copied += _go_on(agency, row, until=at + (end - at) / (len(rows) - done))
        except StoreUnavailableError:
            raise
        except CharterOakError as trouble:
            # Whatever is wrong with one hold, the others are copied.
            troubles.append(f"{row.hold_id}: {trouble}")
    if troubles:
        raise NotAllKeptError(tuple(troubles))
    return copied


def _go_on(agency: Agency, row: SpanRow, *, until: datetime) -> int:
    with agency.database.changes() as tx:
        hold = holds.find_to_change(tx, row.hold_id)
    if hold is None or hold.decided_record is None or not hold.stands(agency.clock()):
        return 0
    decision = decide(
        agency.rules,
        to_hold(
            custodian=agency.profile.custodian,
            case_ref=hold.case_ref,
            ground=hold.ground,
            approval=Approval.GIVEN,
        ),
    )
    if isinstance(decision, Denial):
        rules = ", ".join(rule.rule_id for rule in decision.because)
        raise NotAllKeptError((f"the rules in force say no: {rules}",))
    receipt = LogReceipt(RecordId(hold.decided_record))
    span = _span(agency, row)
    if not agency.covered(receipt):
        return 0
    copied = _walk(
        agency,
        hold,
        span,
        permit=decision,
        receipt=receipt,
        most=_UNLIMITED,
        until=until,
    )
    return copied or 0


def _walk(  # noqa: PLR0913  (two of them are proofs)
    agency: Agency,
    hold: Hold,
    span: HoldSpan,
    *,
    permit: Permit,
    receipt: LogReceipt,
    most: int,
    until: datetime | None = None,
) -> int | None:
    """Copy batch by batch, oldest first, `most` reads or all; None: the hold has ended.

    At `until` it stops, though not before its first batch.
    """
    copied = 0
    after = (span.since - _MOMENT, ReadId(UUID(int=0)))
    began = agency.clock()
    while copied < most:
        with agency.database.looks() as tx:
            found = span_reads.batch(
                tx,
                permit=permit,
                logged=receipt,
                span=span,
                hold_id=hold.hold_id,
                not_before=agency.retention.not_before(agency.clock()),
                after=after,
                limit=min(_BATCH, most - copied),
            )
        if not found:
            with agency.database.changes() as tx:
                hold_spans.walked(tx, hold.hold_id, at=began)
            return copied
        kept = _keep(agency, hold, found)
        if kept is None:
            return None
        copied += kept
        if until is not None and agency.clock() >= until:
            return copied
        after = (found[-1].read.seen_at, found[-1].read.read_id)
    return copied


def _keep(agency: Agency, hold: Hold, found: Sequence[Sighting]) -> int | None:
    """Copy a batch: pictures, then rows with their record; None: the hold has ended."""
    copies, references = _copies(agency, hold, found)
    with agency.database.changes() as tx:
        now = agency.clock()
        stands = holds.find_to_change(tx, hold.hold_id)
        if stands is None or not stands.stands(now):
            # Still locked, so that nobody else comes upon what is half destroyed.
            agency.pictures.drop_hold(hold.hold_id)
            return None
        kept = [
            held_reads.keep(
                tx,
                hold.hold_id,
                sighting,
                plate_picture=references.get(plate, ""),
                vehicle_picture=references.get(vehicle, ""),
            )
            for sighting, plate, vehicle in copies
        ]
        if any(kept):
            agency.record(
                tx,
                Draft(
                    kind=RecordKind.HOLD_KEPT,
                    at=now,
                    public={"days": (hold.ends_at - now).days, "reads": sum(kept)},
                    private={"hold": str(hold.hold_id), "case_ref": hold.case_ref},
                ),
            )
    return sum(kept)


def _copies(
    agency: Agency, hold: Hold, found: Sequence[Sighting]
) -> tuple[list[tuple[Sighting, int, int]], dict[int, str]]:
    """Copy the pictures of a batch, all in one segment.

    Returns:
        Reads that are not being deleted just now, each with the places of its two
        pictures; and the reference of each place (none: there is no such picture).
    """
    alive: list[tuple[Sighting, int, int]] = []
    pictures: dict[int, bytes] = {}
    for number, sighting in enumerate(found):
        plate, vehicle = 2 * number, 2 * number + 1
        try:
            for place, reference in (
                (plate, sighting.plate_picture),
                (vehicle, sighting.vehicle_picture),
            ):
                picture = fetch(agency, reference)
                if picture is not None:
                    pictures[place] = picture
        except PictureGoneError:
            # Its key is destroyed before its row: the read is being deleted right now.
            pictures.pop(plate, None)
            continue
        alive.append((sighting, plate, vehicle))
    kept = agency.pictures.keep(hold.hold_id, list(pictures.values()))
    return alive, dict(zip(pictures, kept, strict=True))


def _span(agency: Agency, row: SpanRow) -> HoldSpan:
    """What a span names, with its plates out of the vault.

    Raises:
        PictureBrokenError: the plates are damaged.
        PictureGoneError: they are gone. It is never taken for a span of all cars.
    """
    plates: tuple[PlateText, ...] = ()
    if row.by_plate:
        named = agency.pictures.fetch(row.plates).decode()
        plates = tuple(PlateText(each) for each in named.split("\n"))
    return HoldSpan(
        since=row.since, until=row.until, cameras=row.cameras, plates=plates
    )
