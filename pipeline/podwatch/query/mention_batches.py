"""Builds all mentions of a transcript at once: where they stand, when they are said and their sentences, by arrays.

A mention takes less than half the time so that it takes alone: an hour of talk in which a thousand things are found
would take longer to describe than to search. The answers are those of MentionBuilder, to the bit.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from podwatch.model import Mention, Transcript
from podwatch.query.context import MatchDetail
from podwatch.query.folding import goes_with_previous
from podwatch.query.normaliser import PAD, NormalisedText
from podwatch.query.snippets import REACH, MentionBuilder, word_end, word_start

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

Row = tuple[int, int, int, int]  # (start, end, index of the watch, index of the detail), in the normalised text
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
    if np.isnan(begins).all():  # plain text
        return [math.nan] * len(offsets), [False] * len(offsets)
    following = np.minimum(segments + 1, len(known) - 1)
    start, end, later = begins[segments], ends[segments], begins[following]
    end = np.where(end <= later, end, later)
    origin = known[segments].astype(np.int64)
    width = known[following].astype(np.int64) - origin
    is_usual = (segments + 1 < len(known)) & (start == start) & (later == later)
    passed = offsets - origin
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        between = start + (end - start) * passed / width
        is_flat = (end <= start) | (width <= 0)
        is_exact = passed == 0
        hundredths = between * 100.0
        rounded = np.rint(hundredths)
        # Python rounds the number as it is written in decimals: only close to a half can that be another hundredth.
        is_sure = (np.abs(np.abs(hundredths - rounded) - 0.5) > 1e-4) & (np.abs(hundredths) < 1e9)
    seconds = np.where(is_flat | is_exact, start, rounded / 100.0)
    is_usual &= is_exact | ((is_flat | is_sure) & _are_alphanumeric(text, origin))
    for i in np.flatnonzero(~is_usual).tolist():
        seconds[i], is_exact[i] = transcript.time_at(int(offsets[i]))
    return seconds.tolist(), is_exact.tolist()


def _are_alphanumeric(text: str, offsets: Array) -> Array:
    """Of each of these characters whether it is a letter or a digit."""
    import numpy as np

    if not text.isascii():
        return np.array([text[offset].isalnum() for offset in offsets.tolist()], dtype=bool)
    codes = np.frombuffer(text.encode(), dtype=np.uint8)[offsets]
    letters = codes | 32
    answers: Array = ((codes >= 48) & (codes <= 57)) | ((letters >= 97) & (letters <= 122))
    return answers


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
    found: Array | list[Row],
    names: Sequence[str],
    ranks: Array | None,
    details: Sequence[MatchDetail],
    is_wanted: Callable[[Row], bool] | None = None,
) -> list[Mention]:
    """The mentions of all finds, each once, in the order of the text and of the watches' names.

    found: a row for each find; those of a list need no arrays. ranks: for an array, each name's place among all.
    is_wanted: of the rows that count; None: all do.
    """
    if isinstance(found, list):
        few = [row for row in _sort_few(found) if is_wanted is None or is_wanted(row)]
        return _build_each(transcript, normalised, few, names, details)
    assert ranks is not None
    rows = _sort_rows(found)
    if is_wanted is not None:
        wanted = [i for i, row in enumerate(rows.tolist()) if is_wanted(tuple(row))]
        rows = rows[wanted]
    if len(rows) < FEWEST or normalised.left_out:
        return _build_each(transcript, normalised, rows.tolist(), names, details)
    import numpy as np

    t = transcript.with_columns_read()
    starts, ends = stored_spans(normalised, rows[:, 0], rows[:, 1])
    order = np.lexsort((ranks[rows[:, 2]], ends, starts))
    starts, ends, rows = starts[order], ends[order], rows[order]
    segments = np.maximum(np.asarray(t.offsets).searchsorted(starts, "right") - 1, 0)
    seconds, exact = times_at(t, starts, segments)
    lefts, rights = sentence_spans(t.text, starts, ends)
    which_watch, at, until = rows[:, 2].tolist(), starts.tolist(), ends.tolist()
    described = [details[d] for d in rows[:, 3].tolist()]
    places, text, speakers = segments.tolist(), t.text, t.speakers
    is_rough = ~(np.isnan(seconds) | np.array(exact))
    return _new_mentions(
        watch=[names[i] for i in which_watch],
        kind=[d.kind for d in described],
        score=[d.score for d in described],
        surface=[text[a:b] for a, b in zip(at, until, strict=True)],
        start=at,
        end=until,
        seconds=seconds,
        approximate=is_rough.tolist(),
        segment=places,
        speaker=[speakers[k] for k in places],
        snippet=[text[a:b] for a, b in zip(lefts, rights, strict=True)],
        snippet_start=(starts - np.array(lefts)).tolist(),
        reason=[d.reason for d in described],
        label=[None] * len(rows),
    )


def _sort_few(found: list[Row]) -> list[Row]:
    """As _sort_rows, without arrays."""
    first: dict[tuple[int, int, int], Row] = {}
    for row in sorted(found):
        first.setdefault(row[:3], row)
    return list(first.values())


def _sort_rows(rows: Array) -> Array:
    """The finds in the order of the text, each span of a watch once: by its first detail."""
    import numpy as np

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


def _new_mentions(**columns: Sequence[Any]) -> list[Mention]:
    """The mentions of which these are the fields.

    A field is written to the slots of all in one pass of map: __init__ of a frozen class looks each slot up by its
    name, which takes 1.4 microseconds a mention instead of 0.5.
    """
    allocate: Any = object.__new__
    mentions: list[Mention] = list(map(allocate, repeat(Mention, len(columns["watch"]))))
    for name in Mention.__slots__:
        deque(map(vars(Mention)[name].__set__, mentions, columns[name]), maxlen=0)
    return mentions
