"""The one command: `charteroak`."""

import inspect
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Final

import typer
from rich.console import Console

from charteroak.core.errors import CharterOakError


def _bench(app: typer.Typer) -> None:
    from charteroak.bench.cli import app as bench  # noqa: PLC0415 - on demand
    from charteroak.bench.recognition_cli import (  # noqa: PLC0415 - on demand
        recognition,
    )

    if not any(each.callback is recognition for each in bench.registered_commands):
        bench.command()(recognition)
    app.add_typer(bench, name="bench")


def _council(app: typer.Typer) -> None:
    from charteroak.council import app as council  # noqa: PLC0415 - on demand

    app.add_typer(council, name="council")


def _demo(app: typer.Typer) -> None:
    from charteroak.demo.cli import demo  # noqa: PLC0415 - on demand

    app.command()(demo)


def _edge(app: typer.Typer) -> None:
    from charteroak.edge.cli import app as edge  # noqa: PLC0415 - on demand

    app.add_typer(edge, name="edge")


def _law(app: typer.Typer) -> None:
    from charteroak.law.cli import app as law  # noqa: PLC0415 - on demand

    app.add_typer(law, name="law")


def _models(app: typer.Typer) -> None:
    from charteroak.edge.models_cli import app as models  # noqa: PLC0415 - on demand

    app.add_typer(models, name="models")


def _read(app: typer.Typer) -> None:
    from charteroak.edge.read_cli import read  # noqa: PLC0415 - on demand

    app.command()(read)


def _server(app: typer.Typer) -> None:
    from charteroak.server.cli import app as server  # noqa: PLC0415 - on demand

    app.add_typer(server, name="server")


_PARTS: Final[Mapping[str, Callable[[typer.Typer], None]]] = {
    "demo": _demo,
    "read": _read,
    "bench": _bench,
    "council": _council,
    "edge": _edge,
    "law": _law,
    "models": _models,
    "server": _server,
}
"""Each imports what it runs: a box that reads plates loads no server, nor the reverse."""


def command(only: str | None = None) -> typer.Typer:
    """The command with all its parts, or with the one that will run.

    Args:
        only: a part's name; any other word is a mistake for the whole command to tell.
    """
    app = typer.Typer(
        name="charteroak",
        help="License-plate readers that a town runs itself, and that keep the law.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)
    for name, add in _PARTS.items():
        if only not in _PARTS or name == only:
            add(app)
    _let_flow(app)
    return app


def _let_flow(app: typer.Typer) -> None:
    """Make each paragraph of the help one line, which the terminal breaks where it ends.

    Typer keeps the line breaks of a docstring, and wraps what is too long besides.
    """
    for each in app.registered_commands:
        paragraphs = (each.help or inspect.getdoc(each.callback) or "").split("\n\n")
        each.help = "\n\n".join(" ".join(text.split()) for text in paragraphs)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            _let_flow(group.typer_instance)


def _version(wanted: bool) -> None:  # noqa: FBT001 - Typer calls it so
    if wanted:
        try:
            typer.echo(version("charteroak"))
        except PackageNotFoundError:
            typer.echo("from a checkout")
        raise typer.Exit


def _root(
    _version_wanted: Annotated[  # noqa: FBT002 - an option is given by its name
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say which."),
    ] = False,
) -> None:
    """Nothing of its own."""


def main() -> int:
    """Run the command line; a mistake of the user is a sentence, never a traceback.

    Exit status: as each command documents; 1 where a `CharterOakError` ends it.
    """
    try:
        command(next(iter(sys.argv[1:]), None))()
    except CharterOakError as trouble:
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(f"charteroak: {trouble}.", markup=False)
        if trouble.hint:
            console.print(trouble.hint, markup=False)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
