"""The engine: runs all watches over a transcript.

What any of them looks for is found in one pass over the words of the text. Then only those watches are evaluated of
which the trigger was found, an atom that the watch needs (the one that is likely the rarest), as search engines do with
stored queries, and of these only those of which all that they need is there. So the cost grows with what is said, not
with the watchlist.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from podwatch.errors import PodwatchError
from podwatch.model import Doubt, Kind, Mention, Needed, Transcript, Watch
from podwatch.query.clauses import Clause
from podwatch.query.compiler import Compiler, NameKey
from podwatch.query.context import EpisodeFields, EvaluationContext, MatchDetail
from podwatch.query.direct_watches import DirectWatches
from podwatch.query.evaluation import Node, atoms_within
from podwatch.query.exclusions import Exclusions
from podwatch.query.intervals import Spans
from podwatch.query.literal_table import Occurrences
from podwatch.query.mention_batches import Row, build_mentions
from podwatch.query.narrowing import needed_tokens
from podwatch.query.normaliser import NormalisedText, normalise
from podwatch.query.postings import WordPostings
from podwatch.query.prefilter import Prefilter, build_prefilter
from podwatch.query.regular_expressions import RegexSet
from podwatch.query.search_plan import SearchPlan, plan_search
from podwatch.query.second_hearing import FLOOR, WeighedMatch, weigh_matches
from podwatch.query.short_texts import ShortTextSearch, is_short
from podwatch.query.term_expansion import TermDictionary

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

NO_FIELDS = EpisodeFields()
PLANNED_AFTER = (1, 16)  # transcripts; then the triggers are chosen anew


@dataclass(frozen=True, slots=True)
class EngineResult:
    """mentions: in the order of the text. failed: by name the watches that could not be evaluated here, and why.

    doubts: the places where the audio is to be asked, see EpisodeFields.asks_audio; left: those where it is not, since
    there are too many.
    """

    mentions: tuple[Mention, ...]
    failed: Mapping[str, Exception] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()
    left: tuple[Doubt, ...] = ()


@dataclass(slots=True)
class _Doubts:
    """As in EngineResult, while they are gathered."""

    asked: list[Doubt] = field(default_factory=list)
    left: list[Doubt] = field(default_factory=list)


class Engine:
    """Some watches, compiled together. broken: by name those that cannot be looked for, and why; the others are.

    planned_after: behind how many transcripts the triggers are chosen anew.
    """

    def __init__(
        self,
        watches: Sequence[tuple[Watch, Clause | PodwatchError]],
        planned_after: Sequence[int] = PLANNED_AFTER,
    ) -> None:
        compiler = Compiler([clause for _, clause in watches if isinstance(clause, Clause)])
        self.broken: dict[str, PodwatchError] = {}
        self._names: list[str] = []
        self._nodes: list[Node] = []
        for watch, clause in watches:
            try:
                if isinstance(clause, PodwatchError):
                    raise clause
                node = compiler.compile(clause)
            except PodwatchError as e:
                self.broken[watch.name] = e
                continue
            self._names.append(watch.name)
            self._nodes.append(node)
        self._index = index = compiler.index
        self._exclusions = Exclusions(watch for watch, _ in watches)
        self._terms = TermDictionary(index.wildcards, index.fuzzy)
        self._regexes = RegexSet(index.regexes)
        self._name_matcher: Any = _build_name_matcher(index.names) if index.names else None
        self._name_atoms = list(index.names.values())
        self._word_counts: Counter[str] = Counter()
        self._transcripts_read = 0
        self._counted = max(planned_after)
        self._plans_due = frozenset(planned_after)
        self._direct = DirectWatches(self._nodes, frozenset(literal.atom for literal in index.literals))
        self._search_plan: SearchPlan | None = None
        self._prefilter: Prefilter | None = None

    def _plan(self, text: str) -> SearchPlan:
        """How a text is searched: chosen by how often words occur in the first transcripts."""
        if self._transcripts_read < self._counted:
            self._transcripts_read += 1
            self._word_counts.update(text.split())
        if self._search_plan is None or self._transcripts_read in self._plans_due:
            self._plans_due -= {self._transcripts_read}
            self._index.measure_frequencies(self._word_counts)
            self._search_plan = plan_search(self._index, self._nodes, self._direct)
            if not self._plans_due and self._index.has_only_literals:
                self._prefilter = build_prefilter(self._search_plan.literals, self._word_counts)
        return self._search_plan

    def __call__(
        self, transcript: Transcript, fields: EpisodeFields = NO_FIELDS, only: Container[str] | None = None
    ) -> EngineResult:
        """The mentions of the watches (of those named in ``only``) in a transcript."""
        if self._prefilter is not None and self._prefilter.excludes(transcript.text):
            return EngineResult(())
        normalised = normalise(transcript.text)
        if is_short(normalised.text):
            return self._search_short(transcript, fields, normalised, only)
        import numpy as np

        plan = self._plan(normalised.text)
        postings = WordPostings(normalised.text)
        occurrences = plan.triggering.find(postings)
        finds = [self._direct.find(occurrences, len(self._index.frequencies))]
        hits: dict[int, Spans] = {}
        doubts = _Doubts()
        details = self._search_others(transcript, fields, normalised, hits, doubts, only)
        failed: dict[str, Exception] = {}
        watches = plan.triggers.triggered_by(occurrences.atoms, hits)
        if len(watches):
            occurrences += plan.later.find(postings)
            watches = plan.triggers.select(watches, occurrences, postings)
        if len(watches):
            _add_hits(hits, occurrences.where(plan.triggers.atoms_of(watches)[occurrences.atoms]))
            context = EvaluationContext(transcript, fields, normalised, hits, details, plan.deferred, plan.plans)
            rows, failed = self._evaluate(watches.tolist(), context, only)
            finds.append(np.array(rows, dtype=np.int64).reshape(-1, 4))
        mentions = self._build_mentions(transcript, normalised, np.concatenate(finds), details, only)
        return EngineResult(mentions, failed, tuple(doubts.asked), tuple(doubts.left))

    def _search_short(
        self, transcript: Transcript, fields: EpisodeFields, normalised: NormalisedText, only: Container[str] | None
    ) -> EngineResult:
        """The same of a short text, without arrays."""
        doubts = _Doubts()
        context = self._build_short_context(transcript, fields, normalised, doubts, only)
        watches = self._short_texts.triggered_by(context.hits)
        rows, failed = self._evaluate(watches, context, only)
        mentions = self._build_mentions(transcript, normalised, rows, context.details, only)
        return EngineResult(mentions, failed, tuple(doubts.asked), tuple(doubts.left))

    def _evaluate(
        self, watches: Iterable[int], context: EvaluationContext, only: Container[str] | None
    ) -> tuple[list[Row], dict[str, Exception]]:
        """What these watches find, and by name those that fail, and why."""
        rows: list[Row] = []
        failed: dict[str, Exception] = {}
        for i in watches:
            if only is not None and self._names[i] not in only:
                continue
            try:
                spans = self._nodes[i].find(context)
            except Exception as e:  # noqa: BLE001 - reported on the watch's row, the others go on
                failed[self._names[i]] = e
                continue
            rows += [(start, end, i, detail) for start, end, detail in spans or ()]
        return rows, failed

    def build_context(self, transcript: Transcript, fields: EpisodeFields = NO_FIELDS) -> EvaluationContext:
        """The transcript with all that the watches look for, as far as it is there."""
        normalised = normalise(transcript.text)
        if is_short(normalised.text):
            return self._build_short_context(transcript, fields, normalised, _Doubts(), None)
        plan = self._plan(normalised.text)
        postings = WordPostings(normalised.text)
        hits: dict[int, Spans] = {}
        _add_hits(hits, plan.triggering.find(postings) + plan.later.find(postings))
        details = self._search_others(transcript, fields, normalised, hits, _Doubts(), None)
        return EvaluationContext(transcript, fields, normalised, hits, details, plan.deferred, plan.plans)

    def _build_short_context(
        self,
        transcript: Transcript,
        fields: EpisodeFields,
        normalised: NormalisedText,
        doubts: _Doubts,
        only: Container[str] | None,
    ) -> EvaluationContext:
        hits = self._short_texts.find(normalised.text)
        details = self._search_others(transcript, fields, normalised, hits, doubts, only)
        return EvaluationContext(transcript, fields, normalised, hits, details)

    @cached_property
    def _short_texts(self) -> ShortTextSearch:
        return ShortTextSearch(self._index.literals, [node.needed_atoms for node in self._nodes])

    def _search_others(
        self,
        transcript: Transcript,
        fields: EpisodeFields,
        normalised: NormalisedText,
        hits: dict[int, Spans],
        doubts: _Doubts,
        only: Container[str] | None,
    ) -> Sequence[MatchDetail]:
        """Adds to ``hits`` what is no literal, to ``doubts`` what only the audio can tell; the details of all spans."""
        self._terms.find(normalised.text, hits)
        self._regexes.find(normalised, hits)
        if self.asks_for_entities and fields.entities is not None:
            self._find_recognised_entities(normalised, fields, hits)
        if self._name_matcher is None:
            return self._index.details
        found = self._match_names(transcript, fields, only)
        weighed = weigh_matches(
            [*found, *self._match_wide_hearings(transcript, fields, only, found)], transcript, fields
        )
        doubts.asked += weighed.doubts
        doubts.left += weighed.left
        if fields.asks_widely:
            doubts.asked += self._propose_doubts(transcript, fields, only, [m for _, m in found], weighed.matches)
        return [*self._index.details, *self._add_names(weighed.matches, normalised, hits)]

    def _match_names(
        self, transcript: Transcript, fields: EpisodeFields, only: Container[str] | None
    ) -> list[tuple[str, Any]]:
        """(the name as it is watched, the match) of each name found by its sound that one of the watches looks for."""
        floor = FLOOR if fields.asks_audio or fields.hearings else 1.0
        found = self._name_matcher.find_matches(transcript.text, fields.title, fields.notes, floor)
        wanted = None if only is None or floor == 1.0 else self._atoms_of(only)
        names = self._name_matcher.names
        return [(names[m.name].full, m) for m in found if wanted is None or self._name_atoms[m.name] in wanted]

    def _match_wide_hearings(
        self,
        transcript: Transcript,
        fields: EpisodeFields,
        only: Container[str] | None,
        found: Sequence[tuple[str, Any]],
    ) -> list[tuple[str, Any]]:
        """As _match_names, where the audio was asked about names that the text does not propose."""
        if not any(h.doubt.is_wide for h in fields.hearings):
            return []
        from podwatch.query.wide_doubts import match_hearings

        thresholds = {
            self._name_matcher.names[i].full: (i, self._name_matcher.threshold_of(i)) for i in self._wanted_names(only)
        }
        return match_hearings(thresholds, transcript, fields.hearings, [m for _, m in found])

    def _propose_doubts(
        self,
        transcript: Transcript,
        fields: EpisodeFields,
        only: Container[str] | None,
        found: Sequence[Any],
        counted: Sequence[WeighedMatch],
    ) -> Sequence[Doubt]:
        """Where the audio is to be asked about names that the text does not propose."""
        from podwatch.query.wide_doubts import propose_doubts

        return propose_doubts(self._proposer, self._wanted_names(only), transcript, fields, found, counted)

    @cached_property
    def _proposer(self) -> Any:
        from podwatch.query.place_proposals import PlaceProposer

        return PlaceProposer(self._name_matcher.names)

    def _wanted_names(self, only: Container[str] | None) -> Sequence[int]:
        """The indices of the names that one of the watches looks for."""
        wanted = None if only is None else self._atoms_of(only)
        return [i for i, atom in enumerate(self._name_atoms) if wanted is None or atom in wanted]

    def _atoms_of(self, only: Container[str]) -> set[int]:
        """All that the watches of these names look for."""
        nodes = (node for name, node in zip(self._names, self._nodes, strict=True) if name in only)
        return {atom for node in nodes for atom in atoms_within(node)}

    @property
    def asks_for_entities(self) -> bool:
        """Whether a watch has an ``entity:`` clause, so that a transcript's entities are worth reading."""
        return bool(self._index.entities)

    @property
    def goes_by_sound(self) -> bool:
        """Whether a watch looks for names as they sound, of which the audio may be asked."""
        return self._name_matcher is not None

    @property
    def names(self) -> Sequence[str]:
        """The names of the watches that are looked for."""
        return self._names

    def node_of(self, watch: str) -> Node | None:
        """The compiled watch of that name; None when there is none, or it is broken."""
        return self._nodes[self._names.index(watch)] if watch in self._names else None

    def needed_tokens(self, watch: str) -> Needed | None:
        """The tokens without which a transcript has no mention of the watch; None: it may have one in any case."""
        node = self.node_of(watch)
        return None if node is None else needed_tokens(node, self._index)

    def _build_mentions(
        self,
        transcript: Transcript,
        normalised: NormalisedText,
        found: Array | list[Row],
        details: Sequence[MatchDetail],
        only: Container[str] | None,
    ) -> tuple[Mention, ...]:
        """found: start, end, index of the watch and detail of each find."""
        if not len(found):
            return ()
        names = self._names

        def is_wanted(row: Row) -> bool:
            start, end, i, detail = row
            if only is not None and names[i] not in only:
                return False
            return not self._exclusions.is_excluded(names[i], details[detail].kind, normalised, start, end)

        is_any_wanted = only is None and not self._exclusions
        wanted = None if is_any_wanted else is_wanted
        ranks = None if isinstance(found, list) else self._ranks
        return tuple(build_mentions(transcript, normalised, found, names, ranks, details, wanted))

    @cached_property
    def _ranks(self) -> Array:
        """Of each name its place among all, in their order."""
        import numpy as np

        ranks = np.empty(len(self._names), dtype=np.int64)
        ranks[sorted(range(len(self._names)), key=self._names.__getitem__)] = np.arange(len(self._names))
        return ranks

    def _find_recognised_entities(
        self, normalised: NormalisedText, fields: EpisodeFields, hits: dict[int, Spans]
    ) -> None:
        """Adds to ``hits`` the spans of the entities that have one of the names that are looked for."""
        for entity in fields.entities or ():
            names = {normalise(name).text.strip() for name in entity.names}
            for atom in {self._index.entities[name] for name in names & self._index.entities.keys()}:
                spans = (_to_normalised(normalised, start, end) for start, end in entity.spans)
                hits.setdefault(atom, []).extend((start, end, 0) for start, end in spans if start < end)

    def _add_names(
        self, matches: Sequence[WeighedMatch], normalised: NormalisedText, hits: dict[int, Spans]
    ) -> list[MatchDetail]:
        """Adds to ``hits`` the names that are found by their sound; returns their details, which follow the others."""
        details: list[MatchDetail] = []
        for weighed in matches:
            match = weighed.match
            start, end = _to_normalised(normalised, match.start, match.end)
            kind = Kind(match.kind)
            if kind is Kind.EXACT and weighed.score == 1.0:
                detail = 0
            else:
                detail = len(self._index.details) + len(details)
                details.append(MatchDetail(kind, weighed.score, weighed.reason))
            if start < end:
                hits.setdefault(self._name_atoms[match.name], []).append((start, end, detail))
        return details


def _add_hits(hits: dict[int, Spans], occurrences: Occurrences) -> None:
    """Adds to ``hits`` the spans of each atom."""
    columns = (occurrences.atoms.tolist(), occurrences.starts.tolist(), occurrences.stops.tolist())
    for atom, start, stop in zip(*columns, strict=True):
        spans = hits.get(atom)
        if spans is None:
            hits[atom] = [(start, stop, 0)]
        else:
            spans.append((start, stop, 0))


def _to_normalised(normalised: NormalisedText, start: int, end: int) -> tuple[int, int]:
    """A span of the stored text as one of the normalised text, without a blank at its end."""
    left, right = normalised.index_of(start), normalised.index_of(end)
    return left, right - (right > left and normalised.text[right - 1] == " ")


def _build_name_matcher(names: Iterable[NameKey]) -> Any:
    from podwatch.phonetics import NameMatcher, WatchedName

    return NameMatcher([WatchedName(*name) for name in names])
