"""`charteroak server council`: the ceremony of the keys, and orders by a file."""

from pathlib import Path
from typing import Annotated, Final

import typer

from charteroak.core.codes import Step
from charteroak.core.council_order import LARGEST_ORDER, read_key
from charteroak.core.errors import CharterOakError
from charteroak.core.moratorium import CouncilStanding
from charteroak.server.actions.enrol_council import enrol_council
from charteroak.server.actions.take_order import Carried, NotCarried, take_order
from charteroak.server.cli.common import ATTENTION, shared_site
from charteroak.server.web.council_pages import CARRIED, TOO_MANY, why_not

council_app: Final = typer.Typer(
    help="The council's keys and orders.", no_args_is_help=True
)


class UnreadableFileError(CharterOakError):
    """A file that was named cannot be read."""

    code = "charteroak.council.file"
    hint = "Check its name."


@council_app.command()
def enrol(
    first: Annotated[Path, typer.Argument(help="Public key of one member.")],
    second: Annotated[Path, typer.Argument(help="Public key of another member.")],
) -> None:
    """Enrol the public keys of two members of the council, once.

    What keys count after them the council says itself, by a hand-over that two of them
    signed; that is also how it gets a third one, in case that one is lost.

    Do it with both members in the room: each reads the number of their own key out of
    their own paper, and compares it with what is printed here.

    Example: charteroak server council enrol maya-ortiz.council-public
    noah-weiss.council-public

    Exit status: 0 enrolled; 1 not enrolled, and says why.
    """
    keys = tuple(read_key(_content(file)) for file in (first, second))
    with shared_site() as site:
        stands = enrol_council(site.agency, keys)
    for key in stands.keys:
        typer.echo(f"Enrolled: key {key.key_id} of {key.name}")
    typer.echo(f"The first order has the number {stands.next_number}.")


@council_app.command()
def order(
    file: Annotated[Path, typer.Argument(help="The signed order.")],
) -> None:
    """Carry out an order of the council: suspend, resume, or hand its keys over.

    Its signatures count, and not who brings it. A server that runs takes it up within a
    second.

    Example: charteroak server council order order.json

    Exit status: 0 carried out; 1 refused, and says why.
    """
    text = _content(file)
    with shared_site() as site:
        answer = take_order(site.agency, text)
    if isinstance(answer, Carried):
        typer.echo(f"{CARRIED[answer.step]} Record {answer.record_id}.")
        if answer.step is Step.HAND_OVER:
            _tell_keys(answer.stands)
        return
    reasons = why_not(answer) if isinstance(answer, NotCarried) else (TOO_MANY,)
    for line in reasons:
        typer.echo(line, err=True)
    raise typer.Exit(ATTENTION)


@council_app.command()
def standing() -> None:
    """Say whose keys count, and how the council's orders stand.

    Example: charteroak server council standing

    Exit status: 0 in service; 1 suspended.
    """
    with shared_site() as site:
        stands = site.agency.council
    _tell_keys(stands)
    if not stands.keys:
        typer.echo("No keys of a council are enrolled.")
    typer.echo(f"The next order has the number {stands.next_number}.")
    if stands.suspended_at is not None:
        typer.echo(f"SUSPENDED since {stands.suspended_at:%Y-%m-%d %H:%M:%S}Z.")
        typer.echo(f"Reason: {stands.reason}")
        raise typer.Exit(ATTENTION)
    typer.echo("In service.")


def _tell_keys(stands: CouncilStanding) -> None:
    for key in stands.keys:
        since = stands.counts_since(key)
        when = f"since {since:%Y-%m-%d %H:%M:%S}Z" if since else "as enrolled"
        typer.echo(f"Key {key.key_id} of {key.name}, {when}")


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as there:
            return there.read(LARGEST_ORDER + 1)
    except OSError as refused:
        msg = f"{file} cannot be read: {refused.strerror}"
        raise UnreadableFileError(msg) from refused
