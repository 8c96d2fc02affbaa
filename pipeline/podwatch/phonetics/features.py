"""What else speaks for or against a spot than its sound: how the words are written, what stands beside, the episode.

Each piece of evidence is one number; scoring.py weighs them. The other watched names can only help: those of one list
belong together, so where an episode speaks of some the others are likely.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from podwatch.phonetics import namesakes as strangers
from podwatch.phonetics.candidates import Candidate, TextContext, surface_words
from podwatch.phonetics.lexicon import EVERYDAY, GIVEN, PLACE, SURNAME, UNKNOWN_COST, Entry, word_set
from podwatch.phonetics.name_forms import PERSON, ROLES, Form
from podwatch.phonetics.tokenizer import CLOSED, COMMA, Tokens

_SPEECH_VERBS = word_set(
    "said says told argues argued announced met tweeted wrote claims claimed insisted who has himself herself"
)
_COMPANY_WORDS = word_set(
    "company startup firm shares ceo brand platform acquired bought founder stock maker giant bank"
)
_PLACE_PREPOSITIONS = word_set("in to from near at around outside across of")
MAX_COST = 18.5
LIST_PRESENT = 0.7  # of Company: two other names of a short list, or more of a longer one
SAME_SOUND_COST = 0.15  # nats by symbol: no more than what spellers disagree about
OFTEN_REPEATED = (
    4  # times: of spots said so often that nothing else speaks for, none in 13 was right where this was learned
)
MAX_REPEATS, MAX_REPEATS_NAMED = (
    20,
    10,
)  # times more: what talk says oftener than this is its own word, but not beside a first name
FEW_SPELLINGS = 0.3  # of Company.spellings: no other way that it seems to be written
REPORTED_SPELLINGS = 0.5  # of Company: what is told to people as one
_SMALL_WORDS = word_set("a an in on at by it us he she me no so do go up is can will all out off over into one two")

# Of the words heard; "rest": of the surname alone. In the order of of_spot and of_episode.
CANDIDATE_FEATURES = (
    "phone", "letter", "near", "length", "tail", "longer", "onset", "ending", "ordinary", "rarest", "likelihood",
    "rest_ordinary", "rest_likelihood", "everyday", "unknown", "other_name", "capital", "small", "person", "full",
    "given", "comma", "more_words", "conflict", "elsewhere", "first_within", "beside", "frame", "again", "single",
    "two_words", "merged", "prefix", "echo", "given_tame", "first_name", "shout", "wordlike",
)  # fmt: skip
CONTEXT_FEATURES = ("others", "whole", "notes", "spellings", "kin")
FEATURES = CANDIDATE_FEATURES + CONTEXT_FEATURES


@dataclass(slots=True)
class EpisodeContext:
    """What the rest of the episode says of a name.

    ``others``: how many other good spots. ``whole``: one of them of the full name. ``notes``: title or notes name it.
    ``spellings``: in how many other ways it seems to be misspelt, each counted as far as it is likely: a recogniser
    that does not know a name writes it in many ways, a name that it knows in one. ``kin``: how far the episode is
    about the other names that are listened for. ``times``: how often the form is heard, for people; no evidence.
    """

    other_mentions: int = 0
    has_full_name: bool = False
    is_in_notes: bool = False
    other_spellings: float = 0.0
    list_presence: float = 0.0
    form_count: int = field(default=1, compare=False)


def role_before(spot: Candidate, scene: TextContext) -> str:
    """A title or a role word in the three words before the spot, or none."""
    words = scene.tokens
    for at in range(spot.first - 1, max(-1, spot.first - 4), -1):
        if words.gaps[at] == CLOSED:
            break
        if words.plain[at] in ROLES:
            return words.plain[at]
    return ""


def is_repeated_word(spot: Candidate, company: EpisodeContext) -> bool:
    """Whether it is a rare word of the talk itself: said again and again, in one spelling that does not sound the same,
    while nothing else in the episode speaks for the name (Deno, of an hour on software, is not Luca de Meo).
    """
    nothing = (
        not (company.other_mentions or company.has_full_name or company.is_in_notes)
        and company.other_spellings < FEW_SPELLINGS
    )
    told_apart = min(spot.phone_cost, spot.letter_cost) >= SAME_SOUND_COST
    return (
        nothing
        and company.list_presence < LIST_PRESENT
        and spot.given_cost is None
        and spot.occurrences >= OFTEN_REPEATED
        and told_apart
    )


def has_typical_neighbours(spot: Candidate, scene: TextContext, kind: str) -> bool:
    """Whether the spot stands where a name of its kind often does."""
    words = scene.tokens
    before = words.plain[spot.first - 1] if spot.first and words.gaps[spot.first - 1] == 0 else ""
    after = words.plain[spot.last] if spot.last < len(words.plain) and words.gaps[spot.last - 1] == 0 else ""
    if kind == "place":
        return before in _PLACE_PREPOSITIONS
    if kind == "company":
        near = words.plain[max(0, spot.first - 5) : spot.last + 5]
        return any(w in _COMPANY_WORDS for w in near)
    return after in _SPEECH_VERBS


def compute_features(spot: Candidate, scene: TextContext, company: EpisodeContext, kind: str) -> list[float]:
    """The numbers of FEATURES, in their order."""
    return candidate_features(spot, scene, kind) + context_features(company)


def context_features(company: EpisodeContext) -> list[float]:
    """The numbers of OF_EPISODE."""
    return [
        math.log1p(min(company.other_mentions, 20)),
        1.0 if company.has_full_name else 0.0,
        1.0 if company.is_in_notes else 0.0,
        company.other_spellings,
        company.list_presence,
    ]


def candidate_features(spot: Candidate, scene: TextContext, kind: str) -> list[float]:
    """The numbers of OF_SPOT; ``kind``: of the name, as person, company or place."""
    words, known = scene.tokens, scene.entries
    form = spot.form
    heard = surface_words(spot, words)
    entries = [known[w] for w in heard]
    rest = entries[max(0, spot.surname_at - spot.first) :]
    costs = [min(e.cost, MAX_COST) for e in entries]
    ordinary, rest_ordinary = sum(costs), sum(costs[-len(rest) :])
    tail = entries[-1]
    length = len(form.sound)
    near = min(spot.phone_cost, spot.letter_cost)
    said = form.surname_symbols[0] if spot.given_cost is not None else form.sound
    other = 0.0
    if tail.flags & (SURNAME | GIVEN | PLACE):
        named = SURNAME | GIVEN | PLACE
        listed = (c for w, e, c in zip(heard, entries, costs, strict=True) if w not in form.words and e.flags & named)
        other = MAX_COST - min(listed, default=MAX_COST)
    inside = range(spot.first, spot.last)
    called = strangers.is_first_name(spot.first, scene)
    large = sum(words.is_capitalised[i] for i in inside if i > spot.first or not words.starts_sentence[i])
    # -log P(heard | the name), beside `ordinary`, which is -log P(heard) where nobody is named: the noisy channel.
    rest_cost = near * len(said)
    cost = rest_cost + (spot.given_cost * (length - len(said)) if spot.given_cost is not None else 0.0)
    sounds = b"".join([e.sound for e in rest])
    return [
        min(spot.phone_cost, 4.0),
        min(spot.letter_cost, 4.0),
        near,
        float(length),
        float(len(said)),
        (len(sounds) - len(said)) / max(1, len(said)),
        1.0 if sounds[:1] == said[:1] else 0.0,
        1.0 if sounds[-1:] == said[-1:] else 0.0,
        ordinary / len(entries),
        max(costs),
        ordinary - cost,
        rest_ordinary / len(rest),
        rest_ordinary - rest_cost,
        1.0 if all(e.flags & EVERYDAY and e.cost < 13.5 for e in entries) else 0.0,
        1.0 if any(e.cost >= UNKNOWN_COST for e in entries) else 0.0,
        other,
        1.0 if words.has_case and large else 0.0,
        1.0 if words.has_case and not any(words.is_capitalised[i] for i in inside) else 0.0,
        1.0 if kind in ("", PERSON) else 0.0,
        1.0 if form.given_count else 0.0,
        min(spot.given_cost, 3.0) if spot.given_cost is not None else 0.0,
        1.0 if any(words.gaps[i] == COMMA for i in range(spot.first, spot.last - 1)) else 0.0,
        float(max(0, len(heard) - len(form.words))),
        strangers.score_namesake(spot, scene, kind),
        spot.elsewhere,
        1.0 if strangers.begins_with_first_name(spot, scene) else 0.0,
        1.0 if role_before(spot, scene) else 0.0,
        1.0 if has_typical_neighbours(spot, scene, kind) else 0.0,
        math.log1p(min(spot.occurrences - 1, MAX_REPEATS if spot.given_cost is None else MAX_REPEATS_NAMED)),
        1.0 if form.part == "full" and len(form.words) == 1 else 0.0,
        1.0 if form.part == "full" and not form.given_count and len(form.words) > 1 else 0.0,
        1.0 if form.given_count and spot.given_cost is None else 0.0,
        1.0 if heard[-1] in _SMALL_WORDS or (heard[0] in _SMALL_WORDS and not called) else 0.0,
        spot.echo,
        1.0 if _has_everyday_given(spot, words, known) else 0.0,
        1.0 if len(heard) == 1 and tail.flags & GIVEN and spot.letter_cost > 0.1 else 0.0,
        1.0 if any(words.is_acronym[i] for i in inside) and not spot.echo else 0.0,
        1.0 if form.is_wordlike else 0.0,
    ]


def _has_everyday_given(spot: Candidate, words: Tokens, known: Mapping[str, Entry]) -> bool:
    """Whether what was taken for a first name are everyday words that nobody is called."""
    if spot.surname_at < 0 or not spot.given_cost:
        return False
    return all(
        known[w].flags & EVERYDAY and not known[w].flags & GIVEN for w in words.plain[spot.first : spot.surname_at]
    )


def list_reasons(spot: Candidate, scene: TextContext, company: EpisodeContext, name: str, kind: str) -> list[str]:
    """What to tell people, the strongest first."""
    said = []
    title = scene.tokens.plain[spot.first] in ROLES and not spot.is_exact  # Mr, heard for Mark
    if spot.form.given_count and spot.given_cost is not None and kind in ("", PERSON) and not title:
        said.append("with the first name")
    if company.has_full_name and not spot.form.given_count and len(spot.form.words) < len(name.split()):
        said.append("full name elsewhere")
    if spot.echo and not spot.form.given_count:
        said.append("spelt so beside the first name elsewhere")
    if company.is_in_notes:
        said.append("in the title or notes")
    if company.form_count > 1:
        said.append(f"{spot.form.part} form seen {company.form_count} times")
    if company.other_spellings >= REPORTED_SPELLINGS and not spot.is_exact:
        said.append("written in other ways, too")
    if role := role_before(spot, scene):
        said.append(f"near '{role}'")
    if company.list_presence >= LIST_PRESENT:
        said.append("among other watched names")
    return said


def is_named_in_notes(form: Form, noted: frozenset[str], known: Mapping[str, Entry]) -> bool:
    """Whether title or notes name it: all words of the form, and one of them no everyday word."""
    if not all(w in noted for w in form.words):
        return False
    return len(form.words) > 1 or not (known[form.words[0]].flags & EVERYDAY if form.words[0] in known else False)
