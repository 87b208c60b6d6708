"""A whole agency for attacks: its own database, server and box, all of them real.

Only the clock is set by the test; it is the same for the server and the box.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import attrs
import psycopg
from tests.support.agency import NOON, SettableClock
from tests.support.box import somebody
from tests.support.live import served
from tests.support.postgres import reachable_folder

from charteroak.bench.byte_search import copies_below
from charteroak.core.camera import Camera, CameraId
from charteroak.core.people import Role
from charteroak.core.wire import WireRead
from charteroak.edge.enrol import enrol
from charteroak.edge.identity import Identity, next_boot_epoch
from charteroak.edge.settings import DataFolder
from charteroak.edge.spool import Spool
from charteroak.edge.uplink import Sender, Uplink
from charteroak.edge.web_client import open_client
from charteroak.server.actions.invite_box import Invited, invite_box
from charteroak.server.actions.place_camera import place_camera
from charteroak.server.agency import Agency
from charteroak.server.bootstrap import Site, open_site
from charteroak.server.settings import Settings
from charteroak.server.web.app import create_app
from charteroak.server.worker import Worker

CAMERA = CameraId("green-north")
# None of these is folded with another sign, so a plate is its own match key.
_SIGNS = "ACEHJKMNPRTUWXY3479"
_MEBIBYTE = 1 << 20


def a_marker() -> str:
    """A plate that is nowhere else: nine random signs."""
    return "".join(secrets.choice(_SIGNS) for _ in range(9))


@attrs.define(kw_only=True)
class Rig:
    """A site with a box that is enrolled.

    Attributes:
        folder: holds all files of the server (`data`) and of the box (`box`).
    """

    site: Site
    clock: SettableClock
    folder: Path
    spool: Spool
    uplink: Uplink

    @property
    def agency(self) -> Agency:
        return self.site.agency

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def pgdata(self) -> Path:
        return self.data / "database" / "pgdata"

    def see(
        self,
        plate: str,
        *,
        ago: timedelta = timedelta(seconds=1),
        picture: bytes = b"",
    ) -> WireRead:
        """The box sees a car: the read is sealed into the spool."""
        read = WireRead(
            read_id=uuid4(),
            camera=CAMERA,
            seen_at=self.clock() - ago,
            plate=plate,
            confidence=0.97,
            characters=[0.99] * len(plate),
            state="CT",
            state_confidence=0.9,
            box=(10, 20, 120, 40),
            engine="test 1",
            plate_picture=picture,
            vehicle_picture=picture and picture + b" of the vehicle",
        )
        self.spool.put(read, self.clock())
        return read

    def deliver(self) -> None:
        """The box sends all that waits; the server takes it."""
        while (pause := self.uplink.attempt()) is not None:
            assert pause == 0, self.uplink.status

    def work(self) -> None:
        """The worker looks once, and every duty that is due then succeeds."""
        Worker(self.agency).look()
        failed = [
            row for row in self.rows("SELECT duty, trouble FROM duties") if row[1]
        ]
        assert failed == []

    @contextmanager
    def admin(self) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
        """The database's administrator, in the agency's schema, without transactions."""
        assert self.site.postgres is not None
        with psycopg.connect(self.site.postgres.dsn, autocommit=True) as connection:
            connection.execute("SET search_path TO agency_attacked")
            yield connection

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """The rows of a query, as the administrator."""
        with self.admin() as connection:
            return list(connection.execute(query.encode(), values or None).fetchall())

    def file_of(self, table: str) -> str:
        """Path of a table's file, as `found` gives it."""
        ((path,),) = self.rows("SELECT pg_relation_filepath(%s)", table)
        return f"data/database/pgdata/{path}"

    def found(self, marker: str | bytes, *, settled: bool = True) -> list[str]:
        """Every file of server and box that has a marker in it.

        Without regard to the case of ASCII letters. PostgreSQL, SQLite and our own files
        keep text as UTF-8, so a plate lies there as these bytes; UTF-16 is looked for
        all the same, because a browser or a driver may write it. Nothing is compressed:
        rows are too short for TOAST, and `wal_compression` is off (asserted).

        Args:
            marker: what to look for.
            settled: after a checkpoint, so that what is in memory is in the files.
        """
        assert self.rows("SHOW wal_compression") == [("off",)]
        if settled:
            with self.admin() as connection:
                connection.execute("CHECKPOINT")
        return sorted(copies_below(self.folder, marker))


@contextmanager
def rigged(keep: timedelta, *, now: datetime = NOON) -> Iterator[Rig]:
    """Open a site and enrol a box over HTTP, for the length of a block."""
    clock = SettableClock(now)
    with (
        reachable_folder("attack") as folder,
        open_site(
            Settings(data=folder / "data", agency="attacked", keep=keep),
            clock=clock,
            entropy=secrets.token_bytes,
        ) as site,
        served(create_app(site.agency)) as address,
    ):
        chief = somebody(Role.ADMINISTRATOR)
        place_camera(
            site.agency,
            chief,
            Camera(camera_id=CAMERA, name="Green", latitude=41.7, longitude=-72.7),
        )
        invited = invite_box(site.agency, chief, "box on the green", [CAMERA])
        assert isinstance(invited, Invited)
        box = DataFolder(folder / "box")
        enrolled = enrol(box, server=address, code=invited.code, software="test 1")
        spool = Spool.open(
            box.spool,
            agency_key=enrolled.enrolment.agency_key,
            keep=keep,
            limit_bytes=64 * _MEBIBYTE,
            boot_epoch=next_boot_epoch(box),
        )
        with open_client(address, None) as client:
            uplink = Uplink(
                spool,
                Sender(
                    client=client,
                    server=address,
                    device=enrolled.enrolment.device,
                    identity=Identity.load(box),
                    nonce=lambda: secrets.token_bytes(16),
                ),
                next_boot_epoch=lambda: next_boot_epoch(box),
                clock=clock,
            )
            yield Rig(site=site, clock=clock, folder=folder, spool=spool, uplink=uplink)
        spool.close()
