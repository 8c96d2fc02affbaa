"""Reads a feed at the cost of what is new in it: decides which items to parse and merges them with what is known.

The rule: an item that was once parsed, well-formed, and left the parser's state as it found it, may be left out of the
parse for as long as its bytes and the declarations before it are the same. In every other case the document is parsed
whole, and the reading says why.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

import xxhash

from podwatch.errors import FeedError
from podwatch.feeds.document_repair import cut_junk_before, mend_encoding
from podwatch.feeds.guids import EpisodeList, first_occurrences, repeated_guid_keys, resolve_guids
from podwatch.feeds.item_scanner import ItemSpans, WholeReason, check_item, hash_items, is_json, scan_items
from podwatch.feeds.known_items import KnownItems, guid_key
from podwatch.feeds.parsed_document import ParsedDocument, Parser, Part
from podwatch.feeds.sandboxed import SandboxedParser
from podwatch.model import Episode, FeedFacts

CHUNK_BYTES = 1 << 18  # of items parsed at a time, so that memory stays small however large the feed is
# In these the bytes of < and > mean nothing else, so that items can be cut out.
ASCII_BASED = ("utf-8", "us-ascii", "ascii", "iso-8859-", "iso8859", "latin", "windows-125", "cp125", "koi8-")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedReading:
    """What a body says that the last one did not.

    episode_lists: the parsed episodes, each list with the guids under which its episodes go on (None: left out).
    guid_keys: the guid_key of every episode that the document lists now, in its order.
    known: what the next reading needs. reason: why the body was parsed whole, None when it was not.
    is_well_formed: a body that is not may be cut, and have lost items.
    """

    facts: FeedFacts
    episode_lists: tuple[tuple[EpisodeList, tuple[str | None, ...]], ...]
    guid_keys: array[int]
    known: KnownItems
    reason: WholeReason | None = None
    is_well_formed: bool = True

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """The new and changed episodes in the document's order; all of them when it was parsed whole.

        Of a feed that is read for the first time they are unpacked at each call.
        """
        return tuple(e for episodes, guids in self.episode_lists for e in episodes.with_guids(guids))

    @property
    def is_whole(self) -> bool:
        return self.reason is not None

    def has_episode(self, guid: str) -> bool:
        """Whether the document still lists the episode."""
        return guid_key(guid) in self.guid_keys


class _ParsedChunk(NamedTuple):
    """Some items of a body, by their index, with the episodes parsed from them."""

    items: list[int]
    facts: FeedFacts
    episodes: EpisodeList


@dataclass(slots=True)
class _BodyParser:
    """Parses the documents that are made of one body, all of them within seconds_left of CPU time."""

    url: str
    content_type: str
    parser: Parser
    seconds_left: float

    def parse(self, parts: Sequence[Part]) -> ParsedDocument:
        if self.seconds_left <= 0:
            raise FeedError("takes too long to parse", where=self.url)
        cpu = min(self.seconds_left, cpu_budget(sum(map(len, parts))))
        document = self.parser.parse(parts, self.url, self.content_type, cpu)
        self.seconds_left -= document.cpu_seconds
        if not document.is_feed:
            raise FeedError(
                _describe_non_feed(bytes(parts[0][:2000])), where=self.url, todo="check the address of the feed"
            )
        return document


def cpu_budget(size: int) -> float:
    """CPU seconds that a body of ``size`` bytes may take: three times what an honest one does."""
    return min(120.0, 5.0 + 3.0 * size / 1_000_000)


def read_feed(
    body: bytes,
    url: str,
    content_type: str = "",
    known: KnownItems | None = None,
    parser: Parser | None = None,
    *,
    shared: frozenset[int] = frozenset(),
) -> FeedReading:
    """What ``body`` says that the last body of this feed did not; raises FeedError when it is no feed.

    url: where it came from, against which relative addresses are resolved. known: of the last reading.
    parser: the sandbox that this process shares, unless another one is given.
    shared: guid keys of items that are not in ``known`` and share their guid with others: all of these are parsed.
    """
    parser = parser or SandboxedParser()
    body = cut_junk_before(body)
    body, content_type = mend_encoding(body, content_type)
    body_parser = _BodyParser(url, content_type, parser, cpu_budget(len(body)))
    has_repeated_guids = shared or (known is not None and repeated_guid_keys(known.guids))
    spans = WholeReason.JSON if is_json(body) else scan_items(body, None if has_repeated_guids else known)
    if isinstance(spans, WholeReason):
        return _whole_reading(body_parser.parse([body]), spans)
    before = known if known is not None and known.is_clean and known.tag == spans.tag else None
    hashes = hash_items(body, spans)
    fresh = _items_to_parse(hashes, spans, before, shared)
    for i in fresh:
        if reason := check_item(body, spans.tag, spans.starts[i], spans.ends[i]):
            return _whole_reading(body_parser.parse([body]), reason)
    # A feed that had to be parsed whole the last time is parsed in one piece, to see whether that is still so.
    chunk_bytes = CHUNK_BYTES if known is None or before is not None else len(body)
    pack = sum(spans.ends[i] - spans.starts[i] for i in fresh) > CHUNK_BYTES
    chunks: list[_ParsedChunk] = []
    base = (before.context_hash, before.encoding) if before else None
    for items in _chunk_items(fresh, spans, chunk_bytes):
        is_complete = len(items) == len(spans.starts) and not spans.unchanged_items
        document = body_parser.parse([body] if is_complete else _document_parts(body, spans, items))
        base = base or (document.context_hash, document.encoding)
        expected = len(items) + (not is_complete and _needs_blank_item(items))
        reason = _reason_for_whole(document, expected, base)
        if reason is WholeReason.CONTEXT and before is not None:
            return replace(read_feed(body, url, content_type, None, parser), reason=reason)
        if reason is not None:
            return _whole_reading(document if is_complete else body_parser.parse([body]), reason)
        base = document.context_hash, _merge_encodings(base[1], document.encoding)
        own = document.episodes[len(document.episodes) - len(items) :]
        chunks.append(_ParsedChunk(items, document.facts, EpisodeList.of(own, pack=pack)))
    if before is not None and (found := _shared_guids(chunks, hashes, spans, before, fresh)):
        return read_feed(body, url, content_type, known, parser, shared=shared | found)
    context_hash, encoding = base or (0, "")
    return _incremental_reading(body, spans, hashes, before, chunks, context_hash, encoding)


def _items_to_parse(
    hashes: array[int], spans: ItemSpans, before: KnownItems | None, shared: frozenset[int]
) -> list[int]:
    """The listed items to parse: those never seen, and those that share their guid with others than before."""
    if before is None or spans.unchanged_items:
        return list(range(len(hashes)))
    guid_of = dict(zip(before.hashes, before.guids, strict=True))
    again = shared | _changed_guids(hashes, before, guid_of)
    return [i for i, h in enumerate(hashes) if h not in guid_of or guid_of[h] in again]


def _changed_guids(hashes: array[int], before: KnownItems, guid_of: Mapping[int, int]) -> frozenset[int]:
    """The guids shared by several items of which one came, went or moved: their final guids may change.

    guid_of: the guid key of each item hash of ``before``.
    """
    repeated = repeated_guid_keys(before.guids) | repeated_guid_keys([guid_of[h] for h in hashes if h in guid_of])
    if not repeated or not before.final_guids:
        return repeated
    old: dict[int, list[int]] = {g: [] for g in repeated}
    new: dict[int, list[int]] = {g: [] for g in repeated}
    for listed, by_guid in ((before.hashes, old), (hashes, new)):
        for h in listed:
            if (g := guid_of.get(h)) in by_guid:
                by_guid[g].append(h)
    return frozenset(g for g in repeated if old[g] != new[g])


def _shared_guids(
    chunks: list[_ParsedChunk], hashes: array[int], spans: ItemSpans, before: KnownItems, fresh: list[int]
) -> frozenset[int]:
    """The guids of what was parsed that other items of the body have, too."""
    others = set(before.guids)
    if not spans.unchanged_items:
        guid_of, parsed = dict(zip(before.hashes, before.guids, strict=True)), set(fresh)
        others = {guid_of[h] for i, h in enumerate(hashes) if i not in parsed}
    return frozenset(others & {guid_key(guid) for chunk in chunks for guid in chunk.episodes.guids})


def _chunk_items(fresh: list[int], spans: ItemSpans, size: int) -> Iterator[list[int]]:
    """The fresh items in groups of about ``size`` bytes; one empty group when there are none, for the feed's facts."""
    group: list[int] = []
    length = 0
    for i in fresh:
        if group and length + spans.ends[i] - spans.starts[i] > size:
            yield group
            group, length = [], 0
        group.append(i)
        length += spans.ends[i] - spans.starts[i]
    if group or not fresh:
        yield group


