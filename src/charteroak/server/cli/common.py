"""What the commands of a server share: settings, the way in, the log on the terminal."""

import difflib
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

import msgspec
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.logging import RichHandler
from typing_extensions import override

from charteroak.core.errors import CharterOakError
from charteroak.server.bootstrap import Site, open_site
from charteroak.server.settings import Settings
from charteroak.server.store.postgres.supervisor import Progress
from charteroak.server.web.access import KEYS

ATTENTION: Final = 1
_SLOW: Final = timedelta(seconds=2)
_PREFIX: Final = "CHARTEROAK_"
_NEAR: Final = 0.7
"""How alike two names are that one of them is taken for a slip."""

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
    _refuse_misspelt()
    try:
        return Settings.model_validate(
            {
                **Settings.model_construct().model_dump(exclude_unset=True),
                **{name: value for name, value in given.items() if value is not None},
            }
        )
    except ValidationError as refused:
        wrong = "; ".join(
            f"{_variable(each['loc'])}{each['msg'].removeprefix('Value error, ')}"
            for each in refused.errors()
        )
        raise BadSettingsError(wrong) from refused


def _variable(place: tuple[int | str, ...]) -> str:
    """Which variable it is about; what is about several names them itself."""
    return f"{_PREFIX}{str(place[0]).upper()}: " if place else ""


def _refuse_misspelt() -> None:
    """Refuse a variable that is nearly a setting: a policy unheeded would be a yes.

    Other variables with our prefix belong to boxes and engines, and are like none.
    """
    known = [name.upper() for name in Settings.model_fields]
    ours = [each for each in sorted(os.environ) if each.startswith(_PREFIX)]
    for name in (each.removeprefix(_PREFIX) for each in ours):
        meant = difflib.get_close_matches(name, known, n=1, cutoff=_NEAR)
        if meant and meant[0] != name:
            message = f"{_PREFIX}{name} is no setting; {_PREFIX}{meant[0]} is"
            raise BadSettingsError(message)


class LogForm(StrEnum):
    """How lines of the log are written."""

    JSON = "json"
    TEXT = "text"


def set_up_log(level: int = logging.INFO, form: LogForm = LogForm.TEXT) -> None:
    """Send the log to stderr: for people on a terminal, else in lines for machines."""
    console = Console(stderr=True)
    handler: logging.Handler = logging.StreamHandler()
    if form is LogForm.JSON:
        handler.setFormatter(_JsonLines())
    elif console.is_terminal:
        handler = RichHandler(console=console, show_path=False)
    else:
        handler.setFormatter(_TextLines("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=level, format="%(message)s", handlers=[handler])


def _moment(record: logging.LogRecord) -> str:
    made = datetime.fromtimestamp(record.created, UTC)
    return made.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _TextLines(logging.Formatter):
    """Moment in UTC, level, message."""

    @override
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        del datefmt
        return _moment(record)


class _JsonLines(logging.Formatter):
    """One JSON object a line; docs/reference/log-lines.md names the keys."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: record.__dict__[key] for key in KEYS if key in record.__dict__}
        if record.exc_info and record.exc_info[0] is not None:
            # Only the kind: its text may carry a value.
            line["error"] = record.exc_info[0].__name__
        return msgspec.json.encode(line).decode()


def say_on_stderr(text: str) -> None:
    """Say something to whoever looks on."""
    typer.echo(text, err=True)


def telling(say: Callable[[str], None] = say_on_stderr) -> "_Teller":
    """Says once what a slow start waits for."""
    return _Teller(say)


class _Teller:
    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said = ""

    def __call__(self, progress: Progress) -> None:
        slow = progress.elapsed_s > _SLOW.total_seconds()
        if slow and progress.doing != self._said:
            self._said = progress.doing
            self._say(f"Still busy: {progress.doing} ...")


@contextmanager
def shared_site() -> Iterator[Site]:
    """The agency's site, beside a server that runs, or without one."""
    with open_site(load_settings(), share=True, on_progress=telling()) as site:
        yield site
