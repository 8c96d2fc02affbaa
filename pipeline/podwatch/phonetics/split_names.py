"""The lowest score of a name that was heard as several plain words: Brian kill me, neural link, way Mo.

The trees learned that plain words are no name, and give such places next to nothing. Two things say otherwise: a first
name spelt right with words behind it that sound like the surname, as hardly any sentence goes on so; and words that are
a company's or product's name letter by letter when they are put together.
"""

from __future__ import annotations

from podwatch.phonetics.candidates import Candidate, TextContext
from podwatch.phonetics.episode_context import EpisodeContext
from podwatch.phonetics.lexicon import GIVEN
from podwatch.phonetics.namesakes import is_first_name
from podwatch.phonetics.noisy_channel import encode_letters

SPLIT_COST = 0.75  # nats per symbol of the surname, behind its first name
GIVEN_COST = 0.3
MIN_PHONES = 5  # of the surname
JOINED_COST = 0.4  # nats per symbol: words that spell a name when they are put together
MIN_LETTERS, MIN_LETTERS_WITH_CAPITAL = 6, 5
RARE_COST = 10.0  # -log P: two words that are said more often than this stand beside each other by chance
BEHIND_FIRST_NAME, WITH_CAPITAL, WITHOUT_CAPITAL = 0.85, 0.85, 0.62


def min_split_score(candidate: Candidate, context: TextContext, episode: EpisodeContext) -> float:
    """The lowest score of a name in several plain words; 0 for all else."""
    surname, form = candidate.surname_words(context.tokens), candidate.form
    if len(surname) < 2 or len(surname) <= len(form.words) - form.given_count:
        return 0.0
    if candidate.given_cost is not None and form.may_be_person and not form.has_title:
        return _score_behind_first_name(candidate, context)
    if form.part == "full" and len(form.words) == 1 and form.kind != "person":
        return _score_joined(candidate, context, episode)
    return 0.0


def _score_behind_first_name(candidate: Candidate, context: TextContext) -> float:
    tokens, at = context.tokens, candidate.first
    words = candidate.surname_words(tokens)
    said = candidate.form.encoded_surname[0]
    if (candidate.given_cost or 0.0) > GIVEN_COST or candidate.cost > SPLIT_COST or len(said) < MIN_PHONES:
        return 0.0
    entry = context.entries[tokens.plain[at]]
    is_name = is_first_name(at, context) or (entry.flags & GIVEN and not entry.is_everyday())
    if not is_name or not all(context.entries[w].is_everyday() for w in words):
        return 0.0
    return BEHIND_FIRST_NAME * (1 - 0.2 * candidate.cost / SPLIT_COST)


def _score_joined(candidate: Candidate, context: TextContext, episode: EpisodeContext) -> float:
    tokens = context.tokens
    words, letters = candidate.surface_words(tokens), candidate.form.letters
    if len(words) > 2:
        return 0.0
    is_joined = encode_letters("".join(words)) == encode_letters(letters)
    if not is_joined and (candidate.cost > JOINED_COST or len(letters) < MIN_LETTERS):
        return 0.0
    has_capital = tokens.has_case and tokens.is_capitalised[candidate.last - 1]
    if len(letters) < (MIN_LETTERS_WITH_CAPITAL if has_capital else MIN_LETTERS):
        return 0.0
    if has_capital and is_joined:
        return WITH_CAPITAL
    is_known = episode.has_full_name or episode.is_in_notes or episode.other_mentions > 0
    is_rare = max(context.entries[w].cost for w in words) >= RARE_COST
    return WITH_CAPITAL if is_known and is_joined else WITHOUT_CAPITAL if is_rare or is_known else 0.0
