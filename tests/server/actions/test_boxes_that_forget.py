"""Where what hit nothing may not be kept, the server keeps none, and tells its boxes so."""

import secrets
from datetime import timedelta
from uuid import UUID

import attrs
import msgspec
import pytest
from fastapi import FastAPI
from nacl.public import SealedBox
from nacl.signing import SigningKey
from starlette.testclient import TestClient
from tests.server.a_state import under
from tests.support.agency import SettableClock
from tests.support.box import (
    CAMERA,
    NONCE_BYTES,
    FakeBox,
    a_box,
    a_camera_report,
    a_report,
    camera,
    somebody,
    wanted,
)
from tests.support.tables import Tables

from charteroak.core.box_list import BoxListAnswer, Matching
from charteroak.core.camera import Mount
from charteroak.core.hotlist import HotList, HotListId, ListClass
from charteroak.core.http_signature import HttpMessage, sign
from charteroak.core.keeping import Mode
from charteroak.core.orders import Orders, OrdersAnswer, Signed, open_list, open_orders
from charteroak.core.people import Role
from charteroak.core.plate import PlateText
from charteroak.core.wire import MEDIA_TYPE
from charteroak.server.actions.ingest_reads import Taken
from charteroak.server.actions.load_hotlist import (
    ListFile,
    Loaded,
    load_hotlist,
    rebuild_hot_file,
)
from charteroak.server.actions.note_box_report import Noted
from charteroak.server.actions.place_camera import Placed, place_camera
from charteroak.server.actions.see_cameras import see_cameras
from charteroak.server.agency import Agency
from charteroak.server.ordering import list_in_force
from charteroak.server.store import board_health, hotlists, refusals
from charteroak.server.vault.box_lists import BoxLists, ListBeingMadeError
from charteroak.server.web.app import create_app

LISTED, OTHER = "STOLEN77", "QX7SECR"
ORDERS = "https://localhost/api/v1/orders"
BOX_LIST = "https://localhost/api/v1/box-list"


@pytest.fixture
def forgetful(agency: Agency) -> Agency:
    """An agency of New Hampshire."""
    return under(agency, "us_nh")


@pytest.fixture
def box(forgetful: Agency) -> FakeBox:
    # There a reader is mounted on a car.
    mounted = attrs.evolve(camera(), mount=Mount.VEHICLE)
    placed = place_camera(forgetful, somebody(Role.ADMINISTRATOR), mounted)
    assert isinstance(placed, Placed)
    return a_box(forgetful)


@attrs.define
class Asking:
    """A box that asks the real app."""

    http: TestClient
    box: FakeBox

    def get(
        self, url: str, *, nonce: bytes | None = None, etag: str = ""
    ) -> tuple[int, bytes, str]:
        message = HttpMessage(
            method="GET", url=url, fields=(("content-type", MEDIA_TYPE),)
        )
        signed = sign(
            message,
            body=b"",
            key_id=str(self.box.device),
            private_key=self.box.key,
            created=self.box.agency.clock(),
            nonce=nonce or secrets.token_bytes(NONCE_BYTES),
        )
        headers = {**dict(message.fields), **signed}
        if etag:
            headers["if-none-match"] = etag
        answer = self.http.get(url, headers=headers)
        return answer.status_code, answer.content, answer.headers.get("etag", "")

    def orders(self) -> Orders:
        nonce = secrets.token_bytes(NONCE_BYTES)
        status, body, _ = self.get(ORDERS, nonce=nonce)
        assert status == 200, body
        answer = msgspec.msgpack.decode(body, type=OrdersAnswer)
        assert answer.signing_key == self.box.agency.keys.public_key
        return open_orders(
            answer.signed,
            signing_key=answer.signing_key,
            device=self.box.device,
            asked=nonce,
        )

    def matching(self) -> Matching:
        status, body, etag = self.get(BOX_LIST)
        assert status == 200, body
        answer = msgspec.msgpack.decode(body, type=BoxListAnswer)
        content = open_list(
            Signed(content=answer.content, signature=answer.signature),
            signing_key=self.box.agency.keys.public_key,
        )
        own = SigningKey(self.box.key.private_bytes_raw()).to_curve25519_private_key()
        found = Matching.of(content, SealedBox(own).decrypt(answer.key))
        assert etag == f'"{found.tag}"'
        return found


@pytest.fixture
def asking(forgetful: Agency, box: FakeBox) -> Asking:
    app: FastAPI = create_app(forgetful)
    return Asking(http=TestClient(app, base_url="https://localhost"), box=box)


