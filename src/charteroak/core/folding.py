"""Reading a note as it is meant: one spelling for all the ways to disguise a word.

Compatibility forms, accents, invisible characters, look-alike letters of other scripts,
dotted or spaced letters and digits for letters all come out as plain words, each with
its place in the note as it was typed.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

import attrs

_LOOKALIKES: Final = str.maketrans(
    # Cyrillic, Greek and small-capital letters, as they look in either case.
    "авекмнорстухіјѕһԁԛԝӏїєαβεηικμνορτυχγıɪᴄᴇɢʜɴᴏʀꜱᴛᴜᴘᴀʙᴅꞁ’‘`´‐‑‒–—−",  # noqa: RUF001  (they are what this is about)
    "abekmhopctyxijshdqwiieabehikmvoptuxyiiceghnorstupabdi''''------",
)
_DROPPED: Final = frozenset({"Mn", "Me", "Cf", "Cc"})
_BETWEEN: Final = frozenset("\t\n\r")
_WORD: Final = re.compile(r"\d+(?:[-/]\d+)+|[a-z0-9@$!|]+(?:'[a-z]{1,2}\b)?")
_CLAUSE_ENDS: Final = re.compile(r"[,;:?!\n]|\.(?:\s|$)")
_LEET: Final = str.maketrans("0134578@$!|", "oieastbasii")
_LEET_L: Final = str.maketrans("0134578@$!|", "oleastbasll")
_SIGNS: Final = re.compile(r"[0134578@$!|]")
_ARTICLES: Final = frozenset({"a", "an", "the"})
_SHORT: Final = 4
_RUN: Final = 3


@attrs.frozen
class Word:
    """One word of a note.

    Attributes:
        text: lower case, plain letters and digits.
        start: where it begins in the note as typed.
        end: where it ends, exclusive.
        clause: number of the clause it stands in; a comma begins another.
    """

    text: str
    start: int
    end: int
    clause: int


def words(note: str) -> list[Word]:
    r"""The words of a note, spelled-out ones joined, articles left out.

    >>> [word.text for word in words("I.C.E. ho\u200bld: case 26-13287, the car")]
    ['ice', 'hold', 'case', '26-13287', 'car']
    """
    text, places = _fold(note)
    found: list[Word] = []
    clause, last = 0, 0
    for match in _WORD.finditer(text):
        spelled = match.group().rstrip("!|").lstrip("@").partition("'")[0]
        if not spelled:
            continue
        start, end = match.start(), match.end()
        if found and _CLAUSE_ENDS.search(text, last, start):
            clause += 1
        last = end
        found.append(Word(spelled, places[start], places[end - 1] + 1, clause))
    return [word for word in _join(found) if word.text not in _ARTICLES]


def disguises(word: str) -> Iterator[str]:
    """Other words that a word may be meant to look like.

    >>> list(disguises("1mmigration"))
    ['immigration', 'lmmigration']
    """
    if _SIGNS.search(word) and not word.isdigit():
        yield word.translate(_LEET)
        yield word.translate(_LEET_L)
    if len(word) <= _SHORT:
        if "l" in word:
            yield word.replace("l", "i")
    else:
        if "rn" in word:
            yield word.replace("rn", "m")
        if "vv" in word:
            yield word.replace("vv", "w")


def shortened(word: str) -> frozenset[str]:
    """A word, and all that it is with one letter left out."""
    return frozenset({word, *(word[:at] + word[at + 1 :] for at in range(len(word)))})


def one_apart(one: str, other: str) -> bool:
    """Whether two words are the same but for one slip of the keyboard.

    One letter too many, missing, wrong, or two neighbours swapped.

    >>> one_apart("immlgration", "immigration"), one_apart("missing", "missile")
    (True, False)
    """
    if one == other:
        return True
    if len(one) > len(other):
        one, other = other, one
    at = next((n for n, sign in enumerate(one) if sign != other[n]), len(one))
    if len(one) == len(other):
        wrong = one[at + 1 :] == other[at + 1 :]
        swapped = (
            one[at : at + 2] == other[at : at + 2][::-1]
            and one[at + 2 :] == other[at + 2 :]
        )
        return wrong or swapped
    return one[at:] == other[at + 1 :]


def _fold(note: str) -> tuple[str, range | list[int]]:
    """Plain lower-case text, and where each of its characters stood."""
    if note.isascii():
        return note.lower().replace("`", "'"), range(len(note))
    text: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(note):
        # Decomposed rather than composed: accents then fall away as marks.
        for part in unicodedata.normalize("NFKD", sign.casefold()):
            if part not in _BETWEEN and unicodedata.category(part) in _DROPPED:
                continue
            text.append(part.translate(_LOOKALIKES))
            places.append(place)
    return "".join(text), places


def _join(found: list[Word]) -> list[Word]:
    """Put letters that were typed one by one together: `i c e`, `e.r.o`."""
    if sum(len(word.text) == 1 for word in found) < _RUN:
        return found
    joined: list[Word] = []
    run: list[Word] = []
    for word in [*found, None]:
        if word is not None and len(word.text) == 1:
            run.append(word)
            continue
        if len(run) >= _RUN:
            whole = "".join(each.text for each in run)
            joined.append(Word(whole, run[0].start, run[-1].end, run[0].clause))
        else:
            joined += run
        run = []
        if word is not None:
            joined.append(word)
    return joined
