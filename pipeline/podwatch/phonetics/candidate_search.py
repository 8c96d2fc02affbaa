"""Gathers the spots of a transcript: what is spelt right, what is near, and what is near to names known to be there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from podwatch.phonetics import consonant_keys as skeleton
from podwatch.phonetics.candidates import Gauge, Scene, Spot, heard_words, split
from podwatch.phonetics.form_index import Ears, Hits, Index
from podwatch.phonetics.lexicon import EVERYDAY, GIVEN, UNKNOWN, Entry
from podwatch.phonetics.name_forms import Form
from podwatch.phonetics.ngram_windows import PLAIN, Windows
from podwatch.phonetics.noisy_channel import channels, letters_of
from podwatch.phonetics.pronunciation import PHONES
from podwatch.phonetics.tokenizer import CLOSED, Words

if TYPE_CHECKING:
    from podwatch.phonetics.ngram_windows import Key

# Nats by phone and by letter: how near a window must be to be looked at ...
FIRST = (1.95, 1.35)  # ... at first, for a long full name
ALONE = (1.5, 1.2)  # ... for any other name
LISTED = 0.83  # ... times this if a list has all its words
TAME = 0.45  # ... and if all its words are everyday words
PATIENT = (1.9, 1.3)  # ... for names that the episode is known to be about
MERGED = 0.8  # ... for a first name and a surname run together into one word
BEHIND = 2.2  # ... for a surname right behind its first name
GIVEN_NEAR = (0.9, 0.7)  # ... for first names
ECHO = (0.5, 0.4)  # ... to be the spelling that stood in a sure full name
TAME_COST = 12.0  # -log P of an everyday word that is said often
POPULAR = 11.0  # -log P: first names that every hour of talk has
LONG = 9  # phones
ECHOES = 100  # spellings that are looked for again; an hour of talk has a few
FEW = 40  # forms that are compared with every window at once: a million pairs or so
TOGETHER = 4  # letters; a longer name is found in any words that are spelt as it when put together
_HISSED = bytes((PHONES.index("S"), PHONES.index("Z")))
Heard = Mapping[tuple[str, ...], Mapping[int, tuple[int, float]]]


def ears_of(forms: Sequence[Form], limits: Sequence[tuple[float, float]]) -> Ears:
    """What listens for ``forms``, with limits by phone and by letter for each."""
    return ears([(f.sound, letters_of(f.letters)) for f in forms], limits)


def ears(strings: Sequence[tuple[bytes, bytes]], limits: Sequence[tuple[float, float]]) -> Ears:
    """What listens for pairs of phones and letters; what is very short must be nearer."""
    phones, letters = channels()
    by_phone = [most if len(s) > 2 else most / 3 for (s, _), (most, _) in zip(strings, limits, strict=True)]
    by_letter = [most if len(s) > 2 else most / 3 for (_, s), (_, most) in zip(strings, limits, strict=True)]
    return Ears(
        Index(phones, [s for s, _ in strings], by_phone, skeleton.of_sound),
        Index(letters, [s for _, s in strings], by_letter, skeleton.of_letters),
    )


class Listener:
    """The forms of some names, ready to be looked for."""

    def __init__(self, forms: Sequence[Form], refused: Sequence[frozenset[Key]]) -> None:
        self.forms = forms
        self._refused = refused
        self._ears = ears_of(forms, [FIRST if f.given and len(f.sound) >= LONG else ALONE for f in forms])
        self.gauge = Gauge(*channels())
        self.of: dict[int, list[Form]] = {}
        for form in forms:
            self.of.setdefault(form.name, []).append(form)
        self._spelt: dict[Key, list[Form]] = {}
        for form in (f for f in forms if f.spelling == f.words):
            self._spelt.setdefault(form.words, []).append(form)
            if (joined := _initials_joined(form.words)) != form.words:
                self._spelt.setdefault(joined, []).append(form)
        self._begin = {words[0] for words in self._spelt}
        self._together: dict[str, list[Form]] = {}
        for form in forms:
            if form.spelling == form.words and not form.given and not form.wordlike and len(form.letters) > TOGETHER:
                self._together.setdefault(form.letters, []).append(form)
        self._starts = {letters[:n] for letters in self._together for n in (1, 2, 3)}
        self._longest = max((len(w) for w in self._spelt), default=0)
        self._by_given: dict[Key, list[int]] = {}
        for i, form in enumerate(forms):
            if form.given:  # the same spelling is always sounded out the same
                self._by_given.setdefault(form.spelling[: form.given], []).append(i)
        self._givens = sorted(self._by_given)
        self._given_ears = ears(
            [forms[self._by_given[g][0]].first_names for g in self._givens], [GIVEN_NEAR] * len(self._givens)
        )
        behind = [f.rest for f in forms]
        self._behind = ears(behind, [(BEHIND, BEHIND * 0.7)] * len(behind))

    def spelt(self, words: Words) -> list[Spot]:
        """The places where a form stands as it is spelt, or in words that are spelt so together."""
        spots = []
        for i, word in enumerate(words.plain):
            base = word[:-2] if word.endswith("'s") else word
            if word not in self._begin and base not in self._begin and word[:3] not in self._starts:
                continue
            for end in range(i + 1, min(i + max(3, self._longest), len(words.plain)) + 1):
                if not words.plain[end - 1]:
                    break
                key = tuple(words.plain[i:end])
                keys = [(key, False)]
                if key[-1].endswith("'s"):
                    keys.append(((*key[:-1], key[-1][:-2]), True))
                for said, whose in keys:
                    for form in self._together.get("".join(said).replace("'", ""), ()) if end - i < 4 else ():
                        if said != form.words:
                            spots.append(Spot(form, i, end, 0.0, 0.0, None, whose))
                    for form in self._spelt.get(said, ()):
                        given = 0.0 if form.given else None
                        at = end - len(form.words) + form.given
                        spots.append(Spot(form, i, end, 0.0, 0.0, given, whose, exact=True, at=at))
                if words.gaps[end - 1] == CLOSED:
                    break
        return spots

    def first(self, windows: Windows, scene: Scene) -> list[Spot]:
        """The spots of any name."""
        hits = self._ears.near(windows.sounds, windows.letters, reach=_reach(windows, scene))
        spots = self._place(windows, hits, self.forms, scene, TAME)
        return self._allowed(spots + self._surnames_behind(scene, self._first_names(windows), None), scene)

    def patient(self, windows: Windows, names: Sequence[int], sure: Sequence[Spot], scene: Scene) -> list[Spot]:
        """The spots of names that the episode is known to be about, ``sure`` being where it names them."""
        forms = [f for i in names for f in self.of[i]]
        spots: list[Spot] = []
        for begin in range(0, len(forms), FEW):
            some = forms[begin : begin + FEW]
            hits = ears_of(some, [PATIENT] * len(some)).near(windows.sounds, windows.letters, all_pairs=True)
            spots += self._place(windows, hits, some, scene, PATIENT[0])
        givens = {f.spelling[: f.given] for f in forms if f.given}
        before = {g: ends for g, ends in self._first_names(windows).items() if g in givens}
        spots += self._surnames_behind(scene, before, frozenset(names))
        return self._allowed(spots + self._echoes(windows, sure, scene), scene)

    def _place(self, windows: Windows, hits: Hits, forms: Sequence[Form], scene: Scene, tamest: float) -> list[Spot]:
        """A spot for each place of each window; of everyday words only where they are as near as ``tamest``."""
        words, known = scene.words, scene.known
        spots: list[Spot] = []
        tame: dict[int, bool] = {}
        for window, number, phone, letter in zip(*hits, strict=True):
            form, key = forms[number], windows.keys[window]
            if key == form.words or (key[-1].endswith("'s") and not _hissed(key, form, known)):
                continue
            if window not in tame:
                tame[window] = all(_is_tame(known[w]) for w in key)
            if tame[window] and min(phone, letter) > tamest:
                continue
            n = len(key)
            for at in windows.places[window]:
                spots.append(Spot(form, at, at + n, phone, letter, whose=words.plain[at + n - 1] != key[-1]))
        split([s for s in spots if s.form.given], words, known, self.gauge)
        # A window that is the surname is not also the whole name run together.
        near = {(s.form.name, s.first, s.last) for s in spots if s.form.part == "surname"}
        return [s for s in spots if not s.form.given or s.given is not None or not self._no_whole(s, near, words)]

    def _no_whole(self, spot: Spot, near: set[tuple[int, int, int]], words: Words) -> bool:
        """Whether the words of the spot are, or sound like, the surname alone, or are far from the whole name."""
        if min(spot.phone, spot.letter) > MERGED:
            return True
        if (spot.form.name, spot.first, spot.last) in near:
            return True
        heard = tuple(heard_words(spot, words))
        return any(f.part == "surname" and f.words == heard for f in self.of[spot.form.name])

    def _first_names(self, windows: Windows) -> Heard:
        """First name -> the number of the word behind it -> the number of its first word, and its cost."""
        found: dict[Key, dict[int, tuple[int, float]]] = {}
        short = [i for i, key in enumerate(windows.keys) if len(key) <= 3]
        hits = self._given_ears.near([windows.sounds[i] for i in short], [windows.letters[i] for i in short])
        for window, given, phone, letter in zip(*hits, strict=True):
            key, cost = windows.keys[short[window]], min(phone, letter)
            ends = found.setdefault(self._givens[given], {})
            for at in windows.places[short[window]]:
                end = at + len(key)
                if end not in ends or cost < ends[end][1]:
                    ends[end] = (at, cost)
        return found

    def _surnames_behind(self, scene: Scene, before: Heard, names: frozenset[int] | None) -> list[Spot]:
        """Full names whose surname may be far from what is said behind the first name, though not as far as another.

        ``names``: the only ones that are looked for, or None for all.
        """
        import numpy as np

        words = scene.words
        keys: dict[Key, int] = {}
        places: dict[tuple[Key, int], list[tuple[int, int, float, bool]]] = {}
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
                    if words.plain[end - 1] in PLAIN:
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
        sounds = [b"".join([scene.known[w].sound for w in k]) for k in keys]
        letters = [b"".join([letters_of(w) for w in k]) for k in keys]
        hits = self._behind.near_of(sounds, letters, np.unique(np.concatenate(pairs)))
        spots = []
        every = list(keys)
        for window, number, phone, letter in zip(*hits, strict=True):
            form, key = self.forms[number], every[window]
            for first, at, cost, whose in places.get((form.spelling[: form.given], window), ()):
                if key != form.words[form.given :] or cost:
                    spots.append(Spot(form, first, at + len(key), phone, letter, cost, whose, at=at))
        return spots

    def _echoes(self, windows: Windows, sure: Sequence[Spot], scene: Scene) -> list[Spot]:
        """Where the surname stands alone, spelt as it was beside its first name."""
        words, known = scene.words, scene.known
        found: dict[tuple[int, Key], Form] = {}
        often: Counter[tuple[int, Key]] = Counter()
        for spot in sure:
            if spot.form.given and spot.at > spot.first and not spot.exact:
                key = tuple(words.plain[spot.at : spot.last])
                key = (*key[:-1], key[-1].removesuffix("'s")) if spot.whose else key
                surname = next((f for f in self.of[spot.form.name] if f.part == "surname"), None)
                tame = all(_is_tame(known[w]) for w in key)
                if surname is not None and key != surname.words and not tame:
                    found[spot.form.name, key] = surname
                    often[spot.form.name, key] += 1
        if not found:
            return []
        order = sorted(sorted(found, key=lambda k: -often[k])[:ECHOES])  # each is compared with every window
        said = [(b"".join(known[w].sound for w in k), b"".join(letters_of(w) for w in k)) for _, k in order]
        hits = ears(said, [ECHO] * len(said)).near(windows.sounds, windows.letters, all_pairs=True)
        spots, pairs = [], []
        taken = {(s.form.name, i) for s in sure for i in range(s.first, s.last)}
        for window, number, _, _ in zip(*hits, strict=True):
            form, key = found[order[number]], windows.keys[window]
            if key == form.words:
                continue
            for at in windows.places[window]:
                whose = words.plain[at + len(key) - 1] != key[-1]
                if (form.name, at) in taken:
                    continue
                spots.append(Spot(form, at, at + len(key), 9, 9, whose=whose, echo=1.0))
                pairs.append((form.sound, windows.sounds[window], letters_of(form.letters), windows.letters[window]))
        for spot, (phone, letter) in zip(spots, self.gauge.measure(pairs), strict=True):
            spot.phone, spot.letter = phone, letter
        return spots

    def _allowed(self, spots: Sequence[Spot], scene: Scene) -> list[Spot]:
        """Without what was said to be somebody else."""
        kept = []
        for spot in spots:
            refused = self._refused[spot.form.name]
            if refused:
                heard = heard_words(spot, scene.words)
                at = max(0, spot.at - spot.first)
                if tuple(heard) in refused or tuple(heard[at:]) in refused:
                    continue
            kept.append(spot)
        return kept


def _initials_joined(words: Key) -> Key:
    """J. D. Vance as JD Vance."""
    n = next((i for i, w in enumerate(words) if len(w) > 1), len(words))
    return words if n < 2 or n == len(words) else ("".join(words[:n]), *words[n:])


def _hissed(key: Key, form: Form, known: Mapping[str, Entry]) -> bool:
    """Whether an 's may be the end of the name: Walt's for Waltz, but not Slack's for Sachs, nor Joe's for Joyce."""
    base = known.get(key[-1][:-2])
    word = base is not None and (base.flags & EVERYDAY or (base.flags & GIVEN and base.cost < POPULAR))
    return form.sound[-1] in _HISSED and not word and not (form.given and len(key) == 1)


def _reach(windows: Windows, scene: Scene) -> list[float]:
    """How near each window must be: the more ordinary its words are, the nearer."""
    words = {w: (e.cost >= UNKNOWN, not _is_tame(e)) for w, e in scene.known.items()}
    found = []
    for key in windows.keys:
        odd = [words[w] for w in key]
        if any(new for new, _ in odd):
            found.append(1.0)
        else:
            found.append(LISTED if any(seldom for _, seldom in odd) else TAME / ALONE[1])
    return found


def _is_tame(entry: Entry) -> bool:
    return bool(entry.flags & EVERYDAY) and entry.cost < TAME_COST
