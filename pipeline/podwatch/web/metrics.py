"""/metrics for Prometheus: figures of the database, behind a token of their own, which opens nothing else."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from threading import Lock

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from podwatch.store.figures import StoreFigures, count_lags
from podwatch.web.access import open_to_anybody
from podwatch.web.page import Page, PageDep

router = APIRouter(include_in_schema=False)
SHORTEST_TOKEN = 16
FRESH = 5.0  # seconds for which figures are not computed anew, whoever asks
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Of the lag from publication to alert: five minutes to four days.
BOUNDS = (300.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 57600.0, 86400.0, 172800.0, 345600.0)
WINDOWS = {"24h": timedelta(hours=24), "7d": timedelta(days=7)}


class FiguresCollector(Collector):
    """What Prometheus' client writes out, of figures that were read. seconds: how long that took."""

    def __init__(self, figures: StoreFigures, now: datetime, seconds: float) -> None:
        self._figures, self._now, self._seconds = figures, now, seconds

    def collect(self) -> Iterator[Metric]:
        f = self._figures
        yield _gauge("podwatch_rows", "Rows of each table.", "table", f.rows.items())
        yield _gauge(
            "podwatch_queue", "What is due for each verb now; held and dead deliveries.", "queue", f.queues.items()
        )
        yield _gauge("podwatch_failing", "What has an error now, by noun.", "noun", f.failing.items())
        yield _gauge("podwatch_deliveries", "Deliveries by state.", "state", f.deliveries.items())
        latest = [(verb, at.timestamp()) for verb, at in f.latest.items()]
        yield _gauge("podwatch_last_success_timestamp_seconds", "When each verb last did something; line: all four.",
                     "verb", latest)  # fmt: skip
        lags = HistogramMetricFamily(
            "podwatch_alert_lag_seconds",
            "From an episode's publication to its alert, of the alerts sent in the window: of now, not since a start.",
            labels=["window"],
        )
        for name, window in WINDOWS.items():
            counts, total = count_lags(f.alerts, self._now - window, BOUNDS)
            bounds = [*(f"{bound:g}" for bound in BOUNDS), "+Inf"]
            lags.add_metric([name], [*zip(bounds, map(float, counts), strict=True)], total)
        yield lags
        yield GaugeMetricFamily("podwatch_scrape_seconds", "How long it took to compute these figures.", self._seconds)


class _Cache:
    """The last answer, so that many scrapes cost as much as one."""

    def __init__(self) -> None:
        self._lock, self._at, self._body = Lock(), 0.0, b""

    def read(self, page: Page) -> bytes:
        with self._lock:
            began = time.monotonic()
            if not self._body or began - self._at > FRESH:
                now = page.clock()
                figures = page.store.store_figures(now)
                self._at = time.monotonic()
                registry = CollectorRegistry()
                registry.register(FiguresCollector(figures, now, self._at - began))
                self._body = generate_latest(registry)
            return self._body


@router.get("/metrics")
@open_to_anybody
def show_metrics(request: Request, page: PageDep) -> Response:
    """Asks for its own token: Prometheus has no login, and is to read nothing but this."""
    token = page.rt.settings.metrics_token.reveal()
    if not token:
        return PlainTextResponse("podwatch: there are no metrics: PODWATCH_METRICS_TOKEN is not set\n", 404)
    if len(token) < SHORTEST_TOKEN:
        return PlainTextResponse(f"podwatch: PODWATCH_METRICS_TOKEN is shorter than {SHORTEST_TOKEN} characters\n", 503)
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    is_right = secrets.compare_digest(given.strip().encode("utf-8", "replace"), token.encode())
    if scheme.lower() != "bearer" or not is_right:
        headers = {"WWW-Authenticate": "Bearer"}
        return PlainTextResponse("podwatch: the token of the metrics is wanted\n", 401, headers)
    state = request.app.state
    if not hasattr(state, "metrics"):
        state.metrics = _Cache()
    return Response(state.metrics.read(page), media_type=CONTENT_TYPE)


def _gauge(name: str, text: str, label: str, values: Iterable[tuple[str, float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, number in values:
        family.add_metric([value], number)
    return family
