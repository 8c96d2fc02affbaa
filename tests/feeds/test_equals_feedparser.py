"""The invariant of podwatch.feeds: a new item is read as feedparser reads it in the whole document."""

from __future__ import annotations

import os
from contextlib import suppress

from hypothesis import HealthCheck, given, settings, target
from hypothesis import strategies as st

from podwatch.errors import FeedError
from tests.support.feed_oracle import check_against_feedparser
from tests.support.feed_strategies import feed_versions
from tests.support.hypothesis_profiles import examples

EXAMPLES = int(os.environ.get("PODWATCH_REAL_FEEDS_EXAMPLES", "250"))


@settings(max_examples=examples(EXAMPLES), suppress_health_check=list(HealthCheck), derandomize=EXAMPLES == 250)
@given(feed_versions())
def test_new_items_of_any_feed_are_read_as_in_the_whole_document(feed: tuple[bytes, bytes, str]) -> None:
    old, new, kind = feed
    with suppress(FeedError):
        reading, _ = check_against_feedparser(old, new, kind)
        target(float(not reading.is_whole), label="read in parts")


@settings(max_examples=examples(EXAMPLES // 4), derandomize=EXAMPLES == 250)
@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_end_in_a_reading_or_one_error(old: bytes, new: bytes) -> None:
    with suppress(FeedError):
        check_against_feedparser(
            b"<rss><channel><item>" + old + b"</item>", b"<rss><channel><item>" + new + b"</item></channel></rss>"
        )
