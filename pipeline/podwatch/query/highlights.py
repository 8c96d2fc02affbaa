"""Finds within a mention the words that the query asked for, so that they, and not all between them, are set in bold.

A mention of ``grain NEAR/10 corridor`` is the whole stretch from one word to the other. Which words of it matched is
not stored: the stretch is searched again, for the terms of the query one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from podwatch.errors import PodwatchError
from podwatch.model import Kind, Mention, Transcript, Watch
from podwatch.query import clauses
from podwatch.query.engine import Engine
from podwatch.query.parser import parse

Highlights = list[tuple[int, int]]  # half-open spans, in characters of the mention's surface, in order
_JOINING = (clauses.Near, clauses.Within, clauses.SloppyPhrase)


def find_highlights(watch: Watch, mention: Mention) -> Highlights:
    """The words of the mention's surface that the watch matched; all of it where the watch joins no words.

    The first and the last word are always among them: a match begins and ends with what matched. (The query may have
    been changed since, and a misspelt name is recognised by more than the words around it.)
    """
    surface = mention.surface
    terms = _joined_terms(watch)
    if not terms or not surface.strip():
        return [(0, len(surface))]
    engine = Engine([(Watch(name=str(i), query=term.source), term) for i, term in enumerate(terms)])
    text = Transcript(text=surface, offsets=[0], starts=[0.0], ends=[0.0], speakers=[None])
    found = [(m.start, m.end) for m in engine(text).mentions]
    misspelt = mention.reason.partition(" ~ ")[0] if mention.kind is Kind.SOUNDS_LIKE else ""
    if misspelt and (at := surface.find(misspelt)) >= 0:
        found.append((at, at + len(misspelt)))
    return _merge([*found, *_outer_words(surface, found)], surface)


def _joined_terms(watch: Watch) -> list[clauses.Leaf]:
    """What a query looks for in the text, where it asks how near that is to each other; else nothing."""
    try:
        tree = parse(watch.query) if watch.query else None
    except PodwatchError:
        return []
    if tree is None or not any(isinstance(part, _JOINING) for part in tree.walk()):
        return []
    return list(_wanted_leaves(tree))


def _wanted_leaves(clause: clauses.Clause) -> Iterator[clauses.Leaf]:
    """The terms that have to be said. A name by its sound, or an entity, is looked for as it is written."""
    match clause:
        case clauses.SoundsLike() | clauses.EntityClause():
            yield clauses.Term(text=clause.text, source=clause.source, inflected=False)
        case clauses.Leaf():
            yield clause
        case clauses.Not() | clauses.Field():
            pass
        case clauses.NotNear():
            yield from _wanted_leaves(clause.parts[0])
        case _:
            for part in clause.parts:
                yield from _wanted_leaves(part)


def _outer_words(surface: str, found: Highlights) -> Highlights:
    """The first and the last word of the surface, as far as nothing that was found covers them."""
    start, end = len(surface) - len(surface.lstrip()), len(surface.rstrip())
    outer = []
    if not any(s <= start < e for s, e in found):
        outer.append((start, start + len(surface[start:end].split(maxsplit=1)[0])))
    if not any(s < end <= e for s, e in found):
        outer.append((end - len(surface[start:end].rsplit(maxsplit=1)[-1]), end))
    return outer


def _merge(spans: Iterable[tuple[int, int]], surface: str) -> Highlights:
    """The spans in order; those that overlap, or have only blanks between them, are one."""
    merged: Highlights = []
    for start, end in sorted(spans):
        if merged and not surface[merged[-1][1] : start].strip():
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
