"""Decides whether a transcript can be read for entities: a model trained on print finds names by their capitals.

On captions without capitals what the small English model finds is near useless.
"""

from __future__ import annotations

import re

from podwatch.model import Transcript, UnreadReason

MIN_WORDS = 40  # of fewer their capitals say nothing
MIN_CAPITALISED = 0.02  # of the words; in cased English talk it is every sixth to every tenth
MAX_UPPER_CASE = 0.5  # of the words of two letters and more; more is television captions
SAMPLE = 60_000  # characters that are examined
_WORD = re.compile(r"[^\W\d_]+")


def unread_reason(transcript: Transcript) -> UnreadReason | None:
    """Why this transcript is not read for entities; None when it is."""
    if not transcript.text:
        return UnreadReason.EMPTY
    if transcript.language is not None and transcript.language.lower().replace("_", "-").split("-")[0] != "en":
        return UnreadReason.LANGUAGE
    words = _WORD.findall(transcript.text, 0, SAMPLE)
    if len(words) < MIN_WORDS:
        return None
    capitalised = sum(w[0].isupper() and w != "I" for w in words)
    if capitalised < MIN_CAPITALISED * len(words):
        return UnreadReason.UNCASED
    long = [w for w in words if len(w) > 1]
    return UnreadReason.CAPITALS if sum(w.isupper() for w in long) > MAX_UPPER_CASE * len(long) else None
