"""`charteroak server`: run it, look after it, make the first accounts."""

import logging
from typing import Annotated

import typer

from charteroak.server.bootstrap import open_site
from charteroak.server.cli.care import backup, keys_app, migrate, restore
from charteroak.server.cli.common import (
    LogForm,
    load_settings,
    say_on_stderr,
    set_up_log,
    telling,
)
from charteroak.server.cli.council import council_app
from charteroak.server.cli.packet import packet
from charteroak.server.cli.status import status
from charteroak.server.cli.users import user_app
from charteroak.server.running import address, listen, open_renewal, serve

__all__ = ["app", "load_settings", "set_up_log", "telling"]

app = typer.Typer(
    help="An agency's server: run it, look after it.", no_args_is_help=True
)
app.add_typer(user_app, name="user")
app.add_typer(keys_app, name="keys")
app.add_typer(council_app, name="council")
app.command()(backup)
app.command()(migrate)
app.command()(packet)
app.command()(restore)
app.command()(status)


@app.command()
def run(
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    log: Annotated[LogForm, typer.Option(help="Lines for people, or JSON.")] = (
        LogForm.TEXT
    ),
) -> None:
    """Serve the pages and the boxes, and do the duties, until Ctrl-C or SIGTERM.

    Example: CHARTEROAK_AGENCY=fernwood charteroak server run --port 8443

    Exit status: 0 stopped in order; 1 could not start, and says why.
    """
    settings = load_settings(port=port, host=host)
    set_up_log(form=log)
    say = logging.getLogger(__name__).info if log is LogForm.JSON else say_on_stderr
    renewal = open_renewal(settings)
    with (
        listen(settings) as listener,
        open_site(settings, on_progress=telling(say)) as site,
    ):
        where = address(settings)
        serve(
            site,
            listener,
            renewal=renewal,
            ready=lambda: say(f"{settings.agency_name}: {where} (Ctrl-C stops it)"),
        )
