"""Makes a text comparable: lower case, no accents, one blank between two words, and the way back to the stored text.

Everything that is looked for is normalised the same way, so ``anti-war`` is "anti war" on both sides. numpy does it
at several hundred MB a second; a loop over the words of a transcript would take longer than all the rest of detect.
The result begins and ends with a blank, so a word is ``" word "``, and a prefix of one is ``" word"``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Codes = np.ndarray[Any, np.dtype[Any]]

SEPARATOR, WORD, SYMBOL, IDEOGRAPH, NOTHING = range(5)  # what a character is once its neighbours are known
_DIGIT, _APOSTROPHE, _DOT, _COMMA, _UNSEEN = 5, 6, 7, 8, 255
_LIKE = {"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'"}
_SPREAD = {"ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ﬁ": "fi", "ﬂ": "fl", "þ": "th", "Þ": "th"}
_SYMBOLS = "+#&%@"
# What typesetters put into English text, and ASCII that is the same once it is normalised; the most frequent first.
_TYPESET = (
    ("’", "'"),
    ("“", '"'),
    ("”", '"'),
    ("…", '"'),
    ("—", '"'),
    ("–", '"'),
    ("é", "e"),
    ("‘", "'"),
    ("\xa0", " "),
)
PAD = 3  # blanks on either side, so that every character has neighbours
_PADDING = " " * PAD
# Private use characters: one parts texts that are normalised in one go, two stand for * and ? in a word.
_BETWEEN, _STAR, _MARK = "\ue000", "\ue001", "\ue002"


@dataclass(frozen=True, slots=True, eq=False)
class NormalisedText:
    """A normalised text.

    where: for each of its characters, the blanks at ``gaps`` left out, the index of the stored one it comes from + PAD.
    gaps: where a blank was put between two words that stand together in the stored text, such as $ and 500.
    """

    text: str
    where: Codes
    gaps: Codes | None
    stored: str

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span in the stored text of [start, end) in the normalised one; neither end is a blank."""
        last = end - 1
        if self.gaps is not None:
            start -= int(self.gaps.searchsorted(start))
            last -= int(self.gaps.searchsorted(last))
        after = int(self.where[last]) - PAD + 1
        while after < len(self.stored) and unicodedata.combining(self.stored[after]):
            after += 1
        return int(self.where[start]) - PAD, after

    def index(self, offset: int) -> int:
        """Where the character at ``offset`` of the stored text, or the next that is left of it, stands here."""
        at = int(self.where.searchsorted(offset + PAD))
        return at if self.gaps is None else at + int((self.gaps - range(len(self.gaps))).searchsorted(at, "right"))


@lru_cache(maxsize=1)
def _tables() -> tuple[Codes, Codes]:
    """What each code point is, and what it becomes; filled as they are met: there are a million of them."""
    import numpy as np

    return np.full(0x110000, _UNSEEN, dtype=np.uint8), np.zeros(0x110000, dtype=np.uint32)


@lru_cache(maxsize=1)
def _ascii() -> tuple[bytes, bytes]:
    """The same for ASCII, as bytes.translate wants it."""
    pairs = [_classify(chr(code)) for code in range(128)]
    return bytes(k for k, _ in pairs) + bytes(128), bytes(f for _, f in pairs) + bytes(128)


def _learn(codes: Codes) -> None:
    import numpy as np

    kinds, folds = _tables()
    for code in np.unique(codes).tolist():
        kinds[code], folds[code] = _classify(chr(code))


def _classify(c: str) -> tuple[int, int]:
    low = c.lower()[:1]
    low = _LIKE.get(low, low)
    base = unicodedata.normalize("NFD", low)[0]
    category = unicodedata.category(base)
    if category[0] == "M" or unicodedata.category(c) == "Cf":
        return NOTHING, ord(c)
    if low == "'":
        return _APOSTROPHE, ord(low)
    if c in ".,":
        return (_DOT if c == "." else _COMMA), ord(c)
    if c == _BETWEEN or c in _SYMBOLS or category in ("Sc", "So"):
        return SYMBOL, ord(base)
    if category == "Nd":
        return _DIGIT, ord(str(unicodedata.digit(base)))
    if base.isalnum() or base in ("_", _STAR, _MARK):
        return (IDEOGRAPH if _is_ideograph(ord(base)) else WORD), ord(base)
    return SEPARATOR, 32


def _is_ideograph(code: int) -> bool:
    """Whether this is of a script that writes no blanks between words (Unicode blocks of Han and Kana)."""
    return 0x3040 <= code <= 0x30FF or 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code < 0x32000


