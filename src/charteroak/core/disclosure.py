"""What leaves the house: another agency's request, or an owner's for their own car.

A request is entered by one person with its papers, approved by a second, and answered:
with a package, or with a letter that names every rule against it. It is decided when it
is entered, when it is approved and when it is released, each time as things stand then.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import attrs

from charteroak.core.camera import CameraId
from charteroak.core.codes import DataKind, Declared, Process, Standing
from charteroak.core.errors import CharterOakError
from charteroak.core.log_record import RecordId, Value
from charteroak.core.papers import Issuer, Paper
from charteroak.core.partner import Partner
from charteroak.core.people import Act, Person, PersonId
from charteroak.core.plate import PlatePattern
from charteroak.core.policy import Request, Rule
from charteroak.core.search import EmptyPeriodError, Purpose
from charteroak.core.time import aware

MOST_READS: Final = 1_000
"""Reads in one package, at the most; a package says so where there were more."""

SURE_ENOUGH: Final = 0.9
"""A read that is less sure may be of another car: an owner gets it without picture."""

SHORTEST_TEXT: Final = 2
LONGEST_TEXT: Final = 200
"""Characters of a name, a contact or a reference."""


class WildcardPlateError(CharterOakError):
    """Another agency or an owner asks about one car, never about many."""

    code = "charteroak.disclosure.wildcard-plate"
    hint = "Give the whole plate, without ? and *."


class Stage(StrEnum):
    """Where a request stands."""

    ANSWERED = "answered"
    APPROVED = "approved"
    REFUSED = "refused"
    WAITING = "waiting"


class Why(StrEnum):
    """What refused a request."""

    NOTE = "note"
    PAUSED = "paused"
    PERSON = "person"
    RULES = "rules"


PAUSED: Final = Rule(
    rule_id="CO-partner-paused",
    statute="Charter Oak: an agency can stop giving to another at once",
    plain="This agency has stopped giving reads to yours for the time being.",
    confidence="high",
    change="Ask this agency why, and what would end the pause.",
)
TURNED_DOWN: Final = Rule(
    rule_id="CO-turned-down",
    statute="Charter Oak: what leaves the house takes two persons",
    plain="The second person, whose approval it takes, did not approve.",
    confidence="high",
    change="Ask this agency what was missing, and send a new request.",
)


@attrs.frozen(kw_only=True, repr=False)
class Wanted:
    """Which reads: one plate, a period, some cameras or all.

    Attributes:
        plate: exact; None where counts are asked for.
        since: first moment, inclusive.
        until: last moment, exclusive.
        cameras: only these; empty for all.
        state: which state's plate, where that matters; reads that name another are
            left out. Empty: any.
    """

    plate: PlatePattern | None = attrs.field()
    since: datetime = attrs.field(validator=aware)
    until: datetime = attrs.field(validator=aware)
    cameras: frozenset[CameraId] = frozenset()
    state: str = ""

    @plate.validator
    def _one_car(
        self, _attribute: "attrs.Attribute[PlatePattern | None]", value: object
    ) -> None:
        if isinstance(value, PlatePattern) and not value.exact:
            raise WildcardPlateError("more than one plate")

    def __attrs_post_init__(self) -> None:
        """Check what concerns more than one field.

        Raises:
            EmptyPeriodError: the period is empty or reversed.
        """
        if self.since.astimezone(UTC) >= self.until.astimezone(UTC):
            raise EmptyPeriodError("the period is empty")

    def over(self, now: datetime) -> bool:
        """Whether nothing of the period is still to come."""
        return self.until.astimezone(UTC) <= now.astimezone(UTC)

    @property
    def fields(self) -> dict[str, Value]:
        """Private fields of the log."""
        return {
            "plate": "" if self.plate is None else self.plate.text,
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "cameras": [str(camera) for camera in sorted(self.cameras)],
            "state": self.state,
        }

    @classmethod
    def of_fields(cls, private: Mapping[str, object]) -> "Wanted":
        """What `fields` wrote.

        Raises:
            KeyError, ValueError, TypeError: it is none.
        """
        cameras = private["cameras"]
        if not isinstance(cameras, list):
            raise TypeError
        plate = str(private["plate"])
        return cls(
            plate=PlatePattern(plate) if plate else None,
            since=datetime.fromisoformat(str(private["since"])),
            until=datetime.fromisoformat(str(private["until"])),
            cameras=frozenset(CameraId(str(each)) for each in cameras),
            state=str(private["state"]),
        )


@attrs.frozen(kw_only=True, repr=False)
class Scan:
    """The scan of a paper, as it was handed in."""

    content: bytes
    media_type: str


@attrs.frozen(kw_only=True, repr=False)
class AgencyAsks:
    """Another agency's request, as a clerk enters it.

    Attributes:
        person: who asks there.
        contact: where they are reached.
        reference: their own case number.
        paper: what the legal paper that came calls itself; None: none came.
        issuer: who issued it.
        scan: of that paper; None where none came.
        note: what crime or person it is about; may be empty.
    """

    partner: Partner
    person: str
    contact: str
    reference: str
    purpose: Purpose
    data_kind: DataKind
    process: Process
    paper: Paper | None
    issuer: Issuer | None
    scan: Scan | None
    wanted: Wanted
    note: str

    def question(self, custodian: str, declared: Declared) -> Request:
        """What the rules are asked."""
        return agency_question(
            self.partner,
            custodian=custodian,
            purpose=self.purpose,
            data_kind=self.data_kind,
            process=self.process,
            declared=declared,
        )


@attrs.frozen(kw_only=True, repr=False)
class OwnerAsks:
    """A person's request for the record of their own car, as a clerk enters it.

    Attributes:
        person: who asks.
        contact: where they are reached.
        identity: what was shown to prove who they are and that the car is theirs.
        co_owner: the other registered owner; empty where there is none.
        scan: of the other owner's written consent; None where there is none.
    """

    person: str
    contact: str
    identity: str
    standing: Standing
    co_owner: str
    scan: Scan | None
    wanted: Wanted


def agency_question(  # noqa: PLR0913  (what it is decided by, by name)
    partner: Partner,
    *,
    custodian: str,
    purpose: Purpose,
    data_kind: DataKind,
    process: Process,
    declared: Declared,
) -> Request:
    """What the rules are asked about another agency's request."""
    return Request(
        act=Act.DISCLOSE,
        custodian=custodian,
        requester=partner.jurisdiction,
        agency_kind=partner.kind,
        purpose=purpose,
        declaration=declared,
        data_kind=data_kind,
        legal_process=process,
    )


