"""podwatch feeds set, disable and enable, as people type them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from podwatch.errors import PodwatchError
from podwatch.line.poll import poll
from podwatch.model import Feed
from podwatch.runtime import Runtime
from tests.support.command_runner import run_command
from tests.support.podcast_host import Podcast, item, rss

URL = "https://a.example/feed"


@pytest.fixture
def filled(rt: Runtime, now: datetime) -> Runtime:
    rt.store.add_feeds([Feed(url=URL, title="One", tags=("news",)), Feed(url="https://b.example/feed")], now)
    return rt


def typed(rt: Runtime, *arguments: str) -> list[str]:
    status, out, err = run_command(rt.settings, "feeds", *arguments)
    assert (status, err) == (0, [])
    return out


# arguments -> (title, tags, what is said)
SETTINGS = {
    ("--title", "The  Hour"): ("The Hour", ("news",), f"{URL}: title The Hour"),
    ("--tag", "politics", "--tag", "europe"): ("One", ("politics", "europe"), f"{URL}: tags politics, europe"),
    ("--no-tags",): ("One", (), f"{URL}: tags none"),
    ("--title", "", "--tag", "x"): ("", ("x",), f"{URL}: title off, tags x"),
}


@pytest.mark.parametrize("arguments", SETTINGS, ids=" ".join)
def test_a_feed_has_the_title_and_the_tags_that_are_set(arguments: tuple[str, ...], filled: Runtime) -> None:
    title, tags, said = SETTINGS[arguments]
    assert typed(filled, "set", "1", *arguments) == [said]
    feed, other = filled.store.feeds()
    assert (feed.title, feed.tags) == (title, tags)
    assert (other.title, other.tags) == ("", ())


def test_a_title_that_was_set_stays_and_an_empty_one_is_the_feeds_own(rt: Runtime, podcast: Podcast) -> None:
    url = podcast.serve("/feed.xml", rss(item("one"), title="Theirs"))
    typed(rt, "add", url)
    added = rt.store.feeds()[0].next_poll_at
    assert added is not None
    poll(rt, added + timedelta(minutes=1))
    typed(rt, "set", url, "--title", "Mine")
    podcast.serve("/feed.xml", rss(item("one"), item("two"), title="Theirs"))
    poll(rt, added + timedelta(days=2))
    assert rt.store.feeds()[0].title == "Mine"
    typed(rt, "set", url, "--title", "")
    assert rt.store.feeds()[0].title == "Theirs"


WRONG = [(), ("--tag", "x", "--no-tags")]


@pytest.mark.parametrize("arguments", WRONG, ids=str)
def test_wrong_usage_is_said_as_such(arguments: tuple[str, ...], filled: Runtime) -> None:
    assert run_command(filled.settings, "feeds", "set", "1", *arguments)[0] == 2


@pytest.mark.parametrize("arguments", [("--tag", "a,b"), ("--title", "a\x1b[1m")], ids=str)
def test_what_no_line_could_show_is_one_line(arguments: tuple[str, ...], filled: Runtime) -> None:
    with pytest.raises(PodwatchError, match="cannot be a t"):
        run_command(filled.settings, "feeds", "set", "1", *arguments)


def polled(rt: Runtime, now: datetime) -> list[str]:
    return [f.url for f in rt.store.feeds_due(now)]


def listed(rt: Runtime) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(typed(rt, "list", "--json")[0])
    return row


def test_a_disabled_feed_is_polled_no_more_until_it_is_enabled(filled: Runtime, now: datetime) -> None:
    later = now + timedelta(days=2)
    assert typed(filled, "disable", URL) == [f"{URL}: disabled"]
    assert typed(filled, "disable", URL) == [f"{URL}: was already disabled"]
    assert polled(filled, later) == ["https://b.example/feed"]
    assert len(filled.store.feeds_due(None)) == 1, "nor by --force"
    assert listed(filled)["disabled"] is True
    assert "disabled" in typed(filled, "list")[1]
    typed(filled, "add", URL, "--tag", "again")
    assert polled(filled, later) == ["https://b.example/feed"], "adding it again is not enabling it"
    assert typed(filled, "enable", URL) == [f"{URL}: enabled"]
    assert URL in polled(filled, datetime.now(now.tzinfo) + timedelta(days=1))
    assert listed(filled)["disabled"] is False


def test_disable_says_so_in_json(filled: Runtime) -> None:
    assert json.loads(typed(filled, "disable", "2", "--json")[0]) == {"url": "https://b.example/feed", "disabled": True}
