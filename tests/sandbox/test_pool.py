"""Untrusted documents are parsed in processes that end within limits of time and memory, and with their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from podwatch import feeds
from podwatch.errors import FeedError
from tests.support.feed_oracle import CONTENT_TYPE, URL
from tests.support.feed_parsers import InProcessParser, OwnSandboxParser
from tests.support.hostile_documents import FEED_HEAD, HOSTILE_DOCUMENTS, feed_with_item
from tests.support.podcast_host import item as rss_item
from tests.support.podcast_host import rss
from tests.support.processes import is_running

# Documents that take more CPU time than any honest one of their size.
TOO_LONG = ("100,000 attributes", "an author of 128 KB", "30,000 namespaces")
FEED = rss(rss_item("one"), rss_item("two")).encode()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[OwnSandboxParser]:
    box = OwnSandboxParser(2)
    yield box
    box.close()


def test_a_worker_reads_what_this_process_reads(sandbox: OwnSandboxParser) -> None:
    assert feeds.read_feed(FEED, URL, CONTENT_TYPE, None, sandbox) == feeds.read_feed(
        FEED, URL, CONTENT_TYPE, None, InProcessParser()
    )


@pytest.mark.parametrize(
    "name", sorted(set(HOSTILE_DOCUMENTS) - set(TOO_LONG) - {"an author of 128 KB without an at sign"})
)
def test_a_hostile_document_ends_in_a_reading_or_one_error_within_limits(sandbox: OwnSandboxParser, name: str) -> None:
    before = time.process_time()
    try:
        reading = feeds.read_feed(HOSTILE_DOCUMENTS[name], URL, CONTENT_TYPE, None, sandbox)
    except FeedError as e:
        line = e.line
        assert len(line) < 300
    else:
        assert "root:" not in repr(reading.episodes)
        assert all(len(e.notes) <= 20_000 and len(e.transcripts) <= 200 for e in reading.episodes)
    assert time.process_time() - before < 5, "the cost is not the worker's"


@pytest.mark.parametrize("name", TOO_LONG)
def test_a_document_that_takes_too_long_ends_at_the_worker_s_own_limit(sandbox: OwnSandboxParser, name: str) -> None:
    with pytest.raises(FeedError, match=r"^http://show\.example/feed\.xml: takes too long to parse$"):
        sandbox.parse([HOSTILE_DOCUMENTS[name]], URL, CONTENT_TYPE, 0.5)  # which the kernel rounds up
    assert feeds.read_feed(FEED, URL, CONTENT_TYPE, None, sandbox).episodes, "the next job has a worker"


def test_a_document_that_needs_too_much_memory_is_one_error(sandbox: OwnSandboxParser) -> None:
    huge = feed_with_item(b"<title>" + b"\xf0\x9f\x8e\x99" * 30_000_000 + b"</title>")
    with pytest.raises(FeedError, match="needs too much memory to parse"):
        sandbox.parse([huge], URL, CONTENT_TYPE, 30.0)
    assert feeds.read_feed(FEED, URL, CONTENT_TYPE, None, sandbox).episodes, "the next job has a worker"


def test_a_worker_that_is_killed_is_one_error_and_replaced(sandbox: OwnSandboxParser) -> None:
    feeds.read_feed(FEED, URL, CONTENT_TYPE, None, sandbox)
    for worker in sandbox._idle:
        os.kill(worker.process.pid, signal.SIGKILL)
        worker.process.wait()
    assert feeds.read_feed(FEED, URL, CONTENT_TYPE, None, sandbox).episodes


def test_threads_share_the_workers(sandbox: OwnSandboxParser) -> None:
    found: list[int] = []

    def work() -> None:
        found.extend(len(feeds.read_feed(FEED, URL, CONTENT_TYPE, None, sandbox).episodes) for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [2] * 80
    assert len(sandbox._idle) <= 2


def test_a_worker_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    box = OwnSandboxParser(1)
    box.parse([FEED], URL, CONTENT_TYPE, 5.0)
    environment = Path(f"/proc/{box._idle[0].process.pid}/environ").read_bytes()
    box.close()
    assert b"PYTHONPATH" in environment
    assert b"secret" not in environment


STARTED = """
import sys, time
from tests.support.feed_parsers import OwnSandboxParser
from tests.support.hostile_documents import HOSTILE_DOCUMENTS

box = OwnSandboxParser(1)
box.parse([b"<rss><channel><item/></channel></rss>"], "http://a.example/", "", 5.0)
print(box._idle[0].process.pid, flush=True)
if sys.argv[1] == "busy":
    box.parse([HOSTILE_DOCUMENTS["an author of 128 KB"]], "http://a.example/", "", 60.0)
time.sleep(60)
"""


@pytest.mark.parametrize("state", ["idle", "busy"])
def test_no_worker_outlives_a_parent_that_was_killed(state: str) -> None:
    with subprocess.Popen([sys.executable, "-c", STARTED, state], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        time.sleep(0.3)
        assert Path(f"/proc/{worker}").exists()
        parent.kill()
    give_up = time.monotonic() + 120
    while is_running(worker) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not is_running(worker)


def test_a_fork_has_workers_of_its_own(sandbox: OwnSandboxParser) -> None:
    feeds.read_feed(FEED, URL, CONTENT_TYPE, None, sandbox)
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if not sandbox._idle and feeds.read_feed(FEED, URL, CONTENT_TYPE, None, sandbox).episodes else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert feeds.read_feed(FEED, URL, CONTENT_TYPE, None, sandbox).episodes


def test_a_poll_where_nothing_changed_loads_no_parser() -> None:
    code = "import sys, podwatch.feeds; print([m for m in ('feedparser', 'lxml', 'lxml.etree') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_a_feed_cut_short_is_a_feed(sandbox: OwnSandboxParser) -> None:
    reading = feeds.read_feed(FEED_HEAD + b"<item><guid>one</guid><title>Cut", URL, CONTENT_TYPE, None, sandbox)
    assert [e.guid for e in reading.episodes] == ["one"]