def _needs_blank_item(items: list[int]) -> bool:
    """Whether an empty item takes the first one's place: feedparser reads the first item a little differently."""
    return not items or items[0] != 0


def _document_parts(body: bytes, spans: ItemSpans, items: list[int]) -> list[Part]:
    """Head, some items and end of a body; items that follow each other are one part."""
    view = memoryview(body)
    parts: list[Part] = [view[: spans.first_item]]
    if _needs_blank_item(items):
        parts.append(b"<%s></%s>" % (spans.tag, spans.tag))
    begin = None
    for n, i in enumerate(items):
        begin = i if begin is None else begin
        if n + 1 == len(items) or items[n + 1] != i + 1:
            parts.append(view[spans.starts[begin] : spans.ends[i]])
            begin = None
    parts.append(view[spans.items_end :])
    return parts


def _reason_for_whole(document: ParsedDocument, items: int, base: tuple[int, str]) -> WholeReason | None:
    """Why a document of some items does not speak for the whole. base: context and encoding of the others."""
    if not document.is_well_formed:
        return WholeReason.ILL_FORMED
    if document.has_leaks:
        return WholeReason.LEAKS
    if len(document.episodes) != items:
        return WholeReason.COUNT
    if document.context_hash != base[0]:
        return WholeReason.CONTEXT
    encoding = document.encoding
    return None if encoding.startswith(ASCII_BASED) and _merge_encodings(base[1], encoding) else WholeReason.ENCODING


