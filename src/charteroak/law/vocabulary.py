"""The one vocabulary: codes that rules, forms and log records share.

The lists of purposes and of offenses are data files; the schema of the rules is made
from them and from `core.codes`, so a code that a rule names and no list does is refused
when the rules are loaded.
"""

import csv
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Final

import attrs

from charteroak.core.codes import (
    ASKED_BY_A_JURISDICTION,
    CODES,
    DECIDED_BY,
    GROUPS,
    JURISDICTIONS,
)
from charteroak.core.people import Act, Role
from charteroak.core.search import Purpose

RULED_ACTS: Final = tuple(DECIDED_BY)
"""What is decided by rules of law; all else by `core.people.ALLOWED`."""

HERE: Final = "HERE"
"""In a policy that is written for any state: the state of the agency itself."""


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


@attrs.frozen(kw_only=True)
class Offense:
    """An offense of the FBI's incident reports, and the purpose that it stands for.

    Attributes:
        code: NIBRS, such as `13A`.
        name: in words.
        purpose: what a search for it is decided as.
    """

    code: str
    name: str
    purpose: Purpose


@cache
def purposes() -> tuple[PurposeName, ...]:
    """Every purpose there is, banned ones too, in the order of the form.

    Whether one is allowed is for the rules to say, never for this list: a banned
    purpose can be chosen, so that choosing it is refused and recorded.
    """
    return tuple(
        PurposeName(
            code=Purpose(row["code"]),
            group=row["group"],
            label=row["label"],
            help=row["help"],
        )
        for row in _rows("purposes.csv")
    )


@cache
def offenses() -> tuple[Offense, ...]:
    """Every offense code there is, those of immigration law too.

    They are in the list for the same reason as banned purposes are: whoever means one
    can say so, and is refused and recorded, instead of choosing another.
    """
    return tuple(
        Offense(code=row["code"], name=row["name"], purpose=_purpose(row["purpose"]))
        for row in _rows("offenses.csv")
    )


def purpose_of(offense: str) -> Purpose | None:
    """What a search for an offense is decided as; None for an unknown code.

    >>> purpose_of("30D"), purpose_of("09a"), purpose_of("8 USC")
    ('immigration', 'homicide', None)
    """
    wanted = offense.strip().upper()
    return next((each.purpose for each in offenses() if each.code == wanted), None)


def is_purpose(text: str) -> bool:
    """Whether a text is a code of the list.

    >>> is_purpose("stolen_vehicle"), is_purpose("investigation")
    (True, False)
    """
    return any(text == purpose.code for purpose in purposes())


@cache
def values(field: str) -> tuple[str, ...]:
    """Every code that a field of a request may hold, in the order of the schema."""
    kind = CODES[field][1]
    if kind is None:
        return tuple(purpose.code for purpose in purposes())
    return tuple(str(member.value) for member in kind)


@cache
def schema_text(custodian: str) -> str:
    """The Cedar schema: every code an enumerated entity, every act with its context."""

    def codes(members: Iterable[str]) -> str:
        return ", ".join(f'"{member}"' for member in members)

    def action(act: Act, fields: tuple[str, ...]) -> str:
        groups = [name for name, acts in GROUPS.items() if act in acts]
        within = f" in [{codes(groups)}]" if groups else ""
        asker = "Jurisdiction" if act in ASKED_BY_A_JURISDICTION else "Asker"
        context = ", ".join(f'"{field}": {CODES[field][0]}' for field in fields)
        return (
            f'action "{act}"{within} appliesTo {{ principal: [{asker}], '
            f"resource: [Custodian], context: {{ {context} }} }};"
        )

    return "\n".join(
        [
            f"entity Role enum [{codes(role.value for role in Role)}];",
            "entity Asker in [Role];",
            f"entity Jurisdiction enum [{codes(JURISDICTIONS)}];",
            f"entity Custodian enum [{codes([custodian])}];",
            *(
                f"entity {kind} enum [{codes(values(field))}];"
                for field, (kind, _) in CODES.items()
            ),
            *(f'action "{name}";' for name in GROUPS),
            *(action(act, fields) for act, fields in DECIDED_BY.items()),
            "",
        ]
    )


def _rows(name: str) -> Iterable[dict[str, str]]:
    text = files(__package__).joinpath(name).read_text("utf-8")
    return csv.DictReader(text.splitlines())


def _purpose(code: str) -> Purpose:
    if not is_purpose(code):
        msg = f"offenses.csv names the purpose {code}, which is not in purposes.csv"
        raise LookupError(msg)
    return Purpose(code)
