"""Respells foreign names as English would: the network pronounces every name as English, speakers do not.

Letters with marks mean one sound in nearly all languages that have them (č, ş, ł, ñ, ø); a few clusters tell the
language (cz, sz, rz, sch, a q without u). Names that no rule reads right are in data/said_as.tsv (Tlaib, Buttigieg).
The result is only a second way to say a name, beside the plain one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

_MARKED_LETTERS = {
    "č": "ch", "ć": "ch", "ç": "s", "ş": "sh", "š": "sh", "ś": "sh", "ș": "sh", "ž": "zh", "ż": "zh", "ź": "zh",
    "ř": "rzh", "ł": "w", "ń": "ny", "ñ": "ny", "ň": "ny", "ø": "er", "ö": "er", "ő": "er", "ü": "oo", "ű": "oo",
    "å": "o", "ä": "e", "æ": "a", "ğ": "", "ı": "i", "ț": "ts", "ţ": "ts", "ă": "a", "â": "a", "ê": "e", "ę": "en",
    "ą": "on", "ě": "ye", "ů": "oo", "ð": "th", "þ": "th", "đ": "d", "ã": "an", "õ": "on", "ó": "o", "í": "ee",
    "ú": "oo", "á": "a", "é": "ay", "è": "e", "ë": "e",
}  # fmt: skip
_SLAVIC_LETTERS = set("čćšžřěůżźśłńąęđ")
_TURKISH_LETTERS = set("şğı")
_POLISH_CLUSTERS = ("cz", "sz", "rz", "szcz")
_CLUSTERS = ((r"tsch", "ch"), (r"sch", "sh"), (r"szcz", "shch"), (r"cz", "ch"), (r"sz", "sh"), (r"rz", "zh"))


def anglicise(word: str) -> str:
    """How an English speaker might write the sound of a word that is spelt in its own language, in lower case."""
    low = word.lower()
    marks = set(low)
    slavic = (
        bool(marks & _SLAVIC_LETTERS)
        or any(c in low for c in _POLISH_CLUSTERS)
        or low.endswith(("ski", "ska", "wicz", "witz"))
    )
    turkish = bool(marks & _TURKISH_LETTERS)
    if turkish:
        low = low.replace("c", "j").replace("ç", "ch").replace("ö", "er")
    if slavic and not turkish:
        low = re.sub(r"c(?![hz])", "ts", low).replace("j", "y")
        low = low.replace("w", "v")
    for cluster, sound in _CLUSTERS:
        low = re.sub(cluster, sound, low)
    if not slavic:
        low = re.sub(r"q(?!u)", "ch", low)
        low = re.sub(r"^x", "sh", low)
        low = re.sub(r"^zh", "j", low)
        low = re.sub(r"(?<=[aeiou])j(?=[aeioué])", "h" if "ñ" in low or "ó" in low else "j", low)
    return "".join(_MARKED_LETTERS.get(c, c) for c in low)


@lru_cache(maxsize=1)
def load_said_as() -> Mapping[str, str]:
    """By the plain spelling of a name (lower case, a-z) how an English speaker might write what is heard."""
    lines = (resources.files(__package__) / "data" / "said_as.tsv").read_text("utf-8").splitlines()
    return dict(line.split("\t") for line in lines if not line.startswith("#"))
