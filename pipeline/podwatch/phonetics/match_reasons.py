"""The reason of a match: one line for people, with what is written, the name and what speaks for it."""

from __future__ import annotations

from collections.abc import Sequence

from podwatch.phonetics.candidates import Candidate, TextContext
from podwatch.phonetics.episode_context import LIST_PRESENT, EpisodeContext
from podwatch.phonetics.features import role_before
from podwatch.phonetics.name_parts import ROLES, spoken_words
from podwatch.phonetics.ngram_windows import NGram
from podwatch.phonetics.watched_names import WatchedName

MAX_SHOWN = 0.99  # nothing is certain that was misspelt
REPORTED_SPELLINGS = 0.5  # of EpisodeContext.other_spellings: what is said to people as one


def explain_match(
    surface: str, name: WatchedName, candidate: Candidate, context: TextContext, episode: EpisodeContext
) -> str:
    """The line for a candidate that is written as ``surface``."""
    reasons = _list_reasons(name, candidate, context, episode)
    score = candidate.score
    if not candidate.is_exact:
        score = min(score, MAX_SHOWN)
        reasons.insert(0, f"sound distance {candidate.distance:.2f}")
    written = as_written(name, candidate.form.words)
    return f"{' '.join(surface.split())} ~ {written}, {score:.2f}: {', '.join(reasons) or 'spelt so'}"


def as_written(name: WatchedName, words: Sequence[str]) -> str:
    """The words of a form as they are written in the name, where they stand there."""
    for text in (name.full, *name.aliases):
        pieces = text.split()
        for first in range(len(pieces)):
            for last in range(len(pieces), first, -1):
                if list(spoken_words(" ".join(pieces[first:last]))) == list(words):
                    return " ".join(pieces[first:last]).strip(".,")
    return " ".join(word.capitalize() for word in words)


def _list_reasons(name: WatchedName, candidate: Candidate, context: TextContext, episode: EpisodeContext) -> list[str]:
    """What speaks for it, the strongest first."""
    form = candidate.form
    is_title = context.tokens.plain[candidate.first] in ROLES and not candidate.is_exact  # Mr, taken for Mark
    has_first_name = form.given_count and candidate.given_cost is not None and form.may_be_person and not is_title
    is_short = not form.given_count and len(form.words) < len(name.full.split())
    role = role_before(candidate, context)
    reasons = {
        f"heard as '{' '.join(heard_split(candidate, context))}'": heard_split(candidate, context),
        "with the first name": has_first_name,
        "full name elsewhere": episode.has_full_name and is_short,
        "spelt so beside the first name elsewhere": candidate.echo and not form.given_count,
        "in the title or notes": episode.is_in_notes,
        f"{form.part} form seen {episode.form_count} times": episode.form_count > 1,
        "written in other ways, too": episode.other_spellings >= REPORTED_SPELLINGS and not candidate.is_exact,
        f"near '{role}'": role,
        "among other watched names": episode.list_presence >= LIST_PRESENT,
    }
    return [reason for reason, holds in reasons.items() if holds]


def heard_split(candidate: Candidate, context: TextContext) -> NGram:
    """The words that a name is heard as where it is more of them than the name has (kill me); empty for all else."""
    form, words = candidate.form, candidate.surname_words(context.tokens)
    is_split = not candidate.is_exact and len(words) > max(1, len(form.words) - form.given_count)
    if candidate.surname_at < 0 and len(words) <= len(form.words):
        return ()
    return words if is_split else ()
