"""`charteroak server user`: accounts, from this machine."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from charteroak.core.errors import CharterOakError
from charteroak.core.people import Role
from charteroak.server.actions import change_person as changes
from charteroak.server.actions.add_person import LoginTaken, add_person
from charteroak.server.actions.see_people import AccountShown, see_people
from charteroak.server.agency import Agency
from charteroak.server.cli.common import shared_site

user_app = typer.Typer(help="Accounts, from this machine.", no_args_is_help=True)

Login = Annotated[str, typer.Argument(help="Short name to sign in with.")]


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
    with shared_site() as site:
        agency = site.agency
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

    Exit status: 0 listed; 1 not listed, and says why.
    """
    with shared_site() as site:
        agency = site.agency
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

    Exit status: 0 replaced; 1 left as it was, and says why.
    """
    with shared_site() as site:
        agency = site.agency
        account = _find(agency, login)
        _report(changes.replace_password(agency, None, account.person.person_id))


@user_app.command("unlock")
def unlock(login: Login) -> None:
    """Let somebody try again before the ten minutes are over.

    Example: charteroak server user unlock ada

    Exit status: 0 unlocked; 1 left as it was, and says why.
    """
    with shared_site() as site:
        agency = site.agency
        account = _find(agency, login)
        _report(changes.unlock(agency, None, account.person.person_id))


@user_app.command("disable")
def disable(login: Login) -> None:
    """Let somebody sign in no more; their sessions end at once.

    Example: charteroak server user disable ada

    Exit status: 0 disabled; 1 left as it was, and says why.
    """
    with shared_site() as site:
        agency = site.agency
        account = _find(agency, login)
        _report(changes.disable(agency, None, account.person.person_id))


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
