"""`charteroak council`: a member's key, and orders signed with it. No server is needed.

A secret key lies in a file under a passphrase, and leaves its holder's hands never. What
is brought to a server is the public key, once, and orders.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox
from rich.console import Console

from charteroak.core.codes import Step
from charteroak.core.errors import CharterOakError
from charteroak.core.moratorium import (
    LONGEST_REASON,
    CouncilKey,
    Order,
    SignedOrder,
    key_text,
    read_key,
    read_order,
)

app: Final = typer.Typer(
    help="A council's keys and orders: stop the cameras, or start them again.",
    no_args_is_help=True,
)

SHORTEST_PASSPHRASE: Final = 12
"""Characters."""

_FORM: Final = "charteroak-council-secret/1"
_PRIVATE: Final = ".council-key"
_PUBLIC: Final = ".council-public"
_USAGE: Final = 2


class CouncilFileError(CharterOakError):
    """A file of a council cannot be read or written."""

    code = "charteroak.council.file"
    hint = "Check the name of the file; one that is there is never written over."


class WeakPassphraseError(CharterOakError):
    """A passphrase that somebody could guess."""

    code = "charteroak.council.weak-passphrase"
    hint = "Give at least 12 characters: four or five words that nobody would guess."


class WrongPassphraseError(CharterOakError):
    """The passphrase does not open the key, or the file is no key."""

    code = "charteroak.council.wrong-passphrase"
    hint = "Check the passphrase and the file: both must be of the same key."


class BadOrderError(CharterOakError):
    """Something that an order needs is missing, or is too long."""

    code = "charteroak.council.bad-order"
    hint = "See the example in `charteroak council sign --help`."


class _SecretText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    form: str
    name: str
    public_key: str
    salt: bytes
    sealed: bytes


@app.command("key")
def make_key(
    name: Annotated[str, typer.Argument(help="Of the member who will hold it.")],
    passphrase: Annotated[
        str,
        typer.Option(
            prompt="Passphrase",
            confirmation_prompt=True,
            hide_input=True,
            help="Asked for, if it is not given.",
            envvar="CHARTEROAK_PASSPHRASE",
            show_default=False,
        ),
    ],
    folder: Annotated[
        Path, typer.Option("--to", help="Folder for the two files; a stick, say.")
    ] = Path(),
) -> None:
    """Make the key of one member of the council, on the member's own machine.

    Writes two files: the secret key, which the member keeps, and the public one, which
    is brought to the ceremony. Whoever runs the server sees the second alone.

    Example: charteroak council key "Maya Ortiz" --to /media/stick

    Exit status: 0 made; 2 not made, and says why.
    """
    with _mistakes():
        if len(passphrase) < SHORTEST_PASSPHRASE:
            raise WeakPassphraseError("the passphrase is too short")
        secret = Ed25519PrivateKey.generate()
        public = secret.public_key().public_bytes_raw()
        key = read_key(key_text(CouncilKey(name=name.strip(), public_key=public)))
        stem = "-".join(part for part in key.name.lower().split() if part.isalnum())
        salt = secrets.token_bytes(argon2id.SALTBYTES)
        content = _SecretText(
            form=_FORM,
            name=key.name,
            public_key=public.hex(),
            salt=salt,
            sealed=bytes(_box(passphrase, salt).encrypt(secret.private_bytes_raw())),
        )
        stem = stem or key.key_id
        _write(folder / f"{stem}{_PRIVATE}", msgspec.json.encode(content), mode=0o600)
        _write(folder / f"{stem}{_PUBLIC}", key_text(key), mode=0o644)
    typer.echo(f"Secret, for {key.name} alone: {folder / f'{stem}{_PRIVATE}'}")
    typer.echo(f"Public, for the ceremony: {folder / f'{stem}{_PUBLIC}'}")
    typer.echo(f"Number of the key, to be read out there: {key.key_id}")


@app.command()
def sign(  # noqa: PLR0913  (options, given by name)
    file: Annotated[
        Path, typer.Argument(help="The order; made where it is not there.")
    ],
    key: Annotated[Path, typer.Option("--key", help="The member's secret key.")],
    *,
    step: Annotated[Step | None, typer.Option(help="suspend or resume.")] = None,
    agency: Annotated[
        str, typer.Option(help="Short name of the agency; its council page shows it.")
    ] = "",
    number: Annotated[
        int, typer.Option(help="Number of the order; the council page shows it.")
    ] = 0,
    reason: Annotated[str, typer.Option(help="Why; everybody is shown it.")] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Sign without being asked; for scripts.")
    ] = False,
    passphrase: Annotated[
        str,
        typer.Option(
            help="Asked for, if it is not given.",
            envvar="CHARTEROAK_PASSPHRASE",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Draw up an order and sign it, or sign one that another member drew up.

    One signature suspends; both are needed to resume. The order is printed in words
    first, and nothing is signed before you have said yes to it and given the passphrase.
    Anybody may then bring the file to the server.

    Example: charteroak council sign order.json --key maya-ortiz.council-key
    --step suspend --agency fernwood --number 1 --reason "Vote of October 12"

    Exit status: 0 signed; 2 not signed, and says why.
    """
    with _mistakes():
        signed = _meant(file, step, agency, number, reason)
        _tell(signed)
        if not (yes or typer.confirm("Sign this?")):
            typer.echo("Nothing was signed.", err=True)
            raise typer.Exit(_USAGE)
        secret = _opened(key, passphrase or typer.prompt("Passphrase", hide_input=True))
        before = len(signed.signatures)
        signed = signed.signed_by(secret)
        if len(signed.signatures) == before:
            msg = "this key has signed the order already; the second key is another's"
            raise BadOrderError(msg)
        # What is written must be what a server reads.
        read_order(signed.text)
        _replace(file, signed.text)
    typer.echo(f"Signed, and written to {file}.")


