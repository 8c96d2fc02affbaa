"""What a run starts from and what it ends with: a store that listens to the shows, and what its rows say."""

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

from benchmarks.past import watchlist
from podwatch import runtime
from podwatch.line.verbs import LINE
from podwatch.model import Feed, DeliveryTiming
from podwatch.runtime import Runtime
from podwatch.settings import from_environment

# Every stored value but numbers of rows, times of our own, and what depends on which episodes came before others.
ROWS = {
    "episodes": """SELECT f.url, e.guid, e.title, e.published_at, e.backlog, e.fetch_failures, e.fetch_error
        FROM episodes e JOIN feeds f ON f.id = e.feed_id""",
    "transcripts": """SELECT e.identity, t.digest, t.revision, t.detected_through, t.source, t.detect_error
        FROM transcripts t JOIN episodes e ON e.id = t.episode_id""",
    "mentions": """SELECT e.identity, w.name, m.start, m."end", m.surface, m.kind, m.score, m.seconds, m.gone_at
        FROM mentions m JOIN watches w ON w.id = m.watch_id JOIN episodes e ON e.id = m.episode_id""",
    "deliveries": "SELECT d.key, d.channel, d.state, d.reason FROM deliveries d",
}
LINE_OF_LOG = re.compile(r"(\d+) (episodes asked for|transcripts looked through) in ([\d.]+) s")


def settle(env: Mapping[str, str], feeds: list[str], talks: list[list[str]], watches: int, now: datetime) -> None:
    """The feeds have been polled, and what is new of them was fetched and looked through, as of a day before."""
    hurried = replace(from_environment(env), pace=DeliveryTiming(interval=0.0, stay=0.0))
    with runtime.build(hurried) as rt:
        rt.store.add_feeds([Feed(url=url) for url in feeds], now)
        rt.store.sync_watches(watchlist(talks, watches), now)
        with redirect_stdout(io.StringIO()):  # the console's cards
            for verb in LINE.values():
                verb(rt, now)


def rows(rt: Runtime) -> dict[str, tuple[int, str]]:
    """For each table how many rows there are, and the hash of all that they say."""
    found = {}
    with rt.store.reading() as c:
        for table, query in ROWS.items():
            said = sorted(json.dumps(list(r), default=str) for r in c.exec_driver_sql(query))
            found[table] = len(said), hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]
    return found


def rates(logs: Path) -> dict[str, float]:
    """Episodes a second while they were fetched, and while they were looked through, from the logs of the tasks."""
    count: dict[str, int] = {}
    seconds: dict[str, float] = {}
    for log in logs.rglob("*.log"):
        for n, what, took in LINE_OF_LOG.findall(log.read_text(errors="replace")):
            count[what] = count.get(what, 0) + int(n)
            seconds[what] = seconds.get(what, 0.0) + float(took)
    return {what: count[what] / seconds[what] for what in count if seconds[what]}
