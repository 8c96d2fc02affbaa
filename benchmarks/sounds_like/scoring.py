"""Compares hits with the mentions that were really said: recall, precision, and the curve between them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from benchmarks.sounds_like.dataset import Episode, Mention
from benchmarks.sounds_like.matchers import Hit


@dataclass(frozen=True, slots=True)
class Judgement:
    """The hits of a matcher in some episodes, compared with what was said there.

    mention_scores: for each mention that counts, the best score of a hit on it, 0 where there was none. right,
    wrong: scores of the hits that count, on a mention of their name, and anywhere else.
    """

    mention_scores: tuple[float, ...]
    right: tuple[float, ...]
    wrong: tuple[float, ...]

    def recall(self, threshold: float) -> float:
        return sum(score >= threshold for score in self.mention_scores if score > 0) / max(1, len(self.mention_scores))

    def precision(self, threshold: float) -> float:
        right = sum(score >= threshold for score in self.right)
        wrong = sum(score >= threshold for score in self.wrong)
        return right / (right + wrong) if right + wrong else 1.0

    def thresholds(self) -> list[float]:
        return sorted({*self.right, *self.wrong})

    def curve(self) -> list[tuple[float, float]]:
        """(recall, precision) from the strictest threshold to the loosest."""
        return [(self.recall(t), self.precision(t)) for t in reversed(_thin_out(self.thresholds()))]

    def recall_at_precision(self, least: float) -> tuple[float, float]:
        """The most recall at a precision of at least ``least``, and its threshold; (0, 1) where none has it."""
        good = [(self.recall(t), t) for t in _thin_out(self.thresholds()) if self.precision(t) >= least]
        return max(good, default=(0.0, 1.0))


MentionFilter = Callable[[Mention], bool]


def judge_hits(
    episodes: Sequence[Episode], hits: Iterable[Sequence[Hit]], watched: frozenset[str], counts: MentionFilter
) -> Judgement:
    """hits: of each episode in turn, of the ``watched`` names. counts: which mentions are measured.

    A hit on a mention of its name that is not measured (one spelt right, when misspelt ones are) is neither right nor
    wrong; one on nothing, on a plain word, or on another name is wrong.
    """
    found: list[float] = []
    right: list[float] = []
    wrong: list[float] = []
    for episode, heard in zip(episodes, hits, strict=True):
        mine = [m for m in episode.mentions if m.name in watched]
        found += [max((h.score for h in heard if _overlaps(h, m)), default=0.0) for m in mine if counts(m)]
        for hit in heard:
            over = [m for m in mine if _overlaps(hit, m)]
            if any(counts(m) for m in over):
                right.append(hit.score)
            elif not over:
                wrong.append(hit.score)
    return Judgement(tuple(found), tuple(right), tuple(wrong))


def merge_judgements(parts: Iterable[Judgement]) -> Judgement:
    all_parts = list(parts)
    return Judgement(
        tuple(score for part in all_parts for score in part.mention_scores),
        tuple(score for part in all_parts for score in part.right),
        tuple(score for part in all_parts for score in part.wrong),
    )


def lowest_threshold(scores: Sequence[float], most: float) -> float:
    """The lowest threshold at which no more than ``most`` of these false alarms are left."""
    ordered = sorted(scores)
    for threshold in [0.0, *sorted(set(ordered))]:
        if len(ordered) - bisect_left(ordered, threshold) <= most:
            return threshold
    return (ordered[-1] if ordered else 0.0) + 1e-9


def _overlaps(hit: Hit, mention: Mention) -> bool:
    return hit.name == mention.name and hit.start < mention.end and mention.start < hit.end


def _thin_out(values: list[float], most: int = 400) -> list[float]:
    return values if len(values) <= most else [values[i * (len(values) - 1) // (most - 1)] for i in range(most)]
