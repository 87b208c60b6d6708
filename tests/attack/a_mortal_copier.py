"""A worker's process that copies spans to their holds, and dies before a chosen step."""

from collections.abc import Iterator
from contextlib import contextmanager

import attrs
from tests.attack.a_mortal import Mortal, mortal, obey
from tests.support.postgres import TestAgency

from charteroak.server.actions.approve_hold import keep_spans, walking
from charteroak.server.agency import Agency


@attrs.frozen
class MortalCopier:
    """Copies in processes of their own."""

    _mortal: Mortal

    def copy(self, *, dies_before: int) -> bool:
        """Have it walk through every span; False where it died of it."""
        return self._mortal.do(b"walk", dies_before=dies_before) is not None


@contextmanager
def mortal_copier(schema: TestAgency, agency: Agency) -> Iterator[MortalCopier]:
    """A copier for the agency of a test, for the length of a block."""
    with mortal("tests.attack.a_mortal_copier", schema, agency) as made:
        yield MortalCopier(made)


def _copy(agency: Agency, _order: bytes) -> bytes:
    keep_spans(agency)
    return b"done"


if __name__ == "__main__":
    # So that a few reads are several batches.
    setattr(walking, "_BATCH", 2)  # noqa: B010  (it is final for everybody else)
    obey(_copy)
