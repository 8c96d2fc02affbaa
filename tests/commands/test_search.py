"""podwatch search: lines for people, a terminal and programs, and what it says of how much was read."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from datetime import datetime

import pytest

from podwatch.commands.search import show_hits
from podwatch.errors import PodwatchError
from podwatch.history.search import compile_search, search
from podwatch.runtime import Runtime
from podwatch.store.search import SearchScope
from tests.support.command_runner import run_command
from tests.support.page_visitors import store_show
from tests.support.stored_transcripts import store_dialogues
from tests.support.terminal import in_terminal

COLUMNS = "date\ttime\tshow\ttitle\tsnippet\tlink"


@pytest.fixture
def filled(rt: Runtime, now: datetime) -> Runtime:
    store_show(rt, now, ["Ann Lee sold grain./And =grain() again.", "No grain today.", None])
    store_dialogues(rt.store, now, "Sea", ["Corn over the sea"])
    return rt


def run(rt: Runtime, *arguments: object, status: int = 0) -> tuple[list[str], str]:
    code, out, err = run_command(rt.settings, "search", *arguments)
    assert code == status, err
    return out, "\n".join(err)


def test_a_pipe_gets_a_line_for_each_hit_the_newest_episode_first(filled: Runtime) -> None:
    out, err = run(filled, "grain")
    assert out[0] == COLUMNS
    assert [line.split("\t")[4] for line in out[1:]] == [
        "Ann Lee sold grain.",
        "And =grain() again.",
        "No grain today.",
    ]
    assert out[1].split("\t")[:4] == ["2026-11-03", "~0:00:06", "The Show", "Episode 0"]
    assert err == "3 hits in 2 episodes (all 3 transcripts read)"


def test_once_indexed_only_what_may_have_it_is_read(filled: Runtime) -> None:
    assert run(filled, "--index") == ([], "3 transcripts were added to the index; it holds 3")
    assert run(filled, "--index") == ([], "0 transcripts were added to the index; it holds 3")
    assert run(filled, "corn")[1] == "1 hit in 1 episode (1 of 3 transcripts read, the others cannot have it)"
    assert run(filled, "barley") == ([], "0 hits in 0 episodes (0 of 3 transcripts read, the others cannot have it)")
    _, err = run(filled, "/gra.n/")
    assert err.startswith("3 hits in 2 episodes (every transcript has to be read")


def test_programs_get_an_object_a_line_or_csv_that_runs_nothing(filled: Runtime) -> None:
    rows = [json.loads(line) for line in run(filled, "grain", "--json")[0]]
    assert [(r["surface"], r["speaker"], r["show"]) for r in rows] == [
        ("grain", "Ann", "The Show"),
        ("grain", "Bob", "The Show"),
        ("grain", "Ann", "The Show"),
    ]
    assert {"start", "end", "seconds", "transcript", "episode", "link"} <= rows[0].keys()
    assert "watch" not in rows[0]
    table = list(csv.DictReader(run(filled, "=grain", "-o", "csv")[0]))
    assert [r["surface"] for r in table] == ["grain"] * 3
    assert not any(value.startswith("=") for r in table for value in r.values())


def test_a_limit_says_that_there_may_be_more(filled: Runtime) -> None:
    out, err = run(filled, "grain", "--limit", 1)
    assert len(out) == 3  # with the other hit of the same episode
    assert err == "2 hits in 1 episode so far; 1 older transcript that may have more was not read: see --limit, --until"


FACETS = ["show\tThe Show\t3", "speaker\tAnn\t2", "speaker\tBob\t1", "month\t2026-11\t3"]


def test_facets_count_all_hits(filled: Runtime) -> None:
    assert run(filled, "grain", "--facets", "--limit", 1)[0] == ["facet\tvalue\thits", *FACETS]
    rows = [json.loads(line) for line in run(filled, "grain", "--facets", "--json")[0]]
    assert rows[0] == {"facet": "show", "value": "The Show", "feed": 1, "hits": 3}


@pytest.mark.parametrize(
    ("options", "hits"),
    [
        (["--feed", "Sea"], 0),
        (["--feed", "The Show"], 3),
        (["--since", "2026-11-03"], 2),
        (["--until", "2026-11-02"], 1),
        (["--since", "2026-11-02", "--until", "2026-11-02"], 1),
    ],
    ids=str,
)
def test_the_scope_is_that_of_mentions(filled: Runtime, options: Sequence[str], hits: int) -> None:
    assert len(run(filled, "grain", *options, "--json")[0]) == hits


def test_a_terminal_shows_the_hits_of_an_episode_under_it(filled: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODWATCH_HOME", str(filled.settings.home))
    shown = in_terminal([sys.executable, "-m", "podwatch", "search", "grain"]).splitlines()
    at = next(i for i, line in enumerate(shown) if "The Show: Episode 0" in line)
    assert shown[at].startswith("2026-11-03")
    assert shown[at + 1].split() == ["~0:00:06", "Ann:", "Ann", "Lee", "sold", "grain."]
    assert shown[-1] == "3 hits in 2 episodes (all 3 transcripts read)"


def test_what_was_found_is_in_bold_there(filled: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[tuple[str, str]] = []
    monkeypatch.setattr("podwatch.commands.search.print_line", printed.extend)
    show_hits(search(filled.store, compile_search("grain"), SearchScope(), limit=9).hits)
    assert printed.count(("bold yellow", "grain")) == 3


def test_a_mistake_is_one_line(filled: Runtime) -> None:
    with pytest.raises(PodwatchError, match="column 12"):
        run(filled, "grain AND (")
    assert "give a query" in run(filled, status=2)[1]
    assert "not before" in run(filled, "x", "--since", "2026-11-03", "--until", "2026-11-01", status=2)[1]
