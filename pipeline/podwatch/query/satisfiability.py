"""Whether a query can be true at all, as far as its AND, OR, NOT and counts alone decide it.

Everything else is a free variable, so what is called impossible here is so for certain; what is not called so may still
be. Pure literals (variables that occur only positively, or only negated) and unit clauses are assigned first; of the
other variables the whole truth table is examined, as long as it is small.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise
from operator import and_, or_
from typing import TypeAlias, Union

from podwatch.query import clauses
from podwatch.query.equivalence import Key, equivalence_key, field_key, normalised_term
from podwatch.query.parser import is_anchored
from podwatch.query.spelling_variants import spell, takes_plural

POSITIVE, NEGATIVE = 1, 2  # how a variable occurs, as bits
MAX_VARIABLES = 12  # of a truth table, which has 4096 rows then
MAX_PHRASE_WORDS = 20  # of a phrase whose parts are considered
_NEGATIVE = (clauses.Not, clauses.NotNear, clauses.Count)  # what can be false because something is said
Formula: TypeAlias = Union[bool, "Var", "Op"]


@dataclass(frozen=True, slots=True)
class Var:
    """A variable: something that may be true or not."""

    key: Key


@dataclass(frozen=True, slots=True)
class Op:
    """A logical operation. kind: and, or, not."""

    kind: str
    parts: tuple[Formula, ...]


def is_possible(clause: clauses.Clause) -> bool:
    """False when no transcript can make the clause true; True when one may."""
    if not any(isinstance(part, _NEGATIVE) for part in clause.walk()):
        return True  # with every variable true
    return is_satisfiable(_FormulaBuilder().formulas(clause))


def find_contradictions(clause: clauses.Clause) -> Iterator[clauses.Clause]:
    """The clause itself when it can never be true, else those parts of its ORs that cannot."""
    if not is_possible(clause):
        yield clause
    elif isinstance(clause, clauses.Or):
        for part in clause.parts:
            yield from find_contradictions(part)


def conflicting_languages(clause: clauses.Clause) -> tuple[str, ...]:
    """The languages of which the clause wants two at once; () when it does not."""
    if not any(isinstance(part, clauses.Field) and part.name == "lang" for part in clause.walk()):
        return ()
    builder = _FormulaBuilder()
    formulas = builder.formulas(clause)
    named = sorted(builder.languages)
    if len(named) < 2 or not is_satisfiable(formulas):
        return ()
    pairs = [(a, b) for i, a in enumerate(named) for b in named[i + 1 :]]
    at_most_one = [_or(_not(builder.languages[a]), _not(builder.languages[b])) for a, b in pairs]
    return () if is_satisfiable([*formulas, *at_most_one]) else tuple(named)


@dataclass(slots=True)
class _FormulaBuilder:
    """Turns a clause into formulas that have to be true together.

    languages: the variable of each language that the clause names.
    """

    languages: dict[str, Var] = field(default_factory=dict)
    _terms: dict[Key, clauses.Term] = field(default_factory=dict)
    # Of each part that is counted: whether it is found once, and the variables of "at least n times".
    _counted: dict[Key, tuple[Formula, dict[int, Var]]] = field(default_factory=dict)

    def formulas(self, clause: clauses.Clause) -> list[Formula]:
        root = self._formula(clause)
        rules: list[Formula] = []
        for once, times in self._counted.values():
            chain: list[Formula] = [once, *(times[n] for n in sorted(times))]
            # Three times is also twice, and twice is also once.
            rules += [_or(_not(more), less) for less, more in pairwise(chain)]
        return [root, *rules, *_phrase_rules(self._terms)]

    def _formula(self, clause: clauses.Clause) -> Formula:
        match clause:
            case clauses.Term():
                key = equivalence_key(clause)
                self._terms[key] = clause
                return Var(key)
            case clauses.Or():
                return _or(*(self._formula(p) for p in clause.parts))
            case clauses.And():
                parts = [self._formula(p) for p in clause.parts]
                # A speaker restricts where the others count: true only if that leaves something.
                restricted = any(_is_by_speaker(p) for p in clause.parts)
                return _and(*parts, Var(equivalence_key(clause))) if restricted else _and(*parts)
            case clauses.Not():
                return Var(equivalence_key(clause)) if _is_by_speaker(clause) else _not(self._formula(clause.parts[0]))
            case clauses.Count():
                return self._count(clause)
            case clauses.NotNear():
                if equivalence_key(clause.parts[0]) == equivalence_key(clause.parts[1]):
                    return False  # it is always beside itself
                return _and(self._formula(clause.parts[0]), Var(equivalence_key(clause)))
            case clauses.Near() | clauses.Within() | clauses.SloppyPhrase():
                return _and(*(self._formula(p) for p in clause.parts), Var(equivalence_key(clause)))
            case clauses.Field() if clause.name != "speaker":
                return self._field(clause.parts[0], clause.name)
        return Var(equivalence_key(clause))

    def _count(self, clause: clauses.Count) -> Formula:
        part = clause.parts[0]
        if not is_anchored(part):
            return Var(equivalence_key(clause))
        key = equivalence_key(part)
        once, times = self._counted.setdefault(key, (self._formula(part), {}))

        def at_least(n: int) -> Formula:
            return True if n == 0 else once if n == 1 else times.setdefault(n, Var(("at least", n, key)))

        enough = at_least(clause.least)
        return enough if clause.most is None else _and(enough, _not(at_least(clause.most + 1)))

    def _field(self, clause: clauses.Clause, name: str) -> Formula:
        match clause:
            case clauses.Or():
                return _or(*(self._field(p, name) for p in clause.parts))
            case clauses.And():
                return _and(*(self._field(p, name) for p in clause.parts))
            case clauses.Not():
                return _not(self._field(clause.parts[0], name))
        variable = Var(("field", name, field_key(clause)))
        if name == "lang" and isinstance(clause, clauses.Term) and normalised_term(clause.text) in LANGUAGES:
            self.languages[normalised_term(clause.text)] = variable
        return variable


def _is_by_speaker(clause: clauses.Clause) -> bool:
    """Whether the clause only asks who speaks, or who does not."""
    inner = clause.parts[0] if isinstance(clause, clauses.Not) else clause
    return isinstance(inner, clauses.Field) and inner.name == "speaker"


def _phrase_rules(terms: dict[Key, clauses.Term]) -> Iterator[Formula]:
    """Where a phrase is, its words are: "black sea" has sea in it. Only of terms that have one spelling."""
    texts = {key: normalised_term(term.text) for key, term in terms.items() if "." not in term.text and not term.signs}
    texts = {key: text for key, text in texts.items() if text and _has_one_spelling(text, terms[key])}
    uncased = {text: key for key, text in texts.items() if not terms[key].case}
    for key, text in texts.items():
        words = text.split()
        phrase = terms[key]
        may_be_plural = phrase.inflected and not phrase.case and takes_plural(text)
        if len(words) > MAX_PHRASE_WORDS:
            continue
        for i in range(len(words)):
            for j in range(i + 1, len(words) + 1):
                part = uncased.get(" ".join(words[i:j]))
                if part is not None and part != key and (j < len(words) or not may_be_plural or terms[part].inflected):
                    yield _or(_not(Var(key)), Var(part))


def _has_one_spelling(text: str, term: clauses.Term) -> bool:
    spelling = spell(text, term.text, inflected=term.inflected or term.brand)
    return len(spelling.forms) == 1 and spelling.accept is None


def is_satisfiable(formulas: Sequence[Formula]) -> bool:
    """Whether all can be true at once. True also when there are too many variables to decide it."""
    assigned: dict[Key, bool] = {}
    remaining = list(formulas)
    while True:
        simplified = (_simplify(f, assigned) for f in remaining)
        conjuncts = (g for f in simplified for g in (f.parts if isinstance(f, Op) and f.kind == "and" else (f,)))
        remaining = [f for f in conjuncts if f is not True]
        if False in remaining:
            return False
        signs: dict[Key, int] = {}
        for formula in remaining:
            _collect_signs(formula, True, signs)
        assigned = {key: sign == POSITIVE for key, sign in signs.items() if sign != POSITIVE | NEGATIVE}
        # A formula that is a single variable, or the negation of one, decides it.
        assigned |= {f.key: True for f in remaining if isinstance(f, Var)}
        assigned |= {v.key: False for f in remaining if _is_not(f) and isinstance(v := _not(f), Var)}
        if not assigned:
            break
    variables = list(signs)
    if len(variables) > MAX_VARIABLES:
        return True
    every_row = (1 << (1 << len(variables))) - 1
    table = {key: _column(i, len(variables)) for i, key in enumerate(variables)}
    rows = every_row
    for formula in remaining:
        rows &= _truth_rows(formula, table, every_row)
    return rows != 0


def _column(i: int, n: int) -> int:
    """The i-th variable in a truth table of 2**n rows, a bit for each row."""
    block = ((1 << (1 << i)) - 1) << (1 << i)
    width = 1 << (i + 1)
    while width < 1 << n:
        block |= block << width
        width *= 2
    return block


def _truth_rows(f: Formula, table: dict[Key, int], every_row: int) -> int:
    """The rows of the truth table in which a formula is true, a bit for each row."""
    if isinstance(f, bool):
        return every_row if f else 0
    if isinstance(f, Var):
        return table[f.key]
    parts = (_truth_rows(part, table, every_row) for part in f.parts)
    if f.kind == "not":
        return every_row & ~next(parts)
    return reduce(and_, parts) if f.kind == "and" else reduce(or_, parts)


def _collect_signs(f: Formula, positive: bool, signs: dict[Key, int]) -> None:
    """Adds to ``signs`` whether each variable occurs positively, negated, or both."""
    if isinstance(f, Var):
        signs[f.key] = signs.get(f.key, 0) | (POSITIVE if positive else NEGATIVE)
    elif isinstance(f, Op):
        for part in f.parts:
            _collect_signs(part, positive ^ (f.kind == "not"), signs)


def _simplify(f: Formula, assigned: dict[Key, bool]) -> Formula:
    """The formula with some variables replaced by their values."""
    if isinstance(f, Var):
        return assigned.get(f.key, f)
    if isinstance(f, bool):
        return f
    parts = [_simplify(p, assigned) for p in f.parts]
    return _not(parts[0]) if f.kind == "not" else _and(*parts) if f.kind == "and" else _or(*parts)


def _is_not(f: Formula) -> bool:
    return isinstance(f, Op) and f.kind == "not"


def _not(f: Formula) -> Formula:
    return (not f) if isinstance(f, bool) else f.parts[0] if isinstance(f, Op) and f.kind == "not" else Op("not", (f,))


def _and(*parts: Formula) -> Formula:
    if False in parts:
        return False
    distinct = tuple(dict.fromkeys(p for p in parts if p is not True))
    return distinct[0] if len(distinct) == 1 else Op("and", distinct) if distinct else True


def _or(*parts: Formula) -> Formula:
    if True in parts:
        return True
    distinct = tuple(dict.fromkeys(p for p in parts if p is not False))
    return distinct[0] if len(distinct) == 1 else Op("or", distinct) if distinct else False


# ISO 639-1. What else is written behind lang: may be a region: lang:en AND lang:us is en-US.
_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en "
    "eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv "
    "ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne "
    "ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st "
    "su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
LANGUAGES = frozenset(_CODES.split())