@app.command()
def show(
    file: Annotated[Path, typer.Argument(help="An order, or a public key.")],
) -> None:
    """Say what an order orders, or whose a public key is.

    Example: charteroak council show order.json

    Exit status: 0 shown; 2 it is neither.
    """
    with _mistakes():
        text = _read(file)
        if file.suffix == _PUBLIC:
            found = read_key(text)
            typer.echo(f"Key {found.key_id} of {found.name}")
            return
        _tell(read_order(text))


def _tell(signed: SignedOrder) -> None:
    order = signed.order
    word = {Step.SUSPEND: "SUSPEND", Step.RESUME: "RESUME"}[order.step]
    typer.echo(f"Order {order.number} to {order.agency}: {word} capture and search.")
    typer.echo(f"Reason: {order.reason}")
    typer.echo(f"Drawn up: {order.issued_at:%Y-%m-%d %H:%M:%S} {order.issued_at:%Z}")
    names = ", ".join(name for name, _signature in signed.signatures) or "nobody"
    typer.echo(f"Signed with the keys: {names}")


def _meant(
    file: Path, step: Step | None, agency: str, number: int, reason: str
) -> SignedOrder:
    """The order that the file holds; where it is not there, one that is drawn up."""
    if not file.exists():
        order = _drawn_up(step, agency, number, reason)
        return SignedOrder(order=order, signatures=())
    if step is not None or agency or number or reason:
        msg = f"{file} is there already, and says what it orders"
        raise BadOrderError(msg)
    return read_order(_read(file))


def _drawn_up(step: Step | None, agency: str, number: int, reason: str) -> Order:
    wanted = {
        "--step": step is not None,
        "--agency": bool(agency),
        "--number": number > 0,
        "--reason": bool(reason.strip()) and reason.isprintable(),
    }
    missing = ", ".join(name for name, there in wanted.items() if not there)
    if missing or step is None:
        msg = f"a new order needs {missing}"
        raise BadOrderError(msg)
    if len(reason) > LONGEST_REASON:
        msg = f"a reason has at most {LONGEST_REASON} characters"
        raise BadOrderError(msg)
    now = datetime.now(UTC)  # noqa: TID251 - of a command, by its user
    return Order(
        agency=agency,
        step=step,
        number=number,
        issued_at=now.replace(microsecond=0),
        reason=reason.strip(),
    )


def _opened(file: Path, passphrase: str) -> Ed25519PrivateKey:
    try:
        found = msgspec.json.decode(_read(file), type=_SecretText)
        raw = _box(passphrase, found.salt).decrypt(found.sealed)
        return Ed25519PrivateKey.from_private_bytes(raw)
    except (msgspec.MsgspecError, CryptoError, ValueError):
        msg = f"{file} does not open"
        raise WrongPassphraseError(msg) from None


def _box(passphrase: str, salt: bytes) -> SecretBox:
    key = argon2id.kdf(
        SecretBox.KEY_SIZE,
        passphrase.encode(),
        salt,
        opslimit=argon2id.OPSLIMIT_MODERATE,
        memlimit=argon2id.MEMLIMIT_MODERATE,
    )
    return SecretBox(key)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as refused:
        msg = f"{file} cannot be read: {refused.strerror}"
        raise CouncilFileError(msg) from refused


def _write(file: Path, content: bytes, *, mode: int) -> None:
    """Write a file that is not there yet."""
    try:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as refused:
        msg = f"{file} cannot be made: {refused.strerror}"
        raise CouncilFileError(msg) from refused
    with os.fdopen(number, "wb") as made:
        made.write(content)


def _replace(file: Path, content: bytes) -> None:
    draft = file.with_name(f".{file.name}.new")
    try:
        draft.write_bytes(content)
        draft.replace(file)
    except OSError as refused:
        msg = f"{file} cannot be written: {refused.strerror}"
        raise CouncilFileError(msg) from refused


@contextmanager
def _mistakes() -> Iterator[None]:
    try:
        yield
    except CharterOakError as trouble:
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(f"charteroak: {trouble}.", markup=False)
        if trouble.hint:
            console.print(trouble.hint, markup=False)
        raise typer.Exit(_USAGE) from trouble
