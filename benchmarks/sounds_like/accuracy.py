"""Runs a matcher over the set and over unrelated talk, and counts what it finds; printing is elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.sounds_like.dataset import Episode, HeardPassage, Mention, split_in_halves
from benchmarks.sounds_like.matchers import Hit, Matcher
from benchmarks.sounds_like.names import Subject, load_subjects
from benchmarks.sounds_like.scoring import Judgement, MentionFilter, judge_hits, lowest_threshold, merge_judgements
from benchmarks.sounds_like.talk_corpus import TalkCorpus, find_alarms

BuildMatcher = Callable[[Sequence[Subject]], Matcher]

ALARMS_PER_NAME = 0.1  # false alarms in 100 hours of talk for each watched name
TOPICAL, UNRELATED = 35, 270  # names in the two lists whose false alarms are counted


def is_full_name(mention: Mention) -> bool:
    """A full name in a sentence, rightly spelt or not."""
    return mention.form == "full"


def full_names_of_type(kind: str, passages: Sequence[HeardPassage]) -> MentionFilter:
    """Full names of one type."""
    names = {passage.name for passage in passages if passage.type == kind}
    return lambda mention: is_full_name(mention) and mention.name in names


def is_misspelt_surname(mention: Mention) -> bool:
    return mention.form == "surname" and not mention.exact


def is_misspelt(mention: Mention) -> bool:
    return not mention.exact


@dataclass(frozen=True, slots=True)
class SplitHits:
    """The hits of a matcher in the episodes, with one half of the names watched and then the other."""

    watched: tuple[frozenset[str], ...]
    hits: tuple[tuple[tuple[Hit, ...], ...], ...]  # for each half, each episode

    def judge(self, episodes: Sequence[Episode], counts: MentionFilter) -> Judgement:
        """Right spellings are neither right nor wrong hits, unless ``counts`` includes such mentions."""
        parts = [judge_hits(episodes, hits, names, counts) for names, hits in zip(self.watched, self.hits, strict=True)]
        return merge_judgements(parts)

    def count_introduced(self, episodes: Sequence[Episode], mentions: MentionFilter) -> tuple[int, int]:
        """(passages in which the name is found, passages) of those with a full name that ``mentions`` includes."""
        got = number = 0
        for names, hits in zip(self.watched, self.hits, strict=True):
            for episode, heard in zip(episodes, hits, strict=True):
                passages = {
                    (m.passage, m.name) for m in episode.mentions if m.name in names and is_full_name(m) and mentions(m)
                }
                number += len(passages)
                got += len({
                    (m.passage, m.name) for m in episode.mentions for h in heard
                    if h.name == m.name and h.start < m.end and m.start < h.end
                } & passages)  # fmt: skip
        return got, number


def spoken_subjects(passages: Sequence[HeardPassage]) -> dict[str, Subject]:
    spoken = {passage.name for passage in passages}
    return {subject.name: subject for subject in load_subjects() if subject.name in spoken}


def find_hits(build: BuildMatcher, passages: Sequence[HeardPassage], episodes: Sequence[Episode]) -> SplitHits:
    known = spoken_subjects(passages)
    texts = [episode.text for episode in episodes]
    watched, hits = [], []
    for half in split_in_halves(known):
        matcher = build([known[name] for name in half])
        hits.append(tuple(tuple(heard) for heard in matcher.find_hits(texts)))
        watched.append(frozenset(half))
    return SplitHits(tuple(watched), tuple(hits))


def find_threshold_at_alarms(matcher: Matcher, names: int, talk: TalkCorpus) -> float:
    """The lowest threshold with few enough false alarms; names: how many are watched, none of them in the talk."""
    return lowest_threshold(
        [hit.score for hit in find_alarms(matcher, talk)], ALARMS_PER_NAME * names * talk.hours / 100
    )


def choose_names(names: Sequence[Subject], number: int) -> tuple[Subject, ...]:
    """The first names in the order of a hash: a choice that nobody made by hand."""
    order = sorted(names, key=lambda s: hashlib.sha256(f"list {s.name}".encode()).digest())
    return tuple(order[:number])


def count_alarms(build: BuildMatcher, names: Sequence[Subject], talk: TalkCorpus) -> float:
    """False alarms for 100 hours of the whole list, at the thresholds that ``build`` sets."""
    return len(find_alarms(build(names), talk)) / talk.hours * 100
