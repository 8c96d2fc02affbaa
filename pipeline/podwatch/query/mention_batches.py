"""Builds all mentions of a transcript at once: where they stand, when they are said and their sentences, by arrays.

A mention takes less than half the time so that it takes alone: an hour of talk in which a thousand things are found
would take longer to describe than to search. The answers are those of MentionBuilder, to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from podwatch.model import Mention, Transcript
from podwatch.query.context import MatchDetail
from podwatch.query.folding import goes_with_previous
from podwatch.query.normaliser import PAD, NormalisedText
from podwatch.query.short_texts import is_short
from podwatch.query.snippets import REACH, MentionBuilder, word_end, word_start

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

Row = tuple[int, int, int, int]  # (start, end, index of the watch, index of the detail), in the normalised text
COLUMNS = 4  # of a row
FEWEST = 8  # rows from which on arrays are faster than one by one


def stored_spans(normalised: NormalisedText, starts: Array, ends: Array) -> tuple[Array, Array]:
    """NormalisedText.stored_span of many spans, of a text of which nothing that is looked for was left out."""
    import numpy as np

    first, last = starts, ends - 1
    if normalised.gaps is not None:
        gaps = np.asarray(normalised.gaps)
        first, last = first - gaps.searchsorted(first), last - gaps.searchsorted(last)
    origins = np.asarray(normalised.origins)
    before, after = origins[first] - PAD, origins[last] - PAD + 1
    stored = normalised.stored
    if stored.isascii():
        return before, after
    reached = after.tolist()
    for i, at in enumerate(reached):
        while at < len(stored) and stored[at] >= "\u0300" and goes_with_previous(stored[at]):
            at += 1
        reached[i] = at
    return before, np.array(reached, dtype=np.int64)


def times_at(transcript: Transcript, offsets: Array, segments: Array) -> tuple[list[float], list[bool]]:
    """Transcript.time_at of many offsets; segments: the index of the segment of each."""
    import numpy as np

    if transcript.words or not len(transcript):
        pairs = [transcript.time_at(offset) for offset in offsets.tolist()]
        return [seconds for seconds, _ in pairs], [exact for _, exact in pairs]
    text = transcript.text
    known, begins, ends = (np.asarray(c) for c in (transcript.offsets, transcript.starts, transcript.ends))
    following = np.minimum(segments + 1, len(known) - 1)
    start, end, later = begins[segments], ends[segments], begins[following]
    end = np.where(end <= later, end, later)
    origin = known[segments].astype(np.int64)
    width = known[following].astype(np.int64) - origin
    usual = (segments + 1 < len(known)) & (start == start) & (later == later)
    passed = offsets - origin
    with np.errstate(invalid="ignore", divide="ignore"):
        between = start + (end - start) * passed / width
    flat = (end <= start) | (width <= 0)
    seconds: list[float] = []
    exact: list[bool] = []
    columns = (usual.tolist(), flat.tolist(), passed.tolist(), start.tolist(), between.tolist(), origin.tolist())
    for is_usual, is_flat, after, second, at, first in zip(*columns, strict=True):
        if not is_usual or (after and not text[first].isalnum()):
            value, is_exact = transcript.time_at(first + after)
            seconds.append(value)
            exact.append(is_exact)
        elif not after:
            seconds.append(second)
            exact.append(True)
        else:
            seconds.append(second if is_flat else round(at, 2))
            exact.append(False)
    return seconds, exact


def sentence_spans(text: str, starts: Array, ends: Array) -> tuple[list[int], list[int]]:
    """snippets.sentence_span of many spans: (where each begins, where it ends)."""
    import numpy as np

    stops = _stops(text)
    low, high = np.maximum(starts - REACH, 0), ends + REACH
    before = stops.searchsorted(starts - 2, "right") - 1
    after = stops.searchsorted(ends - 1)
    left, right = np.full(len(starts), -1), np.full(len(starts), -1)
    if len(stops):
        at = stops[before]
        left = np.where((before >= 0) & (at >= low), at + 2, -1)
        at = stops[np.minimum(after, len(stops) - 1)]
        right = np.where((after < len(stops)) & (at + 2 <= high), at + 1, -1)
    lefts, rights = left.tolist(), right.tolist()
    for i in np.flatnonzero(left < 0).tolist():
        start = int(starts[i])
        lefts[i] = word_start(text, start - REACH, start)
    for i in np.flatnonzero(right < 0).tolist():
        end = int(ends[i])
        rights[i] = word_end(text, end + REACH, end)
    return lefts, np.maximum(rights, ends).tolist()


def _stops(text: str) -> Array:
    """Where a sentence ends in a text: the index of each . ? or ! with a blank behind it, ascending."""
    import numpy as np

    is_ascii = text.isascii()
    raw = text.encode() if is_ascii else text.encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(raw, dtype=np.uint8 if is_ascii else np.uint32)
    marks = np.flatnonzero((codes == 46) | (codes == 63) | (codes == 33))
    marks = marks[marks + 1 < len(codes)]
    stops: Array = marks[codes[marks + 1] == 32]
    return stops


def build_mentions(
    transcript: Transcript,
    normalised: NormalisedText,
    found: list[int],
    names: Sequence[str],
    details: Sequence[MatchDetail],
    is_wanted: Callable[[Row], bool] | None = None,
) -> list[Mention]:
    """The mentions of all finds, each once, in the order of the text and of the watches' names.

    found: the numbers of a row for each find, one row after the other. is_wanted: of the rows that count; None: all do.
    """
    if len(found) < FEWEST * COLUMNS or is_short(normalised.text):
        few = _sort_few(found)
        wanted_few = few if is_wanted is None else [row for row in few if is_wanted(row)]
        return _build_each(transcript, normalised, wanted_few, names, details)
    rows = _sort_rows(found)
    if is_wanted is not None:
        wanted = [i for i, row in enumerate(rows.tolist()) if is_wanted(tuple(row))]
        rows = rows[wanted]
    if len(rows) < FEWEST or normalised.left_out:
        return _build_each(transcript, normalised, rows.tolist(), names, details)
    import numpy as np

    t = transcript.with_columns_read()
    starts, ends = stored_spans(normalised, rows[:, 0], rows[:, 1])
    distinct, which = np.unique(rows[:, 2], return_inverse=True)
    ordered = sorted(range(len(distinct)), key=[names[i] for i in distinct.tolist()].__getitem__)
    ranks = np.empty(len(distinct), dtype=np.int64)
    ranks[ordered] = np.arange(len(distinct))
    order = np.lexsort((ranks[which], ends, starts))
    starts, ends, rows = starts[order], ends[order], rows[order]
    segments = np.maximum(np.asarray(t.offsets).searchsorted(starts, "right") - 1, 0)
    seconds, exact = times_at(t, starts, segments)
    lefts, rights = sentence_spans(t.text, starts, ends)
    columns = (rows[:, 2].tolist(), rows[:, 3].tolist(), starts.tolist(), ends.tolist(), seconds, exact)
    text, speakers, build = t.text, t.speakers, _new_mention
    return [
        build(names[i], details[d], text, start, end, second, second == second and not is_exact, k, speakers[k], a, b)
        for i, d, start, end, second, is_exact, k, a, b in zip(*columns, segments.tolist(), lefts, rights, strict=True)
    ]


def _sort_few(found: list[int]) -> list[Row]:
    """As _sort_rows, without arrays."""
    first: dict[tuple[int, int, int], Row] = {}
    for row in sorted(zip(*[iter(found)] * COLUMNS, strict=True)):
        first.setdefault(row[:3], row)
    return list(first.values())


def _sort_rows(found: list[int]) -> Array:
    """The finds as an array of rows, in the order of the text, each span of a watch once: by its first detail."""
    import numpy as np

    rows = np.array(found, dtype=np.int64).reshape(-1, COLUMNS)
    if len(rows) > 1:
        rows = rows[np.lexsort((rows[:, 3], rows[:, 2], rows[:, 1], rows[:, 0]))]
        repeats = (rows[1:, :3] == rows[:-1, :3]).all(axis=1)
        if repeats.any():
            rows = rows[np.flatnonzero(np.concatenate(([True], ~repeats)))]
    return rows


def _build_each(
    transcript: Transcript,
    normalised: NormalisedText,
    rows: Sequence[Sequence[int]],
    names: Sequence[str],
    details: Sequence[MatchDetail],
) -> list[Mention]:
    """The same one by one: for a few, and for a text of which something that is looked for was left out."""
    builder = MentionBuilder(transcript)
    mentions = [
        builder.build(names[i], *normalised.stored_span(start, end), details[detail]) for start, end, i, detail in rows
    ]
    return sorted(mentions, key=attrgetter("start", "end", "watch"))


# The fields of a mention are written to their slots: __init__ of a frozen class looks each slot up by its name first,
# and takes 1.4 microseconds instead of 0.6.
_allocate: Any = object.__new__
_slot: dict[str, Callable[[Mention, Any], None]] = {n: vars(Mention)[n].__set__ for n in Mention.__slots__}
_set_watch, _set_kind, _set_score = _slot["watch"], _slot["kind"], _slot["score"]
_set_surface, _set_start, _set_end = _slot["surface"], _slot["start"], _slot["end"]
_set_seconds, _set_approximate = _slot["seconds"], _slot["approximate"]
_set_segment, _set_speaker = _slot["segment"], _slot["speaker"]
_set_snippet, _set_snippet_start = _slot["snippet"], _slot["snippet_start"]
_set_reason, _set_label = _slot["reason"], _slot["label"]


def _new_mention(
    watch: str,
    detail: MatchDetail,
    text: str,
    start: int,
    end: int,
    seconds: float,
    approximate: bool,
    segment: int,
    speaker: str | None,
    left: int,
    right: int,
) -> Mention:
    mention: Mention = _allocate(Mention)
    _set_watch(mention, watch)
    _set_kind(mention, detail.kind)
    _set_score(mention, detail.score)
    _set_surface(mention, text[start:end])
    _set_start(mention, start)
    _set_end(mention, end)
    _set_seconds(mention, seconds)
    _set_approximate(mention, approximate)
    _set_segment(mention, segment)
    _set_speaker(mention, speaker)
    _set_snippet(mention, text[left:right])
    _set_snippet_start(mention, start - left)
    _set_reason(mention, detail.reason)
    _set_label(mention, None)
    return mention
