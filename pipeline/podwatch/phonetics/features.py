"""The features of a candidate: how near it is, how its words are written, what stands beside it, what the episode says.

Each is one number; the boosted trees weigh them (data/score.json names them). Other watched names can only help: those
of one list belong together, so where an episode speaks of some of them the others are likely.
"""

from __future__ import annotations

import math

from podwatch.phonetics.candidates import Candidate, TextContext
from podwatch.phonetics.episode_context import EpisodeContext
from podwatch.phonetics.lexicon import GIVEN, PLACE, SURNAME, UNKNOWN_COST, word_set
from podwatch.phonetics.name_parts import ROLES
from podwatch.phonetics.namesakes import begins_with_first_name, is_first_name, score_namesake
from podwatch.phonetics.tokenizer import CLOSED, COMMA, OPEN

_SPEECH_VERBS = word_set(
    "said says told argues argued announced met tweeted wrote claims claimed insisted who has himself herself"
)
_COMPANY_WORDS = word_set(
    "company startup firm shares ceo brand platform acquired bought founder stock maker giant bank"
)
_PLACE_PREPOSITIONS = word_set("in to from near at around outside across of")
_SMALL_WORDS = word_set("a an in on at by it us he she me no so do go up is can will all out off over into one two")
MAX_COST = 18.5  # -log P: words that cost more are all alike
EVERYDAY_COST = 13.5  # -log P: an everyday word that is said seldom is no sign of plain talk
MAX_REPEATS, MAX_REPEATS_NAMED = 20, 10  # times more: what talk says oftener is its own word, but not with a first name

# "rest_": of the surname alone.
CANDIDATE_FEATURES = (
    "phone", "letter", "near", "length", "tail", "longer", "onset", "ending", "ordinary", "rarest", "likelihood",
    "rest_ordinary", "rest_likelihood", "everyday", "unknown", "other_name", "capital", "small", "person", "full",
    "given", "comma", "more_words", "conflict", "elsewhere", "first_within", "beside", "frame", "again", "single",
    "two_words", "merged", "prefix", "echo", "given_tame", "first_name", "shout", "wordlike",
)  # fmt: skip
CONTEXT_FEATURES = ("others", "whole", "notes", "spellings", "kin")
FEATURES = CANDIDATE_FEATURES + CONTEXT_FEATURES


def compute_features(candidate: Candidate, context: TextContext, episode: EpisodeContext) -> list[float]:
    """The numbers of FEATURES, in their order."""
    return [*compute_candidate_features(candidate, context), *compute_context_features(episode)]


def compute_candidate_features(candidate: Candidate, context: TextContext) -> tuple[float, ...]:
    """The numbers of CANDIDATE_FEATURES, in their order: what they say depends on the candidate and the text alone."""
    features = {**_sound_features(candidate, context), **_text_features(candidate, context)}
    return tuple([float(features[name]) for name in CANDIDATE_FEATURES])


def compute_context_features(episode: EpisodeContext) -> tuple[float, ...]:
    """The numbers of CONTEXT_FEATURES, in their order."""
    return (
        math.log1p(min(episode.other_mentions, 20)),
        float(episode.has_full_name),
        float(episode.is_in_notes),
        float(episode.other_spellings),
        float(episode.list_presence),
    )


def _sound_features(candidate: Candidate, context: TextContext) -> dict[str, float]:
    """How near the words are to the form, and how likely they are to be said where nobody is named."""
    form, given_cost = candidate.form, candidate.given_cost
    entries = [context.entries[w] for w in candidate.surface_words(context.tokens)]
    rest = entries[max(0, candidate.surname_at - candidate.first) :]
    costs = [min(e.cost, MAX_COST) for e in entries]
    ordinary, rest_ordinary = sum(costs), sum(costs[-len(rest) :])
    length = len(form.sound)
    said = form.sound if given_cost is None else form.encoded_surname[0]
    heard = b"".join([e.sound for e in rest])
    # The noisy channel: -log P(heard | the name), beside `ordinary`, which is -log P(heard) where nobody is named.
    rest_cost = candidate.cost * len(said)
    cost = rest_cost + (0.0 if given_cost is None else given_cost * (length - len(said)))
    return {
        "phone": min(candidate.phone_cost, 4.0),
        "letter": min(candidate.letter_cost, 4.0),
        "near": candidate.cost,
        "length": length,
        "tail": len(said),
        "longer": (len(heard) - len(said)) / max(1, len(said)),
        "onset": heard[:1] == said[:1],
        "ending": heard[-1:] == said[-1:],
        "ordinary": ordinary / len(entries),
        "rarest": max(costs),
        "likelihood": ordinary - cost,
        "rest_ordinary": rest_ordinary / len(rest),
        "rest_likelihood": rest_ordinary - rest_cost,
        "everyday": all(e.is_everyday(EVERYDAY_COST) for e in entries),
        "unknown": any(e.cost >= UNKNOWN_COST for e in entries),
        "given": 0.0 if given_cost is None else min(given_cost, 3.0),
        "echo": candidate.echo,
    }


