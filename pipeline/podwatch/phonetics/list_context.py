"""What an episode about a list lets pass: where it speaks of several names, a name that sounds like one of them is it.

The other way round than elsewhere: what is near to a name by its sound is mostly another name, but hardly one that is
said alone, without a first name, among the people of one list (Hansen for Robin Hanson, Teal for Peter Thiel).
"""

from __future__ import annotations

from podwatch.phonetics.candidates import Candidate, TextContext, surface_words
from podwatch.phonetics.features import LIST_PRESENT, OFTEN_REPEATED, EpisodeContext
from podwatch.phonetics.lexicon import EVERYDAY, GIVEN
from podwatch.phonetics.name_forms import PERSON, ROLES
from podwatch.phonetics.tokenizer import OPEN

RARE_COST = 10.5  # -log P: what is said more often is itself (March, David)
NEAR_COST = 0.6  # nats by symbol: what is further off is as often somebody else
MIN_SCORE, MAX_SCORE = 0.75, 0.9  # the score at the limit, and of the same sound: all 11 on pages of dev were right


def is_capitalised(spot: Candidate, scene: TextContext) -> bool:
    """Whether it is written with capitals, in a text that has them."""
    words = scene.tokens
    return words.has_case and words.is_capitalised[spot.first] and words.is_capitalised[spot.last - 1]


def min_score(spot: Candidate, scene: TextContext, company: EpisodeContext, kind: str) -> float:
    """The least score of a spot for where it stands: one rare word with a capital, alone, in an episode about the list.

    0 where nothing follows from that. ``kind``: of the name, as person, company or place.
    """
    words, at = scene.tokens, spot.first
    if company.list_presence < LIST_PRESENT or kind not in ("", PERSON) or spot.form.given_count or spot.last - at > 1:
        return 0.0
    if not _has_name_capital(at, scene) or words.is_acronym[at]:
        return 0.0
    entry = scene.entries[surface_words(spot, words)[0]]
    itself = entry.cost < RARE_COST or entry.flags & GIVEN  # a first name that stands alone is of one who is called so
    near = min(spot.phone_cost, spot.letter_cost)
    if (
        itself
        or near > NEAR_COST
        or spot.elsewhere
        or spot.occurrences >= OFTEN_REPEATED
        or _is_part_of_longer_name(at, scene)
    ):
        return 0.0
    return MIN_SCORE + (MAX_SCORE - MIN_SCORE) * (1 - near / NEAR_COST)


def _is_part_of_longer_name(at: int, scene: TextContext) -> bool:
    """Whether another name stands beside the word: Genghis Khan, Groucho Marks."""
    gaps = scene.tokens.gaps
    before = at > 0 and gaps[at - 1] == OPEN and _is_unwatched_name(at - 1, scene)
    return before or (gaps[at] == OPEN and _is_unwatched_name(at + 1, scene))


def _is_unwatched_name(at: int, scene: TextContext) -> bool:
    """Whether a word is, by its capital, of a name that is not of the list."""
    word = scene.tokens.plain[at]
    ours = at in scene.watched_positions or word in ROLES or word.split("'")[0] == "i"
    return not ours and _has_name_capital(at, scene)


def _has_name_capital(at: int, scene: TextContext) -> bool:
    """Whether its capital says that a word is a name: not that of an everyday word at the head of a sentence."""
    words, entry = scene.tokens, scene.entries.get(scene.tokens.plain[at])
    everyday = entry is not None and entry.flags & EVERYDAY
    return words.is_capitalised[at] and not (words.starts_sentence[at] and everyday)
