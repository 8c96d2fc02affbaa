"""Groups the labelled spans of a transcript by the key of their name. Pure.

"the General Kellogg's" gives the span of "General Kellogg" with the key (kellogg,), and its title as evidence that it
is a person.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from podwatch.entities import name_keys, type_votes
from podwatch.entities.name_keys import Key
from podwatch.entities.recognition import LabelledSpan
from podwatch.model import EntityType

_OF_ANYBODY = {("mr",), ("mister",)}  # titles that say nothing of who is meant
_MARKUP = re.compile(r"[:;*\[\](){}<>|\\\"`]+")


@dataclass(slots=True)
class SpanGroup:
    """The spans that have one key: how they are written, their labels, and how many of them have a title."""

    key: Key
    spans: list[tuple[int, int]] = field(default_factory=list)
    surfaces: Counter[str] = field(default_factory=Counter)
    labels: Counter[EntityType] = field(default_factory=Counter)
    titled: int = 0

    @property
    def type(self) -> EntityType:
        return type_votes.elect_type(self.labels, self.titled)


def group_spans(text: str, spans: Sequence[LabelledSpan]) -> dict[Key, SpanGroup]:
    """The groups by key. spans: ascending; numbers, dates and what has no capital letter are left out."""
    groups: dict[Key, SpanGroup] = {}
    with_title: list[tuple[int, int, int, Key, EntityType]] = []
    floor = 0
    for start, end, label in _split_at_markup(text, spans):
        kind = type_votes.LABEL_TYPES.get(label)
        words = name_keys.word_spans(text, start, end) if kind is not None else []
        folded = tuple(name_keys.fold_word(text[a:b]) for a, b in words)
        if kind is not None and any(folded) and any(c.isupper() for c in text[start:end]):
            skip = 1 if len(folded) > 1 and (folded[0] == "the" or text[start : words[0][1]] in ("a", "an")) else 0
            first, last = words[skip][0], words[-1][1]
            titles = name_keys.count_titles(folded[skip:])
            key = name_keys.without_affixes(tuple(p for p in folded[skip:] if p))
            if titles:
                with_title.append((first, last, titles, key, kind))
            else:
                begin = first if skip else name_keys.title_before(text, first, floor)
                _add(groups, text, key, begin, last, kind, titled=begin < first)
        floor = max(floor, end)
    full_names = name_keys.by_surname(k for k in groups if len(k) > 1)
    for first, last, titles, key, kind in with_title:
        # "General Motors" and "Justice Department" are names as they stand; "General Kellogg" is not, when Kellogg is
        # said without it, or when it is called a person.
        rest = name_keys.without_affixes(key[titles:])
        if rest and (rest in groups or kind is EntityType.PERSON or name_keys.full_names_with(rest, full_names)):
            _add(groups, text, rest, first, last, kind, titled=True)
        else:
            _add(groups, text, key, first, last, kind, titled=False)
    for group in groups.values():
        group.spans.sort()
    return groups


def separate_titles(text: str, groups: dict[Key, SpanGroup], aliases: Iterable[Key]) -> dict[Key, SpanGroup]:
    """The groups, with what has a title in groups of its own where the watchlist has an alias of that surname with one.

    aliases: titles and surnames, as they are written. Where President Biden is watched, Mrs. Biden is somebody else.
    """
    wanted: dict[Key, set[Key]] = {}
    for alias in aliases:
        count = name_keys.count_titles(alias)
        wanted.setdefault(alias[count:], set()).add(alias[:count])
    for surname in wanted.keys() & groups.keys():
        group = groups[surname]
        for start, end in tuple(group.spans):
            written = name_keys.key_as_written(text[start:end])
            titles = name_keys.without_former(written[: name_keys.count_titles(written)])
            if not titles or (titles in _OF_ANYBODY and titles not in wanted[surname]):
                continue
            own = groups.setdefault((*titles, *surname), SpanGroup((*titles, *surname)))
            group.spans.remove((start, end))
            own.spans.append((start, end))
            own.titled += 1
            surface = text[start:end]
            own.surfaces[surface] += 1
            group.surfaces -= Counter([surface])
            own.labels[EntityType.PERSON] += 1
        if not group.spans:
            del groups[surname]
    return groups


def _split_at_markup(text: str, spans: Iterable[LabelledSpan]) -> Iterator[LabelledSpan]:
    """The spans, split where markup (of Markdown, or a speaker's label) stands between two names."""
    for span in spans:
        if not _MARKUP.search(text, span.start, span.end):
            yield span
            continue
        start = span.start
        for m in (*_MARKUP.finditer(text, span.start, span.end), None):
            end = m.start() if m else span.end
            if start < end:
                yield LabelledSpan(start, end, span.label)
            start = m.end() if m else end


def _add(
    groups: dict[Key, SpanGroup], text: str, key: Key, start: int, end: int, kind: EntityType, titled: bool
) -> None:
    group = groups.setdefault(key, SpanGroup(key))
    group.spans.append((start, end))
    group.surfaces[text[start:end]] += 1
    group.labels[kind] += 1
    group.titled += titled
