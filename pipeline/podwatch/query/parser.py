"""Parses a query: text in the language of grammar.lark becomes a tree of clauses, or an error with its column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from podwatch.errors import WatchlistError
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

if TYPE_CHECKING:
    import lark

DEEPEST = 50  # clauses within clauses
LETTERS = 2  # that a word with a wildcard has in a row, at least
MOST_PARTS = 2_000
_QUOTES = str.maketrans("“”„«»", '"""""')
_OPERATOR = re.compile(r"AND|OR|NOT|O?NEAR(?:/\d*f?)?|WITHIN|SAME")
_HINTS = {"and": "AND", "or": "OR", "not": "NOT", "near": "NEAR/5"}


class QueryError(WatchlistError):
    """A mistake in a query. column: where, from 1."""

    def __init__(self, what: str, column: int, todo: str = "") -> None:
        super().__init__(f"column {column}: {what}", where="query", todo=todo)
        self.column = column


@dataclass(frozen=True, slots=True)
class Hint:
    """Something in a query that is no mistake, but may not be meant."""

    column: int
    text: str


def parse(query: str) -> Clause:
    """The tree of a query; raises QueryError."""
    text = query.translate(_QUOTES)
    import lark

    try:
        tree = _parser().parse(text)
        clause = _Builder(text).clause(tree.children[0], 0)
    except lark.UnexpectedInput as e:
        raise _mistake(text, e) from None
    _check(clause, text)
    return clause


_ALSO_WORDS = frozenset(("AID", "AIM", "ALL", "AM", "ARE", "CAN", "COP", "HE", "IT", "MAY", "OUR", "PM", "US", "WHO"))


def find_hints(clause: Clause) -> Iterator[Hint]:
    """What to point out in a query that is right."""
    for part in clause.walk():
        if isinstance(part, Term) and part.text in _ALSO_WORDS and not part.case:
            yield Hint(
                part.column, f"{part.text} finds {part.text.lower()} too; write ={part.text} for the capitals alone"
            )
        if isinstance(part, Term) and part.text in _HINTS and not part.source.startswith('"'):
            yield Hint(part.column, f"{part.text} is looked for as a word; the operator is {_HINTS[part.text]}")


@lru_cache(maxsize=1)
def _parser() -> Any:
    import lark

    options: dict[str, Any] = {"parser": "lalr", "propagate_positions": True, "maybe_placeholders": False}
    return lark.Lark.open_from_package("podwatch.query", "grammar.lark", **options)


