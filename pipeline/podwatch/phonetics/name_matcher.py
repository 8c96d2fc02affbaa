"""The ear: where in a transcript its names are heard.

Two passes. The first looks at all windows with a rare word in them, for all names. Names that it found for sure, and
those in the title or notes, are listened for once more with more patience, in every window. Then each spot is scored
with what the whole episode says, and of spots that overlap the best stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from podwatch.phonetics import features as evidence
from podwatch.phonetics import list_context as among
from podwatch.phonetics import namesakes as strangers
from podwatch.phonetics import scoring
from podwatch.phonetics.advice import advice, written
from podwatch.phonetics.blas_threads import one_thread
from podwatch.phonetics.candidate_search import Listener
from podwatch.phonetics.candidates import Scene, Spot, heard_words
from podwatch.phonetics.duplicate_names import distinct, same_names
from podwatch.phonetics.episode_context import SURE, companies
from podwatch.phonetics.features import Company
from podwatch.phonetics.lexicon import UNKNOWN, entries
from podwatch.phonetics.name_forms import PERSON, SHORT, Form, forms_of, spoken
from podwatch.phonetics.ngram_windows import cut, rare
from podwatch.phonetics.overlaps import Scored, best, only_the_likeliest
from podwatch.phonetics.repetitions import count
from podwatch.phonetics.tokenizer import pieces, read
from podwatch.phonetics.watched_names import Heard, Name, Sort

SPELT = 0.8  # a name spelt right that is as sure as this is no other one


class Ear:
    """Listens for some names. Pure: the same text and names give the same places, in the order of the text.

    ``notes``: a line for each name that is too short or wordlike to go by sound alone.
    """

    def __init__(self, names: Sequence[Name]) -> None:
        self.names = tuple(names)
        self._listener: Listener | None = None
        if self.names:
            with one_thread():
                forms = forms_of(self.names)
                refused = [frozenset(spoken(r) for r in name.refused) for name in self.names]
                self._listener = Listener(forms, refused) if forms else None
        self._of: dict[int, list[Form]] = self._listener.of if self._listener else {}
        self._same = same_names(self._of)
        self._many = distinct(set(self._of), self._same)
        self.notes = [note for i in range(len(self.names)) if (note := self.advice(i))]

    def advice(self, name: int) -> str:
        """What to know of the name before it is watched by sound; empty when there is nothing."""
        return advice(self.names[name], self._of.get(name, ()))

    def hear(self, text: str, title: str = "", notes: str = "") -> list[Heard]:
        """Where the names are heard in ``text``; ``title`` and ``notes`` of the episode are evidence only."""
        if self._listener is None or not text:
            return []
        heard: list[Heard] = []
        for at, piece in pieces(text):
            with one_thread():
                scored, scene = self.listen(piece, title, notes)
            found = (self._heard(s, scene, piece) for s in scored if s.spot.score >= self._least(s.spot))
            heard += [replace(h, start=h.start + at, end=h.end + at) if at else h for h in found]
        return heard

    def _least(self, spot: Spot) -> float:
        threshold = self.names[spot.form.name].threshold
        return scoring.DEFAULT if threshold is None else threshold

    def listen(self, text: str, title: str = "", notes: str = "") -> tuple[list[Scored], Scene]:
        """The best spots, scored, whatever their score, in the order of the text; none overlap for one name."""
        spots, scene, company = self.spots(text, title, notes)
        companies = [company(s) for s in spots]
        self._score(spots, scene, companies)
        for spot, its in zip(spots, companies, strict=True):
            if spot.exact or not spot.score:
                continue
            spot.score = max(spot.score, among.least(spot, scene, its, self._kind(spot)))
            if evidence.word_of_its_own(spot, its):
                spot.score = 0.0
        only_the_likeliest(spots, self._same)
        return best([Scored(*s) for s in zip(spots, companies, strict=True)]), scene

    def spots(self, text: str, title: str = "", notes: str = "") -> tuple[list[Spot], Scene, Callable[[Spot], Company]]:
        """All spots of both passes, the scene, and what the rest of the episode says of a spot's name."""
        words = read(text)
        known = entries({v for w in words.plain if w for v in _variants(w)})
        noted = frozenset(spoken(title)) | frozenset(w for part in notes.split() for w in spoken(part))
        listener = self._listener
        assert listener is not None
        spelt = listener.spelt(words)
        scene = Scene(words, known, noted, _watched(spelt))
        seen: dict[tuple[Form, int, int], Spot] = {}
        spots = self._new(spelt, seen)
        spots += self._new(listener.first(cut(words, known, rare(words, known)), scene), seen)
        count(spots, scene, self._kind)
        about = self._about(spots, scene)
        if about:
            everywhere = cut(words, known, lambda i: bool(words.plain[i]))
            sure = [s for s in spots if s.form.name in about and s.score >= SURE]
            spots += self._new(listener.patient(everywhere, sorted(about), sure, scene), seen)
            count(spots, scene, self._kind)
        return spots, scene, self._companies(spots, scene)

    @staticmethod
    def _new(spots: Sequence[Spot], seen: dict[tuple[Form, int, int], Spot]) -> list[Spot]:
        """Those at a place where the form was not found yet; of the same place the cheapest stays."""
        kept: list[Spot] = []
        for spot in spots:
            key = (spot.form, spot.first, spot.last)
            old = seen.get(key)
            if old is None:
                seen[key] = spot
                kept.append(spot)
                continue
            old.echo = max(old.echo, spot.echo)
            old.changed()
            if _cost(spot) < _cost(old):
                old.phone, old.letter, old.given, old.at = spot.phone, spot.letter, spot.given, spot.at
        return kept

    def _score(self, spots: Sequence[Spot], scene: Scene, companies: Sequence[Company]) -> None:
        """Gives each spot its score; ``companies``: of each."""
        unsure, features, nothing = [], [], Company()
        for spot, company in zip(spots, companies, strict=True):
            if spot.exact:
                spot.score = self._spelt(spot, scene, company)
            elif self._never(spot, scene, company):
                spot.score = 0.0
            elif spot.alone is not None and company == nothing:
                spot.score = spot.alone
            else:
                if spot.own is None:
                    spot.own = evidence.of_spot(spot, scene, self._kind(spot))
                unsure.append((spot, company))
                features.append(spot.own + evidence.of_episode(company))
        for (spot, company), score in zip(unsure, scoring.alike(features), strict=True):
            spot.score = score
            if company == nothing:
                spot.alone = score
        taken: dict[int, set[int]] = {}
        for spot in spots:
            if spot.exact and spot.score >= SPELT:
                for i in range(spot.first, spot.last):
                    taken.setdefault(i, set()).add(spot.form.name)
        for spot in spots if taken else ():  # where another name of the list is spelt right, it is that one
            same = self._same[spot.form.name]
            if not spot.exact and any(same.isdisjoint(taken[i]) for i in range(spot.first, spot.last) if i in taken):
                spot.score = 0.0

    def _spelt(self, spot: Spot, scene: Scene, company: Company) -> float:
        if strangers.another_word(spot, scene, whole=company.whole):
            return 0.1
        at = scene.words.first[spot.first]
        return scoring.spelt(
            [scene.known[w] for w in heard_words(spot, scene.words)],
            company,
            conflict=strangers.conflict(spot, spot.form, scene, self._kind(spot) in ("", PERSON)),
            role=bool(evidence.beside(spot, scene)),
            large=None if at or not scene.words.cased else scene.words.big[spot.first],
        )

    def _kind(self, spot: Spot) -> str:
        kind = (self.names[spot.form.name].type or "").lower()
        return "company" if kind == "organisation" else kind

    def _never(self, spot: Spot, scene: Scene, company: Company) -> bool:
        if strangers.somebody_else(spot, scene, self._kind(spot)):
            return True
        if not spot.form.wordlike or company.whole or company.notes or company.others:
            return False
        if company.kin >= evidence.KIN and among.like_a_name(spot, scene):
            return False
        new = any(scene.known[w].cost >= UNKNOWN for w in heard_words(spot, scene.words))
        return len(spot.form.sound) <= SHORT or not new

    def _noted(self, scene: Scene) -> set[int]:
        """The names that title or notes name."""
        if not scene.noted:
            return set()
        forms = [f for forms in self._of.values() for f in forms]
        return {f.name for f in forms if evidence.is_noted(f, scene.noted, scene.known)}

    def _about(self, spots: Sequence[Spot], scene: Scene) -> set[int]:
        """The names that the episode is known to be about after the first pass."""
        self._score(spots, scene, [Company()] * len(spots))
        return self._noted(scene) | {s.form.name for s in spots if s.score >= SURE}

    def _companies(self, spots: Sequence[Spot], scene: Scene) -> Callable[[Spot], Company]:
        """What to say of a spot's name, from the spots that are good on their own."""
        self._score(spots, scene, [Company()] * len(spots))
        return companies(spots, scene, self._noted(scene), self._same, self._many)

    def _heard(self, scored: Scored, scene: Scene, text: str) -> Heard:
        spot, words = scored.spot, scene.words
        name = self.names[spot.form.name]
        start, end = words.starts[spot.first], words.ends[spot.last - 1]
        end -= 2 if spot.whose else 0
        sort: Sort = "sounds_like"
        if spot.exact:
            sort = "alias" if spot.form.part == "alias" else "exact"
        surface = " ".join(text[start:end].split())
        form = written(name, spot.form.words)
        why = evidence.reasons(spot, scene, scored.company, name.full, self._kind(spot))
        if not spot.exact:
            why.insert(0, f"sound distance {spot.distance:.2f}")
        score = spot.score if spot.exact else min(spot.score, 0.99)  # nothing is certain that was only misspelt
        reason = f"{surface} ~ {form}, {score:.2f}: {', '.join(why) or 'spelt so'}"
        return Heard(spot.form.name, start, end, round(spot.score, 4), sort, reason, round(spot.distance, 4))


def _watched(spelt: Sequence[Spot]) -> frozenset[int]:
    """The words that are a surname or a name of one word, but not those that are part of a longer name."""
    single = {s.first for s in spelt if s.exact and s.last - s.first == 1}
    return frozenset(single.difference(i for s in spelt if s.last - s.first > 1 for i in range(s.first, s.last)))


def _variants(word: str) -> tuple[str, ...]:
    return (word, word[:-2]) if word.endswith("'s") and len(word) > 2 else (word,)


def _cost(spot: Spot) -> float:
    return min(spot.phone, spot.letter) + (1.0 if spot.given is None else spot.given)
