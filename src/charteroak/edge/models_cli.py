"""`charteroak models`: the weights that engines may use, pinned to what they are."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from charteroak.core.errors import CharterOakError
from charteroak.edge.models import (
    Checked,
    Finding,
    Kind,
    MissingModelsError,
    Models,
    default_folder,
    weights_in,
)

app: Final = typer.Typer(
    help="The weights that engines may use, pinned to what they are.",
    no_args_is_help=True,
)

DIFFERENT: Final = 1
USAGE: Final = 2

Folder = Annotated[
    Path | None,
    typer.Option(
        "--models",
        metavar="DIR",
        file_okay=False,
        help="Folder of weights; CHARTEROAK_MODELS, else this user's own, without it.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Plain JSON on stdout.")]


class ModelLine(msgspec.Struct, frozen=True, kw_only=True):
    """A file of weights as `--json` writes it; the keys are a stable interface.

    Attributes:
        finding: `same`, `changed`, `gone` or `not added`.
        sha256: of the file as it is now, or null where it is gone.
        pinned_sha256: of the file as it was added, or null.
        added_at: null also for a file that the project measured itself.
    """

    file: str
    finding: Finding
    kind: Kind | None
    sha256: str | None
    pinned_sha256: str | None
    size_bytes: int | None
    licence: str | None
    added_at: datetime | None

    @classmethod
    def of(cls, checked: Checked) -> "ModelLine":
        """What was found, as a line."""
        pin = checked.pin
        return cls(
            file=checked.file,
            finding=checked.finding,
            kind=pin.kind if pin else None,
            sha256=checked.sha256,
            pinned_sha256=pin.sha256 if pin else None,
            size_bytes=pin.size_bytes if pin else None,
            licence=pin.licence if pin else None,
            added_at=pin.added_at if pin else None,
        )


@app.command()
def add(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH",
            exists=True,
            help="Weights (*.onnx, *_plate_config.yaml), and folders of them.",
        ),
    ],
    *,
    models: Folder = None,
    licence: Annotated[
        str, typer.Option(metavar="TEXT", help="A note on who permits what.")
    ] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where another was added before.")
    ] = False,
) -> None:
    """Copy weights into the folder of models, and pin each to its SHA-256.

    Compare the SHA-256 that is printed with what the publisher states: from now on an
    engine takes this file and no other.

    Example: charteroak models add ~/Downloads/fast-alpr --licence MIT

    Exit status: 0 all were added; 2 one is no weights that could be used, and those
    before it were added.
    """
    store = Models(models or default_folder(os.environ))
    console = _console()
    try:
        for path in _files(paths):
            pin = store.add(path, now=_now(), licence=licence, replace=replace)
            console.print(f"[bold]{pin.file}[/] ({pin.kind})\n  {pin.sha256}")
    except CharterOakError as refused:
        _refuse(refused)
    console.print(f"In {store.folder}", style="dim")


@app.command("list")
def show_list(*, models: Folder = None, as_json: AsJson = False) -> None:
    """Name the weights there are, and whether engines take them.

    Example: charteroak models list

    Exit status: 0 it could be listed, whatever was found; 2 the record is broken.
    """
    _show(Models(models or default_folder(os.environ)), as_json=as_json)


@app.command()
def verify(*, models: Folder = None, as_json: AsJson = False) -> None:
    """Hash every file anew, and compare with what was added.

    Example: charteroak models verify

    Exit status: 0 all are as they were added; 1 one has changed, is gone, or was never
    added; 2 there is nothing to verify, or the record is broken.
    """
    store = Models(models or default_folder(os.environ))
    found = _show(store, as_json=as_json)
    if not found:
        raise typer.Exit(USAGE)
    different = [each for each in found if each.finding is not Finding.SAME]
    for each in different:
        typer.echo(f"{each.file}: {each.finding}", err=True)
    if different:
        raise typer.Exit(DIFFERENT)


def _show(store: Models, *, as_json: bool) -> list[Checked]:
    try:
        found = store.check()
    except CharterOakError as broken:
        _refuse(broken)
    if not found:
        typer.echo(f"no models in {store.folder}. {MissingModelsError.hint}", err=True)
    if as_json:
        for each in found:
            typer.echo(msgspec.json.encode(ModelLine.of(each)))
        return found
    if found:
        _console().print(_table(found))
    return found


def _table(found: list[Checked]) -> Table:
    table = Table(box=None, header_style="dim")
    # The name is what one compares: it is broken over lines, never cut off.
    table.add_column("file", overflow="fold", ratio=1)
    for heading in ("what", "SHA-256", "", "added", "licence"):
        table.add_column(heading, no_wrap=True)
    for each in found:
        pin = each.pin
        good = each.finding is Finding.SAME
        added = pin.added_at.date().isoformat() if pin and pin.added_at else "measured"
        table.add_row(
            each.file,
            str(pin.kind) if pin else "-",
            (each.sha256 or "-")[:8],
            f"[green]{each.finding}[/]" if good else f"[red]{each.finding}[/]",
            added if pin else "-",
            pin.licence if pin else "-",
        )
    return table


def _files(paths: list[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        found = weights_in(path) if path.is_dir() else [path]
        if not found:
            msg = f"no weights in {path}"
            raise MissingModelsError(msg)
        files.extend(found)
    return files


def _refuse(trouble: CharterOakError) -> NoReturn:
    typer.echo(f"{trouble}. {trouble.hint}", err=True)
    raise typer.Exit(USAGE) from trouble


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)


def _now() -> datetime:
    return datetime.now(tz=UTC)  # noqa: TID251 - the command line reads the clock
