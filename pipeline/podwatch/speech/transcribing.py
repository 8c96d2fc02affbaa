"""From chunks of audio to a transcript: what is not finished is recognised and saved, chunk by chunk, then joined.

A worker that is killed loses the chunk that it was at: what is saved is not recognised again. The language that the
first talk turns out to be is that of all later chunks, so that a jingle or a quotation does not change it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from podwatch.model import (
    RecognisedChunk,
    RecognisedSegment,
    RecognisedWord,
    Segment,
    Transcript,
    Words,
    clean_text,
    join_segments,
)
from podwatch.speech.chunks import LONGEST_SECONDS, TARGET_SECONDS, AudioChunk
from podwatch.speech.loops import cut_loops
from podwatch.speech.recognisers import Recogniser

ENOUGH_WORDS = 20  # of one language, after which it is that of the audio
SEARCHED = 80  # characters after the last word in which the next one is looked for


def chunk_seconds(recogniser: Recogniser) -> tuple[float, float]:
    """(target, longest) of the chunks that a recogniser should get, for split_at_silence.

    The longest it takes where it tells speakers apart: those of one chunk are not known to be those of the next.
    """
    if recogniser.tells_speakers or recogniser.longest <= TARGET_SECONDS:
        return recogniser.longest * 0.8, recogniser.longest
    return TARGET_SECONDS, min(LONGEST_SECONDS, recogniser.longest)


def transcribe(
    chunks: Iterable[AudioChunk],
    recogniser: Recogniser,
    finished: Mapping[int, RecognisedChunk],
    save: Callable[[int, RecognisedChunk], None],
    *,
    language: str | None = None,
    hints: Sequence[str] = (),
    progress: Callable[[float], None] = lambda seconds: None,
) -> list[RecognisedChunk]:
    """What is said in all chunks, in order, their times counted from the start of the audio.

    finished: what is saved already, by the number of its chunk; save: called with each new one, at once. language: of
    the audio, None: as recognised. progress: called with the second up to which the audio is done. Raises SpeechError.
    """
    heard: list[RecognisedChunk] = []
    for chunk in chunks:
        found = finished.get(chunk.number)
        if found is None:
            found = recogniser.recognise(chunk.samples, language=language, hints=hints)
            found = shift(found, chunk.start, chunk.end)
            save(chunk.number, found)
        heard.append(found)
        language = language or recognised_language(heard)
        progress(chunk.end)
    if not any(chunk.voices for chunk in heard):
        return heard
    from podwatch.speech.speakers.labels import label_speakers

    return label_speakers(heard)


def recognised_language(chunks: Sequence[RecognisedChunk]) -> str | None:
    """The language of the first chunk with talk enough to tell it, None while there is none."""
    for chunk in chunks:
        if chunk.language and sum(len(s.text.split()) for s in chunk.segments) >= ENOUGH_WORDS:
            return chunk.language
    return None


def shift(chunk: RecognisedChunk, start: float, end: float) -> RecognisedChunk:
    """What was heard from ``start`` to ``end``, of whose own start the times in ``chunk`` are counted."""

    def at(seconds: float) -> float:
        return round(min(end, max(start, start + seconds)), 3)

    segments = tuple(
        replace(
            s,
            start=at(s.start),
            end=at(s.end),
            words=tuple(replace(w, start=at(w.start), end=at(w.end)) for w in s.words),
        )
        for s in chunk.segments
    )
    voices = tuple(replace(v, start=at(v.start), end=at(v.end)) for v in chunk.voices)
    return replace(chunk, start=start, end=end, segments=segments, voices=voices)


def to_transcript(chunks: Sequence[RecognisedChunk], *, source: str, language: str | None = None) -> Transcript:
    """The transcript of what was heard, of a loop only the first round. language: None: as recognised."""
    segments = spoken_segments(chunks)
    joined = join_segments((Segment(s.start, s.end, s.text, s.speaker) for s in segments), source=source)
    offsets, starts = array("I"), array("d")
    for segment, offset in zip(segments, joined.offsets, strict=True):
        for place, word in place_words(segment):
            offsets.append(offset + place)
            starts.append(max(word.start, starts[-1] if starts else 0.0))
    return replace(
        joined,
        words=Words(lambda: (offsets, starts)) if offsets else None,
        language=language or recognised_language(chunks) or most_common_language(chunks),
    )


def spoken_segments(chunks: Sequence[RecognisedChunk]) -> list[RecognisedSegment]:
    """The segments that a transcript of these chunks has: without loops, and those without words left out.

    A speaker is named with the chunk where several have speakers: that "1" is the same person in two is not known,
    unless the speakers were told apart by their voices.
    """
    several = sum(any(s.speaker for s in chunk.segments) for chunk in chunks if not chunk.voices) > 1
    every = [
        replace(s, speaker=f"{s.speaker}, part {i + 1}") if several and s.speaker and not chunk.voices else s
        for i, chunk in enumerate(chunks)
        for s in chunk.segments
    ]
    return [s for s in cut_loops(every) if clean_text(s.text)]


def place_words(segment: RecognisedSegment) -> list[tuple[int, RecognisedWord]]:
    """(where it begins in the cleaned text of the segment, the word) of each word that is found there.

    Services write the words of a segment without its punctuation, or leave some out: each is looked for behind the one
    before.
    """
    text = clean_text(segment.text)
    placed: list[tuple[int, RecognisedWord]] = []
    cursor = 0
    for word in segment.words:
        wanted = clean_text(word.text)
        at = text.find(wanted, cursor, cursor + SEARCHED + len(wanted)) if wanted else -1
        if at >= 0:
            placed.append((at, word))
            cursor = at + len(wanted)
    return placed


def most_common_language(chunks: Sequence[RecognisedChunk]) -> str | None:
    """The language of most words, None when nothing is said."""
    words: dict[str, int] = {}
    for chunk in chunks:
        if chunk.language and chunk.segments:
            words[chunk.language] = words.get(chunk.language, 0) + sum(len(s.text.split()) for s in chunk.segments)
    return max(words, key=lambda code: words[code], default=None)
