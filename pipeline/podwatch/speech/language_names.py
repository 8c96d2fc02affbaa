"""The code of a language (ISO 639-1) from what services and feeds write for it: "en", "en-US", "English"."""

from __future__ import annotations

import re

# As Whisper names them, in the order of its tokens' names.
_NAMES = """
af afrikaans, am amharic, ar arabic, as assamese, az azerbaijani, be belarusian, bg bulgarian, bn bengali, bo tibetan,
br breton, bs bosnian, ca catalan, cs czech, cy welsh, da danish, de german, el greek, en english, es spanish,
et estonian, eu basque, fa persian, fi finnish, fo faroese, fr french, gl galician, gu gujarati, ha hausa, haw hawaiian,
he hebrew, hi hindi, hr croatian, ht haitian creole, hu hungarian, hy armenian, id indonesian, is icelandic, it italian,
ja japanese, jv javanese, ka georgian, kk kazakh, km khmer, kn kannada, ko korean, la latin, lb luxembourgish,
ln lingala, lo lao, lt lithuanian, lv latvian, mg malagasy, mi maori, mk macedonian, ml malayalam, mn mongolian,
mr marathi, ms malay, mt maltese, my myanmar, ne nepali, nl dutch, nn nynorsk, no norwegian, oc occitan, pa punjabi,
pl polish, ps pashto, pt portuguese, ro romanian, ru russian, sa sanskrit, sd sindhi, si sinhala, sk slovak,
sl slovenian, sn shona, so somali, sq albanian, sr serbian, su sundanese, sv swedish, sw swahili, ta tamil, te telugu,
tg tajik, th thai, tk turkmen, tl tagalog, tr turkish, tt tatar, uk ukrainian, ur urdu, uz uzbek, vi vietnamese,
yi yiddish, yo yoruba, yue cantonese, zh chinese
"""
_CODES = {name: code for code, _, name in (entry.strip().partition(" ") for entry in _NAMES.split(","))}
_CODES |= {"mandarin": "zh", "castilian": "es", "flemish": "nl", "burmese": "my", "farsi": "fa", "valencian": "ca"}
_ISO = {
    "iw": "he",
    "in": "id",
    "nb": "no",
    "jw": "jv",
    "ji": "yi",
    "fil": "tl",
    "cmn": "zh",
}  # from what is written for it
_CODE = re.compile(r"([a-z]{2,3})(?:[-_][A-Za-z0-9]+)*", re.IGNORECASE)


def language_code(said: str) -> str | None:
    """The code in small letters, None when it is none that is known."""
    named = _CODES.get(said.strip().lower())
    if named is not None:
        return named
    found = _CODE.fullmatch(said.strip())
    return _ISO.get(found[1].lower(), found[1].lower()) if found else None
