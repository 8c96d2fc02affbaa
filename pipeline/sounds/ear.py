"""The ear: where in a transcript its names are heard.

Two passes. The first looks at all windows with a rare word in them, for all names. Names that it found for sure, and
those in the title or notes, are listened for once more with more patience, in every window. Then each spot is scored
with what the whole episode says, and of spots that overlap the best stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.sounds import evidence, scoring, skeleton
from pipeline.sounds.channel import channels, letters_of
from pipeline.sounds.evidence import Company, Scene
from pipeline.sounds.forms import Form, forms_of, spoken
from pipeline.sounds.index import Ears, Index
from pipeline.sounds.lexicon import EVERYDAY, entries
from pipeline.sounds.model import Heard, Name, Sort
from pipeline.sounds.reading import CLOSED, Words, read
from pipeline.sounds.spots import Gauge, Spot, given_of, split
from pipeline.sounds.threads import one_thread
from pipeline.sounds.windows import Windows, cut, rare

FIRST = (1.6, 1.1)  # nats by phone and by letter: how near a window must be to be looked at
ALONE = 1.05  # the same for either, for what stands without a first name
TAME = 0.45  # and where all words are everyday words
GIVEN_NEAR = (0.9, 0.7)  # the same for first names
PATIENT = (1.9, 1.3)  # the same for names that the episode is known to be about
TAME_COST = 12.0  # -log P of an everyday word that is said often
SURE = 0.8  # a spot this good makes its name one that the episode is about


Hits = tuple[list[int], list[int], list[float], list[float]]


@dataclass(frozen=True, slots=True)
class _Scored:
    spot: Spot
    company: Company


class Ear:
    """Listens for some names. Pure: the same text and names give the same places, in the order of the text.

    ``notes``: a line for each name that is too short or wordlike to go by sound alone.
    """

    def __init__(self, names: Sequence[Name]) -> None:
        self.names = tuple(names)
        with one_thread():
            self._forms = forms_of(self.names)
            self._of: dict[int, list[Form]] = {}
            for form in self._forms:
                self._of.setdefault(form.name, []).append(form)
            self._fulls = {i: [f for f in forms if f.given] for i, forms in self._of.items()}
            self._ears = _ears(self._forms, FIRST) if self._forms else None
            self._givens = sorted({f.words[: f.given] for f in self._forms if f.given})
            self._given_ears = _first_names(self._givens, self._forms) if self._givens else None
            self._gauge = Gauge(*channels()) if self._forms else None
        self._spelt: dict[tuple[str, ...], list[Form]] = {}
        for form in self._forms:
            self._spelt.setdefault(form.words, []).append(form)
        self._begin = {words[0] for words in self._spelt}
        self._refused = [frozenset(spoken(r) for r in name.refused) for name in self.names]
        self.notes = [note for i in range(len(self.names)) if (note := self.advice(i))]

    def advice(self, name: int) -> str:
        """What to know of the name before it is watched by sound; empty when there is nothing."""
        wordlike = [" ".join(f.words) for f in self._of.get(name, ()) if f.wordlike]
        if not self._of.get(name):
            return f"{self.names[name].full}: no letters that a sound is known for; found as it is spelt only"
        if not wordlike:
            return ""
        return (
            f"{self.names[name].full}: '{wordlike[0]}' is too short or too much of a word to go by its sound; alone it "
            "is found as it is spelt, or when the episode names it otherwise"
        )

    def hear(self, text: str, title: str = "", notes: str = "") -> list[Heard]:
        """Where the names are heard in ``text``; ``title`` and ``notes`` of the episode are evidence only."""
        if self._ears is None or not text:
            return []
        with one_thread():
            scored, scene = self.listen(text, title, notes)
        return [self._heard(s, scene) for s in scored if s.spot.score >= self._least(s.spot)]

    def _least(self, spot: Spot) -> float:
        threshold = self.names[spot.form.name].threshold
        return scoring.DEFAULT if threshold is None else threshold

    def listen(self, text: str, title: str = "", notes: str = "") -> tuple[list[_Scored], Scene]:
        """The best spots, scored, whatever their score, in the order of the text; none overlap for one name."""
        spots, scene, company = self.spots(text, title, notes)
        scored = [_Scored(s, company(s)) for s in spots]
        for s in scored:
            s.spot.score = self._score(s.spot, scene, s.company)
        return _best(scored, scene.words), scene

    def spots(self, text: str, title: str = "", notes: str = ""):  # type: ignore[no-untyped-def]
        """All spots of both passes, the scene, and what the rest of the episode says of a spot's name."""
        words = read(text)
        known = entries({v for w in words.plain if w for v in _variants(w)})
        noted = frozenset(spoken(title)) | frozenset(w for part in notes.split() for w in spoken(part))
        scene = Scene(words, known, noted)
        seen: set[tuple[Form, int, int]] = set()
        spots = self._spelt_spots(words)
        windows = cut(words, known, rare(words, known))
        assert self._ears is not None
        hits = self._ears.near(windows.sounds, windows.letters)
        spots += self._placed(windows, hits, self._forms, scene, ALONE)
        spots = self._new(spots, seen)
        self._count(spots, words)
        about = self._about(spots, scene)
        if about:
            forms = [f for i in sorted(about) for f in self._of[i]]
            ears = _ears(forms, PATIENT)
            windows = cut(words, known, lambda i: bool(words.plain[i]))
            hits = ears.near(windows.sounds, windows.letters, all_pairs=True)
            spots += self._new(self._placed(windows, hits, forms, scene, PATIENT[0]), seen)
            self._count(spots, words)
        return spots, scene, self._companies(spots, scene)

    def _spelt_spots(self, words: Words) -> list[Spot]:
        """The places where a form stands as it is spelt."""
        spots = []
        longest = max((len(w) for w in self._spelt), default=0)
        for i, word in enumerate(words.plain):
            base = word[:-2] if word.endswith("'s") else word
            if word not in self._begin and base not in self._begin:
                continue
            for end in range(i + 1, min(i + longest, len(words.plain)) + 1):
                key = tuple(words.plain[i:end])
                for whose in (False, True):
                    if whose:
                        if not key[-1].endswith("'s"):
                            continue
                        key = (*key[:-1], key[-1][:-2])
                    for form in self._spelt.get(key, ()):
                        spots.append(Spot(form, i, end, 0.0, 0.0, 0.0 if form.given else None, whose, exact=True))
                if words.gaps[end - 1] == 2:
                    break
        return spots

    def _placed(self, windows: Windows, hits: Hits, forms: Sequence[Form], scene: Scene, alone: float) -> list[Spot]:
        """The spots of windows that were near: full names, first names with surnames, and what is near enough alone."""
        assert self._gauge is not None
        words, known = scene.words, scene.known
        before = self._first_names_heard(windows)
        tame: dict[int, bool] = {}
        spots: list[Spot] = []
        whole: list[Spot] = []
        for window, number, phone, letter in zip(*hits, strict=True):
            form, key = forms[number], windows.keys[window]
            if key in self._refused[form.name]:
                continue
            near = min(phone, letter)
            if window not in tame:
                tame[window] = all(known[w].flags & EVERYDAY and known[w].cost < TAME_COST for w in key)
            lone = near <= (TAME if tame[window] and alone == ALONE else alone)
            n, exact = len(key), key == form.words
            fulls = self._fulls[form.name] if form.part == "surname" else ()
            for at in windows.places[window]:
                whose = words.plain[at + n - 1] != key[-1]
                if lone:
                    spot = Spot(form, at, at + n, phone, letter, whose=whose, exact=exact)
                    (whole if form.given and not exact else spots).append(spot)
                for full in fulls:
                    found = before.get(full.words[: full.given], {}).get(at)
                    if found is not None and words.gaps[at - 1] != CLOSED and full.words[full.given :] == form.words:
                        right = exact and found[1] == 0 and tuple(words.plain[found[0] : at]) == full.words[: full.given]
                        spots.append(Spot(full, found[0], at + n, phone, letter, found[1], whose, right))
        split(whole, words, known, self._gauge)
        return [
            s for s in spots + whole if not self._refused[s.form.name]
            or tuple(evidence.heard_words(s, words)) not in self._refused[s.form.name]
        ]

    def _first_names_heard(self, windows: Windows) -> dict[tuple[str, ...], dict[int, tuple[int, float]]]:
        """First name -> the number of the word behind it -> the number of its first word, and its cost."""
        found: dict[tuple[str, ...], dict[int, tuple[int, float]]] = {}
        if self._given_ears is None:
            return found
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

    def _new(self, spots: Sequence[Spot], seen: set[tuple[Form, int, int]]) -> list[Spot]:
        """Those at a place where the form was not found yet."""
        kept = []
        for spot in spots:
            key = (spot.form, spot.first, spot.last)
            if key not in seen:
                seen.add(key)
                kept.append(spot)
        return kept

    def _count(self, spots: Sequence[Spot], words: Words) -> None:
        """How often each spot's spelling stands in the text, as the same name."""
        heard = [(s.form.name, *evidence.heard_words(s, words)) for s in spots]
        places: dict[tuple[object, ...], set[int]] = {}
        for spot, key in zip(spots, heard, strict=True):
            places.setdefault(key, set()).add(spot.first)
        for spot, key in zip(spots, heard, strict=True):
            spot.seen = len(places[key])

    def _score(self, spot: Spot, scene: Scene, company: Company) -> float:
        kind = (self.names[spot.form.name].type or "").lower()
        if spot.exact:
            words = evidence.heard_words(spot, scene.words)
            at = scene.words.first[spot.first]
            large = None if at or not scene.words.cased else scene.words.big[spot.first]
            return scoring.spelt(
                [scene.known[w] for w in words],
                company,
                conflict=evidence.conflict(spot, spot.form, scene, kind in ("", "person")),
                role=bool(evidence.beside(spot, scene)),
                large=large,
            )
        if spot.form.wordlike and not (company.whole or company.notes):
            return 0.0
        return scoring.alike(evidence.features(spot, scene, company, kind))

    def _about(self, spots: Sequence[Spot], scene: Scene) -> set[int]:
        """The names that the episode is known to be about after the first pass."""
        about = {f.name for f in self._forms if evidence.is_noted(f, scene.noted, scene.known)} if scene.noted else set()
        nothing = Company()
        for spot in spots:
            if spot.form.name not in about:
                spot.score = self._score(spot, scene, nothing)
                if spot.score >= SURE:
                    about.add(spot.form.name)
        return about

    def _companies(self, spots: Sequence[Spot], scene: Scene):  # type: ignore[no-untyped-def]
        """What to say of a spot's name, from the spots that are good on their own."""
        nothing = Company()
        good: dict[int, list[Spot]] = {}
        for spot in spots:
            spot.score = self._score(spot, scene, nothing)
            if spot.score >= SURE:
                good.setdefault(spot.form.name, []).append(spot)
        noted = {f.name for f in self._forms if evidence.is_noted(f, scene.noted, scene.known)} if scene.noted else set()
        sure = {name: _apart(found) for name, found in good.items()}

        def company(spot: Spot) -> Company:
            others = [s for s in sure.get(spot.form.name, ()) if s.last <= spot.first or spot.last <= s.first]
            return Company(len(others), any(len(s.form.words) > 1 for s in others), spot.form.name in noted)

        return company

    def _heard(self, scored: _Scored, scene: Scene) -> Heard:
        spot, words = scored.spot, scene.words
        name = self.names[spot.form.name]
        start, end = words.starts[spot.first], words.ends[spot.last - 1]
        end -= 2 if spot.whose else 0
        sort: Sort = "sounds_like"
        if spot.exact:
            sort = "alias" if spot.form.part == "alias" else "exact"
        surface = " ".join(evidence.heard_words(spot, words))
        form = " ".join(spot.form.words)
        why = evidence.reasons(spot, scene, scored.company, name.full)
        if not spot.exact:
            why.insert(0, f"sound distance {spot.distance:.2f}")
        reason = f"{surface} ~ {form}, {spot.score:.2f}: {', '.join(why) or 'spelt so'}"
        return Heard(spot.form.name, start, end, round(spot.score, 4), sort, reason, round(spot.distance, 4))


