"""What the council ordered last, beside the database and outside its backups.

A backup that is restored brings back the state of its day. What was ordered since lies
here, signed, in the folder of the keys, which no backup of the database takes in; and
every hand-over of the council's keys, without which no later signature can be checked.
"""

from datetime import datetime
from pathlib import Path
from typing import Final, Self

import msgspec

from charteroak.core.codes import Step
from charteroak.core.council_order import CouncilKey
from charteroak.core.moratorium import CouncilStanding, Taken
from charteroak.server.vault import files

_NAME: Final = "council.json"


class _Key(msgspec.Struct, frozen=True):
    name: str
    public_key: bytes


class _Taken(msgspec.Struct, frozen=True):
    number: int
    step: Step | None
    at: datetime
    reason: str
    text: bytes

    @classmethod
    def of(cls, taken: Taken) -> Self:
        return cls(taken.number, taken.step, taken.at, taken.reason, taken.text)

    @property
    def taken(self) -> Taken:
        return Taken(
            number=self.number,
            step=self.step,
            at=self.at,
            reason=self.reason,
            text=self.text,
        )


class CouncilFile(msgspec.Struct, frozen=True):
    """The council's keys, every hand-over of them, and its last order.

    Attributes:
        keys: as they were enrolled.
        last: None where nothing was ordered yet.
    """

    keys: tuple[_Key, ...]
    last: _Taken | None = None
    handed_over: tuple[_Taken, ...] = ()

    @classmethod
    def of(cls, stands: CouncilStanding) -> Self:
        """What must not be forgotten of how a council's orders stand."""
        return cls(
            keys=tuple(_Key(each.name, each.public_key) for each in stands.enrolled),
            last=_Taken.of(stands.orders[-1]) if stands.orders else None,
            handed_over=tuple(_Taken.of(each) for each in stands.handed_over),
        )

    @property
    def enrolled(self) -> tuple[CouncilKey, ...]:
        """The keys that were enrolled."""
        return tuple(
            CouncilKey(name=each.name, public_key=each.public_key) for each in self.keys
        )

    @property
    def orders(self) -> tuple[Taken, ...]:
        """Every hand-over and the last order, by their numbers."""
        known = (*self.handed_over, *([self.last] if self.last else []))
        return tuple(each.taken for each in dict.fromkeys(known))


def read(keys: Path) -> CouncilFile | None:
    """The file in a key folder; None where there is none, or it is damaged."""
    try:
        return msgspec.json.decode((keys / _NAME).read_bytes(), type=CouncilFile)
    except (OSError, msgspec.MsgspecError, ValueError):
        return None


def write(keys: Path, stands: CouncilStanding) -> None:
    """Put the file in its place, whole and durable; one writer at a time."""
    files.replace(keys / _NAME, msgspec.json.encode(CouncilFile.of(stands)))
