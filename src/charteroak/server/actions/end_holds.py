"""End the holds whose day has come, and forget what ended holds kept."""

from typing import Final
from uuid import UUID

from charteroak.core.errors import CharterOakError
from charteroak.core.log_record import Draft, RecordKind
from charteroak.server.agency import Agency
from charteroak.server.store import erasure
from charteroak.server.vault.keys import KeyNotDestroyedError
from charteroak.server.vault.pictures import PicturesUnavailableError

_AT_ONCE: Final = 500


class NotAllForgottenError(CharterOakError):
    """Some of what ended holds kept is still there; the rest is gone."""

    code = "charteroak.hold.not-forgotten"
    hint = "It is tried again in half a minute. Look at the disk and its rights."

    def __init__(self, troubles: tuple[str, ...]) -> None:
        super().__init__(f"not every ended hold was forgotten: {'; '.join(troubles)}")
        self.troubles = troubles


def end_holds(agency: Agency) -> int:
    """End past holds; destroy key, pictures and copy of every one that has ended.

    Key and pictures go before the row, so that a crash in between leaves a row that
    brings the next run here again; and what a broken-off approval left in the vault
    without a row is found there.

    Returns:
        How many holds were forgotten.

    Raises:
        NotAllForgottenError: something is still there, after all else was done.
        StoreUnavailableError: the database broke off; what is committed stays done.
    """
    now = agency.clock()
    with agency.database.purges() as tx:
        for hold in erasure.end_past_holds(tx, at=now):
            agency.record(
                tx,
                Draft(
                    kind=RecordKind.HOLD_ENDED,
                    at=now,
                    public={"why": "its_day_has_come"},
                    private={"hold": str(hold)},
                ),
            )
    troubles = list[str]()
    kept = set(agency.keys.holds())
    try:
        kept |= set(agency.pictures.holds())
    except PicturesUnavailableError as trouble:
        troubles.append(str(trouble))
    with agency.database.purges() as tx:
        ended = {
            *erasure.ended(tx, sorted(kept)),
            *erasure.ended_with_copy(tx, most=_AT_ONCE),
        }
    forgotten = 0
    for hold in sorted(ended):
        try:
            _forget(agency, hold)
        except (KeyNotDestroyedError, PicturesUnavailableError) as trouble:
            troubles.append(f"{hold}: {trouble}")
        else:
            forgotten += 1
    with agency.database.purges() as tx:
        erasure.rewrite_held(tx)
    with agency.database.purges() as tx:
        erasure.flush(tx)
    if troubles:
        raise NotAllForgottenError(tuple(troubles))
    return forgotten


def _forget(agency: Agency, hold: UUID) -> None:
    agency.pictures.drop_hold(hold)
    with agency.database.purges() as tx:
        erasure.forget_held(tx, hold)
