"""Coverage as SQL counts it is what a plain count over every feed, episode and day gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update

from podwatch.model import Coverage, EntityType, NotListened, Period, Scope, Watch
from podwatch.policy.coverage import measure_feeds, measure_watches, split_by_feed
from podwatch.policy.scopes import is_in_scope
from podwatch.store.database import Store
from podwatch.store.tables import entity_spans, episodes, feed_days, feeds, transcripts, watches
from tests.support.hypothesis_profiles import examples

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TAGS, LANGUAGES = ["politics", "news", "sport"], ["en", "de-AT", "fr"]
URLS = [f"https://{name}.example/feed" for name in "abc"]


@dataclass(frozen=True)
class StoredFeed:
    """A feed. added, and the keys of days: days before now; days: (polled, failed)."""

    tags: tuple[str, ...]
    added: int
    polled: bool
    page: bool
    days: tuple[tuple[int, tuple[int, int]], ...]


@dataclass(frozen=True)
class StoredEpisode:
    """An episode. age: days since it was published, None when it has no date; seen: since it was first seen.

    text: of its transcript: (language, searched through, whether it was read for names); None without one.
    """

    feed: int
    age: float | None
    seen: float
    offered: bool
    backlog: bool
    error: str | None
    language: str | None
    text: tuple[str | None, int, bool] | None


def some(values: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


ages = st.sampled_from([0.0, 0.4, 1.0, 2.5, 4.0, 9.0])
DAYS = st.dictionaries(st.integers(0, 6), st.sampled_from([(1, 0), (1, 1), (3, 1), (2, 2)]), max_size=5)
FEEDS = st.builds(
    StoredFeed,
    some(TAGS),
    st.integers(0, 9),
    st.booleans(),
    st.booleans(),
    DAYS.map(lambda d: tuple(d.items())),
)
TEXTS = st.none() | st.tuples(st.none() | st.sampled_from(LANGUAGES), st.integers(0, 4), st.booleans())
ERRORS = st.sampled_from([None, None, "https://a.example/1.vtt: the server answered 404", "no transcript in it"])
EPISODES = st.builds(
    StoredEpisode,
    st.integers(0, 2),
    st.none() | ages,
    ages,
    st.booleans(),
    st.booleans(),
    ERRORS,
    st.none() | st.sampled_from(LANGUAGES),
    TEXTS,
)
# Mostly one side: with all of them hardly an episode would be in scope.
SIDES = {
    "tags": TAGS,
    "urls": URLS,
    "languages": LANGUAGES,
    "not_tags": TAGS,
    "not_urls": URLS,
    "not_languages": LANGUAGES,
}
SCOPES = st.lists(st.sampled_from(sorted(SIDES)), max_size=2, unique=True).flatmap(
    lambda sides: st.fixed_dictionaries({side: some(SIDES[side]) for side in sides}).map(lambda given: Scope(**given))
)
WATCHES = st.lists(st.tuples(SCOPES, st.booleans(), st.sampled_from([None, None, "is broken"])), min_size=1, max_size=4)
PERIODS = st.sampled_from(
    [
        Period(None, NOW),
        Period(NOW - 3 * DAY, NOW),
        Period(datetime(2026, 10, 30, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)),
        Period(datetime(2026, 11, 3, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC)),
    ]
)


def fill(store: Store, stored: Sequence[StoredFeed], known: Sequence[StoredEpisode], wanted: Sequence[Watch]) -> None:
    with store.writing() as c:
        for table in (feeds, watches):
            c.execute(delete(table))
        for i, f in enumerate(stored):
            values = {"id": i + 1, "url": URLS[i], "title": "", "tags": list(f.tags), "recent": []}
            polled = {"last_polled_at": NOW if f.polled else None, "transcript_page": "notes:x" if f.page else None}
            c.execute(insert(feeds).values(**values, **polled, added_at=NOW - f.added * DAY))
            for age, (polls, failed) in f.days:
                day = {"feed_id": i + 1, "day": (NOW - age * DAY).date(), "polled": polls, "failed": failed}
                c.execute(insert(feed_days).values(**day, last_answer="200"))
        for i, e in enumerate(known, start=1):
            dated = {"published_at": None if e.age is None else NOW - e.age * DAY, "first_seen_at": NOW - e.seen * DAY}
            offered = [{"url": "https://a.example/1.vtt"}] if e.offered else []
            facts = {"language": e.language, "backlog": e.backlog, "fetch_error": e.error, "transcripts": offered}
            row = {"id": i, "feed_id": e.feed + 1, "guid": str(i), "identity": str(i), **dated, **facts}
            c.execute(insert(episodes).values(**row))
            if e.text is not None:
                language, through, read = e.text
                text = {"id": i, "episode_id": i, "language": language, "detected_through": through, "body": b"x"}
                about = {"source": "", "digest": "", "fetched_at": NOW, "characters": 1, "segments": 1, "labels": b""}
                c.execute(insert(transcripts).values(**text, **about))
                if read:
                    c.execute(insert(entity_spans).values(transcript_id=i, revision=1, body=b"", found_at=NOW))
        for seq, w in enumerate(wanted, start=1):
            spec: dict[str, Any] = {"aliases": [], "surge": w.surge, "scope": w.scope}
            values = {"name": w.name, "spec": spec, "channel": "#a", "deliver": "each", "fingerprint": "", "seq": seq}
            c.execute(insert(watches).values(**values, revised_at=NOW))


def is_within(day: date, period: Period) -> bool:
    begins = datetime.combine(day, datetime.min.time(), UTC)
    return begins < period.until and (period.since is None or begins + DAY > period.since)


def naive(
    stored: Sequence[StoredFeed],
    known: Sequence[StoredEpisode],
    wanted: Sequence[tuple[int, Watch]] | None,
    period: Period,
    latest: int,
    broken: Collection[str] = (),
) -> Coverage:
    """wanted: the watches; None to measure every feed, searched through ``latest``. broken: their names."""
    scopes = [(seq, w) for seq, w in wanted or ()]
    inside = {
        i
        for i, f in enumerate(stored)
        if wanted is None
        or any(
            is_in_scope(
                Scope(tags=w.scope.tags, urls=w.scope.urls, not_tags=w.scope.not_tags, not_urls=w.scope.not_urls),
                URLS[i],
                f.tags,
                None,
            )
            for _, w in scopes
        )
    }
    recorded = [(NOW - age * DAY).date() for f in stored for age, _ in f.days]
    days: Counter[str] = Counter()
    for i in inside:
        f = stored[i]
        rows: dict[date, tuple[int, int]] = {(NOW - age * DAY).date(): n for age, n in f.days}
        day = (NOW - f.added * DAY).date()
        while day <= NOW.date():
            if is_within(day, period) and (day in rows or day < NOW.date()):
                days["all"] += 1
                days["unknown"] += f.polled and (not recorded or day < min(recorded))
            day += DAY
        days["polled"] += sum(polls > failed for day, (polls, failed) in rows.items() if is_within(day, period))
        days["failed"] += sum(polls == failed for day, (polls, failed) in rows.items() if is_within(day, period))
    why: Counter[NotListened] = Counter()
    errors: Counter[str] = Counter()
    count = 0
    for e in known:
        f = stored[e.feed]
        when = NOW - (e.seen if e.age is None else e.age) * DAY
        if e.feed not in inside or not ((period.since is None or period.since <= when) and when < period.until):
            continue
        through, by_names, in_vain = latest, False, False
        if wanted is not None:
            language = e.text[0] if e.text else e.language
            mine = []
            for seq, w in scopes:
                unknown = e.text is None and e.language is None and not set(f.tags) & set(w.scope.not_tags)
                s = w.scope
                without = Scope(tags=s.tags, urls=s.urls, not_tags=s.not_tags, not_urls=s.not_urls)
                if is_in_scope(without if unknown else s, URLS[e.feed], f.tags, language):
                    mine.append((seq, w))
            if not mine:
                continue
            works = [(seq, w) for seq, w in mine if w.name not in broken]
            texts = [seq for seq, w in works if w.surge is None]
            through, by_names, in_vain = max(texts, default=0), not texts, not works
        count += 1
        if e.text is not None:
            searched = e.text[2] if by_names else e.text[1] >= through
            why[NotListened.NOT_SEARCHED] += in_vain or not searched
        elif e.error is not None:
            why[NotListened.FAILED] += 1
            errors[e.error.removeprefix("https://a.example/1.vtt: ")] += 1
        elif not e.offered and not f.page:
            why[NotListened.NAMES_NONE] += 1
        else:
            why[NotListened.BACKLOG if e.backlog else NotListened.WAITS] += 1
    return Coverage(
        feeds=len(inside),
        days=days["all"],
        days_polled=days["polled"],
        days_failed=days["failed"],
        days_unknown=days["unknown"],
        episodes=count,
        why={w: n for w, n in why.items() if n},
        errors=dict(errors),
    )


@settings(max_examples=examples(400), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FEEDS, min_size=3, max_size=3), st.lists(EPISODES, min_size=3, max_size=12), WATCHES, PERIODS)
def test_coverage_is_what_a_plain_count_gives(
    store: Store,
    stored: list[StoredFeed],
    known: list[StoredEpisode],
    scopes: list[tuple[Scope, bool, str | None]],
    period: Period,
) -> None:
    # A day is recorded of a feed that is there, and was polled.
    stored = [
        StoredFeed(f.tags, f.added, f.polled, f.page, tuple((d, n) for d, n in f.days if d <= f.added and f.polled))
        for f in stored
    ]
    wanted = [
        Watch(name=str(i), query=None if surge else "x", surge=(EntityType.PERSON,) if surge else None, scope=scope)
        for i, (scope, surge, _) in enumerate(scopes)
    ]
    fill(store, stored, known, wanted)
    broken = {str(i) for i, (*_, error) in enumerate(scopes) if error}
    store.execute(update(watches).where(watches.c.name.in_(broken)).values(error="is broken"))
    facts = store.coverage_facts(period)
    numbered = list(enumerate(wanted, start=1))
    latest = max((seq for seq, w in numbered if w.surge is None), default=0)
    assert [(seq, w.name) for seq, w in facts.watches] == [(seq, w.name) for seq, w in numbered]
    assert measure_feeds(facts, NOW) == naive(stored, known, None, period, latest)
    for f, one in split_by_feed(facts):
        mine = [e for e in known if e.feed + 1 == f.id]
        assert measure_feeds(one, NOW).episodes == naive(stored, mine, None, period, latest).episodes
    for subset in [*([one] for one in numbered), numbered]:
        subset = [(seq, w) for seq, w in facts.watches if w.name in {x.name for _, x in subset}]  # with their ids
        assert measure_watches(facts, subset, NOW) == naive(stored, known, subset, period, latest, broken)


@pytest.mark.parametrize("polled", [True, False])
def test_before_anything_was_recorded_the_days_of_a_polled_feed_are_unknown(store: Store, polled: bool) -> None:
    fill(store, [StoredFeed((), 5, polled, False, ())], [], [])
    got = measure_feeds(store.coverage_facts(Period(NOW - 3 * DAY, NOW)), NOW)
    assert (got.days, got.days_unknown, got.days_not_polled) == ((3, 3, 0) if polled else (3, 0, 3))
