"""Reads a feed at the cost of what is new in it: decides what to parse, has it parsed, and says what came of it.

The rule: an item that was once parsed, well-formed, and left the parser as it found it, may be left out for as long
as its bytes and the declarations before it are the same. Anything else, and the document is parsed whole.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import xxhash

from podwatch.errors import FeedError
from podwatch.feeds import item_scanner as scanner
from podwatch.feeds.guids import EpisodeList, disambiguate_guids, first_occurrences, repeated_guid_keys
from podwatch.feeds.item_scanner import ItemSpans, WholeReason
from podwatch.feeds.known_items import KnownItems, guid_key
from podwatch.feeds.parsed_document import ParsedDocument, Parser, Part
from podwatch.model import Episode, FeedFacts

CHUNK_BYTES = 1 << 18  # bytes of items parsed at a time, so that memory stays small however large the feed is
# In these the bytes of < and > mean nothing else, so that items can be cut out.
ASCII_BASED = ("utf-8", "us-ascii", "ascii", "iso-8859-", "iso8859", "latin", "windows-125", "cp125", "koi8-")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedReading:
    """What a body says that the last one did not.

    found: see episodes, with the guids under which they go on.
    listed: the guid_key of every episode that the document holds now, in its order.
    known: to be kept for the next body. reason: why it was parsed whole, None when it was not.
    """

    facts: FeedFacts
    episode_lists: tuple[tuple[EpisodeList, tuple[str | None, ...]], ...]
    guid_keys: array[int]
    known: KnownItems
    reason: WholeReason | None = None

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """New and changed ones, in the document's order; all of them when the document was parsed whole.

        Of a feed that is read for the first time they are unpacked at each call.
        """
        return tuple(e for found, guids in self.episode_lists for e in found.with_guids(guids))

    @property
    def is_whole(self) -> bool:
        return self.reason is not None

    def has_episode(self, guid: str) -> bool:
        """Whether the document still holds the episode."""
        return guid_key(guid) in self.guid_keys


@dataclass(slots=True)
class _BodyParser:
    """What all documents of one body share, and the seconds that are left for them."""

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
    content_type: str,
    known: KnownItems | None,
    parser: Parser,
    *,
    shared: frozenset[int] = frozenset(),
) -> FeedReading:
    """What ``body`` says that the last body of this feed did not; raises FeedError when it is no feed.

    url: where it came from, against which relative addresses are resolved. known: of the last Reading.
    shared: guid keys that items have together which are not in ``known``: all of these are parsed.
    """
    if body[:1].isspace() and (stripped := body.lstrip()).startswith(b"<?xml"):
        body = stripped  # the commonest mistake: feedparser would read a well-formed feed as an ill-formed one
    job = _BodyParser(url, content_type, parser, cpu_budget(len(body)))
    apart = shared or (known is not None and repeated_guid_keys(known.guids))
    cut = scanner.scan_items(body, None if apart else known)
    if isinstance(cut, WholeReason):
        return _whole_reading(job.parse([body]), cut)
    before = known if known is not None and known.is_clean and known.tag == cut.tag else None
    hashes = scanner.hash_items(body, cut)
    fresh = _items_to_parse(hashes, cut, before, shared)
    doubt = next((d for i in fresh if (d := scanner.check_item(body, cut.tag, cut.starts[i], cut.ends[i]))), None)
    if doubt is not None:
        return _whole_reading(job.parse([body]), doubt)
    at_once = known is not None and before is None  # was read whole the last time: find out by reading it whole
    size = len(body) if at_once else CHUNK_BYTES
    documents: list[tuple[list[int], FeedFacts, EpisodeList]] = []
    many = sum(cut.ends[i] - cut.starts[i] for i in fresh) > CHUNK_BYTES
    base = (before.context_hash, before.encoding) if before else None
    for some in _chunk_items(fresh, cut, size):
        complete = len(some) == len(cut.starts) and not cut.unchanged_items
        document = job.parse([body] if complete else _document_parts(body, cut, some))
        base = base or (document.context_hash, document.encoding)
        doubt = _reason_for_whole(document, len(some) + (not complete and _needs_blank_item(some)), base)
        if doubt is WholeReason.CONTEXT and before is not None:
            return replace(read_feed(body, url, content_type, None, parser), reason=doubt)
        if doubt is not None:
            return _whole_reading(document if complete else job.parse([body]), doubt)
        base = document.context_hash, _merge_encodings(base[1], document.encoding)
        own = document.episodes[len(document.episodes) - len(some) :]
        documents.append((some, document.facts, EpisodeList.of(own, pack=many)))
    if before is not None and (sharing := _shared_guids(documents, hashes, cut, before, fresh)):
        return read_feed(body, url, content_type, known, parser, shared=shared | sharing)
    context, encoding = base or (0, "")
    return _incremental_reading(body, cut, hashes, before, documents, context, encoding)


def _items_to_parse(hashes: array[int], cut: ItemSpans, before: KnownItems | None, shared: frozenset[int]) -> list[int]:
    """Which listed items must be parsed: those never seen, and those that share their guid with others than before."""
    if before is None or cut.unchanged_items:
        return list(range(len(hashes)))
    guids = dict(zip(before.hashes, before.guids, strict=True))
    again = shared | _changed_guids(hashes, before, guids)
    return [i for i, h in enumerate(hashes) if h not in guids or guids[h] in again]


def _changed_guids(hashes: array[int], before: KnownItems, guids: Mapping[int, int]) -> frozenset[int]:
    """The guids that several items have of which one came, went or moved: who is told apart from whom may change.

    guids: of each hash of ``before``.
    """
    now = [guids[h] for h in hashes if h in guids]
    several = repeated_guid_keys(before.guids) | repeated_guid_keys(now)
    if not several or not before.final_guids:
        return several
    then: dict[int, list[int]] = {g: [] for g in several}
    today: dict[int, list[int]] = {g: [] for g in several}
    for listed, of in ((before.hashes, then), (hashes, today)):
        for h in listed:
            if (g := guids.get(h)) in of:
                of[g].append(h)
    return frozenset(g for g in several if then[g] != today[g])


def _shared_guids(
    documents: list[tuple[list[int], FeedFacts, EpisodeList]],
    hashes: array[int],
    cut: ItemSpans,
    before: KnownItems,
    fresh: list[int],
) -> frozenset[int]:
    """The guids of what was parsed that other items of the body have, too."""
    rest = set(before.guids)
    if not cut.unchanged_items:
        guids, parsed = dict(zip(before.hashes, before.guids, strict=True)), set(fresh)
        rest = {guids[h] for i, h in enumerate(hashes) if i not in parsed}
    return frozenset(rest & {guid_key(guid) for *_, found in documents for guid, _ in found.identities})


def _chunk_items(fresh: list[int], cut: ItemSpans, size: int) -> Iterator[list[int]]:
    """The fresh items in groups of about ``size`` bytes; one empty group when there are none, for the feed's facts."""
    some: list[int] = []
    length = 0
    for i in fresh:
        if some and length + cut.ends[i] - cut.starts[i] > size:
            yield some
            some, length = [], 0
        some.append(i)
        length += cut.ends[i] - cut.starts[i]
    if some or not fresh:
        yield some


