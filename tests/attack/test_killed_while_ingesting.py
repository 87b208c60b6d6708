"""Promise 11: a server that dies between any two steps of ingest loses and doubles nothing.

The real ingest is killed before its first step, before its second, and so on until it
gets through. Whatever it had done by then, the same batch is then taken whole, once.
"""

from datetime import timedelta
from pathlib import Path

import msgspec
from tests.attack.a_mortal_server import mortal_server
from tests.support.agency import SettableClock
from tests.support.box import FakeBox, wanted
from tests.support.postgres import TestAgency
from tests.support.tables import Tables

from charteroak.core.wire import Batch, BatchAnswer
from charteroak.server.actions.ingest_reads import Taken
from charteroak.server.actions.purge_reads import purge_reads
from charteroak.server.agency import Agency

DAY = timedelta(days=1)
FEWEST_STEPS = 20
MOST_STEPS = 100


def of_every_kind(agency: Agency, box: FakeBox) -> Batch:
    """A hit, a plain read, one misdated, one due, one that is refused."""
    reads = [
        box.read("AB12345", picture=b"a hit"),
        box.read("PLAIN1", picture=b"nobody"),
        box.read("AB12345", ago=-timedelta(hours=1), picture=b"another clock"),
        box.read("PLAIN2", ago=agency.retention.limit + DAY, picture=b"long ago"),
        box.read("PLAIN3", camera="not-ours"),
    ]
    return box.batch(*(box.seal(read) for read in reads))


COUNTED = {
    "count(*) FROM reads": 2,
    "count(DISTINCT read_id) FROM reads": 2,
    "count(*) FROM reads_misdated": 1,
    "sum(reads) FROM read_counts": 2,
    "sum(hits) FROM read_counts": 2,
    "sum(misdated) FROM read_counts": 1,
    "sum(due_on_arrival) FROM read_counts": 1,
    "sum(n) FROM refusals": 1,
    "count(*) FROM alerts": 2,
    "count(DISTINCT read_id) FROM alert_evidence": 2,
    "count(*) FROM log WHERE kind = 'alert.raised'": 2,
    "count(*) FROM batches": 1,
}
"""What a batch adds to, and how much."""


def of_batches(n: int) -> dict[str, int]:
    """What so many batches add."""
    return {what: n * each for what, each in COUNTED.items()}


def counted(tables: Tables) -> dict[str, int]:
    """What all batches have added."""
    queries = ", ".join(f"coalesce((SELECT {what}), 0)::int" for what in COUNTED)
    (row,) = tables.rows(f"SELECT {queries}")
    return {what: int(str(n)) for what, n in zip(COUNTED, row, strict=True)}


def segments(agency: Agency) -> set[str]:
    """The pictures' files, by place and name."""
    folder = agency.settings.data / "pictures"
    return {
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
    }


def referred(tables: Tables) -> set[str]:
    rows = tables.rows(
        "SELECT plate_picture FROM reads UNION SELECT plate_picture FROM reads_misdated"
    )
    return {str(Path(str(row[0]).partition(":")[0])) for row in rows}


def test_a_death_between_any_two_steps_loses_and_doubles_nothing(
    agency: Agency,
    agency_schema: TestAgency,
    agency_clock: SettableClock,
    box: FakeBox,
    tables: Tables,
) -> None:
    wanted(agency, "AB12345")
    answer: BatchAnswer | None = None
    deaths = 0
    with mortal_server(agency_schema, agency) as server:
        while answer is None:
            assert deaths < MOST_STEPS
            batch = of_every_kind(agency, box)
            body = msgspec.msgpack.encode(batch)
            answer = server.ingest(box.request(body), body, dies_before=deaths + 1)
            # All of it, or nothing: what was answered is there, nothing else is.
            whole = deaths + (answer is not None)
            assert counted(tables) == of_batches(whole)

            again = [box.deliver(batch) for _ in range(2)]

            assert isinstance(again[0], Taken), again
            assert again[0] == again[1]
            if answer is not None:
                assert again[0].answer == answer
            deaths += 1
            assert counted(tables) == of_batches(deaths)
    assert deaths > FEWEST_STEPS

    # Pictures of batches that were broken off lie there, and go with their bucket.
    assert segments(agency) > referred(tables)
    agency_clock.advance(agency.retention.limit + DAY)
    purge_reads(agency)
    assert segments(agency) == set()
    assert tables.count("reads") == tables.count("reads_misdated") == 0
