"""Gathers the spots of a transcript: what is spelt right, what is near, and what is near to names known to be there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from podwatch.phonetics import consonant_keys as skeleton
from podwatch.phonetics.candidates import Candidate, StringDistances, TextContext, split_full_names, surface_words
from podwatch.phonetics.form_index import FormIndex, NearPairs, SymbolIndex
from podwatch.phonetics.lexicon import EVERYDAY, GIVEN, UNKNOWN_COST, Entry
from podwatch.phonetics.name_forms import Form
from podwatch.phonetics.ngram_windows import STOP_WORDS, Windows
from podwatch.phonetics.noisy_channel import encode_letters, load_channels
from podwatch.phonetics.pronunciation import PHONES
from podwatch.phonetics.tokenizer import CLOSED, Tokens

if TYPE_CHECKING:
    from podwatch.phonetics.ngram_windows import NGram

# Nats by phone and by letter: how near a window must be to be looked at ...
FULL_NAME_LIMITS = (1.95, 1.35)  # ... at first, for a long full name
NAME_LIMITS = (1.5, 1.2)  # ... for any other name
LISTED_FACTOR = 0.83  # ... times this if a list has all its words
EVERYDAY_LIMIT = 0.45  # ... and if all its words are everyday words
SECOND_PASS_LIMITS = (1.9, 1.3)  # ... for names that the episode is known to be about
MERGED_LIMIT = 0.8  # ... for a first name and a surname run together into one word
SURNAME_AFTER_LIMIT = 2.2  # ... for a surname right behind its first name
GIVEN_LIMITS = (0.9, 0.7)  # ... for first names
ECHO_LIMITS = (0.5, 0.4)  # ... to be the spelling that stood in a sure full name
EVERYDAY_COST = 12.0  # -log P of an everyday word that is said often
POPULAR_COST = 11.0  # -log P: first names that every hour of talk has
LONG_PHONES = 9  # phones
MAX_ECHOES = 100  # spellings that are looked for again; an hour of talk has a few
FORMS_AT_ONCE = 40  # forms that are compared with every window at once: a million pairs or so
JOINED_LETTERS = 4  # letters; a longer name is found in any words that are spelt as it when put together
_SIBILANTS = bytes((PHONES.index("S"), PHONES.index("Z")))
FirstNameHits = Mapping[tuple[str, ...], Mapping[int, tuple[int, float]]]


def index_forms(forms: Sequence[Form], limits: Sequence[tuple[float, float]]) -> FormIndex:
    """What listens for ``forms``, with limits by phone and by letter for each."""
    return index_strings([(f.sound, encode_letters(f.letters)) for f in forms], limits)


def index_strings(strings: Sequence[tuple[bytes, bytes]], limits: Sequence[tuple[float, float]]) -> FormIndex:
    """What listens for pairs of phones and letters; what is very short must be nearer."""
    phones, letters = load_channels()
    by_phone = [most if len(s) > 2 else most / 3 for (s, _), (most, _) in zip(strings, limits, strict=True)]
    by_letter = [most if len(s) > 2 else most / 3 for (_, s), (_, most) in zip(strings, limits, strict=True)]
    return FormIndex(
        SymbolIndex(phones, [s for s, _ in strings], by_phone, skeleton.phone_classes),
        SymbolIndex(letters, [s for _, s in strings], by_letter, skeleton.letter_classes),
    )


class CandidateSearch:
    """The forms of some names, ready to be looked for."""

    def __init__(self, forms: Sequence[Form], refused: Sequence[frozenset[NGram]]) -> None:
        self.forms = forms
        self._excluded = refused
        self._form_index = index_forms(
            forms, [FULL_NAME_LIMITS if f.given_count and len(f.sound) >= LONG_PHONES else NAME_LIMITS for f in forms]
        )
        self.distances = StringDistances(*load_channels())
        self.forms_by_name: dict[int, list[Form]] = {}
        for form in forms:
            self.forms_by_name.setdefault(form.name, []).append(form)
        self._by_words: dict[NGram, list[Form]] = {}
        for form in (f for f in forms if f.spelling == f.words):
            self._by_words.setdefault(form.words, []).append(form)
            if (joined := _join_initials(form.words)) != form.words:
                self._by_words.setdefault(joined, []).append(form)
        self._first_words = {words[0] for words in self._by_words}
        self._by_letters: dict[str, list[Form]] = {}
        for form in forms:
            if (
                form.spelling == form.words
                and not form.given_count
                and not form.is_wordlike
                and len(form.letters) > JOINED_LETTERS
            ):
                self._by_letters.setdefault(form.letters, []).append(form)
        self._letter_prefixes = {letters[:n] for letters in self._by_letters for n in (1, 2, 3)}
        self._max_words = max((len(w) for w in self._by_words), default=0)
        self._by_given: dict[NGram, list[int]] = {}
        for i, form in enumerate(forms):
            if form.given_count:  # the same spelling is always sounded out the same
                self._by_given.setdefault(form.spelling[: form.given_count], []).append(i)
        self._given_names = sorted(self._by_given)
        self._given_index = index_strings(
            [forms[self._by_given[g][0]].given_symbols for g in self._given_names],
            [GIVEN_LIMITS] * len(self._given_names),
        )
        behind = [f.surname_symbols for f in forms]
        self._surname_index = index_strings(behind, [(SURNAME_AFTER_LIMIT, SURNAME_AFTER_LIMIT * 0.7)] * len(behind))

    def find_exact(self, words: Tokens) -> list[Candidate]:
        """The places where a form stands as it is spelt, or in words that are spelt so together."""
        spots = []
        for i, word in enumerate(words.plain):
            base = word[:-2] if word.endswith("'s") else word
            if (
                word not in self._first_words
                and base not in self._first_words
                and word[:3] not in self._letter_prefixes
            ):
                continue
            for end in range(i + 1, min(i + max(3, self._max_words), len(words.plain)) + 1):
                if not words.plain[end - 1]:
                    break
                key = tuple(words.plain[i:end])
                keys = [(key, False)]
                if key[-1].endswith("'s"):
                    keys.append(((*key[:-1], key[-1][:-2]), True))
                for said, whose in keys:
                    for form in self._by_letters.get("".join(said).replace("'", ""), ()) if end - i < 4 else ():
                        if said != form.words:
                            spots.append(Candidate(form, i, end, 0.0, 0.0, None, whose))
                    for form in self._by_words.get(said, ()):
                        given = 0.0 if form.given_count else None
                        at = end - len(form.words) + form.given_count
                        spots.append(Candidate(form, i, end, 0.0, 0.0, given, whose, is_exact=True, surname_at=at))
                if words.gaps[end - 1] == CLOSED:
                    break
        return spots

    def find_similar(self, windows: Windows, scene: TextContext) -> list[Candidate]:
        """The spots of any name."""
        hits = self._form_index.find_near(windows.sounds, windows.letters, limit_factors=_limit_factors(windows, scene))
        spots = self._place_candidates(windows, hits, self.forms, scene, EVERYDAY_LIMIT)
        return self._drop_excluded(
            spots + self._find_surnames_after(scene, self._find_first_names(windows), None), scene
        )

    def find_similar_again(
        self, windows: Windows, names: Sequence[int], sure_candidates: Sequence[Candidate], scene: TextContext
    ) -> list[Candidate]:
        """The spots of names that the episode is known to be about, ``sure`` being where it names them."""
        forms = [f for i in names for f in self.forms_by_name[i]]
        spots: list[Candidate] = []
        for begin in range(0, len(forms), FORMS_AT_ONCE):
            some = forms[begin : begin + FORMS_AT_ONCE]
            hits = index_forms(some, [SECOND_PASS_LIMITS] * len(some)).find_near(
                windows.sounds, windows.letters, all_pairs=True
            )
            spots += self._place_candidates(windows, hits, some, scene, SECOND_PASS_LIMITS[0])
        givens = {f.spelling[: f.given_count] for f in forms if f.given_count}
        before = {g: ends for g, ends in self._find_first_names(windows).items() if g in givens}
        spots += self._find_surnames_after(scene, before, frozenset(names))
        return self._drop_excluded(spots + self._find_repeated_spellings(windows, sure_candidates, scene), scene)

    def _place_candidates(
        self, windows: Windows, hits: NearPairs, forms: Sequence[Form], scene: TextContext, tamest: float
    ) -> list[Candidate]:
        """A spot for each place of each window; of everyday words only where they are as near as ``tamest``."""
        words, known = scene.tokens, scene.entries
        spots: list[Candidate] = []
        tame: dict[int, bool] = {}
        for window, number, phone, letter in zip(*hits, strict=True):
            form, key = forms[number], windows.ngrams[window]
            if key == form.words or (key[-1].endswith("'s") and not _ends_in_sibilant(key, form, known)):
                continue
            if window not in tame:
                tame[window] = all(_is_everyday(known[w]) for w in key)
            if tame[window] and min(phone, letter) > tamest:
                continue
            n = len(key)
            for at in windows.positions[window]:
                spots.append(
                    Candidate(form, at, at + n, phone, letter, is_possessive=words.plain[at + n - 1] != key[-1])
                )
        split_full_names([s for s in spots if s.form.given_count], words, known, self.distances)
        # A window that is the surname is not also the whole name run together.
        near = {(s.form.name, s.first, s.last) for s in spots if s.form.part == "surname"}
        return [
            s
            for s in spots
            if not s.form.given_count or s.given_cost is not None or not self._is_no_full_name(s, near, words)
        ]

    def _is_no_full_name(self, spot: Candidate, near: set[tuple[int, int, int]], words: Tokens) -> bool:
        """Whether the words of the spot are, or sound like, the surname alone, or are far from the whole name."""
        if min(spot.phone_cost, spot.letter_cost) > MERGED_LIMIT:
            return True
        if (spot.form.name, spot.first, spot.last) in near:
            return True
        heard = tuple(surface_words(spot, words))
        return any(f.part == "surname" and f.words == heard for f in self.forms_by_name[spot.form.name])

    def _find_first_names(self, windows: Windows) -> FirstNameHits:
        """First name -> the number of the word behind it -> the number of its first word, and its cost."""
        found: dict[NGram, dict[int, tuple[int, float]]] = {}
        short = [i for i, key in enumerate(windows.ngrams) if len(key) <= 3]
        hits = self._given_index.find_near([windows.sounds[i] for i in short], [windows.letters[i] for i in short])
        for window, given, phone, letter in zip(*hits, strict=True):
            key, cost = windows.ngrams[short[window]], min(phone, letter)
            ends = found.setdefault(self._given_names[given], {})
            for at in windows.positions[short[window]]:
                end = at + len(key)
                if end not in ends or cost < ends[end][1]:
                    ends[end] = (at, cost)
        return found

    def _find_surnames_after(
        self, scene: TextContext, before: FirstNameHits, names: frozenset[int] | None
    ) -> list[Candidate]:
        """Full names whose surname may be far from what is said behind the first name, though not as far as another.

        ``names``: the only ones that are looked for, or None for all.
        """
        import numpy as np

        words = scene.tokens
        keys: dict[NGram, int] = {}
        places: dict[tuple[NGram, int], list[tuple[int, int, float, bool]]] = {}
        pairs = []
        n = len(self.forms)
        for given, ends in sorted(before.items()):
            mine = [i for i in self._by_given[given] if names is None or self.forms[i].name in names]
            forms = np.array(mine, dtype=np.int64)
            used = set()
            for at, (first, cost) in sorted(ends.items()):
                for end in range(at + 1, at + 4):
                    if end > len(words.plain) or words.gaps[end - 2] == CLOSED or not words.plain[end - 1]:
                        break
                    if words.plain[end - 1] in STOP_WORDS:
                        continue
                    key = tuple(words.plain[at:end])
                    whose = key[-1].endswith("'s")
                    if whose:
                        key = (*key[:-1], key[-1][:-2])
                    number = keys.setdefault(key, len(keys))
                    used.add(number)
                    places.setdefault((given, number), []).append((first, at, cost, whose))
            if used:
                pairs.append((np.array(sorted(used), dtype=np.int64)[:, None] * n + forms).ravel())
        if not pairs:
            return []
        sounds = [b"".join([scene.entries[w].sound for w in k]) for k in keys]
        letters = [b"".join([encode_letters(w) for w in k]) for k in keys]
        hits = self._surname_index.find_near_among(sounds, letters, np.unique(np.concatenate(pairs)))
        spots = []
        every = list(keys)
        for window, number, phone, letter in zip(*hits, strict=True):
            form, key = self.forms[number], every[window]
            for first, at, cost, whose in places.get((form.spelling[: form.given_count], window), ()):
                if key != form.words[form.given_count :] or cost:
                    spots.append(Candidate(form, first, at + len(key), phone, letter, cost, whose, surname_at=at))
        return spots

    def _find_repeated_spellings(
        self, windows: Windows, sure: Sequence[Candidate], scene: TextContext
    ) -> list[Candidate]:
        """Where the surname stands alone, spelt as it was beside its first name."""
        words, known = scene.tokens, scene.entries
        found: dict[tuple[int, NGram], Form] = {}
        often: Counter[tuple[int, NGram]] = Counter()
        for spot in sure:
            if spot.form.given_count and spot.surname_at > spot.first and not spot.is_exact:
                key = tuple(words.plain[spot.surname_at : spot.last])
                key = (*key[:-1], key[-1].removesuffix("'s")) if spot.is_possessive else key
                surname = next((f for f in self.forms_by_name[spot.form.name] if f.part == "surname"), None)
                tame = all(_is_everyday(known[w]) for w in key)
                if surname is not None and key != surname.words and not tame:
                    found[spot.form.name, key] = surname
                    often[spot.form.name, key] += 1
        if not found:
            return []
        order = sorted(sorted(found, key=lambda k: -often[k])[:MAX_ECHOES])  # each is compared with every window
        said = [(b"".join(known[w].sound for w in k), b"".join(encode_letters(w) for w in k)) for _, k in order]
        hits = index_strings(said, [ECHO_LIMITS] * len(said)).find_near(windows.sounds, windows.letters, all_pairs=True)
        spots, pairs = [], []
        taken = {(s.form.name, i) for s in sure for i in range(s.first, s.last)}
        for window, number, _, _ in zip(*hits, strict=True):
            form, key = found[order[number]], windows.ngrams[window]
            if key == form.words:
                continue
            for at in windows.positions[window]:
                whose = words.plain[at + len(key) - 1] != key[-1]
                if (form.name, at) in taken:
                    continue
                spots.append(Candidate(form, at, at + len(key), 9, 9, is_possessive=whose, echo=1.0))
                pairs.append(
                    (form.sound, windows.sounds[window], encode_letters(form.letters), windows.letters[window])
                )
        for spot, (phone, letter) in zip(spots, self.distances.measure(pairs), strict=True):
            spot.phone_cost, spot.letter_cost = phone, letter
        return spots

    def _drop_excluded(self, spots: Sequence[Candidate], scene: TextContext) -> list[Candidate]:
        """Without what was said to be somebody else."""
        kept = []
        for spot in spots:
            refused = self._excluded[spot.form.name]
            if refused:
                heard = surface_words(spot, scene.tokens)
                at = max(0, spot.surname_at - spot.first)
                if tuple(heard) in refused or tuple(heard[at:]) in refused:
                    continue
            kept.append(spot)
        return kept


def _join_initials(words: NGram) -> NGram:
    """J. D. Vance as JD Vance."""
    n = next((i for i, w in enumerate(words) if len(w) > 1), len(words))
    return words if n < 2 or n == len(words) else ("".join(words[:n]), *words[n:])


def _ends_in_sibilant(key: NGram, form: Form, known: Mapping[str, Entry]) -> bool:
    """Whether an 's may be the end of the name: Walt's for Waltz, but not Slack's for Sachs, nor Joe's for Joyce."""
    base = known.get(key[-1][:-2])
    word = base is not None and (base.flags & EVERYDAY or (base.flags & GIVEN and base.cost < POPULAR_COST))
    return form.sound[-1] in _SIBILANTS and not word and not (form.given_count and len(key) == 1)


def _limit_factors(windows: Windows, scene: TextContext) -> list[float]:
    """How near each window must be: the more ordinary its words are, the nearer."""
    words = {w: (e.cost >= UNKNOWN_COST, not _is_everyday(e)) for w, e in scene.entries.items()}
    found = []
    for key in windows.ngrams:
        odd = [words[w] for w in key]
        if any(new for new, _ in odd):
            found.append(1.0)
        else:
            found.append(LISTED_FACTOR if any(seldom for _, seldom in odd) else EVERYDAY_LIMIT / NAME_LIMITS[1])
    return found


def _is_everyday(entry: Entry) -> bool:
    return bool(entry.flags & EVERYDAY) and entry.cost < EVERYDAY_COST
