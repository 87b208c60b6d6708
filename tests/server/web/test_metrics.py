"""Figures for machines: there for who may see them, and without a plate in them."""

from collections.abc import Iterator

import attrs
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from starlette.testclient import TestClient
from tests.attack.a_site import a_marker
from tests.support.agency import SettableClock, a_fresh_agency
from tests.support.box import FakeBox, wanted
from tests.support.shelf import Shelf
from tests.support.web import browser

from charteroak.server.agency import Agency
from charteroak.server.web.app import create_app
from charteroak.server.worker import Worker

TOKEN = "a token of the monitoring"  # noqa: S105 - of a test


@pytest.fixture(scope="module")
def quiet(
    agencies: Shelf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Agency]:
    """An agency in which nothing happens, for all who only ask."""
    folder = tmp_path_factory.mktemp("quiet")
    with a_fresh_agency(agencies, SettableClock(), folder) as agency:
        yield agency


def asked(
    agency: Agency, *, peer: str = "127.0.0.1", token: str = ""
) -> tuple[int, str]:
    client = TestClient(
        create_app(agency), base_url="http://localhost", client=(peer, 50_000)
    )
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = client.get("/metrics", headers=headers)
    return answer.status_code, answer.text


def values(text: str) -> dict[str, float]:
    return {
        ",".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_figures_count_and_name_nobody(agency: Agency, box: FakeBox) -> None:
    hit, read, refused = a_marker(), a_marker(), a_marker()
    wanted(agency, hit)
    box.send(box.read(hit), box.read(read, picture=b"one"))
    box.send(box.read(refused, camera=refused.lower()), refused.encode())
    Worker(agency).look()
    app = create_app(agency)
    desk = browser(app)
    unsigned = desk.http.post("/api/v1/batches", content=hit.encode())
    assert unsigned.status_code == 401

    text = (
        TestClient(app, base_url="http://localhost", client=("127.0.0.1", 50_000))
        .get("/metrics")
        .text
    )

    seen = values(text)
    assert seen["charteroak_database_up"] == 1
    assert seen["charteroak_reads_total"] == 2
    assert seen["charteroak_hits_total"] == 1
    assert seen["charteroak_alerts,unverified"] == 1
    assert seen["charteroak_refusals_total,charteroak.batch.foreign-camera"] == 1
    assert seen["charteroak_duty_late,purge_reads"] == 0
    assert seen["charteroak_ingest_seconds_count,401"] == 1
    assert seen["charteroak_requests_total,401"] == 1
    assert seen["charteroak_board_streams"] == 0
    heard = f"charteroak_box_last_batch_timestamp_seconds,{box.device}"
    assert seen[heard] == agency.clock().timestamp()
    for marker in [hit, read, refused, "robbery", "somebody", "box on Main", "main-st"]:
        assert marker.lower() not in text.lower()


@pytest.mark.parametrize(
    ("peer", "proxy", "token", "given", "status"),
    [
        ("127.0.0.1", None, None, "", 200),
        ("203.0.113.9", None, None, "", 403),
        ("203.0.113.9", None, TOKEN, TOKEN, 200),
        ("203.0.113.9", None, TOKEN, "another token", 403),
        ("127.0.0.1", None, TOKEN, "", 403),
        # Behind a proxy everybody may seem to be on this machine.
        ("127.0.0.1", "127.0.0.1", None, "", 403),
        ("127.0.0.1", "127.0.0.1", TOKEN, TOKEN, 200),
    ],
)
def test_who_may_not_see_them_is_refused(  # noqa: PLR0913, PLR0917 - a table
    quiet: Agency,
    peer: str,
    proxy: str | None,
    token: str | None,
    given: str,
    status: int,
) -> None:
    settings = quiet.settings.model_copy(
        update={
            "proxy": proxy,
            "metrics_token": None if token is None else SecretStr(token),
        }
    )

    answered, text = asked(
        attrs.evolve(quiet, settings=settings), peer=peer, token=given
    )

    assert answered == status
    assert ("charteroak_reads_total" in text) == (status == 200)
