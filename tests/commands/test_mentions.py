"""podwatch mentions: what was found, for people, programs and spreadsheets."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from podwatch.errors import PodwatchError
from podwatch.line.detect import detect
from podwatch.model import Episode, Feed, Watch
from podwatch.runtime import Runtime
from tests.support.command_runner import run_command
from tests.support.stored_transcripts import save_poll, save_text

WATCHES = [Watch(name="grain", query="grain"), Watch(name="wheat", query="wheat")]


def store_show(rt: Runtime, now: datetime, show: str, said: dict[int, str]) -> None:
    """A show whose episodes, each so many days old, say something."""
    url = f"https://{show.split()[0].lower()}.example/feed"
    rt.store.add_feeds([Feed(url=url, title=show)], now)
    [feed] = [f for f in rt.store.feeds() if f.url == url]
    found = [
        Episode(
            guid=f"{show}{age}", title=f"Of {age} days", published_at=now - timedelta(days=age),
            audio_url=f"{url}/{age}.mp3", link=f"{url}/{age}",
        )
        for age in said
    ]  # fmt: skip
    save_poll(rt.store, feed, now, *found)
    by_title = {e.title: e for e in rt.store.episodes_without_transcript() if e.feed_id == feed.id}
    for age, words in said.items():
        save_text(rt.store, by_title[f"Of {age} days"], words, now)


@pytest.fixture
def filled(rt: Runtime) -> Runtime:
    now = rt.store.clock()
    rt.store.sync_watches(WATCHES, now)
    store_show(rt, now, "Trade Winds", {1: "More grain came.", 9: "Grain again, and wheat.", 20: "=Wheat(1)"})
    store_show(rt, now, "Harbour Hour", {2: "Wheat at last."})
    detect(rt, now)
    return rt


def listed(rt: Runtime, *arguments: object) -> list[dict[str, Any]]:
    status, out, err = run_command(rt.settings, "mentions", *arguments, "--json")
    assert (status, err if out else []) == (0, [])
    return [json.loads(line) for line in out]


def found(rt: Runtime, *arguments: object) -> list[tuple[str, str, str]]:
    return [(m["show"], m["title"], m["surface"]) for m in listed(rt, *arguments)]


def test_json_says_where_and_when_it_was_said_with_a_link_to_the_second(filled: Runtime) -> None:
    first = listed(filled)[0]
    assert (first["show"], first["title"], first["time"]) == ("Trade Winds", "Of 1 days", "~0:00:02")
    assert first["date"] == first["published_at"][:10]
    assert first["link"] == "https://trade.example/feed/1.mp3#t=2"
    assert first["found_at"]
    for name in ("watch", "kind", "score", "surface", "start", "end", "seconds", "segment", "speaker", "snippet",
                 "transcript", "episode"):  # fmt: skip
        assert name in first, "the form that DESIGN.md fixes"


ALL = [
    ("Trade Winds", "Of 1 days", "grain"),
    ("Harbour Hour", "Of 2 days", "Wheat"),
    ("Trade Winds", "Of 9 days", "Grain"),
    ("Trade Winds", "Of 9 days", "wheat"),
    ("Trade Winds", "Of 20 days", "Wheat"),
]
CHOICES = {
    (): ALL,
    ("--since", "7d"): ALL[:2],
    ("--since", "2w", "--watch", "wheat"): [ALL[1], ALL[3]],
    ("--until", "7d"): ALL[2:],
    ("--since", "2w", "--until", "5d"): ALL[2:4],
    ("--feed", "harbour hour"): [ALL[1]],
    ("--feed", "https://trade.example/feed", "--watch", "grain"): [ALL[0], ALL[2]],
    ("--feed", "2"): [ALL[1]],
    ("--limit", "2"): ALL[:2],
    ("--since", "1h"): [],
}


@pytest.mark.parametrize("arguments", CHOICES, ids=" ".join)
def test_what_is_asked_for_is_listed_newest_first(arguments: tuple[str, ...], filled: Runtime) -> None:
    assert found(filled, *arguments) == CHOICES[arguments]


# arguments -> the error
UNKNOWN: dict[tuple[str, ...], str] = {
    ("--watch", "grian"): "grian: is not among the watches - did you mean grain?",
    ("--watch", "tariffs"): "tariffs: is not among the watches - see podwatch watches list",
    ("--feed", "Trade Wind"): "Trade Wind: is not among the feeds - did you mean Trade Winds?",
    ("--feed", "https://trade.example/fed"): "is not among the feeds - did you mean https://trade.example/feed?",
}


@pytest.mark.parametrize("arguments", UNKNOWN, ids=" ".join)
@pytest.mark.parametrize("command", ["mentions", "alerts"])
def test_an_unknown_watch_or_show_is_an_error_that_says_which_may_be_meant(
    arguments: tuple[str, ...], command: str, filled: Runtime
) -> None:
    with pytest.raises(PodwatchError) as e:
        run_command(filled.settings, command, *arguments)
    assert UNKNOWN[arguments] in e.value.line


def test_csv_has_a_header_and_nothing_that_a_spreadsheet_would_run(filled: Runtime) -> None:
    status, out, err = run_command(filled.settings, "mentions", "-o", "csv")
    rows = list(csv.DictReader(out))
    assert (status, err, len(rows)) == (0, [], len(ALL))
    assert [(r["show"], r["title"], r["surface"]) for r in rows] == ALL
    assert rows[0]["link"].endswith("/1.mp3#t=2")
    assert rows[-1]["snippet"] == "'=Wheat(1)"
    assert rows[0]["speaker"] == ""
    empty = run_command(filled.settings, "mentions", "-o", "csv", "--since", "1h")[1]
    assert empty == out[:1], "the header alone"


def test_a_pipe_gets_a_line_with_the_names_of_the_columns_and_a_line_a_mention(filled: Runtime) -> None:
    _, out, _ = run_command(filled.settings, "mentions", "--limit", "1")
    assert out[0] == "date\ttime\twatch\tshow\ttitle\tsnippet\tlink"
    assert out[1].split("\t")[1:6] == ["~0:00:02", "grain", "Trade Winds", "Of 1 days", "More grain came."]


@pytest.mark.parametrize(
    "arguments",
    [("--since", "soon"), ("--since", "2d", "--until", "5d"), ("--limit", "0"), ("-o", "xml")],
    ids=" ".join,
)
def test_wrong_usage_is_said_as_such(arguments: tuple[str, ...], filled: Runtime) -> None:
    assert run_command(filled.settings, "mentions", *arguments)[0] == 2