def normalise(text: str) -> NormalisedText:
    """The normalised text and the way back.

    Words are runs of letters and digits. Within a word stay: the apostrophe of a contraction (won't, Putin's), the
    dots of an acronym (U.S, not the last one), the dot and comma of a number (2.5, 500,000). The symbols + # & % @ and
    those of currencies, and each Chinese or Japanese character, are words of their own. All else is one blank.
    """
    import numpy as np

    plain = to_ascii(text)
    padded = f"{_PADDING}{plain}{_PADDING}"
    at: Codes | None = None
    if plain.isascii():
        raw = padded.encode()
        kinds, folds = _ascii()
        kind = np.frombuffer(bytearray(raw.translate(kinds)), dtype=np.uint8)
        folded = np.frombuffer(bytearray(raw.translate(folds)), dtype=np.uint8)
    else:
        kind, folded, at = _wide(padded)
    _resolve_marks(kind, folded)
    keep = folded != 32
    keep[1:] |= keep[:-1]  # of a run of separators the first
    keep[0] = True
    kept = np.flatnonzero(keep)
    short = _string(folded.take(kept))
    alone = np.flatnonzero((kind == SYMBOL) | (kind == IDEOGRAPH))
    gaps: Codes | None = None
    if len(alone):
        around = kind[alone] == IDEOGRAPH
        before = alone[(folded[alone - 1] != 32) & ((kind[alone - 1] != kind[alone]) | around)]
        after = alone[(folded[alone + 1] != 32) & (kind[alone + 1] == WORD)] + 1
        if len(before) or len(after):
            cuts = kept.searchsorted(np.union1d(before, after))
            edges = [0, *cuts.tolist(), len(short)]
            short = " ".join(short[i:j] for i, j in pairwise(edges))
            gaps = cuts + np.arange(len(cuts))
    return NormalisedText(short, kept if at is None else at[kept], gaps, text)


def to_ascii(text: str) -> str:
    """The text with as much of it in ASCII as changes neither what it is when normalised, nor any place in it."""
    for letter, plain in _TYPESET:
        if text.isascii():
            break
        text = text.replace(letter, plain)
    return text


def _wide(padded: str) -> tuple[Codes, Codes, Codes | None]:
    """(kind, folded, index of the source) of a text that is not all ASCII; None: each from its own place."""
    import numpy as np

    codes = np.frombuffer(padded.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    kinds, folds = _tables()
    kind = kinds.take(codes)
    if (unseen := kind == _UNSEEN).any():
        _learn(codes[unseen])
        kind = kinds.take(codes)
    folded = folds.take(codes)
    at: Codes | None = None
    if any(c in padded for c in _SPREAD):
        at = np.repeat(np.arange(len(codes)), np.where(np.isin(codes, [ord(c) for c in _SPREAD]), 2, 1))
        kind, folded, codes = kind[at], folded[at], codes[at]
        for c, pair in _SPREAD.items():
            twice = np.flatnonzero(codes == ord(c))
            folded[twice[0::2]], folded[twice[1::2]] = ord(pair[0]), ord(pair[1])
    if (kind == NOTHING).any():
        kept = np.flatnonzero(kind != NOTHING)
        at = kept if at is None else at[kept]
        kind, folded = kind[kept], folded[kept]
    return kind, folded, at


def _resolve_marks(kind: Codes, folded: Codes) -> None:
    """Decides of each apostrophe, dot and comma whether it is within a word; in place."""
    import numpy as np

    is_word, is_one, is_pair = _neighbours()
    marks = np.flatnonzero(kind >= _APOSTROPHE)
    apostrophe = kind[marks] == _APOSTROPHE
    quotes, points = marks[apostrophe], marks[~apostrophe]
    left, right, ahead = kind[points - 1], kind[points + 1], is_word[kind[points + 2]]
    inside = (left == _DIGIT) & (right == _DIGIT)
    acronym = (kind[points] == _DOT) & (left == WORD) & (right == WORD)
    inside |= acronym & ~ahead & ~is_word[kind[points - 2]]
    one, two = np.minimum(folded[quotes + 1], 127), np.minimum(folded[quotes + 2], 127)
    ahead, further = is_word[kind[quotes + 2]], is_word[kind[quotes + 3]]
    contraction = is_word[kind[quotes - 1]] & ((is_one[one] & ~ahead) | (is_pair[one, two] & ~further))
    kind[points[inside]] = WORD
    kind[quotes[contraction]] = WORD
    folded[points[~inside]] = 32
    folded[quotes[~contraction]] = 32
    np.putmask(kind, kind == _DIGIT, WORD)


@lru_cache(maxsize=1)
def _neighbours() -> tuple[Codes, Codes, Codes]:
    """(of a kind: is it of a word; of a letter: is it a contraction's one; of two letters: are they its pair)."""
    import numpy as np

    is_word, is_one, is_pair = np.zeros(256, bool), np.zeros(128, bool), np.zeros((128, 128), bool)
    is_word[[WORD, _DIGIT]] = True
    is_one[[ord(c) for c in "stdmn"]] = True
    for one, two in (("l", "l"), ("r", "e"), ("v", "e"), ("e", "m")):
        is_pair[ord(one), ord(two)] = True
    return is_word, is_one, is_pair


def _string(codes: Codes) -> str:
    if codes.dtype.itemsize == 1 or int(codes.max()) < 128:
        return codes.astype("u1", copy=False).tobytes().decode("ascii")
    return codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def normalise_all(texts: Sequence[str]) -> list[str]:
    """The normalised texts, each without the blanks around it: one call for a watchlist of thousands."""
    if not texts:
        return []
    joined = normalise(f" {_BETWEEN} ".join(t.replace(_BETWEEN, " ") for t in texts)).text
    return [part.strip() for part in joined.split(_BETWEEN)]


def normalise_wild(text: str) -> str:
    """The same for one term with wildcards, which stay: anti-sanction* is "anti sanction*"."""
    kept = text.replace("*", _STAR).replace("?", _MARK)
    return normalise(kept).text.strip().replace(_STAR, "*").replace(_MARK, "?")
