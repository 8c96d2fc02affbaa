"""A transcript in a legacy encoding, from the server to doctor: what its server declares counts, and a guess is said."""

from __future__ import annotations

from datetime import datetime

import pytest

from podwatch.diagnose.doctor import examine
from podwatch.line.fetch import fetch
from podwatch.line.poll import poll
from podwatch.model import Feed
from podwatch.runtime import Runtime
from podwatch.settings import Settings
from tests.support.podcast_host import Podcast, item, rss, vtt

LINES = {
    "said": ("text/vtt; charset=windows-1251", "cp1251", "Да"),
    "not said, and plain": ("text/vtt", "cp1251", "Сегодня говорим про зерно"),
    "not said, and a riddle": ("text/vtt", "cp1251", "Да"),
}


@pytest.mark.parametrize("case", LINES)
def test_a_transcript_is_read_as_it_was_written_and_a_guess_is_said(
    case: str, rt: Runtime, podcast: Podcast, settings: Settings, now: datetime
) -> None:
    media_type, encoding, words = LINES[case]
    address = podcast.serve("/one.vtt", vtt(words).encode(encoding), media_type)
    podcast.serve("/feed.xml", rss(item("one", transcript=address)))
    rt.store.add_feeds([Feed(url=podcast.url("/feed.xml"))], now)
    poll(rt, now)
    assert fetch(rt, now).new == 1
    [page] = rt.store.unread_transcripts(now)
    assert page[0].transcript.text == words
    said = [f.message for f in examine(settings, now) if f.check == "transcripts"]
    if case.endswith("riddle"):
        assert said == ["1 say no encoding and were read by a guess, the newest: one as cp1251"]
    else:
        assert said == []
