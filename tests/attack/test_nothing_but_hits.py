"""Where a read that hit nothing may not leave the memory of the box, it is nowhere else.

A real box watches a street that we drew, sends over a wire that remembers every byte, to
a real server with its own database. Then every byte of the box's folder, of the wire and
of the server's folder, the write-ahead log with it, is searched for each plate that
passed. The same street under a law that keeps reads shows that the search finds them.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import attrs
import psycopg
import pytest
from psycopg import sql
from tests.attack.a_site import CAMERA, a_marker
from tests.attack.a_wire import Wire, tapped
from tests.edge.a_street import FRAME_S, Car, ColourEngine, picture
from tests.support.box import somebody
from tests.support.live import served
from tests.support.plate_shapes import shapes_in
from tests.support.postgres import reachable_folder

from charteroak.core.camera import Camera, CameraId, Mount
from charteroak.core.hotlist import ListClass
from charteroak.core.keeping import Mode
from charteroak.core.people import Role
from charteroak.core.plate import PlateText
from charteroak.core.wire import WireRead
from charteroak.edge.box import Box, opened_box
from charteroak.edge.camera import Frame
from charteroak.edge.enrol import enrol
from charteroak.edge.orders import Keeper
from charteroak.edge.settings import DataFolder, load_enrolled
from charteroak.server.actions.invite_box import Invited, invite_box
from charteroak.server.actions.load_hotlist import ListFile, Loaded, load_hotlist
from charteroak.server.actions.place_camera import Placed, place_camera
from charteroak.server.bootstrap import Site, open_site
from charteroak.server.settings import Settings
from charteroak.server.store import camera_hours
from charteroak.server.web.app import create_app

pytestmark = pytest.mark.slow

PATIENCE_S = 60.0


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - all of it runs by the machine's clock


@attrs.define
class Street:
    """A street past which cars drive, one after the other, once it is told to begin."""

    stop: threading.Event
    plates: Sequence[str]
    begin: threading.Event = attrs.field(factory=threading.Event)
    done: threading.Event = attrs.field(factory=threading.Event)

    def arrivals(self) -> Iterator[Frame]:
        number = 0
        while not self.stop.wait(0.01):
            if not self.begin.is_set() or self.done.is_set():
                continue
            for plate in self.plates:
                empty: list[list[Car]] = [[]] * 10
                drive = [[Car(x, text=plate)] for x in range(-100, 740, 40)]
                for scene in [*empty, *drive, *empty]:
                    number += 1
                    yield Frame(
                        image=picture(scene, number=number),
                        source="street",
                        index=number,
                        time_s=number * FRAME_S,
                        captured_at=now(),
                    )
            self.done.set()


@attrs.frozen(kw_only=True)
class Town:
    """A server, its box, and what passed between them."""

    site: Site
    folder: Path
    wire: Wire
    box: Box
    street: Street

    def until(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not reached():
            assert time.monotonic() < deadline, self.box.status()
            time.sleep(0.05)

    def everything(self) -> dict[str, bytes]:
        """Every byte that is left anywhere, by where it is."""
        assert self.site.postgres is not None
        with psycopg.connect(self.site.postgres.dsn, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        found = {"box to server": self.wire.sent, "server to box": self.wire.heard}
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                try:
                    content = path.read_bytes()
                except FileNotFoundError:  # the server has just removed it
                    continue
                found[str(path.relative_to(self.folder))] = (
                    str(path).encode() + b"\n" + content
                )
        return found


@contextmanager
def at_work(settings: Settings, mount: Mount, plates: Sequence[str]) -> Iterator[Town]:
    folder, stop = settings.data.parent, threading.Event()
    chief = somebody(Role.ADMINISTRATOR)
    with (
        open_site(settings) as site,
        served(create_app(site.agency)) as address,
        tapped(address) as wire,
    ):
        placed = place_camera(
            site.agency,
            chief,
            Camera(
                camera_id=CAMERA,
                name="Green",
                latitude=43.2,
                longitude=-71.5,
                mount=mount,
            ),
        )
        assert isinstance(placed, Placed)
        invited = invite_box(site.agency, chief, "box on the green", [CAMERA])
        assert isinstance(invited, Invited)
        data = DataFolder(folder / "box")
        enrol(data, server=wire.address, code=invited.code, software="test 1")
        street = Street(stop, plates)
        with opened_box(
            data,
            load_enrolled(data),
            engine=ColourEngine(),
            watches={CAMERA: street},
            spool_limit_bytes=10**9,
            clock=now,
            nonce=lambda: os.urandom(16),
        ) as box:
            thread = threading.Thread(target=box.run, args=(stop,))
            thread.start()
            try:
                yield Town(site=site, folder=folder, wire=wire, box=box, street=street)
            finally:
                stop.set()
                thread.join()


def load(site: Site, *plates: str, list_class: ListClass) -> None:
    loaded = load_hotlist(
        site.agency,
        somebody(Role.LIST_CLERK),
        ListFile(
            name="stolen",
            list_class=list_class,
            source="test",
            authority="test order 1",
            content="\n".join(
                ["plate,reason", *(f"{plate},stolen car" for plate in plates)]
            ).encode(),
        ),
    )
    assert isinstance(loaded, Loaded), loaded


def counted(site: Site, table: str) -> int:
    assert site.postgres is not None
    with psycopg.connect(site.postgres.dsn) as connection:
        name = sql.Identifier("agency_town", table)
        found = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(name))
        (row,) = found.fetchall()
    return int(str(row[0]))


def where(town: Town, plate: str) -> list[str]:
    return [
        place
        for place, content in town.everything().items()
        if shapes_in(content, plate)
    ]


def ever_spooled(town: Town) -> int:
    return int(
        town.box.spool._connection.execute(
            "SELECT coalesce(max(seq), 0) FROM sqlite_sequence"
        ).fetchone()[0]
    )


@pytest.mark.parametrize(
    ("jurisdiction", "policy", "mount", "list_class"),
    [
        ("us_nh", None, Mount.VEHICLE, ListClass.VEHICLE),
        ("us_ct", "minimal", Mount.FIXED, ListClass.MISSING_PERSON),
    ],
)
def test_of_a_street_of_cars_only_the_hit_is_left_anywhere(
    jurisdiction: str, policy: str | None, mount: Mount, list_class: ListClass
) -> None:
    hit, others = a_marker(), [a_marker() for _ in range(5)]
    with reachable_folder("forget") as folder:
        settings = Settings(
            data=folder / "data", jurisdiction=jurisdiction, policy=policy
        )
        plates = [*others[:2], hit, *others[2:]]
        with at_work(settings, mount, plates) as town:
            assert town.site.agency.mode is Mode.EDGE_ONLY
            load(town.site, hit, list_class=list_class)
            town.box.listener.wake.set()
            town.until(lambda: bool(town.box.keeper.list_left_s))
            town.street.begin.set()
            town.until(town.street.done.is_set)
            town.until(lambda: town.box.spool.stats(now()).delivered == 1)
            # One report more, by hand: it tells how many were forgotten.
            assert town.box.reporter.attempt() == 30

            tally = town.box.tally
            assert (tally.reads, tally.forgotten) == (1, len(others))
            assert [plate for plate in others if where(town, plate)] == []
            # The hit is where it must be, and it alone was ever sealed, sent and stored.
            assert where(town, hit)
            assert ever_spooled(town) == len(town.wire.envelopes()) == 1
            assert counted(town.site, "reads") == counted(town.site, "alerts") == 1
            assert counted(town.site, "refusals") == 0
            with town.site.agency.database.changes() as tx:
                last = camera_hours.last(tx)
                hours = camera_hours.between(tx, since=last[CAMERA], until=now())
            assert sum(each.reads for each in hours) == 1 + len(others)
            assert "/api/v1/box-list" in town.wire.paths()


def test_where_reads_are_kept_the_same_search_finds_them() -> None:
    hit, others = a_marker(), [a_marker() for _ in range(5)]
    with reachable_folder("keep") as folder:
        settings = Settings(data=folder / "data", jurisdiction="us_ct")
        plates = [*others[:2], hit, *others[2:]]
        with at_work(settings, Mount.FIXED, plates) as town:
            assert town.site.agency.mode is Mode.ORDINARY
            load(town.site, hit, list_class=ListClass.VEHICLE)
            town.street.begin.set()
            town.until(town.street.done.is_set)
            town.until(lambda: town.box.spool.stats(now()).delivered == len(plates))

            assert (town.box.tally.reads, town.box.tally.forgotten) == (len(plates), 0)
            for plate in others:
                places = where(town, plate)
                assert any("pgdata/base" in place for place in places)
                assert any("pg_wal" in place for place in places)
            assert ever_spooled(town) == len(town.wire.envelopes()) == len(plates)
            assert counted(town.site, "reads") == len(plates)
            assert "/api/v1/box-list" not in town.wire.paths()


def test_a_broken_box_cannot_make_a_store_of_what_hit_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It sends everything, whatever it was told; the server forgets what hit nothing."""

    def keep_all(
        keeper: Keeper,
        _camera: CameraId,
        _plate: PlateText,
        _state: str | None,
        make: Callable[[], WireRead],
    ) -> bool:
        keeper.spool.put(make(), now(), hit=True)
        return True

    monkeypatch.setattr(Keeper, "keep", keep_all)
    hit, others = a_marker(), [a_marker() for _ in range(3)]
    with reachable_folder("broken") as folder:
        settings = Settings(data=folder / "data", jurisdiction="us_nh")
        plates = [others[0], hit, *others[1:]]
        with at_work(settings, Mount.VEHICLE, plates) as town:
            load(town.site, hit, list_class=ListClass.VEHICLE)
            town.street.begin.set()
            town.until(town.street.done.is_set)
            town.until(lambda: town.box.spool.stats(now()).delivered == len(plates))

            assert len(town.wire.envelopes()) == len(plates)
            assert [plate for plate in others if where(town, plate)] == []
            assert where(town, hit)
            assert counted(town.site, "reads") == 1
            assert town.box.spool.stats(now()).refused == len(others)
