"""/metrics: a token of its own, figures of the database, and a dashboard that asks for nothing that is not there."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from podwatch import runtime
from podwatch.model import Feed, Watch
from podwatch.runtime import Runtime
from podwatch.settings import Secret
from podwatch.store.figures import SentAlert, count_lags
from podwatch.store.tables import deliveries, episodes, feeds
from podwatch.web.metrics import BOUNDS
from tests.support.page_visitors import Member, Stranger, browse, find_mentions, store_show

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = "a-token-for-prometheus"
Sample = tuple[str, frozenset[tuple[str, str]]]


def with_token(rt: Runtime, token: str = TOKEN) -> Runtime:
    """The same with a token for the metrics; ``rt`` closes its store."""
    return runtime.Runtime(replace(rt.settings, metrics_token=Secret(token)), rt.store)


def scrape(rt: Runtime, now: datetime) -> dict[Sample, float]:
    """(name, labels) -> value, as Prometheus' own parser reads them."""
    answer = browse(with_token(rt), now).client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = [s for family in text_string_to_metric_families(answer.text) for s in family.samples]
    return {(s.name, frozenset(s.labels.items())): s.value for s in samples}


def value(found: dict[Sample, float], name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


@pytest.mark.parametrize(
    ("configured", "header", "status"),
    [
        (TOKEN, f"Bearer {TOKEN}", 200),
        (TOKEN, f"bearer {TOKEN}", 200),
        (TOKEN, "", 401),
        (TOKEN, "Bearer wrong", 401),
        (TOKEN, "Bearer w\u00f6rong", 401),
        (TOKEN, f"Basic {TOKEN}", 401),
        ("", "Bearer ", 404),
        ("", "", 404),
        ("short", "Bearer short", 503),
    ],
)
def test_only_the_token_of_the_metrics_opens_them(
    configured: str, header: str, status: int, rt: Runtime, now: datetime
) -> None:
    for access in (Member(), Stranger()):  # a login opens them as little as none does
        client = browse(with_token(rt, configured), now, access).client
        answer = client.get("/metrics", headers={b"authorization": header.encode("latin-1")})
        assert answer.status_code == status
        assert (b"podwatch_rows" in answer.content) is (status == 200)


def test_the_token_of_the_metrics_opens_nothing_else(rt: Runtime, now: datetime) -> None:
    client = browse(with_token(rt), now, Stranger()).client
    assert client.get("/api/v1/alerts", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 401


def test_the_figures_are_those_of_the_database(either: Runtime, now: datetime) -> None:
    empty = scrape(either, now)
    assert value(empty, "podwatch_rows", table="mentions") == 0
    assert value(empty, "podwatch_deliveries", state="dead") == 0
    store_show(either, now, ["Ann Lee sold grain.", "grain", None])
    find_mentions(either, now)
    with either.store.writing() as c:
        c.execute(update(feeds).values(error="it answers 500", next_poll_at=now))
        c.execute(update(deliveries).where(deliveries.c.id == 1).values(state="dead", next_attempt_at=None))
    found = scrape(either, now)
    rows = {dict(labels)["table"]: n for (name, labels), n in found.items() if name == "podwatch_rows"}
    assert rows == {"feeds": 1, "episodes": 3, "transcripts": 2, "watches": 2, "mentions": 3, "deliveries": 3,
                    "search_documents": 0}  # fmt: skip
    queues = {dict(labels)["queue"]: n for (name, labels), n in found.items() if name == "podwatch_queue"}
    assert (queues["poll"], queues["detect"], queues["dead"], queues["held"]) == (1, 0, 1, 0)
    assert value(found, "podwatch_failing", noun="feed") == 1
    assert value(found, "podwatch_last_success_timestamp_seconds", verb="detect") == now.timestamp()


def test_the_lag_is_from_publication_to_the_message(either: Runtime, now: datetime) -> None:
    store_show(either, now, ["grain"] * 3)  # published an hour, a day and an hour, two days and an hour ago
    find_mentions(either, now)
    with either.store.writing() as c:
        c.execute(update(deliveries).values(state="sent", sent_at=now))
        c.execute(update(deliveries).where(deliveries.c.id == 3).values(sent_at=now - timedelta(days=2)))
    found = scrape(either, now)
    assert value(found, "podwatch_alert_lag_seconds_count", window="24h") == 2
    assert value(found, "podwatch_alert_lag_seconds_count", window="7d") == 3
    assert value(found, "podwatch_alert_lag_seconds_bucket", window="24h", le="1800") == 0
    assert value(found, "podwatch_alert_lag_seconds_bucket", window="7d", le="+Inf") == 3


def test_the_histogram_is_the_one_that_is_worked_out_by_hand(either: Runtime, now: datetime) -> None:
    """Lags of 5 min, 5 min 1 s, 1 h, 25 h; and one of a week ago, which no window has."""
    ages = [timedelta(minutes=5), timedelta(minutes=5, seconds=1), timedelta(hours=1), timedelta(hours=25)]
    store_show(either, now, ["grain"] * 5)
    find_mentions(either, now)
    with either.store.writing() as c:
        c.execute(update(deliveries).values(state="sent", sent_at=now))
        for episode, age in enumerate(ages, start=1):
            c.execute(update(episodes).where(episodes.c.id == episode).values(published_at=now - age))
        c.execute(update(deliveries).where(deliveries.c.episode_id == 5).values(sent_at=now - timedelta(days=8)))
    found = scrape(either, now)
    name = "podwatch_alert_lag_seconds_bucket"
    buckets = {dict(labels)["le"]: n for (n_, labels), n in found.items() if n_ == name and ("window", "24h") in labels}
    assert buckets == {
        "300": 1, "900": 2, "1800": 2, "3600": 3, "7200": 3, "14400": 3, "28800": 3, "57600": 3, "86400": 3,
        "172800": 4, "345600": 4, "+Inf": 4,
    }  # fmt: skip
    assert value(found, "podwatch_alert_lag_seconds_sum", window="24h") == 300 + 301 + 3600 + 25 * 3600
    assert value(found, "podwatch_alert_lag_seconds_count", window="24h") == 4


def test_the_number_of_series_does_not_grow_with_what_is_watched(rt: Runtime, now: datetime) -> None:
    """No label is a stranger's word, or one of many: a name a feed, a watch or a channel would fill Prometheus."""
    store_show(rt, now, ["grain"])
    find_mentions(rt, now)
    few = set(scrape(rt, now))
    for n in range(12):
        feed = Feed(url=f"https://{n}.example/feed", title=f'Show "{n}"\n{{x="y"}}')
        store_show(rt, now, ["grain tea sea"] * 2, feed=feed)
    words = ["tea", "sea", "grain"]
    find_mentions(rt, now, *(Watch(name=f"watch {w}", query=w, channel=f"#c{w}") for w in words))
    with rt.store.writing() as c:
        c.execute(update(feeds).values(error="it answers 500"))
    many = set(scrape(rt, now))
    assert {name for name, _ in many} == {name for name, _ in few}
    assert many == few


def test_buckets_hold_what_is_at_most_their_bound() -> None:
    now = datetime(2026, 11, 3, tzinfo=UTC)
    alerts = [SentAlert(now, lag) for lag in (0.0, 300.0, 300.1, 10.0**9)]
    old = SentAlert(now - timedelta(days=2), 1.0)
    counts, total = count_lags([*alerts, old], now - timedelta(days=1), BOUNDS)
    assert (counts[:2], counts[-2:], len(counts)) == ([2, 3], [3, 4], len(BOUNDS) + 1)
    assert total == sum(a.lag for a in alerts)
    assert counts == sorted(counts)


def test_many_scrapes_at_once_cost_one(rt: Runtime, now: datetime) -> None:
    client = browse(with_token(rt), now).client
    first = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    store_show(rt, now, ["grain"])
    assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text == first


def metrics_in(expression: str) -> set[str]:
    return set(re.findall(r"\bpodwatch_[a-z_]+", expression))


def test_the_dashboard_and_the_page_name_only_metrics_that_there_are(rt: Runtime, now: datetime) -> None:
    there = {name for name, _ in scrape(rt, now)}
    dashboard = json.loads((ROOT / "docs/grafana.json").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert len(asked) >= 8
    assert {name for expression in asked for name in metrics_in(expression)} <= there | {
        "podwatch_last_success_timestamp_seconds"
    }
    named = metrics_in((ROOT / "docs/metrics.md").read_text(encoding="utf-8"))
    families = {re.sub(r"_(bucket|count|sum|created)$", "", name) for name in there}
    families |= {"podwatch_last_success_timestamp_seconds"}  # of a store in which nothing has happened there is none
    assert families <= named
    assert named <= there | families
