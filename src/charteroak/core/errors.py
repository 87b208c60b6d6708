"""The base of every error that Charter Oak raises on purpose.

Errors are types: one class per cause, a stable code for machines, a hint that says
what to do. Statuses and exit codes belong to the faces (web, command line). No error
text ever carries a plate: it is personal data, and tracebacks reach logs.
"""

from typing import ClassVar


class CharterOakError(Exception):
    """Base of every error this package raises on purpose.

    Attributes:
        code: stable identifier, `charteroak.<noun>.<what>`.
        hint: what the reader can do about it; one sentence, may be empty.
    """

    code: ClassVar[str] = "charteroak.error"
    hint: ClassVar[str] = ""


class NaiveTimeError(CharterOakError):
    """A moment came without its time zone."""

    code = "charteroak.time.naive"
    hint = "Give the moment with a zone, as in 2026-10-01T12:00:00Z."
