"""Promise 2: a read that hit nothing is gone when due, from every byte that we keep.

A plate that is nowhere else is planted in every way in which plates come to a server.
Then every byte of every file is searched: before, to know that the search would find it;
after, to know that it is gone. Control markers show that the searcher sees what it must.
"""

import io
import logging
import sqlite3
from contextlib import closing
from datetime import timedelta

import attrs
import pytest
from PIL import Image
from tests.attack.a_site import CAMERA, Rig, a_marker, rigged
from tests.support.box import somebody as a_person
from tests.support.sightings import person
from tests.support.web import PASSWORD, browser, somebody

from charteroak.core.hotlist import ListClass
from charteroak.core.people import Role
from charteroak.core.plate import PlatePattern
from charteroak.core.search import Purpose, Search
from charteroak.core.search_answer import Found
from charteroak.server.actions.approve_hold import HoldKept, approve_hold
from charteroak.server.actions.load_hotlist import ListFile, Loaded, load_hotlist
from charteroak.server.actions.request_hold import HoldRequested, request_hold
from charteroak.server.actions.search_reads import search_reads
from charteroak.server.actions.see_case import (
    HeldPicture,
    HeldPictureGone,
    see_held_picture,
)
from charteroak.server.actions.sign_in import SignedInAs, sign_in
from charteroak.server.web.app import create_app
from charteroak.server.web.session import COOKIE

pytestmark = pytest.mark.slow

KEEP = timedelta(minutes=3)
HOUR = timedelta(hours=1)
INES = person(Role.INVESTIGATOR)
SAM = person(Role.SUPERVISOR)


def jpeg(shade: int) -> bytes:
    held = io.BytesIO()
    Image.new("L", (64, 24), shade).save(held, "JPEG")
    return held.getvalue()


def listed(rig: Rig, *plates: str) -> None:
    rows = "".join(f"{plate},CT,stolen car\n" for plate in plates)
    loaded = load_hotlist(
        rig.agency,
        a_person(Role.LIST_CLERK),
        ListFile(
            name="stolen",
            list_class=ListClass.VEHICLE,
            source="test",
            authority="test order 1",
            content=f"plate,state,reason\n{rows}".encode(),
        ),
    )
    assert isinstance(loaded, Loaded)


def searched(rig: Rig, plate: str, *, back: timedelta = HOUR) -> Found:
    now = rig.clock()
    answer = search_reads(
        rig.agency,
        INES,
        Search(
            plate=PlatePattern.parse(plate),
            since=now - back,
            until=now + timedelta(minutes=1),
            cameras=frozenset(),
            purpose=Purpose("robbery"),
            case_ref="26-1234",
        ),
    ).open(rig.agency.covered)
    assert isinstance(answer, Found)
    return answer


def partition(rig: Rig, parent: str) -> str:
    """The partition of a table that has the most bytes: that of the present moment."""
    rows = rig.rows(
        "SELECT c.relname, pg_relation_size(c.oid) FROM pg_class c JOIN pg_inherits i"
        " ON i.inhrelid = c.oid WHERE i.inhparent = %s::regclass"
        " ORDER BY 2 DESC LIMIT 1",
        parent,
    )
    return str(rows[0][0])


def in_wal(paths: list[str]) -> bool:
    return any("/pg_wal/" in path for path in paths)


@attrs.frozen(kw_only=True)
class Planted:
    """Markers by how they came, and what must go with them.

    Attributes:
        common: read so often that the planner would note it.
        failing: in a statement that failed.
        envelope: the sealed read that the box could not deliver.
        locked: the same as it lies in the box's queue, locked with the queue's own key.
    """

    common: str = attrs.field(factory=a_marker)
    misdated: str = attrs.field(factory=a_marker)
    hit: str = attrs.field(factory=a_marker)
    undelivered: str = attrs.field(factory=a_marker)
    looked_for: str = attrs.field(factory=a_marker)
    failing: str = attrs.field(factory=a_marker)
    picture: bytes = attrs.field(factory=lambda: jpeg(120))
    envelope: bytes
    locked: bytes
    buckets: frozenset[str]
    alert_id: object

    @property
    def all(self) -> list[str]:
        """Every marker."""
        return [self.common, self.misdated, self.hit, *self.hidden]

    @property
    def hidden(self) -> list[str]:
        """Those that must never be in any file."""
        return [self.undelivered, self.looked_for[:8], self.failing]


