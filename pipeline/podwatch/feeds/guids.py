"""The episodes of one parsed document, packed until they are read, and the guids under which they go on.

A feed that is read for the first time is parsed as many documents. The episodes of all of them take more memory than
the feed's own bytes, which are needed until the last of them is parsed: both together took 2.3 times the feed.
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from podwatch.feeds.parsed_document import episodes_from_json, episodes_to_json
from podwatch.model import Episode
from podwatch.policy.compared_addresses import canonical_url
from podwatch.policy.episode_identity import guid_under_guid, is_listed_twice, plain_title


class ItemName(NamedTuple):
    """What tells the items of a document apart, those with one guid too."""

    guid: str
    title: str
    audio_url: str | None
    published_at: datetime | None
    duration: float | None
    link: str | None = None

    @property
    def episode(self) -> Episode:
        return Episode(**self._asdict())


@dataclass(frozen=True, slots=True)
class EpisodeList:
    """Some episodes in their order, either unpacked or packed."""

    guids: tuple[str, ...]
    unpacked: tuple[Episode, ...] = ()
    packed: bytes = b""

    @classmethod
    def of(cls, episodes: Sequence[Episode], *, pack: bool) -> EpisodeList:
        """pack: they are stored compressed, and unpacked each time they are read."""
        guids = tuple(e.guid for e in episodes)
        if pack:
            return cls(guids, packed=zlib.compress(episodes_to_json(episodes), 1))
        return cls(guids, unpacked=tuple(episodes))

    def names(self) -> Iterator[ItemName]:
        for e in self._unpack():
            yield ItemName(e.guid, e.title, e.audio_url, e.published_at, e.duration, e.link)

    def _unpack(self) -> Sequence[Episode]:
        return episodes_from_json(zlib.decompress(self.packed)) if self.packed else self.unpacked

    def with_guids(self, guids: Sequence[str | None]) -> Iterator[Episode]:
        """The episodes, each under its guid of ``guids``; None leaves an episode out."""
        for e, guid in zip(self._unpack(), guids, strict=True):
            if guid is not None:
                yield e if guid == e.guid else replace(e, guid=guid)


def resolve_guids(lists: Sequence[EpisodeList]) -> list[str]:
    """The guids under which a document's episodes go on; nothing is unpacked unless some have one guid."""
    guids = [guid for episodes in lists for guid in episodes.guids]
    if len(set(guids)) == len(guids):
        return guids
    return disambiguate_guids([name for episodes in lists for name in episodes.names()])


def disambiguate_guids(items: Sequence[ItemName]) -> list[str]:
    """A guid for each item of a document: several episodes with one guid get guids of their own.

    Each of them does: some feeds have one guid for all they publish, and put what is new in front. Two items are one
    episode only when they have one title, too; then the first of them speaks for it.
    """
    counts = Counter(e.guid for e in items)
    if len(counts) == len(items):
        return [e.guid for e in items]
    groups: dict[str, list[Episode]] = {guid: [] for guid, n in counts.items() if n > 1}
    for e in items:
        if e.guid in groups:
            groups[e.guid].append(e.episode)
    own = {guid: iter(_guids_under_guid(group)) for guid, group in groups.items()}
    return [next(own[e.guid]) if e.guid in own else e.guid for e in items]


def _guids_under_guid(group: Sequence[Episode]) -> list[str]:
    """The guids of a document's items that have one guid."""
    files: dict[str, set[str]] = defaultdict(set)
    for e in group:
        files[plain_title(e.title)].add(canonical_url(e.audio_url))
    firsts: list[Episode] = []  # of each item, the first of the same episode
    for e in group:
        title = plain_title(e.title)
        # A title that three files have under one guid is that of the show.
        alike = (
            k for k in firsts if len(files[title]) <= 2 and plain_title(k.title) == title and is_listed_twice(e, k)
        )
        firsts.append(next(alike, e))
    guids = [guid_under_guid(e) for e in firsts]
    return guids if len(set(guids)) > 1 else [e.guid for e in group]


def first_occurrences(guids: Sequence[str]) -> list[str | None]:
    """The guids, None for those that came before: of the items with one guid the first makes the episode."""
    seen: set[str] = set()
    return [None if guid in seen or seen.add(guid) else guid for guid in guids]  # type: ignore[func-returns-value]


def repeated_guid_keys(guids: Sequence[int]) -> frozenset[int]:
    """The guid keys that more than one item has."""
    if len(set(guids)) == len(guids):
        return frozenset()
    return frozenset(g for g, count in Counter(guids).items() if count > 1)
