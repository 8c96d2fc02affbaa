"""The lowest score in an episode about the watched list: a surname alone that sounds like one of it is that one.

Elsewhere what is near to a name by its sound is mostly another name, but hardly one that is said alone, without a first
name, among the people of one list (Hansen for Robin Hanson, Teal for Peter Thiel).
"""

from __future__ import annotations

from podwatch.phonetics.candidates import Candidate, TextContext
from podwatch.phonetics.episode_context import LIST_PRESENT, OFTEN_REPEATED, EpisodeContext
from podwatch.phonetics.lexicon import GIVEN
from podwatch.phonetics.name_parts import ROLES
from podwatch.phonetics.tokenizer import OPEN

RARE_COST = 10.5  # -log P: what is said more often is itself (March, David)
NEAR_COST = 0.6  # nats per symbol: what is further off is as often somebody else
MIN_SCORE, MAX_SCORE = (
    0.75,
    0.9,
)  # at NEAR_COST, and of the same sound: all 11 in the dev pages were right


def is_capitalised(candidate: Candidate, context: TextContext) -> bool:
    """Whether it is written with capitals, in a text that has them."""
    tokens = context.tokens
    return tokens.has_case and tokens.is_capitalised[candidate.first] and tokens.is_capitalised[candidate.last - 1]


def min_score(candidate: Candidate, context: TextContext, episode: EpisodeContext) -> float:
    """The lowest score of one rare word with a capital, alone, in an episode about the list; 0 for all else."""
    tokens, at, form = context.tokens, candidate.first, candidate.form
    if episode.list_presence < LIST_PRESENT or not form.may_be_person or form.given_count or candidate.last - at > 1:
        return 0.0
    if not _has_name_capital(at, context) or tokens.is_acronym[at]:
        return 0.0
    entry = context.entries[candidate.surface_words(tokens)[0]]
    if entry.cost < RARE_COST or entry.flags & GIVEN:  # a first name that stands alone is of one who is called so
        return 0.0
    if candidate.cost > NEAR_COST or candidate.elsewhere or candidate.occurrences >= OFTEN_REPEATED:
        return 0.0
    if _is_part_of_longer_name(at, context):
        return 0.0
    return MIN_SCORE + (MAX_SCORE - MIN_SCORE) * (1 - candidate.cost / NEAR_COST)


def _is_part_of_longer_name(at: int, context: TextContext) -> bool:
    """Whether another name stands beside the word: Genghis Khan, Groucho Marks."""
    gaps = context.tokens.gaps
    before = at > 0 and gaps[at - 1] == OPEN and _is_unwatched_name(at - 1, context)
    return before or (gaps[at] == OPEN and _is_unwatched_name(at + 1, context))


def _is_unwatched_name(at: int, context: TextContext) -> bool:
    """Whether a word is, by its capital, of a name that is not watched."""
    word = context.tokens.plain[at]
    is_known = at in context.watched_positions or word in ROLES or word.split("'")[0] == "i"
    return not is_known and _has_name_capital(at, context)


def _has_name_capital(at: int, context: TextContext) -> bool:
    """Whether its capital says that a word is a name: not that of an everyday word at the head of a sentence."""
    tokens, entry = context.tokens, context.entries.get(context.tokens.plain[at])
    is_word = entry is not None and entry.is_everyday()
    return tokens.is_capitalised[at] and not (tokens.starts_sentence[at] and is_word)
