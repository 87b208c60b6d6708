"""`charteroak demo`: the whole town on this machine, until Ctrl-C."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from charteroak.core.errors import CharterOakError
from charteroak.demo.run import Play, play
from charteroak.demo.town import KEEP
from charteroak.rendering.light import Hour
from charteroak.server.web.render import manifest


class BadSpanError(CharterOakError):
    """A span of time that cannot be read."""

    code = "charteroak.demo.bad-span"
    hint = "Give a number and a unit, as in 3m, 10m, 12h or 21d."


def parse_span(text: str) -> timedelta:
    """Read a span of time such as 10m.

    Raises:
        BadSpanError: it is none.

    >>> parse_span("12h")
    datetime.timedelta(seconds=43200)
    """
    read = re.fullmatch(r"([0-9]{1,4})([mhd])", text.strip())
    if read is None:
        raise BadSpanError("not a span of time")
    unit = {"m": "minutes", "h": "hours", "d": "days"}[read[2]]
    return timedelta(**{unit: int(read[1])})


def demo(  # noqa: PLR0913 - each is an option of the command
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = (
        8700
    ),
    keep: Annotated[
        str, typer.Option(help="How long reads are kept: 3m, 10m, 12h, 21d.")
    ] = f"{int(KEEP.total_seconds()) // 60}m",
    every: Annotated[
        float,
        typer.Option(min=1.0, help="Seconds between two cars, across the whole town."),
    ] = 6.0,
    hour: Annotated[Hour, typer.Option(help="The light: day, dusk or night.")] = "day",
    seed: Annotated[
        int, typer.Option(min=0, help="Another seed is other streets and cars.")
    ] = 1,
    truth: Annotated[
        Path | None,
        typer.Option(hidden=True, help="For tests: write down what drives by."),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--open", help="Open the board in a browser.")
    ] = False,
) -> None:
    """A whole town on this machine, until Ctrl-C: cameras, boxes, server, people.

    Thirteen cameras stream, thirteen boxes read, one server with its own database
    matches and shows. Needs two cores, 2 GB of memory and no network.

    Everything in it is made up and gone at the end; what happens to it is real.

    Example: charteroak demo --keep 3m

    Exit status: 0 stopped by Ctrl-C; 1 could not start, and says why.
    """
    manifest()
    street = ["--seed", str(seed), "--every-s", str(every), "--hour", hour]
    if truth is not None:
        street += ["--truth", str(truth)]
    # No emoji: a password may hold ":KEY:".
    console = Console(highlight=False, emoji=False)
    asked = Play(port=port, kept=parse_span(keep), street=street, browser=browser)
    play(asked, console)
    console.print("Stopped. Nothing of the demonstration is left.", style="dim")
