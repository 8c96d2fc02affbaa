"""The name matcher: finds where in a transcript its names are, also where speech recognition misspelt them.

Two searches. The first looks at all n-grams with a rare word in them, for all names. Names that it found for sure, and
those in the title or notes, are searched for again, with wider limits, in every n-gram. Then each candidate is scored
with what the whole episode says, and of candidates that overlap the best stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from podwatch.phonetics.advice import advise_on, describe_competition
from podwatch.phonetics.blas_threads import single_blas_thread
from podwatch.phonetics.candidate_scoring import (
    DEFAULT_THRESHOLD,
    SHARED_COST,
    calibrate,
    is_repeated_word,
    lower_by_kind,
    score_candidates,
)
from podwatch.phonetics.candidate_search import CandidateSearch
from podwatch.phonetics.candidates import Candidate, TextContext
from podwatch.phonetics.duplicate_names import count_distinct, find_same_names
from podwatch.phonetics.episode_context import SURE_SCORE, EpisodeContext, context_lookup, count_repetitions
from podwatch.phonetics.exact_search import ExactSearch
from podwatch.phonetics.far_names import max_score
from podwatch.phonetics.introduced_names import min_introduced_score
from podwatch.phonetics.lexicon import GIVEN, look_up_words
from podwatch.phonetics.list_context import min_score
from podwatch.phonetics.match_reasons import explain_match
from podwatch.phonetics.name_forms import Form, build_forms
from podwatch.phonetics.name_parts import spoken_words
from podwatch.phonetics.namesakes import find_first_names
from podwatch.phonetics.ngram_windows import TextNGrams, find_rare_words
from podwatch.phonetics.overlaps import best_per_name, drop_unlikely_rivals
from podwatch.phonetics.passage_language import find_foreign_words, is_nearly_right
from podwatch.phonetics.split_names import is_only_words, keep_whole_names, min_split_score
from podwatch.phonetics.split_search import SplitSearch
from podwatch.phonetics.tokenizer import split_chunks, tokenize
from podwatch.phonetics.watched_names import MatchKind, NameMatch, WatchedName

if TYPE_CHECKING:
    from podwatch.phonetics.passage_language import Flags

ContextLookup = Callable[[Candidate], EpisodeContext]


class NameMatcher:
    """Finds some names. Pure: the same text and names give the same matches, in the order of the text.

    ``warnings``: a line for each name that is too short or wordlike to go by its sound alone.
    """

    def __init__(self, names: Sequence[WatchedName]) -> None:
        self.names = tuple(names)
        self._forms_by_name: dict[int, list[Form]] = {}
        if self.names:
            with single_blas_thread():
                forms = build_forms(self.names)
                excluded = [frozenset(map(spoken_words, name.excluded)) for name in self.names]
                self._exact, self._similar = ExactSearch(forms), CandidateSearch(forms, excluded)
                self._splits = SplitSearch(forms)
            for form in forms:
                self._forms_by_name.setdefault(form.name, []).append(form)
        every_form = (form for forms in self._forms_by_name.values() for form in forms)
        self._surnames = {form.words[-1] for form in every_form if form.part == "surname"}
        self.same_names = find_same_names(self._forms_by_name)
        self._distinct_count = count_distinct(self.same_names, self.same_names)
        self.warnings = [warning for i in range(len(self.names)) if (warning := self.advise(i))]

    def advise(self, name: int) -> str:
        """What to know of the name, by its index, before it is watched by sound; empty when there is nothing."""
        return advise_on(self.names[name], self._forms_by_name.get(name, ()))

    def describe_competition(self, name: int) -> str:
        """With which well-known names the name, by its index, competes; empty when there is none."""
        with single_blas_thread():
            return describe_competition(self.names[name], self._forms_by_name.get(name, ()))

    def find_matches(self, text: str, title: str = "", notes: str = "", floor: float = 1.0) -> list[NameMatch]:
        """Where the names are in ``text``; ``title`` and ``notes`` of the episode are evidence only.

        ``floor``: matches down to this score are given, too, where it is lower than the threshold of their name.
        """
        if not self._forms_by_name or not text:
            return []
        matches: list[NameMatch] = []
        for offset, chunk in split_chunks(text):
            with single_blas_thread():
                scored, context = self._select_candidates(chunk, title, notes)
            for candidate, episode in scored:
                if candidate.score >= min(floor, self.threshold_of(candidate.form.name)):
                    matches.append(self._to_match(candidate, context, episode, chunk, offset))
        return matches

    def threshold_of(self, name: int) -> float:
        """The lowest score of the name, by its index, that is reported."""
        threshold = self.names[name].threshold
        return DEFAULT_THRESHOLD if threshold is None else threshold

    def _select_candidates(
        self, text: str, title: str, notes: str
    ) -> tuple[list[tuple[Candidate, EpisodeContext]], TextContext]:
        """The best candidates, whatever their score, in the order of the text; for one name none overlap."""
        candidates, context, episode_of = self.find_candidates(text, title, notes)
        episodes = [episode_of(c) for c in candidates]
        score_candidates(candidates, context, episodes, self.same_names)
        by_trees: dict[int, float] = {}
        for candidate, episode in zip(candidates, episodes, strict=True):
            if candidate.is_exact or (candidate.assessment and candidate.assessment.is_somebody_else):
                continue
            least = min_score(candidate, context, episode) if candidate.score else 0.0
            least = max(least, min_split_score(candidate, context, episode), min_introduced_score(candidate, context))
            by_trees[id(candidate)] = calibrate(candidate.score)
            is_word = is_repeated_word(candidate, episode)
            is_word |= is_only_words(candidate, context, episode)
            score = max(by_trees[id(candidate)], least)
            candidate.score = 0.0 if is_word else min(score, max_score(candidate, episode))
        keep_whole_names(candidates)
        drop_unlikely_rivals(candidates, self.same_names)
        by_candidate = {id(c): episode for c, episode in zip(candidates, episodes, strict=True)}
        best = [(c, by_candidate[id(c)]) for c in best_per_name(candidates)]
        for candidate, episode in best:
            if candidate.score == by_trees.get(id(candidate)):  # and no rule has set it
                candidate.score = lower_by_kind(candidate, context, episode)
        return best, context

    def find_candidates(
        self, text: str, title: str = "", notes: str = ""
    ) -> tuple[list[Candidate], TextContext, ContextLookup]:
        """All candidates of both searches, the text, and what the rest of the episode says of a candidate's name."""
        tokens = tokenize(text)
        distinct = set(tokens.plain) - {""}
        entries = look_up_words(distinct | {word.removesuffix("'s") for word in distinct})
        note_words = frozenset((*spoken_words(title), *(w for word in set(notes.split()) for w in spoken_words(word))))
        exact = self._exact.find(tokens)
        first_names = find_first_names(tokens, entries, self._surnames)
        places: defaultdict[str, list[int]] = defaultdict(list)
        for i, word in enumerate(tokens.plain):
            places[word].append(i)
        context = TextContext(tokens, entries, note_words, _watched_positions(exact), first_names, places)
        ngrams = TextNGrams(tokens, entries)
        with_rare_word = ngrams.windows_with(find_rare_words(tokens, entries))
        foreign = find_foreign_words(tokens, entries)
        split = self._similar.drop_excluded(self._splits.find(context), context)
        near = [*self._similar.find(with_rare_word, context), *split]
        similar = _drop_foreign(near, foreign, context)
        candidates = _merge_candidates([*exact, *similar])
        noted = self._names_in_notes(context)
        count_repetitions(candidates, context)
        self._score_alone(candidates, context)
        present = noted | {c.form.name for c in candidates if c.score >= SURE_SCORE}
        if present:
            sure = [c for c in candidates if c.score >= SURE_SCORE]
            again = self._similar.find_again(ngrams.windows(), sorted(present), sure, context)
            candidates = _merge_candidates([*candidates, *_drop_foreign(again, foreign, context)])
            count_repetitions(candidates, context)
            self._score_alone(candidates, context)
        lookup = context_lookup(candidates, context, noted, self.same_names, self._distinct_count)
        return candidates, context, lookup

    def _score_alone(self, candidates: Sequence[Candidate], context: TextContext) -> None:
        """Gives each candidate the score that it has where the episode says nothing of its name."""
        score_candidates(candidates, context, [EpisodeContext()] * len(candidates), self.same_names)

    def _names_in_notes(self, context: TextContext) -> set[int]:
        """The names of which title or notes have a form that is more than one word that others are called by or say."""
        return {
            form.name
            for forms in self._forms_by_name.values()
            for form in forms
            if context.note_words.issuperset(form.words) and (len(form.words) > 1 or not _is_shared(form, context))
        }

    def _to_match(
        self, candidate: Candidate, context: TextContext, episode: EpisodeContext, text: str, offset: int
    ) -> NameMatch:
        start, end = context.tokens.starts[candidate.first], context.tokens.ends[candidate.last - 1]
        end -= 2 if candidate.is_possessive else 0
        kind: MatchKind = "sounds_like"
        if candidate.is_exact:
            kind = "alias" if candidate.form.part == "alias" else "exact"
        name, score, distance = candidate.form.name, round(candidate.score, 4), round(candidate.distance, 4)
        reason = explain_match(text[start:end], self.names[name], candidate, context, episode)
        return NameMatch(name, start + offset, end + offset, score, kind, reason, distance, self.threshold_of(name))