def _variants(word: str) -> tuple[str, ...]:
    return (word, word[:-2]) if word.endswith("'s") and len(word) > 2 else (word,)


def _ears(forms: Sequence[Form], limits: tuple[float, float]) -> Ears:
    phones, letters = channels()
    n = len(forms)
    return Ears(
        Index(phones, [f.sound for f in forms], [limits[0]] * n, skeleton.of_sound),
        Index(letters, [letters_of("".join(f.words)) for f in forms], [limits[1]] * n, skeleton.of_letters),
    )


def _first_names(givens: Sequence[tuple[str, ...]], forms: Sequence[Form]) -> Ears:
    phones, letters = channels()
    sounds = {f.words[: f.given]: given_of(f) for f in forms if f.given}
    n = len(givens)
    return Ears(
        Index(phones, [sounds[g][0] for g in givens], [GIVEN_NEAR[0]] * n, skeleton.of_sound),
        Index(letters, [sounds[g][1] for g in givens], [GIVEN_NEAR[1]] * n, skeleton.of_letters),
    )


def _apart(spots: Sequence[Spot]) -> list[Spot]:
    """The best of spots that overlap."""
    kept: list[Spot] = []
    for spot in sorted(spots, key=_rank):
        if all(k.last <= spot.first or spot.last <= k.first for k in kept):
            kept.append(spot)
    return kept


def _rank(spot: Spot) -> tuple[float, int, int, float, tuple[str, ...]]:
    return (-round(spot.score + 0.1 * spot.exact, 3), spot.first - spot.last, spot.first, spot.distance, spot.form.words)


def _best(scored: Sequence[_Scored], words: Words) -> list[_Scored]:
    """For each name the best of what overlaps, in the order of the text."""
    of: dict[int, list[_Scored]] = {}
    for s in scored:
        of.setdefault(s.spot.form.name, []).append(s)
    kept = []
    for found in of.values():
        taken: set[int] = set()
        for s in sorted(found, key=lambda s: _rank(s.spot)):
            places = range(s.spot.first, s.spot.last)
            if taken.isdisjoint(places):
                taken.update(places)
                kept.append(s)
    return sorted(kept, key=lambda s: (s.spot.first, s.spot.last, s.spot.form.name))

