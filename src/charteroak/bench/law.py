"""How fast the rules decide, how fast all they can say is checked, and what is wrong.

The rules are Connecticut's statute with an agency's policy and a contract: three sets, all
of which must permit. The oracle is that of the tests, so this needs a checkout.
"""

import json
import multiprocessing
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Final

import charteroak
from charteroak.bench import law_notes
from charteroak.bench.bench import (
    Bench,
    BenchFailedError,
    Better,
    Once,
    Scale,
    Steps,
    Target,
    Values,
)
from charteroak.core.codes import DECIDED_BY, JURISDICTIONS
from charteroak.core.decision_table import WHO, Table
from charteroak.core.people import Act
from charteroak.core.policy import Request, RuleBook, RuleSet, decide
from charteroak.law.compiling import compile_table, request_of
from charteroak.law.loader import load_profile, load_terms, profile_codes
from charteroak.law.vocabulary import values

_ROOT: Final = Path(charteroak.__file__).parents[2]
_CELLS: Final = _ROOT.parent / "shared" / "data" / "decisions" / "disclose.jsonl"
_TERMS: Final = ("published_prohibitions", "no_sharing")
_NARROWING: Final = ("local", "minimal", "no_sharing", "statutory")
_DECISIONS: Final = {Scale.FULL: 2_000, Scale.SMALL: 20}
_NOTES: Final = {Scale.FULL: 100_000, Scale.SMALL: 100}
_LOOKUPS: Final = {Scale.FULL: 200_000, Scale.SMALL: 500}
_STARTS: Final = {Scale.FULL: 5, Scale.SMALL: 1}
_QUESTION: Final = (
    "disclose",
    "requester=NY",
    "purpose=robbery",
    "declaration=expired",
)


@contextmanager
def prepare(scale: Scale, steps: Steps) -> Iterator[Once]:
    """Load the rules and make their tables.

    Raises:
        BenchFailedError: this is no checkout, so that there is no oracle.
    """
    if not (_ROOT / "tests" / "law" / "disclosure_oracle.py").exists():
        raise BenchFailedError("the oracle is with the tests: run it in a checkout")
    steps.begin("making the tables")
    book = _book()
    tables = [compile_table(each, custodian="CT") for each in book.sets]

    def once() -> Values:
        enumerated, wrong = _enumerate(scale, steps)
        return {
            "cedar_per_s": _cedar_per_s(book, _DECISIONS[scale]),
            "table_per_s": _table_per_s(tables[0], _LOOKUPS[scale]),
            "enumeration_s": enumerated,
            "explain_s": _explain_s(_STARTS[scale]),
            "cells_wrong": wrong + _wrong_cells(),
            **law_notes.screened(_NOTES[scale]),
        }

    yield once


def _book() -> RuleBook:
    profile = load_profile("us_ct", on=date.max)
    terms = (load_terms(name, custodian="CT").rules for name in _TERMS)
    return RuleBook(sets=(profile.rules, *terms))


