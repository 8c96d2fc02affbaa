"""Puts the named spans of one transcript together: Kellogg, Keith Kellogg and General Kellogg are one person. Pure.

Groups of spans with the same key are united by rules, surest first: what the watchlist says, full names that differ in
middle names, a surname with the only full name that ends in it, an acronym with the only name of these letters.
Where two are possible none is taken: two entities that are one mislead less than one that is two. Given names are
never merged: the Alexander of a talk is its host, and not the only Alexander whose full name is said.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from podwatch.entities import name_keys as names
from podwatch.entities import type_votes as votes
from podwatch.entities.chunking import Span
from podwatch.entities.name_keys import Key
from podwatch.entities.span_groups import SpanGroup, group_spans
from podwatch.model import Entity, EntityType, Form, KnownName

LONGEST_NAME = 5  # words of a person's name, at most; more are several names without a comma
OFTEN = 3  # times a word is said alone, from which on it is a name of its own


def merge_spans(text: str, spans: Sequence[Span], known: Iterable[KnownName] = ()) -> tuple[Entity, ...]:
    """The entities of a transcript, the most frequent first.

    spans: ascending, as recognise gives them. known: what the watchlist calls by name, with its types.
    """
    groups = group_spans(text, spans)
    sure = _known(known)
    into: dict[Key, Key] = {}  # key -> the key it belongs to; what is left out stands for itself
    for key in groups:
        if key in sure and sure[key][0] != key:
            into[key] = sure[key][0]
    full = _full_names(text, groups, sure)
    _unite_full_names(groups, full, into, sure)
    _unite_surnames(groups, full, into, sure)
    _unite_acronyms(groups, into)
    members: dict[Key, list[SpanGroup]] = defaultdict(list)
    for key, group in groups.items():
        members[_root(key, into)].append(group)
    found = [_entity(root, parts, sure) for root, parts in members.items()]
    return tuple(sorted(found, key=lambda e: (-e.count, e.name)))


def _known(known: Iterable[KnownName]) -> dict[Key, tuple[Key, KnownName]]:
    """Key of each name and alias -> (key of the name, what is known); without those that two of them claim."""
    owners: dict[Key, tuple[Key, KnownName]] = {}
    claims: dict[Key, dict[Key, KnownName]] = defaultdict(dict)
    for k in known:
        if root := names.key_as_written(k.name):
            owners.setdefault(root, (root, k))
            for name in (k.name, *k.aliases):
                untitled = names.key_of(name) if k.type in (EntityType.PERSON, None) else ()
                for key in filter(None, (names.key_as_written(name), untitled)):
                    claims[key].setdefault(root, k)
    once = {key: next(iter(roots.items())) for key, roots in claims.items() if len(roots) == 1}
    return once | owners  # a name is its owner's, whoever has it as an alias


def _full_names(text: str, groups: Mapping[Key, SpanGroup], sure: Mapping[Key, tuple[Key, KnownName]]) -> list[Key]:
    """The keys that are a person's given name and surname: those of the watchlist, then the most frequent first."""
    found = []
    for key, group in groups.items():
        if not 2 <= len(key) <= LONGEST_NAME:
            continue
        if key in sure and sure[key][1].type is not None:
            if sure[key][1].type is EntityType.PERSON:
                found.append(key)
        elif names.looks_like_person(_surface(group)) and _person(group, groups.get(key[-1:])):
            if len(group.spans) == 1 and _is_coincidence(text, groups, key):
                continue
            found.append(key)
    return sorted(found, key=lambda k: (k not in sure, -len(groups[k].spans), -len(k), k))


def _person(group: SpanGroup, surname: SpanGroup | None) -> bool:
    """Whether a full name is a person's: by its own votes, or, with those of its surname, if that has a title."""
    if group.kind is EntityType.PERSON:
        return True
    if surname is None or not surname.titled:
        return False
    return votes.elect_type(group.labels + surname.labels, group.titled + surname.titled) is EntityType.PERSON


def _is_coincidence(text: str, groups: Mapping[Key, SpanGroup], key: Key) -> bool:
    """Whether two words that were side by side once are no name: "Waltz Kellogg", "Versus Kellogg".

    Either both are often said alone, or the first is an ordinary word, which the transcript has in small letters too.
    """
    first, last = groups.get(key[:1]), groups.get(key[-1:])
    if first is not None and last is not None and min(len(first.spans), len(last.spans)) >= OFTEN:
        return True
    return f" {key[0]} " in text


