"""A candidate: one place of the text that may be one form of a name, with what the sounds say for and against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from podwatch.phonetics.lexicon import Entry
from podwatch.phonetics.name_forms import Form
from podwatch.phonetics.ngram_windows import NGram, strip_possessive
from podwatch.phonetics.noisy_channel import Encoded, encode_words, measure_costs
from podwatch.phonetics.tokenizer import Tokens

FirstNames = tuple[tuple[int, str], ...]  # of one surname: (its index in the text, the first name before it)


@dataclass(slots=True)
class Assessment:
    """What a candidate's text says of it, kept because it is scored up to three times.

    ``state``: that of the candidate to which it belongs. ``is_somebody_else``: whether it is ruled out. ``features``:
    those of the candidate alone; none where it is ruled out. ``context_features``, ``score``: the last ones of an
    episode, and the score that the trees gave with them. ``competitors``: the weight of who else it may be, where that
    was worked out.
    """

    state: tuple[float | None, ...]
    is_somebody_else: bool
    features: tuple[float, ...]
    context_features: tuple[float, ...] = ()
    score: float = 0.0
    competitors: float | None = None


@dataclass(slots=True)
class Candidate:
    """One place that may be one form of a name.

    ``first``, ``last``: indices of its words, half-open. ``phone_cost``, ``letter_cost``: nats per symbol of the
    surname, or of the whole name where no first name is told apart. ``given_cost``: nats per symbol of the first
    name, None where none was found. ``is_possessive``: the last word has an 's that is not of the name. ``is_exact``:
    spelt as the form. ``score``: the probability that the name is meant, as far as it is known yet. ``occurrences``:
    how often its words stand in the text. ``elsewhere``: how much they look like somebody else's name at another of
    those places, 0 to 1. ``echo``: 1 where the surname was spelt so beside its first name in a sure full name, else 0.
    ``surname_at``: the index of the first word of the surname where the first name is told apart, else -1.
    ``assessment``: what was worked out of it so far.
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
    assessment: Assessment | None = None

    @property
    def state(self) -> tuple[float | None, ...]:
        """All of it that may change while an episode is searched, but its score."""
        costs = (self.phone_cost, self.letter_cost, self.given_cost)
        return (*costs, self.surname_at, self.occurrences, self.elsewhere, self.echo)

    @property
    def positions(self) -> range:
        """The indices of its words."""
        return range(self.first, self.last)

    @property
    def cost(self) -> float:
        """The lower of its costs by sound and by spelling."""
        return min(self.phone_cost, self.letter_cost)

    @property
    def distance(self) -> float:
        """Of the sounds, for people: nats per symbol over four, so that 1 is as good as nothing in common."""
        cost = self.cost if self.given_cost is None else (self.cost + self.given_cost) / 2
        return min(1.0, cost / 4)

    def surface_words(self, tokens: Tokens) -> NGram:
        """Its plain words, without the 's of a possessive."""
        words = tuple(tokens.plain[self.first : self.last])
        return strip_possessive(words) if self.is_possessive else words

    def surname_words(self, tokens: Tokens) -> NGram:
        """Its plain words without the first name where that is told apart."""
        return self.surface_words(tokens)[max(0, self.surname_at - self.first) :]


@dataclass(frozen=True, slots=True)
class TextContext:
    """The text around the candidates.

    ``entries``: of all its words. ``note_words``: of the episode's title and notes. ``watched_positions``: indices of
    the words that are a watched name, alone and as it is spelt. ``first_names``: of a surname, those that
    stand before it. ``places``: the indices of each word.
    """

    tokens: Tokens
    entries: Mapping[str, Entry]
    note_words: frozenset[str]
    watched_positions: frozenset[int] = frozenset()
    first_names: Mapping[str, FirstNames] = field(default_factory=dict)
    places: Mapping[str, Sequence[int]] = field(default_factory=dict)


def split_full_names(candidates: Sequence[Candidate], context: TextContext) -> None:
    """Sets where the surname of full names begins, at the border that makes both parts cheapest, and their costs."""
    borders: list[tuple[Candidate, int]] = []
    givens: list[tuple[Encoded, Encoded]] = []
    surnames: list[tuple[Encoded, Encoded]] = []
    for candidate in candidates:
        words = candidate.surface_words(context.tokens)
        for at in range(1, len(words)):
            borders.append((candidate, candidate.first + at))
            givens.append((candidate.form.encoded_given, encode_words(words[:at], context.entries)))
            surnames.append((candidate.form.encoded_surname, encode_words(words[at:], context.entries)))
    best: dict[int, float] = {}
    for (candidate, at), given, surname in zip(borders, measure_costs(givens), measure_costs(surnames), strict=True):
        total = min(given) + min(surname)
        if total < best.get(id(candidate), 99.0):
            best[id(candidate)] = total
            candidate.given_cost, candidate.surname_at = min(given), at
            candidate.phone_cost, candidate.letter_cost = surname
