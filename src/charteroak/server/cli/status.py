"""`charteroak server status`: plain words for a clerk, JSON for machines."""

from collections.abc import Iterator

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from charteroak.server.actions.see_status import Status, see_status
from charteroak.server.bootstrap import Site
from charteroak.server.cli.common import ATTENTION, AsJson, shared_site
from charteroak.server.running import answers
from charteroak.server.web.status_pages import (
    BROKEN,
    NAMES,
    NOTES,
    TROUBLES,
    WHEN_LATE,
)
from charteroak.server.web.text import ENGLISH, exactly

_GIBIBYTE = 1 << 30
_NOT_RUNNING = (
    "The server does not run here: nothing is taken in, shown or deleted. Start it "
    "(systemctl start charteroak), then look into its log (journalctl -u charteroak)."
)


def status(*, as_json: AsJson = False) -> None:
    """Say in plain words how the server stands, and what a person must do.

    Example: charteroak server status

    Exit status: 0 all is well; 1 something needs a person.
    """
    with shared_site() as site:
        seen = see_status(site.agency)
        running = _runs(site)
    if as_json:
        typer.echo(msgspec.json.encode(_plain(seen, running=running)).decode())
    else:
        _print(seen, running=running)
    if not (seen.well and running):
        raise typer.Exit(ATTENTION)


def _runs(site: Site) -> bool:
    """Whether a server serves this agency: it holds the data folder, or listens."""
    if site.agency.settings.dsn is None:
        return site.postgres is None
    return answers(site.agency.settings)


def to_do(seen: Status, *, running: bool) -> Iterator[str]:
    """What needs a person, the most urgent first, in sentences."""
    if not running:
        yield _NOT_RUNNING
    for line in seen.duties:
        if line.late:
            trouble = line.state.trouble if line.state else ""
            what = f"Late: {NAMES[line.duty]}. {WHEN_LATE[line.duty]}"
            yield f"{what} What went wrong: {trouble}" if trouble else what
    for code in seen.broken_promises:
        yield f"A promise that this database cannot keep: {BROKEN[code]}"
    for trouble in seen.troubles:
        named = ", ".join(each.name for each in seen.named(trouble))
        yield f"{TROUBLES[trouble]} Which: {named}." if named else TROUBLES[trouble]


def _plain(seen: Status, *, running: bool) -> dict[str, object]:
    return {
        "well": seen.well and running,
        "running": running,
        "to_do": list(to_do(seen, running=running)),
        "at": seen.at,
        "limit_s": int(seen.limit.total_seconds()),
        "oldest_at": seen.oldest_at,
        "stored_24h": seen.stored,
        "deleted_24h": seen.deleted,
        "refusals_24h": seen.refusals,
        "unverified_alerts": seen.unverified,
        "matcher": seen.matcher,
        "rules": dict(seen.rules),
        "policy": seen.policy,
        "suspended_at": seen.suspended_at,
        "broken_promises": list(seen.broken_promises),
        "troubles": [trouble.value for trouble in seen.troubles],
        "notes": list(seen.notes),
        "certificate": seen.certificate
        and {
            "state": seen.certificate.state.value,
            "expires_at": seen.certificate.expires_at,
        },
        "disk": {
            "free_bytes": seen.disk.free_bytes,
            "total_bytes": seen.disk.total_bytes,
        },
        "boxes": [
            {
                "name": box.name,
                "last_batch_at": box.last_batch_at,
                "heard_at": box.heard_at,
                "silent": box.silent,
                "waiting": box.standing and box.standing.waiting,
            }
            for box in seen.boxes
        ],
        "cameras_without_picture": [each.name for each in seen.blind],
        "duties": [
            {
                "duty": line.duty.value,
                "late": line.late,
                "last_success_at": line.state and line.state.last_success_at,
                "next_due_at": line.state and line.state.next_due_at,
                "trouble": line.state.trouble if line.state else "",
            }
            for line in seen.duties
        ],
    }


def _print(seen: Status, *, running: bool) -> None:
    console = Console(highlight=False)
    needed = list(to_do(seen, running=running))
    console.print("Something needs attention." if needed else "All is well.")
    for number, each in enumerate(needed, start=1):
        console.print(Text(f"{number}. {each}"))
    console.print()
    table = Table("Duty", "State", "Last done", "Next due", box=None)
    for line in seen.duties:
        state = line.state
        last = state.last_success_at if state else None
        table.add_row(
            NAMES[line.duty],
            "LATE" if line.late else "ok",
            f"{last:%Y-%m-%d %H:%M:%S}Z" if last else "never",
            f"{state.next_due_at:%Y-%m-%d %H:%M:%S}Z" if state else "now",
        )
    console.print(table)
    console.print()
    facts = Table(show_header=False, box=None)
    for name, value in _facts(seen):
        facts.add_row(name, Text(value))
    console.print(facts)
    for note in seen.notes:
        console.print(Text(f"What could be better: {NOTES[note]}"))


def _facts(seen: Status) -> Iterator[tuple[str, str]]:
    yield "Reads are kept for", exactly(seen.limit, ENGLISH)
    yield "Stored, deleted in 24 hours", f"{seen.stored}, {seen.deleted}"
    yield "Alerts that wait for a person", str(seen.unverified)
    free, total = seen.disk.free_bytes, seen.disk.total_bytes
    yield "Room on the disk", f"{free / _GIBIBYTE:.1f} of {total / _GIBIBYTE:.1f} GiB"
    if seen.certificate is not None and seen.certificate.expires_at is not None:
        yield "Certificate until", f"{seen.certificate.expires_at:%Y-%m-%d %H:%M}Z"
    yield from seen.rules
    yield "All rules together", seen.policy
    if seen.suspended_at is not None:
        yield "SUSPENDED by the council", f"since {seen.suspended_at:%Y-%m-%d %H:%M}Z"
    for box in seen.boxes:
        heard = box.heard_at
        said = f"heard {heard:%Y-%m-%d %H:%M:%S}Z" if heard else "never heard"
        yield f"Box: {box.name}", f"SILENT, {said}" if box.silent else said