def _text_features(candidate: Candidate, context: TextContext) -> dict[str, float]:
    """How the words are written, what stands beside them, and of which form they are."""
    tokens, form, positions = context.tokens, candidate.form, candidate.positions
    words = candidate.surface_words(tokens)
    last = context.entries[words[-1]]
    capital = any(tokens.is_capitalised[i] for i in positions if i > candidate.first or not tokens.starts_sentence[i])
    has_given = candidate.given_cost is not None
    repeats = min(candidate.occurrences - 1, MAX_REPEATS_NAMED if has_given else MAX_REPEATS)
    small_first = words[0] in _SMALL_WORDS and not is_first_name(candidate.first, context)
    return {
        "other_name": _other_name(candidate, context),
        "capital": tokens.has_case and capital,
        "small": tokens.has_case and not any(tokens.is_capitalised[i] for i in positions),
        "person": form.may_be_person,
        "full": form.given_count > 0,
        "comma": any(tokens.gaps[i] == COMMA for i in positions[:-1]),
        "more_words": max(0, len(words) - len(form.words)),
        "conflict": score_namesake(candidate, context),
        "elsewhere": candidate.elsewhere,
        "first_within": begins_with_first_name(candidate, context),
        "beside": role_before(candidate, context) != "",
        "frame": _has_typical_neighbours(candidate, context),
        "again": math.log1p(repeats),
        "single": form.part == "full" and len(form.words) == 1,
        "two_words": form.part == "full" and not form.given_count and len(form.words) > 1,
        "merged": form.given_count > 0 and not has_given,
        "prefix": words[-1] in _SMALL_WORDS or small_first,
        "given_tame": _has_everyday_given(candidate, context),
        "first_name": len(words) == 1 and last.flags & GIVEN > 0 and candidate.letter_cost > 0.1,
        "shout": any(tokens.is_acronym[i] for i in positions) and not candidate.echo,
        "wordlike": form.is_wordlike,
    }


def _other_name(candidate: Candidate, context: TextContext) -> float:
    """How well known the names are that its words are by the lists, where the last one is such and not of the form."""
    named = SURNAME | GIVEN | PLACE
    words = candidate.surface_words(context.tokens)
    if not context.entries[words[-1]].flags & named:
        return 0.0
    listed = (context.entries[w] for w in words if w not in candidate.form.words)
    return MAX_COST - min((min(e.cost, MAX_COST) for e in listed if e.flags & named), default=MAX_COST)


def role_before(candidate: Candidate, context: TextContext) -> str:
    """A title or a role word in the three words before it, or an empty string."""
    tokens = context.tokens
    for at in range(candidate.first - 1, max(-1, candidate.first - 4), -1):
        if tokens.gaps[at] == CLOSED:
            break
        if tokens.plain[at] in ROLES:
            return tokens.plain[at]
    return ""


def role_right_before(candidate: Candidate, context: TextContext) -> bool:
    """Whether a title or a role word stands right before it."""
    tokens, before = context.tokens, candidate.first - 1
    return before >= 0 and tokens.gaps[before] == OPEN and tokens.plain[before] in ROLES


def _has_typical_neighbours(candidate: Candidate, context: TextContext) -> bool:
    """Whether it stands where a name of its kind often does: Kharkiv behind "in", a person before "said"."""
    tokens, first, last = context.tokens, candidate.first, candidate.last
    if candidate.form.kind == "place":
        return first > 0 and tokens.gaps[first - 1] == OPEN and tokens.plain[first - 1] in _PLACE_PREPOSITIONS
    if candidate.form.kind == "company":
        return not _COMPANY_WORDS.isdisjoint(tokens.plain[max(0, first - 5) : last + 5])
    return last < len(tokens.plain) and tokens.gaps[last - 1] == OPEN and tokens.plain[last] in _SPEECH_VERBS


def _has_everyday_given(candidate: Candidate, context: TextContext) -> bool:
    """Whether what was taken for a first name are everyday words that nobody is called."""
    if candidate.surname_at < 0 or not candidate.given_cost:
        return False
    given = [context.entries[w] for w in context.tokens.plain[candidate.first : candidate.surname_at]]
    return all(e.is_everyday() and not e.flags & GIVEN for e in given)
