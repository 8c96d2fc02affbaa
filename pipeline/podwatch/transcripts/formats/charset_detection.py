"""Guesses the encoding of bytes that are no UTF-8 and say nothing of themselves.

charset-normalizer names the encodings in which the bytes are text at all. Short subtitles fit several, so that what the
letters are decides between those: each is held against alphabets, and against the characters that a script's ordinary
texts consist of. The share of characters that fit is the confidence.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import NamedTuple

SAMPLE_BYTES = 24_000  # of the lines that are no ASCII
MIN_CONFIDENCE = 0.6  # a guess below it is said to be one
MIN_CHARACTERS = 6  # beyond ASCII: fewer are no evidence
RARER = 0.002  # taken from the confidence for each step in CANDIDATES
OTHER_LANGUAGE = 0.3  # taken from the confidence in letters that are not those of the language that the feed says
NO_ACCENTS = 0.3  # from Greek without any, and from a quotation that opens within words and never closes
MIN_GREEK = 8  # letters, of which one has an accent
MAX_CHAOS = 0.25  # of charset-normalizer: above it, it is no text
# What is met on the web, the likelier first; Korean before Chinese, which has characters of its rows and others.
CANDIDATES = (
    "cp1252", "cp1251", "cp932", "cp949", "gb18030", "big5hkscs", "euc_jp", "koi8_r", "koi8_u", "cp1250", "cp1253",
    "cp1254", "cp1255", "cp1256", "cp1257", "cp874", "iso8859_2", "iso8859_5", "iso8859_6", "cp866", "mac_cyrillic",
)  # fmt: skip
_MULTIBYTE = {"gb18030": "gb2312", "cp932": "shift_jis", "cp949": "euc_kr", "big5hkscs": "big5", "euc_jp": "euc_jp"}
# The letters beyond ASCII of languages in Latin script; of the others, the ones that make up most of any text.
_LATIN = {
    "de": "äöüß", "fr": "éèêàçùâîôûëïœ", "es": "áéíóúñü", "pt": "ãáâàçéêíóôõú", "it": "àèéìòù", "sv": "åäö",
    "da": "æøåé", "is": "áðéíóúýþæö", "pl": "ąćęłńóśźż", "cs": "áčďéěíňóřšťúůýž", "sk": "áäčďéíĺľňóôŕšťúýž",
    "hu": "áéíóöőúüű", "ro": "ăâîșțşţ", "hr": "čćđšž", "tr": "çğıöşüâîi̇", "lt": "ąčęėįšųūž", "lv": "āčēģīķļņšūž",
    "et": "äõöüšž", "nl": "éëïóöüè", "ca": "àçèéíòóúü",
}  # fmt: skip
_SAME = {"no": "da", "nb": "da", "nn": "da", "fi": "sv", "sl": "hr", "bs": "hr", "gl": "pt", "at": "de"}
_OTHERS = {
    "ru": ("оеаинтсрвлкмдпуяыьзбг", "йчюжшцщэфхёъ"), "uk": ("оаинвтерісклудмпязьбг", "їєґхйчжцшщюф"),
    "bg": ("аиоетнрсвлкдпмзбъу", "гчцщшжхфюяйь"), "sr": ("аоиенртјсквудмпљзб", "гчњцшжђћхлфџ"),
    "el": ("αοιετσνηυρπκμλςςάέίόήώύ", "δγθωβχφζξψϊϋΐΰ"), "he": ("יוהלאבתרמשנםד", "חפקטגסעצזךןףץכ־ְֱֲֳִֵֶַָֹֻּ"),
    "ar": ("اليمونرتبعدهكة", "فقسحجشصطخضزءثذغظىئؤأإآًٌٍَُِّْ،؛؟ـپچژگک"),
    "th": ("านรอกเงมยลวดทสต่้ะคป", "ีัหบใแิืพจชไข็โุูณศธถผญฟๆซฐษฉภฝึฤ์ํำฮฏฎฑฒฌฆฬ"),
}  # fmt: skip
_GREEK_ACCENTS = set("άέήίόύώϊϋΐΰ")
_PUNCTUATION = set("’‘“”„‚«»‹›–—…·•°©®€£§ ¿¡、。，！？：；「」『』（）《》・ー～♪♫\u200e\u200f")
_SYMBOLS = set("™½¼¾²³¹ºª×÷±¢¥¶¬¦µ¤†‡‰")
_BEYOND_ASCII = bytes(range(0x80, 0x100))


class Guess(NamedTuple):
    """An encoding, and the share of the characters beyond ASCII that fit it (0 to 1)."""

    encoding: str
    confidence: float

    @property
    def is_sure(self) -> bool:
        return self.confidence >= MIN_CONFIDENCE


def guess_encoding(data: bytes, language: str = "") -> Guess:
    """The likeliest encoding of bytes that are neither ASCII nor UTF-8. language: what the feed says, a tag or ""."""
    sample = _sample(data)
    language = language.partition("-")[0].partition("_")[0].lower()
    language = _SAME.get(language, language)
    fits = {name: _fit(sample, name, language) for name in _possible(sample)}
    best = max(fits, key=lambda name: fits[name] - RARER * CANDIDATES.index(name))
    fit = max(0.0, fits[best])
    if best != "cp1252" or fit < 1:  # an accent or a curly quote in a text of ASCII is no riddle
        count = len(sample) - len(sample.translate(None, _BEYOND_ASCII))
        fit *= min(1.0, count / MIN_CHARACTERS)
    return Guess(best, fit)


def _sample(data: bytes) -> bytes:
    """The lines that are no ASCII: numbers and clocks say nothing. No encoding has a line feed within a character."""
    lines: list[bytes] = []
    size = 0
    for line in data.replace(b"\r", b"\n").split(b"\n"):
        if not line.isascii():
            lines.append(line[:SAMPLE_BYTES])
            size += len(line)
            if size > SAMPLE_BYTES:
                break
    return b"\n".join(lines)


def _possible(sample: bytes) -> list[str]:
    from charset_normalizer import from_bytes

    found = from_bytes(sample, cp_isolation=[*CANDIDATES], threshold=MAX_CHAOS, preemptive_behaviour=False)
    names = {name for match in found for name in (match.encoding, *match.could_be_from_charset)}
    return [name for name in CANDIDATES if name in names or name == "cp1252"]


def _fit(sample: bytes, encoding: str, language: str) -> float:
    """How well the letters fit what is written in this encoding: 1 is wholly, below 0 not at all."""
    text = sample.decode(encoding, "ignore")
    letters = [c for c in text if c > "\x7f" and c not in _PUNCTUATION]
    broken = sum(not c.isalpha() and not c.isprintable() for c in letters)
    if len(text.encode(encoding)) < len(sample) * 0.98:
        return -1.0
    if encoding == "cp1252" and _SYMBOLS.issuperset(letters):  # curly quotes and dashes of a word processor
        return 1.0
    if not letters:
        return 0.0
    if encoding in _MULTIBYTE:
        common = sum(map(_is_common(_MULTIBYTE[encoding]), letters))
        has_kana = any("\u3040" <= c <= "\u30ff" for c in letters)
        is_bare = encoding in ("cp932", "euc_jp") and not has_kana  # nobody writes Japanese without any
        return (2 * common - len(letters) - broken) / len(letters) - is_bare / 2
    lower = [c.lower() for c in letters]
    shares = {name: _share(lower, alphabet, "") for name, alphabet in _LATIN.items()}
    shares |= {name: _share(lower, often, rare) for name, (often, rare) in _OTHERS.items()}
    if len(letters) >= MIN_GREEK and not _GREEK_ACCENTS.intersection(lower):
        shares["el"] -= NO_ACCENTS
    if language in shares:
        shares = {name: share - (0 if name == language else OTHER_LANGUAGE) for name, share in shares.items()}
    best = max(shares.values())
    if text.count("„") > text.count("“") + text.count("”"):
        best -= NO_ACCENTS
    swapped = sum(a.islower() and b.isupper() for a, b in pairwise(text))
    capitals = sum(c.isupper() for c in letters)
    return best - 2 * swapped / len(letters) - (0.2 if capitals * 2 > len(letters) else 0)


def _share(letters: list[str], often: str, rare: str) -> float:
    weights = {**dict.fromkeys(rare, 0.4), **dict.fromkeys(often, 1.0)}
    return sum(weights.get(c, 0.0 if c in _SYMBOLS else -1.0) for c in letters) / len(letters)


@cache
def _is_common(encoding: str) -> Callable[[str], bool]:
    """Whether a character is kana, Hangul, or of the standard's first level of Han characters, the ordinary ones."""

    @cache
    def is_common(c: str) -> bool:
        if "\u3040" <= c <= "\u30ff":
            return encoding in ("shift_jis", "euc_jp")
        try:
            lead = c.encode("euc_jp" if encoding == "shift_jis" else encoding)[0]
        except UnicodeEncodeError:
            return False
        first, last = {"gb2312": (0xB0, 0xD7), "big5": (0xA4, 0xC6), "euc_kr": (0xB0, 0xC8)}.get(encoding, (0xB0, 0xCF))
        return first <= lead <= last

    return is_common
