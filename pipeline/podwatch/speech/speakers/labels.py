"""Gives each recognised word its speaker, by the windows around it, once all chunks of an audio file are heard.

Speakers are found over the whole file, so that "Speaker 1" is the same person in every chunk. A window that is like no
speaker's voice counts for nobody: words that only such windows cover have no speaker, rather than a guessed one.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from podwatch.model import RecognisedChunk, RecognisedSegment, RecognisedWord, VoiceWindow
from podwatch.speech.segments import SENTENCE_ENDS, split_segment
from podwatch.speech.speakers.clustering import NEAR, find_speakers

TURN, AT_PAUSE = 0.3, 0.06  # similarity that a change of speaker costs between two words, and at a pause or a full stop
PAUSE = 0.3  # seconds
REACH = 0.4  # seconds from a window's middle in which it counts a third as much
_CLOSING = "\"'”’»)"

Vectors = NDArray[np.float32]


def pack_voice(embedding: Vectors) -> str:
    """An embedding as text: a byte for each number, which changes similarities by less than 0.01."""
    largest = max(float(np.abs(embedding).max(initial=0.0)), 1e-9)
    return b64encode(np.round(embedding * (127 / largest)).astype(np.int8).tobytes()).decode("ascii")


def unpack_voices(windows: Sequence[VoiceWindow]) -> Vectors:
    """(windows, size), each of length 1."""
    found = np.stack([np.frombuffer(b64decode(w.voice), np.int8) for w in windows]).astype(np.float32)
    unit: Vectors = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
    return unit


def label_speakers(chunks: Sequence[RecognisedChunk]) -> list[RecognisedChunk]:
    """The chunks with the speaker of each segment, which is cut where the speaker changes; those without voices as they
    are."""
    windows = [w for chunk in chunks for w in chunk.voices]
    if not windows:
        return list(chunks)
    means = find_speakers(unpack_voices(windows), [w.end - w.start for w in windows])
    return [_label_chunk(chunk, means) for chunk in chunks]


def _label_chunk(chunk: RecognisedChunk, means: Vectors) -> RecognisedChunk:
    words = [w for s in chunk.segments for w in (s.words or (RecognisedWord(s.start, s.end, s.text),))]
    if not chunk.voices or not words:
        return chunk
    speakers = choose_speakers(words, chunk.voices, unpack_voices(chunk.voices) @ means.T)
    segments: list[RecognisedSegment] = []
    at = 0
    for segment in chunk.segments:
        count = max(1, len(segment.words))
        theirs = [f"Speaker {n + 1}" if n is not None else None for n in speakers[at : at + count]]
        at += count
        if len(set(theirs)) == 1:
            segments.append(replace(segment, speaker=theirs[0]))
        else:
            segments += split_segment(segment.words, theirs)
    return replace(chunk, segments=tuple(segments))


def choose_speakers(
    words: Sequence[RecognisedWord], windows: Sequence[VoiceWindow], alike: NDArray[np.float32]
) -> list[int | None]:
    """The speaker of each word: the best way through all of them, on which a change has its price.

    alike: (windows, speakers) similarities. None: nobody who is known.
    """
    starts, ends = np.array([w.start for w in windows]), np.array([w.end for w in windows])
    scores = np.concatenate([alike, np.full((len(windows), 1), NEAR, np.float32)], 1)
    nobody = scores.shape[1] - 1
    best, back = np.zeros(nobody + 1), []
    for i, word in enumerate(words):
        at = (word.start + word.end) / 2
        distance = np.abs((starts + ends) / 2 - at)
        weights = np.where((starts <= at) & (at <= ends), np.exp(-distance / REACH), 0.0)
        if not weights.any():
            weights[distance.argmin()] = 1.0
        price = _price(words[i - 1], word) if i else 0.0
        changed = best.argmax()
        turns = best[changed] - price > best
        back.append(np.where(turns, changed, np.arange(nobody + 1)))
        best = np.where(turns, best[changed] - price, best) + weights @ scores / weights.sum()
    found: list[int | None] = []
    state = int(best.argmax())
    for step in reversed(back):
        found.append(None if state == nobody else state)
        state = int(step[state])
    return found[::-1]


def _price(before: RecognisedWord, word: RecognisedWord) -> float:
    ended = before.text.rstrip(_CLOSING).endswith(SENTENCE_ENDS)
    return AT_PAUSE if ended or word.start - before.end >= PAUSE else TURN