def everything_in(tables: Tables) -> str:
    names = tables.rows(
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p')"
        " AND relnamespace = current_schema()::regnamespace"
    )
    return " ".join(tables.text_of(str(name)) for (name,) in names)


def loaded(agency: Agency, plates: str, *, list_class: ListClass, name: str) -> None:
    done = load_hotlist(
        agency,
        somebody(Role.LIST_CLERK),
        ListFile(
            name=name,
            list_class=list_class,
            source="test",
            authority="test order 1",
            content=f"plate,state,reason\n{plates}".encode(),
        ),
    )
    assert isinstance(done, Loaded), done


def own_list(agency: Agency) -> HotListId:
    """The agency's own list, where each entry is a decision of its own."""
    with agency.database.changes() as tx:
        return hotlists.put(
            tx,
            HotList(
                list_id=HotListId(agency.new_id()),
                name="own",
                list_class=ListClass.LOCAL,
                source="ours",
                authority="test order 2",
                loaded_at=agency.clock(),
            ),
            by=None,
        )


# ------------------------------------------------------------------------- taking in


def test_what_hits_nothing_is_in_no_table_and_no_picture(
    forgetful: Agency, box: FakeBox, tables: Tables
) -> None:
    wanted(forgetful, LISTED, state="NH")
    picture = b"picture of somebody else's car" * 40

    answer = box.send(
        box.read(LISTED, state="NH", picture=b"picture of the stolen car"),
        box.read(OTHER, picture=picture),
        # The same characters of another state are another car.
        box.read(LISTED, state="MA"),
    )

    assert (answer.kept, answer.not_kept, answer.known) == (1, 2, 0)
    assert tables.count("reads") == tables.count("alerts") == 1
    assert LISTED in everything_in(tables)
    assert OTHER not in everything_in(tables)
    with forgetful.database.changes() as tx:
        (turned,) = refusals.since(tx, forgetful.clock() - timedelta(hours=1))
    assert (turned.kind, turned.n) == ("charteroak.batch.not-kept", 2)
    counted = tables.rows("SELECT sum(reads)::int, sum(hits)::int FROM read_counts")
    assert counted == [(1, 1)]


def test_elsewhere_the_same_batch_is_kept(agency: Agency, tables: Tables) -> None:
    answer = a_box(agency).send(a_box(agency, "elm").read(OTHER))

    assert (answer.kept, answer.not_kept) == (1, 0)
    assert OTHER in everything_in(tables)


def test_nothing_is_kept_either_where_the_matchers_file_is_gone(
    forgetful: Agency, box: FakeBox, tables: Tables
) -> None:
    wanted(forgetful, LISTED, state="NH")
    forgetful.hot_file.forget()

    answer = box.send(box.read(LISTED, state="NH"), box.read(OTHER))

    assert (answer.kept, answer.not_kept) == (1, 1)
    assert OTHER not in everything_in(tables)


def test_the_same_batch_again_gets_the_same_answer(
    forgetful: Agency, box: FakeBox
) -> None:
    batch = box.batch(box.seal(box.read(OTHER)))

    first, second = box.deliver(batch), box.deliver(batch)

    assert isinstance(first, Taken)
    assert first == second
    assert first.answer.not_kept == 1
    assert forgetful.mode is Mode.EDGE_ONLY


def test_a_hit_on_a_list_that_is_too_old_is_none(
    forgetful: Agency, box: FakeBox, agency_clock: SettableClock, tables: Tables
) -> None:
    wanted(forgetful, LISTED, state="NH")
    agency_clock.advance(timedelta(hours=12, seconds=1))

    answer = box.send(box.read(LISTED, state="NH"))

    assert (answer.kept, answer.not_kept) == (0, 1)
    assert tables.count("alerts") == 0


def test_in_a_moratorium_not_even_a_hit_is_kept(agency: Agency, tables: Tables) -> None:
    wanted(agency, LISTED, state="CT")
    stopped = under(agency, "us_ct", "moratorium")
    box = attrs.evolve(a_box(agency), agency=stopped)

    answer = box.send(box.read(LISTED))

    assert stopped.mode is Mode.STOPPED
    assert (answer.kept, answer.not_kept) == (0, 1)
    assert tables.count("reads") == tables.count("alerts") == 0


