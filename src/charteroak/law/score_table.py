"""A policy beside the presets and the statute, as a table on a terminal."""

from collections.abc import Sequence

from rich.table import Table

from charteroak.law.scoring import PRESETS, Answers, Row


def table(answers: Answers, rows: Sequence[Row]) -> Table:
    """One row for each term, and at the end how many terms are at least as strict."""
    shown = Table(
        "term",
        answers.name,
        "statute",
        *PRESETS,
        title=f"{answers.name}, in {answers.state}",
        title_justify="left",
    )
    for row in rows:
        own = f"[red]{row.own} (beyond the statute)[/]" if row.beyond else row.own
        shown.add_row(row.term, own, row.law, *row.presets)
    strict = [sum(row.within[place] for row in rows) for place in range(len(PRESETS))]
    shown.add_section()
    shown.add_row(
        "at least as strict as",
        "",
        f"{sum(not row.beyond for row in rows)} of {len(rows)}",
        *(f"{count} of {len(rows)}" for count in strict),
    )
    return shown
