"""A transcript as one compressed value: a row per segment took 3.6 times the space and 16 times the time to read.

Layout 2: the byte 2, the length of the first frame (uint32), then two zstd frames. The first holds a JSON header of
one line, the columns of the segments, and the text in UTF-8; the second the columns of the timed words, and is only
opened when a second is asked for. A column holds little-endian numbers as narrow as its values allow, byte plane by
byte plane: lengths instead of offsets, milliseconds since the start before instead of starts, the pause after a
segment instead of its end; for words, centiseconds and how many words further on. Layout 1 (a single frame with
uint32 offsets and float64 times) is still read.
"""

from __future__ import annotations

import hashlib
import struct
import sys
import threading
from array import array
from collections.abc import Sequence
from functools import partial
from itertools import accumulate, chain, groupby, islice, repeat
from math import isnan
from operator import sub, truediv
from typing import Any, NamedTuple

import orjson
import zstandard

from podwatch.model import Words
from podwatch.model.lazy_columns import ColumnGroup, LazyColumn

LEVEL = 3  # 6 takes 4% less space and twice the time
_HEAD = struct.Struct("<BI")
_ZSTD = b"\x28\xb5\x2f\xfd"


class Packed(NamedTuple):
    """digest: equal for equal words, times (to the millisecond) and speakers, whatever file they came from."""

    body: bytes
    digest: str


Body = tuple[str, Sequence[int], Sequence[float], Sequence[float], Sequence[str | None], Words | None]


def pack(
    text: str,
    offsets: Sequence[int],
    starts: Sequence[float],
    ends: Sequence[float],
    speakers: Sequence[str | None],
    words: Words | None = None,
) -> Packed:
    """The columns of a Transcript as they are kept."""
    columns: list[bytes] = []
    n = len(offsets)
    timed = any(s == s for s in chain(starts, ends))
    lengths = [b - a for a, b in zip(offsets, chain(islice(offsets, 1, None), (len(text) + 1,)), strict=False)]
    header: dict[str, Any] = {"n": n, **_speaker_runs(speakers), "widths": [_add_column(columns, lengths)]}
    if timed:
        known, header["no_start"] = _known_millis(starts)
        until, header["no_end"] = _known_millis(ends)
        steps = list(map(sub, known, chain((0,), known)))
        # the last one is followed by nothing: its column holds how long it is
        pauses = [*map(sub, islice(known, 1, None), until), until[-1] - known[-1]]
        header["widths"] += [_add_column(columns, steps), _add_column(columns, pauses)]
    plain = b"".join((orjson.dumps(header), b"\n", *columns, text.encode()))
    timed_words = _pack_words(text, words) if words else b""
    first = _compress(plain)
    body = b"".join((_HEAD.pack(2, len(first)), first, _compress(timed_words) if timed_words else b""))
    digest = hashlib.blake2b(plain, digest_size=16)
    digest.update(timed_words)
    return Packed(body, digest.hexdigest())


def unpack(data: bytes) -> Body:
    """(text, offsets, starts, ends, speakers, words), the inverse of pack; times to the millisecond.

    The text at once, the columns when one of them is asked for: unpacking them takes three times as long as the text.
    """
    if data[:4] == _ZSTD:
        return _unpack_1(data)
    size = _HEAD.unpack_from(data)[1] + _HEAD.size
    body = _decompress(data[_HEAD.size : size])
    cut = body.index(b"\n")
    header = orjson.loads(body[:cut])
    text_at = cut + 1 + header["n"] * sum(array(code).itemsize for code in header["widths"])
    text = str(memoryview(body)[text_at:], "utf-8")
    shelf = ColumnGroup(partial(_unpack_columns, body[cut + 1 : text_at], header))
    words = Words(partial(_unpack_words, text, data[size:])) if len(data) > size else None
    return text, LazyColumn(shelf, 0), LazyColumn(shelf, 1), LazyColumn(shelf, 2), LazyColumn(shelf, 3), words


def _unpack_columns(body: bytes, header: dict[str, Any]) -> tuple[Sequence[Any], ...]:
    """(offsets, starts, ends, speakers) of the segments."""
    n, widths, at = header["n"], header["widths"], 0
    lengths, at = _read_column(body, at, widths[0], n)
    offsets = array("I", accumulate(islice(lengths, max(0, n - 1)), initial=0)) if n else array("I")
    if len(widths) > 1:
        steps, at = _read_column(body, at, widths[1], n)
        pauses, at = _read_column(body, at, widths[2], n)
        known = list(accumulate(steps))
        starts = _seconds(known, header["no_start"])
        if header["no_end"] or header["no_start"] or any(islice(pauses, max(0, n - 1))):
            until = list(map(sub, islice(known, 1, None), pauses))
            until.append(known[-1] + pauses[-1])
            ends = _seconds(until, header["no_end"])
        else:  # each segment ends where the next one begins
            ends = starts[1:]
            ends.append((known[-1] + pauses[-1]) / 1000)
    else:
        starts, ends = (array("d", [float("nan")]) * n for _ in range(2))
    return offsets, starts, ends, _speakers(header)


