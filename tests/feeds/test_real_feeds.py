"""Every real feed in the folder PODWATCH_REAL_FEEDS is read as feedparser reads it whole, or gives one clear error."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from podwatch.errors import FeedError
from podwatch.feeds import WholeReason, item_scanner
from tests.support.feed_oracle import check_against_feedparser, read_naively

FOLDER = os.environ.get("PODWATCH_REAL_FEEDS", "")
FILES = sorted(p for p in Path(FOLDER).iterdir() if p.suffix in (".xml", ".rss", ".atom")) if FOLDER else []
MAX_FEED_BYTES = int(os.environ.get("PODWATCH_REAL_FEEDS_LARGEST", "4000000"))

pytestmark = pytest.mark.skipif(not FOLDER, reason="PODWATCH_REAL_FEEDS names no folder")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_new_items_are_read_as_if_the_whole_had_been_parsed(path: Path) -> None:
    body = path.read_bytes().lstrip()
    if len(body) > MAX_FEED_BYTES:
        pytest.skip("larger than PODWATCH_REAL_FEEDS_LARGEST")
    spans = item_scanner.scan_items(body)
    whole = read_naively(body)
    if not whole.get("version") and not whole.entries:
        with pytest.raises(FeedError):
            check_against_feedparser(body, body, whole=whole)
        return
    if isinstance(spans, WholeReason) or len(spans.starts) < 2:
        check_against_feedparser(body + b" ", body, whole=whole)
        return
    middle = len(spans.starts) // 2
    without_first = body[: spans.starts[0]] + body[spans.starts[1] :]
    without_middle = body[: spans.starts[middle]] + body[spans.ends[middle] :]
    reading, parser = check_against_feedparser(without_first, body, whole=whole)
    assert reading.is_whole or parser.size < len(body)
    check_against_feedparser(without_middle, body, whole=whole)
