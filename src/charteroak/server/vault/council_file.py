"""What the council ordered, beside the database and outside its backups.

A backup that is restored brings back the state of its day. Every order lies here too,
signed, in the folder of the keys, which no backup of the database takes in: each hand-over
is what later signatures are checked with, and the last order alone does not say whether a
moratorium lasts.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Self

import msgspec

from charteroak.core.codes import Step
from charteroak.core.council_order import CouncilKey
from charteroak.core.moratorium import CouncilStanding, Taken, standing
from charteroak.server.vault import files

_NAME: Final = "council.json"


class _Key(msgspec.Struct, frozen=True):
    name: str
    public_key: bytes


class _Taken(msgspec.Struct, frozen=True):
    number: Annotated[int, msgspec.Meta(ge=1, lt=2**31)]
    step: Step | None
    at: Annotated[datetime, msgspec.Meta(tz=True)]
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
    """The council's keys as they were enrolled, and every order.

    Attributes:
        last: all that files of before there were hand-overs hold; none is written now.
    """

    keys: tuple[_Key, ...]
    orders: tuple[_Taken, ...] = ()
    last: _Taken | None = None

    @classmethod
    def of(cls, stands: CouncilStanding) -> Self:
        """What must not be forgotten of how a council's orders stand."""
        return cls(
            keys=tuple(_Key(each.name, each.public_key) for each in stands.enrolled),
            orders=tuple(_Taken.of(each) for each in stands.orders),
        )

    @property
    def enrolled(self) -> tuple[CouncilKey, ...]:
        """The keys that were enrolled."""
        return tuple(
            CouncilKey(name=each.name, public_key=each.public_key) for each in self.keys
        )

    def stands(self, agency: str) -> CouncilStanding:
        """How the orders of an agency's council stand, by this file alone."""
        orders = self.orders or ((self.last,) if self.last else ())
        return standing(agency, self.enrolled, (each.taken for each in orders))


def read(keys: Path) -> CouncilFile | None:
    """The file in a key folder; None where there is none, or it is damaged."""
    try:
        return msgspec.json.decode((keys / _NAME).read_bytes(), type=CouncilFile)
    except (OSError, msgspec.MsgspecError, ValueError):
        return None


def write(keys: Path, stands: CouncilStanding) -> None:
    """Put the file in its place, whole and durable; one writer at a time."""
    files.replace(keys / _NAME, msgspec.json.encode(CouncilFile.of(stands)))
