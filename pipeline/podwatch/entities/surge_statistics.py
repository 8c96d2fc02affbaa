"""Decides whether a name surges: whether more episodes name it now than before. Pure, and safe with small numbers.

What counts is episodes, not mentions: one show that says a name two hundred times has a topic, four shows that say it
once have news. The expectation is the rate of each feed before, shrunk towards the rate of all feeds, the more so the
fewer episodes the feed has. The past is a sample too: how many episodes name it now, given how many did then, follows
a negative binomial distribution (Poisson with a rate known from K events only; Gelman et al., Bayesian Data Analysis,
2.6), so that none of forty is no proof of never. Many names are tested, so the limit is divided among them
(Bonferroni): one false alarm in twenty runs, however many names there are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class NoSurge(StrEnum):
    """Why a name does not surge."""

    FEW_EPISODES = "it is named in too few episodes"
    FEW_FEEDS = "it is named in too few feeds"
    NO_PAST = "too few episodes are known from the time before"
    EXPECTED = "it is named about as often as before"
    CHANCE = "so many may be chance"


@dataclass(frozen=True, slots=True)
class FeedCounts:
    """How many of the episodes of one feed in one period name somebody."""

    named: int
    episodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Surge:
    """A surge: named in so many of the episodes, in so many feeds.

    expected: how many episodes would name it at the rates of before. chance: the probability of ``named`` or more then.
    """

    named: int
    episodes: int
    feeds: int
    expected: float
    chance: float

    @property
    def reason(self) -> str:
        many = f"{self.expected:.0f}" if self.expected >= 10 else f"{self.expected:.1f}"
        return f"named in {self.named} of {self.episodes} episodes, in {self.feeds} feeds; {many} expected"


@dataclass(frozen=True, slots=True, kw_only=True)
class SurgeRules:
    """The least for a surge: episodes and feeds that name it now, past episodes in all, and times the expectation.

    alarms: how many false alarms a run may have, on average.
    """

    episodes: int = 4
    feeds: int = 3
    past: int = 30
    times: float = 3.0
    alarms: float = 0.05


RULES = SurgeRules()
PRIOR_EVENTS = 0.5  # added to the episodes that named it before (Jeffreys' prior)
PRIOR_EPISODES = 4.0  # of a feed's past; with more its own rate weighs more than that of all feeds


def detect_surge(
    now: Mapping[int, FeedCounts], before: Mapping[int, FeedCounts], tested: int = 1, rules: SurgeRules = RULES
) -> Surge | NoSurge:
    """Whether a name surges, given its counts in each feed, by the feed's id, now and before.

    Both hold every feed that has episodes, also where none names it. tested: how many names are tested at once.
    """
    named = sum(c.named for c in now.values())
    feeds = sum(c.named > 0 for c in now.values())
    past = sum(c.episodes for c in before.values())
    if named < rules.episodes:
        return NoSurge.FEW_EPISODES
    if feeds < rules.feeds:
        return NoSurge.FEW_FEEDS
    if past < rules.past:
        return NoSurge.NO_PAST
    past_named = sum(c.named for c in before.values())
    episodes = sum(c.episodes for c in now.values())
    rate = past_named / past
    expected = 0.0
    for feed, counts in now.items():
        own = before.get(feed, FeedCounts(0, 0))
        expected += counts.episodes * (own.named + PRIOR_EPISODES * rate) / (own.episodes + PRIOR_EPISODES)
    expected += PRIOR_EVENTS * episodes / past
    if named < rules.times * expected:
        return NoSurge.EXPECTED
    chance = tail_probability(named, expected, past_named + PRIOR_EVENTS)
    if chance * max(1, tested) > rules.alarms:
        return NoSurge.CHANCE
    return Surge(named=named, episodes=episodes, feeds=feeds, expected=expected, chance=chance)


def tail_probability(count: int, mean: float, known: float) -> float:
    """The probability of ``count`` events or more, at a rate of ``mean`` that is known from ``known`` events.

    The upper tail of the negative binomial distribution, summed from its largest term down; 1.0 for a count of 0.
    """
    if count <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    log_p, log_q = math.log(known / (known + mean)), math.log(mean / (known + mean))
    at_count = math.lgamma(count + known) - math.lgamma(known) - math.lgamma(count + 1) + known * log_p + count * log_q
    term = total = 1.0  # in units of the first term
    x = count
    while term > 1e-16 * total:
        term *= (x + known) / (x + 1) * math.exp(log_q)
        total += term
        x += 1
    return min(1.0, math.exp(min(0.0, at_count + math.log(total))))
