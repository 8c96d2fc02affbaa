"""Shortens the sentence of a mention so that each word that matched stays to be seen, and cuts between them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from podwatch.model import Mention, Watch
from podwatch.notifiers.escaping import (
    clean_line,
    defuse_mentions,
    text_weight,
    truncate_end,
    truncate_middle,
    truncate_start,
)

MAX_HITS = 12  # words in bold in one sentence; of more the last one and the first ones
MAX_GAP = 160  # characters between two words in bold, so that both are seen at once
HIT_ROOM = 8  # characters that a word in bold needs at least, with what stands around it


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sentence. hit: it is what was looked for, and set in bold."""

    text: str
    hit: bool = False


def excerpt(watch: Watch, mention: Mention, limit: int) -> list[Piece]:
    """The sentence in at most about ``limit`` characters (see text_weight), its hits among them; no piece is empty."""
    texts = _split(watch, mention)
    texts = _keep_hits(texts, max(2, min(MAX_HITS, limit // HIT_ROOM)))
    hits = [clean_line(t[: 4 * limit]) for t in texts[1::2]]
    hits = [truncate_end(t, n) for t, n in zip(hits, _share(hits, _hit_room(len(hits), limit)), strict=True)]
    # No more is cleaned than could be shown: a source without sentences makes snippets of 100,000 characters.
    first, last = 0, len(hits)
    others = [_clean(t, limit, is_first=i == first, is_last=i == last) for i, t in enumerate(texts[::2])]
    room = _share(others, limit - sum(map(text_weight, hits)))
    shown = [
        truncate_start(t, n) if i == first else truncate_end(t, n) if i == last else truncate_middle(t, min(n, MAX_GAP))
        for i, (t, n) in enumerate(zip(others, room, strict=True))
    ]
    pieces = [Piece(defuse_mentions(shown[0]))]
    for hit, text in zip(hits, shown[1:], strict=True):
        pieces += [Piece(defuse_mentions(hit), hit=True), Piece(defuse_mentions(text))]
    return [p for p in pieces if p.text]


def _split(watch: Watch, mention: Mention) -> list[str]:
    """The sentence as text, hit, text, ..., text."""
    snippet, surface, at = mention.snippet, mention.surface, mention.snippet_start
    if not surface or not snippet.startswith(surface, at) or at < 0:
        at = snippet.find(surface) if surface else 0
    if at < 0:  # a snippet that does not hold the hit: then the hit alone is sure
        snippet, at = surface, 0
    if watch.query is None:
        spans = [(0, len(surface))]
    else:
        from podwatch.query.highlights import find_highlights  # the engine, which most alerts need not

        spans = find_highlights(watch, mention)
    texts, done = [], 0
    for start, end in spans:
        texts += [snippet[done : at + start], snippet[at + start : at + end]]
        done = at + end
    return [*texts, snippet[done:]]


def _keep_hits(texts: list[str], most: int) -> list[str]:
    """The same with at most ``most`` hits; the others become a part of the text around them."""
    count = len(texts) // 2
    if count <= most:
        return texts
    first = 2 * (most - 1)
    return [*texts[:first], "".join(texts[first:-2]), *texts[-2:]]


def _hit_room(count: int, limit: int) -> int:
    """How much of the limit the hits may take: one alone half of it."""
    return limit // 2 if count < 2 else 3 * limit // 4


def _share(texts: Sequence[str], room: int) -> list[int]:
    """Shares room among texts: none gets more than it needs, and what the short ones leave goes to the long ones."""
    shares = [0] * len(texts)
    needs = sorted((text_weight(t), i) for i, t in enumerate(texts))
    for done, (need, i) in enumerate(needs):
        shares[i] = min(need, max(1, room // (len(needs) - done)))
        room -= shares[i]
    return shares


def _clean(text: str, limit: int, *, is_first: bool, is_last: bool) -> str:
    """The text as one line, without what is surely cut; no blanks at either end of the sentence."""
    if is_first:
        return clean_line(text[-4 * limit :]).lstrip()
    if is_last:
        return clean_line(text[: 4 * limit]).rstrip()
    return clean_line(text if len(text) <= 8 * limit else f"{text[: 4 * limit]} {text[-4 * limit :]}")
