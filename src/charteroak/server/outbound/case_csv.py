"""Case numbers from a file that the agency's records system writes."""

import csv
import threading
from pathlib import Path
from typing import Final

from charteroak.core.case_file import CaseFile, RecordsUnreachableError

_COLUMNS: Final = {"case", "status", "unit"}
_NEEDED: Final = {"case", "status"}
_LARGEST_BYTES: Final = 64 * 1024 * 1024
_OPEN: Final = {"active", "open", "pending"}
_CLOSED: Final = {"cleared", "closed", "inactive"}


class CsvCases:
    """A CSV file with a header: case, status (open or closed), and perhaps unit.

    Read again whenever it has changed. A file that cannot be used counts as a system
    that does not answer: never as one that knows no case.
    """

    def __init__(self, file: Path) -> None:
        """Take a file; it is first read when somebody asks."""
        self._file = file
        self._lock = threading.Lock()
        self._read_as: tuple[int, int] | None = None
        self._cases: dict[str, CaseFile] = {}

    def find(self, case_ref: str) -> CaseFile | None:
        """See `core.case_file.CaseRecords`."""
        with self._lock:
            self._refresh()
            return self._cases.get(case_ref.upper())

    def _refresh(self) -> None:
        try:
            seen = self._file.stat()
            as_of = (seen.st_mtime_ns, seen.st_size)
            if as_of == self._read_as:
                return
            if seen.st_size > _LARGEST_BYTES:
                raise RecordsUnreachableError("the file of cases is larger than 64 MB")
            with self._file.open(encoding="utf-8-sig", newline="") as opened:
                self._cases = _cases(csv.DictReader(opened, strict=True))
        except (OSError, UnicodeDecodeError, csv.Error):
            self._read_as = None
            raise RecordsUnreachableError("the file of cases cannot be read") from None
        self._read_as = as_of


def _cases(rows: "csv.DictReader[str]") -> dict[str, CaseFile]:
    header = {name.strip().lower() for name in rows.fieldnames or ()}
    if not _NEEDED <= header <= _COLUMNS:
        raise RecordsUnreachableError("the file of cases does not name its columns")
    rows.fieldnames = [name.strip().lower() for name in rows.fieldnames or ()]
    return {
        str(row["case"]).strip().upper(): CaseFile(
            open=is_open(str(row["status"])), unit=str(row.get("unit") or "").strip()
        )
        for row in rows
    }


def is_open(status: str) -> bool:
    """Whether a status means that a case is still worked on.

    Raises:
        RecordsUnreachableError: it is none that we know.
    """
    word = status.strip().lower()
    if word in _OPEN or word in _CLOSED:
        return word in _OPEN
    raise RecordsUnreachableError("the records system gives a status we do not know")