def test_the_preset_minimal_keeps_hits_alone(agency: Agency) -> None:
    minimal = under(agency, "us_ct", "minimal")
    loaded(
        minimal,
        f"{LISTED},CT,missing\n",
        list_class=ListClass.MISSING_PERSON,
        name="missing",
    )
    box = a_box(minimal)

    answer = box.send(box.read(LISTED), box.read(OTHER))

    assert minimal.retention.limit == timedelta(seconds=180)
    assert (answer.kept, answer.not_kept) == (1, 1)


# ---------------------------------------------------------------------------- orders


def test_a_box_is_told_at_enrolment_and_whenever_it_asks(
    forgetful: Agency, asking: Asking, tables: Tables
) -> None:
    first, second = asking.orders(), asking.orders()

    assert first.told is second.told is Mode.EDGE_ONLY
    assert (first.keep_s, first.device) == (180, asking.box.device)
    assert second.number >= first.number
    told = tables.public_entries("box.told")
    assert [each["mode"] for each in told] == ["edge-only"]
    assert told[0]["rules"] == forgetful.rules.fingerprint


def test_a_box_of_before_is_told_when_the_rules_change(
    agency: Agency, tables: Tables
) -> None:
    box = a_box(agency)
    before = Asking(TestClient(create_app(agency), base_url="https://localhost"), box)
    assert before.orders().told is Mode.ORDINARY
    assert tables.public_entries("box.told") == []
    for policy in ("minimal", "moratorium"):
        changed = under(agency, "us_ct", policy)
        app = create_app(changed)
        after = Asking(TestClient(app, base_url="https://localhost"), box)
        assert after.orders().told is changed.mode
        assert after.orders().told is changed.mode

    told = [each["mode"] for each in tables.public_entries("box.told")]
    assert told == ["edge-only", "stopped"]


def test_nobody_else_is_told_anything(asking: Asking) -> None:
    nonce = secrets.token_bytes(NONCE_BYTES)
    stranger = attrs.evolve(asking.box, device=UUID(int=7))

    for url in (ORDERS, BOX_LIST):
        assert asking.http.get(url).status_code == 401
        assert Asking(asking.http, stranger).get(url)[0] == 401
    assert asking.get(ORDERS, nonce=nonce)[0] == 200
    # The same request once more is somebody else's.
    assert asking.get(ORDERS, nonce=nonce)[0] == 401
    assert asking.get(BOX_LIST, nonce=nonce)[0] == 401


# ------------------------------------------------------------------------- the list


def test_a_box_gets_the_list_once_for_each_change(
    forgetful: Agency, asking: Asking, agency_clock: SettableClock
) -> None:
    wanted(forgetful, LISTED, state="NH")
    first = asking.matching()
    now_s = forgetful.clock().timestamp()

    assert asking.orders().list_tag == first.tag
    assert first.hits(PlateText(LISTED), "NH", server_s=now_s)
    assert not first.hits(PlateText(LISTED), "MA", server_s=now_s)
    assert not first.hits(PlateText(OTHER), None, server_s=now_s)
    assert asking.get(BOX_LIST, etag=f'"{first.tag}"')[:2] == (304, b"")
    agency_clock.advance(timedelta(hours=1))
    assert asking.orders().list_tag == first.tag

    wanted(forgetful, OTHER, state="NH")

    second = asking.matching()
    assert second.number > first.number
    assert second.tag == asking.orders().list_tag != first.tag
    assert second.hits(PlateText(OTHER), None, server_s=now_s)
    assert not second.hits(PlateText(LISTED), None, server_s=now_s)


def test_a_list_is_over_when_it_is_too_old(
    forgetful: Agency, asking: Asking, agency_clock: SettableClock
) -> None:
    wanted(forgetful, LISTED, state="NH")
    first = asking.matching()
    assert first.expires_s == int(forgetful.clock().timestamp()) + 12 * 3600

    agency_clock.advance(timedelta(hours=12, seconds=1))

    second = asking.matching()
    assert second.number > first.number
    assert len(second) == 0


