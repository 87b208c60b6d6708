"""`charteroak law`: ask the rules, check them, and see what an edited word changes."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Final, NoReturn

import msgspec
import typer
from rich.console import Console

from charteroak.core.errors import CharterOakError
from charteroak.core.policy import Denial, Permit, RuleBook, decide
from charteroak.law.asking import Question, understand
from charteroak.law.loader import load_profile, load_terms, profile_codes, terms_names
from charteroak.law.words import ACTS, FIELDS, spoken

app: Final = typer.Typer(
    help="Ask the rules, check them, and see what an edit changes.",
    no_args_is_help=True,
)

NO: Final = 1
USAGE: Final = 2

AsJson = Annotated[bool, typer.Option("--json", help="Plain JSON on stdout.")]
Law = Annotated[
    str, typer.Option("--law", metavar="STATE", help="The state, such as us_ct.")
]
Beside = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        metavar="NAME",
        help="A policy, preset or contract beside it, or a .cedar file; repeatable.",
    ),
]
On = Annotated[
    datetime | None,
    typer.Option(
        "--on",
        metavar="DAY",
        formats=["%Y-%m-%d"],
        help="The day, such as 2027-01-01; today without it.",
    ),
]


class RuleLine(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as `--json` writes it."""

    id: str
    statute: str
    plain: str
    confidence: str
    change: str


class ExplainLine(msgspec.Struct, frozen=True, kw_only=True):
    """An explanation as `--json` writes it; the keys are a stable interface.

    Attributes:
        assumed: what was not said and is taken so.
        policy: fingerprint of the rules.
    """

    act: str
    permitted: bool
    codes: dict[str, str]
    assumed: dict[str, str]
    because: tuple[RuleLine, ...]
    policy: str


@app.command()
def explain(  # noqa: PLR0913  (options, given by name)
    act: Annotated[str, typer.Argument(help="What is to be done, such as disclose.")],
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="FIELD=CODE", help="The question."),
    ] = None,
    *,
    law: Law = "us_ct",
    beside: Beside = None,
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """Would this be allowed, and which rule says so? Nothing is looked up or recorded.

    Example: charteroak law explain disclose requester=NY purpose=robbery
    declaration=expired

    What is not said is taken as stated in the answer; a purpose, who asks and a class of
    list must be said. `offense=13A` may stand for a purpose, `roles=officer,supervisor`
    for people of one's own.

    Exit status: 0 it is permitted; 1 it is refused; 2 the question is not understood, or
    the rules cannot be loaded.
    """
    with _mistakes():
        profile = load_profile(law, on=_day(on))
        terms = [load_terms(name, custodian=profile.custodian) for name in beside or ()]
        question = understand(act, words or (), custodian=profile.custodian)
    book = RuleBook(sets=(profile.rules, *(each.rules for each in terms)))
    decision = decide(book, question.request)
    if as_json:
        typer.echo(msgspec.json.encode(_line(question, decision)))
    else:
        names = [profile.name, *(each.name for each in terms)]
        _tell(question, decision, " with ".join(names))
    raise typer.Exit(0 if isinstance(decision, Permit) else NO)


def _tell(question: Question, decision: Permit | Denial, where: str) -> None:
    console = Console(highlight=False, soft_wrap=True)
    asked = question.request
    word = "Permitted" if isinstance(decision, Permit) else "Refused"
    who = f" to {asked.requester}" if asked.requester else ""
    console.print(f"{word}: {ACTS[asked.act]}{who}, by the rules of {where}.")
    for rule in decision.because:
        console.print(f"\n  {rule.plain}", markup=False)
        console.print(
            f"  {rule.statute} · {rule.rule_id} · confidence {rule.confidence}",
            markup=False,
            style="dim",
        )
        if rule.change:
            console.print(f"  What could be changed: {rule.change}", markup=False)
    if question.assumed:
        taken = "; ".join(
            f"{FIELDS[field]} {spoken(code)}"
            for field, code in question.assumed.items()
        )
        console.print(f"\nNot said, and taken so: {taken}.", markup=False)
    console.print(f"Policy {decision.fingerprint}", style="dim")


