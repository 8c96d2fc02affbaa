"""Decides what a name that was found by its sound is worth, once the audio was asked about it: pure.

A place whose score lies between FLOOR and SURE is in doubt. Where the audio was heard again, the score of the text and
the likelihoods of the sound are weighed together (hearing_weights.py); where it could not be, the text alone decides,
and the reason says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from podwatch.model import Doubt, Hearing, HearingOutcome, Transcript
from podwatch.query.hearing_weights import load_weights
from podwatch.query.near_names import is_near_name

if TYPE_CHECKING:
    from podwatch.phonetics.watched_names import NameMatch
    from podwatch.query.context import EpisodeFields

FLOOR = 0.05  # of the text's score: below it, hardly a name in a hundred was said
SURE = 0.9  # and above it, hardly a wrong one
PLACES_AN_HOUR = 15  # of talk that are heard again, each some four seconds
CHARACTERS_AN_HOUR = 52_000
PARTICLES = frozenset(["al", "bin", "da", "de", "del", "der", "di", "el", "ibn", "la", "le", "van", "von"])
MIN_SURNAME_LETTERS = 4  # a shorter one is in too many words
FAR, NEAR = 2.0, 0.5  # nats of the likelihood ratio: how it is put in words


@dataclass(frozen=True, slots=True)
class WeighedMatch:
    """A match that counts, with the score and the reason that it has after all."""

    match: NameMatch
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class WeighedMatches:
    """matches: those that count, in the order of the text. doubts: where the audio is to be asked first.

    left: where it is not, since likelier places take the seconds; there the text decides.
    """

    matches: tuple[WeighedMatch, ...]
    doubts: tuple[Doubt, ...]
    left: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """score: that counts. reason: what to add to the match's own, "" for nothing."""

    score: float
    reason: str


def is_in_doubt(score: float) -> bool:
    """Whether the text alone does not decide."""
    return FLOOR <= score < SURE


def is_surely_there(match: NameMatch) -> bool:
    """Whether a match tells by itself that its name is said in the episode."""
    return match.kind != "sounds_like" or match.score >= SURE


def weigh_matches(
    found: Sequence[tuple[str, NameMatch]], transcript: Transcript, fields: EpisodeFields
) -> WeighedMatches:
    """What of the matches (each with its name as it is watched) counts, and what the audio is to be asked about.

    found: where the audio may be asked also those below their thresholds.
    """
    heard = {(h.doubt.name, h.doubt.start, h.doubt.end): h for h in fields.hearings}
    in_doubt, doubts = [], []
    if fields.asks_audio:
        in_doubt = [
            Doubt(name=name, start=m.start, end=m.end, surface=transcript.text[m.start : m.end], score=m.score)
            for name, m in found
            if m.kind == "sounds_like" and is_in_doubt(m.score) and (name, m.start, m.end) not in heard
        ]
        already = sum(not h.doubt.is_wide and h.outcome is not HearingOutcome.NO_BUDGET for h in fields.hearings)
        doubts = list(choose_doubts(in_doubt, len(transcript.text), already))
    waiting = {(d.name, d.start, d.end) for d in doubts}
    left = tuple(d for d in in_doubt if (d.name, d.start, d.end) not in waiting)
    heard |= {(d.name, d.start, d.end): Hearing(doubt=d, outcome=HearingOutcome.NO_BUDGET) for d in left}
    matches = []
    for name, m in found:
        place = (name, m.start, m.end)
        if place in waiting:
            continue
        hearing = heard.get(place) if m.kind == "sounds_like" else None
        judged = judge(m.score, transcript.text[m.start : m.end], name, hearing)
        if judged.score >= m.threshold:
            reason = f"{m.reason}; {judged.reason}" if judged.reason else m.reason
            matches.append(WeighedMatch(m, judged.score, reason))
    return WeighedMatches(tuple(matches), tuple(doubts), left)


def spellings_of(name: str) -> tuple[str, ...]:
    """The ways in which the audio is asked about a name: in full, and by its last word where that is long enough."""
    words = name.split()
    last = len(words) - 1
    while last > 1 and words[last - 1].lower() in PARTICLES:
        last -= 1
    surname = " ".join(words[last:])
    return (name, surname) if last > 0 and len(surname) >= MIN_SURNAME_LETTERS else (name,)


def choose_doubts(doubts: Sequence[Doubt], characters: int, heard: int) -> tuple[Doubt, ...]:
    """Those that are heard again of a text of so many characters, the likeliest first; heard: how many were already.

    Of equally likely ones the first in the text.
    """
    most = PLACES_AN_HOUR * max(1, math.ceil(characters / CHARACTERS_AN_HOUR)) - heard
    return tuple(sorted(doubts, key=lambda d: (-d.score, d.start, d.name))[: max(0, most)])


def judge(score: float, surface: str, name: str, hearing: Hearing | None) -> Judgement:
    """What a match with this score is worth. hearing: of this place and name; None: nobody has asked the audio."""
    if hearing is None:
        return Judgement(score, "")
    if hearing.outcome is not HearingOutcome.HEARD:
        return Judgement(score, f"not heard again: {hearing.outcome.why_left}")
    is_wide = hearing.doubt.is_wide
    ratio = likelihood_ratio(hearing.likelihoods, is_wide=is_wide)
    if ratio > 0 and sounds_like_another(surface, name):
        return Judgement(0.0 if is_wide else score, f"heard again: {_undecided(surface, name)}")
    reason = f"heard again: {_in_words(ratio, surface, name)}"
    return Judgement(combine(score, hearing.likelihoods, is_wide=is_wide), reason)


def sounds_like_another(surface: str, name: str) -> bool:
    """Whether what is written is a name of its own, that no ear tells from this one: then the audio decides nothing."""
    return any(is_near_name(surface, spelling) for spelling in spellings_of(name))


def combine(score: float, likelihoods: Sequence[float], *, is_wide: bool = False) -> float:
    """The probability that the name was said, from the text's score and the audio's likelihoods."""
    before = load_weights().wide.before if is_wide else 1.0
    return add_evidence(score, likelihood_ratio(likelihoods, is_wide=is_wide), before)


def likelihood_ratio(likelihoods: Sequence[float], *, is_wide: bool = False) -> float:
    """ln of how much likelier the audio is where the name was said than where it was not."""
    weights = load_weights()
    return (weights.wide if is_wide else weights.text).sum(likelihoods)


def add_evidence(score: float, ratio: float, before: float = 1.0) -> float:
    """The odds of the text times the likelihood ratio of the audio (Bayes), as a probability.

    before: how much the text counts: 1 where its score is a probability of its own.
    """
    text = min(max(score, 0.001), 0.999)
    return 1 / (1 + math.exp(-(before * math.log(text / (1 - text)) + ratio)))


def _in_words(ratio: float, surface: str, name: str) -> str:
    if abs(ratio) <= NEAR:
        return _undecided(surface, name)
    how = "likelier than" if ratio > 0 else "less likely than"
    return f"{name} {'far ' if abs(ratio) > FAR else ''}{how} {' '.join(surface.split())}"


def _undecided(surface: str, name: str) -> str:
    return f"heard as {' '.join(surface.split())}, the audio does not tell it from {name}"
