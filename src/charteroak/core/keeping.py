"""What may be kept of the reads of cameras: all of them, hits alone, or nothing.

Decided once for all boxes and the server, by every rule set in force. A box that is told
less than another agency's forgets the rest in its own memory.
"""

from enum import StrEnum
from functools import lru_cache

from charteroak.core.codes import DataKind, Reach, Store
from charteroak.core.people import Act
from charteroak.core.policy import Denial, Permit, Request, RuleBook, decide


class Mode(StrEnum):
    """What a box does with what it reads; on the wire.

    ORDINARY: every read is kept until it is due. EDGE_ONLY: what is on no list is
    forgotten at once, in the memory of the box. STOPPED: nothing is read at all.
    """

    EDGE_ONLY = "edge-only"
    ORDINARY = "ordinary"
    STOPPED = "stopped"


_STRICTNESS = (Mode.ORDINARY, Mode.EDGE_ONLY, Mode.STOPPED)


def stricter(one: Mode, other: Mode) -> Mode:
    """The one of two modes under which less is kept.

    >>> stricter(Mode.ORDINARY, Mode.EDGE_ONLY)
    <Mode.EDGE_ONLY: 'edge-only'>
    """
    return max(one, other, key=_STRICTNESS.index)


@lru_cache(maxsize=64)
def keeping(
    book: RuleBook, custodian: str, data_kind: DataKind, store: Store
) -> Permit | Denial:
    """Whether a read that is not yet due may be kept somewhere."""
    return decide(
        book,
        Request(
            act=Act.KEEP,
            custodian=custodian,
            data_kind=data_kind,
            store=store,
            reach=Reach.WITHIN,
        ),
    )


def mode_of(book: RuleBook, custodian: str) -> Mode:
    """What the rules in force leave to be kept on the boxes' disks and on the server."""
    if not _kept(book, custodian, DataKind.HIT):
        return Mode.STOPPED
    if not _kept(book, custodian, DataKind.NONHIT):
        return Mode.EDGE_ONLY
    return Mode.ORDINARY


def _kept(book: RuleBook, custodian: str, data_kind: DataKind) -> bool:
    return all(
        isinstance(keeping(book, custodian, data_kind, store), Permit)
        for store in (Store.EDGE_DISK, Store.SERVER)
    )
