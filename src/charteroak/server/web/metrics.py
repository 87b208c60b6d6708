"""Figures for Prometheus: how much and how long, never who or which car.

Labels are words of our own vocabulary (a duty, a status, a code) and the random
identifiers of boxes. Nothing that a person or a camera wrote can become one.
"""

import hmac
import re
from collections.abc import Iterator
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from typing_extensions import override

from charteroak.core.errors import CharterOakError
from charteroak.server.actions.see_status import Status, see_status
from charteroak.server.actions.see_totals import see_totals
from charteroak.server.agency import Agency
from charteroak.server.web.board_feed import BoardFeed
from charteroak.server.web.session import agency_of

router: Final = APIRouter()

_CODE: Final = re.compile(r"charteroak(\.[a-z][a-z-]*){2}")
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Measures:
    """What one process counts by itself, beside what the database knows."""

    def __init__(self, agency: Agency) -> None:
        """Take an agency, and begin at zero."""
        self.registry = CollectorRegistry(auto_describe=False)
        self._batches = Histogram(
            "charteroak_ingest_seconds",
            "Time from a batch's first byte to its answer, by the answer's status.",
            ["status"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._requests = Counter(
            "charteroak_requests",
            "Requests answered, by status.",
            ["status"],
            registry=self.registry,
        )
        self._streams = Gauge(
            "charteroak_board_streams",
            "Browsers that have the board open.",
            registry=self.registry,
        )
        self.registry.register(_OfTheAgency(agency))

    def batch(self, status: int, took_s: float) -> None:
        """Count a batch of reads that was answered."""
        self._batches.labels(str(status)).observe(took_s)

    def streams(self, number: int) -> None:
        """Note how many browsers have the board open."""
        self._streams.set(number)

    def request(self, status: int) -> None:
        """Count a request that was answered."""
        self._requests.labels(str(status)).inc()


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Give all figures; to this machine, or to who has the token."""
    agency = agency_of(request)
    if not _may(request, agency):
        return PlainTextResponse(
            "Only from this machine, or with the token of CHARTEROAK_METRICS_TOKEN.\n",
            status_code=HTTPStatus.FORBIDDEN,
        )
    measures: Measures = request.app.state.measures
    feed = getattr(request.app.state, "board_feed", None)
    measures.streams(feed.streams if isinstance(feed, BoardFeed) else 0)
    return Response(
        generate_latest(measures.registry),
        headers={"content-type": CONTENT_TYPE_LATEST},
    )


def _may(request: Request, agency: Agency) -> bool:
    token = agency.settings.metrics_token
    given = request.headers.get("authorization", "")
    if token is not None:
        wanted = f"Bearer {token.get_secret_value()}"
        return hmac.compare_digest(given.encode(), wanted.encode())
    if agency.settings.proxy is not None or request.client is None:
        # Behind a proxy everybody may seem to be on this machine.
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False


class _OfTheAgency(Collector):
    """Asks the database at every look."""

    def __init__(self, agency: Agency) -> None:
        self._agency = agency

    @override
    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("charteroak_database_up", "1: the database answers.")
        try:
            status = see_status(self._agency)
            figures = [*_totals(self._agency), *_standing(status)]
        except CharterOakError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from figures


def _totals(agency: Agency) -> Iterator[Metric]:
    seen = see_totals(agency)
    for name, text, value in [
        ("reads", "Reads stored.", seen.reads),
        ("hits", "Reads on a hot list.", seen.hits),
        ("reads_due_on_arrival", "Reads that came too late.", seen.due_on_arrival),
        ("reads_misdated", "Reads with an impossible time.", seen.misdated),
        ("reads_purged", "Reads deleted on schedule.", seen.purged),
        ("buckets_purged", "Spans of reads deleted whole.", seen.buckets_purged),
    ]:
        yield CounterMetricFamily(f"charteroak_{name}", text, value=value)
    yield GaugeMetricFamily(
        "charteroak_buckets", "Spans of reads that are there.", value=seen.buckets
    )
    if seen.oldest_at is not None:
        yield GaugeMetricFamily(
            "charteroak_oldest_bucket_timestamp_seconds",
            "Start of the oldest span of reads that is there.",
            value=seen.oldest_at.timestamp(),
        )
    alerts = GaugeMetricFamily(
        "charteroak_alerts", "Alerts, by status.", labels=["status"]
    )
    for status, n in seen.alerts.items():
        alerts.add_metric([status], n)
    yield alerts
    refusals = CounterMetricFamily(
        "charteroak_refusals", "What was turned away, by code.", labels=["code"]
    )
    for code, n in seen.refusals.items():
        refusals.add_metric([code if _CODE.fullmatch(code) else "other"], n)
    yield refusals


def _standing(status: Status) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "charteroak_well", "1: nothing needs a person.", value=status.well
    )
    yield GaugeMetricFamily(
        "charteroak_promises_broken",
        "Promises that this database cannot keep.",
        value=len(status.broken_promises),
    )
    yield from _duties(status)
    heard = GaugeMetricFamily(
        "charteroak_box_last_batch_timestamp_seconds",
        "When a box was heard last.",
        labels=["box"],
    )
    for box in status.boxes:
        if box.last_batch_at is not None:
            heard.add_metric([str(box.box_id)], box.last_batch_at.timestamp())
    yield heard
    yield GaugeMetricFamily(
        "charteroak_disk_free_bytes",
        "Room on the disk of the data folder.",
        value=status.disk.free_bytes,
    )
    if status.certificate is not None and status.certificate.expires_at is not None:
        yield GaugeMetricFamily(
            "charteroak_certificate_expiry_timestamp_seconds",
            "Last moment of the certificate.",
            value=status.certificate.expires_at.timestamp(),
        )


def _duties(status: Status) -> Iterator[Metric]:
    late = GaugeMetricFamily(
        "charteroak_duty_late", "1: a duty is late.", labels=["duty"]
    )
    done = GaugeMetricFamily(
        "charteroak_duty_last_success_timestamp_seconds",
        "When a duty was done last.",
        labels=["duty"],
    )
    for line in status.duties:
        late.add_metric([line.duty.value], line.late)
        if line.state is not None and line.state.last_success_at is not None:
            done.add_metric([line.duty.value], line.state.last_success_at.timestamp())
    yield from (late, done)
