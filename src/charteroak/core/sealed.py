"""An answer that stays closed until the log provably holds its question."""

from collections.abc import Callable
from typing import Generic, TypeVar

import attrs

from charteroak.core.errors import CharterOakError
from charteroak.core.log_record import RecordId

T = TypeVar("T")


class NotYetCoveredError(CharterOakError):
    """The log does not yet durably hold the question; nothing is shown before."""

    code = "charteroak.log.not-yet-covered"
    hint = "Ask again in a moment. The question itself is recorded."


@attrs.frozen
class LogReceipt:
    """Proof that a record was written; made by `store.log.append` alone.

    It counts once the transaction that made it has committed.
    """

    record_id: RecordId


@attrs.frozen(repr=False)
class Sealed(Generic[T]):
    """An answer and the receipt of its question.

    Attributes:
        until: the record that must be covered before the answer may be seen.
    """

    _answer: T
    until: LogReceipt

    def open(self, covered: Callable[[LogReceipt], bool]) -> T:
        """The answer, if `covered` says that the log durably holds the question.

        Raises:
            NotYetCoveredError: it does not.
        """
        if not covered(self.until):
            raise NotYetCoveredError("the log does not hold the question yet")
        return self._answer
