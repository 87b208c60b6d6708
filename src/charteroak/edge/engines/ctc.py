"""Reading characters out of a CTC network's output, restricted to plate characters.

CTC (Graves et al. 2006, "Connectionist Temporal Classification"): the network gives, for
each narrow column of the picture, a distribution over the characters and a blank; a
text's probability is the sum over all ways to spread it over the columns.
"""

import re
from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Columns: TypeAlias = npt.NDArray[np.float64]
"""Columns x 37: probability of blank, then of each of `GLYPHS`; rows sum to one."""

GLYPHS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_WIDTH: Final = 12
"""Texts kept while searching; 24 changed no read of the photos measured."""
_WORTH: Final = 1e-3
"""A character less probable than this in a column is not followed."""

_Beams: TypeAlias = dict[str, tuple[float, float]]
"""Text so far -> probability that it ends in a blank, and in its last character."""


def plausible_texts(columns: Columns, *, grammar: re.Pattern[str]) -> set[str]:
    """The few most probable texts that fit the grammar, by prefix beam search."""
    beams: _Beams = {"": (1.0, 0.0)}
    for column in columns:
        follow = [int(k) for k in np.flatnonzero(column > _WORTH)]
        grown: _Beams = {}
        for text, (blank, glyph) in beams.items():
            _grow(grown, text, (blank, glyph), [(k, float(column[k])) for k in follow])
        best = sorted(grown.items(), key=lambda item: -sum(item[1]))
        beams = dict(best[:_WIDTH])
    return {text for text in beams if grammar.fullmatch(text)}


def _grow(
    grown: _Beams,
    text: str,
    ending: tuple[float, float],
    follow: Sequence[tuple[int, float]],
) -> None:
    blank, glyph = ending
    for index, chance in follow:
        if index == 0:
            _add(grown, text, (blank + glyph) * chance, 0.0)
            continue
        letter = GLYPHS[index - 1]
        if text.endswith(letter):
            # The same character again is one character unless a blank lay between.
            _add(grown, text, 0.0, glyph * chance)
            _add(grown, text + letter, 0.0, blank * chance)
        else:
            _add(grown, text + letter, 0.0, (blank + glyph) * chance)


def _add(grown: _Beams, text: str, blank: float, glyph: float) -> None:
    before = grown.get(text, (0.0, 0.0))
    grown[text] = (before[0] + blank, before[1] + glyph)


def likelihoods(columns: Columns, texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Probability of each of several texts of one length, by the forward algorithm."""
    length = len(texts[0])
    labels = np.zeros((len(texts), 2 * length + 1), np.intp)
    labels[:, 1::2] = [[GLYPHS.index(glyph) + 1 for glyph in text] for text in texts]
    # A blank may be left out between two characters unless they are the same.
    skip = np.zeros(labels.shape, bool)
    skip[:, 3::2] = labels[:, 3::2] != labels[:, 1:-2:2]
    state = np.zeros(labels.shape)
    state[:, :2] = columns[0][labels[:, :2]]
    for column in columns[1:]:
        moved = state.copy()
        moved[:, 1:] += state[:, :-1]
        moved[:, 2:] += np.where(skip[:, 2:], state[:, :-2], 0.0)
        state = moved * column[labels]
    result: npt.NDArray[np.float64] = state[:, -1] + state[:, -2]
    return result


def best_text(
    views: Sequence[Columns], *, grammar: re.Pattern[str]
) -> tuple[str, float] | None:
    """The grammatical text with the highest mean probability over several views.

    Args:
        views: outputs for crops of the same plate; at least one.
        grammar: what a text must match in full.

    Returns:
        The text and its mean probability, or None when no text fits.
    """
    texts = sorted(set().union(*(plausible_texts(v, grammar=grammar) for v in views)))
    scored = [
        (float(np.mean([likelihoods(view, [text])[0] for view in views])), text)
        for text in texts
    ]
    if not scored:
        return None
    chance, text = max(scored)
    return text, chance


def glyph_chances(views: Sequence[Columns], text: str) -> tuple[float, ...]:
    """For each glyph, its share among all glyphs in its place, the others given."""
    chances = []
    for place, glyph in enumerate(text):
        rivals = [text[:place] + rival + text[place + 1 :] for rival in GLYPHS]
        weights = np.mean([likelihoods(view, rivals) for view in views], axis=0)
        total = float(weights.sum())
        share = float(weights[GLYPHS.index(glyph)]) / total if total > 0 else 0.0
        chances.append(min(share, 1.0))
    return tuple(chances)
