"""Parses a query, text in the language of grammar.lark, into a tree of clauses, or an error with its column."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from podwatch.errors import WatchlistError
from podwatch.lazy_patterns import lazy_pattern
from podwatch.query.annotations import is_annotation
from podwatch.query.clauses import (
    FIELDS,
    And,
    Clause,
    Count,
    EntityClause,
    Field,
    Fuzzy,
    Leaf,
    Near,
    Not,
    NotNear,
    Or,
    Regex,
    SloppyPhrase,
    SoundsLike,
    Term,
    Wildcard,
    Within,
)
from podwatch.query.folding import is_without_blanks
from podwatch.query.table_parser import parse_by_table

if TYPE_CHECKING:
    import lark

MAX_DEPTH = 50  # clauses within clauses
MAX_PARTS = 2_000
MAX_SLOPPY_WORDS = 20
MIN_LETTERS = 2  # that a word with a wildcard has in a row
_LETTERS = lazy_pattern(rf"[^\W_]{{{MIN_LETTERS}}}")
_WITHIN = lazy_pattern(r"\w[*?]+\W*\w")  # a * or ? that something stands on both sides of
_ESCAPED = lazy_pattern(r"\\([*?])")
_PLAIN = lazy_pattern(r'([a-z]{2,40})|"([a-z]+(?: [a-z]+)*)"')  # a word, a phrase
_QUOTES = str.maketrans("“”„«»", '"""""')
_OPERATOR = lazy_pattern(r"AND|OR|NOT|O?NEAR(?:/\d*f?)?|WITHIN|SAME")


class QueryError(WatchlistError):
    """A mistake in a query. column: where, from 1."""

    def __init__(self, what: str, column: int, todo: str = "") -> None:
        super().__init__(f"column {column}: {what}", where="query", todo=todo)
        self.column = column


@lru_cache(maxsize=16_384)  # the loader, the engine and the warnings of a list all ask for it
def parse(query: str) -> Clause:
    """The tree of a query; raises QueryError."""
    if plain := _PLAIN.fullmatch(query):  # as every third watch of a long list is: no grammar is needed for it
        return Term(text=plain[1] or plain[2], source=query)
    text = query.translate(_QUOTES)
    tree = parse_by_table(text)
    if tree is None:
        raise _find_syntax_error(text)
    clause = _Builder(text).clause(tree.children[0], 0)
    _check_meaning(clause)
    return clause


@lru_cache(maxsize=1)
def read_grammar() -> lark.Lark:
    """lark's own parser of the language: the table is made by it, and it says what is wrong with a query."""
    import lark

    options: dict[str, Any] = {"parser": "lalr", "propagate_positions": True, "maybe_placeholders": False}
    return lark.Lark.open_from_package("podwatch.query", "grammar.lark", **options)


_OPERATORS: dict[str, type[Or | And | Not]] = {"or": Or, "and": And, "not": Not}


