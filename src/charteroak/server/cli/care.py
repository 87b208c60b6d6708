"""Looking after a server: upgrades, backups, keys."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from charteroak.server.actions.back_up import back_up
from charteroak.server.bootstrap import pending_migrations
from charteroak.server.cli.common import load_settings, shared_site, telling
from charteroak.server.restoring import restore as restore_site
from charteroak.server.vault.key_export import export_keys

keys_app = typer.Typer(help="Keys of the agency.", no_args_is_help=True)

_MEBIBYTE = 1 << 20
_PASSPHRASE = "CHARTEROAK_KEYS_PASSPHRASE"  # noqa: S105 - the name of a variable

AskPassphrase = Annotated[
    str,
    typer.Option(
        envvar=_PASSPHRASE,
        prompt="Passphrase of the keys",
        confirmation_prompt=True,
        hide_input=True,
        show_envvar=True,
        help="Asked for where it is not given; of 12 characters or more.",
    ),
]


def migrate(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Only say what would be done.")
    ] = False,
) -> None:
    """Bring the database up to this release; the server does it at its start too.

    There is no way back: make a backup first.

    Example: charteroak server migrate --check

    Exit status: 0 up to date; 1 refused, nothing changed, or with --check: not up to
    date.
    """
    waiting = pending_migrations(load_settings(), on_progress=telling())
    for each in waiting:
        typer.echo(f"{'To do' if check else 'Doing'}: {each}")
    if check and waiting:
        typer.echo("Make a backup, then run it without --check.")
        raise typer.Exit(1)
    with shared_site():
        typer.echo("The database is up to date.")


def backup(
    folder: Annotated[Path, typer.Argument(help="A folder that is not there yet.")],
) -> None:
    """Copy everything to another disk, while the server goes on with its work.

    Reads are sealed under the key of their day; no key is in the backup. When a day's
    reads are deleted, every backup of them is unreadable too.

    Example: charteroak server backup /mnt/backup/2026-10-15

    Exit status: 0 made, whole and durable; 1 not made, and says why.
    """
    with shared_site() as site, _doing() as telling_what:
        done = back_up(
            site.agency, site.admin, folder, release=_release(), telling=telling_what
        )
    typer.echo(f"Backed up to {folder}: {done.size_bytes / _MEBIBYTE:.1f} MiB.")
    if done.gone:
        typer.echo(f"Deleted on schedule meanwhile: {done.gone} spans of reads.")
    typer.echo(
        "The keys are not in it. Keep those that last in a safe: "
        "charteroak server keys export"
    )


def restore(
    folder: Annotated[Path, typer.Argument(help="A backup.")],
    keys: Annotated[
        Path | None,
        typer.Option(help="What `keys export` wrote, if the folder `keys` is lost."),
    ] = None,
    passphrase: Annotated[
        str | None,
        typer.Option(envvar=_PASSPHRASE, show_envvar=True, help="Of --keys."),
    ] = None,
) -> None:
    """Put a backup into an empty data folder; what is due by now does not come back.

    The data folder may hold the folder `keys` of the old server, and nothing else.

    Example: charteroak server restore /mnt/backup/2026-10-15

    Exit status: 0 restored and purged; 1 not restored, and says why.
    """
    exported = None
    if keys is not None:
        secret = passphrase or typer.prompt("Passphrase of the keys", hide_input=True)
        exported = (keys, secret)
    with _doing() as telling_what:
        done = restore_site(
            load_settings(),
            folder,
            exported=exported,
            telling=telling_what,
            on_progress=telling(),
        )
    typer.echo(f"Restored, as it was at {done.made_at:%Y-%m-%d %H:%M:%S}Z.")
    typer.echo(f"Reads that are back: {done.reads}.")
    typer.echo(f"Left out because they are due by now: {done.due} spans of reads.")
    if done.locked:
        typer.echo(f"Left out because their key is gone: {done.locked} spans of reads.")
    if done.holds_ended:
        typer.echo(f"Ended, because their key is gone: {done.holds_ended} holds.")
    typer.echo(f"Agencies paused until a supervisor has looked: {done.paused}.")
    typer.echo(
        f"Own plates that alert nobody until asked for again: {done.unapproved}."
    )
    if done.wishes_ended:
        typer.echo(f"Wishes for own plates that ended undecided: {done.wishes_ended}.")
    typer.echo(
        "Accounts, boxes and lists are as they were then. Look through them: disable "
        "again who left, revoke again what was revoked, load today's lists. What the "
        "council ordered last, `charteroak server council standing` says."
    )


@keys_app.command("export")
def export(
    to: Annotated[Path, typer.Option(help="A file that is not there yet.")],
    passphrase: AskPassphrase,
) -> None:
    """Write the keys that last into a file for a safe, under a passphrase.

    Keys of days and holds are never exported: a destroyed key must not come back.

    Example: charteroak server keys export --to /media/stick/fernwood.keys

    Exit status: 0 written; 1 not written, and says why.
    """
    with shared_site() as site:
        export_keys(
            site.agency.settings.data / "keys",
            to,
            passphrase,
            entropy=site.agency.entropy,
        )
    typer.echo(f"Written to {to}. Without the passphrase it is of no use to anybody.")


@contextmanager
def _doing() -> Iterator[Callable[[str], None]]:
    """Shows on a terminal what is being done."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _doing: None
        return
    with console.status("Beginning ...") as line:
        yield lambda doing: line.update(f"{doing} ...")


def _release() -> str:
    try:
        return version("charteroak")
    except PackageNotFoundError:
        return "from a checkout"
