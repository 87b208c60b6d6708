"""Let a box in that brings a one-time code and its own public key."""

from datetime import datetime
from typing import Final
from uuid import UUID

import attrs

from charteroak.core.enrolment import WrongCodeError, hash_code
from charteroak.core.errors import CharterOakError
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.wire import Enrolment, EnrolmentRequest
from charteroak.server.agency import Agency
from charteroak.server.ordering import give_orders
from charteroak.server.store import boxes, refusals
from charteroak.server.store.boxes import StoredBox
from charteroak.server.store.database import Changes

_KEY_BYTES: Final = 32
_LONGEST_SOFTWARE: Final = 120


class UnusableKeyError(CharterOakError):
    """A public key that is none, or belongs to a box that is known already."""

    code = "charteroak.enrolment.unusable-key"
    hint = "Let the box make a new key, then enrol it with a new code."


class UnreadableEnrolmentError(CharterOakError):
    """A request to enrol that cannot be read."""

    code = "charteroak.enrolment.unreadable"
    hint = "Update the software of the box."


@attrs.frozen(kw_only=True)
class NotEnrolled:
    """The box was not let in; it was counted by its code."""

    code: str
    message: str
    hint: str


def enrol_box(agency: Agency, request: EnrolmentRequest) -> Enrolment | NotEnrolled:
    """Let a box in.

    A box that lost the answer may ask again with the same code and key while the code
    lasts, and is told the same.
    """
    now = agency.clock()
    with agency.database.changes() as tx:
        try:
            box = _enrol(agency, tx, request, now)
        except (WrongCodeError, UnusableKeyError, UnreadableEnrolmentError) as no:
            refusals.count(tx, no.code, at=now)
            return NotEnrolled(code=no.code, message=str(no), hint=no.hint)
        orders = give_orders(agency, tx, box, asked=request.public_key)
    return Enrolment(
        device=box.box_id,
        agency=agency.settings.agency_name,
        agency_key=bytes(agency.keys.agency_key.public_key),
        cameras=list(box.cameras),
        keep_s=int(agency.retention.limit.total_seconds()),
        orders=orders,
    )


def _enrol(
    agency: Agency, tx: Changes, request: EnrolmentRequest, now: datetime
) -> StoredBox:
    software = request.software
    if not software.isprintable() or len(software) > _LONGEST_SOFTWARE:
        raise UnreadableEnrolmentError("the name of the software cannot be printed")
    code_hash = hash_code(request.code)
    if len(request.public_key) != _KEY_BYTES:
        raise UnusableKeyError("not a public key")
    known = boxes.find_by_key(tx, request.public_key)
    if known is not None:
        return _again(tx, known, code_hash, now)
    invitation = boxes.use_invitation(tx, code_hash=code_hash, at=now)
    if invitation is None:
        raise WrongCodeError("no invitation waits for this code")
    box = StoredBox(
        box_id=agency.new_id(),
        name=invitation.box_name,
        public_key=request.public_key,
        software=software,
        enrolled_at=now,
        revoked_at=None,
        last_batch_at=None,
        clock_offset_s=None,
        cameras=tuple(invitation.cameras),
    )
    # Two at once with one code: the second waited for the first, and found it used.
    # Two at once with one key and two codes: the second is told below.
    if not boxes.add(tx, box):
        raise UnusableKeyError("the key is known already")
    _record(agency, tx, box.box_id, len(box.cameras), now)
    return box


def _again(tx: Changes, known: StoredBox, code_hash: bytes, now: datetime) -> StoredBox:
    invitation = boxes.find_invitation(tx, code_hash=code_hash)
    if (
        invitation is None
        or known.revoked_at is not None
        or invitation.used_at != known.enrolled_at
        or invitation.box_name != known.name
        or invitation.expires_at <= now
    ):
        raise UnusableKeyError("the key is known already")
    return known


def _record(
    agency: Agency, tx: Changes, box_id: UUID, cameras: int, now: datetime
) -> None:
    agency.record(
        tx,
        Draft(
            kind=RecordKind.BOX_ENROLLED,
            at=now,
            public={"cameras": cameras},
            private={"box": str(box_id)},
        ),
    )
