"""The files of a package that machines read: reads, decision, the record of the log."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from charteroak.core.package.contents import Package, PackageRead, picture_name
from charteroak.core.policy import Rule

# A spreadsheet computes what begins like this, in full width too (OWASP, CSV injection),
# and takes a first apostrophe away.
_COMPUTED: Final = re.compile(r"'|\s*[=+\-@\t\r\n|%\uff1d\uff0b\uff0d\uff20]")

COLUMNS: Final = (
    "number", "seen_at_utc", "plate", "whole_plate_probability",
    "character_probabilities", "state", "state_probability", "camera", "place",
    "clock_suspect", "engine", "kept", "pictures", "read_id",
)  # fmt: skip
"""The columns of `reads.csv`."""


def utc(moment: datetime) -> str:
    """A moment for machines, RFC 3339 in UTC.

    >>> utc(datetime(2026, 10, 1, 12, tzinfo=UTC))
    '2026-10-01T12:00:00.000Z'
    """
    return f"{moment.astimezone(UTC).isoformat(timespec='milliseconds')[:-6]}Z"


def safe_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula.

    Without one first apostrophe, where there is one, it is what it was.

    >>> safe_cell("=1+1"), safe_cell("Main Street")
    ("'=1+1", 'Main Street')
    """
    return f"'{text}" if _COMPUTED.match(text) else text


def reads_csv(package: Package) -> bytes:
    """The reads as a table: RFC 4180, UTF-8 with the mark that spreadsheets look for.

    Each plate has an apostrophe before it: a spreadsheet that made a number or a date
    of it would change the evidence. `reads.json` has it without.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for number, read in enumerate(package.reads, start=1):
        writer.writerow(_cells(number, read))
    return text.getvalue().encode("utf-8-sig")


def _cells(number: int, read: PackageRead) -> list[str]:
    return [
        str(number),
        utc(read.seen_at),
        f"'{read.plate.glyphs}",
        _share(read.confidence),
        " ".join(_share(each) for each in read.characters),
        read.state or "",
        "" if read.state_confidence is None else _share(read.state_confidence),
        safe_cell(read.camera_name),
        safe_cell(read.place),
        "yes" if read.clock_suspect else "no",
        safe_cell(read.engine),
        safe_cell(read.kept),
        " ".join(
            f"({each.missing})" if each.missing else picture_name(number, each)
            for each in read.pictures
        ),
        str(read.read_id),
    ]


def reads_json(package: Package) -> bytes:
    """The reads for programs: plates as they were read, probabilities to four digits."""
    return as_json([
        {
            "number": number,
            "read_id": str(read.read_id),
            "seen_at": utc(read.seen_at),
            "plate": read.plate.glyphs,
            "confidence": _rounded(read.confidence),
            "characters": [_rounded(each) for each in read.characters],
            "state": read.state,
            "state_confidence": _rounded(read.state_confidence),
            "camera": read.camera_name,
            "place": read.place or None,
            "clock_suspect": read.clock_suspect,
            "engine": read.engine or None,
            "kept": read.kept or None,
            "pictures": [
                {
                    "shows": each.kind.value,
                    "file": None if each.missing else picture_name(number, each),
                    "missing": each.missing,
                }
                for each in read.pictures
            ],
        }
        for number, read in enumerate(package.reads, start=1)
    ])  # fmt: skip


def decision_json(package: Package) -> bytes:
    """What was asked of the rules, and every rule that let it happen."""
    decision = package.decision
    asked = decision.request
    return as_json(
        {
            "act": asked.act.value,
            "decision": "permitted",
            "custodian": asked.custodian,
            "requester": asked.requester or None,
            "asked_with": dict(asked.codes),
            "rules": [_rule(rule) for rule in decision.because],
            "rules_in_force_sha256": decision.fingerprint,
            "log_record": int(package.record.record_id),
        }
    )


def entry_proofs(package: Package) -> bytes:
    """What is behind the commitments in the log's entry: `[salt, name, value]` a line.

    The SHA-256 of a line, without its end, is the commitment to that field.
    """
    proofs = sorted(package.record.proofs, key=lambda each: each.name)
    return b"".join(each.preimage + b"\n" for each in proofs)


def as_json(value: Mapping[str, object] | Iterable[object]) -> bytes:
    """A JSON file that a person can read too; the same value, the same bytes."""
    return f"{json.dumps(value, ensure_ascii=False, indent=2)}\n".encode()


def _rule(rule: Rule) -> dict[str, str]:
    return {
        "id": rule.rule_id,
        "statute": rule.statute,
        "says": rule.plain,
        "confidence": rule.confidence,
        "reviewed_by": rule.review or "no lawyer yet",
    }


def _share(value: float) -> str:
    return f"{value:.4f}"


def _rounded(value: float | None) -> float | None:
    # The store keeps single precision: more digits than these say nothing.
    return None if value is None else round(value, 4)
