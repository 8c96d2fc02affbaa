"""The highest score of a full name of which both parts are far off: Mookie Betts is no Mike Beloutova.

A first name and a surname that both sound a little like the watched ones are mostly another person, who is as often
named in full. The first name counts as evidence where it is spelt right, or where the episode has the name otherwise;
the same odd spelling again is none.
"""

from __future__ import annotations

from podwatch.phonetics.candidates import Candidate
from podwatch.phonetics.episode_context import EpisodeContext

GIVEN_COST, SURNAME_COST = 0.3, 1.25  # nats per symbol: both are further off
DOUBTFUL_SCORE = 0.35  # below the threshold; where doubtful names are heard again the audio decides


def max_score(candidate: Candidate, episode: EpisodeContext) -> float:
    """The highest score of such a name; 1 for all else."""
    given = candidate.given_cost
    if given is None or given < GIVEN_COST or candidate.cost < SURNAME_COST or episode.is_confirmed:
        return 1.0
    return DOUBTFUL_SCORE if candidate.form.kind == "person" else 1.0