def owner_question(who: Person, *, custodian: str, standing: Standing) -> Request:
    """What the rules are asked about an owner's request; `who` is at the desk."""
    return Request(
        act=Act.ANSWER_OWNER,
        custodian=custodian,
        roles=who.roles,
        standing=standing,
        data_kind=DataKind.OWN_RECORD,
    )


@attrs.frozen(kw_only=True)
class Disclosure:
    """A request and where it stands; what it asks for is in the log alone.

    Attributes:
        number: of the record that it was entered with; it goes by that number.
        partner: who asks; None: an owner.
        purpose: empty for an owner.
        process: None for an owner.
        standing: of an owner; None for an agency.
        why: what refused it; None while nothing has.
        closed_at: when it was last answered, or refused.
        reads: in the last package; None before there was one.
        clerk: name of who entered it; empty where unknown.
        approver: name of who approved it; empty where nobody has.
    """

    number: RecordId
    partner: Partner | None
    purpose: Purpose
    data_kind: DataKind
    process: Process | None
    standing: Standing | None
    stage: Stage
    why: Why | None
    entered_by: PersonId
    entered_at: datetime
    approved_by: PersonId | None
    approved_at: datetime | None
    closed_at: datetime | None
    reads: int | None
    clerk: str
    approver: str

    @property
    def open(self) -> bool:
        """Whether it still waits for somebody."""
        return self.stage in {Stage.WAITING, Stage.APPROVED}


