"""An export: what is held for a case goes to court with it, as a package.

Only what is held is exported, and only to those whom a case goes to: a court, a
prosecutor, the defence. Another agency asks at the disclosure desk.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from charteroak.core.codes import Case, Ground, Held
from charteroak.core.errors import CharterOakError
from charteroak.core.hold import HoldId
from charteroak.core.log_record import Draft, RecordId, RecordKind, Value
from charteroak.core.people import Act, Person, Role
from charteroak.core.policy import Denial, Permit, Request, Rule, RuleBook
from charteroak.core.read import ReadId
from charteroak.core.screening import NoteRules, Verdict, screen
from charteroak.core.search import Purpose
from charteroak.core.search_check import Weighed, weigh
from charteroak.core.search_record import decision_fields

MOST_READS: Final = 200
"""Of one package; more are several packages."""

SHORTEST_NOTE: Final = 10
LONGEST_NOTE: Final = 300
SHORTEST_NAME: Final = 3
LONGEST_NAME: Final = 120

NOT_THEIR_CASE: Final = Rule(
    rule_id="CO-export-own-case",
    statute="Charter Oak: what is kept for a case may go to court with it",
    plain="An investigator exports a case in which they asked for a hold themselves.",
    confidence="high",
    change="Ask the investigator of the case, or a supervisor.",
)
"""Beside the rules in force: one's own work goes to court, not a colleague's."""


class UnusableRecipientError(CharterOakError):
    """Nobody is named whom the package is for, or at too great length."""

    code = "charteroak.export.unusable-recipient"
    hint = "Name the court, the prosecutor or the defence in 3 to 120 characters."


class UnusableNoteError(CharterOakError):
    """What it is for says nothing, or more than anybody reads."""

    code = "charteroak.export.unusable-note"
    hint = "Say in 10 to 300 characters what the package is for, as in: trial, count 2."


class Recipient(StrEnum):
    """Whom a case goes to."""

    COURT = "court"
    DEFENCE = "defence"
    PROSECUTOR = "prosecutor"


@attrs.frozen(kw_only=True, repr=False)
class Order:
    """What somebody wants exported, for whom and for what.

    Attributes:
        purpose: as the rules know it.
        name: of the recipient.
        note: what it is for, in words.
        reads: which of those that are held for the case.
    """

    case_ref: str
    purpose: Purpose
    recipient: Recipient
    name: str
    note: str
    reads: frozenset[ReadId]


@attrs.frozen(kw_only=True, repr=False)
class Standing:
    """One read that stands held for a case, without what is on it.

    Attributes:
        purpose: that of the search it was found by, or of the span it is kept in.
        ground: why it outlives its term.
        requester: who asked for the hold; empty where unknown.
        approver: who approved it; empty where unknown.
    """

    hold_id: HoldId
    read_id: ReadId
    purpose: Purpose
    ground: Ground
    requested_at: datetime
    requester: str
    approved_at: datetime
    approver: str
    ends_at: datetime


@attrs.frozen(kw_only=True)
class Judged:
    """What stands for and against an export.

    Attributes:
        decision: of the rules in force; the first that says no, where one does.
        weighed: what was written comes to.
        beside: what else stands against it.
        second_person: whether the asker may decide about a doubt.
    """

    decision: Permit | Denial
    weighed: Weighed
    beside: tuple[Rule, ...]
    second_person: bool

    @property
    def against(self) -> tuple[Rule, ...]:
        """Every rule that stands against it; empty where it may be made."""
        if isinstance(self.decision, Denial):
            return self.decision.because
        stops = {Verdict.BLOCK, Verdict.VAGUE}
        if not self.second_person:
            stops.add(Verdict.REVIEW)
        if self.weighed.verdict in stops:
            return self.weighed.because
        return self.beside


@attrs.frozen(kw_only=True, repr=False)
class Exported:
    """The package.

    Attributes:
        asked: number of the question in the log; the package is named by it.
        sha256: of `content`, hexadecimal; it is in the log.
    """

    asked: RecordId
    content: bytes
    sha256: str
    reads: int

    @property
    def file_name(self) -> str:
        """The file's name: a number, and nothing of what is in it."""
        return f"{folder_of(self.asked)}.zip"


