"""`charteroak council`: a member's key, and orders signed with it. No server is needed.

A secret key lies in a file under a passphrase, and leaves its holder's hands never. What
is brought to a server is the public key, once, and orders.
"""

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import attrs
import msgspec
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox
from rich.console import Console

from charteroak.core.codes import Step
from charteroak.core.council_order import (
    LONGEST_REASON,
    CouncilKey,
    Order,
    SignedOrder,
    key_text,
    may_hold,
    read_key,
    read_order,
)
from charteroak.core.errors import CharterOakError

app: Final = typer.Typer(
    help="A council's keys and orders: stop the cameras, start them again, or hand over.",
    no_args_is_help=True,
)

SHORTEST_PASSPHRASE: Final = 12
"""Characters."""

_FORM: Final = "charteroak-council-secret/1"
_PRIVATE: Final = ".council-key"
_PUBLIC: Final = ".council-public"
_USAGE: Final = 2
_WORDS: Final[Mapping[Step, str]] = {
    Step.HAND_OVER: "HAND OVER the council's keys. From then on count, and no others:",
    Step.RESUME: "RESUME capture and search.",
    Step.SUSPEND: "SUSPEND capture and search.",
}


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


@attrs.frozen(kw_only=True)
class _Wanted:
    """What a new order is to say, as far as it was given.

    Attributes:
        to: files of public keys.
    """

    step: Step | None = None
    agency: str = ""
    number: int = 0
    reason: str = ""
    to: tuple[Path, ...] = ()


def _step(word: str) -> Step:
    try:
        return Step(word.replace("-", "_"))
    except ValueError:
        msg = "say suspend, resume or hand-over"
        raise typer.BadParameter(msg) from None


_StepOption = Annotated[
    Step | None,
    typer.Option(parser=_step, metavar="STEP", help="suspend, resume or hand-over."),
]
_ToOption = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Of a hand-over: a public key that counts from then on; give two or three, "
        "also those that stay.",
    ),
]


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
    step: _StepOption = None,
    agency: Annotated[
        str, typer.Option(help="Short name of the agency; its council page shows it.")
    ] = "",
    number: Annotated[
        int, typer.Option(help="Number of the order; the council page shows it.")
    ] = 0,
    reason: Annotated[str, typer.Option(help="Why; everybody is shown it.")] = "",
    to: _ToOption = None,
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

    One signature suspends; two are needed to resume, and two to hand the keys over. The
    order is printed in words first, and nothing is signed before you have said yes to it
    and given the passphrase. Anybody may then bring the file to the server.

    Example: charteroak council sign order.json --key maya-ortiz.council-key
    --step suspend --agency fernwood --number 1 --reason "Vote of October 12"

    Example: charteroak council sign order.json --key maya-ortiz.council-key
    --step hand-over --to noah-weiss.council-public --to ada-lind.council-public
    --agency fernwood --number 3 --reason "Maya Ortiz leaves office"

    Exit status: 0 signed; 2 not signed, and says why.
    """
    with _mistakes():
        named = tuple(to or ())
        wanted = _Wanted(
            step=step, agency=agency, number=number, reason=reason, to=named
        )
        signed = _meant(file, wanted)
        _tell(signed)
        if not (yes or typer.confirm("Sign this?")):
            typer.echo("Nothing was signed.", err=True)
            raise typer.Exit(_USAGE)
        secret = _opened(key, passphrase or typer.prompt("Passphrase", hide_input=True))
        _replace(file, _with_one_more(signed, secret).text)
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


def _with_one_more(signed: SignedOrder, secret: Ed25519PrivateKey) -> SignedOrder:
    more = signed.signed_by(secret)
    if more == signed:
        msg = "this key has signed the order already; the second key is another's"
        raise BadOrderError(msg)
    # What is written must be what a server reads.
    return read_order(more.text)


def _tell(signed: SignedOrder) -> None:
    order = signed.order
    typer.echo(f"Order {order.number} to {order.agency}: {_WORDS[order.step]}")
    for each in order.to:
        typer.echo(f"  key {each.key_id} of {each.name}")
    if order.to:
        typer.echo("Compare each number with the one on its holder's own paper.")
    typer.echo(f"Reason: {order.reason}")
    typer.echo(f"Drawn up: {order.issued_at:%Y-%m-%d %H:%M:%S} {order.issued_at:%Z}")
    names = ", ".join(name for name, _signature in signed.signatures) or "nobody"
    typer.echo(f"Signed with the keys: {names}")


def _meant(file: Path, wanted: _Wanted) -> SignedOrder:
    """The order that the file holds; where it is not there, one that is drawn up."""
    if not file.exists():
        return SignedOrder(order=_drawn_up(wanted), signatures=())
    if wanted != _Wanted():
        msg = f"{file} is there already, and says what it orders"
        raise BadOrderError(msg)
    return read_order(_read(file))


def _drawn_up(wanted: _Wanted) -> Order:
    step, reason = wanted.step, wanted.reason
    given = {
        "--step": step is not None,
        "--agency": bool(wanted.agency),
        "--number": wanted.number > 0,
        "--reason": bool(reason.strip()) and reason.isprintable(),
        "--to": step is not Step.HAND_OVER or bool(wanted.to),
    }
    missing = ", ".join(name for name, there in given.items() if not there)
    if missing or step is None:
        msg = f"a new order needs {missing}"
        raise BadOrderError(msg)
    if len(reason) > LONGEST_REASON:
        msg = f"a reason has at most {LONGEST_REASON} characters"
        raise BadOrderError(msg)
    now = datetime.now(UTC)  # noqa: TID251 - of a command, by its user
    return Order(
        agency=wanted.agency,
        step=step,
        number=wanted.number,
        issued_at=now.replace(microsecond=0),
        reason=reason.strip(),
        to=_named(step, wanted.to),
    )


def _named(step: Step, files: Sequence[Path]) -> tuple[CouncilKey, ...]:
    """The keys that a hand-over names."""
    if step is not Step.HAND_OVER:
        if files:
            raise BadOrderError("--to is for a hand-over alone")
        return ()
    keys = tuple(read_key(_read(file)) for file in files)
    if not may_hold(keys):
        msg = "a hand-over names two or three different keys, of as many members"
        raise BadOrderError(msg)
    return keys


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
