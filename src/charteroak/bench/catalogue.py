"""Every benchmark there is, by name.

A benchmark's module is imported when it is run: each brings libraries that the others
and the rest of the command line do not need.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from charteroak.bench.bench import Bench

_MODULES: Final[Mapping[str, str]] = {
    "ingest-store": "ingest_store",
    "ingest-http": "ingest_http",
    "deliver": "deliver",
    "match": "match",
    "alert": "alert",
    "search": "search",
    "purge": "purge",
    "edge": "edge",
    "law": "law",
}
"""Name of the command -> module with a `BENCH`."""


def names() -> tuple[str, ...]:
    """The names, in the order in which `bench all` runs them."""
    return tuple(_MODULES)


def find(name: str) -> Bench:
    """The benchmark of that name.

    Raises:
        KeyError: there is none.
    """
    module = import_module(f"charteroak.bench.{_MODULES[name]}")
    bench = module.BENCH
    assert isinstance(bench, Bench)  # noqa: S101 - ours, checked by the tests
    return bench
