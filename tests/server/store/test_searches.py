"""The look: what it finds is what the pattern means, and it finds it by the index."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import psycopg
import pytest

from charteroak.core.log_record import RecordId
from charteroak.core.people import Act, Role
from charteroak.core.plate import PlatePattern, match_key
from charteroak.core.policy import Permit, decide, request
from charteroak.core.sealed import LogReceipt
from charteroak.core.search import Search, grams, like
from charteroak.server.agency import Agency
from charteroak.server.store import buckets, erasure, searches
from charteroak.server.store.searches import ForeignPermitError, Page
from tests.support.postgres import TestAgency
from tests.support.sightings import a_search, person

DAYS = 20
_FILL = """
    INSERT INTO reads (read_id, camera_id, box_id, seen_at, received_at, plate,
                       match_key, confidence, characters, plate_box, engine,
                       clock_suspect, plate_picture, vehicle_picture)
    SELECT gen_random_uuid(), 'main-st', gen_random_uuid(), seen_at, seen_at, plate,
           translate(plate, 'O', '0'), 0.5, array_fill(0.5::real, ARRAY[length(plate)]),
           ARRAY[1, 2, 3, 4], 'test', false, '', ''
      FROM unnest(%(plates)s::text[], %(seen)s::timestamptz[]) AS n (plate, seen_at)
"""


def filled(agency: Agency, plates: Sequence[str]) -> None:
    """Take in reads of plates, spread over 20 days."""
    step = timedelta(days=DAYS) / len(plates)
    now = agency.clock()
    with agency.database.ingests() as tx:
        tx.connection.execute(
            _FILL,
            {
                "plates": list(plates),
                "seen": [now - step * (at + 1) for at in range(len(plates))],
            },
        )


def permit(agency: Agency, search: Search) -> Permit:
    """What the rules really say."""
    decision = decide(
        agency.rules,
        request(
            Act.SEARCH_READS,
            person(Role.INVESTIGATOR),
            custodian="CT",
            purpose=search.purpose,
            case_ref=search.case_ref,
            since=search.since,
            at=agency.clock(),
            limit=agency.profile.read_limit,
        ),
    )
    assert isinstance(decision, Permit)
    return decision


def found(agency: Agency, search: Search, *, limit: int = 10_000) -> Page:
    with agency.database.looks() as tx:
        return searches.find(
            tx,
            permit=permit(agency, search),
            logged=LogReceipt(RecordId(1)),
            search=search,
            not_before=agency.retention.not_before(agency.clock()),
            limit=limit,
        )


def random_texts(signs: str, *, count: int, longest: int, seed: int) -> list[str]:
    generator = np.random.default_rng(seed)
    return [
        "".join(generator.choice(list(signs), size=generator.integers(1, longest + 1)))
        for _ in range(count)
    ]


def test_sql_finds_exactly_what_the_pattern_means(agency: Agency) -> None:
    plates = random_texts("AB0O1", count=600, longest=10, seed=1)
    filled(agency, plates)
    patterns = [
        text
        for text in random_texts("AB01??**", count=400, longest=7, seed=2)
        if len(text.replace("?", "").replace("*", "")) >= 2
    ]
    assert len(patterns) > 100

    hits = 0
    for text in patterns:
        pattern = PlatePattern.parse(text)
        page = found(agency, a_search(agency, text, back=timedelta(days=21)))
        expected = sorted(
            plate for plate in plates if pattern.matches(match_key(plate))
        )
        assert sorted(each.read.plate.glyphs for each in page.sightings) == expected
        hits += len(expected)
    assert hits > 1000


def test_a_letter_o_finds_what_was_read_as_zero(agency: Agency) -> None:
    filled(agency, ["AO1", "A01", "AQ1"])

    page = found(agency, a_search(agency, "AO1", back=timedelta(days=21)))

    assert sorted(each.read.plate.glyphs for each in page.sightings) == ["A01", "AO1"]


def test_a_page_is_the_newest_and_says_that_it_was_cut(agency: Agency) -> None:
    filled(agency, ["ABC123"] * 60)
    search = a_search(agency, "ABC*", back=timedelta(days=21))

    every = found(agency, search)
    page = found(agency, search, limit=25)
    exact = found(agency, search, limit=60)

    assert (len(every.sightings), every.cut) == (60, False)
    assert page.cut
    assert page.sightings == every.sightings[:25]
    assert not exact.cut


def test_a_permit_for_another_search_is_refused(agency: Agency) -> None:
    given = permit(agency, a_search(agency))
    other = a_search(agency, purpose="burglary")
    caseless = a_search(agency, case_ref="")

    for search in [other, caseless]:
        with agency.database.looks() as tx, pytest.raises(ForeignPermitError):
            searches.find(
                tx,
                permit=given,
                logged=LogReceipt(RecordId(1)),
                search=search,
                not_before=search.since,
                limit=10,
            )


def test_buckets_that_are_dropped_are_passed_over(
    agency: Agency, agency_schema: TestAgency
) -> None:
    filled(agency, ["ABC123"] * 20)
    search = a_search(agency, "ABC*", back=timedelta(days=21))
    oldest = agency.retention.bucket(agency.clock() - timedelta(days=20)).name
    with psycopg.connect(agency_schema.dsn("purge")) as connection:
        connection.execute(
            "SELECT reads FROM drop_bucket(%s, %s)", [oldest, agency.clock()]
        )

    page = found(agency, search)

    assert 0 < len(page.sightings) < 20


def plan(agency: Agency, statement: str, text: str, back: timedelta) -> str:
    search = a_search(agency, text, back=back)
    with agency.database.looks() as tx:
        rows = tx.connection.execute(
            f"EXPLAIN {statement}".encode(),
            {
                "key": search.plate.text,
                "grams": list(grams(search.plate)),
                "like": like(search.plate),
                "since": search.since,
                "until": search.until,
                "cameras": [],
                "limit": 101,
            },
        ).fetchall()
    return "\n".join(str(row[0]) for row in rows)


def test_both_kinds_of_search_use_an_index(agency: Agency) -> None:
    signs = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
    plates = [
        text.ljust(7, "A")
        for text in random_texts(signs, count=20_000, longest=7, seed=3)
    ]
    filled(agency, plates)
    day = timedelta(hours=20)

    wild = plan(agency, searches._WILD, "*7Q1*", day)
    exact = plan(agency, searches._EXACT, "ABC1234", day)

    assert "array" in wild.lower()
    assert "Bitmap Index Scan" in wild
    assert "Seq Scan on reads" not in wild
    assert "match_key" in exact
    assert "Index Scan" in exact
    assert "Seq Scan on reads" not in exact


def test_no_gram_waits_once_its_bucket_is_analyzed(
    agency: Agency, agency_schema: TestAgency
) -> None:
    def pages_waiting() -> int:
        """How many pages of grams wait in all buckets; then none does."""
        with psycopg.connect(agency_schema.admin_dsn) as admin:
            row = admin.execute(
                "SELECT sum(gin_clean_pending_list(inhrelid::regclass))::integer"
                " FROM pg_inherits WHERE inhparent = %s::regclass",
                [f"{agency_schema.schema}.reads_grams"],
            ).fetchone()
        assert row is not None
        return int(row[0])

    filled(agency, ["ABC123"] * 100)
    assert pages_waiting() > 0

    filled(agency, ["ABC123"] * 100)
    now = agency.clock()
    with agency.database.purges() as tx:
        for each in buckets.spanning(tx, since=now - timedelta(days=DAYS), until=now):
            erasure.analyze(tx, each.bucket)
    assert pages_waiting() == 0
