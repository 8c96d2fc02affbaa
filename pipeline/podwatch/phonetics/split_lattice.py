"""A pronunciation lattice of names: the rows of plain words that a name may be heard as (time in, for Tijmen).

The search of n-grams leaves out those in which every word is plain, as nearly all of talk is such. So it is turned
round: when the names are compiled, the phones of each are cut at every place, and for each piece the plain words are
looked up that it may be heard as. What is left is a lattice, its nodes the places where the name is cut, its edges
words and their costs; only edges on some way through it that is cheap enough are kept. To find the ways in a text is
then to follow its words: two numbers are and-ed for each pair of words beside each other.

The cost of a way is the sum of its pieces, each at least one phone of the name: never less than the cost of hearing the
whole name as the words put together (Channel.costs), and the same where the cheapest alignment has a cut at each
border.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from podwatch.phonetics.cost_filter import ROUNDING
from podwatch.phonetics.lexicon import Entry, list_everyday_words
from podwatch.phonetics.noisy_channel import Channel, load_channels
from podwatch.phonetics.pronunciation import PHONES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

WORD_COST = 10.5  # -log P: words that are said more seldom are in the n-grams that are searched anyhow
WAY_COST = 0.6  # nats per phone of the name: the dearest way
PIECE_COST, SHORT_PIECE_COST = 1.0, 0.7  # nats per phone of a piece, and for any piece on top
MAX_WORDS = 5
MIN_PHONES = 5  # of a name: shorter ones are in too many words
# How words are said between others; their entries have them as they are said alone (Selkirk 1984).
_WEAK_FORMS = (
    "a AH;an AH N;and AH N;are ER;as AH Z;at AH T;but B AH T;can K AH N;could K AH D;do D AH;for F ER;from F R AH M;"
    "had AH D;has AH Z;have AH V;he IY;her ER;him IH M;his IH Z;in AH N;is IH Z;it AH T;me M IY;my M AY;of AH V;of AH;"
    "on AA N;or ER;our AA R;she SH IY;so S OW;some S AH M;than DH AH N;that DH AH T;the DH AH;them DH AH M;to T AH;"
    "to T UW;us AH S;was W AH Z;we W IY;were W ER;who HH UW;will AH L;with W IH TH;would W AH D;you Y AH;your Y ER"
)
Piece = tuple[str, bytes]  # a plain word, its phones
Edge = tuple[int, int, str, float]  # begin and end of a piece in the name, the word, what it costs


@dataclass(frozen=True, slots=True)
class HeardWords:
    """A way through a name: words [first, last) of the text, and what it costs in nats per phone of the name."""

    name: int
    first: int
    last: int
    cost: float


@lru_cache(maxsize=1)
def weak_sounds() -> Mapping[str, bytes]:
    """The phones that small words have between others, the first way of each."""
    forms = (form.split() for form in reversed(_WEAK_FORMS.split(";")))
    return {word: bytes(map(PHONES.index, phones)) for word, *phones in forms}


@lru_cache(maxsize=1)
def list_plain_pieces() -> tuple[Piece, ...]:
    """The plain words with their phones, and once more with those that they have between other words."""
    listed = list_everyday_words(WORD_COST)
    weak = [form.split() for form in _WEAK_FORMS.split(";")]
    pieces = {(word, entry.sound) for word, entry in listed if _is_piece(word, entry)}
    pieces |= {(word, bytes(map(PHONES.index, phones))) for word, *phones in weak}
    return tuple(sorted(pieces))


def _is_piece(word: str, entry: Entry) -> bool:
    return bool(entry.sound) and (len(word) > 1 or word in "aio") and "'" not in word


class SplitLattice:
    """The lattices of some names.

    ``names``: their phones. Those shorter than MIN_PHONES have no way. ``pieces``: the words that ways are made of.
    """

    def __init__(self, names: Sequence[bytes], pieces: Sequence[Piece] | None = None) -> None:
        self._pieces = list_plain_pieces() if pieces is None else tuple(pieces)
        self.edges = _find_edges(names, self._pieces, load_channels()[0])
        self._limits = [WAY_COST * len(name) for name in names]
        self._lengths = list(map(len, names))
        # A bit for each place where a name may be cut: of the words that end there, and of those that go on from there.
        self._begins: dict[str, int] = {}
        self._goes_on: dict[str, int] = {}
        self._by_word: dict[tuple[int, str], list[tuple[int, int, float]]] = {}
        bit = 0
        for name, edges in enumerate(self.edges):
            for begin, end, word, cost in edges:
                self._by_word.setdefault((name, word), []).append((begin, end, cost))
                if not begin:
                    self._begins[word] = self._begins.get(word, 0) | 1 << bit + end
                else:
                    self._goes_on[word] = self._goes_on.get(word, 0) | 1 << bit + begin
            bit += len(names[name]) + 1
        self._owners = [name for name, length in enumerate(self._lengths) for _ in range(length + 1)]

    def find(self, plain: Sequence[str], goes_on: Sequence[bool]) -> list[HeardWords]:
        """All ways in a text, in its order. ``goes_on``: whether no sentence ends behind each word."""
        found: list[HeardWords] = []
        known: dict[tuple[str, str], tuple[int, ...]] = {}
        begins, second = self._begins, self._goes_on
        for at in range(len(plain) - 1):
            pair = plain[at], plain[at + 1]
            if pair[0] not in begins or pair[1] not in second or not goes_on[at]:
                continue
            names = known.get(pair)
            if names is None:
                bits = begins[pair[0]] & second[pair[1]]
                names = known[pair] = self._names_of(bits) if bits else ()
            for name in names:
                found += self._follow(name, at, plain, goes_on)
        return found

    def list_ways(self, name: int) -> Iterator[tuple[tuple[str, ...], float]]:
        """Every row of words that a name may be heard as, with its cost per phone: the cheapest of each row."""
        best: dict[tuple[str, ...], float] = {}
        pending: list[tuple[int, tuple[str, ...], float]] = [(0, (), 0.0)]
        while pending:
            at, words, cost = pending.pop()
            if at == self._lengths[name] and len(words) > 1:
                best[words] = min(best.get(words, cost), cost)
            if len(words) < MAX_WORDS:
                for begin, end, word, more in self.edges[name]:
                    if begin == at and cost + more <= self._limits[name]:
                        pending.append((end, (*words, word), cost + more))
        return ((words, cost / self._lengths[name]) for words, cost in sorted(best.items()))

    def _names_of(self, bits: int) -> tuple[int, ...]:
        names = set()
        while bits:
            low = bits & -bits
            names.add(self._owners[low.bit_length() - 1])
            bits ^= low
        return tuple(sorted(names))

    def _follow(self, name: int, first: int, plain: Sequence[str], goes_on: Sequence[bool]) -> Iterator[HeardWords]:
        length, limit = self._lengths[name], self._limits[name]
        reached = {0: 0.0}
        for at in range(first, min(first + MAX_WORDS, len(plain))):
            behind: dict[int, float] = {}
            for begin, end, more in self._by_word.get((name, plain[at]), ()):
                if begin in reached and (cost := reached[begin] + more) <= min(limit, behind.get(end, limit)):
                    behind[end] = cost
            if not behind:
                return
            reached = behind
            if length in reached and at > first:
                yield HeardWords(name, first, at + 1, reached[length] / length)
            if not goes_on[at]:
                return


def _find_edges(names: Sequence[bytes], pieces: Sequence[Piece], channel: Channel) -> list[list[Edge]]:
    """For each name the edges that are on some way that is cheap enough, whatever its number of words."""
    import numpy as np

    cuts = [
        (name, begin, end)
        for name, sound in enumerate(names)
        if len(sound) >= MIN_PHONES
        for begin in range(len(sound))
        for end in range(begin + 1, len(sound) + 1)
        if end - begin < len(sound)
    ]
    rows = {part: i for i, part in enumerate(dict.fromkeys(names[n][a:b] for n, a, b in cuts))}
    sounds = list(dict.fromkeys(sound for _, sound in pieces))
    words: dict[bytes, list[str]] = {}
    for word, sound in pieces:
        words.setdefault(sound, []).append(word)
    parts, heard, costs = _near_pairs(list(rows), sounds, channel)
    order = np.argsort(parts, kind="stable")
    ends = np.searchsorted(parts[order], np.arange(len(rows) + 1))
    near_heard, near_costs = heard[order].tolist(), costs[order].tolist()
    cut_edges: list[list[Edge]] = [[] for _ in names]
    for name, begin, end in cuts:
        row = rows[names[name][begin:end]]
        for i in range(int(ends[row]), int(ends[row + 1])):
            cut_edges[name] += [(begin, end, word, near_costs[i]) for word in words[sounds[near_heard[i]]]]
    return [_keep_cheap(edges, len(sound)) for edges, sound in zip(cut_edges, names, strict=True)]


def _near_pairs(
    parts: Sequence[bytes], sounds: Sequence[bytes], channel: Channel
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Of parts of names and sounds of words those that are near: their numbers, and what each pair costs in nats."""
    import numpy as np

    if not parts:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, np.zeros(0, dtype=np.float32)
    said, heard, size = channel.pad(parts), channel.pad(sounds), len(channel.deletion)
    lengths = np.array([len(s) for s in sounds])
    cells = (np.arange(len(sounds))[:, None] * size + heard).ravel()
    counts = np.bincount(cells, minlength=len(sounds) * size).reshape(-1, size).astype(np.float32)
    counts[:, channel.padding] = 0
    bounds = channel.heard_lower_bounds(said)
    deleted, inserted = float(channel.deletion[:-1].min()), float(channel.insertion[:-1].min())
    part_lengths = np.array([len(p) for p in parts])
    found = []
    for length in np.unique(part_lengths).tolist():  # of one length all have one limit, and few words may be near
        limit = PIECE_COST * length + SHORT_PIECE_COST
        missing = (length - lengths).astype(np.float32)
        fixed = np.maximum(missing * deleted, -missing * inserted)
        fitting, mine = np.flatnonzero(fixed <= limit), np.flatnonzero(part_lengths == length)
        least = bounds[mine] @ counts[fitting].T
        least += np.maximum(missing[fitting] * deleted, 0).astype(np.float32)
        rows, columns = np.nonzero(least <= limit + ROUNDING)
        found.append(np.stack((mine[rows], fitting[columns])))
    which, word = np.concatenate(found, axis=1)
    costs = channel.costs(said[which], heard[word])
    near = costs <= PIECE_COST * part_lengths[which] + SHORT_PIECE_COST
    return which[near], word[near], costs[near]


def _keep_cheap(edges: Sequence[Edge], length: int) -> list[Edge]:
    """Those on a way through the whole name that costs no more than WAY_COST per phone; of alike ones the cheapest."""
    limit = WAY_COST * length + 1e-4
    best: dict[tuple[int, int, str], float] = {}
    for begin, end, word, cost in edges:
        if cost < best.get((begin, end, word), limit):
            best[begin, end, word] = cost
    before, behind = [float("inf")] * (length + 1), [float("inf")] * (length + 1)
    before[0] = behind[length] = 0.0
    for (begin, end, _), cost in sorted(best.items()):
        before[end] = min(before[end], before[begin] + cost)
    for (begin, end, _), cost in sorted(best.items(), reverse=True):
        behind[begin] = min(behind[begin], cost + behind[end])
    return [
        (begin, end, word, cost)
        for (begin, end, word), cost in sorted(best.items())
        if before[begin] + cost + behind[end] <= limit
    ]
