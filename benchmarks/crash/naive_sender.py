"""The naive way to send alerts, for comparison: the SDK with its retries, a row marked as sent after the send."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import threading
import time
from pathlib import Path

from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, RateLimitErrorRetryHandler


def run_worker(folder: Path, url: str) -> None:
    """Sends what is not marked as sent until nothing is left or it is killed, 0.3 to 1.5 s after the start."""
    threading.Timer(0.3 + random.random() * 1.2, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
    handlers = [ConnectionErrorRetryHandler(), RateLimitErrorRetryHandler(max_retry_count=2)]
    client = WebClient(token="xoxb-naive", base_url=url, timeout=2, retry_handlers=handlers)
    while True:
        with sqlite3.connect(folder / "naive.db", timeout=60, isolation_level=None) as db:
            row = db.execute("SELECT id, channel FROM alerts WHERE NOT sent ORDER BY random() LIMIT 1").fetchone()
        if row is None:
            return
        try:
            client.chat_postMessage(channel=row[1], text=f"then tok{row[0]:06d}x was said")
        except Exception:  # noqa: BLE001 - a naive program tries again
            continue
        with sqlite3.connect(folder / "naive.db", timeout=60, isolation_level=None) as db:
            db.execute("UPDATE alerts SET sent = 1 WHERE id = ?", (row[0],))


def send_all(folder: Path, url: str, channels: list[str], count: int, workers: int = 4) -> None:
    """Runs until all ``count`` alerts are marked as sent."""
    with sqlite3.connect(folder / "naive.db") as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE alerts (id INTEGER PRIMARY KEY, channel TEXT, sent INTEGER DEFAULT 0)")
        rows = [(i, channels[i % len(channels)]) for i in range(count)]
        db.executemany("INSERT INTO alerts (id, channel) VALUES (?, ?)", rows)
    running: set[int] = set()
    while True:
        with sqlite3.connect(folder / "naive.db", timeout=60) as db:
            left = db.execute("SELECT count(*) FROM alerts WHERE NOT sent").fetchone()[0]
        if not left:
            break
        while len(running) < workers:
            pid = os.fork()
            if pid == 0:
                random.seed(os.getpid())
                try:
                    run_worker(folder, url)
                finally:
                    os._exit(0)
            running.add(pid)
        time.sleep(0.02)
        running -= {pid for pid in running if os.waitpid(pid, os.WNOHANG)[0]}
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
