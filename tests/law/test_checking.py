"""Every request one by one: a table that says anything else is told."""

from datetime import date

import attrs

from charteroak.core.codes import DECIDED_BY
from charteroak.core.decision_table import Table
from charteroak.core.people import Act
from charteroak.law.checking import one_by_one, space_size
from charteroak.law.compiling import compile_table, whole_space
from charteroak.law.loader import load_profile

NH = load_profile("us_nh", on=date(2026, 11, 22))
SMALL = (Act.SUSPEND, Act.LOAD_HOTLIST, Act.ANSWER_OWNER)
TABLE = compile_table(NH.rules, custodian="NH", acts=SMALL)


def test_a_table_of_the_rules_is_found_right_at_every_request() -> None:
    asked: list[int] = []

    troubles = list(
        one_by_one(NH.rules, TABLE, custodian="NH", acts=SMALL, advance=asked.append)
    )

    assert not troubles
    assert sum(asked) == 128 * (3 * 3 + 11 + 4 * 4)


def test_one_cell_that_is_wrong_is_told() -> None:
    act = TABLE.acts[Act.SUSPEND]
    wrong = Table(
        acts={
            **TABLE.acts,
            Act.SUSPEND: attrs.evolve(act, outcomes=act.outcomes[::-1]),
        },
        rules=TABLE.rules,
    )

    (trouble,) = one_by_one(NH.rules, wrong, custodian="NH", acts=SMALL)

    assert "suspend: the table says otherwise than the rules" in trouble


def test_the_size_of_the_space_is_what_is_walked() -> None:
    small = [act for act in DECIDED_BY if act is not Act.DISCLOSE]
    walked = sum(1 for act in small for _ in whole_space(act, custodian="NH"))

    assert space_size() == walked + 53 * 8 * 39 * 3 * 4 * 5
