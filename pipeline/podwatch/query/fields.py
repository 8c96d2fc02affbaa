"""Fields of a query: title:, notes:, speaker:, feed:, lang:. A test of one short text, not of the transcript."""

from __future__ import annotations

from collections.abc import Callable

from podwatch.query import clauses as c
from podwatch.query.literals import other_plural, takes_plural
from podwatch.query.normaliser import normalise, normalise_wild
from podwatch.query.parser import QueryError

Test = Callable[[str], bool]


def field_test(clause: c.Clause) -> Test:
    """Says of a normalised text whether the clause is true of it; raises QueryError."""
    match clause:
        case c.Term():
            return _term(clause)
        case c.Wildcard():
            return _wild(clause)
        case c.Fuzzy():
            return _fuzzy(clause)
        case c.Regex():
            return _pattern(clause)
    tests = [field_test(p) for p in clause.parts]
    if isinstance(clause, c.Or):
        return lambda text: any(test(text) for test in tests)
    if isinstance(clause, c.And):
        return lambda text: all(test(text) for test in tests)
    if isinstance(clause, c.Not):
        return lambda text: not tests[0](text)
    raise QueryError(f"{clause.source} cannot stand in a field", clause.column)


def _term(clause: c.Term) -> Test:
    word = normalise(clause.text).text.strip()
    endings = ["", "'s", "s", "es", "s's"] if clause.inflected and takes_plural(word) else ["", "'s"]
    forms = [f" {word}{ending} " for ending in endings]
    if plural := other_plural(word):
        forms.append(f" {plural} ")
    return lambda text: any(form in text for form in forms)


def _wild(clause: c.Wildcard) -> Test:
    import re2

    # Of the words of a fact: a blank before, a blank behind.
    escaped = re2.escape(normalise_wild(clause.text)).replace("\\*", "[^ ]*").replace("\\?", "[^ ]")
    compiled = re2.compile(f" {escaped}('s)? ")
    return lambda text: compiled.search(text) is not None


def _fuzzy(clause: c.Fuzzy) -> Test:
    from rapidfuzz.distance import OSA

    word, most = normalise(clause.text).text.strip(), clause.distance
    return lambda text: any(OSA.distance(word, w, score_cutoff=most) <= most for w in text.split())


def _pattern(clause: c.Regex) -> Test:
    from podwatch.query.regular_expressions import _compiled, check_pattern

    check_pattern(clause)
    compiled = _compiled(clause.text)
    return lambda text: compiled.search(text) is not None
