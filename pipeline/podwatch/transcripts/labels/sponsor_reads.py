"""Finds sponsor reads and calls to subscribe by what is said in them, in one pass over the text (Aho-Corasick, 1975).

A stretch needs a phrase that is only ever said to an audience. Words that are also talked about ("sponsor", "dot
com", "merch") add to it and never make one, so that a conversation about advertising stays unlabelled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import ahocorasick_rs

from podwatch.transcripts.labels import sponsor_phrases as phrases
from podwatch.transcripts.labels.passages import MAX_PASSAGE_CHARACTERS, Label, Passage


class _Cue(NamedTuple):
    weight: float
    kind: Label
    to_audience: bool  # only ever said to an audience
    group: str  # counted once a stretch


class _Hit(NamedTuple):
    start: int
    end: int
    cue: _Cue


STRONG, LIKELY, WEAK, TOPIC = 1.0, 0.7, 0.6, 0.3
MAX_TOPIC = 0.6  # what the words that are also talked about may add
MIN_WEIGHT = 1.0
EDGE_SHARE, EDGE_FACTOR = 0.1, 1.5  # the first and the last tenth of the text, where the same words weigh more
MAX_CUE_GAP = 450  # characters between two phrases of one stretch
MAX_TOPIC_GAP = 250  # and to the words beside them
MAX_BRIDGE = 1200  # from the beginning of a sponsor read to its end
SENTENCE_BEFORE, SENTENCE_AFTER = 160, 240  # how far the border of a sentence is looked for
_NO_SITE = r"(?!(?:com|org|net|io|co|fm|ai|blog)\b)"  # "ecam. com" is one word, broken by the recogniser
_END = re.compile(r"[.?!…。！？]+[\"'”’)]* " + _NO_SITE)
_LAST_END = re.compile(r".*[.?!…。！？][\"'”’)]* " + _NO_SITE, re.DOTALL)
_BRAND = re.compile(r"(?:our |the |my |your |friends |folks |at |over )*([^\W_]{4,})")
_OPENS = ("to you by", "sponsored by", "supported by", "comes from", "sponsor is", "come from")
_ONE_FOR_ONE = (("’", "'"), ("‘", "'"), ("-", " "), ("\u2011", " "), ("\u00a0", " "), ("İ", "i"))


def find_sponsor_reads(text: str) -> Iterator[Passage]:
    """The stretches of a text that its wording shows, in order."""
    return _bridge_gaps(_find_passages(text))


def _bridge_gaps(found: Iterable[Passage]) -> Iterator[Passage]:
    """A sponsor read that has a beginning and, some sentences without a telling word later, an end, is one stretch."""
    last: Passage | None = None
    for s in found:
        if last is not None:
            both = s.kind is last.kind is Label.SPONSOR and _is_opening(last) and not _is_opening(s)
            if both and s.start - last.end <= MAX_BRIDGE and s.end - last.start <= MAX_PASSAGE_CHARACTERS:
                last = Passage(last.start, s.end, s.kind, max(last.score, s.score), f"{last.reason}; {s.reason}")
                continue
            yield last
        last = s
    if last is not None:
        yield last


def _is_opening(s: Passage) -> bool:
    return any(f'{words}"' in s.reason for words in _OPENS)


def _find_passages(text: str) -> Iterator[Passage]:
    folded = _fold(text)
    near = int(len(text) * EDGE_SHARE)
    said: list[_Hit] = []
    about: list[_Hit] = []
    for hit in _find_cues(folded):
        (said if hit.cue.to_audience and not _is_reported_speech(folded, hit.start) else about).append(hit)
    left = 0
    for core in _group_cues(said, folded):
        start, end = core[0].start, _brand_end(folded, core)
        while left < len(about) and about[left].end < start - MAX_TOPIC_GAP:
            left += 1
        beside: list[_Hit] = []
        for i in range(left, len(about)):
            if about[i].start > end + MAX_TOPIC_GAP:
                break
            beside.append(about[i])
        edge = EDGE_FACTOR if end <= near or start >= len(text) - near else 1.0
        weights = {h.cue.group: h.cue.weight for h in core}
        more = {h.cue.group: min(h.cue.weight, TOPIC) for h in beside}
        total = sum(weights.values()) * edge + min(MAX_TOPIC, sum(more.values()))
        if total < MIN_WEIGHT:
            continue
        sponsor = sum(h.cue.weight if h.cue.kind is Label.SPONSOR else -h.cue.weight for h in core) >= 0
        kind = Label.SPONSOR if sponsor else Label.PROMOTION
        alike = [h for h in beside if h.cue.kind is kind or h.cue.group == "address"]
        if not _is_opening_cue(folded, core[0]):
            start = min([start, *(h.start for h in alike)])
        start, end = _extend_to_sentences(text, start, max([end, *(h.end for h in alike)]))
        yield Passage(start, end, kind, round(min(1.0, total / 2), 2), _reason(folded, core, edge > 1))


def _reason(folded: str, core: list[_Hit], edge: bool) -> str:
    heard = list(
        dict.fromkeys(
            folded[h.start : h.end] for h in sorted(core, key=lambda h: (not _is_opening_cue(folded, h), -h.cue.weight))
        )
    )[:3]
    return "says " + ", ".join(f'"{h}"' for h in heard) + (" at the edge of the episode" if edge else "")


def _find_cues(folded: str) -> Iterator[_Hit]:
    """The phrases in the text; of those that overlap only the heaviest, among these the longest."""
    automaton, cues = _build_automaton()
    last: _Hit | None = None
    for which, start, end in automaton.find_matches_as_indexes(folded, overlapping=True):
        if (start and folded[start].isalnum() and folded[start - 1].isalnum()) or (
            end < len(folded) and folded[end].isalnum() and folded[end - 1].isalnum()
        ):
            continue
        if folded[start] == "." and "://" in folded[max(0, start - 80) : start].rpartition(" ")[2]:
            continue  # a link in an edited transcript is not said
        hit = _Hit(start, end, cues[which])
        if last is None or start >= last.end:
            if last is not None:
                yield last
            last = hit
        elif (hit.cue.weight, end - start) > (last.cue.weight, last.end - last.start):
            last = hit
    if last is not None:
        yield last


def _group_cues(said: Iterable[_Hit], folded: str) -> Iterator[list[_Hit]]:
    """Neighbouring phrases, none further apart than JOIN (or than their sponsor's name is said), bounded in all."""
    group: list[_Hit] = []
    reach = 0
    for hit in said:
        if group and (
            hit.start > reach + MAX_CUE_GAP
            or hit.end - group[0].start > MAX_PASSAGE_CHARACTERS - SENTENCE_BEFORE - SENTENCE_AFTER - 2 * MAX_TOPIC_GAP
        ):
            yield group
            group = []
        group.append(hit)
        reach = max(reach, _brand_end(folded, [hit])) if len(group) > 1 else _brand_end(folded, [hit])
    if group:
        yield group


def _brand_end(folded: str, core: list[_Hit]) -> int:
    """Where the sponsor named after "brought to you by" is named for the last time, each time soon after the last."""
    end = core[-1].end
    longest = core[0].start + MAX_PASSAGE_CHARACTERS - SENTENCE_BEFORE - SENTENCE_AFTER - 2 * MAX_TOPIC_GAP
    for hit in core:
        if _is_opening_cue(folded, hit):
            brand = _BRAND.match(folded, hit.end + 1, hit.end + 60)
            at = hit.end if brand else -1
            while brand and at >= 0:
                end = max(end, min(at, longest))
                at = folded.rfind(brand[1], at + 1, min(at + MAX_CUE_GAP, longest))
                at = at + len(brand[1]) if at >= 0 else -1
    return end


def _is_opening_cue(folded: str, hit: _Hit) -> bool:
    return hit.cue.kind is Label.SPONSOR and folded.endswith(_OPENS, hit.start, hit.end)


def _extend_to_sentences(text: str, start: int, end: int) -> tuple[int, int]:
    """The span out to the borders of its sentences; without punctuation nearby it stays at its own words."""
    floor = max(0, start - SENTENCE_BEFORE)
    before = _LAST_END.match(text, floor, start)
    start = before.end() if before else 0 if floor == 0 else start
    if text[end - 1] not in ".?!":
        after = _END.search(text, end, end + SENTENCE_AFTER)
        end = (
            after.start() + len(after[0].rstrip()) if after else len(text) if end + SENTENCE_AFTER >= len(text) else end
        )
    while start and text[start - 1] != " ":
        start -= 1
    while end < len(text) and text[end] != " ":
        end += 1
    return start, end


def _fold(text: str) -> str:
    """Lower case with plain apostrophes, character by character: offsets stay."""
    for a, b in _ONE_FOR_ONE:
        text = text.replace(a, b)
    return text.lower()


def _is_reported_speech(folded: str, start: int) -> bool:
    return _reported_speech_pattern().search(folded, max(0, start - 40), start) is not None


@lru_cache(maxsize=1)
def _reported_speech_pattern() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases.expand_phrases(phrases.REPORTED_SPEECH)))})\b")