def _needs_blank_item(some: list[int]) -> bool:
    """Whether an empty item takes the first one's place: feedparser reads the first item a little differently."""
    return not some or some[0] != 0


def _document_parts(body: bytes, cut: ItemSpans, some: list[int]) -> list[Part]:
    view = memoryview(body)
    parts: list[Part] = [view[: cut.first_item]]
    if _needs_blank_item(some):
        parts.append(b"<%s></%s>" % (cut.tag, cut.tag))
    begin = None
    for n, i in enumerate(some):
        begin = i if begin is None else begin
        if n + 1 == len(some) or some[n + 1] != i + 1:
            parts.append(view[cut.starts[begin] : cut.ends[i]])
            begin = None
    parts.append(view[cut.items_end :])
    return parts


def _reason_for_whole(document: ParsedDocument, items: int, base: tuple[int, str]) -> WholeReason | None:
    """Why a document of some items does not speak for the whole. base: the context and encoding of the others."""
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
    cut: ItemSpans,
    hashes: array[int],
    before: KnownItems | None,
    documents: list[tuple[list[int], FeedFacts, EpisodeList]],
    context: int,
    encoding: str,
) -> FeedReading:
    items = [i for some, *_ in documents for i in some]
    names = [name for *_, found in documents for name in found.identities]
    told = disambiguate_guids(names)
    plain = {i: guid_key(guid) for i, (guid, _) in zip(items, names, strict=True)}
    keys = {i: guid_key(guid) for i, guid in zip(items, told, strict=True)}
    if cut.unchanged_items and before is not None:
        guids = array("Q", plain.values()) + before.guids
        final = array("Q", keys.values()) + (before.final_guids or before.guids)
        hashes = hashes + before.hashes
    else:
        of = dict(zip(before.hashes, before.guids, strict=True)) if before else {}
        ended = dict(zip(before.hashes, before.final_guids, strict=True)) if before and before.final_guids else of
        guids = array("Q", [plain[i] if i in plain else of[h] for i, h in enumerate(hashes)])
        final = array("Q", [keys[i] if i in keys else ended[h] for i, h in enumerate(hashes)])
    first_of: dict[int, int] = {}
    for i, key in enumerate(final):
        first_of.setdefault(key, i)
    border = cut.starts[0] if cut.starts else cut.first_item
    tail = memoryview(body)[border:]
    known = KnownItems(
        is_clean=True,
        tag=cut.tag,
        encoding=encoding,
        context_hash=context,
        tail_length=len(tail),
        tail_hash=xxhash.xxh3_128_digest(tail),
        end_length=len(body) - cut.items_end,
        hashes=hashes,
        guids=guids,
        final_guids=final if repeated_guid_keys(guids) else array("Q"),
    )
    named = iter(first_occurrences(told))
    found = tuple((found, tuple(islice(named, len(some)))) for some, _, found in documents)
    return FeedReading(facts=documents[0][1], episode_lists=found, guid_keys=array("Q", first_of), known=known)


def _whole_reading(document: ParsedDocument, reason: WholeReason) -> FeedReading:
    """Everything the document says."""
    found = EpisodeList.of(document.episodes, pack=False)
    guids = tuple(first_occurrences(disambiguate_guids(found.identities)))
    return FeedReading(
        facts=document.facts,
        episode_lists=((found, guids),),
        guid_keys=array("Q", [guid_key(guid) for guid in guids if guid is not None]),
        known=KnownItems(),
        reason=reason,
    )


def _describe_non_feed(start: bytes) -> str:
    start = start.lstrip().lower()
    if not start:
        return "is empty"
    if start.startswith((b"<!doctype html", b"<html")):
        return "is a web page, not a feed"
    return "is not an RSS or Atom feed"
