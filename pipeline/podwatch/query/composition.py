"""Composes letters that are stored in pieces: a letter and its accent apart, the parts of a Hangul syllable or kana."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from podwatch.query.folding import goes_with_previous

if TYPE_CHECKING:
    import numpy as np

    Codes = np.ndarray[Any, np.dtype[Any]]

_HALF_WIDTH_VOICING = ("\uff9e", "\uff9f")
_FULL_WIDTH_VOICING = {0xFF9E: 0x3099, 0xFF9F: 0x309A}


def needs_composing(text: str) -> bool:
    """Whether a text has a letter in pieces; of most texts a quick check says that it has none."""
    return not unicodedata.is_normalized("NFC", text) or any(c in text for c in _HALF_WIDTH_VOICING)


def compose(text: str, codes: Codes) -> tuple[Codes, Codes]:
    """(codes, index of the origin of each) with each such letter in one piece. codes: those of ``text``."""
    import numpy as np

    joining = [code for code in np.unique(codes).tolist() if goes_with_previous(chr(code))]
    joins = np.isin(codes, joining)
    joins[0] = False
    edges = np.flatnonzero(np.diff(joins.astype(np.int8), append=0))  # before a run of joining ones, and its last
    pieces: list[Codes] = []
    origins: list[Codes] = []
    done = 0
    for first, last in zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True):
        letter = text[first : last + 1]
        # The kana alone is made full-width: another letter may become several (½), each of which has an origin here.
        kana = unicodedata.normalize("NFKC", letter[0]) if "\uff66" <= letter[0] <= "\uff9d" else letter[0]
        composed = unicodedata.normalize("NFC", kana + letter[1:].translate(_FULL_WIDTH_VOICING))
        pieces += [codes[done:first], np.array([ord(c) for c in composed], dtype=codes.dtype)]
        origins += [np.arange(done, first), np.minimum(np.arange(first, first + len(composed)), last)]
        done = last + 1
    pieces.append(codes[done:])
    origins.append(np.arange(done, len(codes)))
    return np.concatenate(pieces), np.concatenate(origins)