@lru_cache(maxsize=1)
def _build_automaton() -> tuple[Any, list[_Cue]]:
    """The phrases in one automaton, built at the first text."""
    sponsor, promotion = Label.SPONSOR, Label.PROMOTION
    tables = (
        (phrases.SPONSOR_STRONG + phrases.SPONSOR_OTHER, STRONG, sponsor, True),
        (phrases.PROMOTION_STRONG + phrases.PROMOTION_OTHER, STRONG, promotion, True),
        (phrases.SPONSOR_LIKELY, LIKELY, sponsor, True),
        (phrases.PROMOTION_LIKELY, LIKELY, promotion, True),
        (phrases.SPONSOR_WEAK, WEAK, sponsor, True),
        (phrases.SPONSOR_TOPIC, TOPIC, sponsor, False),
        (phrases.PROMOTION_TOPIC, TOPIC, promotion, False),
        (phrases.WEB_ADDRESS, TOPIC, sponsor, False),
    )
    cues: dict[str, _Cue] = {}
    for table, weight, kind, said in tables:
        for phrase in phrases.expand_phrases(table):
            cues.setdefault(phrase, _Cue(weight, kind, said, "address" if table is phrases.WEB_ADDRESS else phrase))
    return ahocorasick_rs.AhoCorasick(list(cues)), list(cues.values())
