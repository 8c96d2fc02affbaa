"""The command line as its users meet it: real processes, JSON on stdout, one line and an exit status for a mistake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Podcast, item, rss, vtt

SEEDS = Path(__file__).parent.parent / "seeds"
PODWATCH = Path(sys.executable).with_name("podwatch")


@pytest.fixture
def podwatch(tmp_path: Path) -> Any:
    def run(*arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(PODWATCH), *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=60,
            env={k: v for k, v in os.environ.items() if not k.startswith(("PODWATCH", "SLACK"))}
            | {"PODWATCH_HOME": str(tmp_path / "home"), "PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8"}
            | env,
        )

    return run


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_scan_says_one_json_line_a_mention(podwatch: Any) -> None:
    found = rows(
        podwatch("scan", SEEDS / "sample/missile-crisis.txt", "--watchlist", SEEDS / "watchlist.yaml", "--json")
    )
    assert set(found[0]) == {
        "watch", "kind", "score", "surface", "start", "end", "seconds", "segment", "speaker", "snippet", "transcript", "episode",
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
    assert plain.stdout.count("\n") == 1
    assert "\x1b" not in plain.stdout
    [feed] = rows(podwatch("feeds", "list", "--json"))
    assert (feed["title"], feed["tags"], feed["error"]) == ("The Show", ["x"], None)


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
    "a mistake in the watchlist": (("watches", "check", "bad.yaml"), {}, 1, "podwatch: bad.yaml:1: watch a: qurey: is not a known"),
    "the same when syncing": (("watches", "sync", "bad.yaml"), {}, 1, "podwatch: bad.yaml:1: watch a: qurey: is not a known"),
    "a bad date": (("mentions", "--since", "tomorrow"), {}, 2, "Usage:"),
    "a bad setting": (("mentions",), {"PODWATCH_POLL_FLOOR": "soon"}, 1, "podwatch: PODWATCH_POLL_FLOOR=soon: is not a number"),
    "a bad network": (("mentions",), {"PODWATCH_ALLOW_ADDRESSES": "home"}, 1, "podwatch: PODWATCH_ALLOW_ADDRESSES: 'home' does"),
    "no database": (("mentions",), {"PODWATCH_DATABASE_URL": "postgresql://u:pw@127.0.0.1:1/x"}, 1, "podwatch: postgresql://u:***@"),
    "no home": (("mentions",), {"PODWATCH_HOME": "/proc/none"}, 1, "podwatch: /proc/none"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES, ids=str)
def test_a_mistake_is_one_line_and_an_exit_status_never_a_traceback(case: str, podwatch: Any, tmp_path: Path) -> None:
    arguments, env, status, beginning = MISTAKES[case]
    (tmp_path / "bad.yaml").write_text("watches: [{name: a, qurey: x}, {name: b, query: y}]")
    done = podwatch(*arguments, **env)
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith(beginning)
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
    assert "Unheard of.vtt: no episode without a transcript has this name, audio file or guid" in done.stderr
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
    podwatch("feeds", "add", "https://a.example/f", "--tag", "x")
    assert rows(podwatch("feeds", "export", "out.opml", "--json")) == [{"file": "out.opml", "feeds": 1}]
    assert podwatch("feeds", "export").stdout == (tmp_path / "out.opml").read_text()
    assert rows(podwatch("feeds", "import", "out.opml", "--json")) == [{"feeds": 1, "new": 0}]


def test_output_into_a_closed_pipe_ends_quietly(podwatch: Any) -> None:
    command = f"{PODWATCH} scan {SEEDS}/sample/missile-crisis.txt --watchlist {SEEDS}/watchlist.yaml --json | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""


def test_a_command_starts_without_the_heavy_libraries() -> None:
    code = "import sys, pipeline.commands; print(sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("airflow", "slack_sdk", "spacy", "numpy", "alembic"):
        assert f"'{heavy}'" not in loaded