class _Builder:
    """From lark's tree to clauses. Groups of one are taken away: parentheses alone nest as deep as they like."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._parts = 0

    def clause(self, node: Any, depth: int) -> Clause:
        while node.data in ("either", "both") and len(node.children) == 1:
            node = node.children[0]
        at = {"source": self._text[node.meta.start_pos : node.meta.end_pos], "column": node.meta.start_pos + 1}
        self._parts += 1
        if depth > DEEPEST:
            raise QueryError(f"is nested deeper than {DEEPEST} levels", at["column"])
        if self._parts > MOST_PARTS:
            raise QueryError(f"has more than {MOST_PARTS} parts", at["column"], "split it into several watches")
        make: Any = getattr(self, f"_{node.data}")
        made: Clause = make(node.children, at, depth + 1)
        return made

    def _all(self, children: list[Any], depth: int) -> tuple[Clause, ...]:
        return tuple(self.clause(c, depth) for c in children if not _is_token(c))

    def _either(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        return Or(of=self._all(children, depth), **at)

    def _both(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        return And(of=self._all(children, depth), **at)

    def _negated(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        return Not(of=self._all(children, depth), **at)

    def _near(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        word, _, number = str(children[1]).partition("/")
        ordered = word == "ONEAR" or number.endswith("f")
        return Near(of=self._all(children, depth), words=int(number.rstrip("f")), ordered=ordered, **at)

    def _apart(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        return NotNear(of=self._all(children, depth), words=int(str(children[1]).rpartition("/")[2]), **at)

    def _together(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        return Within(of=self._all(children, depth), seconds=_seconds(str(children[1])), **at)

    def _gathered(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        (inner,) = self._all(children, depth)
        if not isinstance(inner, And):
            raise QueryError("needs two things to be together", at["column"], "write (a AND b) WITHIN 60s")
        return Within(of=inner.of, seconds=_seconds(str(children[1])), **at)

    def _counted(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        least, comma, most = str(children[1]).strip("{} ").partition(",")
        low, high = int(least), int(most) if most.strip() else None if comma else int(least)
        if high is not None and (high < low or high == 0):
            raise QueryError(f"{children[1]} can never be", children[1].column, "write {least,most}, such as {3,}")
        return Count(of=self._all(children, depth), least=low, most=high, **at)

    def _field(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        name = str(children[0]).rstrip(":").lower()
        (inner,) = self._all(children, depth)
        if name == "entity":
            if not isinstance(inner, Term):
                raise QueryError("entity: wants one name", inner.column, 'write entity:"Keith Kellogg"')
            return EntityClause(text=inner.text, **at)
        for part in inner.walk():
            if not isinstance(part, Term | Wildcard | Fuzzy | Regex | Or | And | Not):
                raise QueryError(f"{part.source} cannot stand in {name}:", part.column)
        return Field(of=(inner,), name=name, **at)

    def _term(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        text, case = _plain(str(children[0]))
        if misplaced := _OPERATOR.fullmatch(text):
            todo = "write NEAR/5: at most five words between" if "NEAR" in text and "/" not in text else ""
            todo = todo or f'it goes between two parts; put it in "quotes" when {text} is what you look for'
            raise QueryError(f"{misplaced[0]} has nothing to work on here", at["column"], todo)
        if not case and ("*" in text or "?" in text):
            return self._wild(text, at)
        return Term(text=text, case=case, **at)

    def _wild(self, text: str, at: dict[str, Any]) -> Clause:
        if not re.search(rf"[^*?]{{{LETTERS}}}", text) and ("*" in text or len(text.replace("?", "")) < LETTERS):
            raise QueryError(
                f"{text} would find almost every word", at["column"], f"give it {LETTERS} letters in a row, at least"
            )
        return Wildcard(text=text, **at)

    def _phrase(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        text, case = _plain(str(children[0]))
        if case or not ("*" in text or "?" in text.rstrip("?")):
            return Term(text=text, case=case, **at)
        words: list[Clause] = [
            self._wild(w, at) if "*" in w or "?" in w else Term(text=w, inflected=False, **at) for w in text.split()
        ]
        joined = words[0]
        for word in words[1:]:
            joined = Near(of=(joined, word), words=0, ordered=True, **at)
        return joined

    def _fuzzy(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        text, case = _plain(str(children[0]))
        distance = int(str(children[1])[1:] or "2")
        longest = 1 if len(text) < 6 else 2
        if case or "*" in text or "?" in text:
            raise QueryError("~ does not go with = * ?", at["column"])
        if not 1 <= distance <= longest or len(text) < 4:
            least = "a word of 4 letters allows ~1, of 6 letters ~2"
            raise QueryError(f"{text}~{distance} would find almost any word", at["column"], least)
        return Fuzzy(text=text, distance=distance, **at)

    def _loose(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        text, case = _plain(str(children[0]))
        words = [Term(text=w, case=case, **at) for w in text.split()]
        number = str(children[1])[1:]
        if len(words) < 2 or not number:
            raise QueryError("wants two words and a number", at["column"], 'write "grain initiative"~5')
        if len(words) > 20:
            raise QueryError("has more than 20 words in any order", at["column"])
        return SloppyPhrase(of=tuple(words), words=int(number), **at)

    def _pattern(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        return Regex(text=str(children[0])[1:-1].replace("\\/", "/"), **at)

    def _sounds(self, children: list[Any], at: dict[str, Any], depth: int) -> Clause:
        text = _plain(str(children[1]))[0]
        if "*" in text or "?" in text.rstrip("?"):
            raise QueryError(f"~~{text} has a * or ? in it", at["column"], "write the whole name, or leave ~~ out")
        return SoundsLike(text=text, **at)


def _is_token(child: Any) -> bool:
    return isinstance(child, str)


def _plain(token: str) -> tuple[str, bool]:
    """(the words, whether they are wanted exactly so) of a term or a phrase."""
    case = token.startswith("=")
    return token.removeprefix("=").strip('"').strip(), case


def _seconds(token: str) -> float | None:
    if token.startswith("SAME"):
        return None
    number, unit = re.fullmatch(r"WITHIN\s+([\d.]+)\s*(\w)\w*", token).groups()  # type: ignore[union-attr]
    return float(number) * (60 if unit == "m" else 1)


def _check(clause: Clause, text: str) -> None:
    """Raises QueryError for a tree that is well formed but cannot be meant."""
    for part in clause.walk():
        if isinstance(part, Leaf) and not any(c.isalnum() or ord(c) > 0x2000 for c in part.text):
            raise QueryError("has no word in it", part.column, 'write a term or a "phrase"')
        if isinstance(part, Near | NotNear | Within):
            for inner in (p for side in part.of for p in side.walk()):
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
        return all(is_anchored(p) for p in clause.of)
    if isinstance(clause, And):
        return any(is_anchored(p) for p in clause.of)
    return clause.least > 0 and is_anchored(clause.of[0]) if isinstance(clause, Count) else True


_EXPECTED = (
    ({"TERM", "PHRASE"}, 'a word, a "phrase" or ('),
    ({"_RPAR"}, ")"),
    ({"NEAR"}, "AND, OR or NEAR/n"),
)


def _mistake(text: str, e: lark.UnexpectedInput) -> QueryError:
    import lark

    rest = ""
    if isinstance(e, lark.UnexpectedToken):
        wanted, found, at = set(e.accepts or e.expected), str(e.token), e.token.start_pos
        at = len(text.rstrip()) if at is None or e.token.type == "$END" else at
        found = "" if e.token.type == "$END" else found
    else:
        wanted, at = set(getattr(e, "allowed", None) or ()), e.pos_in_stream or 0
        found = text[at : at + 1]
        rest = text[at:]
    expected = " or ".join(name for names, name in _EXPECTED if names & wanted)
    if found == ")" and text[: at or 0].count("(") <= text[: at or 0].count(")"):
        return QueryError("a ) without its (", (at or 0) + 1)
    column = (at or 0) + 1
    if rest.startswith(('"', '="')):
        return QueryError("the quotes of the phrase do not match", column, 'write one phrase as "two words"')
    if rest.startswith("/"):
        return QueryError("the regular expression is not closed", column, "write /two words?/")
    unknown = re.match(r"\w+(?=:)", _word_at(text, at or 0))
    if unknown and found == ":":
        known = ", ".join(f"{f}:" for f in (*FIELDS, "entity"))
        return QueryError(f"there is no field {unknown[0]}:", column - len(unknown[0]), f"there are {known}")
    if not found:
        return QueryError(f"ends where {expected or 'more'} is expected", column)
    return QueryError(f"{found[:40]!r} stands where {expected or 'something else'} is expected", column)


def _word_at(text: str, at: int) -> str:
    start = at
    while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    return text[start : at + 1]
