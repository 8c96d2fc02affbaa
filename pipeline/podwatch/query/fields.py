"""The fields of a query (title:, notes:, speaker:, feed:, lang:): conditions on one short text, not the transcript."""

from __future__ import annotations

from collections.abc import Callable

from podwatch.query import clauses
from podwatch.query.normaliser import normalise, normalise_wildcard
from podwatch.query.parser import QueryError
from podwatch.query.regular_expressions import check_regex, compile_regex
from podwatch.query.spelling_variants import plural_in_ies, spell, takes_plural

FieldTest = Callable[[str], bool]


def field_test(clause: clauses.Clause) -> FieldTest:
    """A function that says of a normalised text whether the clause is true of it; raises QueryError."""
    match clause:
        case clauses.Term():
            return _term_test(clause)
        case clauses.Wildcard():
            return _wildcard_test(clause)
        case clauses.Fuzzy():
            return _fuzzy_test(clause)
        case clauses.Regex():
            check_regex(clause)
            regex = compile_regex(clause.text)
            return lambda text: regex.search(text) is not None
    tests = [field_test(p) for p in clause.parts]
    match clause:
        case clauses.Or():
            return lambda text: any(test(text) for test in tests)
        case clauses.And():
            return lambda text: all(test(text) for test in tests)
        case clauses.Not():
            return lambda text: not tests[0](text)
    raise QueryError(f"{clause.source} cannot stand in a field", clause.column)


def _term_test(clause: clauses.Term) -> FieldTest:
    word = normalise(clause.text).text.strip()
    if not word:
        raise QueryError("has no word in it", clause.column, 'write a term or a "phrase"')
    endings = ["", "'s", "s", "es", "s's"] if clause.inflected and takes_plural(word) else ["", "'s"]
    spellings = spell(word, clause.text, inflected=clause.inflected).forms
    forms = [f" {spelling}{ending} " for spelling in spellings for ending in endings]
    if plural := plural_in_ies(word):
        forms.append(f" {plural} ")
    return lambda text: any(form in text for form in forms)


def _wildcard_test(clause: clauses.Wildcard) -> FieldTest:
    import re2

    # A normalised text has one blank before and one behind each word.
    escaped = re2.escape(normalise_wildcard(clause.text)).replace("\\*", "[^ ]*").replace("\\?", "[^ ]")
    regex = re2.compile(f" {escaped}('s)? ")
    return lambda text: regex.search(text) is not None


def _fuzzy_test(clause: clauses.Fuzzy) -> FieldTest:
    from rapidfuzz.distance import OSA

    word, most = normalise(clause.text).text.strip(), clause.distance
    return lambda text: any(OSA.distance(word, w, score_cutoff=most) <= most for w in text.split())
