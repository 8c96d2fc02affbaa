"""Cuts audio into chunks of some minutes where it is quietest, so that each is recognised, and kept, by itself.

Where is decided from the samples alone, in whole numbers: whatever blocks they come in and whatever machine cuts them,
the same audio has the same chunks. A run that was stopped decodes again, and recognises only the numbers it misses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from podwatch.speech.recognisers import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TARGET_SECONDS, LONGEST_SECONDS = 300.0, 360.0
STEP = SAMPLE_RATE // 20  # samples of which the loudness is one number: 50 ms
WINDOW = 6  # steps that have to be quiet together: 300 ms, so that it is no pause inside a word
_FULL_SCALE = 32768  # what the decoder divides its 16 bit samples by: times this they are whole numbers again


@dataclass(frozen=True, slots=True, eq=False)
class AudioChunk:
    """A part of an audio file. number: from 0. start, end: seconds from its start. samples: mono, -1 to 1."""

    number: int
    start: float
    end: float
    samples: NDArray[np.float32]


def split_at_silence(
    blocks: Iterable[NDArray[np.float32]], *, target: float = TARGET_SECONDS, longest: float = LONGEST_SECONDS
) -> Iterator[AudioChunk]:
    """The chunks of all samples in ``blocks``, each sample in exactly one.

    target: seconds that a chunk should have. longest: that it has at most; it has as much less than ``target`` at
    least, unless it is the last. Of equally quiet places the one nearest to ``target`` is taken. No more is held than
    the samples of a longest chunk.
    """
    import numpy as np

    most, aim = round(longest * SAMPLE_RATE), round(target * SAMPLE_RATE)
    if not 0 < aim <= most:
        raise ValueError(f"target {target:g} s is not within 0 and longest {longest:g} s")
    waiting = np.empty(most + 1, np.float32)  # one more: only then is it known that the chunk is not the last
    count = number = first = 0
    for block in blocks:
        taken = 0
        while taken < len(block):
            piece = block[taken : taken + len(waiting) - count]
            waiting[count : count + len(piece)] = piece
            count, taken = count + len(piece), taken + len(piece)
            if count < len(waiting):
                continue
            cut = _quietest(waiting[:most], max(1, 2 * aim - most), aim)
            yield _chunk(number, first, waiting[:cut])
            waiting[: count - cut] = waiting[cut:count].copy()
            count, number, first = count - cut, number + 1, first + cut
    if count:
        yield _chunk(number, first, waiting[:count])


def _chunk(number: int, first: int, samples: NDArray[np.float32]) -> AudioChunk:
    return AudioChunk(number, first / SAMPLE_RATE, (first + len(samples)) / SAMPLE_RATE, samples.copy())


def _quietest(samples: NDArray[np.float32], least: int, aim: int) -> int:
    """The index in the middle of the quietest window of those from ``least`` on; ``aim`` where none fits in."""
    import numpy as np

    steps = (len(samples) - least) // STEP
    if steps < WINDOW:
        return aim
    levels = np.rint(samples[least : least + steps * STEP] * _FULL_SCALE).astype(np.int64).reshape(steps, STEP)
    sums = np.concatenate(([0], np.cumsum((levels * levels).sum(axis=1))))
    energies = sums[WINDOW:] - sums[:-WINDOW]
    middles = least + np.arange(len(energies)) * STEP + WINDOW * STEP // 2
    best = np.lexsort((middles, np.abs(middles - aim), energies))[0]
    return int(middles[best])