def _line(question: Question, decision: Permit | Denial) -> ExplainLine:
    asked = question.request
    who = (
        {"requester": asked.requester}
        if asked.requester
        else {"roles": " ".join(sorted(asked.roles))}
    )
    return ExplainLine(
        act=asked.act.value,
        permitted=isinstance(decision, Permit),
        codes=who | asked.codes,
        assumed=dict(question.assumed),
        because=tuple(
            RuleLine(
                id=rule.rule_id,
                statute=rule.statute,
                plain=rule.plain,
                confidence=rule.confidence,
                change=rule.change,
            )
            for rule in decision.because
        ),
        policy=decision.fingerprint,
    )


@app.command()
def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME", help="States, policies or files; all that ship, else."
        ),
    ] = None,
    *,
    law: Law = "us_ct",
    on: On = None,
    whole: Annotated[
        bool,
        typer.Option(
            "--all", help="Ask about every request one by one; minutes for each."
        ),
    ] = False,
) -> None:
    """Ask the rules about everything they can be asked, and see that they are sound.

    Example: charteroak law check us_ct --all

    Every rule must decide somewhere, none may break, and the fingerprint that ships must
    be that of the answers. With --all the table is held against the rules themselves at
    every single request, about two million for a state.

    Exit status: 0 all is sound; 1 something is not; 2 the rules cannot be loaded.
    """
    from charteroak.law.checking import check_rules, found  # noqa: PLC0415 - on demand

    out, troubles = Console(highlight=False, soft_wrap=True), 0
    for name in names or [*profile_codes(), *terms_names()]:
        with _mistakes():
            rules, custodian = found(name, law=law, on=_day(on))
        with _progress() as begin:
            report = check_rules(rules, custodian=custodian, whole=whole, begin=begin)
        troubles += len(report.troubles)
        sound = "sound" if not report.troubles else "NOT SOUND"
        out.print(
            f"{name}: {sound}; {len(rules.rules)} rules, {report.requests:,} different "
            f"requests, {report.asked:,} asked, {report.answers} different answers, "
            f"policy {report.fingerprint[:16]}",
            markup=False,
        )
        for trouble in report.troubles:
            out.print(f"  {trouble}", markup=False)
    raise typer.Exit(NO if troubles else 0)


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="A state, a policy or a .cedar file.")],
    after: Annotated[str, typer.Argument(help="The other one.")],
    *,
    law: Law = "us_ct",
    on: On = None,
) -> None:
    """What an edit changes: every request that is answered otherwise, in groups.

    Example: charteroak law diff us_ct my_edited_us_ct.cedar

    A file is read as a statute where the other side is one, and as a policy in the state
    of --law where it is not. Words alone change nothing: only answers are compared.

    Exit status: 0 nothing changes; 1 something does; 2 the rules cannot be loaded.
    """
    from charteroak.law.checking import found, tables_of  # noqa: PLC0415 - on demand
    from charteroak.law.comparing import differences  # noqa: PLC0415 - on demand
    from charteroak.law.words import change  # noqa: PLC0415 - on demand

    statutes = {each for each in (before, after) if _is_state(each)}
    home = next(iter(statutes), law)
    with _mistakes():
        sides = [
            found(each, law=home, on=_day(on), statute=bool(statutes))
            for each in (before, after)
        ]
    with _progress() as begin:
        one, other = tables_of(sides, begin=begin)
    changes = differences(one, other)
    out = Console(highlight=False, soft_wrap=True)
    for each in changes:
        out.print(f"- {change(each)}.", markup=False)
    total = sum(each.cells for each in changes)
    out.print(f"{total:,} requests are answered otherwise." if total else "No change.")
    raise typer.Exit(NO if total else 0)


