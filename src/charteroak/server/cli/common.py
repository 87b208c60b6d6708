"""What the commands of a server share: settings, the way in, the log on the terminal."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, Final

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.logging import RichHandler

from charteroak.core.errors import CharterOakError
from charteroak.server.bootstrap import Site, open_site
from charteroak.server.settings import Settings
from charteroak.server.store.postgres.supervisor import Progress

ATTENTION: Final = 1
_SLOW: Final = timedelta(seconds=2)

AsJson = Annotated[bool, typer.Option("--json", help="Plain JSON on stdout.")]


class BadSettingsError(CharterOakError):
    """A setting is missing or wrong."""

    code = "charteroak.server.bad-settings"
    hint = "Settings are environment variables; docs/reference/settings.md lists them."


def load_settings(**given: object) -> Settings:
    """The settings of the environment, with what the command line says over them.

    Raises:
        BadSettingsError: names each wrong setting, and what is wrong with it.
    """
    try:
        return Settings.model_validate(
            {
                **Settings.model_construct().model_dump(exclude_unset=True),
                **{name: value for name, value in given.items() if value is not None},
            }
        )
    except ValidationError as refused:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in each['loc']) or 'settings'}: {each['msg']}"
            for each in refused.errors()
        )
        raise BadSettingsError(wrong) from refused


def set_up_log(level: int = logging.INFO) -> None:
    """Send the log to stderr: times, levels, no colours where it is not a terminal."""
    logging.basicConfig(
        level=level,
        format="%(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
        handlers=[RichHandler(console=Console(stderr=True), show_path=False)],
    )


def telling() -> "_Teller":
    """Says once what a slow start waits for."""
    return _Teller()


class _Teller:
    def __init__(self) -> None:
        self._said = ""

    def __call__(self, progress: Progress) -> None:
        slow = progress.elapsed_s > _SLOW.total_seconds()
        if slow and progress.doing != self._said:
            self._said = progress.doing
            typer.echo(f"Still busy: {progress.doing} ...", err=True)


@contextmanager
def shared_site() -> Iterator[Site]:
    """The agency's site, beside a server that runs, or without one."""
    with open_site(load_settings(), share=True, on_progress=telling()) as site:
        yield site
