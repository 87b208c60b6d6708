"""What becomes of an act on an alert: answers and refusals, all of them values.

A refusal is not an exception: it is shown calmly, with who was first and when.
"""

from datetime import datetime, timedelta
from typing import Final

import attrs

from charteroak.core.alert import Outcome, Rejection, Status
from charteroak.core.people import Act
from charteroak.core.time import aware

_SPANS: Final = (
    (timedelta(minutes=1), "under_1"),
    (timedelta(minutes=5), "1_to_5"),
    (timedelta(minutes=15), "5_to_15"),
    (timedelta(hours=1), "15_to_60"),
)


@attrs.frozen(kw_only=True)
class Deed:
    """Who did something, and when.

    Attributes:
        by: name as colleagues write it; empty where the account is gone.
    """

    by: str
    at: datetime = attrs.field(validator=aware)


@attrs.frozen(kw_only=True)
class Done:
    """The act was done and recorded."""

    deed: Deed


@attrs.frozen(kw_only=True)
class NotAllowed:
    """None of the person's roles allows the act."""

    act: Act


@attrs.frozen
class NoSuchAlert:
    """There is no alert with that number."""


@attrs.frozen(kw_only=True)
class AlreadyTaken:
    """Somebody acknowledged the alert before."""

    deed: Deed


@attrs.frozen(kw_only=True)
class AlreadyReviewed:
    """Somebody gave a verdict before; nothing was overwritten.

    Attributes:
        rejection: why, where the verdict was a rejection.
    """

    status: Status
    rejection: Rejection | None
    deed: Deed


@attrs.frozen(kw_only=True)
class ChecksMissing:
    """A confirmation lacks checks; nothing was changed.

    Attributes:
        missing: names of the checks, as in `core.alert.Checks`.
    """

    missing: tuple[str, ...]


@attrs.frozen(kw_only=True)
class EvidenceGone:
    """The picture was deleted on schedule, so nobody can compare anything with it.

    Attributes:
        deleted_at: when; None where that is not known.
    """

    deleted_at: datetime | None


@attrs.frozen
class NotConfirmed:
    """An outcome belongs to a confirmed alert, and this one is not."""


@attrs.frozen(kw_only=True)
class AlreadyConcluded:
    """Somebody wrote an outcome before; nothing was overwritten."""

    outcome: Outcome
    deed: Deed


def minutes_span(passed: timedelta) -> str:
    """How long something took, coarse enough to be public.

    >>> minutes_span(timedelta(seconds=59)), minutes_span(timedelta(minutes=5))
    ('under_1', '5_to_15')
    """
    for limit, span in _SPANS:
        if passed < limit:
            return span
    return "over_60"
