"""Every real feed in the folder PODWATCH_REAL_FEEDS ends in what feedparser says of the whole, or in one clear error."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from podwatch.errors import FeedError
from podwatch.feeds import Whole
from podwatch.feeds import item_scanner as scanner
from tests.support.feed_oracle import hold, naive

FOLDER = os.environ.get("PODWATCH_REAL_FEEDS", "")
FILES = sorted(p for p in Path(FOLDER).iterdir() if p.suffix in (".xml", ".rss", ".atom")) if FOLDER else []
LARGEST = int(os.environ.get("PODWATCH_REAL_FEEDS_LARGEST", "4000000"))

pytestmark = pytest.mark.skipif(not FOLDER, reason="PODWATCH_REAL_FEEDS names no folder")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_new_items_are_read_as_if_the_whole_had_been_parsed(path: Path) -> None:
    body = path.read_bytes().lstrip()
    if len(body) > LARGEST:
        pytest.skip("larger than PODWATCH_REAL_FEEDS_LARGEST")
    cut = scanner.cut(body)
    whole = naive(body)
    if not whole.get("version") and not whole.entries:
        with pytest.raises(FeedError):
            hold(body, body, whole=whole)
        return
    if isinstance(cut, Whole) or len(cut.starts) < 2:
        hold(body + b" ", body, whole=whole)
        return
    middle = len(cut.starts) // 2
    without_first = body[: cut.starts[0]] + body[cut.starts[1] :]
    without_middle = body[: cut.starts[middle]] + body[cut.ends[middle] :]
    reading, parser = hold(without_first, body, whole=whole)
    assert reading.whole or parser.size < len(body)
    hold(without_middle, body, whole=whole)