def plant(rig: Rig) -> Planted:
    """Bring plates to a server in every way in which they come."""
    made = Planted(envelope=b"", locked=b"", buckets=frozenset(), alert_id=None)
    listed(rig, made.hit)
    for _ in range(70):
        rig.see(made.common, picture=made.picture)
    for _ in range(20):
        rig.see(a_marker())
    for _ in range(5):
        rig.see(made.misdated, ago=-HOUR, picture=made.picture)
        rig.see(made.hit, picture=made.picture)
    rig.deliver()
    for marker in [made.common, made.misdated, made.hit]:
        assert in_wal(rig.found(marker, settled=False))
    rig.see(made.undelivered)
    waiting = rig.spool.next_batch(rig.clock())
    assert waiting is not None
    searched(rig, made.common)
    searched(rig, made.looked_for[:8] + "?")
    with rig.admin() as admin, pytest.raises(Exception, match=made.failing):
        admin.execute(f"SELECT '{made.failing}'::integer".encode())
    listed(rig, a_marker())
    rig.work()
    ((alert_id,),) = rig.rows("SELECT alert_id FROM alerts LIMIT 1")
    return attrs.evolve(
        made,
        envelope=waiting.envelopes[0],
        locked=waits_as(rig),
        buckets=frozenset(rig.agency.pictures.buckets()),
        alert_id=alert_id,
    )


def waits_as(rig: Rig) -> bytes:
    """What waits in the box, in the bytes of its file."""
    queue = sqlite3.connect(rig.folder / "box" / "spool.sqlite3")
    with closing(queue):
        ((locked,),) = queue.execute("SELECT envelope FROM envelopes").fetchall()
    assert isinstance(locked, bytes)
    return locked


def check_before(rig: Rig, planted: Planted) -> None:
    """What must be found is found, and what must never be there is not."""
    assert rig.rows("SELECT count(*) FROM reads") == [(95,)]
    assert rig.rows("SELECT count(*) FROM alert_evidence") == [(5,)]
    for marker, parent in [
        (planted.common, "reads"),
        (planted.misdated, "reads_misdated"),
        (planted.hit, "alert_evidence"),
    ]:
        paths = rig.found(marker)
        assert rig.file_of(partition(rig, parent)) in paths
        assert rig.file_of("pg_statistic") not in paths
    analyzed = rig.rows(
        "SELECT attname FROM pg_stats WHERE tablename = %s ORDER BY attname",
        partition(rig, "reads"),
    )
    assert analyzed == [("camera_id",), ("seen_at",)]
    # No picture is in the clear, no sealed read can be read, no log tells.
    for never in planted.hidden:
        assert rig.found(never) == []
    assert rig.found(planted.picture) == []
    assert rig.found(planted.envelope) == []
    assert rig.found(planted.locked) == ["box/spool.sqlite3-wal"]
    assert planted.buckets


def check_after(rig: Rig, planted: Planted) -> None:
    """Nothing of what was due is anywhere."""
    for marker in [planted.common, planted.misdated, *planted.hidden]:
        assert rig.found(marker) == []
    assert rig.found(planted.envelope) == []
    assert rig.found(planted.locked) == []
    assert not planted.buckets & set(rig.agency.keys.buckets())
    assert not list((rig.data / "pictures").iterdir())
    assert searched(rig, planted.common).sightings == ()
    assert "deleted on schedule" in alert_page(rig, str(planted.alert_id))
    # Evidence went with the reads. The entry that another list took the place of goes
    # with the next tidying: the list was the agency's, not a read.
    assert rig.rows("SELECT count(*) FROM alert_evidence") == [(0,)]
    rig.clock.advance(HOUR)
    rig.work()
    assert rig.found(planted.hit) == []


