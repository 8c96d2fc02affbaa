"""A spot: one place of the text that may be one form of a name, with what the sounds say for and against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podwatch.phonetics.lexicon import Entry
from podwatch.phonetics.name_forms import Form
from podwatch.phonetics.noisy_channel import Channel, letters_of
from podwatch.phonetics.tokenizer import Words

Measure = tuple[float, float]  # cost by phone, cost by letter


@dataclass(slots=True)
class Spot:
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
    phone: float
    letter: float
    given: float | None = None
    whose: bool = False
    exact: bool = False
    score: float = 0.0
    seen: int = 0
    elsewhere: float = 0.0
    echo: float = 0.0
    at: int = -1
    own: list[float] | None = None
    alone: float | None = None

    def changed(self) -> None:
        """Forgets what was made of its evidence."""
        self.own = self.alone = None

    @property
    def distance(self) -> float:
        """Of the sounds: nats by symbol over four, so that 1 is as good as nothing in common."""
        near = min(self.phone, self.letter)
        if self.given is not None:
            near = (near + self.given) / 2
        return min(1.0, near / 4)


@dataclass(frozen=True, slots=True)
class Scene:
    """The text around the spots. ``noted``: words of the episode's title and notes.
    ``watched``: numbers of the words that are a name of the list, alone and as it is spelt.
    """

    words: Words
    known: Mapping[str, Entry]
    noted: frozenset[str]
    watched: frozenset[int] = frozenset()


def heard_words(spot: Spot, words: Words) -> list[str]:
    heard = list(words.plain[spot.first : spot.last])
    if spot.whose and heard[-1].endswith("'s"):
        heard[-1] = heard[-1][:-2]
    return heard


class Gauge:
    """Measures strings against each other in both alphabets, many at once and each pair once."""

    def __init__(self, phones: Channel, letters: Channel) -> None:
        self._phones, self._letters = phones, letters
        self._known: dict[tuple[bytes, bytes, bytes, bytes], Measure] = {}

    def measure(self, pairs: Sequence[tuple[bytes, bytes, bytes, bytes]]) -> list[Measure]:
        """(cost by phone, cost by letter) for each (said phones, heard phones, said letters, heard letters)."""
        new = sorted({p for p in pairs if p not in self._known})
        if new:
            by_phone = self._costs(self._phones, [(p[0], p[1]) for p in new])
            by_letter = self._costs(self._letters, [(p[2], p[3]) for p in new])
            self._known.update(zip(new, zip(by_phone, by_letter, strict=True), strict=True))
        return [self._known[p] for p in pairs]

    @staticmethod
    def _costs(channel: Channel, pairs: Sequence[tuple[bytes, bytes]]) -> list[float]:
        costs = channel.costs(channel.pad([a for a, _ in pairs]), channel.pad([b for _, b in pairs])).tolist()
        return [c / max(1, len(a)) for c, (a, _) in zip(costs, pairs, strict=True)]


def strings(words: Sequence[str], known: Mapping[str, Entry]) -> tuple[bytes, bytes]:
    """The phones and the letters of some words of the text."""
    return b"".join([known[w].sound for w in words]), b"".join([letters_of(w) for w in words])


def split(spots: Sequence[Spot], words: Words, known: Mapping[str, Entry], gauge: Gauge) -> None:
    """Tells first name and surname of whole full names apart, at the border that makes both cheapest."""
    tried: list[tuple[Spot, int]] = []
    givens, surnames = [], []
    for spot in spots:
        if not spot.form.given:
            continue
        said = spot.form.first_names
        rest = spot.form.rest
        heard_words = list(words.plain[spot.first : spot.last])
        if spot.whose:
            heard_words[-1] = heard_words[-1].removesuffix("'s")
        for at in range(1, len(heard_words)):
            left, right = strings(heard_words[:at], known), strings(heard_words[at:], known)
            tried.append((spot, spot.first + at))
            givens.append((said[0], left[0], said[1], left[1]))
            surnames.append((rest[0], right[0], rest[1], right[1]))
    best: dict[int, float] = {}
    for (spot, at), given, surname in zip(tried, gauge.measure(givens), gauge.measure(surnames), strict=True):
        total = min(given) + min(surname)
        if total < best.get(id(spot), 99.0):
            best[id(spot)] = total
            spot.given, (spot.phone, spot.letter), spot.at = min(given), surname, at
