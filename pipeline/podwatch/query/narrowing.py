"""Which tokens a transcript has to have for a query to be true of it, so that an index can leave out the others.

A query is turned into a boolean expression over tokens that is never stricter than the query; what an index leaves in
is then searched by the engine, which decides. What no token can stand for (a regular expression, a spelling distance, a
name by its sound, NOT, a field) asks for nothing.

Tokens are the words of the normalised text, cut at apostrophes. In scripts without blanks each letter is a word, and
most are in every transcript: there two neighbours are a token, too. Everything but a-z and 0-9 is written as _code_, so
that no tokenizer of a database changes it; the code of each letter is closed, so that the beginning of a word is the
beginning of its token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from podwatch.model import Needed, NeededToken, NeedsAll, NeedsAny, SearchTokens
from podwatch.query.compiler import QueryIndex
from podwatch.query.evaluation import (
    AndNode,
    AtomNode,
    CountNode,
    Node,
    NotNearNode,
    OrNode,
    ProximityNode,
)
from podwatch.query.folding import is_without_blanks
from podwatch.query.literals import Ending, Literal
from podwatch.query.normaliser import normalise

LONGEST = 64  # characters of a token; words that differ only behind them are one
MAX_CHARACTERS = 400_000  # of all tokens of a transcript: PostgreSQL takes a megabyte
MAX_DEPTH, MAX_TOKENS = 24, 1000  # of an expression; what is beyond asks for nothing
_APART = re.compile(r"[*?']")


def index_tokens(text: str) -> SearchTokens:
    """The tokens of a transcript's text."""
    words = _split(normalise(text).text)
    tokens = {_encode(word) for word in set(words)}
    if not text.isascii():
        tokens |= {_pair(one, two) for one, two in set(pairwise(words)) if _makes_pair(one, two)}
    joined = " ".join(sorted(tokens))
    return SearchTokens(joined) if len(joined) <= MAX_CHARACTERS else SearchTokens("", is_whole=False)


def needed_tokens(node: Node, index: QueryIndex) -> Needed | None:
    """What a transcript has to have for the node to be true of it; None: nothing, every transcript may do.

    index: the one that the node's atoms are in.
    """
    found = _needed(node, _needed_of_atoms(index), MAX_DEPTH)
    return found if found is not None and _count(found) <= MAX_TOKENS else None


def holds(needed: Needed | None, tokens: Iterable[str]) -> bool:
    """Whether tokens have what is needed: what the databases answer from their indexes."""
    match needed:
        case None:
            return True
        case NeededToken():
            return any(t.startswith(needed.token) if needed.is_prefix else t == needed.token for t in tokens)
        case NeedsAll():
            return all(holds(part, tokens) for part in needed.parts)
        case NeedsAny():
            return any(holds(part, tokens) for part in needed.parts)


def _needed(node: Node, atoms: dict[int, Needed | None], depth: int) -> Needed | None:
    if depth == 0:
        return None
    match node:
        case AtomNode():
            return _any_of([atoms.get(atom) for atom, _ in node.atoms])
        case OrNode():
            return _any_of([_needed(part, atoms, depth - 1) for part in node.parts])
        case AndNode() | ProximityNode():
            return _all_of([_needed(part, atoms, depth - 1) for part in node.parts])
        case NotNearNode():
            return _needed(node.parts[0], atoms, depth - 1)
        case CountNode() if node.least > 0:
            return _needed(node.parts[0], atoms, depth - 1)
    return None  # NOT, a field, a speaker: true without a word


def _needed_of_atoms(index: QueryIndex) -> dict[int, Needed | None]:
    """By atom; None, or no entry, for what no token can stand for."""
    by_atom: dict[int, list[Needed | None]] = {}
    for literal in index.literals:
        by_atom.setdefault(literal.atom, []).append(_needed_of_literal(literal))
    for word, atom in index.wildcards.items():
        by_atom.setdefault(atom, []).append(_needed_of_wildcard(word))
    return {atom: _any_of(parts) for atom, parts in by_atom.items()}


def _needed_of_literal(literal: Literal) -> Needed | None:
    """All words but the last stand in a text as they are; the last may go on as its ending says."""
    words = _split(literal.text)
    if not words:
        return None
    *before, last = words
    parts: list[Needed | None] = [NeededToken(_encode(word)) for word in before]
    parts += [NeededToken(_pair(one, two)) for one, two in pairwise(before) if _makes_pair(one, two)]
    match literal.ending:
        case Ending.WHOLE:
            parts.append(NeededToken(_encode(last)))
            if before and _makes_pair(before[-1], last):
                parts.append(NeededToken(_pair(before[-1], last)))
        case Ending.PLURAL:
            parts.append(NeedsAny(tuple(NeededToken(_encode(last + end)) for end in ("", "s", "es"))))
        case Ending.ANY:
            parts.append(NeededToken(_encode(last), is_prefix=True))
    return _all_of(parts)


def _needed_of_wildcard(word: str) -> Needed | None:
    """What stands before the first wildcard begins a token."""
    beginning = _APART.split(word, maxsplit=1)[0]
    return NeededToken(_encode(beginning), is_prefix=True) if beginning else None


def _any_of(parts: Sequence[Needed | None]) -> Needed | None:
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    flat = [inner for part in known for inner in (part.parts if isinstance(part, NeedsAny) else (part,))]
    different = tuple(dict.fromkeys(flat))
    return different[0] if len(different) == 1 else NeedsAny(different)


def _all_of(parts: Sequence[Needed | None]) -> Needed | None:
    known = [part for part in parts if part is not None]
    flat = [inner for part in known for inner in (part.parts if isinstance(part, NeedsAll) else (part,))]
    different = tuple(dict.fromkeys(flat))
    if not different:
        return None
    return different[0] if len(different) == 1 else NeedsAll(different)


def _count(needed: Needed) -> int:
    return 1 if isinstance(needed, NeededToken) else sum(map(_count, needed.parts))


def _split(normalised: str) -> list[str]:
    return normalised.replace("'", " ").split()


def _makes_pair(one: str, two: str) -> bool:
    return is_without_blanks(one[0]) and is_without_blanks(two[0])


def _pair(one: str, two: str) -> str:
    return f"{_encode(one)}_{_encode(two)}"[:LONGEST]


@lru_cache(maxsize=65536)
def _encode(word: str) -> str:
    """A word in a-z, 0-9 and _."""
    if not (word.isascii() and word.isalnum()):
        word = "".join(c if c.isascii() and c.isalnum() else f"_{ord(c):x}_" for c in word)
    return word[:LONGEST]
