"""A box keeps what it was told to keep, by its agency alone; unknown means no."""

import json
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import attrs
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nacl.public import PrivateKey, SealedBox

from charteroak.core.box_list import (
    BoxList,
    BoxListAnswer,
    ListedPlate,
    StaleListError,
    UnreadableListError,
)
from charteroak.core.camera import CameraId
from charteroak.core.http_signature import NONCE_BYTES
from charteroak.core.keeping import Mode
from charteroak.core.orders import LAST_S, ForgedOrdersError, sign_list
from charteroak.core.plate import PlateText, match_key
from charteroak.core.wire import WireRead
from charteroak.edge.enrol import enrol
from charteroak.edge.identity import Identity
from charteroak.edge.known_orders import LostOrdersError, mode_on_file
from charteroak.edge.listener import EVERY_S, Listener
from charteroak.edge.orders import Keeper
from charteroak.edge.settings import DataFolder, Enrolled, load_enrolled
from charteroak.edge.spool import Spool
from charteroak.edge.uplink import Sender, Uplink
from charteroak.edge.uptime import Uptime
from charteroak.edge.web_client import open_client
from tests.edge.a_box import CAMERA, NOON, a_read, bytes_of
from tests.edge.a_server import CODE, LIST_KEY, Town, serving
from tests.support.plate_shapes import shapes_in

LISTED, OTHER = "STOLEN77", "QX7SECR"
SECOND = timedelta(seconds=1)


@attrs.define
class Scene:
    """A box in a town, and a clock for both."""

    town: Town
    server: str
    folder: DataFolder
    enrolled: Enrolled
    now: datetime = NOON
    up: Uptime | None = None

    @contextmanager
    def box(self) -> Iterator["Opened"]:
        with ExitStack() as stack:
            enrolment = self.enrolled.enrolment
            spool = Spool.open(
                self.folder.spool,
                agency_key=enrolment.agency_key,
                keep=timedelta(seconds=enrolment.keep_s),
                limit_bytes=10**8,
                boot_epoch=1,
            )
            stack.enter_context(closing(spool))
            client = stack.enter_context(open_client(self.server, None))
            identity = Identity.load(self.folder)
            keeper = Keeper(
                folder=self.folder,
                enrolment=enrolment,
                identity=identity,
                spool=spool,
                clock=lambda: self.now,
                uptime=lambda: self.up,
            )
            sender = Sender(
                client=client,
                server=self.server,
                device=enrolment.device,
                identity=identity,
                nonce=lambda: secrets.token_bytes(NONCE_BYTES),
            )
            listener = Listener(sender=sender, keeper=keeper, clock=lambda: self.now)
            keeper.open()
            yield Opened(self, keeper, listener, sender)


@attrs.define
class Opened:
    """A box at work, without its cameras."""

    scene: Scene
    keeper: Keeper
    listener: Listener
    sender: Sender

    def sees(self, plate: str, *, state: str | None = None) -> bool:
        def made() -> WireRead:
            return a_read(hash(plate) % 1000, seen_at=self.scene.now, plate=plate)

        return self.keeper.keep(CameraId(CAMERA), PlateText(plate), state, made)

    def mode(self) -> Mode:
        return self.keeper.mode

    def waiting(self) -> int:
        return self.keeper.spool.stats(self.scene.now).waiting


@pytest.fixture
def town() -> Town:
    return Town(
        mode="edge-only",
        keep_s=180,
        listed=[ListedPlate(match_key=match_key(LISTED), state="NH")],
    )


@pytest.fixture
def scene(tmp_path: Path, town: Town) -> Iterator[Scene]:
    with a_scene(tmp_path, town) as made:
        yield made


@contextmanager
def a_scene(path: Path, town: Town) -> Iterator[Scene]:
    folder = DataFolder(path / "box")
    with serving(town) as server:
        enrolled = enrol(folder, server=server, code=CODE, software="test")
        made = Scene(town, server, folder, enrolled)
        town.clock = lambda: made.now
        yield made


# ----------------------------------------------------------------- what is kept of what


