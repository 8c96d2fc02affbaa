"""Search: what the index leaves in and the engine decides is what a scan over every transcript finds."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from sqlalchemy import select, text

from podwatch.errors import PodwatchError
from podwatch.history.search import SearchResult, compile_search, search
from podwatch.line.detect import detect
from podwatch.line.fetch import fetch
from podwatch.line.search_index import index_transcripts, tokens_of
from podwatch.model import Watch
from podwatch.query.narrowing import index_tokens
from podwatch.runtime import Runtime
from podwatch.store.database import Store
from podwatch.store.fetch import FetchResult
from podwatch.store.search import SearchScope
from podwatch.store.search_tables import search_documents
from tests.query.test_narrowing import QUERIES
from tests.support.stored_transcripts import correct_transcripts, store_dialogues, store_transcripts

TEXTS = {
    "latin": "The grain ships left.\nGrain again, and café O'Brien's F-35s in the U.S. of l'Ukraine.",
    "sea": "Over the Black Sea.\nNo corn, don't box the parties at McDonalds for $5 on YouTube or T-Mobile.",
    "cyrillic": "Кремль сказал: нет.\nВ Москве ёлка Кремлю.",
    "japanese": "東京都と京都に行きました。\n北京とパリ",
    "thai": "เขาอยู่ที่กรุงเทพมหานคร",
    "korean": "삼성전자 사실",
    "others": "דּוֹנָלְד  سوريا  दिल्ली  Αθήνα straße naïve IV ﬁsh",
    "nothing": "Nothing here.",
}
EVERYTHING = SearchScope()


def run(store: Store, query: str, scope: SearchScope = EVERYTHING, *, limit: int = 1000, after: int | None = None,
        facets: bool = False, most_read: int = 1000) -> SearchResult:  # fmt: skip
    compiled = compile_search(query)
    return search(store, compiled, scope, limit=limit, after=after, facets=facets, most_read=most_read)


def scan(store: Store, query: str) -> list[tuple[int, int, int]]:
    """The oracle: every transcript is read, whatever the index says."""
    compiled = replace(compile_search(query), needed=None)
    found = search(store, compiled, EVERYTHING, limit=1000)
    assert found.is_whole
    return spans(found)


def spans(found: SearchResult) -> list[tuple[int, int, int]]:
    return [(h.source.transcript.id, h.mention.start, h.mention.end) for h in found.hits]


def titles(found: SearchResult) -> list[str]:
    return list(dict.fromkeys(h.source.episode.title for h in found.hits))


def fill(store: Store, most: int | None = None) -> int:
    return index_transcripts(store, lambda done, of: None, most)


@pytest.fixture
def filled(store: Store, now: datetime) -> Store:
    store_transcripts(store, now, TEXTS)
    fill(store)
    return store


# query: (the titles that it is found in, how many transcripts were read)
FOUND: Mapping[str, tuple[list[str], int]] = {
    "grain": (["latin"], 1),
    '"black sea"': (["sea"], 1),
    "grain OR corn": (["latin", "sea"], 2),
    "grain NOT corn": (["latin"], 1),
    "part*": (["sea"], 1),
    "東京": (["japanese"], 1),
    "京": (["japanese"], 1),
    "กรุงเทพ": (["thai"], 1),
    "кремль": (["cyrillic"], 1),
    "삼성전자": (["korean"], 1),
    "דונלד": (["others"], 1),
    "strasse": (["others"], 1),
    "fbi": ([], 0),
    "/gr[ae]in/": (["latin"], 8),
    "korn~1": (["sea"], 8),
}


@pytest.mark.parametrize("query", FOUND)
def test_only_what_may_have_the_query_is_read(filled: Store, query: str) -> None:
    found = run(filled, query)
    assert (titles(found), found.read, found.is_whole) == (FOUND[query][0], FOUND[query][1], True)
    assert found.is_narrowed is (FOUND[query][1] < 8)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES)
def test_a_search_finds_what_a_scan_over_everything_finds(filled: Store, query: str) -> None:
    try:
        compile_search(query)
    except PodwatchError:
        return
    assert spans(run(filled, query)) == scan(filled, query)


def test_a_search_finds_what_the_same_watch_would_find(rt: Runtime, now: datetime) -> None:
    store_transcripts(rt.store, now, TEXTS)
    for query in ("grain OR corn", '"black sea"', "東京", "кремль OR москва"):
        rt.store.sync_watches([Watch(name="w", query=query)], now)
        detect(rt, now)
        live = [(f.transcript_id, f.mention) for f in rt.store.mentions()]
        found = [(h.source.transcript.id, h.mention) for h in run(rt.store, query).hits]
        assert [(n, replace(m, watch="w", label=None)) for n, m in found] == [
            (n, replace(m, label=None)) for n, m in live
        ]


def test_what_is_not_indexed_yet_is_read_all_the_same(store: Store, now: datetime) -> None:
    store_transcripts(store, now, TEXTS)
    assert (titles(run(store, "grain")), run(store, "grain").read) == (["latin"], 8)
    assert fill(store, most=3) == 3
    assert (titles(run(store, "grain")), run(store, "corn").read, titles(run(store, "corn"))) == (["latin"], 5, ["sea"])
    assert fill(store) == 5
    assert (run(store, "grain").read, fill(store)) == (1, 0)


def test_each_fetch_indexes_some_of_what_was_stored_before(rt: Runtime, now: datetime) -> None:
    store_transcripts(rt.store, now, TEXTS)
    assert rt.store.index_state().indexed == 0
    fetch(rt, now)
    assert rt.store.index_state().indexed == len(TEXTS)


def test_two_that_index_at_once_add_each_transcript_once(store: Store, now: datetime) -> None:
    store_transcripts(store, now, TEXTS)
    seen = [[(t, index_tokens(t.text)) for t in store.texts_to_index(100)] for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(store.save_index, seen))
    assert store.index_state().indexed == len(TEXTS)
    assert titles(run(store, "grain")) == ["latin"]


def test_a_transcript_is_indexed_with_its_save(store: Store, now: datetime) -> None:
    store_transcripts(store, now, {"one": "grain", "two": "corn"})
    [one, two] = store.load_sources(store.transcript_ids())
    with store.reading() as c:
        assert c.execute(select(search_documents)).all() == []
        bodies = {r.episode_id: r.body for r in c.execute(text("SELECT episode_id, body FROM transcripts"))}
    fields: dict[str, Any] = {
        "source": "",
        "media_type": "",
        "language": "en",
        "characters": 4,
        "segments": 1,
        "labels": b"",
    }
    changed = fields | {"digest": "another", "body": bodies[two.episode.id]}
    tokens = tokens_of(changed["body"])
    result = FetchResult(episode=one.episode, fields=changed, next_fetch_at=None, tokens=tokens)
    store.save_transcripts([result], now)
    assert [s.source.episode.title for s in run(store, "corn").hits] == ["one", "two"]
    assert store.index_state().indexed == 1


def test_a_correction_is_found_and_what_it_replaced_is_not(filled: Store, now: datetime) -> None:
    correct_transcripts(filled, now, {"latin": "The barley ships left."})
    assert (titles(run(filled, "barley")), titles(run(filled, "grain"))) == (["latin"], [])
    fill(filled)
    assert (titles(run(filled, "barley")), run(filled, "grain").read) == (["latin"], 0)


def test_what_goes_with_its_feed_is_not_found_nor_counted(filled: Store, now: datetime) -> None:
    store_dialogues(filled, now, "Other", ["The grain of others"])
    fill(filled)
    assert titles(run(filled, "grain")) == ["Other 0", "latin"]
    [gone] = [f for f in filled.feeds() if f.url.startswith("https://a.")]
    filled.remove_feed(gone.url)
    assert titles(run(filled, "grain")) == ["Other 0"]
    assert (filled.index_state().transcripts, filled.index_state().indexed) == (1, 1)


def test_a_text_that_was_pruned_is_neither_read_nor_counted(filled: Store, now: datetime) -> None:
    pruned = [h.source.transcript.id for h in run(filled, "grain").hits][:1]
    assert filled.prune_texts(pruned, now) == 1
    for query in ("grain", "/gra.n/"):
        found = run(filled, query)
        assert (found.hits, found.is_whole) == ([], True)
    assert (filled.count_searchable(EVERYTHING), filled.index_state().transcripts, filled.index_state().indexed) == (
        7,
        7,
        7,
    )
    assert fill(filled) == 0


def test_an_index_full_of_what_is_gone_is_made_anew(store: Store, now: datetime) -> None:
    store_transcripts(store, now, TEXTS)
    for n in range(6):
        fill(store)
        correct_transcripts(store, now, {title: f"{body} {n}" for title, body in TEXTS.items()})
    fill(store)
    assert store.index_state().stale <= 40
    store.clear_index()
    assert (store.index_state().indexed, store.index_state().stale) == (0, 0)
    fill(store)
    assert titles(run(store, '"ships" AND 5')) == ["latin"]


def test_pages_are_whole_episodes_and_leave_nothing_out(store: Store, now: datetime) -> None:
    store_transcripts(store, now, {f"t{n}": "grain and grain" if n % 2 else "corn" for n in range(20)})
    fill(store)
    pages, after = [], None
    while True:
        page = run(store, "grain", limit=3, after=after)
        pages.append(len(page.hits))
        after = page.after
        if after is None:
            break
    assert pages == [4, 4, 4, 4, 4]


def test_a_bound_says_what_was_not_read_and_where_to_go_on(store: Store, now: datetime) -> None:
    store_transcripts(store, now, {f"t{n}": "grain" if n > 15 else "corn" for n in range(20)})
    first = run(store, "/gra.n/", most_read=10)
    assert (first.hits, first.read, first.candidates, first.is_whole) == ([], 10, 20, False)
    second = run(store, "/gra.n/", most_read=10, after=first.after)
    assert (titles(second), second.after) == (["t16", "t17", "t18", "t19"], None)


def test_a_search_that_takes_too_long_ends_and_goes_on_where_it_was(store: Store, now: datetime) -> None:
    store_transcripts(store, now, {f"t{n}": "grain" for n in range(9)})
    answers = iter([True, True, True, False])
    compiled = compile_search("/gra.n/")
    first = search(store, compiled, EVERYTHING, limit=99, may_continue=lambda: next(answers))
    assert (first.read, first.is_whole) == (4, False)
    assert titles(first) + titles(run(store, "/gra.n/", after=first.after)) == [f"t{n}" for n in range(9)]


def test_the_next_page_begins_behind_the_last_whatever_is_indexed_meanwhile(store: Store, now: datetime) -> None:
    store_transcripts(store, now, {f"t{n}": "corn" if n < 15 else "grain" for n in range(20)})
    first = run(store, "grain", most_read=10)  # ends at one without grain
    fill(store)
    assert titles(run(store, "grain", after=first.after)) == ["t15", "t16", "t17", "t18", "t19"]
    assert titles(run(store, "corn", after=first.after)) == ["t10", "t11", "t12", "t13", "t14"]
    with pytest.raises(PodwatchError, match="is gone"):
        run(store, "grain", after=999)


def test_episodes_without_a_date_come_last_on_their_own_pages(store: Store, now: datetime) -> None:
    store_transcripts(store, now, {f"t{n}": "grain" for n in range(4)})
    with store.writing() as c:
        c.execute(text("UPDATE episodes SET published_at = NULL WHERE title IN ('t0', 't1')"))
    seen, after = [], None
    while True:
        page = run(store, "grain", limit=1, after=after)
        seen += titles(page)
        after = page.after
        if after is None:
            break
    assert seen[:2] == ["t2", "t3"]
    assert sorted(seen[2:]) == ["t0", "t1"]


def test_the_scope_is_that_of_mentions(filled: Store, now: datetime) -> None:
    assert titles(run(filled, "grain OR corn", SearchScope(since=now))) == ["latin"]
    assert titles(run(filled, "grain OR corn", SearchScope(until=now))) == ["sea"]
    assert titles(run(filled, "grain OR corn", SearchScope(since=now - timedelta(days=1), until=now))) == ["sea"]
    store_dialogues(filled, now, "Other", ["The grain of others"])
    [other] = [f.id for f in filled.feeds() if f.title == "Other"]
    assert titles(run(filled, "grain", SearchScope(feed_id=other))) == ["Other 0"]
    assert (filled.count_searchable(SearchScope(feed_id=other)), filled.count_searchable(EVERYTHING)) == (1, 9)


def test_facets_count_all_hits_and_not_only_those_shown(store: Store, now: datetime) -> None:
    store_dialogues(store, now, "Sea", ["grain/grain/grain", "grain"])
    store_dialogues(store, now, "Land", ["grain/corn"])
    facets = run(store, "grain", limit=1, facets=True).facets
    assert sorted(facets.feeds.values()) == [1, 4]
    assert sorted(facets.titles.values()) == ["Land", "Sea"]
    assert (facets.speakers, facets.months) == ({"Ann": 4, "Bob": 1}, {"2026-11": 5})


MISTAKES = {"": "is empty", "grain AND (": "column 12", "x" * 5000: "longer than", "title:grain": "query"}


@pytest.mark.parametrize("query", MISTAKES, ids=lambda q: q[:20])
def test_a_mistake_is_said_in_one_line(query: str) -> None:
    with pytest.raises(PodwatchError) as e:
        compile_search(query)
    assert MISTAKES[query] in e.value.line
