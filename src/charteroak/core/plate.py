"""The text of a license plate: glyphs as read, and the key they are matched by.

The glyphs are evidence and are never rewritten; the match key beside them folds the
letter O to the digit 0, because NCIC writes every O as 0 and plates of many states
print both with one die (facts: NCIC code tables `F0RD`, `T0YT`).
"""

import re
import unicodedata
from typing import ClassVar, Final, NewType

import attrs
from typing_extensions import override

from charteroak.core.errors import CharterOakError

MatchKey = NewType("MatchKey", str)
"""1 to 10 characters of A-Z and 0-9 without the letter O."""

LONGEST: Final = 10
"""Longest plate in characters; US and Canadian plates have at most 8 and stacked
prefixes add up to two."""

_IGNORED: Final = re.compile(r"[\s\-.·•'_/]+")
_SPELLED: Final = re.compile(rf"[A-Z0-9]{{1,{LONGEST}}}")
_WILD: Final = re.compile(rf"[A-Z0-9?*]{{1,{2 * LONGEST}}}")


class UnreadablePlateError(CharterOakError):
    """The text cannot be spelled in 1 to 10 Latin letters and digits."""

    code = "charteroak.plate.unreadable"
    hint = "Use 1 to 10 letters and digits; spaces and dashes are ignored."

    def __init__(self, length: int) -> None:
        # The text itself is personal data and may not reach a log or traceback.
        super().__init__(f"not a plate: {length} characters")
        self.length = length


class PatternTooWideError(CharterOakError):
    """A search pattern with fewer than two fixed characters would list everybody."""

    code = "charteroak.search.pattern-too-wide"
    hint = "Give at least two letters or digits beside ? and *."


class UnreadablePatternError(CharterOakError):
    """The pattern holds something that is no letter, digit, ? or *."""

    code = "charteroak.search.pattern-unreadable"
    hint = "Use letters and digits, ? for one unknown character, * for any number."


def _spell(text: str) -> str:
    # NFKC brings full-width forms to ASCII; it leaves emoji and Cyrillic as they are,
    # and the grammar then refuses them.
    return _IGNORED.sub("", unicodedata.normalize("NFKC", text)).upper()


def match_key(glyphs: str) -> MatchKey:
    """Fold glyphs to the key they are matched by.

    >>> match_key("0O1B8")
    '001B8'
    """
    return MatchKey(glyphs.replace("O", "0"))


@attrs.frozen(repr=False)
class PlateText:
    """The characters on a plate, upper case, in reading order, as the reader saw them.

    `repr` and `str` are masked: a plate never reaches a log line by accident.

    Attributes:
        glyphs: 1 to 10 characters of A-Z and 0-9.
    """

    glyphs: str = attrs.field()

    @glyphs.validator
    def _spelled(self, _attribute: "attrs.Attribute[str]", value: str) -> None:
        if not _SPELLED.fullmatch(value):
            raise UnreadablePlateError(len(value))

    @classmethod
    def parse(cls, text: str) -> "PlateText":
        """Spell a plate as a person or an engine wrote it.

        Spaces, dashes, dots and middle dots are dropped, case is folded.

        Raises:
            UnreadablePlateError: nothing is left, or too much, or no plate character.

        >>> PlateText.parse("ab·12 345").glyphs
        'AB12345'
        """
        # A hostile text is not worth normalising: no plate is that long.
        if len(text) > 8 * LONGEST:
            raise UnreadablePlateError(len(text))
        return cls(_spell(text))

    @property
    def match_key(self) -> MatchKey:
        """The key for comparison: letter O folded to digit 0."""
        return match_key(self.glyphs)

    @override
    def __repr__(self) -> str:
        """Masked: the number of characters only."""
        return f"PlateText(<{len(self.glyphs)} characters>)"

    __str__ = __repr__


@attrs.frozen(repr=False)
class PlatePattern:
    """What a search asks for: a plate with `?` for one and `*` for any characters.

    Attributes:
        text: folded pattern, upper case; runs of `*` are one.
    """

    text: str = attrs.field()
    FEWEST_FIXED: ClassVar[int] = 2

    @classmethod
    def parse(cls, text: str) -> "PlatePattern":
        """Spell a pattern as a person typed it.

        Raises:
            UnreadablePatternError: a character outside letters, digits, `?`, `*`.
            PatternTooWideError: fewer than two fixed characters.

        >>> PlatePattern.parse("ab?1**").text
        'AB?1*'
        """
        if len(text) > 8 * LONGEST:
            raise UnreadablePatternError("not a pattern: too long")
        spelled = re.sub(r"\*+", "*", match_key(_spell(text)))
        if not _WILD.fullmatch(spelled):
            raise UnreadablePatternError("not a pattern")
        if len(spelled.replace("?", "").replace("*", "")) < cls.FEWEST_FIXED:
            raise PatternTooWideError("the pattern names fewer than two characters")
        return cls(spelled)

    @property
    def exact(self) -> bool:
        """Whether the pattern names one plate."""
        return "?" not in self.text and "*" not in self.text

    def matches(self, key: MatchKey) -> bool:
        """Whether a match key fits, by the definition of the wildcards.

        >>> PlatePattern.parse("AB?1*").matches(match_key("ABC123"))
        True
        """
        parts = (
            {"?": "[A-Z0-9]", "*": "[A-Z0-9]*"}.get(sign, sign) for sign in self.text
        )
        return re.fullmatch("".join(parts), key) is not None

    @override
    def __repr__(self) -> str:
        """Masked, like a plate."""
        return f"PlatePattern(<{len(self.text)} characters>)"

    __str__ = __repr__
