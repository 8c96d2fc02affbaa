"""When a name surges: a case a line, and what holds for any counts; and which names are linked across transcripts."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.entities.linking import link_names
from podwatch.entities.surge_statistics import (
    RULES,
    FeedCounts,
    NoSurge,
    Surge,
    SurgeRules,
    detect_surge,
    tail_probability,
)
from podwatch.model import EntityType

P, G, L = EntityType.PERSON, EntityType.ORGANISATION, EntityType.PLACE


def feeds(*seen: tuple[int, int]) -> dict[int, FeedCounts]:
    """(named, episodes) of feed 1, 2, ..."""
    return {i: FeedCounts(*s) for i, s in enumerate(seen, 1)}


# name: (now, before, names tested, the decision)
CASES: dict[str, tuple[dict[int, FeedCounts], dict[int, FeedCounts], int, type[Surge] | NoSurge]] = {
    "new in many feeds": (feeds((2, 3), (2, 3), (2, 3)), feeds((0, 60), (0, 60), (0, 60)), 20, Surge),
    "new, but one show only": (feeds((9, 9), (0, 3), (0, 3)), feeds((0, 60), (0, 60), (0, 60)), 20, NoSurge.FEW_FEEDS),
    "new, but in three episodes": (feeds((1, 3), (1, 3), (1, 3)), feeds((0, 60), (0, 60), (0, 60)), 20, NoSurge.FEW_EPISODES),
    "nothing at all": ({}, {}, 0, NoSurge.FEW_EPISODES),
    "a store that is a day old": (feeds((2, 2), (2, 2), (2, 2)), {}, 1, NoSurge.NO_PAST),
    "a store that is a week old": (feeds((2, 2), (2, 2), (2, 2)), feeds((0, 5), (0, 5), (0, 5)), 1, NoSurge.NO_PAST),
    "always in every episode": (feeds((3, 3), (3, 3), (3, 3)), feeds((60, 60), (60, 60), (60, 60)), 1, NoSurge.EXPECTED),
    "as often as ever": (feeds((2, 20), (1, 20), (2, 20)), feeds((8, 80), (4, 80), (8, 80)), 1, NoSurge.EXPECTED),
    "twice as often as ever": (feeds((20, 100), (20, 100), (20, 100)), feeds((100, 1000), (100, 1000), (100, 1000)), 1, NoSurge.EXPECTED),
    "four times as often as ever": (feeds((40, 100), (40, 100), (40, 100)), feeds((100, 1000), (100, 1000), (100, 1000)), 1, Surge),
    "none of forty is no proof of never": (feeds((2, 8), (1, 6), (1, 6)), feeds((0, 16), (0, 12), (0, 12)), 50, NoSurge.CHANCE),
    "enough, when only one name is tested": (feeds((2, 8), (1, 6), (1, 6)), feeds((0, 16), (0, 12), (0, 12)), 1, Surge),
    "shows that always name it have more episodes than usual": (
        feeds((9, 9), (9, 9), (9, 9), (0, 1)),
        feeds((20, 20), (20, 20), (20, 20), (0, 300)),
        1,
        NoSurge.EXPECTED,
    ),
    "a feed without a past is taken for any feed": (feeds((2, 2), (2, 2), (2, 2)), {9: FeedCounts(0, 300)}, 20, Surge),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_surge_is_a_rise_in_many_feeds_that_is_not_chance(case: str) -> None:
    now, before, tested, expected = CASES[case]
    found = detect_surge(now, before, tested)
    assert found is expected if isinstance(expected, NoSurge) else isinstance(found, expected)


def test_a_surge_says_why() -> None:
    found = detect_surge(feeds((2, 3), (2, 3), (2, 3)), feeds((1, 60), (0, 60), (0, 60)))
    assert isinstance(found, Surge)
    assert found.reason == "named in 6 of 9 episodes, in 3 feeds; 0.1 expected"


SEEN = st.builds(lambda a, b: FeedCounts(min(a, b), max(a, b)), st.integers(0, 30), st.integers(0, 30))
FEEDS = st.dictionaries(st.integers(1, 6), SEEN, max_size=6)


@given(FEEDS, FEEDS, st.integers(1, 1000))
def test_one_more_episode_that_names_it_ends_no_surge(
    now: dict[int, FeedCounts], before: dict[int, FeedCounts], tested: int
) -> None:
    if not isinstance(detect_surge(now, before, tested), Surge):
        return
    for feed, seen in now.items():
        if seen.named < seen.episodes:
            assert isinstance(
                detect_surge(now | {feed: FeedCounts(seen.named + 1, seen.episodes)}, before, tested), Surge
            )


@given(FEEDS, FEEDS, st.integers(1, 1000))
def test_a_surge_keeps_every_rule(now: dict[int, FeedCounts], before: dict[int, FeedCounts], tested: int) -> None:
    found = detect_surge(now, before, tested)
    if isinstance(found, Surge):
        assert found.named >= RULES.episodes
        assert found.feeds >= RULES.feeds
        assert found.named >= RULES.times * found.expected
        assert found.chance * tested <= RULES.alarms


@given(FEEDS, FEEDS)
def test_the_ids_of_the_feeds_do_not_matter(now: dict[int, FeedCounts], before: dict[int, FeedCounts]) -> None:
    other = detect_surge({7 - f: s for f, s in now.items()}, {7 - f: s for f, s in before.items()})
    mine = detect_surge(now, before)
    assert type(mine) is type(other)
    if isinstance(mine, NoSurge):
        assert mine is other


def naive_tail(count: int, mean: float, known: float) -> float:
    """One minus the terms below ``count``, each by the formula."""
    p = known / (known + mean)
    below: float = sum(
        math.gamma(x + known) / math.gamma(known) / math.factorial(x) * p**known * (1 - p) ** x for x in range(count)
    )
    return 1 - below


@given(st.integers(0, 30), st.floats(0.1, 20), st.floats(0.5, 40))
def test_the_tail_is_that_of_the_negative_binomial(count: int, mean: float, known: float) -> None:
    assert tail_probability(count, mean, known) == pytest.approx(naive_tail(count, mean, known), abs=1e-9)


def test_a_past_that_is_well_known_makes_it_poisson() -> None:
    poisson = 1 - sum(math.exp(-2) * 2**x / math.factorial(x) for x in range(6))
    assert tail_probability(6, 2.0, 1e7) == pytest.approx(poisson, rel=1e-4)


def test_where_nothing_changed_a_run_over_all_names_rarely_raises_an_alarm() -> None:
    """Names of many rates, over feeds that name them as ever: the rules promise one alarm in twenty runs at most."""
    chance = random.Random(11)
    alarms, runs, rules = 0, 60, SurgeRules(times=1.0)
    for _ in range(runs):
        rates = [chance.choice((0.002, 0.01, 0.05, 0.2)) for _ in range(40)]
        for rate in rates:
            now = {f: FeedCounts(sum(chance.random() < rate for _ in range(6)), 6) for f in range(5)}
            before = {f: FeedCounts(sum(chance.random() < rate for _ in range(40)), 40) for f in range(5)}
            alarms += isinstance(detect_surge(now, before, len(rates), rules), Surge)
    assert alarms / runs <= 2 * rules.alarms


# name: (names of several transcripts, the links from key to key)
NAMES: dict[str, tuple[list[tuple[str, str, EntityType]], dict[str, str]]] = {
    "a surname": ([("kellogg", "Kellogg", P), ("keith kellogg", "Keith Kellogg", P)], {"kellogg": "keith kellogg"}),
    "two of one surname": ([("kennedy", "Kennedy", P), ("john kennedy", "John Kennedy", P), ("robert kennedy", "Robert Kennedy", P)], {}),
    "a company of that name": ([("ford", "Ford", G), ("harrison ford", "Harrison Ford", P)], {}),
    "an acronym": ([("eu", "EU", G), ("european union", "European Union", G)], {"eu": "european union"}),
    "letters of a person": ([("kk", "KK", G), ("keith kellogg", "Keith Kellogg", P)], {}),
    "no acronym": ([("eu", "Eu", L), ("european union", "European Union", G)], {}),
    "names that have nothing in common": ([("putin", "Putin", P), ("moscow", "Moscow", L)], {}),
}  # fmt: skip


@pytest.mark.parametrize("case", NAMES)
def test_names_are_linked_where_no_other_could_be_meant(case: str) -> None:
    names, expected = NAMES[case]
    assert link_names(names) == expected
