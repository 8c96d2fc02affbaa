"""Runs all watches over a transcript: what any of them looks for is found in one pass, then only those are evaluated
of which something was found.

A watch is evaluated when an atom it cannot do without is there (the one of its atoms that is likely the rarest), as
search engines do with stored queries. So the cost grows with what is said, not with the watchlist.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from podwatch.errors import PodwatchError
from podwatch.model import Kind, Mention, Transcript, Watch, fold_spelling
from podwatch.query.clauses import Clause
from podwatch.query.compiler import Compiler
from podwatch.query.context import EpisodeFields, EvaluationContext, MatchDetail
from podwatch.query.evaluation import Node
from podwatch.query.intervals import Spans
from podwatch.query.literals import Literal, LiteralAutomaton
from podwatch.query.normaliser import NormalisedText, normalise
from podwatch.query.prefilter import Prefilter, build_prefilter
from podwatch.query.regular_expressions import PatternSet
from podwatch.query.snippets import MentionBuilder
from podwatch.query.term_expansion import TermDictionary

NOTHING = EpisodeFields()
PLANNED = (1, 16)  # after which transcripts it is decided anew what each watch waits for


@dataclass(frozen=True, slots=True)
class EngineResult:
    """mentions: in the order of the text. failed: watches that could not be evaluated here, and why."""

    mentions: tuple[Mention, ...]
    failed: Mapping[str, Exception] = field(default_factory=dict)


EMPTY_RESULT = EngineResult(())


_SENTENCE = re.compile(r"[^\W_]{4,}[.?!…]\s")  # the end of one; St. Mary goes on


class Engine:
    """All watches, compiled together. broken: those that cannot be looked for, with why; the others are."""

    def __init__(self, watches: Sequence[tuple[Watch, Clause | PodwatchError]]) -> None:
        trees = [clause for _, clause in watches if isinstance(clause, Clause)]
        compiler = Compiler(trees)
        self._index = compiler.index
        self.broken: dict[str, PodwatchError] = {}
        self._names: list[str] = []
        self._nodes: list[Node] = []
        for watch, clause in watches:
            try:
                if isinstance(clause, PodwatchError):
                    raise clause
                node = compiler.node(clause)
            except PodwatchError as e:
                self.broken[watch.name] = e
                continue
            self._names.append(watch.name)
            self._nodes.append(node)
        index = self._index
        self._excluded = {
            w.name: [f" {fold_spelling(spelling)} " for spelling in w.exclude] for w, _ in watches if w.exclude
        }
        self._longer = {w.name: [f" {normalise(s).text.strip()} " for s in w.exclude] for w, _ in watches if w.exclude}
        self._vocabulary = TermDictionary(index.wild, index.fuzzy)
        self._patterns = PatternSet(index.patterns)
        self._matcher: Any = _name_matcher([clause for clause, _ in index.sounds])
        self._word_counts: Counter[str] = Counter()
        self._read = 0
        self._literals = LiteralAutomaton([])
        self._triggers: dict[int, list[int]] = {}
        self._deferred: dict[int, list[Literal]] = {}
        self._sieve: Prefilter | None = None

    def _plan(self, text: str) -> None:
        """Chooses for each watch the atom that triggers it, by how often words occur in the first transcripts.

        Whatever is chosen, the same is found; a text in which "grain" is rarer than "said" is gone through faster when
        ``grain NEAR/5 said`` waits for grain. Only what is waited for is in the automaton.
        """
        self._read += 1
        if self._read > PLANNED[-1]:
            return
        self._word_counts.update(text.split())
        if self._read not in PLANNED:
            return
        self._index.weigh(self._word_counts)
        self._triggers = {}
        later: dict[int, list[Literal]] = {}
        for i, node in enumerate(self._nodes):
            for atom in node.needs:
                self._triggers.setdefault(atom, []).append(i)
        for literal in self._index.literals:
            if literal.atom not in self._triggers:
                later.setdefault(literal.atom, []).append(literal)
        self._deferred = later
        waited_for = [li for li in self._index.literals if li.atom in self._triggers]
        self._literals = LiteralAutomaton(waited_for)
        if self._read == PLANNED[-1] and not self._index.beside_literals:
            self._sieve = build_prefilter(waited_for, self._word_counts)

    def __call__(
        self, transcript: Transcript, about: EpisodeFields = NOTHING, only: Container[str] | None = None
    ) -> EngineResult:
        """The mentions of the watches (of those named in ``only``) in a transcript."""
        if self._sieve is not None and self._sieve.excludes(transcript.text):
            return EMPTY_RESULT
        context = self.read(transcript, about)
        candidates: set[int] = set()
        triggers = self._triggers
        for atom in context.hits.keys() & triggers.keys():
            candidates.update(triggers[atom])
        found: list[tuple[int, int, int, int]] = []
        failed: dict[str, Exception] = {}
        for i in candidates:
            if only is not None and self._names[i] not in only:
                continue
            try:
                spans = self._nodes[i].find(context)
            except Exception as e:  # noqa: BLE001 - reported on the watch's row, the others go on
                failed[self._names[i]] = e
                continue
            if spans:
                found += [(s, e, i, how) for s, e, how in spans]
        return EngineResult(self._mentions(transcript, context, found), failed)

    def read(self, transcript: Transcript, about: EpisodeFields = NOTHING) -> EvaluationContext:
        """What all watches look for, as far as it is in the transcript."""
        normal = normalise(transcript.text)
        self._plan(normal.text)
        hits: dict[int, Spans] = {}
        details = self._index.details
        self._literals.find(normal.text, hits)
        self._vocabulary.find(normal.text, hits)
        self._patterns.find(normal, hits)
        if self._index.named and about.entities is not None:
            self._recognised(normal, about, hits)
        if self._matcher is not None:
            details = self._find_misspelt_names(transcript, about, normal, hits)
        return EvaluationContext(transcript, about, normal, hits, details, self._deferred)

    @property
    def asks_for_entities(self) -> bool:
        """Whether a watch has an ``entity:`` clause, so that a transcript's entities are worth reading."""
        return bool(self._index.named)

    def node(self, watch: str) -> Node | None:
        """The compiled watch of that name."""
        return self._nodes[self._names.index(watch)] if watch in self._names else None

    def _mentions(
        self, transcript: Transcript, context: EvaluationContext, found: list[tuple[int, int, int, int]]
    ) -> tuple[Mention, ...]:
        if not found:
            return ()
        snippets = MentionBuilder(transcript)
        span, details, names = context.normal.span, context.details, self._names
        mentions: list[Mention] = []
        last = (-1, -1, -1)
        for s, e, i, how in sorted(found):
            if (s, e, i) == last:  # an entity's name as it is written, and the same words recognised: one mention
                continue
            last = s, e, i
            if names[i] in self._longer and _within(context.normal, s, e, self._longer[names[i]]):
                continue
            start, end = span(s, e)
            mentions.append(snippets.mention(names[i], start, end, details[how]))
        if self._excluded:
            mentions = [m for m in mentions if m.watch not in self._excluded or not self._refused(m)]
        mentions.sort(key=lambda m: (m.start, m.end, m.watch))
        return tuple(mentions)

    def _refused(self, m: Mention) -> bool:
        """Whether people said that this spelling is something else; of what only sounds like it, any part counts."""
        surface = f" {fold_spelling(m.surface)} "
        if m.kind is Kind.SOUNDS_LIKE:
            return any(spelling in surface for spelling in self._excluded[m.watch])
        return surface in self._excluded[m.watch]

    def _recognised(self, normal: NormalisedText, about: EpisodeFields, hits: dict[int, Spans]) -> None:
        wanted: dict[str, list[int]] = {}
        for text, atom in self._index.named:
            wanted.setdefault(text, []).append(atom)
        for entity in about.entities or ():
            names = {normalise(name).text.strip() for name in entity.names}
            for atom in {a for name in names for a in wanted.get(name, ())}:
                spans = ((normal.index(s), normal.index(e)) for s, e in entity.spans)
                trimmed = ((s, e - (normal.text[e - 1] == " "), 0) for s, e in spans if s < e)
                hits.setdefault(atom, []).extend(t for t in trimmed if t[0] < t[1])

    def _find_misspelt_names(
        self, transcript: Transcript, about: EpisodeFields, normal: NormalisedText, hits: dict[int, Spans]
    ) -> list[MatchDetail]:
        details = list(self._index.details)
        for heard in self._matcher.find_matches(transcript.text, about.title, about.notes):
            atom = self._index.sounds[heard.name][1]
            start, end = normal.index(heard.start), normal.index(heard.end)
            if end > start and normal.text[end - 1] == " ":
                end -= 1
            kind = Kind(heard.kind)
            if kind is Kind.EXACT and heard.score == 1.0:
                number = 0
            else:
                details.append(MatchDetail(kind, heard.score, heard.reason))
                number = len(details) - 1
            if start < end:
                hits.setdefault(atom, []).append((start, end, number))
        return details


def _within(normal: NormalisedText, start: int, end: int, phrases: Sequence[str]) -> bool:
    """Whether [start, end) of a normalised text is a part of one of the phrases there: Dobrynin, of Dobrynin Street.

    Not over the end of a sentence: Dobrynin. Street.
    """
    for phrase in phrases:
        first, last = end + 1 - len(phrase), start - 1 + len(phrase)
        at = normal.text.find(phrase, max(0, first), last) if len(phrase) > end - start + 2 else -1
        if at >= 0:
            a, b = normal.span(at + 1, at + len(phrase) - 1)
            if not _SENTENCE.search(normal.stored, a, b):
                return True
    return False


def _name_matcher(names: Sequence[Any]) -> Any:
    if not names:
        return None
    from podwatch.phonetics import NameMatcher, WatchedName

    return NameMatcher([WatchedName(n.text, n.aliases, n.type, n.threshold, n.refused) for n in names])
