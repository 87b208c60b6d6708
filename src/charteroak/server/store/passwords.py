"""Hashes of passwords: the only form in which they are kept."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from charteroak.core.errors import CharterOakError

LONGEST_PASSWORD: Final = 256
"""Characters; a longer one only costs time."""

NOBODY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$F/L0WSDc4j+1z7FhOr9/Og$7fiYtJ"
    "WLJY92K1QCaNkHsFghVHe50jSeKtev5bE0D6g"
)
"""Hash of a password nobody knows, with the costs of every other: checked when a login
does not exist, so that the answer takes as long as for one that does."""

# Argon2id with the second recommended costs of RFC 9106: 64 MiB, 3 passes, 4 lanes.
_HASHER: Final = PasswordHasher()
# So much memory for each check: more at once would be a way to deny service.
_AT_ONCE: Final = threading.BoundedSemaphore(2)
# Whoever waits for a check holds a thread that pages and boxes need too.
MOST_IN_LINE: Final = 8
_LINE: Final = threading.BoundedSemaphore(MOST_IN_LINE)

# Nothing that looks like something else, for a password that is read out.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS: Final = 4
_GROUP: Final = 5


class TooManySignInsError(CharterOakError):
    """More people sign in at this moment than passwords can be checked."""

    code = "charteroak.people.too-many-sign-ins"
    hint = "Try again in a few seconds. Who is signed in already goes on as before."


@contextmanager
def in_line() -> Iterator[None]:
    """Keep a place in the line of those who sign in; anybody can stand in it.

    Raises:
        TooManySignInsError: the line is full; nothing was tried or counted.
    """
    if not _LINE.acquire(blocking=False):
        raise TooManySignInsError("too many people sign in at this moment")
    try:
        yield
    finally:
        _LINE.release()


def hash_password(password: str) -> str:
    """The hash of a password, with a fresh salt."""
    with _AT_ONCE:
        return _HASHER.hash(password[:LONGEST_PASSWORD])


def fits_hash(password: str, hashed: str) -> bool:
    """Whether a password fits; takes as long for yes as for no."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(hashed, password[:LONGEST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False


def costs_are_current(hashed: str) -> bool:
    """Whether a hash costs what a new one does."""
    return not _HASHER.check_needs_rehash(hashed)


def temporary_password(entropy: Callable[[int], bytes]) -> str:
    """A password to be read out once: 20 characters in groups, 99 random bits.

    Bytes past a whole number of alphabets are thrown away, so no character is likelier.
    """
    size = len(_ALPHABET)
    chosen: list[str] = []
    while len(chosen) < _GROUPS * _GROUP:
        chosen += [
            _ALPHABET[byte % size] for byte in entropy(32) if byte < 256 - 256 % size
        ]
    return "-".join(
        "".join(chosen[at : at + _GROUP]) for at in range(0, _GROUPS * _GROUP, _GROUP)
    )
