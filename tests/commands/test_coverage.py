"""podwatch coverage, as its users meet it: rows, a total, a summary, JSON, and mistakes in one line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from podwatch.errors import PodwatchError
from podwatch.line.detect import detect
from podwatch.model import Scope, Watch
from podwatch.runtime import Runtime
from podwatch.store.tables import episodes, feeds
from tests.support.command_runner import run_command
from tests.support.stored_transcripts import save_text, store_episodes

NOW = datetime.now(UTC).replace(hour=0, minute=0)  # what is asked for is relative to the machine's clock
WATCHES = [
    Watch(name="grain", query="grain", scope=Scope(tags=("history",))),
    Watch(name="rice", query="rice"),
]


@pytest.fixture
def filled(rt: Runtime) -> Runtime:
    """Of history two of three episodes were listened to, of news none; one of each is older than a month."""
    rt.store.sync_watches(WATCHES, NOW)
    history = store_episodes(rt.store, NOW - timedelta(days=60), "history", -58.0, -57.0, -59.0, 10.0)
    news = store_episodes(rt.store, NOW - timedelta(days=60), "news", -58.0, 5.0)
    for e in history[:2]:
        save_text(rt.store, e, "The grain is sold.", NOW)
    failed = {"fetch_error": "https://news.example/1.vtt: the server answered 404 Not Found"}
    rt.store.execute(update(episodes).where(episodes.c.id == news[0].id).values(**failed))
    detect(rt, NOW)
    return rt


def rows(rt: Runtime, *arguments: str) -> list[dict[str, Any]]:
    status, out, err = run_command(rt.settings, "coverage", *arguments, "--json")
    assert (status, err) == (0, [])
    return [json.loads(line) for line in out]


def test_a_row_for_each_feed_then_the_total_and_a_summary_in_words(filled: Runtime) -> None:
    status, out, err = run_command(filled.settings, "coverage")
    assert status == 0
    assert [line.split("\t")[:2] for line in out] == [
        ["name", "url"],
        ["history", "https://history.example/feed"],
        ["news", "https://news.example/feed"],
        ["total", "-"],
    ]
    assert [line.split("\t")[4:] for line in out[1:]] == [
        ["3", "2", "1", "1 names none"],
        ["1", "0", "1", "1 failed: the server answered 404 Not Found"],
        ["4", "2", "2", "1 names none, 1 failed: the server answered 404 Not Found"],
    ]
    assert err == ["2 of 4 episodes listened to; 2 not: 1 names none, 1 failed"]


def test_json_has_the_same_keys_for_feeds_watches_and_the_total(filled: Runtime) -> None:
    by_feed, by_watch = rows(filled), rows(filled, "--by", "watch")
    common = set(by_feed[0]) - {"feed", "title"}
    assert all(set(r) - {"feed", "title", "watch", "feeds", "total"} == common for r in by_feed + by_watch)
    assert common == {
        "since", "until", "days", "days_polled", "days_failed", "days_not_polled", "days_unknown", "episodes", "listened",
        "not_listened", "names_none", "failed", "waits", "to_be_heard", "backlog", "not_searched", "errors",
        "awaiting_hearing", "left_to_text",
    }  # fmt: skip
    assert [(r["watch"], r["feeds"], r["episodes"], r["listened"]) for r in by_watch[:-1]] == [
        ("grain", 1, 3, 2),
        ("rice", 2, 4, 2),
    ]
    assert by_watch[-1]["total"] == "2 of 4 episodes listened to; 2 not: 1 names none, 1 failed"
    assert by_feed[1]["errors"] == {"the server answered 404 Not Found": 1}


def test_a_watch_a_feed_and_a_period_narrow_what_is_counted(filled: Runtime) -> None:
    assert [r.get("feed") for r in rows(filled, "--watch", "grain")] == ["https://history.example/feed", None]
    assert [r["episodes"] for r in rows(filled, "--feed", "https://news.example/feed")] == [1, 1]
    day = f"{NOW - timedelta(days=2):%Y-%m-%d}"
    assert rows(filled, "--since", day, "--until", day)[-1]["episodes"] == 2
    assert rows(filled, "--since", "52w")[-1]["episodes"] == 6
    assert rows(filled, "--since", "12h")[-1]["episodes"] == 0


def test_what_detect_has_still_to_do_is_not_listened_to(filled: Runtime) -> None:
    filled.store.sync_watches([*WATCHES, Watch(name="corn", query="corn", scope=Scope(tags=("history",)))], NOW)
    behind = {r.get("watch"): r["not_searched"] for r in rows(filled, "--by", "watch")}
    assert behind == {"corn": 2, "grain": 0, "rice": 0, None: 2}
    assert rows(filled)[0]["not_searched"] == 2


def test_days_before_anything_was_recorded_are_unknown(filled: Runtime) -> None:
    filled.store.execute(update(feeds).values(last_polled_at=NOW))
    [*_, total] = rows(filled, "--since", "3d")
    assert (total["days_unknown"], total["days_not_polled"]) == (total["days"], 0)


# case: (arguments, what is wrong)
MISTAKES = {
    "no such feed": (("--feed", "https://no.example/"), "https://no.example/: is not among the feeds"),
    "no such watch": (("--watch", "oats"), "oats: is not among the watches"),
}


@pytest.mark.parametrize("case", MISTAKES, ids=str)
def test_a_name_that_is_not_there_is_one_line(case: str, filled: Runtime) -> None:
    arguments, line = MISTAKES[case]
    with pytest.raises(PodwatchError) as e:
        run_command(filled.settings, "coverage", *arguments)
    assert e.value.line.startswith(line)


@pytest.mark.parametrize("wrong", [("--since", "soon"), ("--since", "2099-01-01"), ("--by", "day")], ids=str)
def test_a_period_that_cannot_be_is_wrong_usage(wrong: tuple[str, str], filled: Runtime) -> None:
    assert run_command(filled.settings, "coverage", *wrong)[0] == 2


def test_without_feeds_it_says_how_to_begin(rt: Runtime) -> None:
    assert run_command(rt.settings, "coverage") == (0, [], ["no feeds yet: podwatch feeds import FILE.opml"])


# ---- where other commands say it


def test_feeds_list_says_how_many_transcripts_each_feed_has(filled: Runtime) -> None:
    listed = [json.loads(line) for line in run_command(filled.settings, "feeds", "list", "--json")[1]]
    assert {r["title"]: r["transcripts"] for r in listed} == {"history": "2 of 4", "news": "0 of 2: names none"}


def test_no_mentions_says_what_was_listened_to_or_that_nothing_was_polled(filled: Runtime) -> None:
    filled.store.sync_watches([*WATCHES, Watch(name="corn", query="corn")], NOW)
    assert run_command(filled.settings, "mentions", "--watch", "corn")[2] == ["no mentions yet: podwatch run"]
    filled.store.execute(update(feeds).values(last_polled_at=NOW))
    detect(filled, NOW)
    assert run_command(filled.settings, "mentions", "--watch", "corn") == (
        0,
        [],
        ["no mentions; listened to 2 of 4 episodes of the last 30 days; 1 had no transcript, 1 failed"],
    )
    day = f"{NOW - timedelta(days=1):%Y-%m-%d}"
    assert run_command(filled.settings, "mentions", "--watch", "corn", "--since", day)[2] == [
        f"no mentions; listened to 0 of 1 episode since {day}; 1 had no transcript"
    ]
    assert run_command(filled.settings, "mentions", "--watch", "corn", "--feed", "news")[2] == [
        "no mentions; podwatch coverage --feed 2 says what was listened to"
    ]


def test_a_run_ends_with_what_was_listened_to(rt: Runtime) -> None:
    store_episodes(rt.store, NOW, "old", 400.0, 500.0)
    rt.store.execute(update(feeds).values(next_poll_at=None))
    line = "coverage: listened to 0 of 2 episodes; 2 had no transcript"
    assert run_command(rt.settings, "run")[1][-1] == line, "all that is known, since nothing came out lately"
    status, out, err = run_command(rt.settings, "run", "--json")
    assert (status, [json.loads(o)["verb"] for o in out]) == (0, ["poll", "fetch", "detect", "deliver"])
    assert err[-1] == line


def test_doctor_lists_the_feeds_without_any_transcript_and_what_can_be_done(filled: Runtime) -> None:
    found = [json.loads(line) for line in run_command(filled.settings, "doctor", "--json")[1]]
    [silent] = [f for f in found if "none of its episodes" in f["said"]]
    assert (silent["check"], silent["state"]) == ("feed https://news.example/feed", "note")
    assert silent["said"] == "none of its episodes has a transcript (1 names none, 1 failed)"
    assert "podwatch fetch --from FOLDER" in silent["todo"]
    [line] = [f for f in found if f["check"] == "coverage"]
    assert line["said"] == "listened to 2 of 4 episodes of the last 30 days; 1 had no transcript, 1 failed"
