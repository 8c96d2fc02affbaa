"""The episodes of one parsed document, packed until they are read, and the guids under which they go on.

A feed that is read for the first time is parsed as many documents. The episodes of all of them take more memory than
the feed's own bytes, which are needed until the last of them is parsed: both together took 2.3 times the feed.
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from podwatch.feeds.known_items import guid_key
from podwatch.feeds.parsed_document import episodes_from_json, episodes_to_json
from podwatch.model import Episode
from podwatch.policy.episode_identity import canonical_url

GuidAndAudio = tuple[str, str]  # an item's guid, and the canonical address of its audio ("" for none)


@dataclass(frozen=True, slots=True)
class EpisodeList:
    """Some episodes in their order, either unpacked or packed."""

    identities: tuple[GuidAndAudio, ...]
    unpacked: tuple[Episode, ...] = ()
    packed: bytes = b""

    @classmethod
    def of(cls, episodes: Sequence[Episode], *, pack: bool) -> EpisodeList:
        """pack: they are stored compressed, and unpacked each time they are read."""
        names = tuple((e.guid, canonical_url(e.audio_url)) for e in episodes)
        if pack:
            return cls(names, packed=zlib.compress(episodes_to_json(episodes), 1))
        return cls(names, unpacked=tuple(episodes))

    def with_guids(self, guids: Sequence[str | None]) -> Iterator[Episode]:
        """The episodes, each under its guid of ``guids``; None leaves an episode out."""
        episodes = episodes_from_json(zlib.decompress(self.packed)) if self.packed else self.unpacked
        for e, guid in zip(episodes, guids, strict=True):
            if guid is not None:
                yield e if guid == e.guid else replace(e, guid=guid)


def disambiguate_guids(names: Sequence[GuidAndAudio]) -> list[str]:
    """A guid for each item of a document: those with one guid and other audio get guids of their own.

    The new guid is made of the audio's address, for each of them: some feeds have one guid for all they publish, and
    put what is new in front.
    """
    audio: dict[str, set[str]] = defaultdict(set)
    for guid, address in names:
        audio[guid].add(address)
    return [f"{guid}#{guid_key(a):016x}" if a and len(audio[guid]) > 1 else guid for guid, a in names]


def first_occurrences(guids: Sequence[str]) -> list[str | None]:
    """The guids, None for those that came before: of the items with one guid the first makes the episode."""
    seen: set[str] = set()
    return [None if guid in seen or seen.add(guid) else guid for guid in guids]  # type: ignore[func-returns-value]


def repeated_guid_keys(guids: Sequence[int]) -> frozenset[int]:
    """The guid keys that more than one item has."""
    if len(set(guids)) == len(guids):
        return frozenset()
    return frozenset(g for g, count in Counter(guids).items() if count > 1)