def _pack_words(text: str, words: Words) -> bytes:
    """The timed words; where each begins is told by counting blanks, or by characters when one begins elsewhere."""
    offsets, starts = words.columns
    columns: list[bytes] = []
    every = _word_starts(text)
    at = {offset: i for i, offset in enumerate(every)}
    counted = all(map(at.__contains__, offsets))
    places = list(map(at.__getitem__, offsets)) if counted else list(offsets)
    times = [round(s * 100) for s in starts]
    header: dict[str, Any] = {
        "n": len(times),
        "counted": counted,
        "widths": [_add_column(columns, _differences(places))],
    }
    header["widths"] += [_add_column(columns, _differences(times))]
    return b"".join((orjson.dumps(header), b"\n", *columns))


def _unpack_words(text: str, data: bytes) -> tuple[array[int], array[float]]:
    body = _decompress(data)
    cut = body.index(b"\n")
    header = orjson.loads(body[:cut])
    n = header["n"]
    places, at = _read_column(body, cut + 1, header["widths"][0], n)
    times, _ = _read_column(body, at, header["widths"][1], n)
    offsets = array("I", accumulate(places))
    if header["counted"]:
        every = _word_starts(text)
        offsets = array("I", [every[i] for i in offsets])
    return offsets, array("d", [t / 100 for t in accumulate(times)])


def _word_starts(text: str) -> list[int]:
    lengths = map(len, text.split(" "))
    return list(accumulate((n + 1 for n in lengths), initial=0))


def _differences(values: list[int]) -> list[int]:
    return list(map(sub, values, chain((0,), values)))


def _known_millis(seconds: Sequence[float]) -> tuple[list[int], list[int]]:
    """(milliseconds, which are unknown): an unknown one repeats the one before it."""
    if not any(map(isnan, seconds)):
        return [round(s * 1000) for s in seconds], []
    out: list[int] = []
    missing: list[int] = []
    for i, s in enumerate(seconds):
        if s != s:
            missing.append(i)
        out.append(round(s * 1000) if s == s else (out[-1] if out else 0))
    return out, missing if len(missing) < len(out) else [-1]


def _seconds(millis: list[int], missing: list[int]) -> array[float]:
    times = array("d", map(truediv, millis, repeat(1000)))
    for i in range(len(times)) if missing == [-1] else missing:
        times[i] = float("nan")
    return times


def _speaker_runs(speakers: Sequence[str | None]) -> dict[str, Any]:
    names = list(dict.fromkeys(speakers))
    index = {name: i for i, name in enumerate(names)}
    runs = [[index[name], sum(1 for _ in same)] for name, same in groupby(speakers)]  # [which, segments in a row]
    return {"names": names, "runs": runs}


def _speakers(header: dict[str, Any]) -> tuple[str | None, ...]:
    names = header["names"]
    return tuple(chain.from_iterable(repeat(names[i], count) for i, count in header["runs"]))


def _add_column(columns: list[bytes], values: list[int]) -> str:
    """Adds the values as byte planes; returns their width, the typecode of the narrowest array that holds them."""
    low, high = min(values, default=0), max(values, default=0)
    code = next(
        c for c, bits in (("b", 7), ("h", 15), ("i", 31), ("q", 63)) if -(1 << bits) <= low and high < 1 << bits
    )
    if low >= 0:
        code = next(c for c, bits in (("B", 8), ("H", 16), ("I", 32), ("Q", 64)) if high < 1 << bits)
    numbers = array(code, values)
    if sys.byteorder == "big":
        numbers.byteswap()
    data, width = numbers.tobytes(), numbers.itemsize
    columns.append(b"".join(data[i::width] for i in range(width)))
    return code


def _read_column(body: bytes, at: int, code: str, n: int) -> tuple[array[int], int]:
    numbers = array(code)
    width = numbers.itemsize
    after = at + n * width
    if width == 1:
        numbers.frombytes(body[at:after])
        return numbers, after
    data = bytearray(n * width)
    for i in range(width):
        data[i::width] = body[at + i * n : at + (i + 1) * n]
    numbers.frombytes(data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers, after


class _Zstd(threading.local):
    """What zstd works with, kept for the next value of the same thread: making it anew takes as long as the work."""

    def __init__(self) -> None:
        self.packer = zstandard.ZstdCompressor(level=LEVEL)
        self.unpacker = zstandard.ZstdDecompressor()


_ZSTANDARD = _Zstd()


def _compress(data: bytes) -> bytes:
    return _ZSTANDARD.packer.compress(data)


def _decompress(data: bytes) -> bytes:
    return _ZSTANDARD.unpacker.decompress(data)


def _unpack_1(data: bytes) -> Body:
    body = _decompress(data)
    cut = body.index(b"\n")
    header = orjson.loads(body[:cut])
    n, at = header["segments"], cut + 1
    columns: list[Any] = []
    for code, width in (("I", 4), ("d", 8), ("d", 8)):
        column = array(code, body[at : at + width * n])
        if sys.byteorder == "big":
            column.byteswap()
        columns.append(column)
        at += width * n
    return body[at:].decode(), columns[0], columns[1], columns[2], _speakers(header), None