class _Builder:
    """Turns a tree into clauses; ``_rule(children, at, depth)`` does it for a rule of the grammar.

    at: source and column of the clause. OR and AND with one operand are left out, so that parentheses may nest deeply.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._parts = 0

    def clause(self, node: Any, depth: int) -> Clause:
        while node.data in ("or", "and") and len(node.children) == 1:
            node = node.children[0]
        at = {"source": self._text[node.start : node.end], "column": node.start + 1}
        self._parts += 1
        if depth > MAX_DEPTH:
            raise QueryError(f"is nested deeper than {MAX_DEPTH} levels", at["column"])
        if self._parts > MAX_PARTS:
            raise QueryError(f"has more than {MAX_PARTS} parts", at["column"], "split it into several watches")
        if node.data in _OPERATORS:
            return _OPERATORS[node.data](parts=self._clauses(node.children, depth + 1), **at)
        build: Any = getattr(self, f"_{node.data}")
        clause: Clause = build(node.children, at, depth + 1)
        return clause

    def _clauses(self, children: list[Any], depth: int) -> tuple[Clause, ...]:
        return tuple(self.clause(c, depth) for c in children if not isinstance(c, str))  # tokens are strings

    def _near(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        word, _, number = str(children[1]).partition("/")
        ordered = word == "ONEAR" or number.endswith("f")
        return Near(parts=self._clauses(children, depth), words=int(number.rstrip("f")), ordered=ordered, **at)

    def _not_near(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        return NotNear(parts=self._clauses(children, depth), words=int(str(children[1]).rpartition("/")[2]), **at)

    def _within(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        return Within(parts=self._clauses(children, depth), seconds=_seconds(str(children[1])), **at)

    def _all_within(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        (inner,) = self._clauses(children, depth)
        if not isinstance(inner, And):
            raise QueryError("needs two things to be together", at["column"], "write (a AND b) WITHIN 60s")
        return Within(parts=inner.parts, seconds=_seconds(str(children[1])), **at)

    def _count(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        least, comma, most = str(children[1]).strip("{} ").partition(",")
        low, high = int(least), int(most) if most.strip() else None if comma else int(least)
        if high is not None and (high < low or high == 0):
            raise QueryError(f"{children[1]} can never be", children[1].column, "write {least,most}, such as {3,}")
        return Count(parts=self._clauses(children, depth), least=low, most=high, **at)

    def _field(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        name = str(children[0]).rstrip(":").lower()
        (inner,) = self._clauses(children, depth)
        if name == "entity":
            if not isinstance(inner, Term):
                raise QueryError("entity: wants one name", inner.column, 'write entity:"Keith Kellogg"')
            return EntityClause(text=inner.text, **at)
        for part in inner.walk():
            if not isinstance(part, Term | Wildcard | Fuzzy | Regex | Or | And | Not):
                raise QueryError(f"{part.source} cannot stand in {name}:", part.column)
        return Field(parts=(inner,), name=name, **at)

    def _term(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        text, case = _split_case(str(children[0]))
        if misplaced := _OPERATOR.fullmatch(text):
            todo = "write NEAR/5: at most five words between" if "NEAR" in text and "/" not in text else ""
            todo = todo or f'it goes between two parts; put it in "quotes" when {text} is what you look for'
            raise QueryError(f"{misplaced[0]} has nothing to work on here", at["column"], todo)
        return self._with_signs(text, at) if not case and _has_wildcard(text) else _plain_term(text, case, at)

    def _with_signs(self, text: str, at: dict[str, Any]) -> Clause:
        """A text with * or ? in it, as wildcards, and, where they are within it, as they are written: E*TRADE.

        What would be a note of a sound in a transcript (*sigh*) is looked for as such, too; in quotes as nothing else.
        """
        if is_annotation(text):
            note = _plain_term(text, False, at)
            return note if at["source"].startswith('"') else Or(parts=(self._wildcards(text, at), note), **at)
        literal = Term(text=text, inflected=False, signs=True, **at)
        if not _WITHIN.search(text) or "\\" in text:
            return self._wildcards(text, at)
        if not _LETTERS.search(text):
            return literal  # M*A*S*H
        return Or(parts=(self._wildcards(text, at), literal), **at)

    def _wildcards(self, text: str, at: dict[str, Any]) -> Clause:
        words: list[Clause] = [
            self._wildcard(w, at) if _has_wildcard(w) else Term(text=_ESCAPED.sub(r"\1", w), inflected=False, **at)
            for w in text.split()
        ]
        joined = words[0]
        for word in words[1:]:
            joined = Near(parts=(joined, word), words=0, ordered=True, **at)
        return joined

    def _wildcard(self, text: str, at: dict[str, Any]) -> Clause:
        letters = text.replace("?", "").replace("*", "")
        is_word = len(letters) == 1 and is_without_blanks(letters)  # one letter of Han is a word
        few = not re.search(rf"[^*?]{{{MIN_LETTERS}}}", text) and ("*" in text or len(letters) < MIN_LETTERS)
        if few and not is_word:
            raise QueryError(
                f"{text} would find almost every word",
                at["column"],
                f"give it {MIN_LETTERS} letters in a row, at least",
            )
        return Wildcard(text=text, **at)

    def _phrase(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        text, case = _split_case(str(children[0]))
        return (
            self._with_signs(text, at) if not case and _has_wildcard(text.rstrip("?")) else _plain_term(text, case, at)
        )

    def _fuzzy(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        text, case = _split_case(str(children[0]))
        distance = int(str(children[1])[1:] or "2")
        longest = 1 if len(text) < 6 else 2
        if case or "*" in text or "?" in text:
            raise QueryError("~ does not go with = * ?", at["column"])
        if not 1 <= distance <= longest or len(text) < 4:
            least = "a word of 4 letters allows ~1, of 6 letters ~2"
            raise QueryError(f"{text}~{distance} would find almost any word", at["column"], least)
        return Fuzzy(text=text, distance=distance, **at)

    def _sloppy_phrase(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        text, case = _split_case(str(children[0]))
        words = [Term(text=w, case=case, **at) for w in text.split()]
        number = str(children[1])[1:]
        if len(words) < 2 or not number:
            raise QueryError("wants two words and a number", at["column"], 'write "grain initiative"~5')
        if len(words) > MAX_SLOPPY_WORDS:
            raise QueryError(f"has more than {MAX_SLOPPY_WORDS} words in any order", at["column"])
        return SloppyPhrase(parts=tuple(words), words=int(number), **at)

    def _regex(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        return Regex(text=str(children[0])[1:-1].replace("\\/", "/"), **at)

    def _sounds_like(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        text = _split_case(str(children[1]))[0]
        if "*" in text or "?" in text.rstrip("?"):
            raise QueryError(f"~~{text} has a * or ? in it", at["column"], "write the whole name, or leave ~~ out")
        return SoundsLike(text=text, **at)


def _has_wildcard(text: str) -> bool:
    """Whether a * or ? is in it that no backslash stands before."""
    plain = _ESCAPED.sub("", text)
    return "*" in plain or "?" in plain


def _plain_term(text: str, case: bool, at: dict[str, Any]) -> Term:
    return Term(text=_ESCAPED.sub(r"\1", text), case=case, **at)


def _split_case(token: str) -> tuple[str, bool]:
    """(the words, whether their case counts) of a term or a phrase."""
    case = token.startswith("=")
    return token.removeprefix("=").strip('"').strip(), case


def _seconds(token: str) -> float | None:
    """The seconds of a WITHIN; None for SAME SEGMENT."""
    if token.startswith("SAME"):
        return None
    number, unit = re.fullmatch(r"WITHIN\s+([\d.]+)\s*(\w)\w*", token).groups()  # type: ignore[union-attr]
    return float(number) * (60 if unit == "m" else 1)


def _check_meaning(clause: Clause) -> None:
    """Raises QueryError for a tree that is well formed but makes no sense."""
    for part in clause.walk():
        if isinstance(part, Leaf) and not any(c.isalnum() or ord(c) > 0x2000 for c in part.text):
            raise QueryError("has no word in it", part.column, 'write a term or a "phrase"')
        if isinstance(part, Near | NotNear | Within):
            for inner in (p for side in part.parts for p in side.walk()):
                if isinstance(inner, Not | Field | Count | And):
                    raise QueryError(
                        f"{inner.source} cannot stand beside NEAR, WITHIN or SAME SEGMENT",
                        inner.column,
                        "they go between words, phrases and groups of them with OR: (a NEAR/5 b) AND NOT c",
                    )
    if not is_anchored(clause):
        raise QueryError(
            "matches what is not said",
            next((p.column for p in clause.walk() if isinstance(p, Not | Field)), clause.column),
            "add a word that has to be said; NOT, - and fields only narrow it down: grain -recipe",
        )


def is_anchored(clause: Clause) -> bool:
    """Whether something has to be said for the clause to be true."""
    if isinstance(clause, Not | Field):
        return False
    if isinstance(clause, Or):
        return all(is_anchored(p) for p in clause.parts)
    if isinstance(clause, And):
        return any(is_anchored(p) for p in clause.parts)
    return clause.least > 0 and is_anchored(clause.parts[0]) if isinstance(clause, Count) else True


_EXPECTED = (
    ({"TERM", "PHRASE"}, 'a word, a "phrase" or ('),
    ({"_RPAR"}, ")"),
    ({"NEAR"}, "AND, OR or NEAR/n"),
)


def _find_syntax_error(text: str) -> QueryError:
    """What is wrong with a text that is no query."""
    import lark

    try:
        read_grammar().parse(text)
    except lark.UnexpectedInput as e:
        return _describe(text, e)
    raise RuntimeError("parse_table.py is not of this grammar: run scripts/write_parse_table.py")


def _describe(text: str, e: lark.UnexpectedInput) -> QueryError:
    """What lark could not parse, in words for people."""
    import lark

    rest = ""
    if isinstance(e, lark.UnexpectedToken):
        at_end = e.token.type == "$END"
        accepted, found = set(e.accepts or e.expected), "" if at_end else str(e.token)
        at = len(text.rstrip()) if at_end or e.token.start_pos is None else e.token.start_pos
    else:
        accepted, at = set(getattr(e, "allowed", None) or ()), e.pos_in_stream or 0
        found, rest = text[at : at + 1], text[at:]
    expected = " or ".join(name for tokens, name in _EXPECTED if tokens & accepted)
    column = at + 1
    if found == ")" and text[:at].count("(") <= text[:at].count(")"):
        return QueryError("a ) without its (", column)
    if rest.startswith(('"', '="')):
        return QueryError("the quotes of the phrase do not match", column, 'write one phrase as "two words"')
    if rest.startswith("/"):
        return QueryError("the regular expression is not closed", column, "write /two words?/")
    unknown = re.match(r"\w+(?=:)", _word_at(text, at))
    if unknown and found == ":":
        known = ", ".join(f"{f}:" for f in (*FIELDS, "entity"))
        return QueryError(f"there is no field {unknown[0]}:", column - len(unknown[0]), f"there are {known}")
    if not found:
        return QueryError(f"ends where {expected or 'more'} is expected", column)
    return QueryError(f"{found[:40]!r} stands where {expected or 'something else'} is expected", column)


def _word_at(text: str, at: int) -> str:
    """The word that ends at ``at``, with the character there."""
    start = at
    while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    return text[start : at + 1]