def test_what_an_agency_enters_itself_does_not_get_old_with_the_others(
    forgetful: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    wanted(forgetful, LISTED, state="NH")
    own = own_list(forgetful)
    agency_clock.advance(timedelta(hours=13))

    with forgetful.database.ingests() as tx:
        before = list_in_force(forgetful, tx)
    # An entry that comes or goes by itself changes the list, and its tag.
    tables.change(
        "UPDATE hotlist_entries"
        " SET list_id = (SELECT list_id FROM hotlists WHERE name = 'own')"
    )
    with forgetful.database.ingests() as tx:
        after = list_in_force(forgetful, tx)

    assert before.list_ids == after.list_ids == (own,)
    assert before.number == after.number
    assert before.tag != after.tag


def test_no_plate_is_on_the_wire(forgetful: Agency, asking: Asking) -> None:
    wanted(forgetful, LISTED, state="NH")

    _, body, _ = asking.get(BOX_LIST)

    assert LISTED.encode() not in body
    assert forgetful.keys.hotlist_key not in body


def test_the_server_and_its_boxes_agree_on_what_is_a_hit(
    forgetful: Agency, asking: Asking
) -> None:
    """Over characters, the letter O, states, and entries that end."""
    ends = forgetful.clock() + timedelta(hours=1)
    loaded(
        forgetful,
        "AB12O45,NH,one\nAB120456,,two\nZZ9,MA,three\n",
        list_class=ListClass.VEHICLE,
        name="stolen",
    )
    done = load_hotlist(
        forgetful,
        somebody(Role.LIST_CLERK),
        ListFile(
            name="ending",
            list_class=ListClass.VEHICLE,
            source="test",
            authority="test order 1",
            content=f"plate,state,reason,expires\nENDS1,NH,x,{ends.isoformat()}\n".encode(),
        ),
    )
    assert isinstance(done, Loaded)
    rebuild_hot_file(forgetful)
    found = asking.matching()
    now_s = forgetful.clock().timestamp()
    plates = ("AB12O45", "AB12045", "AB120456", "ZZ9", "ENDS1", "ENDS2", "0")
    for plate in plates:
        for state in (None, "NH", "MA"):
            said = found.hits(PlateText(plate), state, server_s=now_s)
            answer = asking.box.send(asking.box.read(plate, state=state))
            assert (answer.kept, answer.not_kept) == (int(said), int(not said))


def test_nobody_waits_while_a_list_is_made() -> None:
    shelf, made = BoxLists(), Signed(content=b"list", signature=b"")

    def make() -> Signed:
        with pytest.raises(ListBeingMadeError):
            shelf.take("new", lambda: made)
        return made

    assert shelf.take("new", make) is made
    assert shelf.take("new", make) is made


# --------------------------------------------------------------------------- reports


def test_a_box_says_what_it_does_and_that_is_recorded_once(
    forgetful: Agency, box: FakeBox, tables: Tables
) -> None:
    hour = int(forgetful.clock().timestamp()) // 3600
    for number, forgotten in enumerate([[(hour, 3)], [(hour, 8), (hour - 1, 5)]], 1):
        said = a_report(
            a_camera_report(forgotten=forgotten),
            number=number,
            mode="edge-only",
            list_left_s=600,
            destroyed=4,
            memory_safe=False,
        )
        assert isinstance(box.report(said), Noted)

    assert tables.public_entries("box.obeyed") == [
        {"mode": "edge-only", "destroyed": 4}
    ]
    (shown,) = see_cameras(forgetful).boxes
    assert shown.standing is not None
    assert shown.standing.mode is Mode.EDGE_ONLY
    assert shown.standing.list_until == forgetful.clock() + timedelta(minutes=10)
    assert not shown.standing.without_list(forgetful.clock())
    assert shown.standing.leaks_memory
    # What was forgotten is traffic too: the camera is not quiet.
    (camera,) = see_cameras(forgetful).cameras
    assert camera.hourly[-2:] == (5, 8)
    assert camera.read_hour is not None
    with forgetful.database.changes() as tx:
        (on_board,) = board_health.cameras(tx, most=9)
    assert on_board.read_hour == camera.read_hour


def test_a_count_of_another_start_adds_and_an_absurd_hour_does_not(
    forgetful: Agency, box: FakeBox
) -> None:
    hour = int(forgetful.clock().timestamp()) // 3600
    for boot_epoch, forgotten in [
        (1, [(hour, 3)]),
        (2, [(hour, 2), (hour + 5, 9), (2**60, 9), (0, 9), (hour - 400, 9)]),
    ]:
        said = a_report(
            a_camera_report(forgotten=forgotten), boot_epoch=boot_epoch, mode="x"
        )
        assert isinstance(box.report(said), Noted)

    (camera,) = see_cameras(forgetful).cameras
    assert sum(camera.hourly) == camera.hourly[-1] == 5
    assert camera.camera.camera_id == CAMERA