@attrs.frozen(kw_only=True, repr=False)
class ExportMade:
    """A package that was given out before.

    Attributes:
        record_id: number of the question in the log.
        exporter: name of who made it; empty where unknown.
        sha256: of the file, hexadecimal: a court can say whether it has this very one.
    """

    record_id: RecordId
    recipient: Recipient
    name: str
    note: str
    exporter: str
    exported_at: datetime
    reads: int
    sha256: str


class WhyNothing(StrEnum):
    """Why a package that the rules allow was not given out."""

    BUSY = "busy"
    HOLD_ENDED = "hold_ended"
    TOO_LARGE = "too_large"


@attrs.frozen(kw_only=True)
class NothingExported:
    """Nothing was given out; that is in the log too."""

    why: WhyNothing


def folder_of(asked: RecordId) -> str:
    """The folder in a package, and the name of its file."""
    return f"export-{int(asked)}"


def parse_name(text: str) -> str:
    """The name of a recipient.

    Raises:
        UnusableRecipientError: too short or too long.
    """
    name = " ".join(text.split())
    if not SHORTEST_NAME <= len(name) <= LONGEST_NAME:
        raise UnusableRecipientError("a name of the wrong length")
    return name


def parse_note(text: str) -> str:
    """What an export is for.

    Raises:
        UnusableNoteError: too short or too long.
    """
    note = " ".join(text.split())
    if not SHORTEST_NOTE <= len(note) <= LONGEST_NOTE:
        raise UnusableNoteError("a note of the wrong length")
    return note


def judge(  # noqa: PLR0913  (all that it depends on, by name)
    book: RuleBook,
    who: Person,
    order: Order,
    chosen: Sequence[Standing],
    *,
    theirs: bool,
    custodian: str,
    notes: NoteRules,
    decide: Callable[[Request], Permit | Denial],
) -> Judged:
    """What the rules in force, and those beside them, say to an export.

    It is decided for the purpose that is named, and for that of each hold: what was
    held for one purpose is not let out under another that is banned, nor the reverse.

    Args:
        book: the rules.
        who: asks.
        order: for what and for whom.
        chosen: what of the order stands held.
        theirs: whether a hold that stands for the case was asked for by them.
        custodian: whose reads.
        notes: the list that what is written is held against.
        decide: answers what leaves the house, by the rules and by their tables.
    """
    decisions = [
        decide(_request(who, order, purpose, custodian, held=bool(chosen)))
        for purpose in dict.fromkeys([order.purpose, *(c.purpose for c in chosen)])
    ]
    decision = next((no for no in decisions if isinstance(no, Denial)), decisions[0])
    weighed = weigh(book, decision.request, screen(order.note, notes))
    named = screen(order.name, notes)
    if named.verdict is Verdict.BLOCK and weighed.verdict is not Verdict.BLOCK:
        weighed = weigh(book, decision.request, named)
    supervises = Role.SUPERVISOR in who.roles
    return Judged(
        decision=decision,
        weighed=weighed,
        beside=() if theirs or supervises else (NOT_THEIR_CASE,),
        second_person=supervises,
    )


def question(
    who: Person, order: Order, judged: Judged, *, reads: int, at: datetime
) -> Draft:
    """The record that somebody asks for an export, with what the rules say."""
    beside: dict[str, Value] = (
        {"beside": [rule.rule_id for rule in judged.beside]} if judged.beside else {}
    )
    return Draft(
        kind=RecordKind.EXPORT_ASKED,
        at=at,
        public={
            **decision_fields(judged.decision),
            **judged.weighed.fields,
            **beside,
            "to": order.recipient.value,
            "reads": reads,
        },
        private={
            "person": str(who.person_id),
            "roles": sorted(role.value for role in who.roles),
            "case_ref": order.case_ref,
            "recipient": order.name,
            "note": order.note,
            "read_ids": sorted(str(read) for read in order.reads),
        },
    )


def _request(
    who: Person, order: Order, purpose: Purpose, custodian: str, *, held: bool
) -> Request:
    return Request(
        act=Act.EXPORT,
        custodian=custodian,
        roles=who.roles,
        purpose=purpose,
        case=Case.GIVEN if order.case_ref else Case.NONE,
        held=Held.HELD if held else Held.NOT_HELD,
    )
