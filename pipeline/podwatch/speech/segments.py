"""Cuts recognised words into segments: a sentence each, and never words of two speakers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from podwatch.model import RecognisedSegment, RecognisedWord

NO_SPEECH, UNSURE = 0.6, -1.0  # Whisper's own bounds: a part without speech of which it is unsure is none
SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！")
_CLOSING = "\"'”’»)"
SENTENCE_PAUSE, LONG_PAUSE = 0.15, 1.5  # seconds after the end of a sentence, or after any word
MOST_WORDS = 60  # of a segment


def split_segment(words: Sequence[RecognisedWord], speakers: Sequence[str | None] = ()) -> Iterator[RecognisedSegment]:
    """The segments of these words, in order. speakers: who says each word, where that is known.

    A sentence ends where a pause agrees: behind "Mr." there is none.
    """
    first = 0
    for i, word in enumerate(words):
        if i + 1 < len(words):
            following = words[i + 1]
            pause = following.start - word.end
            ended = word.text.rstrip(_CLOSING).endswith(SENTENCE_ENDS) and pause >= SENTENCE_PAUSE
            turn = bool(speakers) and speakers[i] != speakers[i + 1]
            full = i + 1 - first >= MOST_WORDS and following.text.startswith(" ")
            if not (ended or turn or full or pause >= LONG_PAUSE):
                continue
        part = tuple(words[first : i + 1])
        if text := "".join(w.text for w in part).strip():
            yield RecognisedSegment(part[0].start, part[-1].end, text, part, speakers[first] if speakers else None)
        first = i + 1


def is_no_speech(no_speech: float, log_probability: float) -> bool:
    """Whether what Whisper wrote lies over no speech, by what it says of a segment."""
    return no_speech > NO_SPEECH and log_probability < UNSURE
