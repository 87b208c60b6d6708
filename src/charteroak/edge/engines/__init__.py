"""The plate-reading engines, by name.

An engine's module is imported when the engine is made, not before: neural-network
runtimes take a second to load, and `charteroak --help` needs none of them.
"""

from collections.abc import Callable, Mapping
from typing import Final

from charteroak.core.errors import CharterOakError
from charteroak.edge.recognize import EngineOptions, Recognizer

DEFAULT: Final = "builtin"
"""Works with no network and no weights by path."""

BRINGS_WEIGHTS: Final = frozenset({"builtin", "rapidocr"})
"""Engines whose weights are installed with them; the others need a folder."""


class UnknownEngineError(CharterOakError):
    """There is no engine by that name.

    Attributes:
        known: the names there are, sorted.
    """

    code = "charteroak.engine.unknown"
    hint = "Choose one of the known engines."

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no engine {name!r}; known are: {', '.join(known)}")
        self.known = known


def _builtin(options: EngineOptions) -> Recognizer:
    from charteroak.edge.engines.builtin import (  # noqa: PLC0415 - on demand
        BuiltinEngine,
    )

    return BuiltinEngine(options)


def _rapidocr(options: EngineOptions) -> Recognizer:
    from charteroak.edge.engines.rapid import RapidEngine  # noqa: PLC0415 - on demand

    return RapidEngine(options)


def _open(options: EngineOptions) -> Recognizer:
    from charteroak.edge.engines.open_family import (  # noqa: PLC0415 - on demand
        OpenEngine,
    )

    return OpenEngine(options)


_FACTORIES: Final[Mapping[str, Callable[[EngineOptions], Recognizer]]] = {
    "builtin": _builtin,
    "open": _open,
    "rapidocr": _rapidocr,
}


def known_engines() -> tuple[str, ...]:
    """The names of all engines, sorted."""
    return tuple(sorted(_FACTORIES))


def open_engine(name: str, options: EngineOptions | None = None) -> Recognizer:
    """Make an engine; loads its weights.

    Raises:
        UnknownEngineError: no engine has that name.
        CharterOakError: the engine's own, when its weights are missing or wrong.
    """
    factory = _FACTORIES.get(name)
    if factory is None:
        raise UnknownEngineError(name, known_engines())
    return factory(options or EngineOptions())
