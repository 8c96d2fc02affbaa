"""The ear: where in a transcript its names are heard.

Two passes. The first looks at all windows with a rare word in them, for all names. Names that it found for sure, and
those in the title or notes, are listened for once more with more patience, in every window. Then each spot is scored
with what the whole episode says, and of spots that overlap the best stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from podwatch.phonetics import candidate_scoring as scoring
from podwatch.phonetics import features as evidence
from podwatch.phonetics import list_context as among
from podwatch.phonetics import namesakes as strangers
from podwatch.phonetics.advice import advise_on, as_written
from podwatch.phonetics.blas_threads import single_blas_thread
from podwatch.phonetics.candidate_search import CandidateSearch
from podwatch.phonetics.candidates import Candidate, TextContext, surface_words
from podwatch.phonetics.duplicate_names import count_distinct, find_same_names
from podwatch.phonetics.episode_context import SURE_SCORE, context_lookup
from podwatch.phonetics.features import EpisodeContext
from podwatch.phonetics.lexicon import UNKNOWN_COST, look_up_words
from podwatch.phonetics.name_forms import PERSON, SHORT_PHONES, Form, build_forms, spoken_words
from podwatch.phonetics.ngram_windows import cut_windows, rare_word_test
from podwatch.phonetics.overlaps import ScoredCandidate, best_per_name, drop_unlikely_rivals
from podwatch.phonetics.repetitions import count_repetitions
from podwatch.phonetics.tokenizer import split_chunks, tokenize
from podwatch.phonetics.watched_names import MatchKind, NameMatch, WatchedName

CERTAIN_EXACT = 0.8  # a name spelt right that is as sure as this is no other one


class NameMatcher:
    """Listens for some names. Pure: the same text and names give the same places, in the order of the text.

    ``notes``: a line for each name that is too short or wordlike to go by sound alone.
    """

    def __init__(self, names: Sequence[WatchedName]) -> None:
        self.names = tuple(names)
        self._search: CandidateSearch | None = None
        if self.names:
            with single_blas_thread():
                forms = build_forms(self.names)
                refused = [frozenset(spoken_words(r) for r in name.excluded) for name in self.names]
                self._search = CandidateSearch(forms, refused) if forms else None
        self._forms_by_name: dict[int, list[Form]] = self._search.forms_by_name if self._search else {}
        self._same_names = find_same_names(self._forms_by_name)
        self._distinct_count = count_distinct(set(self._forms_by_name), self._same_names)
        self.warnings = [note for i in range(len(self.names)) if (note := self.advise(i))]

    def advise(self, name: int) -> str:
        """What to know of the name before it is watched by sound; empty when there is nothing."""
        return advise_on(self.names[name], self._forms_by_name.get(name, ()))

    def find_matches(self, text: str, title: str = "", notes: str = "") -> list[NameMatch]:
        """Where the names are heard in ``text``; ``title`` and ``notes`` of the episode are evidence only."""
        if self._search is None or not text:
            return []
        heard: list[NameMatch] = []
        for at, piece in split_chunks(text):
            with single_blas_thread():
                scored, scene = self.score_candidates(piece, title, notes)
            found = (
                self._to_match(s, scene, piece) for s in scored if s.candidate.score >= self._threshold(s.candidate)
            )
            heard += [replace(h, start=h.start + at, end=h.end + at) if at else h for h in found]
        return heard

    def _threshold(self, spot: Candidate) -> float:
        threshold = self.names[spot.form.name].threshold
        return scoring.DEFAULT_THRESHOLD if threshold is None else threshold

    def score_candidates(
        self, text: str, title: str = "", notes: str = ""
    ) -> tuple[list[ScoredCandidate], TextContext]:
        """The best spots, scored, whatever their score, in the order of the text; none overlap for one name."""
        spots, scene, company = self.find_candidates(text, title, notes)
        companies = [company(s) for s in spots]
        self._score(spots, scene, companies)
        for spot, its in zip(spots, companies, strict=True):
            if spot.is_exact or not spot.score:
                continue
            spot.score = max(spot.score, among.min_score(spot, scene, its, self._kind(spot)))
            if evidence.is_repeated_word(spot, its):
                spot.score = 0.0
        drop_unlikely_rivals(spots, self._same_names)
        return best_per_name([ScoredCandidate(*s) for s in zip(spots, companies, strict=True)]), scene

    def find_candidates(
        self, text: str, title: str = "", notes: str = ""
    ) -> tuple[list[Candidate], TextContext, Callable[[Candidate], EpisodeContext]]:
        """All spots of both passes, the scene, and what the rest of the episode says of a spot's name."""
        words = tokenize(text)
        known = look_up_words({v for w in words.plain if w for v in _spelling_variants(w)})
        noted = frozenset(spoken_words(title)) | frozenset(w for part in notes.split() for w in spoken_words(part))
        listener = self._search
        assert listener is not None
        spelt = listener.find_exact(words)
        scene = TextContext(words, known, noted, _watched_positions(spelt))
        seen: dict[tuple[Form, int, int], Candidate] = {}
        spots = self._merge_candidates(spelt, seen)
        spots += self._merge_candidates(
            listener.find_similar(cut_windows(words, known, rare_word_test(words, known)), scene), seen
        )
        count_repetitions(spots, scene, self._kind)
        about = self._names_in_episode(spots, scene)
        if about:
            everywhere = cut_windows(words, known, lambda i: bool(words.plain[i]))
            sure = [s for s in spots if s.form.name in about and s.score >= SURE_SCORE]
            spots += self._merge_candidates(listener.find_similar_again(everywhere, sorted(about), sure, scene), seen)
            count_repetitions(spots, scene, self._kind)
        return spots, scene, self._context_lookup(spots, scene)

    @staticmethod
    def _merge_candidates(spots: Sequence[Candidate], seen: dict[tuple[Form, int, int], Candidate]) -> list[Candidate]:
        """Those at a place where the form was not found yet; of the same place the cheapest stays."""
        kept: list[Candidate] = []
        for spot in spots:
            key = (spot.form, spot.first, spot.last)
            old = seen.get(key)
            if old is None:
                seen[key] = spot
                kept.append(spot)
                continue
            old.echo = max(old.echo, spot.echo)
            old.clear_cached_features()
            if _total_cost(spot) < _total_cost(old):
                old.phone_cost, old.letter_cost, old.given_cost, old.surname_at = (
                    spot.phone_cost,
                    spot.letter_cost,
                    spot.given_cost,
                    spot.surname_at,
                )
        return kept

    def _score(self, spots: Sequence[Candidate], scene: TextContext, companies: Sequence[EpisodeContext]) -> None:
        """Gives each spot its score; ``companies``: of each."""
        unsure, features, nothing = [], [], EpisodeContext()
        for spot, company in zip(spots, companies, strict=True):
            if spot.is_exact:
                spot.score = self._score_exact(spot, scene, company)
            elif self._is_ruled_out(spot, scene, company):
                spot.score = 0.0
            elif spot.score_without_context is not None and company == nothing:
                spot.score = spot.score_without_context
            else:
                if spot.own_features is None:
                    spot.own_features = evidence.candidate_features(spot, scene, self._kind(spot))
                unsure.append((spot, company))
                features.append(spot.own_features + evidence.context_features(company))
        for (spot, company), score in zip(unsure, scoring.score_similar(features), strict=True):
            spot.score = score
            if company == nothing:
                spot.score_without_context = score
        taken: dict[int, set[int]] = {}
        for spot in spots:
            if spot.is_exact and spot.score >= CERTAIN_EXACT:
                for i in range(spot.first, spot.last):
                    taken.setdefault(i, set()).add(spot.form.name)
        for spot in spots if taken else ():  # where another name of the list is spelt right, it is that one
            same = self._same_names[spot.form.name]
            if not spot.is_exact and any(same.isdisjoint(taken[i]) for i in range(spot.first, spot.last) if i in taken):
                spot.score = 0.0

    def _score_exact(self, spot: Candidate, scene: TextContext, company: EpisodeContext) -> float:
        if strangers.is_other_word(spot, scene, whole=company.has_full_name):
            return 0.1
        at = scene.tokens.starts_sentence[spot.first]
        return scoring.score_exact(
            [scene.entries[w] for w in surface_words(spot, scene.tokens)],
            company,
            conflict=strangers.score_adjacent_names(spot, spot.form, scene, self._kind(spot) in ("", PERSON)),
            role=bool(evidence.role_before(spot, scene)),
            is_capitalised=None if at or not scene.tokens.has_case else scene.tokens.is_capitalised[spot.first],
        )

    def _kind(self, spot: Candidate) -> str:
        kind = (self.names[spot.form.name].type or "").lower()
        return "company" if kind == "organisation" else kind

    def _is_ruled_out(self, spot: Candidate, scene: TextContext, company: EpisodeContext) -> bool:
        if strangers.is_somebody_else(spot, scene, self._kind(spot)):
            return True
        if not spot.form.is_wordlike or company.has_full_name or company.is_in_notes or company.other_mentions:
            return False
        if company.list_presence >= evidence.LIST_PRESENT and among.is_capitalised(spot, scene):
            return False
        new = any(scene.entries[w].cost >= UNKNOWN_COST for w in surface_words(spot, scene.tokens))
        return len(spot.form.sound) <= SHORT_PHONES or not new

    def _names_in_notes(self, scene: TextContext) -> set[int]:
        """The names that title or notes name."""
        if not scene.note_words:
            return set()
        forms = [f for forms in self._forms_by_name.values() for f in forms]
        return {f.name for f in forms if evidence.is_named_in_notes(f, scene.note_words, scene.entries)}

    def _names_in_episode(self, spots: Sequence[Candidate], scene: TextContext) -> set[int]:
        """The names that the episode is known to be about after the first pass."""
        self._score(spots, scene, [EpisodeContext()] * len(spots))
        return self._names_in_notes(scene) | {s.form.name for s in spots if s.score >= SURE_SCORE}

    def _context_lookup(self, spots: Sequence[Candidate], scene: TextContext) -> Callable[[Candidate], EpisodeContext]:
        """What to say of a spot's name, from the spots that are good on their own."""
        self._score(spots, scene, [EpisodeContext()] * len(spots))
        return context_lookup(spots, scene, self._names_in_notes(scene), self._same_names, self._distinct_count)

    def _to_match(self, scored: ScoredCandidate, scene: TextContext, text: str) -> NameMatch:
        spot, words = scored.candidate, scene.tokens
        name = self.names[spot.form.name]
        start, end = words.starts[spot.first], words.ends[spot.last - 1]
        end -= 2 if spot.is_possessive else 0
        sort: MatchKind = "sounds_like"
        if spot.is_exact:
            sort = "alias" if spot.form.part == "alias" else "exact"
        surface = " ".join(text[start:end].split())
        form = as_written(name, spot.form.words)
        why = evidence.list_reasons(spot, scene, scored.context, name.full, self._kind(spot))
        if not spot.is_exact:
            why.insert(0, f"sound distance {spot.distance:.2f}")
        score = spot.score if spot.is_exact else min(spot.score, 0.99)  # nothing is certain that was only misspelt
        reason = f"{surface} ~ {form}, {score:.2f}: {', '.join(why) or 'spelt so'}"
        return NameMatch(spot.form.name, start, end, round(spot.score, 4), sort, reason, round(spot.distance, 4))


def _watched_positions(spelt: Sequence[Candidate]) -> frozenset[int]:
    """The words that are a surname or a name of one word, but not those that are part of a longer name."""
    single = {s.first for s in spelt if s.is_exact and s.last - s.first == 1}
    return frozenset(single.difference(i for s in spelt if s.last - s.first > 1 for i in range(s.first, s.last)))


def _spelling_variants(word: str) -> tuple[str, ...]:
    return (word, word[:-2]) if word.endswith("'s") and len(word) > 2 else (word,)


def _total_cost(spot: Candidate) -> float:
    return min(spot.phone_cost, spot.letter_cost) + (1.0 if spot.given_cost is None else spot.given_cost)
