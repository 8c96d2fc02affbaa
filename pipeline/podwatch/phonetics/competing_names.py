"""Who else it may be: a candidate's odds are shared with the well-known names that it may be as well.

A name that is said in every second episode is the likelier one even where the sounds fit a little worse, so each
competitor counts by how often it is talked of and by how much nearer it is: the noisy channel read as a posterior.
What sounds the same as the watched name is no competitor but another spelling of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from podwatch.phonetics.candidates import Candidate, TextContext
from podwatch.phonetics.episode_context import LIST_PRESENT, EpisodeContext
from podwatch.phonetics.known_names import encoded_words, load_known_names
from podwatch.phonetics.lexicon import GIVEN, look_up_words
from podwatch.phonetics.name_forms import Form
from podwatch.phonetics.ngram_windows import NGram
from podwatch.phonetics.noisy_channel import Encoded, encode_words, load_channels, measure_costs

if TYPE_CHECKING:
    from podwatch.phonetics.noisy_channel import SymbolRows

SAME_NAME_COST = 0.5  # nats per symbol: a known name as near as this to the watched one is that one, misspelt
SAME_FIRST_COST, SAME_LAST_COST = 1.0, 1.3  # ... and a first name, and the surname behind it
# How often a watched name is talked of, in thousandths: where nothing in the episode names it, and where it does.
UNNAMED_RATE, NAMED_RATE = 2.0, 300.0
MAX_NATS = 12.0  # by which a competitor is nearer, at most
MIN_KNOWN_RATE, MIN_KNOWN_LETTERS = 20.0, 4  # of a well-known word among the words heard
COMPETING_COST = 1.1  # nats per symbol: a known word as near as this is said to people as a competitor
MAX_LISTED = 4
MIN_COMPARED = 0.25  # candidates of a lower score are not worth the comparison


def share_odds(score: float, weight: float, episode: EpisodeContext) -> float:
    """The score where competitors have this weight (``competitor_weight``)."""
    is_named = episode.has_full_name or episode.is_in_notes or episode.list_presence >= LIST_PRESENT
    odds = score / max(1e-9, 1.0 - score) / (1.0 + weight / (NAMED_RATE if is_named else UNNAMED_RATE))
    return odds / (1.0 + odds)


def competitor_weight(candidate: Candidate, context: TextContext) -> float:
    """The sum, over the well-known names, of how often each is talked of, times how much likelier it is heard so."""
    words, form = candidate.surface_words(context.tokens), candidate.form
    surname = candidate.surname_words(context.tokens)
    encoded = form.encoded_surname if candidate.given_cost is not None else form.encoded
    if candidate.given_cost is None:
        return _weigh_words(surname, encoded) + _weigh_known_within(words, form.words, encoded)
    given = words[: len(words) - len(surname)]
    if given and not (given[-1] in form.own_first_names or context.entries[given[-1]].flags & GIVEN):
        return _weigh_persons(given, surname, form.encoded_given, encoded) + _weigh_known_within(
            given, form.words, form.encoded_given
        )
    return _weigh_persons(given, surname, form.encoded_given, encoded)


@lru_cache(maxsize=20_000)
def _weigh_known_within(heard: NGram, own: NGram, watched: Encoded) -> float:
    """The weight of a well-known name that is there letter by letter, in words that were taken for another one.

    "Elon Musk" for Zelensky, "m. Elon" for Meloni, "Iran cannot" for Imran Khan. ``own``: the words of the name.
    """
    names = load_known_names()
    known = [names.words.get(w, 0.0) for w in heard if w not in own and len(w) >= MIN_KNOWN_LETTERS]
    rate = max([names.persons.get((heard[0], heard[-1]), 0.0), *(r for r in known if r >= MIN_KNOWN_RATE)])
    if not rate or heard[-1] == own[-1]:
        return 0.0
    target = encode_words(heard, look_up_words(heard))
    return rate * math.exp(min(MAX_NATS, _nats(watched, target)))


@lru_cache(maxsize=20_000)
def _weigh_words(heard: NGram, watched: Encoded) -> float:
    """The weight of single words that are known, for words heard without a first name."""
    known, encoded = encoded_words()
    entries = look_up_words(heard)
    target = encode_words(heard, entries)
    own = _nats(watched, target)
    near = [i for i in _nearest(target[0]) if _nats(encoded[i], target) <= own + 1.0]
    names = load_known_names()
    rates = names.words
    weight = names.as_first[heard[0]] if len(heard) == 1 and names.is_mostly_first_name(heard[0]) else 0.0
    for i in near:
        if min(measure_costs([(watched, encoded[i])])[0]) > SAME_NAME_COST:
            weight += rates[known[i]] * math.exp(min(MAX_NATS, own - _nats(encoded[i], target)))
    return weight


@lru_cache(maxsize=20_000)
def _weigh_persons(given: NGram, surname: NGram, watched_given: Encoded, watched: Encoded) -> float:
    """The weight of the well-known person who is called so, letter by letter, where that is not the watched one."""
    rate = load_known_names().persons.get((given[-1], surname[-1])) if given and len(surname) == 1 else None
    if rate is None:
        return 0.0
    first, last = (encode_words(words, look_up_words(words)) for words in (given, surname))
    is_same = min(measure_costs([(watched, last)])[0]) <= SAME_LAST_COST
    if is_same and min(measure_costs([(watched_given, first)])[0]) <= SAME_FIRST_COST:
        return 0.0
    return rate * math.exp(min(MAX_NATS, _nats(watched, last) + _nats(watched_given, first)))


def _nats(said: Encoded, heard: Encoded) -> float:
    """What it costs in all to hear the first as the second, by sound or by spelling."""
    phones, letters = measure_costs([(said, heard)])[0]
    return min(phones * len(said[0]), letters * len(said[1]))


@lru_cache(maxsize=1)
def _known_rows() -> SymbolRows:
    return load_channels()[0].pad([sound for sound, _ in encoded_words()[1]])


@lru_cache(maxsize=20_000)
def _nearest(sound: bytes) -> tuple[int, ...]:
    """The indices of the known words that are the nearest by their sound."""
    import numpy as np

    phones = load_channels()[0]
    rows = _known_rows()
    costs = phones.costs(rows, np.repeat(phones.pad([sound]), len(rows), axis=0))
    return tuple(np.argsort(costs, kind="stable")[:4].tolist())


def list_competitors(forms: Sequence[Form]) -> list[tuple[str, float]]:
    """The well-known words that forms of one word are near to, with how often each is said; the likeliest first.

    Forms of several words hardly have any. What sounds the same is not among them.
    """
    known, encoded = encoded_words()
    rates = load_known_names().words
    own = {word for form in forms for word in form.words}
    found: dict[str, float] = {}
    for form in forms:
        if len(form.words) > 1 or form.is_spelt_only:
            continue
        costs = measure_costs([(form.encoded, other) for other in encoded])
        for word, other, cost in zip(known, encoded, map(min, costs), strict=True):
            if SAME_NAME_COST < cost <= COMPETING_COST and word not in own and len(other[0]) > 2:
                found[word] = max(found.get(word, 0.0), rates[word] * math.exp(-cost * len(form.sound)))
    best = sorted(found, key=lambda word: (-found[word], word))[:MAX_LISTED]
    return [(word, rates[word]) for word in best]


def list_namesakes(forms: Sequence[Form]) -> list[str]:
    """Well-known people with the surname of a name and another first name, the best known first."""
    surnames = {form.words[-1] for form in forms if form.part == "surname"}
    own = {name for form in forms for name in (*form.own_first_names, *form.nicknames)}
    persons = load_known_names().persons
    others = [name for name in persons if name[1] in surnames and name[0] not in own]
    return [" ".join(name) for name in sorted(others, key=lambda name: (-persons[name], name))[:MAX_LISTED]]
