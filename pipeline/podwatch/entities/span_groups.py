"""The named spans of a transcript, trimmed to names and put together where the same name is said. Pure.

"the General Kellogg's" gives the span of "General Kellogg", the key (kellogg), and a word that it is a person.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from podwatch.entities import name_keys as names
from podwatch.entities import type_votes as votes
from podwatch.entities.chunking import Span
from podwatch.entities.name_keys import Key
from podwatch.model import EntityType

_MARKUP = re.compile(r"[:;*\[\](){}<>|\\\"`]+")


@dataclass(slots=True)
class SpanGroup:
    """The spans that have one key, with what speaks for which type."""

    key: Key
    spans: list[tuple[int, int]] = field(default_factory=list)
    surfaces: Counter[str] = field(default_factory=Counter)
    labels: Counter[EntityType] = field(default_factory=Counter)
    titled: int = 0

    @property
    def kind(self) -> EntityType:
        return votes.elect_type(self.labels, self.titled)


def group_spans(text: str, spans: Sequence[Span]) -> dict[Key, SpanGroup]:
    """What is named, by key. spans: ascending; numbers, dates and what has no capital letter are left out."""
    groups: dict[Key, SpanGroup] = {}
    later: list[tuple[int, int, int, Key, EntityType]] = []
    floor = 0
    for start, end, label in _plain(text, spans):
        kind = votes.TYPES.get(label)
        inside = names.word_spans(text, start, end) if kind is not None else []
        parts = tuple(names.fold_word(text[a:b]) for a, b in inside)
        if kind is not None and any(parts) and any(c.isupper() for c in text[start:end]):
            skip = 1 if len(parts) > 1 and (parts[0] == "the" or text[start : inside[0][1]] in ("a", "an")) else 0
            first, last = inside[skip][0], inside[-1][1]
            titles = names.count_titles(parts[skip:])
            key = names.without_affixes(tuple(p for p in parts[skip:] if p))
            if titles:
                later.append((first, last, titles, key, kind))
            else:
                begin = first if skip else names.title_before(text, first, floor)
                _add(groups, text, key, begin, last, kind, titled=begin < first)
        floor = max(floor, end)
    ends = names.by_surname(k for k in groups if len(k) > 1)
    for first, last, titles, key, kind in later:
        # "General Motors" and "Justice Department" are names as they stand; "General Kellogg" is not, when Kellogg is
        # said without it, or when it is called a person.
        rest = names.without_affixes(key[titles:])
        if rest and (rest in groups or kind is EntityType.PERSON or names.full_names_with(rest, ends)):
            _add(groups, text, rest, first, last, kind, titled=True)
        else:
            _add(groups, text, key, first, last, kind, titled=False)
    for group in groups.values():
        group.spans.sort()
    return groups


def _plain(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """The spans without markup inside: what Markdown or a speaker's label left there stands between two names."""
    for span in spans:
        if not _MARKUP.search(text, span.start, span.end):
            yield span
            continue
        start = span.start
        for m in (*_MARKUP.finditer(text, span.start, span.end), None):
            end = m.start() if m else span.end
            if start < end:
                yield Span(start, end, span.label)
            start = m.end() if m else end


def _add(
    groups: dict[Key, SpanGroup], text: str, key: Key, start: int, end: int, kind: EntityType, titled: bool
) -> None:
    group = groups.setdefault(key, SpanGroup(key))
    group.spans.append((start, end))
    group.surfaces[text[start:end]] += 1
    group.labels[kind] += 1
    group.titled += titled
