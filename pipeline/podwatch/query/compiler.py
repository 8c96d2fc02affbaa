"""Turns clauses into nodes, and collects what all watches look for, so that the text is gone through once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from podwatch.model import Kind
from podwatch.query import clauses as c
from podwatch.query import evaluation as nodes
from podwatch.query import intervals
from podwatch.query.context import EXACT, EvaluationContext, MatchDetail
from podwatch.query.evaluation import Node
from podwatch.query.fields import field_test
from podwatch.query.intervals import Spans
from podwatch.query.literals import Ending, Literal, other_plural, takes_plural
from podwatch.query.normaliser import normalise_all, normalise_wild
from podwatch.query.parser import QueryError
from podwatch.query.regular_expressions import check_pattern


@dataclass(slots=True)
class QueryIndex:
    """Everything that is looked for, numbered. The same word of two watches has one number."""

    literals: list[Literal] = field(default_factory=list)
    wild: list[tuple[str, int]] = field(default_factory=list)
    fuzzy: list[tuple[str, int, int]] = field(default_factory=list)
    patterns: list[tuple[str, int]] = field(default_factory=list)
    named: list[tuple[str, int]] = field(default_factory=list)
    sounds: list[tuple[c.SoundsLike, int]] = field(default_factory=list)
    details: list[MatchDetail] = field(default_factory=lambda: [EXACT])
    weights: list[float] = field(default_factory=list)
    _numbers: dict[object, int] = field(default_factory=dict)

    def atom_of(self, key: object, weight: float) -> tuple[int, bool]:
        """(its number, whether it is new). weight: how often it is likely to be found."""
        known = self._numbers.get(key)
        if known is not None:
            return known, False
        number = self._numbers[key] = len(self.weights)
        self.weights.append(weight)
        return number, True

    def match_of(self, detail: MatchDetail) -> int:
        if detail in self.details[:1]:
            return 0
        self.details.append(detail)
        return len(self.details) - 1

    def literal(self, text: str, ending: Ending) -> int:
        number, new = self.atom_of(("literal", text, ending), _weight(text))
        if new:
            self.literals.append(Literal(text, number, ending))
            if ending is Ending.PLURAL and (plural := other_plural(text)):
                self.literals.append(Literal(plural, number, Ending.WHOLE))
        return number

    @property
    def beside_literals(self) -> bool:
        """Whether something else than literals is looked for."""
        return bool(self.wild or self.fuzzy or self.patterns or self.named or self.sounds)

    def rarity(self, needs: frozenset[int]) -> float:
        """How often one of these atoms is likely to be found: the atom that triggers a watch should be rare."""
        return sum(self.weights[n] for n in needs)

    def weigh(self, said: Counter[str]) -> None:
        """Takes the weights from how often words were said in some real text."""
        words = max(1, said.total())
        for literal in self.literals:
            rarest = min(said[word] for word in literal.text.split())
            share = (rarest / words) * 0.05 ** literal.text.count(" ")
            self.weights[literal.atom] = share + _weight(literal.text) * 1e-3


def _weight(text: str) -> float:
    """A guess before any text was seen: long words and phrases are rare (Zipf 1935: length falls with use)."""
    return 4.0 ** -min(max(map(len, text.split()), default=0), 10) * 0.05 ** text.count(" ")


_WORDS = (c.Term, c.Fuzzy, c.EntityClause, c.SoundsLike)


class Compiler:
    """Compiles the clauses of one watchlist into one query index."""

    def __init__(self, trees: Sequence[c.Clause]) -> None:
        self.index = QueryIndex()
        terms = sorted({p.text for tree in trees for p in tree.walk() if isinstance(p, _WORDS)})
        self._normal = dict(zip(terms, normalise_all(terms), strict=True))

    def node(self, clause: c.Clause) -> Node:
        """The node of a clause; raises QueryError for what can never be found."""
        if (speaker := _speaker(clause)) is not None:
            return nodes.SpeakerNode(clause, speaker)
        match clause:
            case c.Term():
                return self._term(clause)
            case c.Wildcard():
                return self._wild(clause)
            case c.Fuzzy():
                return self._fuzzy(clause)
            case c.Regex():
                number, new = self.index.atom_of(("pattern", clause.text), 1e-6)
                if new:
                    check_pattern(clause)
                    self.index.patterns.append((clause.text, number))
                return nodes.Atom(clause, ((number, 0),))
            case c.EntityClause():
                return self._named(clause)
            case c.SoundsLike():
                number, new = self.index.atom_of(
                    ("sounds", clause.text, clause.aliases, clause.type, clause.threshold, clause.refused), 1e-6
                )
                if new:
                    self.index.sounds.append((clause, number))
                # As it is written, too: of what has no sound (G7) or is too much of a word (Target) that is all.
                term = c.Term(text=clause.text, source=clause.source, column=clause.column, inflected=False)
                spelt = self._term(term)
                assert isinstance(spelt, nodes.Atom)
                return nodes.Atom(clause, ((number, 0), *spelt.numbers), longest=True)
            case c.Field():
                return self._field(clause)
            case c.Not(of=(inner,)) if (speaker := _speaker(inner)) is not None:
                return nodes.SpeakerNode(clause, speaker, by=False)
        parts = tuple(self.node(p) for p in clause.parts)
        return self._group(clause, parts)

    def _group(self, clause: c.Clause, parts: tuple[Node, ...]) -> Node:
        rarity = self.index.rarity
        close = partial(nodes.Joined, clause, parts, rarity)
        match clause:
            case c.Or():
                return nodes.AnyOf(clause, parts, clause.longest)
            case c.And():
                return nodes.AllOf(clause, parts, rarity)
            case c.Not():
                return nodes.Without(clause, parts)
            case c.Count():
                return nodes.CountNode(clause, parts, clause.least, clause.most)
            case c.Near():
                return close(_near(clause.words, clause.ordered))
            case c.NotNear():
                return nodes.NotNearNode(clause, parts, clause.words)
            case c.Within():
                return close(_together(clause.seconds))
            case c.SloppyPhrase():
                return close(_loose(len(parts) + clause.words))
        raise AssertionError(type(clause))

    def _term(self, clause: c.Term) -> Node:
        text = self._normal[clause.text]
        if not text:
            raise QueryError("has no word in it", clause.column, 'write a term or a "phrase"')
        how = self.index.match_of(MatchDetail(Kind.ALIAS, 1.0, f"alias {clause.text}")) if clause.alias_of else 0
        inflected = clause.inflected and not clause.case and takes_plural(text)
        ending = Ending.PLURAL if inflected else Ending.WHOLE
        numbers = [(self.index.literal(form, ending), how) for form in acronym_forms(text, clause.text)]
        accept = _exactly(clause.text) if clause.case else _in_capitals if _is_dotted(text) else None
        return nodes.Atom(clause, tuple(numbers), accept)

    def _wild(self, clause: c.Wildcard) -> Node:
        words = normalise_wild(clause.text).split()
        found: Node | None = None
        for word in words:
            plain = word.rstrip("*")
            if not word.strip("*?"):
                raise QueryError(f"{clause.text} has a * or ? that stands alone", clause.column, "write it at a word")
            if "*" not in plain and "?" not in plain:
                number = self.index.literal(plain, Ending.ANY if plain != word else Ending.WHOLE)
            else:
                number, new = self.index.atom_of(
                    ("wild", word), _weight(max(word.replace("?", "*").split("*"), key=len))
                )
                if new:
                    self.index.wild.append((word, number))
            atom = nodes.Atom(clause, ((number, 0),))
            found = atom if found is None else nodes.Joined(clause, (found, atom), self.index.rarity, _near(0, True))
        assert found is not None
        return found

    def _fuzzy(self, clause: c.Fuzzy) -> Node:
        text = self._normal[clause.text]
        if " " in text:
            raise QueryError(f"{clause.text}~ is more than one word", clause.column, "~ goes with one word")
        number, new = self.index.atom_of(("fuzzy", text, clause.distance), _weight(text))
        if new:
            self.index.fuzzy.append((text, clause.distance, number))
        return nodes.Atom(clause, ((number, 0),))

    def _named(self, clause: c.EntityClause) -> Node:
        text = self._normal[clause.text]
        number, new = self.index.atom_of(("named", text), _weight(text))
        if new:
            self.index.named.append((text, number))
        how = self.index.match_of(MatchDetail(Kind.ENTITY, 1.0, f"entity {clause.text}"))
        # Where nobody recognised entities, and in other spellings of the name, its words are what is looked for.
        return nodes.Atom(clause, ((number, how), (self.index.literal(text, Ending.WHOLE), 0)))

    def _field(self, clause: c.Field) -> Node:
        test, name = field_test(clause.of[0]), clause.name
        return nodes.FieldNode(clause, lambda context: test(context.fact(name)))


def _speaker(clause: c.Clause) -> Callable[[str], bool] | None:
    """Of a clause that only asks who speaks: the test of a name."""
    if isinstance(clause, c.Field) and clause.name == "speaker":
        return field_test(clause.of[0])
    if isinstance(clause, c.Or):
        tests = [_speaker(part) for part in clause.of]
        if all(test is not None for test in tests):
            return lambda name: any(test(name) for test in tests if test is not None)
    return None


def _near(words: int, ordered: bool) -> Callable[[list[Spans], EvaluationContext], Spans]:
    return lambda given, context: intervals.near_intervals(given[0], given[1], words, ordered, context.word_of)


def _together(seconds: float | None) -> Callable[[list[Spans], EvaluationContext], Spans]:
    if seconds is None:
        return lambda given, context: intervals.covering_intervals(given, context.within_segment)
    return lambda given, context: intervals.covering_intervals(given, context.within_seconds(seconds))


def _loose(words: int) -> Callable[[list[Spans], EvaluationContext], Spans]:
    return lambda given, context: intervals.covering_intervals(given, context.within_words(words))


def _is_dotted(text: str) -> bool:
    """Whether this is one acronym with dots: u.s"""
    return "." in text and " " not in text and text.replace(".", "").isalpha()


def acronym_forms(text: str, written: str) -> list[str]:
    """A term, and the ways its acronyms are written: U.S. is US and U. S., J.D. Vance is JD Vance."""
    words = text.split(" ")
    dotted = [_is_dotted(w) for w in words]
    if any(dotted):
        return [text, text.replace(".", ""), text.replace(".", " ")]
    if len(words) == 1 and 2 <= len(text) <= 4 and written.isupper() and text.isalpha():
        return [text, ".".join(text)]
    return [text]


def _in_capitals(stored: str) -> bool:
    """Of an acronym without its dots only the capitals count: US, not us."""
    return "." in stored or " " in stored or stored.isupper()


def _exactly(term: str) -> Callable[[str], bool]:
    wanted = letters(term)
    return lambda stored: letters(stored) == wanted


def letters(text: str) -> str:
    return "".join(ch for ch in text.replace("’", "'") if ch.isalnum() or ch in "'+#&%@$")
