"""The rules as a table: every answer there is, worked out beforehand.

A table is made from the rules by asking them about everything (`charteroak.law.compiling`)
and then answers without them, at once. What leaves the house is decided by both, and only
what both permit alike is permitted. Its digest is the fingerprint of the rules: it changes
when one answer changes, and not with the wording of a rule.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

import attrs
import msgspec

from charteroak.core.codes import ASKED_BY_A_JURISDICTION
from charteroak.core.people import Act
from charteroak.core.policy import (
    DISAGREED,
    Denial,
    Permit,
    Request,
    Rule,
    RuleBook,
    decide,
    name_of,
)

WHO: Final = "who"
"""Beside the codes of an act: who asks, a requesting jurisdiction or a set of roles."""

CELL_BYTES: Final = 2
"""One cell of a table: a number of an answer, most significant byte first."""


@attrs.frozen(cache_hash=True)
class Outcome:
    """One answer: whether it permits, and which rules decided, in their order."""

    permits: bool
    rule_ids: tuple[str, ...]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ActTable:
    """Every answer about one act.

    Codes that no answer tells apart are in one class, so the table is small although
    the space is not.

    Attributes:
        classes: field -> its classes of codes, in the order of the cells; `WHO` first.
        outcomes: every different answer.
        cells: index into `outcomes`, two bytes a cell, the last field fastest.
    """

    classes: Mapping[str, tuple[tuple[str, ...], ...]]
    outcomes: tuple[Outcome, ...]
    cells: bytes
    _steps: tuple[tuple[str, dict[str, int]], ...] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Work out how far each code lies from the first cell."""
        steps, stride = [], CELL_BYTES
        for field, classes in reversed(list(self.classes.items())):
            steps.append(
                (
                    field,
                    {
                        code: place * stride
                        for place, codes in enumerate(classes)
                        for code in codes
                    },
                )
            )
            stride *= len(classes)
        object.__setattr__(self, "_steps", tuple(steps))

    def outcome(self, codes: Mapping[str, str]) -> Outcome | None:
        """The answer to a request by its codes; None where one is unknown or missing."""
        place = 0
        try:
            for field, offsets in self._steps:
                place += offsets[codes[field]]
        except KeyError:
            return None
        return self.outcomes[int.from_bytes(self.cells[place : place + CELL_BYTES])]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Table:
    """Every answer of one rule set.

    Attributes:
        acts: the acts that it was made for.
        rules: every rule that an answer may name, by its id.
    """

    acts: Mapping[Act, ActTable]
    rules: Mapping[str, Rule]

    def outcome(self, request: Request) -> Outcome | None:
        """The answer to a request; None where the table does not hold it."""
        table = self.acts.get(request.act)
        return table.outcome({**request.codes, WHO: asker(request)}) if table else None

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the table, hexadecimal: of answers, and not of how they are told."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def to_bytes(self) -> bytes:
        """The table as it is hashed and kept: the same rules, the same bytes."""
        return msgspec.json.encode(
            {
                act.value: {
                    "classes": [[field, c] for field, c in table.classes.items()],
                    "outcomes": [[o.permits, o.rule_ids] for o in table.outcomes],
                    "cells": table.cells,
                }
                for act, table in sorted(self.acts.items())
            }
        )


def asker(request: Request) -> str:
    """Who asks, as a code: a jurisdiction, or a set of roles in their order."""
    if request.act in ASKED_BY_A_JURISDICTION:
        return request.requester
    return name_of(request.roles)


def decide_twice(
    book: RuleBook, tables: tuple[Table, ...], request: Request
) -> Permit | Denial:
    """Answer what leaves the house: by the rules and by the tables made from them.

    Args:
        book: the rules in force.
        tables: of each of its sets, in their order.
        request: what is asked.

    Returns:
        What both say; a denial with an alarm where they do not say the same.
    """
    decision = decide(book, request)
    outcomes = [table.outcome(request) for table in tables]
    known = [outcome for outcome in outcomes if outcome is not None]
    agree = len(known) == len(book.sets) and _same(decision, known)
    if agree or (isinstance(decision, Denial) and decision.alarming):
        return decision
    return Denial(
        request=request, because=(DISAGREED,), fingerprint=decision.fingerprint
    )


def _same(decision: Permit | Denial, outcomes: list[Outcome]) -> bool:
    against = [outcome for outcome in outcomes if not outcome.permits]
    ids = {rule_id for each in against or outcomes for rule_id in each.rule_ids}
    return isinstance(decision, Permit) is not bool(against) and ids == {
        rule.rule_id for rule in decision.because
    }