def check_late(rig: Rig, marker: str) -> None:
    """A read for a bucket that is gone is acknowledged, counted, and not stored."""
    rig.see(marker, ago=KEEP + HOUR, picture=jpeg(99))
    before = rig.spool.stats(rig.clock()).delivered
    rig.deliver()
    assert rig.spool.stats(rig.clock()).delivered == before + 1
    assert rig.rows("SELECT sum(due_on_arrival)::int FROM read_counts") == [(1,)]
    assert rig.found(marker) == []
    assert not list((rig.data / "pictures").iterdir())


def check_searcher(rig: Rig) -> None:
    """The searcher would have found a plate in the planner's statistics."""
    control = a_marker()
    with rig.admin() as admin:
        admin.execute("CREATE TABLE scratch (plate text)")
        admin.execute(
            "INSERT INTO scratch SELECT %s FROM generate_series(1, 100)", [control]
        )
        admin.execute("ANALYZE scratch")
    assert rig.file_of("pg_statistic") in rig.found(control)


def test_a_read_that_is_due_is_in_no_byte_of_any_file(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    late = a_marker()
    with rigged(KEEP) as rig:
        planted = plant(rig)
        check_before(rig, planted)

        rig.clock.advance(KEEP)
        rig.spool.forget_due(rig.clock())
        rig.work()

        check_after(rig, planted)
        check_late(rig, late)
        check_searcher(rig)
    for marker in [*planted.all, late]:
        assert marker not in caplog.text


def alert_page(rig: Rig, alert_id: str) -> str:
    desk = browser(create_app(rig.agency))
    dana = somebody(rig.agency, Role.DISPATCHER)
    signed_in = sign_in(rig.agency, dana.login, PASSWORD)
    assert isinstance(signed_in, SignedInAs)
    desk.http.cookies.set(COOKIE, signed_in.token, domain="localhost.local")
    return desk.page(f"/alerts/{alert_id}").get_text(" ", strip=True).lower()


def test_a_held_read_outlives_the_purge_and_not_its_hold() -> None:
    held = a_marker()
    picture = jpeg(77)
    with rigged(KEEP) as rig:
        read = rig.see(held, picture=picture)
        rig.deliver()
        answer = searched(rig, held)
        asked = request_hold(
            rig.agency,
            INES,
            asked_id=answer.asked,
            read_id=answer.sightings[0].read.read_id,
            reason="the car at the pump",
            span=timedelta(days=30),
        )
        assert isinstance(asked, HoldRequested)
        kept = approve_hold(rig.agency, SAM, asked.hold_id)
        assert isinstance(kept, HoldKept)

        rig.clock.advance(KEEP)
        rig.work()

        assert rig.found(held) == [rig.file_of("held_reads")]
        opened = see_held_picture(rig.agency, INES, asked.hold_id)
        assert opened == HeldPicture(jpeg=picture)
        assert searched(rig, held).sightings == ()

        rig.clock.now = kept.ends_at
        with rig.admin() as bystander:
            # An old snapshot: it would keep VACUUM FULL and CLUSTER from forgetting.
            bystander.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            bystander.execute("SELECT count(*) FROM cameras")
            rig.work()
            assert rig.found(held) == []
        assert rig.found(str(read.read_id)) == []
        assert rig.agency.keys.holds() == []
        assert not list((rig.data / "pictures").iterdir())
        gone = see_held_picture(rig.agency, INES, asked.hold_id)
        assert gone == HeldPictureGone()
        assert CAMERA in {row[0] for row in rig.rows("SELECT camera_id FROM cameras")}
