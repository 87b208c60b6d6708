"""What a council has to adopt and publish, as a document.

Everything in it is asked of the rules in force; nothing is written by hand, so what is
adopted is what the machine does.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import attrs

from charteroak.core.codes import Case, Reach
from charteroak.core.errors import CharterOakError
from charteroak.core.hotlist import ListClass
from charteroak.core.people import Act, Role
from charteroak.core.policy import Permit, Request, Rule, RuleBook, decide
from charteroak.law.document import (
    Block,
    Code,
    Document,
    Item,
    Listing,
    Paragraph,
    Section,
    html,
    table,
)
from charteroak.law.profile import (
    Kind,
    Profile,
    Terms,
    strictest,
    strictest_for_papers,
    unread,
)
from charteroak.law.scoring import RECEIVERS, Receiver, disclosure, how_long
from charteroak.law.words import spoken

_GROUP: Final = 16
_WORDS: Final = {
    Kind.CONTRACT: "Contract terms",
    Kind.POLICY: "Policy",
    Kind.PRESET: "Policy",
    Kind.STATUTE: "Law",
}


class UnreadableCamerasError(CharterOakError):
    """The file of cameras is none."""

    code = "charteroak.law.unreadable-cameras"
    hint = "Give a CSV file with the columns name and place."


class UnwritablePacketError(CharterOakError):
    """The page cannot be written where it shall be."""

    code = "charteroak.law.unwritable-packet"
    hint = "Name a file in a folder that exists and that you may write to."


@attrs.frozen(kw_only=True)
class Camera:
    """A camera, as the public is told of it."""

    name: str
    place: str


def read_cameras(file: Path) -> tuple[Camera, ...]:
    """Cameras from a CSV file with the columns `name` and `place`.

    Raises:
        UnreadableCamerasError: it cannot be read, or a column or a value is missing.
    """
    try:
        rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as refused:
        msg = f"{file} cannot be read"
        raise UnreadableCamerasError(msg) from refused
    found = []
    for line, row in enumerate(rows, start=2):
        name, place = row.get("name") or "", row.get("place") or ""
        if not name.strip() or not place.strip():
            msg = f"{file}, line {line}: a camera has a name and a place"
            raise UnreadableCamerasError(msg)
        found.append(Camera(name=name.strip(), place=place.strip()))
    return tuple(found)


@attrs.frozen(kw_only=True)
class Partner:
    """An agency that may ask for reads, as the register of a server knows it.

    Attributes:
        kind: what kind of agency, in words.
        declaration: what its written declaration is worth, in words, with its end.
    """

    name: str
    state: str
    kind: str
    declaration: str


@attrs.frozen(kw_only=True)
class LoadedList:
    """A hot list that reads are compared with.

    Attributes:
        list_class: its class, in words.
        source: where it comes from, and under which authority it is kept.
        loaded: when, in words.
        alerts: whether it alerts anybody: too old a list does not, nor a refused one.
    """

    name: str
    list_class: str
    source: str
    loaded: str
    alerts: bool = True


@attrs.frozen(kw_only=True)
class Packet:
    """What the document is made from.

    Attributes:
        agency: its name.
        cameras: None where they were not given.
        on: the day it was made.
        own_limit: the agency's own setting for how long reads are kept; None: none.
        own_papers: the same for the papers of requests.
        partners: agencies of its register; None where they were not given.
        lists: that are loaded; None where they were not given.
        suspended: how a council's moratorium stands, in a sentence; empty: it does not.
    """

    agency: str
    profile: Profile
    terms: Sequence[Terms]
    cameras: Sequence[Camera] | None
    on: date
    own_limit: timedelta | None = None
    own_papers: timedelta | None = None
    partners: Sequence[Partner] | None = None
    lists: Sequence[LoadedList] | None = None
    suspended: str = ""

    @property
    def book(self) -> RuleBook:
        """All rule sets; each must permit."""
        return RuleBook(sets=(self.profile.rules, *(each.rules for each in self.terms)))


def page(packet: Packet) -> str:
    """The whole page, HTML."""
    return html(document(packet))


def document(packet: Packet) -> Document:
    """What a council adopts and publishes."""
    book, profile = packet.book, packet.profile
    return Document(
        title=f"License-plate readers: what {packet.agency} adopts and publishes",
        lead=(
            Paragraph(
                f"{profile.name}, law in force since {profile.effective}; made on "
                f"{packet.on} from the rules that the system itself decides by."
            ),
            Paragraph(
                "We are not lawyers, and this is not legal advice. No lawyer has "
                "reviewed a rule unless it says so. What a lawyer must still read "
                "stands at the end, least sure first."
            ),
            *([Paragraph(packet.suspended)] if packet.suspended else []),
        ),
        sections=(
            Section("Purposes", _purposes(packet, book)),
            Section("Who may be given reads", _agencies(packet, book)),
            Section("How long reads are kept", _retention(packet)),
            Section("Lists that reads are compared with", _lists(packet, book)),
            Section("Cameras", _cameras(packet.cameras)),
            *(_adopted(each) for each in packet.terms),
            Section("Reports that the law asks for", _reports(profile)),
            Section("Fingerprints", _fingerprints(packet, book)),
            Section("What a lawyer must still read, least sure first", _open(packet)),
            *(_text_of(each) for each in packet.terms),
        ),
    )


def _purposes(packet: Packet, book: RuleBook) -> tuple[Block, ...]:
    """Of each purpose, what an investigator with a case is told."""
    rows = []
    for purpose in packet.profile.purposes:
        asked = Request(
            act=Act.SEARCH_READS,
            custodian=packet.profile.custodian,
            roles=frozenset({Role.INVESTIGATOR}),
            purpose=purpose.code,
            case=Case.GIVEN,
            reach=Reach.WITHIN,
        )
        rows.append((purpose.label, *_said(book, asked)))
    return (table(("search for", "allowed", "because"), _together(rows)),)


def _agencies(packet: Packet, book: RuleBook) -> tuple[Block, ...]:
    rows = [
        (RECEIVERS[each], *_said(book, disclosure(each, packet.profile.custodian)))
        for each in Receiver
    ]
    answers = table(("who", "allowed", "because"), _together(rows))
    if packet.partners is None:
        return (answers,)
    if not packet.partners:
        return (
            answers,
            Paragraph("No agency is on the register of those who may ask."),
        )
    register = table(
        ("agency on the register", "state", "kind", "written declaration"),
        (
            (each.name, each.state, each.kind, each.declaration)
            for each in packet.partners
        ),
    )
    return (
        answers,
        Paragraph(_counted(packet.partners, "agency", "agencies")),
        register,
    )


def _lists(packet: Packet, book: RuleBook) -> tuple[Block, ...]:
    rows = []
    for each in ListClass:
        asked = Request(
            act=Act.LOAD_HOTLIST,
            custodian=packet.profile.custodian,
            roles=frozenset({Role.LIST_CLERK}),
            list_class=each,
        )
        rows.append((spoken(each.value), *_said(book, asked)))
    answers = table(("class of list", "allowed", "because"), _together(rows))
    if packet.lists is None:
        return (answers,)
    if not packet.lists:
        return (answers, Paragraph("No list is loaded."))
    loaded = table(
        ("list", "class", "source and authority", "loaded"),
        (
            (
                each.name,
                each.list_class,
                each.source,
                each.loaded if each.alerts else f"{each.loaded}; alerts nobody now",
            )
            for each in packet.lists
        ),
    )
    return (answers, Paragraph(_counted(packet.lists, "list", "lists")), loaded)


def _together(rows: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """What has the same answer for the same reason, in one row."""
    groups: dict[tuple[str, str], list[str]] = {}
    for what, word, because in rows:
        groups.setdefault((word, because), []).append(what)
    return [(", ".join(what), *answer) for answer, what in groups.items()]


def _said(book: RuleBook, asked: Request) -> tuple[str, str]:
    decision = decide(book, asked)
    word = "yes" if isinstance(decision, Permit) else "no"
    # A policy that leaves something to the law says nothing that a reader can use.
    telling = [
        r for r in decision.because if not r.rule_id.endswith("-statute-decides")
    ]
    return word, "; ".join(f"{rule.plain} ({rule.statute})" for rule in telling)


def _retention(packet: Packet) -> tuple[Block, ...]:
    found = strictest(packet.profile, packet.terms, own=packet.own_limit)
    papers = strictest_for_papers(packet.profile, packet.terms, own=packet.own_papers)
    said = [
        (packet.profile.code, packet.profile.read_limit, packet.profile.papers_limit),
        *((each.code, each.read_limit, each.papers_limit) for each in packet.terms),
    ]
    if packet.own_limit is not None or packet.own_papers is not None:
        said.append(("agency setting", packet.own_limit, packet.own_papers))
    return (
        Paragraph(
            f"A read that hit nothing is deleted {how_long(found.limit)} after it was "
            "taken: the shortest of what follows counts, here that of "
            f"{found.because}."
        ),
        Paragraph(
            "The papers of a request of another agency or of an owner are deleted "
            f"{how_long(papers.limit)} after its answer, a written declaration that long "
            f"after its end: the shortest counts again, here that of {papers.because} "
            f"({papers.statute or 'a setting'}). What they were, their SHA-256 and the "
            "decision stay on record."
        ),
        table(
            ("source", "reads", "papers"),
            (
                (source, *(how_long(each) if each else "not said" for each in spans))
                for source, *spans in said
            ),
        ),
    )


def _cameras(cameras: Sequence[Camera] | None) -> tuple[Block, ...]:
    if cameras is None:
        return (Paragraph("The list of cameras was not given; it belongs here."),)
    if not cameras:
        return (Paragraph("No camera is in use."),)
    return (
        Paragraph(_counted(cameras, "camera", "cameras")),
        table(("name", "where"), ((each.name, each.place) for each in cameras)),
    )


def _counted(some: Sequence[object], one: str, more: str) -> str:
    return f"{len(some)} {one if len(some) == 1 else more}."


def _adopted(terms: Terms) -> Section:
    return Section(
        f"{_WORDS[terms.kind]}: {terms.name}", (_rules(terms.rules.rules.values()),)
    )


def _text_of(terms: Terms) -> Section:
    return Section(
        f"{_WORDS[terms.kind]}: {terms.name}, as the machine reads it",
        (Code(terms.rules.text),),
    )


def _rules(rules: Iterable[Rule]) -> Listing:
    return Listing(
        tuple(
            Item(
                text=rule.plain,
                note=f"{rule.statute} · {rule.rule_id} · confidence {rule.confidence} · "
                f"review: {rule.review}",
            )
            for rule in rules
        )
    )


def _reports(profile: Profile) -> tuple[Block, ...]:
    if not profile.reports:
        return (Paragraph("None is known here; that is a question for a lawyer too."),)
    return (
        Listing(
            tuple(
                Item(
                    text=f"To {each.to}, {each.due}: {', '.join(each.contents)}",
                    note=f"{each.statute} · confidence {each.confidence}",
                )
                for each in profile.reports
            )
        ),
    )


def _fingerprints(packet: Packet, book: RuleBook) -> tuple[Block, ...]:
    sets = {
        f"Law: {packet.profile.name}": packet.profile.rules.fingerprint,
        **{f"{_WORDS[t.kind]}: {t.name}": t.rules.fingerprint for t in packet.terms},
        "All together": book.fingerprint,
    }
    return (
        Paragraph(
            "A fingerprint is the SHA-256 of every answer that rules give. That of all "
            "sets together is in every record of a decision, so that anybody can tell "
            "whether the machine decides by what was adopted."
        ),
        table(
            ("rules", "fingerprint"),
            ((name, " ".join(_groups(text))) for name, text in sets.items()),
        ),
    )


def _groups(fingerprint: str) -> Iterator[str]:
    """Parts of sixteen, so that it can be read out and breaks across lines."""
    for start in range(0, len(fingerprint), _GROUP):
        yield fingerprint[start : start + _GROUP]


def _open(packet: Packet) -> tuple[Block, ...]:
    facts = [*packet.profile.facts, *(f for each in packet.terms for f in each.facts)]
    return (
        Listing(
            tuple(
                Item(
                    text=fact.says,
                    strong=fact.still_to_read,
                    note=f"{fact.statute} · confidence {fact.confidence}",
                )
                for fact in unread(facts)
            )
        ),
    )
