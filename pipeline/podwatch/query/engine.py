"""The engine: runs all watches over a transcript.

What any of them looks for is found in one pass over the text. Then only those watches are evaluated of which the
trigger was found, an atom that the watch needs (the one that is likely the rarest), as search engines do with stored
queries. So the cost grows with what is said, not with the watchlist.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from podwatch.errors import PodwatchError
from podwatch.model import Kind, Mention, Needed, Transcript, Watch
from podwatch.query.clauses import Clause
from podwatch.query.compiler import Compiler, NameKey
from podwatch.query.context import EpisodeFields, EvaluationContext, MatchDetail
from podwatch.query.direct_watches import DirectWatches
from podwatch.query.evaluation import Atoms, Node, Plan, plan_evaluation
from podwatch.query.exclusions import Exclusions
from podwatch.query.intervals import Spans
from podwatch.query.literals import Literal, LiteralAutomaton
from podwatch.query.mention_batches import Row, build_mentions
from podwatch.query.narrowing import needed_tokens
from podwatch.query.normaliser import NormalisedText, normalise
from podwatch.query.prefilter import Prefilter, build_prefilter
from podwatch.query.regular_expressions import RegexSet
from podwatch.query.term_expansion import TermDictionary

NO_FIELDS = EpisodeFields()
PLANNED_AFTER = (1, 16)  # transcripts; then the triggers are chosen anew


@dataclass(frozen=True, slots=True)
class EngineResult:
    """mentions: in the order of the text. failed: by name the watches that could not be evaluated here, and why."""

    mentions: tuple[Mention, ...]
    failed: Mapping[str, Exception] = field(default_factory=dict)


class Engine:
    """Some watches, compiled together. broken: by name those that cannot be looked for, and why; the others are.

    planned_after: behind how many transcripts the triggers are chosen anew.
    """

    def __init__(
        self,
        watches: Sequence[tuple[Watch, Clause | PodwatchError]],
        planned_after: Sequence[int] = PLANNED_AFTER,
    ) -> None:
        self._planned_after = planned_after
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
        self._direct = DirectWatches(self._nodes, frozenset(literal.atom for literal in index.literals))
        # What _plan chooses: the atoms in the automaton, the watches that each triggers with the atoms that these also
        # require, the literals left for later, how nodes with such are evaluated.
        self._literals = LiteralAutomaton([])
        self._triggers: dict[int, list[tuple[int, tuple[Atoms, ...]]]] = {}
        self._deferred: dict[int, list[Literal]] = {}
        self._plans: dict[Node, Plan] = {}
        self._prefilter: Prefilter | None = None

    def _plan(self, text: str) -> None:
        """Chooses for each watch the atom that triggers it, by how often words occur in the first transcripts.

        Whatever is chosen, the same is found; a text in which "grain" is rarer than "said" is searched faster when
        grain triggers ``grain NEAR/5 said``, 1.6 times with 1,000 such watches, 3 times with 10,000. Only triggers are
        in the automaton.
        """
        self._transcripts_read += 1
        if self._transcripts_read > self._planned_after[-1]:
            return
        self._word_counts.update(text.split())
        if self._transcripts_read not in self._planned_after:
            return
        self._index.measure_frequencies(self._word_counts)
        needed = [node.needed_atoms for node in self._nodes]
        searched = set().union(*needed)
        triggering: list[Literal] = []
        deferred: dict[int, list[Literal]] = {}
        for literal in self._index.literals:
            if literal.atom in searched:
                triggering.append(literal)
            else:
                deferred.setdefault(literal.atom, []).append(literal)
        triggers: dict[int, list[tuple[int, tuple[Atoms, ...]]]] = {}
        self._deferred, self._triggers, self._plans = deferred, triggers, {}
        for i in self._direct.others:
            required = tuple(
                atoms
                for atoms in self._nodes[i].required_atoms
                if atoms != needed[i] and deferred.keys().isdisjoint(atoms)
            )
            for atom in needed[i]:
                triggers.setdefault(atom, []).append((i, required))
            self._plans.update(plan_evaluation(self._nodes[i], deferred, self._index.frequency))
        self._literals = LiteralAutomaton(triggering)
        self._direct.search_with(self._literals)
        if self._transcripts_read == self._planned_after[-1] and self._index.has_only_literals:
            self._prefilter = build_prefilter(triggering, self._word_counts)

    def __call__(
        self, transcript: Transcript, fields: EpisodeFields = NO_FIELDS, only: Container[str] | None = None
    ) -> EngineResult:
        """The mentions of the watches (of those named in ``only``) in a transcript."""
        if self._prefilter is not None and self._prefilter.excludes(transcript.text):
            return EngineResult(())
        normalised = normalise(transcript.text)
        self._plan(normalised.text)
        hits: dict[int, Spans] = {}
        found = self._direct.find(normalised.text, hits)
        context = self._search_others(transcript, fields, normalised, hits)
        failed: dict[str, Exception] = {}
        for i in self._triggered(hits):
            if only is not None and self._names[i] not in only:
                continue
            try:
                spans = self._nodes[i].find(context)
            except Exception as e:  # noqa: BLE001 - reported on the watch's row, the others go on
                failed[self._names[i]] = e
                continue
            if spans:
                found += [n for start, end, detail in spans for n in (start, end, i, detail)]
        return EngineResult(self._build_mentions(context, found, only), failed)

    def _triggered(self, hits: Mapping[int, Spans]) -> set[int]:
        """The watches to be evaluated: not the direct ones."""
        triggered: set[int] = set()
        there = hits.keys()
        for atom in there & self._triggers.keys():
            for i, required in self._triggers[atom]:
                if i in triggered:
                    continue
                for atoms in required:
                    if there.isdisjoint(atoms):
                        break
                else:
                    triggered.add(i)
        return triggered

    def build_context(self, transcript: Transcript, fields: EpisodeFields = NO_FIELDS) -> EvaluationContext:
        """The transcript with all that the watches look for, as far as it is there."""
        normalised = normalise(transcript.text)
        self._plan(normalised.text)
        hits: dict[int, Spans] = {}
        self._literals.find(normalised.text, hits)
        return self._search_others(transcript, fields, normalised, hits)

    def _search_others(
        self, transcript: Transcript, fields: EpisodeFields, normalised: NormalisedText, hits: dict[int, Spans]
    ) -> EvaluationContext:
        """Adds to ``hits`` what is no literal."""
        self._terms.find(normalised.text, hits)
        self._regexes.find(normalised, hits)
        if self.asks_for_entities and fields.entities is not None:
            self._find_recognised_entities(normalised, fields, hits)
        details = self._index.details
        if self._name_matcher is not None:
            details = [*details, *self._find_misspelt_names(transcript, fields, normalised, hits)]
        return EvaluationContext(transcript, fields, normalised, hits, details, self._deferred, self._plans)

    @property
    def asks_for_entities(self) -> bool:
        """Whether a watch has an ``entity:`` clause, so that a transcript's entities are worth reading."""
        return bool(self._index.entities)

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
        self, context: EvaluationContext, found: list[int], only: Container[str] | None
    ) -> tuple[Mention, ...]:
        """found: start, end, index of the watch and detail of each find, one number after the other."""
        if not found:
            return ()
        normalised, names, details = context.normalised, self._names, context.details

        def is_wanted(row: Row) -> bool:
            start, end, i, detail = row
            if only is not None and names[i] not in only:
                return False
            return not self._exclusions.is_excluded(names[i], details[detail].kind, normalised, start, end)

        is_any_wanted = only is None and not self._exclusions
        mentions = build_mentions(
            context.transcript, normalised, found, names, details, None if is_any_wanted else is_wanted
        )
        return tuple(mentions)

    def _find_recognised_entities(
        self, normalised: NormalisedText, fields: EpisodeFields, hits: dict[int, Spans]
    ) -> None:
        """Adds to ``hits`` the spans of the entities that have one of the names that are looked for."""
        for entity in fields.entities or ():
            names = {normalise(name).text.strip() for name in entity.names}
            for atom in {self._index.entities[name] for name in names & self._index.entities.keys()}:
                spans = (_to_normalised(normalised, start, end) for start, end in entity.spans)
                hits.setdefault(atom, []).extend((start, end, 0) for start, end in spans if start < end)

    def _find_misspelt_names(
        self, transcript: Transcript, fields: EpisodeFields, normalised: NormalisedText, hits: dict[int, Spans]
    ) -> list[MatchDetail]:
        """Adds to ``hits`` the names that are found by their sound; returns their details, which follow the others."""
        details: list[MatchDetail] = []
        for match in self._name_matcher.find_matches(transcript.text, fields.title, fields.notes):
            start, end = _to_normalised(normalised, match.start, match.end)
            kind = Kind(match.kind)
            if kind is Kind.EXACT and match.score == 1.0:
                detail = 0
            else:
                detail = len(self._index.details) + len(details)
                details.append(MatchDetail(kind, match.score, match.reason))
            if start < end:
                hits.setdefault(self._name_atoms[match.name], []).append((start, end, detail))
        return details


def _to_normalised(normalised: NormalisedText, start: int, end: int) -> tuple[int, int]:
    """A span of the stored text as one of the normalised text, without a blank at its end."""
    left, right = normalised.index_of(start), normalised.index_of(end)
    return left, right - (right > left and normalised.text[right - 1] == " ")


def _build_name_matcher(names: Iterable[NameKey]) -> Any:
    from podwatch.phonetics import NameMatcher, WatchedName

    return NameMatcher([WatchedName(*name) for name in names])
