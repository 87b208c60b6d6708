"""Options that several commands of the box share: said once, the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

EngineName = Annotated[
    str, typer.Option("--engine", metavar="NAME", help="The engine that reads.")
]
Models = Annotated[
    Path | None,
    typer.Option(
        "--models",
        metavar="DIR",
        exists=True,
        file_okay=False,
        help="Folder with the engine's weights, if it brings none.",
    ),
]
