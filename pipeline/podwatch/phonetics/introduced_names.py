"""The lowest score of a misspelt surname right behind a nickname of its bearer, or a title of one of its aliases.

Nick Osborne is Nicholas Osborn, and Director Gabber, for who watches Director Gabbard, is Tulsi Gabbard: what stands
before counts as a first name spelt right does, but only where the surname is near.
"""

from __future__ import annotations

from podwatch.phonetics.candidates import Candidate, TextContext
from podwatch.phonetics.tokenizer import OPEN

NEAR_COST = 0.8  # nats per symbol of the surname
BEHIND_NICKNAME, BEHIND_TITLE = 0.95, 0.9  # of a surname that sounds the same
MIN_PHONES, MIN_PHONES_SAME_SOUND = 4, 3
SAME_SOUND_COST = 0.15  # nats per symbol: a name of three sounds is as near as this (Secretary Gnome, for Noem)


def min_introduced_score(candidate: Candidate, context: TextContext) -> float:
    """The lowest score of such a surname; 0 for all else."""
    tokens, before, form = context.tokens, candidate.first - 1, candidate.form
    if form.part != "surname" or before < 0 or tokens.gaps[before] != OPEN:
        return 0.0
    if len(form.sound) < (MIN_PHONES_SAME_SOUND if candidate.cost <= SAME_SOUND_COST else MIN_PHONES):
        return 0.0
    if candidate.cost > NEAR_COST or (tokens.has_case and not tokens.is_capitalised[candidate.first]):
        return 0.0
    if tokens.has_case and not tokens.is_capitalised[before]:
        return 0.0
    word = tokens.plain[before]
    least = BEHIND_NICKNAME if word in form.nicknames else BEHIND_TITLE if word in form.titles else 0.0
    return least * (1 - 0.3 * candidate.cost / NEAR_COST)
