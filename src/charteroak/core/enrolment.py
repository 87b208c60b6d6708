"""The one-time code that lets a box in: 12 characters that are read out or typed."""

import hashlib
import re
from datetime import timedelta
from typing import Final

from charteroak.core.errors import CharterOakError

CODE_BYTES: Final = 8
"""Random bytes that a code is made from; 60 of their bits are used."""

CODE_LIFE: Final = timedelta(minutes=15)

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH: Final = 12
_GROUP: Final = 4
_BITS: Final = 5
# Crockford's base 32: what a hand confuses is the same character.
_ALIKE: Final = str.maketrans({"I": "1", "L": "1", "O": "0"})
_IGNORED: Final = re.compile(r"[\s\-]+")
_LONGEST_TYPED: Final = 40


class WrongCodeError(CharterOakError):
    """A code that is no code, or was never given out, or is used, or has expired."""

    code = "charteroak.enrolment.wrong-code"
    hint = "A code works once and for 15 minutes. Make a new one on the cameras page."


def make_code(random: bytes) -> str:
    """Spell a code.

    Args:
        random: `CODE_BYTES` fresh random bytes.

    >>> make_code(bytes(range(8)))
    '0082-0C20-A1G7'
    """
    number = int.from_bytes(random)
    signs = [
        _CROCKFORD[number >> (_BITS * place) & 31] for place in reversed(range(_LENGTH))
    ]
    groups = ["".join(signs[at : at + _GROUP]) for at in range(0, _LENGTH, _GROUP)]
    return "-".join(groups)


def hash_code(typed: str) -> bytes:
    """SHA-256 of a code as somebody typed it: case, spaces and dashes do not matter.

    Raises:
        WrongCodeError: it cannot be a code.
    """
    plain = _IGNORED.sub("", typed[:_LONGEST_TYPED]).upper().translate(_ALIKE)
    if len(plain) != _LENGTH or not set(plain) <= set(_CROCKFORD):
        raise WrongCodeError("not a code")
    return hashlib.sha256(plain.encode()).digest()
