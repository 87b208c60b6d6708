"""`charteroak server`: run it, look after it, make the first accounts."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, Final

import msgspec
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.logging import RichHandler
from rich.table import Table
from rich.text import Text

from charteroak.core.errors import CharterOakError
from charteroak.core.people import Role
from charteroak.server.actions import change_person as changes
from charteroak.server.actions.add_person import LoginTaken, add_person
from charteroak.server.actions.see_people import AccountShown, see_people
from charteroak.server.actions.see_status import Status, see_status
from charteroak.server.agency import Agency
from charteroak.server.bootstrap import open_site
from charteroak.server.running import address, check_certificate, listen, serve
from charteroak.server.settings import Settings
from charteroak.server.store.postgres.supervisor import Progress

ATTENTION: Final = 1
_SLOW: Final = timedelta(seconds=2)

app = typer.Typer(
    help="An agency's server: run it, look after it.", no_args_is_help=True
)
user_app = typer.Typer(help="Accounts, from this machine.", no_args_is_help=True)
app.add_typer(user_app, name="user")

AsJson = Annotated[bool, typer.Option("--json", help="Plain JSON on stdout.")]
Login = Annotated[str, typer.Argument(help="Short name to sign in with.")]


class BadSettingsError(CharterOakError):
    """A setting is missing or wrong."""

    code = "charteroak.server.bad-settings"
    hint = "Settings are environment variables; docs/reference/settings.md lists them."


class NoSuchAccountError(CharterOakError):
    """Nobody has that login."""

    code = "charteroak.server.no-such-account"
    hint = "`charteroak server user list` shows who there is."


class NotChangedError(CharterOakError):
    """The account was left as it was."""

    code = "charteroak.server.account-not-changed"


class LoginTakenError(CharterOakError):
    """Somebody has that login."""

    code = "charteroak.server.login-taken"
    hint = "Choose another; disabled accounts keep theirs, so that the log stays clear."


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


@app.command()
def run(
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
) -> None:
    """Serve the pages and the boxes, and do the duties, until Ctrl-C or SIGTERM.

    Example: CHARTEROAK_AGENCY=fernwood charteroak server run --port 8443

    Exit status: 0 stopped in order; 1 could not start, and says why.
    """
    settings = load_settings(port=port, host=host)
    set_up_log()
    check_certificate(settings)
    with (
        listen(settings) as listener,
        open_site(settings, on_progress=telling()) as site,
    ):
        where = address(settings)
        serve(
            site,
            listener,
            ready=lambda: typer.echo(
                f"{settings.agency_name}: {where} (Ctrl-C stops it)", err=True
            ),
        )


@app.command()
def migrate() -> None:
    """Bring the database up to this release; the server does it at its start too.

    Example: charteroak server migrate

    Exit status: 0 up to date; 1 refused, nothing changed.
    """
    with _agency():
        typer.echo("The database is up to date.")


@app.command()
def status(*, as_json: AsJson = False) -> None:
    """Say whether every duty is done, and which promise this database cannot keep.

    Example: charteroak server status

    Exit status: 0 all is well; 1 something is late or cannot be kept.
    """
    with _agency() as agency:
        seen = see_status(agency)
    if as_json:
        typer.echo(msgspec.json.encode(_plain(seen)).decode())
    else:
        _print(seen)
    if not seen.well:
        raise typer.Exit(ATTENTION)


@user_app.command("add")
def add_user(
    login: Login,
    name: Annotated[str, typer.Option(help="As colleagues write it.")],
    role: Annotated[list[Role], typer.Option(help="May be given more than once.")],
) -> None:
    """Add an account; its temporary password is printed once.

    Example: charteroak server user add ada --name "Ada Brandt" --role administrator

    Exit status: 0 added; 1 not added, and says why.
    """
    with _agency() as agency:
        added = add_person(agency, None, login=login, name=name, roles=role)
    if isinstance(added, LoginTaken):
        message = f"somebody has the login {login}"
        raise LoginTakenError(message)
    typer.echo(f"Added {added.person.login}. Temporary password: {added.password}")
    typer.echo("It is shown this once, and must be changed at the first sign-in.")


@user_app.command("list")
def list_users() -> None:
    """List the accounts.

    Example: charteroak server user list
    """
    with _agency() as agency:
        accounts = see_people(agency)
    table = Table("Login", "Name", "Roles", "State", box=None)
    for account in accounts:
        state = "disabled" if account.disabled_at else "in use"
        table.add_row(
            Text(account.person.login),
            Text(account.person.name),
            ", ".join(sorted(account.person.roles)),
            "locked" if account.locked_until else state,
        )
    Console().print(table)


@user_app.command("password")
def replace_password(login: Login) -> None:
    """Give somebody a new temporary password, printed once; their sessions end.

    Example: charteroak server user password ada
    """
    with _agency() as agency:
        account = _find(agency, login)
        _report(changes.replace_password(agency, None, account.person.person_id))


@user_app.command("unlock")
def unlock(login: Login) -> None:
    """Let somebody try again before the ten minutes are over.

    Example: charteroak server user unlock ada
    """
    with _agency() as agency:
        account = _find(agency, login)
        _report(changes.unlock(agency, None, account.person.person_id))


@user_app.command("disable")
def disable(login: Login) -> None:
    """Let somebody sign in no more; their sessions end at once.

    Example: charteroak server user disable ada
    """
    with _agency() as agency:
        account = _find(agency, login)
        _report(changes.disable(agency, None, account.person.person_id))


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
def _agency() -> Iterator[Agency]:
    with open_site(load_settings(), share=True, on_progress=telling()) as site:
        yield site.agency


def _find(agency: Agency, login: str) -> AccountShown:
    wanted = login.strip().lower()
    for account in see_people(agency):
        if account.person.login == wanted:
            return account
    message = f"nobody has the login {wanted}"
    raise NoSuchAccountError(message)


def _report(answer: changes.Changed | changes.NotChanged) -> None:
    if isinstance(answer, changes.NotChanged):
        message = f"left as it was: {answer.because.value.replace('_', ' ')}"
        raise NotChangedError(message)
    if answer.password is None:
        typer.echo("Done.")
    else:
        typer.echo(f"Temporary password, shown this once: {answer.password}")


def _plain(seen: Status) -> dict[str, object]:
    return {
        "well": seen.well,
        "at": seen.at,
        "limit_s": int(seen.limit.total_seconds()),
        "oldest_at": seen.oldest_at,
        "stored_24h": seen.stored,
        "deleted_24h": seen.deleted,
        "refusals_24h": seen.refusals,
        "matcher": seen.matcher,
        "broken_promises": list(seen.broken_promises),
        "notes": list(seen.notes),
        "duties": [
            {
                "duty": line.duty.value,
                "late": line.late,
                "last_success_at": line.state and line.state.last_success_at,
                "next_due_at": line.state and line.state.next_due_at,
                "trouble": line.state.trouble if line.state else "",
            }
            for line in seen.duties
        ],
    }


def _print(seen: Status) -> None:
    console = Console()
    table = Table("Duty", "State", "Last done", "Next due", box=None)
    for line in seen.duties:
        state = line.state
        last = state.last_success_at if state else None
        table.add_row(
            line.duty.value.replace("_", " "),
            "LATE" if line.late else "ok",
            f"{last:%Y-%m-%d %H:%M:%S}Z" if last else "never",
            f"{state.next_due_at:%Y-%m-%d %H:%M:%S}Z" if state else "now",
        )
        if line.late and state and state.trouble:
            table.add_row("", Text(state.trouble), "", "")
    console.print(table)
    console.print(
        f"Reads are kept for {seen.limit}; stored in 24 hours: {seen.stored}."
    )
    for promise in seen.broken_promises:
        console.print(f"This database cannot keep a promise: {promise}.")
    for note in seen.notes:
        console.print(f"What could be better: {note}; the status page says how.")
    console.print("All is well." if seen.well else "Something needs attention.")
