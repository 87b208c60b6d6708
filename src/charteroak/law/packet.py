"""What a council has to adopt and publish, as one page that prints.

Everything on it is asked of the rules in force; nothing is written by hand, so what is
adopted is what the machine does. The page needs nothing from the network.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from html import escape
from pathlib import Path
from typing import Final

import attrs

from charteroak.core.codes import Case, Reach
from charteroak.core.errors import CharterOakError
from charteroak.core.hotlist import ListClass
from charteroak.core.people import Act, Role
from charteroak.core.policy import Permit, Request, Rule, RuleBook, decide
from charteroak.law.profile import Kind, Profile, Terms, strictest
from charteroak.law.scoring import RECEIVERS, Receiver, disclosure, how_long
from charteroak.law.words import spoken

_STYLE: Final = (
    "body{font:16px/1.5 Georgia,serif;max-width:46rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1b1b}h1,h2{font-family:sans-serif;line-height:1.2}table{width:100%;"
    "border-collapse:collapse;margin:1rem 0}th,td{text-align:left;vertical-align:top;"
    "padding:.3rem .6rem .3rem 0;border-bottom:1px solid #c9c9c9}small{color:#565c65}"
    "@media print{h2{break-after:avoid}tr{break-inside:avoid}}"
)


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
class Packet:
    """What the page is made from.

    Attributes:
        agency: its name.
        cameras: None where they were not given.
        on: the day it was made.
    """

    agency: str
    profile: Profile
    terms: Sequence[Terms]
    cameras: Sequence[Camera] | None
    on: date

    @property
    def book(self) -> RuleBook:
        """All rule sets; each must permit."""
        return RuleBook(sets=(self.profile.rules, *(each.rules for each in self.terms)))


def page(packet: Packet) -> str:
    """The whole page, HTML."""
    book, profile = packet.book, packet.profile
    title = f"License-plate readers: what {packet.agency} adopts and publishes"
    parts = [
        f"<h1>{escape(title)}</h1>",
        _paragraph(
            f"{profile.name}, law in force since {profile.effective}; made on {packet.on} "
            "from the rules that the system itself decides by. This is not legal advice: "
            "no lawyer has reviewed a rule unless it says so."
        ),
        _paragraph(f"Fingerprint of all answers: {book.fingerprint}"),
        _section("Purposes", _purposes(packet, book)),
        _section("Who may be given reads", _agencies(packet, book)),
        _section("How long reads are kept", _retention(packet)),
        _section("Lists that reads are compared with", _lists(packet, book)),
        _section("Cameras", _cameras(packet.cameras)),
        *(_section(*_adopted(each)) for each in packet.terms),
        _section("Reports that the law asks for", _reports(profile)),
        _section("What a lawyer must still read, least sure first", _open(profile)),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def _purposes(packet: Packet, book: RuleBook) -> str:
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
    return _table(("search for", "allowed", "because"), _together(rows))


def _agencies(packet: Packet, book: RuleBook) -> str:
    rows = [
        (RECEIVERS[each], *_said(book, disclosure(each, packet.profile.custodian)))
        for each in Receiver
    ]
    return _table(("who", "allowed", "because"), _together(rows))


def _lists(packet: Packet, book: RuleBook) -> str:
    rows = []
    for each in ListClass:
        asked = Request(
            act=Act.LOAD_HOTLIST,
            custodian=packet.profile.custodian,
            roles=frozenset({Role.LIST_CLERK}),
            list_class=each,
        )
        rows.append((spoken(each.value), *_said(book, asked)))
    return _table(("class of list", "allowed", "because"), _together(rows))


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


def _retention(packet: Packet) -> str:
    found = strictest(packet.profile, packet.terms)
    sources = [(packet.profile.code, how_long(packet.profile.read_limit))] + [
        (each.code, how_long(each.read_limit) if each.read_limit else "not said")
        for each in packet.terms
    ]
    return _paragraph(
        f"A read that hit nothing is deleted {how_long(found.limit)} after it was taken: "
        f"the shortest of what follows counts, here that of {found.because}."
    ) + _table(("source", "period"), sources)


def _cameras(cameras: Sequence[Camera] | None) -> str:
    if cameras is None:
        return _paragraph("The list of cameras was not given; it belongs here.")
    rows = [(each.name, each.place) for each in cameras]
    return _paragraph(f"{len(rows)} cameras.") + _table(("name", "where"), rows)


def _adopted(terms: Terms) -> tuple[str, str]:
    words = {
        Kind.CONTRACT: "Contract terms",
        Kind.POLICY: "Policy",
        Kind.PRESET: "Policy",
        Kind.STATUTE: "Law",
    }
    return f"{words[terms.kind]}: {terms.name}", _rules(terms.rules.rules.values())


def _rules(rules: Iterable[Rule]) -> str:
    return _list(
        f"{escape(rule.plain)} <small>{escape(rule.statute)} · {escape(rule.rule_id)} · "
        f"confidence {escape(rule.confidence)} · review: {escape(rule.review)}</small>"
        for rule in rules
    )


def _reports(profile: Profile) -> str:
    if not profile.reports:
        return _paragraph("None is known here; that is a question for a lawyer too.")
    return _list(
        f"To {escape(each.to)}, {escape(each.due)}: {escape(', '.join(each.contents))} "
        f"<small>{escape(each.statute)} · confidence {escape(each.confidence)}</small>"
        for each in profile.reports
    )


def _open(profile: Profile) -> str:
    return _list(
        f"{escape(fact.says)} <strong>{escape(fact.still_to_read)}</strong> "
        f"<small>{escape(fact.statute)} · confidence {escape(fact.confidence)}</small>"
        for fact in profile.questions
    )


def _section(title: str, inside: str) -> str:
    return f"<h2>{escape(title)}</h2>\n{inside}"


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>\n"


def _list(items: Iterable[str]) -> str:
    return "<ul>\n" + "".join(f"<li>{item}</li>\n" for item in items) + "</ul>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def lines() -> Iterator[str]:
        yield "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
        for row in rows:
            yield "".join(f"<td>{escape(cell)}</td>" for cell in row)

    return "<table>\n" + "".join(f"<tr>{line}</tr>\n" for line in lines()) + "</table>"
