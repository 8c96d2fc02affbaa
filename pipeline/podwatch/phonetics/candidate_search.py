"""Finds the candidates of a transcript that are not spelt as the name: n-grams near to a form by sound or spelling.

A first search is for all names, in n-grams with a rare word; a second one, with wider limits and in every n-gram, for
the names that the episode is known to be about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from podwatch.phonetics.candidates import Candidate, TextContext, split_full_names
from podwatch.phonetics.form_index import FormIndex, NearPair
from podwatch.phonetics.lexicon import EVERYDAY, GIVEN, UNKNOWN_COST, Entry
from podwatch.phonetics.name_forms import Form
from podwatch.phonetics.ngram_windows import STOP_WORDS, NGram, Windows, strip_possessive
from podwatch.phonetics.noisy_channel import encode_words, measure_costs
from podwatch.phonetics.pronunciation import PHONES
from podwatch.phonetics.symbol_index import sorted_distinct
from podwatch.phonetics.symbol_strings import whole_ngrams
from podwatch.phonetics.tokenizer import CLOSED

if TYPE_CHECKING:
    from podwatch.phonetics.form_index import Floats

# Nats per phone and per letter: how near an n-gram must be to be a candidate ...
FULL_NAME_LIMITS = (1.95, 1.35)  # ... in the first search, for a long full name
NAME_LIMITS = (1.5, 1.2)  # ... and for any other form
LISTED_FACTOR = 0.83  # ... times this if a list has all its words
EVERYDAY_LIMIT = 0.45  # ... and if all its words are everyday words
SECOND_SEARCH_LIMITS = (1.9, 1.3)  # ... for names that the episode is known to be about
MERGED_LIMIT = 0.8  # ... for a first name and a surname run together into one word
SURNAME_AFTER_LIMIT = 2.2  # ... for a surname right behind its first name
GIVEN_LIMITS = (0.9, 0.7)  # ... for first names
ECHO_LIMITS = (0.5, 0.4)  # ... to be the spelling that stood in a sure full name
EVERYDAY_COST = 12.0  # -log P of an everyday word that is said often
POPULAR_COST = 11.0  # -log P: first names that every hour of talk has
LONG_PHONES = 9
MAX_ECHOES = 100  # spellings that are looked for again; an hour of talk has a few
MAX_FIRST_NAMES = 3  # words that a first name may be heard as
FORMS_AT_ONCE = 40  # that are compared with every n-gram: a million pairs or so
_SIBILANTS = bytes((PHONES.index("S"), PHONES.index("Z")))
# First name -> index of the word behind it -> the index of its first word, and its cost.
FirstNamePlaces = Mapping[NGram, Mapping[int, tuple[int, float]]]


class CandidateSearch:
    """The forms of some names, indexed by sound and spelling.

    ``excluded``: for each name, plain words that are never taken for it.
    """

    def __init__(self, forms: Sequence[Form], excluded: Sequence[frozenset[NGram]]) -> None:
        forms = [f for f in forms if not f.is_spelt_only]
        self._forms = forms
        self._excluded = excluded
        limits = [FULL_NAME_LIMITS if f.given_count and len(f.sound) >= LONG_PHONES else NAME_LIMITS for f in forms]
        self._form_index = FormIndex([f.encoded for f in forms], limits)
        self._by_name: dict[int, list[Form]] = {}
        self._by_given: dict[NGram, list[int]] = {}
        for i, form in enumerate(forms):
            self._by_name.setdefault(form.name, []).append(form)
            if form.given_count:
                self._by_given.setdefault(form.given_spelling, []).append(i)
        self._given_names = sorted(self._by_given)
        self._given_index = self._index_given_names(self._given_names)
        surname_limits = (SURNAME_AFTER_LIMIT, SURNAME_AFTER_LIMIT * 0.7)
        self._surname_index = FormIndex([f.encoded_surname for f in forms], [surname_limits] * len(forms))

    def find(self, windows: Windows, context: TextContext) -> list[Candidate]:
        """The candidates of all names."""
        near = self._form_index.find_near(windows.encoded, _limit_factors(windows, context))
        found = self._place(near, self._forms, windows, context, EVERYDAY_LIMIT)
        first_names = self._find_first_names(windows, self._given_names, self._given_index)
        found += self._find_surnames_after(first_names, self._by_given, context)
        return self.drop_excluded(found, context)

    def _index_given_names(self, given_names: Sequence[NGram]) -> FormIndex:
        givens = [self._forms[self._by_given[g][0]].encoded_given for g in given_names]  # one spelling has one sound
        return FormIndex(givens, [GIVEN_LIMITS] * len(givens))

    def find_again(
        self, windows: Windows, names: Sequence[int], sure: Sequence[Candidate], context: TextContext
    ) -> list[Candidate]:
        """The candidates of names that the episode is known to be about; ``sure``: where it surely names them."""
        forms = [f for i in names for f in self._by_name[i]]
        found: list[Candidate] = []
        for begin in range(0, len(forms), FORMS_AT_ONCE):
            some = forms[begin : begin + FORMS_AT_ONCE]
            index = FormIndex([f.encoded for f in some], [SECOND_SEARCH_LIMITS] * len(some))
            near = index.find_near_without_key(windows.encoded)
            found += self._place(near, some, windows, context, SECOND_SEARCH_LIMITS[0])
        wanted = set(names)
        by_given = {
            given: mine
            for given, indices in self._by_given.items()
            if (mine := [i for i in indices if self._forms[i].name in wanted])
        }
        given_names = sorted(by_given)
        first_names = self._find_first_names(windows, given_names, self._index_given_names(given_names))
        found += self._find_surnames_after(first_names, by_given, context)
        found += self._find_echoes(windows, sure, context)
        return self.drop_excluded(found, context)

    def _place(
        self, near: Sequence[NearPair], forms: Sequence[Form], windows: Windows, context: TextContext, limit: float
    ) -> list[Candidate]:
        """A candidate for each place of each near n-gram; of everyday words only where they cost ``limit`` at most."""
        plain = context.tokens.plain
        candidates: list[Candidate] = []
        everyday: dict[int, bool] = {}
        for window, number, phone_cost, letter_cost in near:
            form, ngram = forms[number], windows.ngram(window)
            if ngram == form.words or (ngram[-1].endswith("'s") and not _may_end_in_s(ngram, form, context.entries)):
                continue
            if window not in everyday:
                everyday[window] = _are_everyday(ngram, context.entries)
            if everyday[window] and min(phone_cost, letter_cost) > limit:
                continue
            for at in windows.positions(window):
                last = at + len(ngram)
                possessive = plain[last - 1] != ngram[-1]
                candidates.append(Candidate(form, at, last, phone_cost, letter_cost, is_possessive=possessive))
        split_full_names([c for c in candidates if c.form.given_count], context)
        # An n-gram that is the surname is not also the whole name run together.
        surnames = {(c.form.name, c.first, c.last) for c in candidates if c.form.part == "surname"}
        return [
            c
            for c in candidates
            if not c.form.given_count or c.given_cost is not None or self._is_merged_name(c, surnames, context)
        ]

    def _is_merged_name(self, candidate: Candidate, surnames: set[tuple[int, int, int]], context: TextContext) -> bool:
        """Whether it is a whole name run together: near to it, and neither spelt nor sounding like its surname."""
        name = candidate.form.name
        if candidate.cost > MERGED_LIMIT or (name, candidate.first, candidate.last) in surnames:
            return False
        words = candidate.surface_words(context.tokens)
        return not any(f.part == "surname" and f.words == words for f in self._by_name[name])

    def _find_first_names(
        self, windows: Windows, given_names: Sequence[NGram], given_index: FormIndex
    ) -> FirstNamePlaces:
        import numpy as np

        places: dict[NGram, dict[int, tuple[int, float]]] = {}
        short = np.flatnonzero(windows.sizes <= MAX_FIRST_NAMES)
        for window, given, *costs in given_index.find_near(windows.encoded.take(short)):
            ends, cost = places.setdefault(given_names[given], {}), min(costs)
            for at in windows.positions(int(short[window])):
                end = at + int(windows.sizes[short[window]])
                if end not in ends or cost < ends[end][1]:
                    ends[end] = (at, cost)
        return places

    def _find_surnames_after(
        self, first_names: FirstNamePlaces, by_given: Mapping[NGram, Sequence[int]], context: TextContext
    ) -> list[Candidate]:
        """Full names whose surname may be far from what is said behind the first name, though not as far as another.

        ``by_given``: for each first name the indices of the forms that are looked for behind it.
        """
        import numpy as np

        tokens, n = context.tokens, len(self._forms)
        numbers: dict[NGram, int] = {}
        places: dict[tuple[NGram, int], list[tuple[int, int, float, bool]]] = {}
        pairs = [np.zeros(0, dtype=np.int64)]
        for given in sorted(first_names.keys() & by_given.keys()):
            used = set()
            for at, (first, cost) in sorted(first_names[given].items()):
                for end in range(at + 1, min(at + 3, len(tokens.plain)) + 1):
                    if tokens.gaps[end - 2] == CLOSED or not tokens.plain[end - 1]:
                        break
                    if tokens.plain[end - 1] in STOP_WORDS:
                        continue
                    words = tuple(tokens.plain[at:end])
                    surname = strip_possessive(words)
                    number = numbers.setdefault(surname, len(numbers))
                    used.add(number)
                    places.setdefault((given, number), []).append((first, at, cost, surname != words))
            pairs.append(np.add.outer(np.array([*used], dtype=np.int64) * n, np.array(by_given[given])).ravel())
        ngrams = list(numbers)
        encoded = whole_ngrams([encode_words(ngram, context.entries) for ngram in ngrams])
        near = self._surname_index.find_near_among(encoded, sorted_distinct(np.concatenate(pairs)))
        candidates = []
        for window, number, phone_cost, letter_cost in near:
            form, ngram = self._forms[number], ngrams[window]
            for first, at, cost, possessive in places.get((form.given_spelling, window), ()):
                if ngram != form.words[form.given_count :] or cost:
                    last = at + len(ngram)
                    full = Candidate(form, first, last, phone_cost, letter_cost, cost, possessive, surname_at=at)
                    candidates.append(full)
        return candidates

    def _find_echoes(self, windows: Windows, sure: Sequence[Candidate], context: TextContext) -> list[Candidate]:
        """Where a surname stands alone, spelt as it was beside its first name."""
        tokens = context.tokens
        often: Counter[tuple[int, NGram]] = Counter()
        forms = (f for name in {c.form.name for c in sure} for f in reversed(self._by_name[name]))
        surnames = {f.name: f for f in forms if f.part == "surname"}  # the first of each name
        for candidate in sure:
            if candidate.form.given_count and candidate.surname_at > candidate.first and not candidate.is_exact:
                words, form = candidate.surname_words(tokens), surnames.get(candidate.form.name)
                if form is not None and words != form.words and not _are_everyday(words, context.entries):
                    often[form.name, words] += 1
        spellings = sorted(spelling for spelling, _ in often.most_common(MAX_ECHOES))
        encoded = [encode_words(words, context.entries) for _, words in spellings]
        index = FormIndex(encoded, [ECHO_LIMITS] * len(encoded))
        candidates, pairs = [], []
        taken = {(c.form.name, i) for c in sure for i in c.positions}
        for window, number, *_ in index.find_near_without_key(windows.encoded):
            form, ngram = surnames[spellings[number][0]], windows.ngram(window)
            for at in windows.positions(window) if ngram != form.words else ():
                if (form.name, at) not in taken:
                    last = at + len(ngram)
                    possessive = tokens.plain[last - 1] != ngram[-1]
                    candidates.append(Candidate(form, at, last, 0, 0, is_possessive=possessive, echo=1.0))
                    pairs.append((form.encoded, windows.encoded_ngram(window)))
        for candidate, costs in zip(candidates, measure_costs(pairs), strict=True):
            candidate.phone_cost, candidate.letter_cost = costs
        return candidates

    def drop_excluded(self, candidates: Sequence[Candidate], context: TextContext) -> list[Candidate]:
        """Without those whose words, or surname, people said are somebody else."""
        return [
            c
            for c in candidates
            if not (excluded := self._excluded[c.form.name])
            or excluded.isdisjoint((c.surface_words(context.tokens), c.surname_words(context.tokens)))
        ]


def _are_everyday(words: NGram, entries: Mapping[str, Entry]) -> bool:
    return all(entries[w].is_everyday(EVERYDAY_COST) for w in words)


def _may_end_in_s(ngram: NGram, form: Form, entries: Mapping[str, Entry]) -> bool:
    """Whether an 's may be the end of the name: Walt's for Waltz, but not Slack's for Sachs, nor Joe's for Joyce."""
    base = entries.get(ngram[-1].removesuffix("'s"))
    is_word = base is not None and (base.is_everyday() or (base.flags & GIVEN and base.cost < POPULAR_COST))
    return form.sound[-1] in _SIBILANTS and not is_word and not (form.given_count and len(ngram) == 1)


def _limit_factors(windows: Windows, context: TextContext) -> Floats:
    """For each n-gram what part of the limits counts: the more ordinary its words are, the nearer it must be."""
    import numpy as np

    entries = [context.entries[w] for w in windows.words[:-1]]
    costs = np.array([*(cost for cost, _, _ in entries), 0.0])
    flags = np.array([*(flags for _, flags, _ in entries), EVERYDAY])
    is_unknown = costs >= UNKNOWN_COST
    is_everyday = (flags & EVERYDAY > 0) & (costs < EVERYDAY_COST)
    factors = np.where(is_everyday[windows.rows].all(axis=1), EVERYDAY_LIMIT / NAME_LIMITS[1], LISTED_FACTOR)
    factors[is_unknown[windows.rows].any(axis=1)] = 1.0
    return factors.astype(np.float32)
