"""What a run of the backfill starts from and ends with: a prepared store, a hash of its rows, rates from the logs."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from benchmarks.past import build_watchlist
from podwatch import runtime
from podwatch.line.verbs import LINE
from podwatch.model import Feed
from podwatch.policy.delivery_timing import DeliveryTiming
from podwatch.runtime import Runtime
from podwatch.settings import from_environment

# Every stored value but row ids, our own timestamps, and what depends on the order in which episodes came.
ROW_QUERIES = {
    "episodes": """SELECT f.url, e.guid, e.title, e.published_at, e.backlog, e.fetch_failures, e.fetch_error
        FROM episodes e JOIN feeds f ON f.id = e.feed_id""",
    "transcripts": """SELECT e.identity, t.digest, t.revision, t.detected_through, t.source, t.detect_error
        FROM transcripts t JOIN episodes e ON e.id = t.episode_id""",
    "mentions": """SELECT e.identity, w.name, m.start, m."end", m.surface, m.kind, m.score, m.seconds, m.gone_at
        FROM mentions m JOIN watches w ON w.id = m.watch_id JOIN episodes e ON e.id = m.episode_id""",
    "deliveries": "SELECT d.key, d.channel, d.state, d.reason FROM deliveries d",
}
PROGRESS_LINE = re.compile(r"(\d+) (episodes asked for|transcripts looked through) in ([\d.]+) s")


def prepare_store(
    env: Mapping[str, str], feeds: list[str], talks: list[list[str]], watches: int, now: datetime
) -> None:
    """Adds feeds and watches and runs the four verbs once, as of ``now``: a store that has been in use for a while."""
    hurried = replace(from_environment(env), pace=DeliveryTiming(interval=0.0, stay=0.0))
    with runtime.build(hurried) as rt:
        rt.store.add_feeds([Feed(url=url) for url in feeds], now)
        rt.store.sync_watches(build_watchlist(talks, watches), now)
        with redirect_stdout(io.StringIO()):  # the console's cards
            for verb in LINE.values():
                verb(rt, now)


def hash_rows(rt: Runtime) -> dict[str, tuple[int, str]]:
    """table -> (its rows, a hash of their values)."""
    found = {}
    with rt.store.reading() as c:
        for table, query in ROW_QUERIES.items():
            lines = sorted(json.dumps(list(r), default=str) for r in c.exec_driver_sql(query))
            found[table] = len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
    return found


def read_rates(logs: Path) -> dict[str, float]:
    """step -> episodes a second while it was under way, from the log files below a folder."""
    count: dict[str, int] = {}
    seconds: dict[str, float] = {}
    for log in logs.rglob("*.log"):
        for n, what, took in PROGRESS_LINE.findall(log.read_text(errors="replace")):
            count[what] = count.get(what, 0) + int(n)
            seconds[what] = seconds.get(what, 0.0) + float(took)
    return {what: count[what] / seconds[what] for what in count if seconds[what]}
