"""The measurements, apart from how they are printed: each takes a way to build a method and gives figures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.sounds_like.dataset import Episode, Line, Mention, halves
from benchmarks.sounds_like.matchers import Hit, Method
from benchmarks.sounds_like.names import Subject, subjects
from benchmarks.sounds_like.scoring import Counts, Judged, judge, least_for_alarms, together
from benchmarks.sounds_like.talk_corpus import Talk, alarms

Build = Callable[[Sequence[Subject]], Method]

ALARMS_A_NAME = 0.1  # false alarms for 100 hours of talk and watched name
TOPICAL, UNRELATED = 35, 270  # names in the two lists that the issue asks about


def full(mention: Mention) -> bool:
    """A full name in a sentence, rightly spelt or not."""
    return mention.form == "full"


def full_of(kind: str, lines: Sequence[Line]) -> Counts:
    """Full names of one type."""
    names = {line.name for line in lines if line.type == kind}
    return lambda mention: full(mention) and mention.name in names


def misspelt_surname(mention: Mention) -> bool:
    return mention.form == "surname" and not mention.exact


def misspelt(mention: Mention) -> bool:
    return not mention.exact


@dataclass(frozen=True, slots=True)
class Found:
    """What a method found in the episodes, one half of the names watched and then the other."""

    watched: tuple[frozenset[str], ...]
    hits: tuple[tuple[tuple[Hit, ...], ...], ...]  # for each half, each episode

    def judged(self, episodes: Sequence[Episode], counts: Counts) -> Judged:
        """Hits where the name is spelt right are left out of right and wrong unless such mentions count."""
        parts = [judge(episodes, hits, names, counts) for names, hits in zip(self.watched, self.hits, strict=True)]
        return together(parts)

    def introduced(self, episodes: Sequence[Episode], mentions: Counts) -> tuple[int, int]:
        """Of the passages that say a full name that counts: in how many the name is found somewhere, and how many."""
        got = number = 0
        for names, hits in zip(self.watched, self.hits, strict=True):
            for episode, heard in zip(episodes, hits, strict=True):
                passages = {
                    (m.passage, m.name) for m in episode.mentions if m.name in names and full(m) and mentions(m)
                }
                number += len(passages)
                got += len({
                    (m.passage, m.name) for m in episode.mentions for h in heard
                    if h.name == m.name and h.start < m.end and m.start < h.end
                } & passages)  # fmt: skip
        return got, number


def named(lines: Sequence[Line]) -> dict[str, Subject]:
    spoken = {line.name for line in lines}
    return {subject.name: subject for subject in subjects() if subject.name in spoken}


def find(build: Build, lines: Sequence[Line], episodes: Sequence[Episode]) -> Found:
    known = named(lines)
    texts = [episode.text for episode in episodes]
    watched, hits = [], []
    for half in halves(known):
        method = build([known[name] for name in half])
        hits.append(tuple(tuple(heard) for heard in method.hear(texts)))
        watched.append(frozenset(half))
    return Found(tuple(watched), tuple(hits))


def threshold_at_alarms(method: Method, names: int, talk: Talk) -> float:
    """Where false alarms are few enough. ``method`` watches so many names that the talk does not speak of."""
    return least_for_alarms([hit.score for hit in alarms(method, talk)], ALARMS_A_NAME * names * talk.hours / 100)


def some(names: Sequence[Subject], number: int) -> tuple[Subject, ...]:
    """The first ones in the order of a hash of their names: a choice that nobody made."""
    order = sorted(names, key=lambda s: hashlib.sha256(f"list {s.name}".encode()).digest())
    return tuple(order[:number])


def alarms_of_list(build: Build, names: Sequence[Subject], talk: Talk) -> float:
    """False alarms for 100 hours of the whole list, at the thresholds that ``build`` sets."""
    return len(alarms(build(names), talk)) / talk.hours * 100