@app.command()
def score(
    file: Annotated[Path, typer.Argument(help="Answers of the policy, TOML.")],
    *,
    on: On = None,
) -> None:
    """Set a policy's short answers beside the presets and the statute, term by term.

    Example: charteroak law score town.toml

    The file says: name = "Our town", state = "us_ct", kept = { days = 30 },
    shared_with = ["state", "federal"], lists = ["vehicle", "license_plate"]; and
    where it says so papers = { days = 365 }: how long papers of requests are kept.

    Exit status: 0 nothing in it goes beyond the statute; 1 something does; 2 the file
    cannot be read.
    """
    from charteroak.law.score_table import table  # noqa: PLC0415 - on demand
    from charteroak.law.scoring import read_answers  # noqa: PLC0415 - on demand
    from charteroak.law.scoring import score as set_beside  # noqa: PLC0415 - on demand

    with _mistakes():
        answers = read_answers(file)
        rows = set_beside(answers, on=_day(on))
    out = Console(highlight=False)
    out.print(table(answers, rows))
    beyond = [row.term for row in rows if row.beyond]
    for term in beyond:
        out.print(f"Beyond the statute: {term}.", markup=False)
    raise typer.Exit(NO if beyond else 0)


@app.command()
def packet(  # noqa: PLR0913  (options, given by name)
    agency: Annotated[str, typer.Argument(help="Name of the agency.")],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Ends in .html or .pdf.", dir_okay=False),
    ],
    *,
    law: Law = "us_ct",
    beside: Beside = None,
    cameras: Annotated[
        Path | None,
        typer.Option(help="CSV file of cameras, with the columns name and place."),
    ] = None,
    on: On = None,
) -> None:
    """Write what a council has to adopt and publish, as one page or as PDF.

    Example: charteroak law packet "Town of Example" --with local -o packet.html

    Purposes, agencies, retention, lists, cameras, the policy and the contract terms, as
    the rules in force answer.

    Exit status: 0 it is written; 2 the rules or the cameras cannot be read, or the file
    cannot be written.
    """
    from charteroak.law.packet import (  # noqa: PLC0415 - on demand
        Packet,
        UnwritablePacketError,
        document,
        page,
        read_cameras,
    )

    with _mistakes():
        if (form := output.suffix.lower()) not in {".html", ".pdf"}:
            msg = f"{output} ends neither in .html nor in .pdf"
            raise UnwritablePacketError(msg)
        profile = load_profile(law, on=_day(on))
        terms = [load_terms(name, custodian=profile.custodian) for name in beside or ()]
        found = Packet(
            agency=agency,
            profile=profile,
            terms=terms,
            cameras=None if cameras is None else read_cameras(cameras),
            on=_day(on),
        )
        if form == ".pdf":
            from charteroak.law.pdf import pdf  # noqa: PLC0415 - on demand

            content = pdf(document(found), made_on=found.on)
        else:
            content = page(found).encode()
        try:
            output.write_bytes(content)
        except OSError as refused:
            msg = f"{output} cannot be written: {refused.strerror}"
            raise UnwritablePacketError(msg) from refused
    typer.echo(f"{output}: {len(content):,} bytes")


def _is_state(name: str) -> bool:
    return name.strip().lower().replace("-", "_") in profile_codes()


def _day(on: datetime | None) -> date:
    return (on or datetime.now(UTC)).date()  # noqa: TID251 - of a command, by its user


@contextmanager
def _mistakes() -> Iterator[None]:
    """A user's mistake is a sentence and status 2; 1 is an answer here."""
    try:
        yield
    except CharterOakError as trouble:
        _stop(trouble)


def _stop(trouble: CharterOakError) -> NoReturn:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"charteroak: {trouble}.", markup=False)
    if trouble.hint:
        console.print(trouble.hint, markup=False)
    raise typer.Exit(USAGE) from trouble


@contextmanager
def _progress() -> Iterator[Callable[[str, int], Callable[[int], None]]]:
    """Begins a bar on stderr: gives what advances it."""
    from rich.progress import (  # noqa: PLC0415 - explaining needs no bar
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
        redirect_stdout=False,
    ) as progress:

        def begin(what: str, total: int) -> Callable[[int], None]:
            task = progress.add_task(what, total=total)
            return lambda done: progress.advance(task, done)

        yield begin
