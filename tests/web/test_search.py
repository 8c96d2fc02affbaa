"""The search of the page and its API, and the trends: what is shown, narrowed down, exported, and kept as a watch."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path

import pytest

from podwatch.line.search_index import index_transcripts
from podwatch.model import EntityType, Feed, Watch
from podwatch.runtime import Runtime
from podwatch.watchlist.loader import read_watches
from podwatch.web.line_chart import WIDTH, draw_lines
from podwatch.web.search import watch_yaml
from tests.support.page_visitors import READER, browse, find_mentions, store_show
from tests.support.stored_transcripts import store_dialogues

TALK = ["Ann Lee sold grain./And <b>grain</b>.", "No grain today./Corn.", None]


@pytest.fixture
def filled(either: Runtime, now: datetime) -> Runtime:
    store_show(either, now, TALK)
    find_mentions(either, now)
    index_transcripts(either.store, lambda done, of: None)
    return either


def links(shown: str, path: str) -> list[str]:
    return [unescape(a) for a in re.findall(r'href="([^"]+)"', shown) if a.startswith(path)]


def test_a_hit_is_shown_with_its_mark_and_leads_to_its_second(filled: Runtime, now: datetime) -> None:
    shown = browse(filled, now).read("/search?q=grain")
    assert shown.count('<mark class="exact">grain</mark>') == 3
    assert "<b>grain" not in shown
    assert "<b>3</b> hits in 2 episodes; 2 of 2 transcripts may have it, and were read" in shown
    assert re.search(r'href="/episodes/1\?t=1\d\.\d"', shown)  # of the second, which Bob says


def test_a_facet_leads_to_its_hits_alone(filled: Runtime, now: datetime) -> None:
    browser = browse(filled, now)
    shown = browser.read("/search?q=grain")
    narrower = [a for a in links(shown, "/search?") if "speaker" in a]
    assert len(narrower) == 2
    assert "<b>1</b> hit in 1 episode" in browser.read(next(a for a in narrower if "Bob" in a))
    assert "<b>2</b> hits" in browser.read(next(a for a in narrower if "Ann" in a))
    [month] = [a for a in links(shown, "/search?") if "until=" in a]
    assert "<b>3</b> hits" in browser.read(month)
    assert "<b>3</b> hits" in browser.read(next(a for a in links(shown, "/search?") if "feed=1" in a))


def test_pages_hold_everything_once(either: Runtime, now: datetime) -> None:
    store_show(either, now, ["grain/" * 11 + "end"] * 7)
    browser, path, seen = browse(either, now), "/search?q=grain", []
    while path:
        shown = browser.read(path)
        seen += re.findall(r'class="watch" href="/episodes/(\d+)"', shown)
        path = next((a for a in links(shown, "/search?") if "after=" in a), "")
    assert len(seen) == len(set(seen)) == 7


def test_a_mistake_is_shown_beside_the_box_with_its_column(filled: Runtime, now: datetime) -> None:
    shown = browse(filled, now).read("/search?q=grain+AND+%28", 400)
    assert "column 12" in shown
    assert 'value="grain AND ("' in shown
    for wrong in ("feed=x", "since=yesterday", "after=x"):
        browse(filled, now).read(f"/search?q=grain&{wrong}", 400)


def test_what_could_not_be_narrowed_is_said(filled: Runtime, now: datetime) -> None:
    assert "so all 2 transcripts were read" in browse(filled, now).read("/search?q=/gra.n/")


def test_nothing_found_says_where_to_look(either: Runtime, now: datetime) -> None:
    browser = browse(either, now)
    assert "a watch takes" in browser.read("/search")
    assert "There is no transcript yet" in browser.read("/search?q=barley")
    store_show(either, now, TALK)
    assert "Nothing was said of it" in browser.read("/search?q=barley")


def test_the_exports_hold_all_hits(filled: Runtime, now: datetime) -> None:
    browser = browse(filled, now, READER)
    rows = list(csv.DictReader(io.StringIO(browser.read("/search.csv?q=grain"))))
    assert [r["surface"] for r in rows] == ["grain"] * 3
    assert [r["speaker"] for r in rows] == ["Ann", "Bob", "Ann"]
    assert all(0.0 < float(r["seconds"]) < 20.0 for r in rows)
    lines = [json.loads(line) for line in browser.read("/search.json?q=grain&feed=1").splitlines()]
    assert [(h["show"], h["surface"], h["speaker"]) for h in lines] == [
        ("The Show", "grain", "Ann"),
        ("The Show", "grain", "Bob"),
        ("The Show", "grain", "Ann"),
    ]
    browser.read("/search.csv?q=", 400)
    browser.read("/search.json?q=%28", 400)


def test_the_api_finds_the_same_page_by_page(filled: Runtime, now: datetime) -> None:
    browser = browse(filled, now)
    one = browser.json("/api/v1/search?q=grain&limit=1&facets=true")
    assert [h["surface"] for h in one["hits"]] == ["grain", "grain"]  # those of an episode stand together
    assert {(f["facet"], f["value"], f["hits"]) for f in one["facets"]} == {
        ("show", "The Show", 3), ("speaker", "Ann", 2), ("speaker", "Bob", 1), ("month", "2026-11", 3),
    }  # fmt: skip
    two = browser.json(f"/api/v1/search?q=grain&limit=1&after={one['next']}")
    assert (len(two["hits"]), two["next"], two["transcripts"]) == (1, None, 2)
    assert browser.json("/api/v1/search?q=grain&until=2026-01-01")["hits"] == []
    assert "column" in browser.json("/api/v1/search?q=%28", 400)["detail"]
    assert "empty" in browser.json("/api/v1/search", 400)["detail"]
    browser.json("/api/v1/search?q=grain&feed=0", 422)


QUERIES = [
    "grain",
    '"black sea" NEAR/10 (grain OR corn)',
    "it's",
    '"a: b"',
    "'x' OR #y",
    "2026",
    "東京",
    "grain\nOR corn",
]


@pytest.mark.parametrize("query", QUERIES)
def test_the_watch_that_is_offered_is_the_query(query: str, tmp_path: Path) -> None:
    file = tmp_path / "watchlist.yaml"
    file.write_text('defaults: {channel: "#a"}\n' + watch_yaml(query), encoding="utf-8")
    [watch] = read_watches(file)
    assert watch.query == " ".join(query.split())


def test_nothing_of_a_stranger_becomes_markup(either: Runtime, now: datetime) -> None:
    bad = "<script>alert(1)</script>"
    store_show(either, now, [f"grain {bad}"], feed=Feed(url="https://x.example/f", title=bad), speakers=(bad,))
    browser = browse(either, now)
    for path in ("/search?q=grain", f"/search?q={bad}", f"/trends?entity={bad}", f"/trends?of={bad}"):
        assert bad not in browser.client.get(path).text, path


def test_trends_begin_with_the_watches_and_compare_what_is_chosen(filled: Runtime, now: datetime) -> None:
    browser = browse(filled, now)
    shown = browser.read("/trends")
    assert 'href="/watches/grain"' in shown
    chosen = browser.read("/trends?of=watch:grain&watch=lee&show=1&days=30")
    assert chosen.count("<polyline") == 3
    assert "The Show <span" in chosen
    without = [a for a in links(chosen, "/trends?") if a.count("of=") == 2]
    assert len(without) == 3
    assert browser.read(without[0]).count("<polyline") == 2


def test_trends_say_what_there_is_not(filled: Runtime, now: datetime) -> None:
    browser = browse(filled, now)
    for of in ("watch:none", "show:99", "show:x", "entity:Nobody", "x", ""):
        assert 'role="alert"' in browser.read(f"/trends?of={of}", 400)
    many = "&".join(f"of=watch:grain&of=show:1&of=watch:{name}" for name in ("lee",)) + "&entity=Nobody"
    assert browser.read(f"/trends?{many}").count("<polyline") == 3
    assert "days" in browser.json("/api/v1/trends?of=watch:grain&days=0", 422)["detail"]


def test_an_entity_is_counted_by_day_and_its_surges_are_marked(either: Runtime, now: datetime) -> None:
    from sqlalchemy import insert

    from podwatch.store.tables import entities, entity_names, mentions

    store = either.store
    store_dialogues(store, now, "Sea", ["Ann Lee", "Ann Lee"])
    surge = Watch(name="who surges", surge=(EntityType.PERSON,))
    store.sync_watches([surge], now)
    [watch] = store.watches()
    with store.writing() as c:
        c.execute(insert(entity_names), [{"id": 1, "key": "ann lee", "name": "Ann Lee"}])
        each = {"name_id": 1, "type": "person", "aside": 1}
        c.execute(insert(entities), [each | {"transcript_id": n, "count": n + 1} for n in (1, 2)])
        c.execute(insert(mentions), [{
            "watch_id": watch.id, "watch_revision": 1, "transcript_id": 1, "transcript_revision": 1, "episode_id": 1,
            "start": 0, "end": 7, "kind": "entity", "score": 1.0, "surface": "Ann Lee", "segment": 0, "snippet": "Ann Lee",
            "snippet_start": 0, "reason": "Ann Lee is suddenly talked about: in 9 episodes", "found_at": now,
        }])  # fmt: skip
    [found] = browse(either, now).json("/api/v1/trends?of=entity:Ann Lee")
    assert (found["by_day"], found["total"]) == ({"2026-11-03": 3}, 3)
    assert [(s["day"], s["name"], s["why"]) for s in found["surges"]] == [("2026-11-03", "Ann Lee", "in 9 episodes")]
    shown = browse(either, now).read("/trends?of=entity:Ann+Lee")
    assert "Ann Lee surged, 2026-11-03: in 9 episodes" in shown


def test_lines_are_drawn_by_day_and_of_a_long_time_by_week(now: datetime) -> None:
    last = now.date()
    days = {(last - timedelta(days=n)).isoformat(): n + 1 for n in range(10)} | {"2020-01-01": 99}
    daily = draw_lines([days], [[(last.isoformat(), "why")]], last, 30)
    assert (daily.most, daily.step, len(daily.lines[0].points), daily.lines[0].total) == (10, 1, 30, 55)
    assert (daily.lines[0].points[-1].x, daily.lines[0].points[-1].count) == (WIDTH, 1)
    assert daily.lines[0].marks[0][0] is daily.lines[0].points[-1]
    weekly = draw_lines([days, {}], [[], []], last, 365)
    assert (weekly.step, weekly.most, [p.count for p in weekly.lines[0].points[-2:]]) == (7, 28, [27, 28])
    assert draw_lines([], [], last, 30).most == 0