def test_a_hit_is_kept_and_all_else_is_counted_and_forgotten(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with scene.box() as box:
        assert box.listener.attempt() == EVERY_S

        assert box.sees(LISTED, state="NH")
        assert box.sees(LISTED)
        assert not box.sees(LISTED, state="MA")
        assert not box.sees(OTHER, state="NH")
        scene.now += timedelta(hours=1)
        assert not box.sees(OTHER)

        hour = int(NOON.timestamp()) // 3600
        assert box.keeper.forgotten(CameraId(CAMERA)) == [(hour + 1, 1), (hour, 2)]
        assert box.waiting() == 2
    assert shapes_in(bytes_of(scene.folder.path), OTHER) == []
    assert OTHER not in caplog.text
    assert LISTED not in caplog.text


def test_without_a_list_nothing_is_a_hit(scene: Scene) -> None:
    with scene.box() as box:
        assert box.mode() is Mode.EDGE_ONLY
        assert not box.sees(LISTED)
        assert "no list in force" in box.keeper.in_words()


def test_the_list_and_its_key_are_in_memory_alone(scene: Scene) -> None:
    with scene.box() as box:
        box.listener.attempt()
        assert box.keeper.list_left_s == 3600
        left = bytes_of(scene.folder.path)
    assert LIST_KEY not in left
    content = msgspec.msgpack.decode(scene.town.box_list().content, type=BoxList)
    assert content.index[16:24] not in left
    with scene.box() as again:
        assert again.keeper.list_left_s is None


def test_a_hit_waits_no_longer_than_the_agency_may_keep_it(scene: Scene) -> None:
    with scene.box() as box:
        box.listener.attempt()
        box.sees(LISTED)
        scene.town.mute = True
        spool = box.keeper.spool

        assert spool.forget_due(NOON + timedelta(seconds=179)) == 0
        assert spool.forget_due(NOON + timedelta(seconds=180)) == 1


# -------------------------------------------------------------------- who may tell what


def test_a_box_that_was_never_told_keeps_nothing(scene: Scene) -> None:
    bare = msgspec.structs.replace(scene.enrolled.enrolment, orders=None)
    scene.enrolled = msgspec.structs.replace(scene.enrolled, enrolment=bare)
    scene.town.mute = True
    with scene.box() as box:
        assert box.listener.attempt() < EVERY_S
        assert box.mode() is Mode.STOPPED
        assert not box.sees(LISTED)
        assert "was not told" in box.keeper.in_words()

        scene.town.mute = False
        box.listener.attempt()
        assert box.mode() is Mode.EDGE_ONLY
        # The key that it learned then is the agency's from now on.
        scene.town.signing = Ed25519PrivateKey.generate()
        assert box.listener.attempt() < EVERY_S


def test_orders_that_are_over_stop_the_box_and_new_ones_start_it(
    tmp_path: Path,
) -> None:
    with a_scene(tmp_path, Town()) as scene, scene.box() as box:
        assert box.sees(OTHER)
        scene.now += timedelta(seconds=LAST_S)
        assert box.mode() is Mode.STOPPED
        assert not box.sees(OTHER)

        box.listener.attempt()
        assert box.sees(OTHER)


def test_a_clock_that_is_wrong_does_not_stop_a_box_that_is_told(
    tmp_path: Path,
) -> None:
    with a_scene(tmp_path, Town()) as scene, scene.box() as box:
        scene.town.clock = lambda: scene.now + timedelta(days=3000)
        box.listener.attempt()
        assert box.mode() is Mode.ORDINARY
        scene.now += timedelta(seconds=LAST_S)
        assert box.mode() is Mode.STOPPED


def test_an_unknown_word_stops_the_box(scene: Scene) -> None:
    with scene.box() as box:
        scene.town.mode = "keep-everything-please"
        box.listener.attempt()
        assert box.mode() is Mode.STOPPED
        assert "told to read nothing" in box.keeper.in_words()


def test_what_waits_is_destroyed_when_the_rules_change_and_never_kept_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with a_scene(tmp_path, Town()) as scene:
        with scene.box() as box:
            assert all(box.sees(f"{OTHER}{n}") for n in range(3))
            scene.town.mode, scene.town.keep_s = "edge-only", 180
            assert box.listener.attempt() == EVERY_S
            assert (box.mode(), box.waiting()) == (Mode.EDGE_ONLY, 0)
            assert box.keeper.spool.stats(scene.now).destroyed == 3
            assert "3 reads that waited were destroyed" in caplog.text
            scene.town.mode = "ordinary"
            assert box.listener.attempt() == EVERY_S
            assert box.mode() is Mode.EDGE_ONLY
            assert not box.sees(OTHER)
        scene.town.mute = True
        with scene.box() as again:
            assert again.mode() is Mode.EDGE_ONLY


def test_a_box_that_died_while_it_destroyed_goes_on_with_that(tmp_path: Path) -> None:
    with a_scene(tmp_path, Town()) as scene:
        with scene.box() as box:
            box.sees(OTHER)
            scene.town.mode = "edge-only"
            box.listener.attempt()
            # As if it had died before: what was written down says what it was told.
            box.keeper.spool.put(a_read(1), NOON)
        with scene.box() as again:
            assert again.waiting() == 0


def test_a_moratorium_stops_and_ends(scene: Scene) -> None:
    with scene.box() as box:
        for mode in ("stopped", "edge-only"):
            scene.town.mode = mode
            box.listener.attempt()
            assert box.mode().value == mode
            assert box.sees(LISTED) is (mode == "edge-only")


@pytest.mark.parametrize(
    "bend",
    [
        {"answers": bytes(16)},
        {"device": "5f0c6d5e-0000-4f43-9d2a-0d8b7f0b7c11"},
    ],
)
def test_orders_for_another_question_or_box_are_not_obeyed(
    scene: Scene, bend: dict[str, object]
) -> None:
    with scene.box() as box:
        scene.town.mode = "ordinary"
        answer = scene.town.orders(bytes(range(16)), **bend)
        with pytest.raises(ForgedOrdersError):
            box.keeper.take_orders(answer, asked=bytes(range(16)))
        assert box.mode() is Mode.EDGE_ONLY


def test_another_agencys_orders_are_not_obeyed(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    with scene.box() as box:
        scene.town.signing = Ed25519PrivateKey.generate()
        scene.town.mode = "stopped"
        assert box.listener.attempt() < EVERY_S
        assert "ALARM" in caplog.text
        assert box.mode() is Mode.EDGE_ONLY


def test_a_file_of_orders_that_was_changed_is_not_believed(tmp_path: Path) -> None:
    with a_scene(tmp_path, Town(mode="edge-only")) as scene:
        with scene.box() as box:
            box.listener.attempt()
            assert not box.sees(OTHER)
        known = json.loads(scene.folder.orders.read_text())
        known["asked"] = "AAAAAAAAAAAAAAAAAAAAAA=="
        scene.folder.orders.write_text(json.dumps(known))
        scene.town.mute = True
        with scene.box() as box:
            assert box.mode() is Mode.STOPPED
        scene.folder.orders.write_text("{}")
        with pytest.raises(LostOrdersError), scene.box():
            pass


def test_a_disk_that_is_full_does_not_keep_the_box_from_obeying(
    tmp_path: Path,
) -> None:
    with a_scene(tmp_path, Town()) as scene, scene.box() as box:
        box.sees(OTHER)
        scene.town.mode = "edge-only"
        scene.folder.orders.with_name("orders.json.new").mkdir()

        assert box.listener.attempt() < EVERY_S

        assert (box.mode(), box.waiting()) == (Mode.EDGE_ONLY, 0)
        scene.folder.orders.with_name("orders.json.new").rmdir()
        assert box.listener.attempt() == EVERY_S
        assert mode_of_files(scene) is Mode.EDGE_ONLY


def mode_of_files(scene: Scene) -> Mode:
    enrolled = load_enrolled(scene.folder)
    identity = Identity.load(scene.folder)
    mode, told = mode_on_file(scene.folder, enrolled.enrolment, identity, scene.now)
    assert told
    return mode


# ------------------------------------------------------------------------------- lists


def test_a_list_that_is_over_matches_nothing_and_is_let_go(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    with scene.box() as box:
        box.listener.attempt()
        assert box.sees(LISTED)
        scene.town.mute = True
        scene.now += timedelta(hours=1)

        assert box.keeper.list_left_s is None
        assert not box.sees(LISTED)
        box.keeper.forget_list()
        assert box.keeper.list_tag == ""
        assert "nothing matches" in caplog.text


def unsigned(answer: BoxListAnswer) -> BoxListAnswer:
    return msgspec.structs.replace(answer, signature=bytes(64))


def altered(answer: BoxListAnswer) -> BoxListAnswer:
    content = bytearray(answer.content)
    content[-1] ^= 1
    return msgspec.structs.replace(answer, content=bytes(content))


def signed_by_another(answer: BoxListAnswer) -> BoxListAnswer:
    other = sign_list(answer.content, Ed25519PrivateKey.generate().sign)
    return msgspec.structs.replace(answer, signature=other.signature)


def sealed_to_another(answer: BoxListAnswer) -> BoxListAnswer:
    key = SealedBox(PrivateKey.generate().public_key).encrypt(LIST_KEY)
    return msgspec.structs.replace(answer, key=key)


def with_another_key(answer: BoxListAnswer) -> BoxListAnswer:
    return msgspec.structs.replace(answer, key=b"")


@pytest.mark.parametrize(
    ("bend", "error"),
    [
        (unsigned, ForgedOrdersError),
        (altered, ForgedOrdersError),
        (signed_by_another, ForgedOrdersError),
        (sealed_to_another, UnreadableListError),
        (with_another_key, UnreadableListError),
    ],
)
def test_a_list_that_is_not_the_agencys_leaves_the_one_before(
    scene: Scene,
    bend: Callable[[BoxListAnswer], BoxListAnswer],
    error: type[Exception],
) -> None:
    with scene.box() as box:
        box.listener.attempt()
        scene.town.list_number = 2
        scene.town.listed = []
        with pytest.raises(error):
            box.keeper.take_list(bend(scene.town.box_list()))
        scene.town.bend = bend

        assert box.listener.attempt() < EVERY_S

        assert box.sees(LISTED)
        scene.town.bend = lambda answer: answer
        assert box.listener.attempt() == EVERY_S
        assert not box.sees(LISTED)


def test_an_older_list_is_refused_also_after_a_start(scene: Scene) -> None:
    old = scene.town.box_list()
    with scene.box() as box:
        scene.town.list_number = 5
        box.listener.attempt()
        with pytest.raises(StaleListError):
            box.keeper.take_list(old)
    scene.town.list_number = 4
    with scene.box() as again:
        assert again.listener.attempt() < EVERY_S
        assert again.keeper.list_left_s is None
        scene.town.list_number = 5
        assert again.listener.attempt() == EVERY_S


def test_a_list_that_was_over_before_it_came_is_refused(scene: Scene) -> None:
    scene.town.list_lasts_s = 0
    with scene.box() as box:
        assert box.listener.attempt() < EVERY_S
        assert box.keeper.list_left_s is None


def test_a_list_is_fetched_once_and_only_where_it_is_needed(tmp_path: Path) -> None:
    with a_scene(tmp_path, Town()) as scene, scene.box() as box:
        box.listener.attempt()
        assert "/api/v1/box-list" not in scene.town.asked
        scene.town.mode = "edge-only"
        for _ in range(3):
            box.listener.attempt()
        assert scene.town.asked.count("/api/v1/box-list") == 1
        assert scene.town.asked.count("/api/v1/orders") == 4


# ----------------------------------------------------------------- around it in the box


def test_a_box_asks_at_once_when_the_server_kept_less(tmp_path: Path) -> None:
    with a_scene(tmp_path, Town()) as scene, scene.box() as box:
        spool = box.keeper.spool
        box.sees(OTHER)
        uplink = Uplink(
            spool,
            box.sender,
            next_boot_epoch=lambda: 2,
            clock=lambda: scene.now,
            on_not_kept=box.listener.wake.set,
        )
        said = {
            "kept": 0,
            "known": 0,
            "due_on_arrival": 0,
            "misdated": 0,
            "clock_offset_s": 0,
            "refused": [],
            "not_kept": 1,
        }
        scene.town.misbehave = [(200, json.dumps(said).encode())]

        assert uplink.attempt() == 0

        assert box.listener.wake.is_set()
        assert spool.stats(scene.now).refused == 1
