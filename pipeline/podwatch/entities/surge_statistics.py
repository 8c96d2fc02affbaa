"""Decides whether a name is suddenly said in more episodes than it was before. Pure, and safe with small numbers.

What counts is episodes, not mentions: one show that says a name two hundred times has a topic, four shows that say it
once have news. Expected is what each feed did before, drawn towards what all feeds did by as much as a feed has few
episodes. The past is a sample too: how many episodes name it now, given how many did then, follows a negative
binomial distribution (Poisson with a rate known from K events only; Gelman et al., Bayesian Data Analysis, 2.6),
which knows that none of forty is no proof of never. Many names are looked at, so the limit is shared among them
(Bonferroni): one false alarm in twenty looks, however many names there are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class NoSurge(StrEnum):
    """Why a name is not reported."""

    FEW_EPISODES = "it is named in too few episodes"
    FEW_FEEDS = "it is named in too few feeds"
    NO_PAST = "too few episodes are known from the time before"
    EXPECTED = "it is named about as often as before"
    CHANCE = "so many may be chance"


@dataclass(frozen=True, slots=True)
class FeedCounts:
    """Of the episodes of one feed in one period, how many name somebody."""

    named: int
    episodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Surge:
    """A name that is suddenly said. expected: in how many episodes it would be, were all as before."""

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
    """episodes, feeds: that name it now, at least. past: episodes of the time before, at least. times: what is
    expected, at least. alarms: how many false alarms a look may have, on average.
    """

    episodes: int = 4
    feeds: int = 3
    past: int = 30
    times: float = 3.0
    alarms: float = 0.05


RULES = SurgeRules()
UNSEEN = 0.5  # what is added to the episodes that named it: none in forty is no proof of never (Jeffreys' prior)
OWN = 4.0  # episodes of a feed's past from which on its own rate weighs more than that of all feeds


def detect_surge(
    now: Mapping[int, FeedCounts], before: Mapping[int, FeedCounts], looked_at: int = 1, rules: SurgeRules = RULES
) -> Surge | NoSurge:
    """Whether a name surges, given what was seen in each feed, by its id, now and before.

    Both name every feed that has episodes, those that do not name it too. looked_at: how many names are asked about.
    """
    named = sum(s.named for s in now.values())
    feeds = sum(s.named > 0 for s in now.values())
    past = sum(s.episodes for s in before.values())
    if named < rules.episodes:
        return NoSurge.FEW_EPISODES
    if feeds < rules.feeds:
        return NoSurge.FEW_FEEDS
    if past < rules.past:
        return NoSurge.NO_PAST
    total, episodes = sum(s.named for s in before.values()), sum(s.episodes for s in now.values())
    rate, nothing = total / past, FeedCounts(0, 0)
    expected = sum(
        s.episodes * (before.get(feed, nothing).named + OWN * rate) / (before.get(feed, nothing).episodes + OWN)
        for feed, s in now.items()
    )
    known = total + UNSEEN
    expected += UNSEEN * episodes / past
    if named < rules.times * expected:
        return NoSurge.EXPECTED
    chance = tail_probability(named, expected, known)
    if chance * max(1, looked_at) > rules.alarms:
        return NoSurge.CHANCE
    return Surge(named=named, episodes=episodes, feeds=feeds, expected=expected, chance=chance)


def tail_probability(count: int, mean: float, known: float) -> float:
    """The probability of ``count`` events or more, from a rate of ``mean`` that is known from ``known`` events.

    The upper tail of the negative binomial distribution, summed from its largest term down; 1.0 for a count of 0.
    """
    if count <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    log_p, log_q = math.log(known / (known + mean)), math.log(mean / (known + mean))
    at_count = math.lgamma(count + known) - math.lgamma(known) - math.lgamma(count + 1) + known * log_p + count * log_q
    term = total = 1.0  # as shares of the first term
    x = count
    while term > 1e-16 * total:
        term *= (x + known) / (x + 1) * math.exp(log_q)
        total += term
        x += 1
    return min(1.0, math.exp(min(0.0, at_count + math.log(total))))