@attrs.frozen(kw_only=True, repr=False)
class Details:
    """What the log alone knows of a request."""

    wanted: Wanted
    person: str
    contact: str
    reference: str
    note: str
    identity: str
    co_owner: str
    paper: str
    issuer: str

    @property
    def fields(self) -> dict[str, Value]:
        """Private fields of the log."""
        return {
            **self.wanted.fields,
            "person_there": self.person,
            "contact": self.contact,
            "reference": self.reference,
            "note": self.note,
            "identity": self.identity,
            "co_owner": self.co_owner,
            "paper": self.paper,
            "issuer": self.issuer,
        }

    @classmethod
    def of_fields(cls, private: Mapping[str, object]) -> "Details":
        """What `fields` wrote.

        Raises:
            KeyError, ValueError, TypeError: it is none.
        """
        return cls(
            wanted=Wanted.of_fields(private),
            person=str(private["person_there"]),
            contact=str(private["contact"]),
            reference=str(private["reference"]),
            note=str(private["note"]),
            identity=str(private["identity"]),
            co_owner=str(private["co_owner"]),
            paper=str(private["paper"]),
            issuer=str(private["issuer"]),
        )

    @classmethod
    def of_agency(cls, asks: AgencyAsks) -> "Details":
        """Of an agency's request."""
        return cls(
            wanted=asks.wanted,
            person=asks.person,
            contact=asks.contact,
            reference=asks.reference,
            note=asks.note,
            identity="",
            co_owner="",
            paper="" if asks.paper is None else asks.paper.value,
            issuer="" if asks.issuer is None else asks.issuer.value,
        )

    @classmethod
    def of_owner(cls, asks: OwnerAsks) -> "Details":
        """Of an owner's request."""
        return cls(
            wanted=asks.wanted,
            person=asks.person,
            contact=asks.contact,
            reference="",
            note="",
            identity=asks.identity,
            co_owner=asks.co_owner,
            paper="",
            issuer="",
        )


class PaperKind(StrEnum):
    """What a kept paper is."""

    CONSENT = "consent"
    DECLARATION = "declaration"
    LETTER = "letter"
    PROCESS = "process"


@attrs.frozen(kw_only=True)
class KeptPaper:
    """A paper that is kept, without its content.

    Attributes:
        sha256: of the content, hexadecimal.
        size: of the content, bytes.
        ended_at: since when nothing stands on it: its request was answered or refused,
            its declaration ended; None while a request waits.
        deleted_at: when its content was deleted; None: it is there.
    """

    paper_id: UUID
    kind: PaperKind
    media_type: str
    sha256: str
    size: int
    kept_at: datetime
    ended_at: datetime | None = None
    deleted_at: datetime | None = None

    def kept_until(self, term: timedelta) -> datetime | None:
        """When it is due; None while something stands on it."""
        return None if self.ended_at is None else self.ended_at + term


@attrs.frozen(kw_only=True)
class Refusal:
    """The answer is no, and a letter says why.

    Attributes:
        recorded: number of the record that says so.
        letter: whether there is one; not where it was answered before, and only not
            made again.
    """

    number: RecordId
    recorded: RecordId
    because: tuple[Rule, ...]
    why: Why
    letter: bool


@attrs.frozen(kw_only=True)
class PeriodNotOver:
    """It asks for what cameras are yet to see: approved once, it would follow a car."""


@attrs.frozen(kw_only=True)
class NoSuchDisclosure:
    """There is no such request, or it does not stand where this can be done to it."""


def parse_whole_plate(text: str) -> PlatePattern:
    """One plate as typed.

    Raises:
        UnreadablePatternError: it is none.
        PatternTooWideError: fewer than two characters.
        WildcardPlateError: it stands for more than one.
    """
    pattern = PlatePattern.parse(text)
    if not pattern.exact:
        raise WildcardPlateError("more than one plate")
    return pattern


def names_plate(text: str, plate: PlatePattern | None) -> bool:
    """Whether a text holds a plate, however it is spaced.

    >>> names_plate("your case AB-O 123/26", PlatePattern.parse("AB0123"))
    True
    """
    if plate is None:
        return False
    spelled = "".join(each for each in text.upper() if each.isalnum())
    return plate.text in spelled.replace("O", "0")
