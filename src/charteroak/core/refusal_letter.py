"""The letter that says no: every rule with its statute, and what could be changed.

One page that prints, needs nothing from the network and never names a plate: it may lie
open on a desk, and whoever asked knows what they asked about.
"""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

import attrs

from charteroak.core.policy import Rule

_STYLE: Final = (
    "body{font:16px/1.5 Georgia,serif;max-width:42rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1b1b;background:#fff}h1,h2{font-family:sans-serif;line-height:1.25}"
    "h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:1.8rem}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.2rem}"
    "dt{color:#565c65}dd{margin:0}li{margin:0 0 1rem}small{color:#565c65;display:block}"
    "@media(max-width:30rem){dl{display:block}dd{margin:0 0 .6rem}}"
    "@media print{body{margin:0 auto}li{break-inside:avoid}}"
)


@attrs.frozen(kw_only=True)
class Letter:
    """What stands in a letter.

    Attributes:
        agency: who writes.
        contact: where an answer goes to; empty where the agency has named no place.
        number: of the request.
        recorded: number of the record that holds the refusal.
        date: as the agency's calendar has it, in words.
        addressee: lines of an address.
        asked: what was asked, as rows of label and value; never the plate.
        because: every rule against it.
    """

    agency: str
    contact: str
    number: int
    recorded: int
    date: str
    addressee: Sequence[str]
    asked: Sequence[tuple[str, str]]
    because: Sequence[Rule]

    def html(self) -> str:
        """The whole page."""
        title = f"Request {self.number}: not granted"
        changes = [rule.change for rule in self.because if rule.change]
        parts = [
            f"<p><strong>{escape(self.agency)}</strong><br>{escape(self.date)}</p>",
            f"<p>{'<br>'.join(escape(line) for line in self.addressee)}</p>",
            f"<h1>{escape(title)}</h1>",
            _paragraph(
                "We have not given you the license-plate reads that you asked for. "
                "Nothing was looked up. The request and this answer are in the log of "
                f"this agency, under the numbers {self.number} and {self.recorded}."
            ),
            "<h2>What was asked</h2>",
            _facts([("Request", str(self.number)), *self.asked]),
            "<h2>What says no</h2>",
            _list(_rule(rule) for rule in self.because),
            "<h2>What could be changed</h2>",
            _list(escape(change) for change in dict.fromkeys(changes)),
            "<h2>If you think that this is wrong</h2>",
            _paragraph(self._answer_to()),
            _paragraph(
                "This letter says how this agency reads the law; it is not legal advice. "
                "Whether and where the refusal can be reviewed is for a lawyer to say."
            ),
        ]
        return (
            '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n<main>\n"
            + "\n".join(parts)
            + "\n</main>\n</body>\n</html>\n"
        )

    def _answer_to(self) -> str:
        place = self.contact or "this agency"
        return (
            f"Write to {place} and name the request by its number, {self.number}. If "
            "something that was missing is there now, such as a warrant that a judge "
            "signed or a declaration in force, send a new request with it."
        )


def _rule(rule: Rule) -> str:
    lawyer = f"; review: {rule.review}" if rule.review else ""
    sure = f"confidence of our reading: {rule.confidence}{lawyer}"
    return (
        f"{escape(rule.plain)}<small>{escape(rule.statute)} · rule "
        f"{escape(rule.rule_id)} · {escape(sure)}</small>"
    )


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _facts(rows: Iterable[tuple[str, str]]) -> str:
    inside = "".join(
        f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in rows
    )
    return f"<dl>{inside}</dl>"


def _list(items: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"
