"""What the council ordered last, beside the database and outside its backups.

A backup that is restored brings back the state of its day. What was ordered since lies
here, signed, in the folder of the keys, which no backup of the database takes in.
"""

from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from charteroak.core.codes import Step
from charteroak.core.moratorium import CouncilKey, Taken
from charteroak.server.vault import files

_NAME: Final = "council.json"


class _Key(msgspec.Struct, frozen=True):
    name: str
    public_key: bytes


class _Last(msgspec.Struct, frozen=True):
    number: int
    step: Step | None
    at: datetime
    reason: str
    text: bytes


class CouncilFile(msgspec.Struct, frozen=True):
    """The council's keys and its last order, if there was one.

    Attributes:
        keys: as they were enrolled.
        last: None where nothing was ordered yet.
    """

    keys: tuple[_Key, ...]
    last: _Last | None = None

    @property
    def council_keys(self) -> tuple[CouncilKey, ...]:
        """The keys."""
        return tuple(
            CouncilKey(name=each.name, public_key=each.public_key) for each in self.keys
        )

    @property
    def taken(self) -> Taken | None:
        """The last order."""
        last = self.last
        if last is None:
            return None
        return Taken(
            number=last.number,
            step=last.step,
            at=last.at,
            reason=last.reason,
            text=last.text,
        )


def read(keys: Path) -> CouncilFile | None:
    """The file in a key folder; None where there is none, or it is damaged."""
    try:
        return msgspec.json.decode((keys / _NAME).read_bytes(), type=CouncilFile)
    except (OSError, msgspec.MsgspecError, ValueError):
        return None


def write(keys: Path, council: tuple[CouncilKey, ...], last: Taken | None) -> None:
    """Put the file in its place, whole and durable; one writer at a time."""
    content = CouncilFile(
        keys=tuple(_Key(each.name, each.public_key) for each in council),
        last=None
        if last is None
        else _Last(last.number, last.step, last.at, last.reason, last.text),
    )
    files.replace(keys / _NAME, msgspec.json.encode(content))
