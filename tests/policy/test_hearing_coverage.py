"""How many episodes have names in doubt, of feeds and of watches, and how that is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from podwatch.model import (
    Coverage,
    CoverageFacts,
    EpisodeDoubt,
    FollowedFeed,
    HearingCounts,
    HearingOutcome,
    Period,
    Scope,
    Watch,
)
from podwatch.policy.coverage import (
    describe_coverage,
    describe_listening,
    measure_each_feed,
    measure_feeds,
    measure_watches,
)
from podwatch.policy.hearing_words import describe_hearings

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
GONE, OTHER, SPENT = HearingOutcome.NO_AUDIO, HearingOutcome.OTHER_AUDIO, HearingOutcome.NO_BUDGET
WITKOFF = Watch(id=1, name="witkoff", entity="Steve Witkoff", sounds_like=True)
KALLAS = Watch(id=2, name="kallas", entity="Kaja Kallas", sounds_like=True, scope=Scope(tags=("news",)))
# case: (what is counted, in words)
WORDS: dict[str, tuple[HearingCounts, str]] = {
    "nothing is in doubt": (HearingCounts(), ""),
    "one waits": (HearingCounts(awaiting=1), "1 episode has a name in doubt that waits to be heard again"),
    "some wait": (HearingCounts(awaiting=2), "2 episodes have a name in doubt that waits to be heard again"),
    "some were left": (
        HearingCounts(left={GONE: 2, SPENT: 1}),
        "3 episodes have a name in doubt that was left to the text: 2 as the audio is gone, 1 as too much was in doubt",
    ),
    "both": (
        HearingCounts(awaiting=1, left={OTHER: 1}),
        "1 episode has a name in doubt that waits to be heard again; 1 episode has one that was left to the text: 1 as"
        " the audio has other words there",
    ),
}


@pytest.mark.parametrize("case", WORDS, ids=str)
def test_what_is_in_doubt_is_said_in_words(case: str) -> None:
    counts, said = WORDS[case]
    assert describe_hearings(counts) == said
    end = f"; {said}" if said else ""
    c = Coverage(episodes=3, hearings=counts)
    assert describe_coverage(c) == f"3 of 3 episodes listened to{end}"
    assert describe_listening(c, "today") == f"listened to 3 of 3 episodes today{end}"


def test_every_reason_why_a_name_was_left_to_the_text_has_its_words() -> None:
    left = [o for o in HearingOutcome if o is not HearingOutcome.HEARD]
    assert all(o.why_left for o in left)
    assert len({o.why_left for o in left}) == len(left)


def feed(id: int, *tags: str) -> FollowedFeed:
    return FollowedFeed(id=id, url=f"https://{id}.example/feed", title="", tags=tags, added_at=NOW, was_polled=True)


def doubt(
    episode: int, outcome: HearingOutcome | None = None, name: str = "Steve Witkoff", feed: int = 1
) -> EpisodeDoubt:
    return EpisodeDoubt(feed_id=feed, episode_id=episode, language="en", name=name, outcome=outcome)


def facts(*doubts: EpisodeDoubt, **changed: Any) -> CoverageFacts:
    known = CoverageFacts(
        period=Period(None, NOW),
        recorded_from=None,
        feeds=(feed(1, "news"), feed(2)),
        counts=(),
        watches=((1, WITKOFF), (2, KALLAS)),
        doubts=doubts,
    )
    return replace(known, **changed)


# case: (the doubts, what is counted of the feeds together)
COUNTED: dict[str, tuple[list[EpisodeDoubt], HearingCounts]] = {
    "an episode counts once however many of its names wait": (
        [doubt(1), doubt(1, name="Kaja Kallas")],
        HearingCounts(awaiting=1),
    ),
    "it waits while one of its names does": ([doubt(1), doubt(1, GONE)], HearingCounts(awaiting=1)),
    "of several reasons it has the first": ([doubt(1, SPENT), doubt(1, GONE)], HearingCounts(left={GONE: 1})),
    "episodes are told apart": (
        [doubt(1), doubt(2, GONE), doubt(3, GONE)],
        HearingCounts(awaiting=1, left={GONE: 2}),
    ),
    "a name that nobody looks for any more keeps nobody waiting": ([doubt(1, name="Wu")], HearingCounts()),
    "nor does a feed that is gone": ([doubt(1, feed=9)], HearingCounts()),
}


@pytest.mark.parametrize("case", COUNTED, ids=str)
def test_episodes_with_names_in_doubt_are_counted(case: str) -> None:
    doubts, counted = COUNTED[case]
    assert measure_feeds(facts(*doubts), NOW).hearings == counted


def test_a_watch_counts_its_own_name_in_its_own_scope() -> None:
    found = facts(doubt(1), doubt(2, name="Kaja Kallas"), doubt(3, name="Kaja Kallas", feed=2))
    assert measure_watches(found, [(1, WITKOFF)], NOW).hearings == HearingCounts(awaiting=1)
    assert measure_watches(found, [(2, KALLAS)], NOW).hearings == HearingCounts(awaiting=1)
    assert measure_watches(found, found.watches, NOW).hearings == HearingCounts(awaiting=2)


def test_a_query_counts_the_names_that_it_asks_for_by_their_sound() -> None:
    asks = Watch(id=3, name="envoys", query='peace AND (~~"Steve Witkoff" OR ~~Kallas)')
    found = facts(doubt(1), doubt(2, name="Kallas"), doubt(3, name="Kaja Kallas"), watches=((1, asks),))
    assert measure_watches(found, found.watches, NOW).hearings == HearingCounts(awaiting=2)


def test_each_feed_has_its_own() -> None:
    of_each = measure_each_feed(facts(doubt(1), doubt(2, GONE, feed=2)))
    assert [of_each[i].hearings for i in (1, 2)] == [HearingCounts(awaiting=1), HearingCounts(left={GONE: 1})]


@pytest.mark.parametrize(
    "changed",
    [{"broken": frozenset({1})}, {"watches": ((1, replace(WITKOFF, sounds_like=False)),)}],
    ids=["the watch is broken", "the watch no longer goes by sound"],
)
def test_a_watch_that_listens_for_no_name_keeps_nobody_waiting(changed: dict[str, Any]) -> None:
    assert measure_feeds(facts(doubt(1), **changed), NOW).hearings == HearingCounts()
