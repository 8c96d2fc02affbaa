"""What explain says: of each part of a query what it found where, or why not; and what held an alert back."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podwatch import query, runtime
from podwatch.errors import PodwatchError
from podwatch.line.deliver import deliver
from podwatch.line.detect import detect
from podwatch.model import DeliverMode, Scope, Segment, Watch, join_segments
from podwatch.query import Engine, EpisodeFields
from podwatch.query import clauses as c
from podwatch.query.explanation import Explanation, NotTrueReason, explain
from podwatch.query.parser import is_anchored
from podwatch.runtime import Runtime
from podwatch.settings import Settings
from tests.query.test_operators import anything, texts
from tests.support.command_runner import run_command
from tests.support.hypothesis_profiles import examples
from tests.support.migrated_database import place_database
from tests.support.stored_transcripts import store_dialogues

SEEDS = Path(__file__).parents[2] / "seeds"


def tree(source: str, text: str) -> Explanation:
    """The explanation of a query over segments of ten seconds, parted by a /, that Ann and Bob say in turn."""
    engine = query.build_engine([Watch(name="w", query=source)])
    node = engine.node_of("w")
    assert node is not None
    parts = [Segment(i * 10.0, i * 10.0 + 10, s, ("Ann", "Bob")[i % 2]) for i, s in enumerate(text.split("/"))]
    return explain(node, engine.build_context(join_segments(parts, language="en"), EpisodeFields(title="Grain wars")))


# query: (text, why, in which words)
REASONS: dict[str, tuple[str, NotTrueReason, str]] = {
    "grain": ("the sea", NotTrueReason.NOT_SAID, ""),
    "=NATO": ("Nato and nato", NotTrueReason.SPELLING, "Nato, nato"),
    "U.S.": ("tell us", NotTrueReason.SPELLING, "us"),
    "grain OR wheat": ("the sea", NotTrueReason.NONE_OF, ""),
    "grain AND sea": ("the sea", NotTrueReason.PART, "grain"),
    "grain AND NOT sea": ("grain and seas", NotTrueReason.PART, "NOT sea"),
    "grain NEAR/2 corridor": ("grain is in a corridor", NotTrueReason.TOO_FAR, "nearest: 3 words between"),
    "grain NEAR/0 corridor": ("grain the corridor", NotTrueReason.TOO_FAR, "nearest: 1 word between"),
    "grain ONEAR/2 corridor": ("a corridor of grain", NotTrueReason.ORDER, "nearest: 1 word between"),
    "grain NEAR/2 wheat": ("grain", NotTrueReason.PART, "wheat"),
    '"black se*"': ("black a sea", NotTrueReason.TOO_FAR, "nearest: 1 word between"),
    '"a b c"~1': ("a x b y c", NotTrueReason.TOO_FAR, "nearest: all of them in 5 words"),
    "grain NOT NEAR/3 sea": ("grain, sea. The grain of the sea", NotTrueReason.TOO_NEAR, "each of 2 has sea within 3 words"),
    "grain WITHIN 5s sea": ("grain/sea", NotTrueReason.TOO_FAR, "nearest: 10.0 seconds"),
    "grain SAME SEGMENT sea": ("grain/x/sea/grain", NotTrueReason.TOO_FAR, "nearest: 1 segment further on"),
    "(grain){3,}": ("grain, grain", NotTrueReason.TOO_FEW, "2 times of at least 3"),
    "(grain){1,2}": ("grain " * 3, NotTrueReason.TOO_MANY, "3 times of at least 1, at most 2"),
    "grain{2}": ("grain", NotTrueReason.TOO_FEW, "once of exactly 2"),
}  # fmt: skip


@pytest.mark.parametrize("query", REASONS)
def test_what_is_not_found_has_a_reason(query: str) -> None:
    text, because, detail = REASONS[query]
    found = tree(query, text)
    assert (found.true, found.because, found.detail) == (False, because, detail)


INNER: dict[str, tuple[str, str, NotTrueReason, str]] = {
    "grain AND NOT sea": ("NOT sea", "grain and seas, sea", NotTrueReason.EXCLUDED, "seas, 2 times"),
    "grain title:wheat": ("title:wheat", "grain", NotTrueReason.FACT, "title is 'Grain wars'"),
    "grain notes:wheat": ("notes:wheat", "grain", NotTrueReason.FACT, "notes is not known"),
    "grain lang:de": ("lang:de", "grain", NotTrueReason.FACT, "lang is 'en'"),
    "grain speaker:carl": ("speaker:carl", "grain/sea", NotTrueReason.SPEAKER, "speakers: Ann, Bob"),
}


@pytest.mark.parametrize("query", INNER)
def test_a_condition_that_does_not_hold_says_what_is_so_instead(query: str) -> None:
    source, text, because, detail = INNER[query]
    [part] = [p for p in tree(query, text).parts if p.source == source]
    assert (part.true, part.because, part.detail) == (False, because, detail)


def test_what_a_speaker_did_not_say_is_told_from_what_nobody_said() -> None:
    found = tree("grain speaker:bob", "grain/sea")
    assert [p.true for p in found.parts] == [True, True]
    assert (found.because, found.detail) == (NotTrueReason.SPEAKER, "speakers: Ann, Bob")


def test_what_is_found_has_its_shortest_place_second_and_speaker() -> None:
    found = tree("grain NEAR/5 corridor", "sea/grain grain of a Corridor")
    [place] = found.places
    assert (place.surface, place.seconds, place.speaker, place.start) == ("grain of a Corridor", 12.4, "Bob", 10)
    assert [(p.source, p.count) for p in found.parts] == [("grain", 2), ("corridor", 1)]


def test_the_words_of_a_phrase_with_a_star_are_told_apart() -> None:
    assert [p.source for p in tree('"black se*"', "black").parts] == ["black", "se*"]


@settings(max_examples=examples(200))
@given(anything.filter(is_anchored), st.lists(texts, min_size=1, max_size=2))
def test_an_explanation_says_what_detect_finds(clause: c.Clause, documents: list[str]) -> None:
    engine = Engine([(Watch(name="w", query="x"), clause)])
    node = engine.node_of("w")
    assert node is not None
    for text in documents:
        t = join_segments([Segment(0, 1, text)])
        found = explain(node, engine.build_context(t, EpisodeFields()))
        mentions = engine(t).mentions
        assert found.count == len(mentions)
        assert [(p.start, p.end) for p in found.places] == [(m.start, m.end) for m in mentions][:10]
        waiting = [found]
        while waiting:
            part = waiting.pop()
            assert part.true is (part.because is None)
            waiting += part.parts


def seen(
    rt: Runtime, now: datetime, watch: Watch, text: str | None = "the grain came", *, till: str = "deliver"
) -> None:
    store_dialogues(rt.store, now, "show", [text])
    rt.store.sync_watches([watch], now)
    if till != "sync":
        detect(rt, now)
    if till == "deliver":
        deliver(rt, now)


def asked(settings: Settings, watch: str = "g", episode: str = "show 0") -> dict[str, Any]:
    status, [line], _ = run_command(settings, "explain", "--watch", watch, "--episode", episode, "--json")
    assert status == 0
    row: dict[str, Any] = json.loads(line)
    return row


GRAIN = Watch(name="g", query="grain", channel="#c")
# case: (the watch, the text, how far it came, each reason)
SILENCE: dict[str, tuple[Watch, str | None, str, list[str]]] = {
    "told": (GRAIN, "the grain came", "deliver", ["query: found once", "delivery: sent to #c at 2026-11-03 06:00 UTC"]),
    "not said": (GRAIN, "the sea", "deliver", ["query: not found: not said"]),
    "without a transcript": (GRAIN, None, "deliver", ["transcript: there is none, and the feed names none"]),
    "not looked for yet": (
        GRAIN, "grain", "sync",
        ["query: found once", "transcript: revision 1 of the watch was not yet looked for in it: podwatch detect"],
    ),
    "not sent yet": (GRAIN, "grain", "detect", ["query: found once", "delivery: due for #c, next try 2026-11-03 06:00 UTC"]),
    "stored only": (
        Watch(name="g", query="grain", channel="#c", deliver=DeliverMode.NONE), "grain", "deliver",
        ["query: found once", "delivery: held for #c: the watch says deliver: none"],
    ),
    "out of scope": (
        Watch(name="g", query="grain", scope=Scope(tags=("other",))), "grain", "deliver",
        ["scope: the feed has none of the watch's tags", "query: found once"],
    ),
    "excluded": (
        Watch(name="g", query="grain", scope=Scope(not_languages=("en",))), "grain", "deliver",
        ["scope: the watch excludes this feed, one of its tags, or the language", "query: found once"],
    ),
    "excluded spellings": (
        Watch(name="g", query='"dobrynin str*"', exclude=("Dobrynin Street",)), "on Dobrynin Street", "deliver",
        ["query: found once", "query: 1 of 1 are spellings that the watch excludes"],
    ),
    "skipped": (
        Watch(name="g", query="grain", channel="#c", skip=("sponsor",)),
        "Hello there./This episode is brought to you by Grain Box. Use promo code GRAIN at grainbox dot com.", "deliver",
        ["skip: "],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SILENCE, ids=str)
def test_an_episode_says_why_it_was_told_or_not(
    case: str, settings: Settings, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    watch, text, till, reasons = SILENCE[case]
    place_database(settings.home)
    with runtime.build(settings) as rt:
        seen(rt, now, watch, text, till=till)
    capsys.readouterr()
    row = asked(settings)
    said = [f"{r['step']}: {r['text']}" for r in row["reasons"]]
    if reasons == ["skip: "]:
        assert any(s.startswith("skip: ") and s.endswith("what the watch skips: sponsor") for s in said), said
    else:
        assert said == reasons
    assert (row["watch"], row["revision"], row["episode"]) == ("g", 1, 1)


def test_a_removed_watch_and_gone_mentions_are_named(settings: Settings, now: datetime) -> None:
    place_database(settings.home)
    with runtime.build(settings) as rt:
        seen(rt, now, GRAIN, till="detect")
        rt.store.sync_watches([Watch(name="g", query="wheat", channel="#c")], now)
        detect(rt, now + timedelta(hours=1))
        rt.store.sync_watches([], now)
        deliver(rt, now + timedelta(hours=2))
    row = asked(settings)
    assert [r["text"] for r in row["reasons"]] == [
        "it was removed from the watchlist",
        "not found: not said",
        "its mentions are gone since 2026-11-03 07:00 UTC",
        "held for #c: the watch was removed from the watchlist",
    ]
    assert [(m["surface"], m["revision"], bool(m["gone_at"])) for m in row["mentions"]] == [("grain", 1, True)]


def test_an_alert_is_found_by_the_beginning_of_its_key(settings: Settings, now: datetime) -> None:
    place_database(settings.home)
    with runtime.build(settings) as rt:
        store_dialogues(rt.store, now, "show", ["grain", "grain"])
        rt.store.sync_watches([GRAIN], now)
        detect(rt, now)
        keys = sorted(d.key for d in rt.store.deliveries_due(now))
    _, [line], _ = run_command(settings, "explain", keys[0][:8], "--json")
    row = json.loads(line)
    assert [d["key"] for d in row["deliveries"]] == keys[:1]
    assert row["tree"]["places"][0]["surface"] == "grain"
    with pytest.raises(PodwatchError, match="no alert with this key"):
        run_command(settings, "explain", "zz")


# arguments: what is said of them
MISTAKES = {
    ("--watch", "g", "--episode", "show"): "more than one episode is meant - give the number: 2 show 1; 1 show 0",
    ("--watch", "g", "--episode", "nothing"): "nothing: no episode has this id, or this in its title",
    ("--watch", "g", "--episode", "%"): "%: no episode has this id, or this in its title",
    ("--watch", "h", "--episode", "show 1"): "h: there is no such watch",
}


@pytest.mark.parametrize("arguments", MISTAKES, ids=" ".join)
def test_what_is_not_there_is_one_line(arguments: tuple[str, str, str, str], settings: Settings, now: datetime) -> None:
    place_database(settings.home)
    with runtime.build(settings) as rt:
        store_dialogues(rt.store, now, "show", ["grain", "grain"])
        rt.store.sync_watches([GRAIN], now)
    with pytest.raises(PodwatchError) as e:
        run_command(settings, "explain", *arguments)
    assert MISTAKES[arguments] in e.value.line


@pytest.mark.parametrize("arguments", [(), ("--watch", "g"), ("x", "--watch", "g"), ("x", "--watchlist", "w")])
def test_half_a_question_is_wrong_usage(arguments: tuple[str, ...], settings: Settings) -> None:
    assert run_command(settings, "explain", *arguments)[0] == 2


def test_a_file_is_explained_without_a_database(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text("watches:\n  - name: g\n    query: '\"black sea\" NEAR/3 (corridor OR ship)'\n")
    status, lines, _ = run_command(
        settings, "explain", "--watchlist", tmp_path / "w.yaml", "--watch", "g", SEEDS / "sample/grain.vtt"
    )
    assert status == 0
    assert lines == [
        'watch g: "black sea" NEAR/3 (corridor OR ship)',
        f"in: {SEEDS}/sample/grain.vtt",
        "query: found once",
        '+ NEAR/3: "black sea" NEAR/3 (corridor OR ship) - found once',
        *lines[4:],
    ]
    assert "    - term: corridor - not said" in lines
    assert lines[4].strip().startswith("0:01:")
    assert not settings.home.exists()


def test_on_a_terminal_it_is_a_tree(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from podwatch.commands import explain as command

    monkeypatch.setattr(command, "_is_terminal", lambda: True)
    _, lines, _ = run_command(
        settings, "explain", "--watchlist", SEEDS / "watchlist.yaml", "--watch", "grain", SEEDS / "sample/grain.vtt"
    )
    assert any(line.startswith("✓ term grain - found") for line in lines)
    assert any(line.startswith("├── 0:00:") for line in lines)
