"""What else a glyph on a plate may be, as one look at it gave it.

An engine reads one glyph at each place; these are the others that it thought of. They
are evidence for fusion and doubt for a person: they never replace what was read.
"""

from typing import Final, TypeAlias

import attrs

from charteroak.core.plate import PlateText

Alternatives: TypeAlias = tuple[tuple[tuple[str, float], ...], ...]
"""For each glyph of a reading, other glyphs with their probabilities: most probable
first, the read glyph not among them. Empty where an engine does not say."""

MOST: Final = 5
"""Other glyphs at one place."""

LEAST: Final = 0.005
"""Less probable ones are not worth carrying."""

_GLYPHS: Final = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_ROUNDING: Final = 1e-6


def fitting(
    instance: object, _attribute: "attrs.Attribute[Alternatives]", value: Alternatives
) -> None:
    """An attrs validator, for a class with a `plate`.

    Raises:
        ValueError: neither empty nor one entry for each glyph; or an entry is too long,
            out of order, names the read glyph or what is no glyph, or more than
            certainty is shared out. Nothing of the plate is in the words.
    """
    plate: PlateText = instance.plate  # type: ignore[attr-defined]  # by contract
    if value and len(value) != len(plate.glyphs):
        raise ValueError("as many alternatives as glyphs, or none")
    for glyph, others in zip(plate.glyphs, value, strict=False):
        chances = [chance for _, chance in others]
        names = {name for name, _ in others}
        if len(names) != len(others) or len(others) > MOST:
            raise ValueError("alternatives: each glyph once, and few")
        if not names <= _GLYPHS - {glyph}:
            raise ValueError("alternatives: other glyphs than the read one")
        if chances != sorted(chances, reverse=True) or not all(
            0 < each <= 1 for each in chances
        ):
            raise ValueError("alternatives: probabilities, the greatest first")
        if sum(chances) > 1 + _ROUNDING:
            raise ValueError("alternatives: the probabilities sum to more than 1")
