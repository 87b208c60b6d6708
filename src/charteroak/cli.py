"""The one command: `charteroak`."""

import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer
from rich.console import Console

from charteroak.bench.cli import app as bench_app
from charteroak.bench.recognition_cli import recognition
from charteroak.core.errors import CharterOakError
from charteroak.demo.cli import demo
from charteroak.edge.cli import app as edge_app
from charteroak.edge.models_cli import app as models_app
from charteroak.edge.read_cli import read
from charteroak.server.cli import app as server_app

app = typer.Typer(
    name="charteroak",
    help="License-plate readers that a town runs itself, and that keep the law.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.command()(read)
bench_app.command()(recognition)
app.add_typer(bench_app, name="bench")
app.add_typer(edge_app, name="edge")
app.add_typer(models_app, name="models")
app.add_typer(server_app, name="server")


def _version(wanted: bool) -> None:  # noqa: FBT001 - Typer calls it so
    if wanted:
        try:
            typer.echo(version("charteroak"))
        except PackageNotFoundError:
            typer.echo("from a checkout")
        raise typer.Exit


@app.callback()
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
        app()
    except CharterOakError as trouble:
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(f"charteroak: {trouble}.", markup=False)
        if trouble.hint:
            console.print(trouble.hint, markup=False)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
