"""Says whether a transcript can be read for names at all: a model that learnt from print finds them by their capitals.

On captions without capitals what the small English model finds is near useless.
"""

from __future__ import annotations

import re

from podwatch.model import Transcript, UnreadReason

ENOUGH = 40  # words, before which nothing is said about capitals
FEW_CAPITALS = 0.02  # of the words; in English talk written with capitals it is every tenth to every sixth
MANY_CAPITALS = 0.5  # of the words of two letters and more are nothing but capitals: captions of television
SAMPLE = 60_000  # characters that are looked at
_WORD = re.compile(r"[^\W\d_]+")


def unread_reason(transcript: Transcript) -> UnreadReason | None:
    """Why the entities of this transcript are not looked for; None when they are."""
    if not transcript.text:
        return UnreadReason.EMPTY
    if transcript.language is not None and transcript.language.lower().replace("_", "-").split("-")[0] != "en":
        return UnreadReason.LANGUAGE
    words = _WORD.findall(transcript.text, 0, SAMPLE)
    if len(words) < ENOUGH:
        return None
    capitals = sum(w[0].isupper() and w != "I" for w in words)
    if capitals < FEW_CAPITALS * len(words):
        return UnreadReason.UNCASED
    long = [w for w in words if len(w) > 1]
    return UnreadReason.CAPITALS if sum(w.isupper() for w in long) > MANY_CAPITALS * len(long) else None
