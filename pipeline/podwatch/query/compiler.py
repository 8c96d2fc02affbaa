"""Compiles clauses into nodes, and collects the atoms of all watches, so that a text is searched once for all of them.

An atom is anything that is looked up in the text itself: a literal, a wildcard, a fuzzy word, a regular expression, a
recognised entity, a name by its sound. It is known by a number; the same word of two watches is one atom.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from podwatch.model import Kind
from podwatch.query import clauses
from podwatch.query.annotations import annotation_pattern, is_annotation
from podwatch.query.context import EXACT, EvaluationContext, MatchDetail
from podwatch.query.evaluation import (
    AndNode,
    AtomNode,
    CountNode,
    FieldNode,
    Node,
    NotNearNode,
    NotNode,
    OrNode,
    ProximityNode,
    SpeakerNode,
)
from podwatch.query.fields import field_test
from podwatch.query.folding import is_without_blanks
from podwatch.query.intervals import Spans, covering_intervals, near_intervals
from podwatch.query.literals import Ending, Literal
from podwatch.query.normaliser import normalise_all, normalise_wildcard
from podwatch.query.parser import QueryError
from podwatch.query.regular_expressions import check_regex
from podwatch.query.spelling_variants import cased_letters, plural_in_ies, signs_within, spell, takes_plural

K = TypeVar("K")
NameKey = tuple[str, tuple[str, ...], str | None, float | None, tuple[str, ...]]  # the fields of a WatchedName
RARE = 1e-6  # the frequency of what no word list says anything about
PHRASE = 0.05  # how much rarer each further word makes a phrase


@dataclass(slots=True)
class QueryIndex:
    """The atoms of all watches, by what they look for, and how often each is likely to be found.

    details: how a span was found, EXACT first; nodes and spans refer to them by their index.
    """

    literals: list[Literal] = field(default_factory=list)
    wildcards: dict[str, int] = field(default_factory=dict)
    fuzzy: dict[tuple[str, int], int] = field(default_factory=dict)
    regexes: dict[str, int] = field(default_factory=dict)
    entities: dict[str, int] = field(default_factory=dict)
    names: dict[NameKey, int] = field(default_factory=dict)
    details: list[MatchDetail] = field(default_factory=lambda: [EXACT])
    frequencies: list[float] = field(default_factory=list)
    _literal_atoms: dict[tuple[str, Ending], int] = field(default_factory=dict)

    def add_atom(self, atoms: dict[K, int], key: K, frequency: float) -> int:
        """The atom of ``key`` in one of the dictionaries above; a new one when it has none yet."""
        if key not in atoms:
            atoms[key] = len(self.frequencies)
            self.frequencies.append(frequency)
        return atoms[key]

    def add_literal(self, text: str, ending: Ending) -> int:
        """The atom of a normalised word or phrase."""
        is_new = (text, ending) not in self._literal_atoms
        atom = self.add_atom(self._literal_atoms, (text, ending), _guess_frequency(text))
        if is_new:
            self.literals.append(Literal(text, atom, ending))
            if ending is Ending.PLURAL and (plural := plural_in_ies(text)):
                self.literals.append(Literal(plural, atom, Ending.WHOLE))
        return atom

    def add_detail(self, detail: MatchDetail) -> int:
        self.details.append(detail)
        return len(self.details) - 1

    @property
    def has_only_literals(self) -> bool:
        return not (self.wildcards or self.fuzzy or self.regexes or self.entities or self.names)

    def frequency(self, atoms: frozenset[int]) -> float:
        """How often one of these atoms is likely to be found: what triggers a watch should be rare."""
        return sum(self.frequencies[atom] for atom in atoms)

    def measure_frequencies(self, word_counts: Counter[str]) -> None:
        """Replaces the guesses for literals, given how often each word is said in some real text."""
        total = max(1, word_counts.total())
        for literal in self.literals:
            rarest = min(word_counts[word] for word in literal.text.split())
            share = (rarest / total) * PHRASE ** literal.text.count(" ")
            self.frequencies[literal.atom] = share + _guess_frequency(literal.text) * 1e-3


def _guess_frequency(text: str) -> float:
    """Before any text was seen: long words and phrases are rare (Zipf 1935: words in use are short)."""
    return 4.0 ** -min(max(map(len, text.split()), default=0), 10) * PHRASE ** text.count(" ")


class Compiler:
    """Compiles the clauses of one watchlist into one query index."""

    def __init__(self, trees: Sequence[clauses.Clause]) -> None:
        self.index = QueryIndex()
        words = (clauses.Term, clauses.Fuzzy, clauses.EntityClause, clauses.SoundsLike)
        texts = sorted({part.text for tree in trees for part in tree.walk() if isinstance(part, words)})
        self._normalised = dict(zip(texts, normalise_all(texts), strict=True))

    def compile(self, clause: clauses.Clause) -> Node:
        """The node of a clause; raises QueryError for what can never be found."""
        if (speaker := _speaker_test(clause)) is not None:
            return SpeakerNode(clause, speaker)
        match clause:
            case clauses.Term():
                return self._term(clause)
            case clauses.Wildcard():
                return self._wildcard(clause)
            case clauses.Fuzzy():
                return self._fuzzy(clause)
            case clauses.Regex():
                check_regex(clause)
                return AtomNode(clause, ((self.index.add_atom(self.index.regexes, clause.text, RARE), 0),))
            case clauses.EntityClause():
                return self._entity(clause)
            case clauses.SoundsLike():
                return self._name(clause)
            case clauses.Field(parts=(inner,), name=name):
                test = field_test(inner)
                return FieldNode(clause, lambda context: test(context.normalised_field(name)))
            case clauses.Not(parts=(inner,)) if (speaker := _speaker_test(inner)) is not None:
                return SpeakerNode(clause, speaker, by=False)
        return self._compound(clause, tuple(map(self.compile, clause.parts)))

    def _compound(self, clause: clauses.Clause, parts: tuple[Node, ...]) -> Node:
        frequency = self.index.frequency
        match clause:
            case clauses.Or():
                return OrNode(clause, clause.longest, parts=parts)
            case clauses.And():
                return AndNode(clause, frequency, parts=parts)
            case clauses.Not():
                return NotNode(clause, parts=parts)
            case clauses.Count():
                return CountNode(clause, clause.least, clause.most, parts=parts)
            case clauses.Near():
                return ProximityNode(
                    clause, frequency, _join_near(clause.words, clause.ordered), clause.words, parts=parts
                )
            case clauses.NotNear():
                return NotNearNode(clause, clause.words, parts=parts)
            case clauses.Within():
                return ProximityNode(clause, frequency, _join_within(clause.seconds), parts=parts)
            case clauses.SloppyPhrase():
                words = len(parts) + clause.words
                return ProximityNode(clause, frequency, _join_words(words), words, parts=parts)
        raise AssertionError(type(clause))

    def _term(self, clause: clauses.Term) -> AtomNode:
        text = self._normalised[clause.text]
        if not text:
            return self._left_out(clause)
        detail = self.index.add_detail(MatchDetail(Kind.ALIAS, 1.0, f"alias {clause.text}")) if clause.alias_of else 0
        inflected = clause.inflected and not clause.case and takes_plural(text)
        ending = Ending.PLURAL if inflected else Ending.WHOLE
        spelling = spell(text, clause.text, inflected=clause.inflected or clause.brand)
        atoms = tuple((self.index.add_literal(form, ending), detail) for form in spelling.forms)
        if clause.case:
            return AtomNode(clause, atoms, _is_cased_as(clause.text))
        if clause.signs:
            return AtomNode(clause, ((self.index.add_literal(text, Ending.WHOLE), detail),), _has_signs_of(clause.text))
        return AtomNode(clause, atoms, spelling.accept)

    def _left_out(self, clause: clauses.Term) -> AtomNode:
        """What takes no place between words, where it is asked for: [Music], an emoji."""
        if is_annotation(clause.text):
            pattern = annotation_pattern(clause.text)
        elif any(unicodedata.category(c) == "So" for c in clause.text):
            pattern = re.escape(clause.text)
        else:
            raise QueryError("has no word in it", clause.column, 'write a term or a "phrase"')
        return AtomNode(clause, ((self.index.add_atom(self.index.regexes, pattern, RARE), 0),))

    def _wildcard(self, clause: clauses.Wildcard) -> Node:
        nodes: list[Node] = []
        words = normalise_wildcard(clause.text).split()
        if len(words) > 1 and words[-1] == "*" and is_without_blanks(words[-2][0]):
            words.pop()  # within a run without blanks a word is found anyhow
        if len(words) > 1 and words[0] == "*" and is_without_blanks(words[1][0]):
            words.pop(0)
        for word in words:
            if not word.strip("*?"):
                raise QueryError(f"{clause.text} has a * or ? that stands alone", clause.column, "write it at a word")
            stem = word.rstrip("*")
            if "*" not in stem and "?" not in stem:
                atom = self.index.add_literal(stem, Ending.ANY if stem != word else Ending.WHOLE)
            else:
                longest = max(word.replace("?", "*").split("*"), key=len)
                atom = self.index.add_atom(self.index.wildcards, word, _guess_frequency(longest))
            nodes.append(AtomNode(clause, ((atom, 0),)))
        joined = nodes[0]
        for node in nodes[1:]:
            joined = ProximityNode(clause, self.index.frequency, _join_near(0, ordered=True), 0, parts=(joined, node))
        return joined

    def _fuzzy(self, clause: clauses.Fuzzy) -> AtomNode:
        text = self._normalised[clause.text]
        if " " in text:
            raise QueryError(f"{clause.text}~ is more than one word", clause.column, "~ goes with one word")
        atom = self.index.add_atom(self.index.fuzzy, (text, clause.distance), _guess_frequency(text))
        return AtomNode(clause, ((atom, 0),))

    def _entity(self, clause: clauses.EntityClause) -> AtomNode:
        text = self._normalised[clause.text]
        atom = self.index.add_atom(self.index.entities, text, _guess_frequency(text))
        detail = self.index.add_detail(MatchDetail(Kind.ENTITY, 1.0, f"entity {clause.text}"))
        # Where entities were not recognised, and in other spellings of the name, its words are looked for.
        spelling = spell(text, clause.text, inflected=False)
        literals = ((self.index.add_literal(form, Ending.WHOLE), 0) for form in spelling.forms)
        return AtomNode(clause, ((atom, detail), *literals), spelling.accept)

    def _name(self, clause: clauses.SoundsLike) -> AtomNode:
        key = (clause.text, clause.aliases, clause.type, clause.threshold, clause.excluded)
        atom = self.index.add_atom(self.index.names, key, RARE)
        # As it is written, too: of what has no sound (G7) or is too much of a word (Target) that is all.
        written = clauses.Term(text=clause.text, source=clause.source, column=clause.column, inflected=False)
        return AtomNode(clause, ((atom, 0), *self._term(written).atoms), longest=True)


def _speaker_test(clause: clauses.Clause) -> Callable[[str], bool] | None:
    """Of a clause that asks only who speaks: the test of a speaker's normalised name. None for any other clause."""
    if isinstance(clause, clauses.Field) and clause.name == "speaker":
        return field_test(clause.parts[0])
    if isinstance(clause, clauses.Or):
        tests = [_speaker_test(part) for part in clause.parts]
        if all(test is not None for test in tests):
            return lambda name: any(test(name) for test in tests if test is not None)
    return None


def _join_near(words: int, ordered: bool) -> Callable[[list[Spans], EvaluationContext], Spans]:
    return lambda given, context: near_intervals(given[0], given[1], words, ordered, context.word_at)


def _join_within(seconds: float | None) -> Callable[[list[Spans], EvaluationContext], Spans]:
    if seconds is None:
        return lambda given, context: covering_intervals(given, context.within_segment)
    return lambda given, context: covering_intervals(given, context.within_seconds(seconds))


def _join_words(words: int) -> Callable[[list[Spans], EvaluationContext], Spans]:
    return lambda given, context: covering_intervals(given, context.within_words(words))


def _has_signs_of(term: str) -> Callable[[str], bool]:
    wanted = signs_within(term)
    return lambda stored: signs_within(stored) == wanted


def _is_cased_as(term: str) -> Callable[[str], bool]:
    wanted = cased_letters(term)
    return lambda stored: cased_letters(stored) == wanted
