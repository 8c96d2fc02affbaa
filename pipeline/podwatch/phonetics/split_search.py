"""Finds the candidates that are several plain words: behind a first name, for a first name, and for a name of one word.

The search of n-grams has those with a rare word in them, of four words at most, that begin and end in no stop word.
A name that was split has often none (time in, for Tijmen), or more words, or ends in one (to you). The words are
measured as they are said alone, and with the weak forms that small words have between others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from podwatch.phonetics.candidates import Candidate, TextContext
from podwatch.phonetics.lexicon import Entry
from podwatch.phonetics.name_forms import Form
from podwatch.phonetics.ngram_windows import STOP_WORDS, NGram, strip_possessive
from podwatch.phonetics.noisy_channel import Encoded, encode_words, measure_costs
from podwatch.phonetics.split_lattice import MAX_WORDS, MIN_PHONES, SplitLattice, weak_sounds
from podwatch.phonetics.tokenizer import CLOSED

SURNAME_COST = 1.3  # nats per symbol of a surname behind its first name
STOP_WORD_GAIN = 0.3  # nats per symbol: what ends in a stop word is nearer by this than without it
SURNAME_COST_BEHIND_SPLIT = 1.1  # ... and behind one that is split itself
MAX_LENGTH = 1.7  # times as many phones as the surname has: more cannot be as near as SURNAME_COST
Place = tuple[int, int, float]  # of a first name: its first word, the word behind it, what it costs


class SplitSearch:
    """The names that may be heard as plain words, as lattices, and the first names that words may stand behind."""

    def __init__(self, forms: Sequence[Form]) -> None:
        by_given: dict[NGram, list[Form]] = {}
        for form in forms:
            if form.given_count and form.may_be_person and not form.has_title and not form.is_spelt_only:
                by_given.setdefault(form.given_spelling, []).append(form)
        # With what each surname sounds like, and how many phones what is heard may have.
        self._surnames: dict[NGram, list[tuple[Form, Encoded, float]]] = {}
        self._first_words: dict[str, list[NGram]] = {}
        self._givens_of: dict[NGram, list[NGram]] = {}
        for given, mine in by_given.items():
            said = [(form, form.encoded_surname) for form in mine]
            self._surnames[given] = [(form, encoded, MAX_LENGTH * len(encoded[0])) for form, encoded in said]
            nicknames = sorted({nickname for form in mine for nickname in form.nicknames})
            for spelt in dict.fromkeys((given, *((nickname,) for nickname in nicknames))):
                if spelt not in self._givens_of:
                    self._first_words.setdefault(spelt[0], []).append(spelt)
                self._givens_of.setdefault(spelt, []).append(given)
        self._split_givens = list(by_given)
        self._given_lattice = SplitLattice([by_given[given][0].encoded_given[0] for given in self._split_givens])
        single = (f for f in forms if len(f.words) == 1 and f.part != "surname" and not f.is_spelt_only)
        self._single = [f for f in single if f.kind != "person" and len(f.sound) >= MIN_PHONES - 1]
        self._single_lattice = SplitLattice([form.sound for form in self._single])

    def find(self, context: TextContext) -> list[Candidate]:
        """The candidates of all names."""
        tokens = context.tokens
        goes_on = [gap != CLOSED for gap in tokens.gaps]
        pairs: list[tuple[Form, Encoded, Place, int]] = []
        for given, place in self._first_names(context):
            ends = list(self._ends(place[1], context))
            for form, encoded, most in self._surnames[given] if ends else ():
                pairs += [(form, encoded, place, end) for end, length in ends if length <= most]
        found = self._measure(pairs, context)
        for way in self._single_lattice.find(tokens.plain, goes_on):
            form = self._single[way.name]
            words = tuple(tokens.plain[way.first : way.last])
            if words != form.words:
                letters = measure_costs([(form.encoded, encode_words(words, context.entries))])[0][1]
                found.append(Candidate(form, way.first, way.last, way.cost, letters))
        return found

    def _first_names(self, context: TextContext) -> Iterator[tuple[NGram, Place]]:
        """Where first names stand as they are spelt (nicknames, too), and where plain words that may be one."""
        plain = context.tokens.plain
        for at, word in enumerate(plain):
            for spelt in self._first_words.get(word, ()):
                if tuple(plain[at : at + len(spelt)]) == spelt:
                    for given in self._givens_of[spelt]:
                        yield given, (at, at + len(spelt), 0.0)
        goes_on = [gap != CLOSED for gap in context.tokens.gaps]
        for way in self._given_lattice.find(plain, goes_on):
            yield self._split_givens[way.name], (way.first, way.last, max(way.cost, 0.01))

    @staticmethod
    def _ends(at: int, context: TextContext) -> Iterator[tuple[int, int]]:
        """Where a surname of several words that begins at ``at`` may end, and how many phones it has at least then."""
        tokens, weak, length = context.tokens, weak_sounds(), 0
        for end in range(at + 1, min(at + MAX_WORDS, len(tokens.plain)) + 1):
            if tokens.gaps[end - 2] == CLOSED or not tokens.plain[end - 1]:
                return
            word = tokens.plain[end - 1]
            length += len(weak.get(word, context.entries[word].sound))
            if end - at > 1:
                yield end, length

    @staticmethod
    def _measure(pairs: Sequence[tuple[Form, Encoded, Place, int]], context: TextContext) -> list[Candidate]:
        plain = context.tokens.plain
        asked: list[tuple[Encoded, Encoded]] = []
        known: dict[tuple[int, int], tuple[Encoded, Encoded]] = {}
        for _, encoded, (_, begin, _), end in pairs:
            if (begin, end) not in known:
                known[begin, end] = encode_ways(strip_possessive(tuple(plain[begin:end])), context.entries)
            asked += [(encoded, heard) for heard in known[begin, end]]
        costs = measure_costs(asked)
        found = []
        nearest: dict[tuple[int, int, int], float] = {}  # of the shorter ones that begin there
        for number, (form, _, (first, begin, given_cost), end) in enumerate(pairs):
            alone, weak = costs[2 * number : 2 * number + 2]
            phone, letter = min(alone[0], weak[0]), alone[1]
            if min(phone, letter) > (SURNAME_COST_BEHIND_SPLIT if given_cost else SURNAME_COST):
                continue
            words = strip_possessive(tuple(plain[begin:end]))
            if words == form.words[form.given_count :]:
                continue
            at = (id(form), first, begin)
            if words[-1] in STOP_WORDS and min(phone, letter) > nearest.get(at, SURNAME_COST) - STOP_WORD_GAIN:
                continue
            nearest[at] = min(phone, letter, nearest.get(at, SURNAME_COST))
            possessive = plain[end - 1] != words[-1]
            found.append(Candidate(form, first, end, phone, letter, given_cost, possessive, surname_at=begin))
        return found


def encode_ways(words: NGram, entries: Mapping[str, Entry]) -> tuple[Encoded, Encoded]:
    """Plain words with the sounds that each has alone, and with the weak forms of those that have one."""
    alone = encode_words(words, entries)
    weak = b"".join([weak_sounds().get(word, entries[word].sound) for word in words])
    return alone, (weak, alone[1])
