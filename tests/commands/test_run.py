"""The command line as its users meet it: real processes, JSON on stdout, one line and an exit status for a mistake."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from podwatch.store.connection import HEAD
from tests.support import shell
from tests.support.migrated_database import place_database
from tests.support.podcast_host import Podcast, item, rss, vtt

SEEDS = Path(__file__).parents[2] / "seeds"
PODWATCH = Path(sys.executable).with_name("podwatch")


@pytest.fixture
def podwatch(tmp_path: Path) -> Any:
    def run(*arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
        ours = {
            "PODWATCH_HOME": str(tmp_path / "home"),
            "PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8",
            "PODWATCH_CONSOLE": "1",
            "PODWATCH_ENTITIES": "off",  # two seconds to load the model, for each command; see entities/test_cli.py
        }
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PODWATCH", "SLACK"))}
        return shell.podwatch([str(a) for a in arguments], tmp_path, clean | ours | env)

    place_database(tmp_path / "home")
    run.home = tmp_path / "home"  # type: ignore[attr-defined]
    return run


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_scan_says_one_json_line_a_mention(podwatch: Any) -> None:
    found = rows(
        podwatch("scan", SEEDS / "sample/missile-crisis.txt", "--watchlist", SEEDS / "watchlist.yaml", "--json")
    )
    assert set(found[0]) == {
        "watch", "kind", "score", "reason", "surface", "start", "end", "seconds", "approximate", "segment", "speaker", "snippet", "transcript", "episode",
    }  # fmt: skip
    quarantine = [f for f in found if f["watch"] == "naval-quarantine"]
    assert len(quarantine) == 4
    text = quarantine[0]
    assert text["surface"].lower() == "naval quarantine"
    assert 144 <= text["seconds"] < 175
    assert text["episode"].startswith("Back Channel - ")


def test_scan_reads_on_after_a_file_it_cannot_read_and_fails_at_the_end(podwatch: Any, tmp_path: Path) -> None:
    (tmp_path / "empty.vtt").write_text("")
    done = podwatch(
        "scan", "empty.vtt", "none.srt", SEEDS / "sample/grain.vtt", "--watchlist", SEEDS / "watchlist.yaml", "--json"
    )
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) > 5
    assert done.stderr.splitlines() == [
        "podwatch: empty.vtt: is empty",
        "podwatch: none.srt: No such file or directory - check the path",
    ]


def test_the_line_runs_from_the_shell_and_its_mentions_can_be_read(
    podwatch: Any, podcast: Podcast, tmp_path: Path
) -> None:
    address = podcast.serve("/one.vtt", vtt("The <b>grain</b> came."), "text/vtt")
    podcast.serve("/feed.xml", rss(item("one", transcript=address)))
    assert rows(podwatch("feeds", "add", podcast.url("/feed.xml"), "--tag", "x", "--json")) == [{"feeds": 1, "new": 1}]
    assert rows(podwatch("watches", "sync", SEEDS / "watchlist.yaml", "--json"))[0]["watches"] == 6
    done = podwatch("run", "--json")
    verbs = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert [json.loads(v)["new"] for v in verbs] == [1, 1, 1, 1]
    [mention] = rows(podwatch("mentions", "--json"))
    assert (mention["watch"], mention["surface"], mention["seconds"]) == ("grain", "grain", pytest.approx(1.5, abs=0.5))
    plain = podwatch("mentions")
    assert plain.stdout.count("\n") == 1 + 1, "the names of the columns, and a mention"
    assert "\x1b" not in plain.stdout
    [feed] = rows(podwatch("feeds", "list", "--json"))
    assert (feed["title"], feed["tags"], feed["error"]) == ("The Show", ["x"], None)


def test_backtest_says_what_another_watchlist_would_gain_and_lose(
    podwatch: Any, podcast: Podcast, tmp_path: Path
) -> None:
    address = podcast.serve("/one.vtt", vtt("The grain came.", "And the corn."), "text/vtt")
    podcast.serve("/feed.xml", rss(item("one", transcript=address)))
    podwatch("feeds", "add", podcast.url("/feed.xml"))
    podwatch("watches", "sync", SEEDS / "watchlist.yaml")
    podwatch("run")
    (tmp_path / "other.yaml").write_text("watches: [{name: grain, query: corn}]")
    [grain, *gone, whole] = rows(podwatch("backtest", "--watchlist", "other.yaml", "--json"))
    assert (grain["watch"], grain["change"], grain["gained"], grain["lost"]) == ("grain", "changed", 1, 1)
    assert grain["gained_samples"][0]["snippet"] == "And the corn."
    assert {g["change"] for g in gone} == {"removed"}
    assert (whole["different"], whole["transcripts"]) == (6, 1)
    said = podwatch("backtest", "--watchlist", "other.yaml").stdout
    assert "grain (changed): 1 hit gained, 1 lost, 1 in all; alerts a week 1 -> 1\n  found: corn 1\n" in said
    assert "\n  + ~0:00:0" in said
    assert "  And the corn.  (The Show: one, 20" in said
    assert "  The grain came.  (The Show: one, 20" in said
    assert "6 watches differ, the new list has 1; 1 transcript of 1 week" in said
    none = podwatch("backtest", "--watchlist", "other.yaml", "--since", "2099-01-01")
    assert none.stderr.startswith("podwatch: no transcripts of episodes since 2099-01-01 are stored")
    assert podwatch("rescan").stdout.splitlines() == [
        "rescan: 1 transcript looked through, 0 mentions are new, 0 are no longer found",
        "0 new alerts to be delivered, 0 kept back because their episodes are old",
    ]


def test_a_backfill_is_asked_for_listed_and_told_of(podwatch: Any, podcast: Podcast) -> None:
    address = podcast.serve("/one.vtt", vtt("The grain came."), "text/vtt")
    old = [item(f"old{n}", transcript=address, published="Tue, 01 Sep 2026 05:00:00 +0000") for n in range(2)]
    new = [item(f"new{n}", published="Tue, 03 Nov 2026 05:00:00 +0000") for n in range(10)]
    podcast.serve("/feed.xml", rss(*new, *old))
    podwatch("feeds", "add", podcast.url("/feed.xml"))
    podwatch("watches", "sync", SEEDS / "watchlist.yaml")
    podwatch("run")
    days = ("--since", "2026-09-01", "--until", "2026-09-01")
    [plan] = rows(podwatch("backfill", *days, "--dry-run", "--json"))
    assert (plan["backfill"], plan["state"], plan["episodes"], plan["transcripts"]) == (None, "to do", 2, 0)
    done = podwatch("backfill", *days, "--tag", "none")
    assert done.stdout == "done: 0 episodes of 0 feeds, 0 transcripts\n"
    done = podwatch("backfill", *days)
    assert done.stdout.splitlines() == [
        "done: 2 episodes of 1 feed, 2 transcripts",
        "  2026-09  grain: 2 mentions in 2 episodes",
        "  2 alerts written down, and nobody told",
        "  --deliver digest tells them in one message to each channel, --deliver each one by one",
    ]
    [report, told] = rows(podwatch("backfill", *days, "--deliver", "each", "--json"))
    assert (report["transcripts"], report["mentions"], told["new"]) == (
        2,
        [{"watch": "grain", "month": "2026-09", "mentions": 2, "episodes": 2}],
        2,
    )
    assert [r["state"] for r in rows(podwatch("backfill", "--list", "--json"))] == ["done"] * 3


def test_verbs_with_json_print_nothing_but_json(podwatch: Any, podcast: Podcast) -> None:
    address = podcast.serve("/one.vtt", vtt("The grain came."), "text/vtt")
    podcast.serve("/feed.xml", rss(item("one", transcript=address)))
    podwatch("feeds", "add", podcast.url("/feed.xml"), podcast.url("/missing.xml"))
    podwatch("watches", "sync", SEEDS / "watchlist.yaml")
    for verb in ("poll", "fetch", "detect", "deliver", "run"):
        assert all(isinstance(row, dict) for row in rows(podwatch(verb, "--json")))


# name: (arguments, environment, exit status, what stderr begins with)
MISTAKES: dict[str, tuple[tuple[str, ...], dict[str, str], int, str]] = {
    "no such command": (("frobnicate",), {}, 2, "Usage:"),
    "an argument too few": (("feeds", "import"), {}, 2, "Usage:"),
    "no such file": (("feeds", "import", "none.opml"), {}, 1, "podwatch: none.opml: No such file or directory"),
    "no feed in the list": (("feeds", "import", "bad.yaml"), {}, 1, "podwatch: bad.yaml: has no feed in it"),
    "no address": (("feeds", "add", "javascript:alert(1)"), {}, 1, "podwatch: javascript:alert(1): is not the address of a feed"),
    "a feed nobody knows": (("feeds", "remove", "http://a.example/"), {}, 1, "podwatch: http://a.example/: is not among"),
    "a mistake in the watchlist": (("watches", "check", "bad.yaml"), {}, 1, "podwatch: bad.yaml:1:21: watch a: qurey: is not a known"),
    "the same when syncing": (("watches", "sync", "bad.yaml"), {}, 1, "podwatch: bad.yaml:1: watch a: qurey: is not a known"),
    "a watchlist that is not there": (("backtest", "--watchlist", "none.yaml"), {}, 1, "podwatch: none.yaml: No such file"),
    "a backfill of nothing": (("backfill",), {}, 2, "Usage:"),
    "a backfill that ends before it begins": (("backfill", "--since", "2026-02-01", "--until", "2026-01-01"), {}, 1, "podwatch: --until 2026-01-01: is before --since"),
    "a backfill of a feed nobody knows": (("backfill", "--since", "2026-02-01", "--feed", "http://x/"), {}, 1, "podwatch: http://x/: is not among the feeds"),
    "a backfill that is not there": (("backfill", "--pause", "7"), {}, 1, "podwatch: backfill 7: is not there - see podwatch backfill --list"),
    "a watch to look for again that nobody knows": (("rescan", "--watch", "x"), {}, 1, "podwatch: x: is not among the watches"),
    "a bad date": (("mentions", "--since", "tomorrow"), {}, 2, "Usage:"),
    "a bad setting": (("mentions",), {"PODWATCH_POLL_FLOOR": "soon"}, 1, "podwatch: PODWATCH_POLL_FLOOR=soon: is not a number"),
    "a bad network": (("mentions",), {"PODWATCH_ALLOW_ADDRESSES": "home"}, 1, "podwatch: PODWATCH_ALLOW_ADDRESSES: 'home' does"),
    "no database": (("mentions",), {"PODWATCH_DATABASE_URL": "postgresql://u:pw@127.0.0.1:1/x"}, 1, "podwatch: postgresql://u:***@"),
    "no home": (("mentions",), {"PODWATCH_HOME": "/proc/none"}, 1, "podwatch: /proc/none"),
    "a home of nobody": (("mentions",), {"PODWATCH_HOME": "~nosuchuser/x"}, 1, "podwatch: PODWATCH_HOME=~nosuchuser/x: is no folder"),
    "a tag that is not UTF-8": (("feeds", "add", "http://a.example/", "--tag", "\udcff"), {}, 1, "podwatch: \ufffd: is not UTF-8 text"),
    "an empty tag": (("feeds", "add", "http://a.example/", "--tag", ""), {}, 1, "podwatch: '': cannot be a tag"),
    "an address that is not UTF-8": (("feeds", "add", "http://a.example/\udcff"), {}, 1, "podwatch: http://a.example/\ufffd: is not the"),
    "another": (("feeds", "remove", "\udcff"), {}, 1, "podwatch: \ufffd: is not UTF-8 text"),
    "a page that is not UTF-8": (("feeds", "set", "http://a.example/", "--transcript-page", "\udcff"), {}, 1, "podwatch: \ufffd: is not UTF-8"),
    "a watch that is not UTF-8": (("mentions", "--watch", "\udcff"), {}, 1, "podwatch: \ufffd: is not UTF-8 text"),
    "a file that is not UTF-8": (("feeds", "import", "\udcff\x1b[1m"), {}, 1, "podwatch: \ufffd[1m: No such file"),
    "a device": (("scan", "/dev/zero", "--watchlist", "good.yaml"), {}, 1, "podwatch: /dev/zero: is not a regular file"),
    "a pipe": (("feeds", "import", "pipe"), {}, 1, "podwatch: pipe: is not a regular file - save it"),
    "a folder": (("feeds", "import", "home"), {}, 1, "podwatch: home: Is a directory"),
    "tables gone": (("mentions",), {"PODWATCH_DATABASE_URL": "sqlite:///stamped.db"}, 1, "podwatch: the database cannot be used (no such table"),
    "an escape in a watchlist": (("watches", "check", "escape.yaml"), {}, 1, "podwatch: escape.yaml:1:12: watch a[1m: name: should be one word"),
} | {
    f"database {url}": (("mentions",), {"PODWATCH_DATABASE_URL": url}, 1, f"podwatch: PODWATCH_DATABASE_URL: {what}")
    for url, what in {
        "postgresql://u:pw@127.0.0.1:abc/x": "is not a database address",
        "sqlite+aiosqlite:///x.db": "sqlite+aiosqlite is not supported",
        "postgresql+asyncpg://u:pw@127.0.0.1/x": "postgresql+asyncpg is not supported",
        "sqlite+pysqlcipher:///x": "sqlite+pysqlcipher is not supported",
        "mysql://u:pw@127.0.0.1/x": "mysql is not supported",
        "sqlite:///x.db?foo=bar": "is not the address of an SQLite file",
        "sqlite://folder/x.db": "is not the address of an SQLite file",
        "postgresql://u:pw@127.0.0.1/x?plugin=pw": "plugin is no option of PostgreSQL",
        "pw": "is not a database address",
    }.items()
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES, ids=str)
def test_a_mistake_is_one_line_and_an_exit_status_never_a_traceback(case: str, podwatch: Any, tmp_path: Path) -> None:
    arguments, env, status, beginning = MISTAKES[case]
    (tmp_path / "bad.yaml").write_text("watches: [{name: a, qurey: x}, {name: b, query: y}]")
    (tmp_path / "good.yaml").write_text("watches: [{name: a, query: x}]")
    (tmp_path / "escape.yaml").write_text('watches: [{name: "a\\e[1m", query: x}]')
    os.mkfifo(tmp_path / "pipe")
    with closing(sqlite3.connect(tmp_path / "stamped.db")) as database:
        database.execute(f"CREATE TABLE alembic_version AS SELECT '{HEAD}' AS version_num")
        database.commit()
    done = podwatch(*arguments, **env)
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.replace("?: ", "\ufffd: ").startswith(beginning)
    assert "pw" not in done.stderr.replace(case, "").replace("podwatch", "")
    if status == 1:
        assert done.stderr.count("\n") == 1


def test_transcripts_dropped_into_a_folder_find_their_episodes(podwatch: Any, podcast: Podcast, tmp_path: Path) -> None:
    podcast.serve("/feed.xml", rss(item("one", title="The grain talk"), item("two", title="Another")))
    podwatch("feeds", "add", podcast.url("/feed.xml"))
    podwatch("watches", "sync", SEEDS / "watchlist.yaml")
    podwatch("poll")
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "The grain talk.vtt").write_text(vtt("The grain came."))
    assert rows(podwatch("fetch", "--from", "inbox", "--json")) == [
        {"verb": "fetch", "done": 1, "new": 1, "failed": 0, "notes": []}
    ]
    (folder / "Unheard of.vtt").write_text(vtt("Nothing."))
    done = podwatch("fetch", "--from", "inbox")
    assert done.returncode == 1
    assert "Unheard of.vtt: no episode without a transcript has this name, audio file, guid or date" in done.stderr
    podwatch("detect")
    assert [m["surface"] for m in rows(podwatch("mentions", "--json"))] == ["grain"]


def test_a_feed_is_told_where_its_transcript_pages_are(podwatch: Any, podcast: Podcast) -> None:
    url = podcast.serve("/feed.xml", rss(item("one", title="Thirteen days")))
    podcast.serve("/t/thirteen-days", (SEEDS / "sample/missile-crisis.txt").read_bytes(), "text/html")
    podwatch("feeds", "add", url)
    assert rows(podwatch("feeds", "set", url, "--transcript-page", podcast.url("/t/{slug}"), "--json"))
    assert [r["new"] for r in rows(podwatch("run", "--json"))] == [1, 1, 0, 0]
    assert podwatch("feeds", "set", url, "--transcript-page", "https://a.example/{what}").stderr.startswith(
        "podwatch: https://a.example/{what}: {what} is not known"
    )


def test_the_feeds_go_out_as_opml(podwatch: Any, podcast: Podcast, tmp_path: Path) -> None:
    podwatch("feeds", "add", "https://a.example/feed", "--tag", "x")
    assert rows(podwatch("feeds", "export", "out.opml", "--json")) == [{"file": "out.opml", "feeds": 1}]
    assert podwatch("feeds", "export").stdout == (tmp_path / "out.opml").read_text()
    assert rows(podwatch("feeds", "import", "out.opml", "--json")) == [{"feeds": 1, "new": 0}]


def test_output_into_a_closed_pipe_ends_quietly(podwatch: Any) -> None:
    command = f"{PODWATCH} scan {SEEDS}/sample/missile-crisis.txt --watchlist {SEEDS}/watchlist.yaml --json | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=600, check=False)
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("to", "said"),
    [("/dev/full", "podwatch: the output cannot be written: No space"), ("&-", "podwatch: the output is")],
)
def test_output_that_cannot_be_written_is_one_line(to: str, said: str) -> None:
    command = f"{PODWATCH} scan {SEEDS}/sample/missile-crisis.txt --watchlist {SEEDS}/watchlist.yaml --json >{to}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1


def test_what_the_terminal_cannot_write_is_replaced(podwatch: Any, tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text("watches: [{name: zürich, query: grain}]", encoding="utf-8")
    podwatch("watches", "sync", "w.yaml")
    env = os.environ | {"PODWATCH_HOME": str(podwatch.home), "PYTHONIOENCODING": "ascii"}
    listed = subprocess.run([PODWATCH, "watches", "list"], capture_output=True, text=True, env=env, check=True).stdout
    assert listed.splitlines()[1].startswith("z?rich\tgrain")


def test_a_file_whose_name_is_not_utf8_is_scanned(podwatch: Any, tmp_path: Path) -> None:
    (tmp_path / "a\udcff.vtt").write_bytes((SEEDS / "sample/grain.vtt").read_bytes())
    found = rows(podwatch("scan", "a\udcff.vtt", "--watchlist", SEEDS / "watchlist.yaml", "--json"))
    assert {f["transcript"] for f in found} == {"a\ufffd.vtt"}


def test_a_command_starts_without_the_heavy_libraries() -> None:
    code = "import sys, podwatch.commands; print(sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("airflow", "slack_sdk", "spacy", "numpy", "alembic"):
        assert f"'{heavy}'" not in loaded


def test_what_was_given_up_is_tried_again_when_somebody_says_that_it_is_mended(podwatch: Any, podcast: Podcast) -> None:
    address = podcast.serve("/one.vtt", vtt("The grain came."), "text/vtt")
    podcast.serve("/feed.xml", rss(item("one", transcript=address)))
    podwatch("feeds", "add", podcast.url("/feed.xml"))
    podwatch("watches", "sync", SEEDS / "watchlist.yaml")
    for verb in ("poll", "fetch", "detect"):
        podwatch(verb)
    with closing(sqlite3.connect(podwatch.home / "podwatch.db")) as database:
        database.execute("UPDATE deliveries SET state = 'dead', next_attempt_at = NULL, error = 'no'")
        database.commit()
    assert rows(podwatch("deliver", "--json"))[0]["new"] == 0
    done = podwatch("deliver", "--retry-dead", "--json")
    assert rows(done)[0]["new"] == 1
    assert "deliver: 1 to be tried again" in done.stderr


def test_the_rules_of_channels_come_with_the_watchlist(podwatch: Any, tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text('channels: {"#a": {ceiling: 3}}\nwatches: [{name: a, query: x}]')
    assert podwatch("watches", "sync", "w.yaml").returncode == 0
    with closing(sqlite3.connect(podwatch.home / "podwatch.db")) as database:
        [(rules,)] = database.execute("SELECT rules FROM channels WHERE name = '#a'").fetchall()
    assert json.loads(rules)["ceiling"] == 3
