"""`charteroak server packet`: what a council adopts, from what this server runs with."""

from pathlib import Path
from typing import Annotated, Final

import typer

from charteroak.core.errors import CharterOakError
from charteroak.law.packet import UnwritablePacketError, document, page
from charteroak.law.pdf import pdf
from charteroak.server.actions.make_packet import make_packet
from charteroak.server.cli.common import shared_site

_HTML: Final = ".html"
_PDF: Final = ".pdf"


class UnknownFormError(CharterOakError):
    """The name of the file does not say what it shall be."""

    code = "charteroak.packet.unknown-form"
    hint = "Give a name that ends in .html or in .pdf."


def packet(
    out: Annotated[Path, typer.Option(help="A file that ends in .html or .pdf.")],
) -> None:
    """Write what a council has to adopt and publish, from what this server runs with.

    The policy, the contract terms, the cameras, the agencies that may ask with their
    declarations, retention, lists and purposes, as the rules in force answer. A server
    that runs goes on.

    Example: charteroak server packet --out packet.pdf

    Exit status: 0 written; 1 not written, and says why.
    """
    form = out.suffix.lower()
    if form not in {_HTML, _PDF}:
        msg = f"{out} is neither a page nor a PDF"
        raise UnknownFormError(msg)
    with shared_site() as site:
        found = make_packet(site.agency)
    content = (
        pdf(document(found), made_on=found.on) if form == _PDF else page(found).encode()
    )
    try:
        out.write_bytes(content)
    except OSError as refused:
        msg = f"{out} cannot be written: {refused.strerror}"
        raise UnwritablePacketError(msg) from refused
    typer.echo(f"{out}: {len(content):,} bytes, as of {found.on}")
