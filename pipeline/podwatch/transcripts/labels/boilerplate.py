"""Labels what poisons search in a transcript: sponsor reads, "subscribe" outros, what each episode repeats.

Nothing is deleted: a label says where, of what kind, how sure and why, and a watch may leave such stretches out.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from podwatch.errors import TranscriptError
from podwatch.model import Mention, Transcript
from podwatch.transcripts.labels.passages import Label, Passage, make_disjoint
from podwatch.transcripts.labels.shingles import MIN_OTHER_EPISODES, repeated_spans, select_shingles
from podwatch.transcripts.labels.sponsor_reads import find_sponsor_reads

__all__ = ["MIN_OTHER_EPISODES", "Label", "Passage", "from_bytes", "label_passages", "pack_labels", "select_shingles"]


def label_passages(transcript: Transcript, repeated: Collection[int] = ()) -> tuple[Passage, ...]:
    """The stretches that are boilerplate, in order, none over another.

    repeated: the shingles that at least OTHERS other episodes of the feed hold; a set is read fastest.
    """
    return add_repeated(
        transcript.text, tuple(make_disjoint(list(find_sponsor_reads(transcript.text)), transcript.text)), repeated
    )


def add_repeated(text: str, own: tuple[Passage, ...], repeated: Collection[int]) -> tuple[Passage, ...]:
    """labels() of a text of which it is known what is boilerplate by its wording alone: labels() without ``repeated``.

    Of a stored transcript that is kept, and going through its text again for it takes as long as looking for a
    thousand watches.
    """
    found = [
        Passage(a, b, Label.REPEATED, round(n / total, 2), f"{n} of {total} passages are in other episodes")
        for a, b, n, total in repeated_spans(text, repeated)
    ]
    return tuple(make_disjoint([*own, *found], text)) if found else own


class FeedShingles:
    """What the newest transcripts of a feed have in common, counted once for all of its episodes.

    stored: the stored labels by the id of their episode.
    """

    def __init__(self, stored: Mapping[int, bytes]) -> None:
        import numpy as np

        self._counted = frozenset(stored)
        read = [unpack_labels(data)[1] for data in stored.values()]
        every = np.concatenate(read) if read else np.zeros(0, dtype=np.uint64)
        self._values, self._counts = np.unique(every, return_counts=True)

    def find_repeated(self, episode: int, numbers: Iterable[int]) -> frozenset[int]:
        """Those of an episode's own shingles that at least OTHERS other episodes hold. An array has each once."""
        import numpy as np

        own = numbers if isinstance(numbers, np.ndarray) else np.unique(np.fromiter(numbers, dtype=np.uint64))
        if not len(own) or not len(self._values):
            return frozenset()
        at = self._values.searchsorted(own).clip(max=len(self._values) - 1)
        held = (self._values[at] == own) * self._counts[at] - (episode in self._counted)
        return frozenset(own[held >= MIN_OTHER_EPISODES].tolist())


def label_mentions(mentions: Iterable[Mention], stretches: Sequence[Passage]) -> list[Mention]:
    """The mentions, each with the label of the stretch that it stands in; those in a phantom are none."""
    starts = [s.start for s in stretches]
    found = []
    for m in mentions:
        i = bisect_right(starts, m.start) - 1
        inside = i >= 0 and m.end <= stretches[i].end
        if inside and stretches[i].kind is Label.PHANTOM:
            continue
        found.append(replace(m, label=stretches[i].kind.value) if inside else m)
    return found


_HEADER = struct.Struct("<BII")
_ROW = struct.Struct("<IIBBH")
_KINDS = tuple(Label)


def pack_labels(stretches: Iterable[Passage], numbers: Iterable[int]) -> bytes:
    """Stretches and shingles as one value for the store: five bytes a shingle, ascending."""
    rows = tuple(stretches)
    kept = sorted(set(numbers))
    parts = [_HEADER.pack(1, len(rows), len(kept))]
    for s in rows:
        reason = s.reason.encode()[:65535]
        parts.append(_ROW.pack(s.start, s.end, _KINDS.index(s.kind), round(s.score * 100), len(reason)) + reason)
    return b"".join((*parts, *(n.to_bytes(5, "little") for n in kept)))


def from_bytes(data: bytes) -> tuple[tuple[Passage, ...], array[int]]:
    """The inverse of to_bytes; the TranscriptError when these are not its bytes."""
    stretches, at = _unpack_passages(data)
    return stretches, array("Q", [int.from_bytes(data[i : i + 5], "little") for i in range(at, len(data), 5)])


def unpack_labels(data: bytes) -> tuple[tuple[Passage, ...], Any]:
    """The same, the shingles as numpy's uint64: twenty times as fast."""
    stretches, at = _unpack_passages(data)
    return stretches, _numbers(data, at)


def _unpack_passages(data: bytes) -> tuple[tuple[Passage, ...], int]:
    try:
        version, rows, count = _HEADER.unpack_from(data)
        at = _HEADER.size
        stretches = []
        for _ in range(rows):
            start, end, kind, score, size = _ROW.unpack_from(data, at)
            at += _ROW.size + size
            stretches.append(Passage(start, end, _KINDS[kind], score / 100, data[at - size : at].decode()))
        if version != 1 or len(data) != at + 5 * count:
            raise ValueError(f"version {version}, {len(data)} bytes")
    except (struct.error, IndexError, ValueError) as e:
        raise TranscriptError("the stored labels cannot be read") from e
    return tuple(stretches), at


def _numbers(data: bytes, at: int) -> Any:
    """The shingles of stored labels, which begin at ``at``, ascending, as numpy's uint64."""
    import numpy as np

    wide = np.zeros(((len(data) - at) // 5, 8), dtype=np.uint8)
    wide[:, :5] = np.frombuffer(data, dtype=np.uint8, offset=at).reshape(-1, 5)
    return wide.view("<u8").ravel()
