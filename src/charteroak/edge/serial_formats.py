"""The formats of serials that come with the project, as a grammar for the engines.

They lie in `serial_formats.toml` beside this file, with years of issue, and are as good
as what is publicly known; `docs/explanation/serial-formats.md` says how good that is.
"""

import functools
from importlib.resources import files
from typing import Final

import msgspec

from charteroak.core.serial_format import (
    LETTERS,
    BrokenFormatError,
    Format,
    places_of,
)
from charteroak.core.serials import Grammar

FILE: Final = "serial_formats.toml"


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    form: str
    since: int
    share: float
    until: int | None = None
    letters: str = LETTERS


class _File(msgspec.Struct, forbid_unknown_fields=True):
    as_of: int
    states: dict[str, list[_Entry]]


def parsed(content: bytes) -> tuple[int, tuple[Format, ...]]:
    """The year that a file of formats speaks of, and its formats.

    Raises:
        BrokenFormatError: the file, or one of its formats, cannot be read.
    """
    try:
        file = msgspec.toml.decode(content, type=_File)
    except (msgspec.MsgspecError, ValueError) as broken:
        msg = f"{FILE} cannot be read: {broken}"
        raise BrokenFormatError(msg) from broken
    return file.as_of, tuple(
        Format(
            state=state,
            places=places_of(each.form, each.letters),
            since=each.since,
            until=each.until,
            share=each.share,
        )
        for state, entries in file.states.items()
        for each in entries
    )


def shipped() -> bytes:
    """The file that comes with the package."""
    return files("charteroak.edge").joinpath(FILE).read_bytes()


@functools.cache
def grammar() -> Grammar:
    """The formats that come with the project, in the year that they speak of.

    Not today's: the list knows nothing of formats that came after it.
    """
    as_of, formats = parsed(shipped())
    return Grammar.of(formats, year=as_of)