def _merge_encodings(a: str, b: str) -> str:
    """The encoding of two parts together: ASCII is part of each of the others, and otherwise they must agree."""
    return b if a == "us-ascii" else a if b in ("us-ascii", a) else ""


def _incremental_reading(
    body: bytes,
    spans: ItemSpans,
    hashes: array[int],
    before: KnownItems | None,
    chunks: list[_ParsedChunk],
    context_hash: int,
    encoding: str,
) -> FeedReading:
    """The reading of what was parsed, and what is known of all items of the body: parsed or carried over."""
    items = [i for chunk in chunks for i in chunk.items]
    named = [guid for chunk in chunks for guid in chunk.episodes.guids]
    final = resolve_guids([chunk.episodes for chunk in chunks])
    parsed_guids = {i: guid_key(guid) for i, guid in zip(items, named, strict=True)}
    parsed_finals = {i: guid_key(guid) for i, guid in zip(items, final, strict=True)}
    if spans.unchanged_items and before is not None:
        guids = array("Q", parsed_guids.values()) + before.guids
        final_guids = array("Q", parsed_finals.values()) + (before.final_guids or before.guids)
        hashes = hashes + before.hashes
    else:
        guid_of = dict(zip(before.hashes, before.guids, strict=True)) if before else {}
        final_of = dict(zip(before.hashes, before.final_guids or before.guids, strict=True)) if before else {}
        guids = array("Q", [parsed_guids[i] if i in parsed_guids else guid_of[h] for i, h in enumerate(hashes)])
        final_guids = array(
            "Q", [parsed_finals[i] if i in parsed_finals else final_of[h] for i, h in enumerate(hashes)]
        )
    tail = memoryview(body)[spans.starts[0] if spans.starts else spans.first_item :]
    known = KnownItems(
        is_clean=True,
        tag=spans.tag,
        encoding=encoding,
        context_hash=context_hash,
        tail_length=len(tail),
        tail_hash=xxhash.xxh3_128_digest(tail),
        end_length=len(body) - spans.items_end,
        hashes=hashes,
        guids=guids,
        final_guids=final_guids if repeated_guid_keys(guids) else array("Q"),
    )
    firsts = iter(first_occurrences(final))
    return FeedReading(
        facts=chunks[0].facts,
        episode_lists=tuple((chunk.episodes, tuple(islice(firsts, len(chunk.items)))) for chunk in chunks),
        guid_keys=array("Q", dict.fromkeys(final_guids)),
        known=known,
    )


def _whole_reading(document: ParsedDocument, reason: WholeReason) -> FeedReading:
    """The reading of a document that was parsed whole: nothing of it is known the next time."""
    episodes = EpisodeList.of(document.episodes, pack=False)
    guids = tuple(first_occurrences(resolve_guids([episodes])))
    return FeedReading(
        facts=document.facts,
        episode_lists=((episodes, guids),),
        guid_keys=array("Q", [guid_key(guid) for guid in guids if guid is not None]),
        known=KnownItems(),
        reason=reason,
        is_well_formed=document.is_well_formed,
    )


def _describe_non_feed(start: bytes) -> str:
    start = start.lstrip().lower()
    if not start:
        return "is empty"
    if start.startswith((b"<!doctype html", b"<html")):
        return "is a web page, not a feed"
    if is_json(start):
        return "is JSON, but no JSON Feed"
    return "is not an RSS or Atom feed"
