"""A spot: one place of the text that may be one form of a name, with what the sounds say for and against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podwatch.phonetics.lexicon import Entry
from podwatch.phonetics.name_forms import Form
from podwatch.phonetics.noisy_channel import Channel, encode_letters
from podwatch.phonetics.tokenizer import Tokens

Costs = tuple[float, float]  # cost by phone, cost by letter


@dataclass(slots=True)
class Candidate:
    """``first``, ``last``: numbers of its words, half-open. ``phone``, ``letter``: cost by symbol of the surname, or of
    the whole name where there is none. ``given``: cost by symbol of the first name, None where none was heard.

    ``whose``: the last word is heard with an 's that is not of the name. ``seen``: how often its words stand in the
    text; ``elsewhere``: how much they look like somebody else's name at another of those places, 0 to 1. ``echo``: 1
    where the surname of a sure full name was spelt the same, 0 where not. ``at``: the number of the first word of the
    surname, where the first name is told apart. ``own``: its own evidence, the numbers of evidence.OF_SPOT, once they
    are known; ``alone``: its score where the episode says nothing of its name.
    """

    form: Form
    first: int
    last: int
    phone_cost: float
    letter_cost: float
    given_cost: float | None = None
    is_possessive: bool = False
    is_exact: bool = False
    score: float = 0.0
    occurrences: int = 0
    elsewhere: float = 0.0
    echo: float = 0.0
    surname_at: int = -1
    own_features: list[float] | None = None
    score_without_context: float | None = None

    def clear_cached_features(self) -> None:
        """Forgets what was made of its evidence."""
        self.own_features = self.score_without_context = None

    @property
    def distance(self) -> float:
        """Of the sounds: nats by symbol over four, so that 1 is as good as nothing in common."""
        near = min(self.phone_cost, self.letter_cost)
        if self.given_cost is not None:
            near = (near + self.given_cost) / 2
        return min(1.0, near / 4)


@dataclass(frozen=True, slots=True)
class TextContext:
    """The text around the spots. ``noted``: words of the episode's title and notes.
    ``watched``: numbers of the words that are a name of the list, alone and as it is spelt.
    """

    tokens: Tokens
    entries: Mapping[str, Entry]
    note_words: frozenset[str]
    watched_positions: frozenset[int] = frozenset()


def surface_words(spot: Candidate, words: Tokens) -> list[str]:
    heard = list(words.plain[spot.first : spot.last])
    if spot.is_possessive and heard[-1].endswith("'s"):
        heard[-1] = heard[-1][:-2]
    return heard


class StringDistances:
    """Measures strings against each other in both alphabets, many at once and each pair once."""

    def __init__(self, phones: Channel, letters: Channel) -> None:
        self._phones, self._letters = phones, letters
        self._measured: dict[tuple[bytes, bytes, bytes, bytes], Costs] = {}

    def measure(self, pairs: Sequence[tuple[bytes, bytes, bytes, bytes]]) -> list[Costs]:
        """(cost by phone, cost by letter) for each (said phones, heard phones, said letters, heard letters)."""
        new = sorted({p for p in pairs if p not in self._measured})
        if new:
            by_phone = self._costs(self._phones, [(p[0], p[1]) for p in new])
            by_letter = self._costs(self._letters, [(p[2], p[3]) for p in new])
            self._measured.update(zip(new, zip(by_phone, by_letter, strict=True), strict=True))
        return [self._measured[p] for p in pairs]

    @staticmethod
    def _costs(channel: Channel, pairs: Sequence[tuple[bytes, bytes]]) -> list[float]:
        costs = channel.costs(channel.pad([a for a, _ in pairs]), channel.pad([b for _, b in pairs])).tolist()
        return [c / max(1, len(a)) for c, (a, _) in zip(costs, pairs, strict=True)]


def encode_words(words: Sequence[str], known: Mapping[str, Entry]) -> tuple[bytes, bytes]:
    """The phones and the letters of some words of the text."""
    return b"".join([known[w].sound for w in words]), b"".join([encode_letters(w) for w in words])


def split_full_names(
    spots: Sequence[Candidate], words: Tokens, known: Mapping[str, Entry], gauge: StringDistances
) -> None:
    """Tells first name and surname of whole full names apart, at the border that makes both cheapest."""
    tried: list[tuple[Candidate, int]] = []
    givens, surnames = [], []
    for spot in spots:
        if not spot.form.given_count:
            continue
        said = spot.form.given_symbols
        rest = spot.form.surname_symbols
        heard_words = list(words.plain[spot.first : spot.last])
        if spot.is_possessive:
            heard_words[-1] = heard_words[-1].removesuffix("'s")
        for at in range(1, len(heard_words)):
            left, right = encode_words(heard_words[:at], known), encode_words(heard_words[at:], known)
            tried.append((spot, spot.first + at))
            givens.append((said[0], left[0], said[1], left[1]))
            surnames.append((rest[0], right[0], rest[1], right[1]))
    best: dict[int, float] = {}
    for (spot, at), given, surname in zip(tried, gauge.measure(givens), gauge.measure(surnames), strict=True):
        total = min(given) + min(surname)
        if total < best.get(id(spot), 99.0):
            best[id(spot)] = total
            spot.given_cost, (spot.phone_cost, spot.letter_cost), spot.surname_at = min(given), surname, at
