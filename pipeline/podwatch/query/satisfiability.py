"""Whether a query can be true at all, as far as its AND, OR, NOT and counts alone say so.

Everything else is a variable that may be true or not, so what is called impossible here is so for certain; what is not
called so may still be. Variables that are only ever wanted, or only ever unwanted, are settled first; of the rest the
whole truth table is looked at, as long as it is small.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias, Union

from podwatch.query import clauses as c
from podwatch.query.compiler import acronym_forms
from podwatch.query.equivalence import Key, equivalence_key, field_key, folded
from podwatch.query.literals import takes_plural
from podwatch.query.parser import is_anchored

MOST = 12  # variables of a truth table of 4096 rows
LONGEST = 20  # words of a phrase whose parts are considered
Formula: TypeAlias = Union[bool, "Var", "Op"]


@dataclass(frozen=True, slots=True)
class Var:
    """Something that may be so or not."""

    key: Key


@dataclass(frozen=True, slots=True)
class Op:
    """kind: and, or, not."""

    kind: str
    parts: tuple[Formula, ...]


def is_possible(clause: c.Clause) -> bool:
    """False when no transcript can make the clause true; True when one may."""
    return is_satisfiable(_Reader().formulas(clause))


def find_contradictions(clause: c.Clause) -> Iterator[c.Clause]:
    """The clause itself when it can never be true, else those parts of its ORs that cannot."""
    if not is_possible(clause):
        yield clause
    elif isinstance(clause, c.Or):
        for part in clause.of:
            yield from find_contradictions(part)


def conflicting_languages(clause: c.Clause) -> tuple[str, ...]:
    """The languages of which a query wants two at once; () when it does not."""
    reader = _Reader()
    formulas = reader.formulas(clause)
    named = sorted(reader.languages)
    if len(named) < 2 or not is_satisfiable(formulas):
        return ()
    pairs = [(a, b) for i, a in enumerate(named) for b in named[i + 1 :]]
    one = [_either(_no(reader.languages[a]), _no(reader.languages[b])) for a, b in pairs]
    return () if is_satisfiable([*formulas, *one]) else tuple(named)


@dataclass(slots=True)
class _Reader:
    """Turns a clause into formulas that have to be true together."""

    languages: dict[str, Var] = field(default_factory=dict)
    _rules: list[Formula] = field(default_factory=list)
    _terms: dict[Key, c.Term] = field(default_factory=dict)
    _counts: dict[Key, dict[int, Var]] = field(default_factory=dict)
    _counted: dict[Key, Formula] = field(default_factory=dict)

    def formulas(self, clause: c.Clause) -> list[Formula]:
        root = self._of(clause)
        for what, steps in self._counts.items():
            chain: list[Formula] = [self._counted[what], *(steps[n] for n in sorted(steps))]
            # Three times is also twice, and twice is also once.
            self._rules += [_either(_no(more), less) for less, more in pairwise(chain)]
        return [root, *self._rules, *_words_of_phrases(self._terms)]

    def _of(self, clause: c.Clause) -> Formula:
        match clause:
            case c.Term():
                self._terms[equivalence_key(clause)] = clause
                return Var(equivalence_key(clause))
            case c.Or():
                return _either(*(self._of(p) for p in clause.of))
            case c.And():
                parts = [self._of(p) for p in clause.of]
                # A speaker narrows down where the others count: true only if that leaves something.
                narrowed = any(_by_speaker(p) for p in clause.of)
                return _all(*parts, Var(equivalence_key(clause))) if narrowed else _all(*parts)
            case c.Not():
                return Var(equivalence_key(clause)) if _by_speaker(clause) else _no(self._of(clause.of[0]))
            case c.Count():
                return self._count(clause)
            case c.NotNear():
                if equivalence_key(clause.of[0]) == equivalence_key(clause.of[1]):
                    return False  # it is always beside itself
                return _all(self._of(clause.of[0]), Var(equivalence_key(clause)))
            case c.Near() | c.Within() | c.SloppyPhrase():
                return _all(*(self._of(p) for p in clause.of), Var(equivalence_key(clause)))
            case c.Field() if clause.name != "speaker":
                return self._fact(clause.of[0], clause.name)
        return Var(equivalence_key(clause))

    def _count(self, clause: c.Count) -> Formula:
        part = clause.of[0]
        if not is_anchored(part):
            return Var(equivalence_key(clause))
        what, there = equivalence_key(part), self._of(part)
        self._counted[what] = there
        steps = self._counts.setdefault(what, {})

        def at_least(n: int) -> Formula:
            return True if n == 0 else there if n == 1 else steps.setdefault(n, Var(("at least", n, what)))

        enough = at_least(clause.least)
        return enough if clause.most is None else _all(enough, _no(at_least(clause.most + 1)))

    def _fact(self, clause: c.Clause, name: str) -> Formula:
        match clause:
            case c.Or():
                return _either(*(self._fact(p, name) for p in clause.of))
            case c.And():
                return _all(*(self._fact(p, name) for p in clause.of))
            case c.Not():
                return _no(self._fact(clause.of[0], name))
        found = Var(("fact", name, field_key(clause)))
        if name == "lang" and isinstance(clause, c.Term) and folded(clause.text) in LANGUAGES:
            self.languages[folded(clause.text)] = found
        return found


def _by_speaker(clause: c.Clause) -> bool:
    inner = clause.of[0] if isinstance(clause, c.Not) else clause
    return isinstance(inner, c.Field) and inner.name == "speaker"


def _words_of_phrases(terms: dict[Key, c.Term]) -> Iterator[Formula]:
    """Where a phrase is, its words are: "black sea" has sea in it. Only of what has one spelling."""
    spelled = {k: folded(t.text) for k, t in terms.items() if "." not in t.text}
    plain = {k: text for k, text in spelled.items() if len(acronym_forms(text, terms[k].text)) == 1}
    wanted = {text: k for k, text in plain.items() if not terms[k].case}
    for k, text in plain.items():
        words = text.split()
        phrase = terms[k]
        ends = phrase.inflected and not phrase.case and takes_plural(text)  # as a plural perhaps
        if len(words) > LONGEST:
            continue
        for i in range(len(words)):
            for j in range(i + 1, len(words) + 1):
                part = wanted.get(" ".join(words[i:j]))
                if part is not None and part != k and (j < len(words) or not ends or terms[part].inflected):
                    yield _either(_no(Var(k)), Var(part))


def is_satisfiable(formulas: Sequence[Formula]) -> bool:
    """Whether all can be true at once. True also when there are too many variables to say."""
    known: dict[Key, bool] = {}
    left = list(formulas)
    while True:
        simple = (_simple(f, known) for f in left)
        left = [part for f in simple for part in (f.parts if isinstance(f, Op) and f.kind == "and" else (f,))]
        left = [f for f in left if f is not True]
        if False in left:
            return False
        signs: dict[Key, int] = {}
        for formula in left:
            _signs(formula, True, signs)
        known = {k: sign == 1 for k, sign in signs.items() if sign != 3}
        # What has to be so.
        known |= {f.key: True for f in left if isinstance(f, Var)}
        known |= {v.key: False for v in (_no(f) for f in left if _is_no(f)) if isinstance(v, Var)}
        if not known:
            break
    names = list(signs)
    if len(names) > MOST:
        return True
    rows = (1 << (1 << len(names))) - 1
    table = {name: _column(i, len(names)) for i, name in enumerate(names)}
    holds = rows
    for formula in left:
        holds &= _rows(formula, table, rows)
    return holds != 0


def _column(i: int, n: int) -> int:
    """The i-th variable in a truth table of 2**n rows, a bit for each row."""
    block = ((1 << (1 << i)) - 1) << (1 << i)
    width = 1 << (i + 1)
    while width < 1 << n:
        block |= block << width
        width *= 2
    return block


def _rows(f: Formula, table: dict[Key, int], rows: int) -> int:
    if isinstance(f, bool):
        return rows if f else 0
    if isinstance(f, Var):
        return table[f.key]
    if f.kind == "not":
        return rows & ~_rows(f.parts[0], table, rows)
    out = rows if f.kind == "and" else 0
    for part in f.parts:
        out = out & _rows(part, table, rows) if f.kind == "and" else out | _rows(part, table, rows)
    return out


def _signs(f: Formula, positive: bool, signs: dict[Key, int]) -> None:
    """Of each variable: 1 only wanted, 2 only unwanted, 3 both."""
    if isinstance(f, Var):
        signs[f.key] = signs.get(f.key, 0) | (1 if positive else 2)
    elif isinstance(f, Op):
        for part in f.parts:
            _signs(part, positive ^ (f.kind == "not"), signs)


def _simple(f: Formula, known: dict[Key, bool]) -> Formula:
    if isinstance(f, Var):
        return known.get(f.key, f)
    if isinstance(f, bool):
        return f
    parts = [_simple(p, known) for p in f.parts]
    return _no(parts[0]) if f.kind == "not" else _all(*parts) if f.kind == "and" else _either(*parts)


def _is_no(f: Formula) -> bool:
    return isinstance(f, Op) and f.kind == "not"


def _no(f: Formula) -> Formula:
    return (not f) if isinstance(f, bool) else f.parts[0] if isinstance(f, Op) and f.kind == "not" else Op("not", (f,))


def _all(*parts: Formula) -> Formula:
    if False in parts:
        return False
    kept = tuple(dict.fromkeys(p for p in parts if p is not True))
    return kept[0] if len(kept) == 1 else Op("and", kept) if kept else True


def _either(*parts: Formula) -> Formula:
    if True in parts:
        return True
    kept = tuple(dict.fromkeys(p for p in parts if p is not False))
    return kept[0] if len(kept) == 1 else Op("or", kept) if kept else False


# ISO 639-1. What else is written behind lang: may be a region: lang:en AND lang:us is en-US.
_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en "
    "eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv "
    "ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne "
    "ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st "
    "su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
LANGUAGES = frozenset(_CODES[i : i + 2] for i in range(0, len(_CODES), 3))
