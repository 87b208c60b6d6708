"""A folder of photos whose plates are known: `labels.csv` beside the pictures.

The columns `file` and `text` are needed; `x`, `y`, `w`, `h` (the plate's box in pixels),
`region` (such as `us-ct`) and `car` (which car it is, where one passes through several
pictures) are used where they are there. How to make one: docs/how-to.
"""

import csv
import re
from pathlib import Path
from typing import Final

import attrs

from charteroak.core.errors import CharterOakError
from charteroak.edge.recognize import Box

LABELS: Final = "labels.csv"

_IGNORED: Final = re.compile(r"[^A-Z0-9]")
_STATE: Final = re.compile(r"us-([a-z]{2})")


class UnusableLabelsError(CharterOakError):
    """There are no labels, or they cannot be understood."""

    code = "charteroak.bench.labels"
    hint = (
        "Put a labels.csv into the folder, with the columns file and text, and "
        "x,y,w,h where the box of the plate is known."
    )


@attrs.frozen(kw_only=True, repr=False)
class Label:
    """What is true of one picture.

    Attributes:
        path: of the picture.
        text: letters and digits of the plate, upper case.
        box: of the plate, or None where nobody drew it.
        state: two letters, upper case, or None.
        car: the same for all pictures of one passing car, or None.
    """

    path: Path
    text: str
    box: Box | None = None
    state: str | None = None
    car: str | None = None


def spelled(text: str) -> str:
    """Letters and digits alone, upper case.

    >>> spelled("krt-48 26")
    'KRT4826'
    """
    return _IGNORED.sub("", text.upper())


def labels_in(folder: Path) -> list[Label]:
    """Read a folder's labels, in their order.

    Raises:
        UnusableLabelsError: no labels, no picture among them, or a row that is none;
            named by its line.
    """
    path = folder / LABELS
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            columns = frozenset(rows.fieldnames or ())
            missing = {"file", "text"} - columns
            if missing:
                msg = f"{path} has no column {' and no '.join(sorted(missing))}"
                raise UnusableLabelsError(msg)
            labels = [
                _label(folder, row, f"line {rows.line_num} of {path}") for row in rows
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as unreadable:
        msg = f"cannot read {path}"
        raise UnusableLabelsError(msg) from unreadable
    if not labels:
        msg = f"{path} labels no picture"
        raise UnusableLabelsError(msg)
    return labels


def _label(folder: Path, row: dict[str, str | None], where: str) -> Label:
    text = spelled(row["text"] or "")
    if not row["file"] or not text:
        msg = f"{where} names no picture or no plate"
        raise UnusableLabelsError(msg)
    state = _STATE.fullmatch((row.get("region") or "").lower())
    return Label(
        path=folder / row["file"],
        text=text,
        box=_box(row, where),
        state=state[1].upper() if state else None,
        car=row.get("car") or None,
    )


def _box(row: dict[str, str | None], where: str) -> Box | None:
    if not row.get("w"):
        return None
    try:
        left, top, width, height = (round(float(row[key] or "")) for key in "xywh")
    except (KeyError, ValueError, OverflowError) as broken:
        msg = f"{where} has a box that is no four numbers"
        raise UnusableLabelsError(msg) from broken
    if width <= 0 or height <= 0:
        msg = f"{where} has an empty box"
        raise UnusableLabelsError(msg)
    return left, top, width, height
