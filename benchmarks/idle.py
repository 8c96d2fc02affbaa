"""What a run of deliver costs when nothing is due: CPU milliseconds, over few and over many sent messages.

    python -m benchmarks.idle            50,000 sent messages (SHORT=1: 5,000)

The DAG podwatch_deliver makes such a run every five minutes; it must not grow with what was sent before.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from sqlalchemy import insert

from podwatch import runtime
from podwatch.line.deliver import deliver
from podwatch.model import Feed, Watch
from podwatch.settings import Secret, Settings
from podwatch.store.tables import deliveries, episodes

CALLS, CHANNELS = 21, 10
MOST = 3.0  # times what a run over a hundredth of the messages takes: more says that it reads them


def measure(sent: int) -> float:
    """The median CPU milliseconds of a run over so many sent messages."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        base = Settings(
            home=home, database_url=Secret(f"sqlite:///{home}/podwatch.db"), slack_token=Secret("xoxb-idle")
        )
        with runtime.build(replace(base, pace=replace(base.pace, stay=0.0))) as rt:
            fill(rt, sent)
            deliver(rt, rt.store.clock())
            took = []
            for _ in range(CALLS):
                began = time.process_time()
                tally = deliver(rt, rt.store.clock())
                took.append(1000 * (time.process_time() - began))
                assert (tally.done, tally.failed) == (0, 0)
    return statistics.median(took)


def fill(rt: runtime.Runtime, sent: int) -> None:
    now = rt.store.clock()
    rt.store.sync_watches([Watch(name=f"w{n}", query="x", channel=f"#c{n}") for n in range(CHANNELS)], now)
    rt.store.add_feeds([Feed(url="https://a.example/feed")], now)
    feed = rt.store.feeds()[0].id
    facts = {"feed_id": feed, "first_seen_at": now, "transcripts": [], "details": {}}
    row = {"state": "sent", "created_at": now, "sent_at": now, "posted_at": now}
    with rt.store.writing() as c:
        c.execute(insert(episodes), [facts | {"guid": f"{n}", "identity": f"{n:032d}"} for n in range(sent)])
        c.execute(
            insert(deliveries),
            [
                row | {"key": f"{n}", "watch_id": n % CHANNELS + 1, "episode_id": n + 1, "channel": f"#c{n % CHANNELS}"}
                for n in range(sent)
            ],
        )


def main() -> int:
    many = 5_000 if os.environ.get("SHORT") else 50_000
    few_ms, many_ms = measure(many // 100), measure(many)
    holds = many_ms <= MOST * few_ms
    print(
        f"an idle run of deliver: {few_ms:.1f} ms CPU over {many // 100} sent messages, {many_ms:.1f} ms over {many:,}"
    )
    print(f"{'holds' if holds else 'MISS'}: {many_ms / few_ms:.1f} times, at most {MOST:g}")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
