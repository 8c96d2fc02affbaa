"""Finds head, items and end in the bytes of a feed, so that only the new items need be parsed.

Nothing here understands XML: it looks for ``<item`` and ``</item>``, and gives a WholeReason when it is not sure that
these are what they look like. What it is sure of is checked again after the parse (ParsedDocument: number of items,
well-formed, no leaks). Every function takes time linear in the bytes, whoever wrote them.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass
from enum import StrEnum

import xxhash

from podwatch.feeds.known_items import KnownItems


class WholeReason(StrEnum):
    """Why a document was parsed in one piece."""

    NO_ITEMS = "it has no items"
    JSON = "it is a JSON Feed"
    ENCODING = "its encoding does not let bytes be cut"
    DOCTYPE = "it declares a document type or entities"
    UNFINISHED = "it ends inside an item, a comment or a CDATA section"
    HIDDEN = "an item tag stands inside another item, a comment or a CDATA section"
    BETWEEN = "something else stands between its items"
    INSTRUCTION = "a processing instruction stands in or behind its items"
    ILL_FORMED = "it is not well-formed"
    LEAKS = "one of its items changes how the next is read"
    COUNT = "the parser sees another number of items"
    CONTEXT = "the declarations before its items are others than last time"


@dataclass(frozen=True, slots=True)
class ItemSpans:
    """Where the items of a body stand: bytes ``starts[i]`` to ``ends[i]``.

    Only the items in front of unchanged_items are listed. first_item: where the first item begins and the head ends.
    tag: item or entry. items_end: where the last item ends, and the end of the document begins.
    """

    tag: bytes
    starts: array[int]
    ends: array[int]
    first_item: int
    items_end: int
    unchanged_items: int = 0  # items known from the last body that follow the listed ones with the same bytes


_FIRST = re.compile(rb"<(item|entry)(?=[\s>/])")
_MARKUP = {t: re.compile(rb"<!|<\?|</?%s(?=[\s>/])" % t) for t in (b"item", b"entry")}
# Blanks and well-formed comments in plain ASCII may stand between items: they change nothing.
_GAP = rb"(?:[ \t\r\n]|<!--(?:-?[\t\n\r !-,.->@-~])*+-->)*+"
_NEXT = {t: re.compile(_GAP + rb"<%s(?=[\s>])" % t) for t in (b"item", b"entry")}
_NOT_ASCII = (b"\xff\xfe", b"\xfe\xff", b"\x00", b"<\x00", b"\x4c\x6f\xa7\x94")


def is_json(data: bytes) -> bool:
    """Whether a document begins as a JSON object does, and so as no XML does."""
    return data[:1000].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def scan_items(body: bytes, known: KnownItems | None = None) -> ItemSpans | WholeReason:
    """The items of a body; only those in front when the rest is the same as in the last body, known."""
    if body.startswith(_NOT_ASCII):
        return WholeReason.ENCODING
    first = _FIRST.search(body)
    if first is None:
        return WholeReason.NO_ITEMS
    tag, head = first[1], first.start()
    if reason := _check_outside(body, tag, 0, head, head=True):
        return reason
    if known is not None and known.is_clean and known.tag == tag:
        border = len(body) - known.tail_length
        if border >= head and xxhash.xxh3_128_digest(memoryview(body)[border:]) == known.tail_hash:
            front = _find_items(body, tag, head, border)
            if not isinstance(front, WholeReason) and front[2] == border:
                return ItemSpans(tag, front[0], front[1], head, len(body) - known.end_length, len(known.hashes))
    found = _find_items(body, tag, head, len(body))
    if isinstance(found, WholeReason):
        return found
    starts, ends, _ = found
    return _check_outside(body, tag, ends[-1], len(body)) or ItemSpans(tag, starts, ends, head, ends[-1])


def _find_items(body: bytes, tag: bytes, at: int, border: int) -> tuple[array[int], array[int], int] | WholeReason:
    """Starts and ends of the items that follow each other from ``at``, and where the next begins (-1: nowhere)."""
    starts, ends = array("Q"), array("Q")
    close, following = b"</%s>" % tag, _NEXT[tag].match
    opening, size = len(tag) + 1, len(tag) + 3
    find = body.find
    while 0 <= at < border:
        end = find(close, at)
        if end < 0:
            return WholeReason.UNFINISHED
        end += size
        starts.append(at)
        ends.append(end)
        gap = following(body, end)
        at = gap.end() - opening if gap else -1
    return starts, ends, at


def check_item(body: bytes, tag: bytes, start: int, end: int) -> WholeReason | None:
    """Why bytes that begin and end like an item may not be one; called once for each new item."""
    at = start + len(tag) + 1
    last = end - len(tag) - 3
    if body.find(b"?>", start, end) >= 0:  # the parser looks for the encoding up to the last of these on the line
        return WholeReason.INSTRUCTION
    while found := _MARKUP[tag].search(body, at, end):
        at = found.start()
        if at == last:
            return None
        skipped = _skip_section(body, at, end)
        if isinstance(skipped, WholeReason):
            return WholeReason.HIDDEN if skipped is WholeReason.UNFINISHED else skipped
        at = skipped
    return WholeReason.HIDDEN


def _check_outside(body: bytes, tag: bytes, at: int, end: int, *, head: bool = False) -> WholeReason | None:
    """Why the bytes before or behind all items (head: before them) are not what they look like."""
    if not head and body.find(b"?>", at, end) >= 0:
        return WholeReason.INSTRUCTION
    while found := _MARKUP[tag].search(body, at, end):
        if head and found[0] == b"<?":
            at = body.find(b"?>", found.end(), end)
            if at < 0:
                return WholeReason.UNFINISHED
            continue
        skipped = _skip_section(body, found.start(), end)
        if isinstance(skipped, WholeReason):
            return skipped if head or skipped is not WholeReason.HIDDEN else WholeReason.BETWEEN
        at = skipped
    return None


def _skip_section(body: bytes, at: int, end: int) -> int | WholeReason:
    """Where the comment or CDATA section that begins at ``at`` ends, or why there is none."""
    for opener, closer in ((b"<!--", b"-->"), (b"<![CDATA[", b"]]>")):
        if body.startswith(opener, at):
            found = body.find(closer, at + len(opener), end)
            return found + len(closer) if found >= 0 else WholeReason.UNFINISHED
    if body.startswith(b"<?", at):
        return WholeReason.INSTRUCTION
    return WholeReason.DOCTYPE if body.startswith(b"<!", at) else WholeReason.HIDDEN


def hash_items(body: bytes, spans: ItemSpans) -> array[int]:
    """The hash of each listed item's bytes."""
    view, digest = memoryview(body), xxhash.xxh3_64_intdigest
    return array("Q", [digest(view[a:b]) for a, b in zip(spans.starts, spans.ends, strict=True)])