def _drop_foreign(candidates: Sequence[Candidate], foreign: Flags, context: TextContext) -> list[Candidate]:
    """Without those in passages of another language that are not nearly right; ``foreign``: a flag for each word."""
    return [c for c in candidates if not foreign[c.first] or is_nearly_right(c, context)]


def _merge_candidates(candidates: Iterable[Candidate]) -> list[Candidate]:
    """One for each form and place: the first, with the costs of the cheapest."""
    kept: dict[tuple[int, int, int], Candidate] = {}
    for new in candidates:
        old = kept.setdefault((id(new.form), new.first, new.last), new)
        old.echo = max(old.echo, new.echo)
        if _total_cost(new) < _total_cost(old):
            old.phone_cost, old.letter_cost = new.phone_cost, new.letter_cost
            old.given_cost, old.surname_at = new.given_cost, new.surname_at
    return list(kept.values())


def _total_cost(candidate: Candidate) -> float:
    return candidate.cost + (1.0 if candidate.given_cost is None else candidate.given_cost)


def _is_shared(form: Form, context: TextContext) -> bool:
    """Whether a form of one word is an everyday word, or a surname that is as well a first name, or many have."""
    entry = context.entries.get(form.words[0])
    if entry is None:
        return False
    return entry.is_everyday() or (form.part == "surname" and (bool(entry.flags & GIVEN) or entry.cost < SHARED_COST))


def _watched_positions(exact: Sequence[Candidate]) -> frozenset[int]:
    """The indices of the words that are a surname or a name of one word, and no part of a longer name."""
    single = {c.first for c in exact if c.is_exact and len(c.positions) == 1}
    return frozenset(single.difference(i for c in exact if len(c.positions) > 1 for i in c.positions))