def _requests(count: int) -> list[Request]:
    """Requests for disclosure of every kind, the same at each run."""
    fields = DECIDED_BY[Act.DISCLOSE]
    found = []
    for number in range(count):
        # Strides that share no factor with the lengths of the lists visit all of them.
        codes = {
            field: values(field)[number * 7 // (place + 1) % len(values(field))]
            for place, field in enumerate(fields)
        }
        requester = JURISDICTIONS[number * 5 % len(JURISDICTIONS)]
        found.append(
            request_of(Act.DISCLOSE, codes, custodian="CT", requester=requester)
        )
    return found


def _cedar_per_s(book: RuleBook, count: int) -> float:
    requests = _requests(count)
    began = time.perf_counter()
    for request in requests:
        decide(book, request)
    return count / (time.perf_counter() - began)


def _table_per_s(table: Table, count: int) -> float:
    requests = _requests(1_000)
    began = time.perf_counter()
    for number in range(count):
        table.outcome(requests[number % 1_000])
    return count / (time.perf_counter() - began)


def _explain_s(starts: int) -> float:
    """The median of a few cold starts."""
    command = [sys.executable, "-m", "charteroak.cli", "law", "explain", *_QUESTION]
    times = []
    for _ in range(starts):
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own command
        times.append(time.perf_counter() - began)
        if done.returncode != 1 or b"CT-no-declaration" not in done.stdout:
            raise BenchFailedError("`charteroak law explain` did not answer")
    return statistics.median(times)


def _enumerate(scale: Scale, steps: Steps) -> tuple[float, float]:
    """Seconds for every disclosure of every profile, and how many answers are wrong."""
    names = [*profile_codes(), *_NARROWING]
    if scale is Scale.SMALL:
        names = names[:1]
    whole = scale is Scale.FULL
    steps.begin("every disclosure of every profile", len(names))
    began, wrong = time.perf_counter(), 0
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(2 if whole else 1) as pool:
        for found in pool.imap_unordered(_held, [(name, whole) for name in names]):
            wrong += found
            steps.advance()
    return time.perf_counter() - began, wrong


def _held(order: tuple[str, bool]) -> int:
    """How many disclosures one profile answers otherwise than the oracle."""
    name, whole = order
    sys.path.insert(0, str(_ROOT))
    oracle = import_module("tests.law.disclosure_oracle")
    rules, custodian = _rules_of(name)
    made = compile_table(rules, custodian=custodian, acts=(Act.DISCLOSE,))
    table = made.acts[Act.DISCLOSE]
    told = {each: (each.permits, frozenset(each.rule_ids)) for each in table.outcomes}
    right: Callable[[object], object] = oracle.DISCLOSE[name]
    fields = (WHO, *DECIDED_BY[Act.DISCLOSE])
    who = JURISDICTIONS if whole else JURISDICTIONS[:1]
    wrong = 0
    for codes in product(who, *map(values, fields[1:])):
        found = table.outcome(dict(zip(fields, codes, strict=True)))
        wrong += found is None or told[found] != right(oracle.Asked(*codes))
    return wrong


def _rules_of(name: str) -> tuple[RuleSet, str]:
    if name in profile_codes():
        profile = load_profile(name, on=date.max)
        return profile.rules, profile.custodian
    return load_terms(name, custodian="CT").rules, "CT"


def _wrong_cells() -> int:
    """Of the uncontested cells that lie beside the checkout, where they do."""
    if not _CELLS.exists():
        return 0
    wrong = 0
    for line in _CELLS.read_text("utf-8").splitlines():
        cell = json.loads(line)
        profile = load_profile(f"us_{cell['custodian'].lower()}", on=date.max)
        process = cell["legal_process"].replace("warrant", "judicial_warrant")
        request = request_of(
            Act.DISCLOSE,
            {
                "agency_kind": cell["agency_kind"],
                "purpose": cell["purpose"],
                "declaration": cell["declaration"],
                "data_kind": cell["data"],
                "legal_process": process,
            },
            custodian=cell["custodian"],
            requester=cell["requester"],
        )
        answer = decide(RuleBook(sets=(profile.rules,)), request)
        wrong += (type(answer).__name__ == "Permit") is not cell["permit"]
    return wrong


def _note() -> str:
    cells = "with" if _CELLS.exists() else "without"
    return (
        "three rule sets; wrong cells counted over the whole space and "
        f"{cells} the uncontested decisions; {law_notes.note()}"
    )


RULES: Final = (
    Target(name="cedar_per_s", unit="/s", target=2_000, better=Better.HIGHER),
    Target(name="table_per_s", unit="/s", target=100_000, better=Better.HIGHER),
    Target(name="enumeration_s", unit="s", target=180, better=Better.LOWER),
    Target(name="explain_s", unit="s", target=0.8, better=Better.LOWER),
    Target(name="cells_wrong", unit="cells", target=0, better=Better.LOWER),
)
"""Figures of the rules; those of notes stand in `law_notes`."""

BENCH: Final = Bench(
    name="law",
    says="decisions of statute, policy and contract together, lookups in the table, every "
    "disclosure of every profile against the oracle, a question from a cold start, notes",
    lasts="about a minute and a half",
    targets=(*RULES, *law_notes.NOTES),
    prepare=prepare,
    runs=3,
    note=_note,
)
