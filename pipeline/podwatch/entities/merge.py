"""Merges the labelled spans of a transcript into entities: Kellogg, Keith Kellogg and General Kellogg are one. Pure.

Groups of spans with one key are merged by rules, surest first: what the watchlist says, full names that differ in
middle names, a surname with the only full name that ends in it, an acronym with the only name of these initials.
Where two names are possible none is taken: two entities that are one mislead less than one that is two. Given names are
never merged: the Alexander of a talk is its host, and not the only Alexander whose full name is said.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from podwatch.entities import name_keys, type_votes
from podwatch.entities.name_keys import Key
from podwatch.entities.recognition import LabelledSpan
from podwatch.entities.span_groups import SpanGroup, group_spans, separate_titles
from podwatch.model import Entity, EntityType, Form, KnownName

MAX_NAME_WORDS = 5  # of a person's name; more are several names without a comma
MAX_SURNAME_WORDS = 3
OFTEN = 3  # times that a word is said alone, from which on it is a name of its own


def merge_spans(text: str, spans: Sequence[LabelledSpan], known: Iterable[KnownName] = ()) -> tuple[Entity, ...]:
    """The entities of a transcript, the most frequent first.

    spans: ascending, as recognise_spans gives them. known: the names of the watchlist, with their types.
    """
    known = tuple(known)
    groups = separate_titles(text, group_spans(text, spans), _titled_aliases(known))
    merger = _Merger(text, groups, _index_known_names(known))
    merger.merge_aliases()
    full_names = merger.full_names()
    merger.merge_full_names(full_names)
    merger.merge_surnames(full_names)
    merger.merge_acronyms()
    return tuple(sorted(merger.entities(), key=lambda e: (-e.count, e.name)))


def _index_known_names(known: Iterable[KnownName]) -> dict[Key, tuple[Key, KnownName]]:
    """Key of each name and alias -> (key of the name, what is known); without aliases that two names share."""
    owners: dict[Key, tuple[Key, KnownName]] = {}
    claims: dict[Key, dict[Key, KnownName]] = defaultdict(dict)
    for k in known:
        if root := name_keys.key_as_written(k.name):
            owners.setdefault(root, (root, k))
            for name in (k.name, *k.aliases):
                untitled = name_keys.key_of(name) if k.type in (EntityType.PERSON, None) else ()
                whole = name_keys.key_as_written(name)
                if untitled != whole and not name_keys.is_full_name_of(untitled, root):
                    untitled = ()  # President Biden is no other Biden
                for key in filter(None, (whole, untitled)):
                    claims[key].setdefault(root, k)
    unique = {key: next(iter(roots.items())) for key, roots in claims.items() if len(roots) == 1}
    return unique | owners  # a name is its owner's, whoever has it as an alias


def _titled_aliases(known: Iterable[KnownName]) -> list[Key]:
    """The aliases that are a title and a surname, as they are written."""
    people = [k for k in known if k.type in (EntityType.PERSON, None)]
    aliases = (name_keys.key_as_written(alias) for k in people for alias in k.aliases)
    return [key for key in aliases if name_keys.count_titles(key)]


class _Merger:
    """groups: the spans of the transcript by key. known: from _index_known_names."""

    def __init__(self, text: str, groups: dict[Key, SpanGroup], known: dict[Key, tuple[Key, KnownName]]) -> None:
        self._text, self._groups, self._known = text, groups, known
        self._parents: dict[Key, Key] = {}  # key -> the key that it is merged into; the others are roots

    def merge_aliases(self) -> None:
        for key in self._groups:
            if key in self._known and self._known[key][0] != key:
                self._parents[key] = self._known[key][0]

    def full_names(self) -> list[Key]:
        """The keys that are a person's given name and surname: those of the watchlist, then the most frequent first."""
        found = []
        for key, group in self._groups.items():
            if not 2 <= len(key) <= MAX_NAME_WORDS or (key not in self._known and name_keys.count_titles(key)):
                continue
            if key in self._known and self._known[key][1].type is not None:
                if self._known[key][1].type is EntityType.PERSON:
                    found.append(key)
                continue
            is_person = name_keys.looks_like_person(_surface(group)) and self._is_person(key)
            if is_person and (len(group.spans) > 1 or not self._is_coincidence(key)):
                found.append(key)
        return sorted(found, key=lambda k: (k not in self._known, -len(self._groups[k].spans), -len(k), k))

    def _is_person(self, key: Key) -> bool:
        """Whether a full name is a person's: by its own votes, or, with those of its surname, if that has a title."""
        group, surname = self._groups[key], self._groups.get(key[-1:])
        if group.type is EntityType.PERSON:
            return True
        if surname is None or not surname.titled:
            return False
        elected = type_votes.elect_type(group.labels + surname.labels, group.titled + surname.titled)
        return elected is EntityType.PERSON

    def _is_coincidence(self, key: Key) -> bool:
        """Whether words that stand side by side once are no name: "Waltz Kellogg", "Versus Kellogg".

        Either both are often said alone, or the first is an ordinary word, which the transcript has in small letters.
        """
        first, last = self._groups.get(key[:1]), self._groups.get(key[-1:])
        if first is not None and last is not None and min(len(first.spans), len(last.spans)) >= OFTEN:
            return True
        return f" {key[0]} " in self._text

    def merge_full_names(self, full_names: Sequence[Key]) -> None:
        by_surname: dict[str, list[Key]] = defaultdict(list)
        for key in full_names:
            earlier = by_surname[key[-1]]
            if key not in self._parents and key not in self._known:
                same = {self._root(other) for other in earlier if name_keys.is_same_person(key, other)}
                if len(same) == 1:
                    self._parents[key] = same.pop()
            earlier.append(key)

    def merge_surnames(self, full_names: Sequence[Key]) -> None:
        people = {key for key, (root, k) in self._known.items() if key == root and k.type in (EntityType.PERSON, None)}
        said_by_surname, known_by_surname = name_keys.by_surname(full_names), name_keys.by_surname(sorted(people))
        in_full = set(full_names)
        for key, group in self._groups.items():
            if key in self._parents or key in self._known or key in in_full or len(key) > MAX_SURNAME_WORDS:
                continue
            said = name_keys.full_names_with(key, said_by_surname)
            roots = {self._root(full) for full in said}
            if not roots:  # nobody of that name is said in full: the watchlist may know one
                known = name_keys.full_names_with(key, known_by_surname)
                if len(known) == 1 and _may_be_person(group):
                    self._parents[key] = known[0]
            elif len(roots) == 1:
                # Washington, called a place ten times, is not Denzel Washington, who is said once.
                times = sum(len(self._groups[full].spans) for full in said)
                if roots <= people or _may_be_person(group) or len(group.spans) <= times:
                    self._parents[key] = roots.pop()

    def merge_acronyms(self) -> None:
        roots_of_initials: dict[str, set[Key]] = defaultdict(set)
        for key, group in self._groups.items():
            if len(key) > 1 and group.type is not EntityType.PERSON and _is_spelt_out(group):
                for letters in name_keys.initials(key):
                    roots_of_initials[letters].add(self._root(key))
        for key, group in self._groups.items():
            if len(key) == 1 and key not in self._parents and name_keys.is_acronym(_surface(group)):
                roots = roots_of_initials.get(key[0], set())
                if len(roots) == 1:
                    self._parents[key] = next(iter(roots))

    def _root(self, key: Key) -> Key:
        while key in self._parents:
            key = self._parents[key]
        return key

    def entities(self) -> list[Entity]:
        members: dict[Key, list[SpanGroup]] = defaultdict(list)
        for key, group in self._groups.items():
            members[self._root(key)].append(group)
        return [self._entity(root, parts) for root, parts in members.items()]

    def _entity(self, root: Key, parts: Sequence[SpanGroup]) -> Entity:
        surfaces: Counter[str] = sum((g.surfaces for g in parts), Counter())
        labels: Counter[EntityType] = sum((g.labels for g in parts), Counter())
        known = self._known[root][1] if root in self._known else None
        elected = type_votes.elect_type(labels, sum(g.titled for g in parts))
        fullest = max(parts, key=lambda g: (g.key == root, len(g.key)))
        return Entity(
            key=" ".join(root),
            name=known.name if known else _usual_name(fullest),
            type=known.type if known and known.type else elected,
            forms=tuple(Form(text, n) for text, n in sorted(surfaces.items(), key=lambda f: (-f[1], f[0]))),
            spans=tuple(sorted(span for g in parts for span in g.spans)),
            votes=tuple(sorted(labels.items(), key=lambda v: (-v[1], v[0]))),
        )


def _may_be_person(group: SpanGroup) -> bool:
    votes = group.labels + Counter({EntityType.PERSON: group.titled})
    return type_votes.is_possible(votes, EntityType.PERSON)


def _is_spelt_out(group: SpanGroup) -> bool:
    """Whether no word of it is an acronym itself: VS Code is not what VC stands for."""
    return not any((len(w) > 1 and w.isupper()) or w[-1:].isdigit() for w in _surface(group).split())


def _surface(group: SpanGroup) -> str:
    """How it is written most often."""
    return group.surfaces.most_common(1)[0][0]


def _usual_name(group: SpanGroup) -> str:
    """How a name is written most often, without its title; in small letters only when nobody writes it otherwise."""
    untitled = {s: n for s, n in group.surfaces.items() if len(name_keys.word_spans(s)) <= len(group.key)}
    if not untitled:
        surface = _surface(group)
        words = name_keys.word_spans(surface)
        return surface[words[-len(group.key)][0] :] if len(words) >= len(group.key) else surface
    return max(untitled.items(), key=lambda f: (f[1], not f[0].islower(), f[0]))[0]
