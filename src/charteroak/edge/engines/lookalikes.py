"""Text on a street that fits the grammar of a plate and is none.

Told apart by signs that no plate carries, seen in the reader's full alphabet, before
anything is reduced to letters and digits: the dashes of a date, the colons of a clock, the
form of a telephone number.
"""

import re
from typing import Final

_NEVER_ON_PLATES: Final = re.compile(r"[:/,;@$%&()!?]")
_DATE: Final = re.compile(r"(19|20)\d\d\W?(0[1-9]|1[0-2])\W?([0-3]\d?)?\W?")
_TELEPHONE: Final = re.compile(r"(\W?\d{3}\W+)?\d{3}\W+\d{4}")
_YEAR: Final = re.compile(r"(19|20)\d\d")
_CLOCK: Final = re.compile(r"[\dOIBS.\s-]{6,9}")


def is_date(text: str) -> bool:
    """Whether a line is a calendar date, perhaps cut off, as cameras burn in.

    Without a sign between year and month six digits may be a plate; eight are a date.

    >>> is_date("2014-05-"), is_date("20140512"), is_date("201405")
    (True, True, False)
    """
    if _DATE.fullmatch(text) is None:
        return False
    return not text.isdigit() or len(text) == len("20140512")


def is_other_text(text: str) -> bool:
    """Whether a line, in itself, shows that it is no plate.

    >>> is_other_text("06:12:32"), is_other_text("376-8750"), is_other_text("CC-2881")
    (True, True, False)
    """
    return (
        _NEVER_ON_PLATES.search(text) is not None
        or is_date(text)
        or _TELEPHONE.fullmatch(text) is not None
        or _YEAR.fullmatch(text) is not None
    )


def may_be_clock(text: str) -> bool:
    """Whether a line could be a time of day whose colons were read as digits.

    True for some plates too: it counts only for a line right beside a date.
    """
    return _CLOCK.fullmatch(text) is not None
