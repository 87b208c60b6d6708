from itertools import product

import pytest

from charteroak.core.alert import (
    AlreadyReviewedError,
    Checks,
    MissingChecksError,
    NotConfirmedError,
    Status,
    confirm,
    may_have_outcome,
    reject,
)

ALL = Checks(characters=True, state=True, vehicle=True, live_record=True)


@pytest.mark.parametrize("done", list(product([False, True], repeat=4)))
def test_a_hit_is_confirmed_by_all_four_checks_and_no_fewer(
    done: tuple[bool, bool, bool, bool],
) -> None:
    checks = Checks(
        characters=done[0], state=done[1], vehicle=done[2], live_record=done[3]
    )
    if all(done):
        assert confirm(Status.UNVERIFIED, checks) is Status.CONFIRMED
        return
    with pytest.raises(MissingChecksError) as refused:
        confirm(Status.UNVERIFIED, checks)
    assert len(refused.value.missing) == 4 - sum(done)


@pytest.mark.parametrize("status", [Status.CONFIRMED, Status.REJECTED])
def test_a_verdict_stands(status: Status) -> None:
    with pytest.raises(AlreadyReviewedError):
        confirm(status, ALL)
    with pytest.raises(AlreadyReviewedError):
        reject(status)


def test_saying_no_needs_no_check() -> None:
    assert reject(Status.UNVERIFIED) is Status.REJECTED


@pytest.mark.parametrize("status", [Status.UNVERIFIED, Status.REJECTED])
def test_an_outcome_needs_a_confirmation(status: Status) -> None:
    with pytest.raises(NotConfirmedError):
        may_have_outcome(status)
    may_have_outcome(Status.CONFIRMED)
