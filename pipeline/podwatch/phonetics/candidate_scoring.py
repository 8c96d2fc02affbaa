"""Gives candidates their scores: how often such a one is right.

The boosted trees weigh the features of those that only sound like a name; of a name that is spelt right, where the only
question is whose it is, a short list of cases decides.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from podwatch.phonetics.boosted_trees import load_trees
from podwatch.phonetics.candidates import Assessment, Candidate, TextContext
from podwatch.phonetics.competing_names import MIN_COMPARED, competitor_weight, share_odds
from podwatch.phonetics.episode_context import LIST_PRESENT, OFTEN_REPEATED, EpisodeContext
from podwatch.phonetics.features import (
    compute_candidate_features,
    compute_context_features,
    role_before,
    role_right_before,
)
from podwatch.phonetics.implausible_spans import is_implausible_span
from podwatch.phonetics.known_names import load_known_names
from podwatch.phonetics.lexicon import GIVEN, PLACE, SURNAME, UNKNOWN_COST
from podwatch.phonetics.list_context import is_capitalised
from podwatch.phonetics.name_forms import SHORT_PHONES
from podwatch.phonetics.namesakes import (
    has_other_bearer,
    is_in_longer_name,
    is_of_another_title,
    is_other_word,
    is_somebody_else,
    score_adjacent_names,
)

DEFAULT_THRESHOLD = 0.4  # the lowest score that is reported, where the watch does not say
# What the trees say of real talk is too sure in the middle: log odds are stretched and lowered by these (LEARNING.md).
CALIBRATION_SLOPE, CALIBRATION_SHIFT = 1.35, -0.7
# Of what is chosen so, how often it is right by its kind: factors of these log odds, of the distance of the sounds
# (nats per symbol, of first name and surname) and of whether the episode names the name otherwise, and a constant.
KIND_FACTORS = {
    "full": (0.43, -1.36, 0.0, 2.12),
    "bare": (0.37, -1.60, 1.40, -0.31),
    "company": (0.615, 0.0, 0.0, 0.49),
}
MAX_GIVEN_COST = 2.0  # nats per symbol of a first name: what is further off is as bad
EVERYDAY_COST = 13.0  # -log P of a word that is read as the everyday word it also is
FREQUENT_COST = 11.0  # -log P of a surname that is said so often as a word (New, Fox, Green) that it is one elsewhere
SELDOM_COST = 12.0  # -log P: said more seldom than this (Waltz), a capital within a sentence says that a word is a name
SHARED_COST = (
    11.8  # -log P of a surname (Garcia, Patel) that is somebody else's, where the episode does not name the person
)
CERTAIN_EXACT = 0.8  # a name spelt right that is as sure as this is no other one
OTHERS_EXACT = 0.15  # a surname spelt right that is likely somebody else's: of those in real talk one in six was not
SAME_SOUND_COST = 0.15  # nats per symbol: no more than what spellers disagree about
FEW_SPELLINGS = 0.3  # of EpisodeContext.other_spellings: no other way that the name seems to be written
# Of a word that is everyday as well, by whether its capital says that it is a name (None: it says nothing): the score
# where the episode says nothing of the name, and where it does.
_EVERYDAY_SCORES = {True: (0.85, 0.95), None: (0.3, 0.75), False: (0.1, 0.15)}


def score_candidates(
    candidates: Sequence[Candidate],
    context: TextContext,
    episodes: Sequence[EpisodeContext],
    same: Mapping[int, frozenset[int]],
) -> None:
    """Sets the score of each candidate, from what the episode says of its name (``episodes``, in the same order).

    ``same``: for each name those that are the same one.
    """
    similar: list[tuple[Candidate, Assessment, EpisodeContext]] = []
    unweighed: list[Assessment] = []
    for candidate, episode in zip(candidates, episodes, strict=True):
        candidate.score = 0.0
        if candidate.is_exact:
            candidate.score = _score_exact(candidate, context, episode)
            continue
        known = _assess(candidate, context)
        if not known.is_somebody_else and not _is_ruled_out(candidate, context, episode):
            similar.append((candidate, known, episode))
            numbers = compute_context_features(episode)
            if known.context_features != numbers:
                known.context_features = numbers
                unweighed.append(known)
    for known, score in zip(unweighed, _weigh([k.features + k.context_features for k in unweighed]), strict=True):
        known.score = score
    for candidate, known, episode in similar:
        candidate.score = known.score
        if known.score >= MIN_COMPARED:
            if known.competitors is None:
                known.competitors = competitor_weight(candidate, context)
            candidate.score = share_odds(known.score, known.competitors, episode)
    taken: dict[int, set[int]] = {}
    for candidate in candidates:
        if candidate.is_exact and candidate.score >= CERTAIN_EXACT:
            for i in candidate.positions:
                taken.setdefault(i, set()).add(candidate.form.name)
    for candidate in candidates if taken else ():  # where another watched name is spelt right, it is that one
        own = same[candidate.form.name]
        if not candidate.is_exact and any(own.isdisjoint(taken[i]) for i in candidate.positions if i in taken):
            candidate.score = 0.0


def calibrate(score: float) -> float:
    """The score as a probability in real talk, so that 0.8 means four in five."""
    if not 0.0 < score < 1.0:
        return score
    log_odds = CALIBRATION_SLOPE * math.log(score / (1.0 - score)) + CALIBRATION_SHIFT
    return 1.0 / (1.0 + math.exp(-log_odds))


def kind_of(candidate: Candidate) -> str:
    """full: a person with a first name; bare: a person without; company: anything that is no person."""
    if not candidate.form.may_be_person:
        return "company"
    return "bare" if candidate.given_cost is None else "full"


def lower_by_kind(candidate: Candidate, context: TextContext, episode: EpisodeContext) -> float:
    """The calibrated score, or less where finds of its kind and distance are more seldom right in real talk.

    Never more: of what the trees give next to nothing, no finds say how often it is right. Nor do they of a surname in
    several words behind a title (president Erd again), which stays what it is; and so does a name that the episode has
    otherwise, too, where it is about the list: there most of what is far off is the name after all (LEARNING.md).
    """
    if episode.is_confirmed and episode.list_presence >= LIST_PRESENT:
        return candidate.score
    is_split = candidate.last - candidate.first > len(candidate.form.words)
    if not 0.0 < candidate.score < 1.0 or (is_split and role_right_before(candidate, context)):
        return candidate.score
    by_odds, by_distance, by_name, constant = KIND_FACTORS[kind_of(candidate)]
    distance = candidate.cost + min(candidate.given_cost or 0.0, MAX_GIVEN_COST)
    is_named = episode.has_full_name or episode.is_in_notes
    log_odds = by_odds * math.log(candidate.score / (1.0 - candidate.score)) + by_distance * distance
    log_odds += by_name * is_named + constant
    return min(candidate.score, 1.0 / (1.0 + math.exp(-log_odds)))


def _assess(candidate: Candidate, context: TextContext) -> Assessment:
    """What the text says of a candidate: what was worked out before, where nothing of it has changed."""
    known, state = candidate.assessment, candidate.state
    if known is None or known.state != state:
        is_other = is_somebody_else(candidate, context) or is_implausible_span(candidate, context)
        known = Assessment(state, is_other, () if is_other else compute_candidate_features(candidate, context))
        candidate.assessment = known
    return known


def _weigh(features: Sequence[tuple[float, ...]]) -> list[float]:
    """The scores of candidates that are not spelt as the name, by the numbers of FEATURES of each.

    In three of four places of an hour of talk they are the same as in another.
    """
    import numpy as np

    if not features:
        return []
    distinct = list(dict.fromkeys(features))
    log_odds = np.clip(load_trees().log_odds(np.array(distinct)), -30, 30)
    scores = dict(zip(distinct, (1 / (1 + np.exp(-log_odds))).tolist(), strict=True))
    return [scores[numbers] for numbers in features]


def _score_exact(candidate: Candidate, context: TextContext, episode: EpisodeContext) -> float:
    tokens = context.tokens
    if is_other_word(candidate, context, has_full_name=episode.has_full_name):
        return 0.1
    words = candidate.surface_words(tokens)
    if len(words) > 1:
        return 0.99
    conflict = score_adjacent_names(candidate, context)
    if conflict >= 0.6 and not episode.has_full_name:
        return 0.2
    if conflict >= 1.0 or is_of_another_title(candidate, context):
        return OTHERS_EXACT
    entry = context.entries[words[0]]
    has_title = role_right_before(candidate, context)
    is_named = episode.has_full_name or episode.is_in_notes
    if entry.is_everyday(EVERYDAY_COST):
        is_near = episode.is_near_full_name or has_title
        if not is_near and entry.cost < (FREQUENT_COST if is_named else SELDOM_COST):
            return 0.3  # New York, West Bank, the fox: near the full name only
        if entry.cost < SELDOM_COST and is_in_longer_name(candidate, context):
            return 0.3
        is_known = is_named or has_title or episode.list_presence >= LIST_PRESENT
        capital_tells = tokens.has_case and not tokens.starts_sentence[candidate.first]
        return _EVERYDAY_SCORES[tokens.is_capitalised[candidate.first] if capital_tells else None][is_known]
    if conflict >= 0.6:
        return OTHERS_EXACT
    if is_named:
        return 0.98
    if has_other_bearer(candidate, context):
        return OTHERS_EXACT
    is_listed = entry.cost < UNKNOWN_COST and entry.flags & (SURNAME | GIVEN | PLACE)
    if load_known_names().is_mostly_first_name(words[0]) or (is_listed and entry.cost < SHARED_COST):
        return (
            0.6
            if has_title and not is_in_longer_name(candidate, context) and entry.cost > FREQUENT_COST
            else OTHERS_EXACT
        )
    if has_title or role_before(candidate, context) or episode.list_presence >= LIST_PRESENT:
        return 0.98
    return 0.8 if is_listed else 0.95


def _is_ruled_out(candidate: Candidate, context: TextContext, episode: EpisodeContext) -> bool:
    """Whether it is of a wordlike form that nothing but its sound speaks for."""
    if not candidate.form.is_wordlike or episode.has_full_name or episode.is_in_notes or episode.other_mentions:
        return False
    if episode.list_presence >= LIST_PRESENT and is_capitalised(candidate, context):
        return False
    words = candidate.surface_words(context.tokens)
    is_new = any(context.entries[w].cost >= UNKNOWN_COST for w in words)
    return len(candidate.form.sound) <= SHORT_PHONES or not is_new


def is_repeated_word(candidate: Candidate, episode: EpisodeContext) -> bool:
    """Whether it is a rare word of the talk itself: said again and again, in one spelling that does not sound the same,
    while nothing else in the episode speaks for the name (Deno, of an hour on software, is not Luca de Meo).
    """
    return (
        candidate.occurrences >= OFTEN_REPEATED
        and candidate.cost >= SAME_SOUND_COST
        and candidate.given_cost is None
        and episode.other_spellings < FEW_SPELLINGS
        and episode.list_presence < LIST_PRESENT
        and not (episode.other_mentions or episode.has_full_name or episode.is_in_notes)
    )