def _unite_full_names(
    groups: Mapping[Key, SpanGroup],
    full: Sequence[Key],
    into: dict[Key, Key],
    sure: Mapping[Key, tuple[Key, KnownName]],
) -> None:
    before: dict[str, list[Key]] = defaultdict(list)  # by surname
    for key in full:
        if key not in into and key not in sure:
            same = {_root(other, into) for other in before[key[-1]] if names.is_same_person(key, other)}
            if len(same) == 1:
                into[key] = same.pop()
        before[key[-1]].append(key)


def _unite_surnames(
    groups: Mapping[Key, SpanGroup],
    full: Sequence[Key],
    into: dict[Key, Key],
    sure: Mapping[Key, tuple[Key, KnownName]],
) -> None:
    people = {key for key, (root, k) in sure.items() if key == root and k.type in (EntityType.PERSON, None)}
    heard, listed, whole = names.by_surname(full), names.by_surname(sorted(people)), set(full)
    for key, group in groups.items():
        if key in into or key in sure or key in whole or len(key) > 3:
            continue
        said, watched = names.full_names_with(key, heard), names.full_names_with(key, listed)
        roots = {_root(f, into) for f in said}
        if not roots:  # nobody of that name is said in full: the watchlist may know one
            if len(watched) == 1 and votes.is_possible(_ballot(group), EntityType.PERSON):
                into[key] = watched[0]
        elif len(roots) == 1 and (roots <= people or _may_be_person(group, sum(len(groups[f].spans) for f in said))):
            into[key] = roots.pop()


def _may_be_person(group: SpanGroup, full: int) -> bool:
    """Washington, called a place ten times, is not Denzel Washington, who is said once; Kellogg is Keith Kellogg."""
    return votes.is_possible(_ballot(group), EntityType.PERSON) or len(group.spans) <= full


def _ballot(group: SpanGroup) -> Counter[EntityType]:
    return group.labels + Counter({EntityType.PERSON: group.titled})


def _unite_acronyms(groups: Mapping[Key, SpanGroup], into: dict[Key, Key]) -> None:
    by: dict[str, set[Key]] = defaultdict(set)
    for key, group in groups.items():
        if len(key) > 1 and group.kind is not EntityType.PERSON and _spelt_out(group):
            for letters in names.initials(key):
                by[letters].add(_root(key, into))
    for key, group in groups.items():
        if len(key) == 1 and key not in into and names.is_acronym(_surface(group)):
            roots = by.get(key[0], set())
            if len(roots) == 1:
                into[key] = next(iter(roots))


def _spelt_out(group: SpanGroup) -> bool:
    """Whether no word of it is an acronym itself: VS Code is not what VC stands for."""
    return not any((len(w) > 1 and w.isupper()) or w[-1:].isdigit() for w in _surface(group).split())


def _surface(group: SpanGroup) -> str:
    """How it is written most often."""
    return group.surfaces.most_common(1)[0][0]


def _root(key: Key, into: Mapping[Key, Key]) -> Key:
    while key in into:
        key = into[key]
    return key


def _entity(root: Key, parts: Sequence[SpanGroup], sure: Mapping[Key, tuple[Key, KnownName]]) -> Entity:
    surfaces: Counter[str] = sum((g.surfaces for g in parts), Counter())
    labels: Counter[EntityType] = sum((g.labels for g in parts), Counter())
    known = sure[root][1] if root in sure else None
    kind = votes.elect_type(labels, sum(g.titled for g in parts))
    fullest = max(parts, key=lambda g: (g.key == root, len(g.key)))
    return Entity(
        key=" ".join(root),
        name=known.name if known else _best(fullest.surfaces, fullest.key),
        type=known.type if known and known.type else kind,
        forms=tuple(Form(text, n) for text, n in sorted(surfaces.items(), key=lambda f: (-f[1], f[0]))),
        spans=tuple(sorted(span for g in parts for span in g.spans)),
        votes=tuple(sorted(labels.items(), key=lambda v: (-v[1], v[0]))),
    )


def _best(surfaces: Counter[str], key: Key) -> str:
    """How a name is written most often, without title; in capitals only when nobody writes it otherwise."""
    untitled = Counter({s: n for s, n in surfaces.items() if len(names.word_spans(s)) <= len(key)})
    if not untitled:
        surface = surfaces.most_common(1)[0][0]
        inside = names.word_spans(surface)
        return surface[inside[-len(key)][0] :] if len(inside) >= len(key) else surface
    return max(untitled.items(), key=lambda f: (f[1], not f[0].islower(), f[0]))[0]
