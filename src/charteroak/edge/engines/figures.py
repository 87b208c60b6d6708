"""How well each engine reads, as it was measured; the figures stand in `figures.toml`."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Final

import msgspec

from charteroak.core.errors import CharterOakError
from charteroak.edge.models import Kind, Models, default_folder

_OPEN: Final = "open"
"""The engine whose weights do not come with us."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One engine on one set of labelled pictures.

    Attributes:
        plates: labelled ones in the set.
        exact_folded_percent: read exactly, the letter O as the digit 0.
    """

    engine: str
    set: str
    plates: int
    exact_folded_percent: float


class _Figures(msgspec.Struct, frozen=True, kw_only=True):
    measured: tuple[Measured, ...]


def measured() -> tuple[Measured, ...]:
    """All figures, in the order of the file."""
    text = (files("charteroak.edge.engines") / "figures.toml").read_bytes()
    return msgspec.toml.decode(text, type=_Figures).measured


def compared(
    one: str, other: str, figures: Sequence[Measured]
) -> tuple[float, float] | None:
    """What two engines read right, in percent of the plates that both were shown.

    Returns:
        Both shares; None where no set was measured with both.

    >>> a = Measured(engine="a", set="s", plates=100, exact_folded_percent=90.0)
    >>> b = Measured(engine="b", set="s", plates=100, exact_folded_percent=80.0)
    >>> compared("a", "b", [a, b]), compared("a", "c", [a, b])
    ((90.0, 80.0), None)
    """
    of_one, of_other = (
        {each.set: each for each in figures if each.engine == name}
        for name in (one, other)
    )
    both = sorted(of_one.keys() & of_other.keys())
    plates = sum(of_one[name].plates for name in both)
    if not plates:
        return None
    shares = [
        sum(of[name].exact_folded_percent * of_one[name].plates for name in both)
        for of in (of_one, of_other)
    ]
    return shares[0] / plates, shares[1] / plates


def advice(
    engine: str,
    environment: Mapping[str, str],
    figures: Sequence[Measured] | None = None,
) -> str | None:
    """One line for whoever reads with an engine, if `open` would read better.

    Args:
        engine: that reads.
        environment: says where weights lie, as `default_folder` does.
        figures: those of the file, unless others are given.
    """
    shares = compared(_OPEN, engine, measured() if figures is None else figures)
    if shares is None or shares[0] <= shares[1]:
        return None
    try:
        Models(default_folder(environment)).choose(Kind.READER)
    except CharterOakError:
        how = "add its weights with `charteroak models add FOLDER`"
    else:
        how = "its weights are here, for `--engine open`"
    return (
        f"the engine `{_OPEN}` would read better, {shares[0]:.1f} of 100 measured "
        f"plates to {shares[1]:.1f} of `{engine}`; {how} "
        "(docs/how-to/use-other-weights.md)"
    )
