"""The one vocabulary: codes that rules, forms and log records share.

The list of purposes is a data file; the schema of the rules is made from it, so a code
that a rule names and the list does not is refused when the rules are loaded.
"""

import csv
from collections.abc import Iterable
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Final

import attrs

from charteroak.core.people import Act, Role
from charteroak.core.policy import Case, Reach
from charteroak.core.search import Purpose

RULED_ACTS: Final = (Act.APPROVE_HOLD, Act.REQUEST_HOLD, Act.SEARCH_READS)
"""What is decided by rules of law; all else by `core.people.ALLOWED`."""


@attrs.frozen(kw_only=True)
class PurposeName:
    """One purpose, as a form shows it.

    Attributes:
        group: what it is listed under.
        label: a few words.
        help: one sentence more; may be empty.
    """

    code: Purpose
    group: str
    label: str
    help: str


@cache
def purposes() -> tuple[PurposeName, ...]:
    """Every purpose there is, banned ones too, in the order of the form.

    Whether one is allowed is for the rules to say, never for this list: a banned
    purpose can be chosen, so that choosing it is refused and recorded.
    """
    text = files(__package__).joinpath("purposes.csv").read_text("utf-8")
    return tuple(
        PurposeName(
            code=Purpose(row["code"]),
            group=row["group"],
            label=row["label"],
            help=row["help"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def is_purpose(text: str) -> bool:
    """Whether a text is a code of the list.

    >>> is_purpose("stolen_vehicle"), is_purpose("investigation")
    (True, False)
    """
    return any(text == purpose.code for purpose in purposes())


def schema_text(custodian: str) -> str:
    """The Cedar schema: every code an enumerated entity, every act with its context."""

    def codes(members: Iterable[str]) -> str:
        return ", ".join(f'"{member}"' for member in members)

    def values(kind: type[Enum]) -> str:
        return codes(str(member.value) for member in kind)

    return f"""entity Role enum [{values(Role)}];
entity Asker in [Role];
entity Custodian enum [{codes([custodian])}];
entity Purpose enum [{codes(purpose.code for purpose in purposes())}];
entity Case enum [{values(Case)}];
entity Reach enum [{values(Reach)}];
action {codes(act.value for act in RULED_ACTS)} appliesTo {{
  principal: [Asker],
  resource: [Custodian],
  context: {{ purpose: Purpose, "case": Case, reach: Reach }}
}};
"""
