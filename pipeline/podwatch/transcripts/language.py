"""Says in which language a transcript is: what the feed declares, unless the text plainly says another one.

Scopes name languages, and about 4% of feeds declare one that nobody speaks in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

MIN_LETTERS = 200  # letters: "Okay." is Tagalog to every identifier
MIN_CHARACTERS_TO_OVERRULE = 1000  # characters from which on a text may overrule what is declared
MIN_PROBABILITY = 0.9  # and how sure each of its samples has to be
SAMPLE_CHARACTERS = 660  # characters; three of them are looked at

_ISO = """
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el
    en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it
    iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt
    my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl
    sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo
    za zh zu ast ceb ckb gsw haw hmn kab mni nds sat scn szl yue
"""  # 639-1, and the longer ones that podcasts use
_CODES = frozenset(_ISO.split())
# What feeds write instead: names, codes of three letters, codes of countries, withdrawn codes.
_NAMES = {
    name: code
    for code, names in {
        "en": "english eng us gb inglés ingles anglais englisch",
        "de": "german deutsch deu ger at",
        "fr": "french français francais fra fre",
        "es": "spanish español espanol castellano spa mx",
        "pt": "portuguese português portugues por",
        "it": "italian italiano ita",
        "nl": "dutch nederlands nld dut",
        "ru": "russian русский rus",
        "uk": "ukrainian українська ukr ua",
        "pl": "polish polski pol",
        "sv": "swedish svenska swe",
        "no": "norwegian norsk nor",
        "nb": "nob",
        "nn": "nno",
        "da": "danish dansk dan dk",
        "fi": "finnish suomi fin",
        "cs": "czech čeština ces cze cz",
        "sk": "slovak slk slo",
        "hu": "hungarian magyar hun",
        "ro": "romanian română ron rum",
        "el": "greek ell gre gr",
        "tr": "turkish türkçe tur",
        "ar": "arabic ara العربية",
        "he": "hebrew heb iw עברית",
        "fa": "persian farsi fas per",
        "hi": "hindi hin हिन्दी",
        "ja": "japanese jpn jp 日本語",
        "ko": "korean kor 한국어",
        "zh": "chinese mandarin zho chi cmn cn 中文",
        "vi": "vietnamese vie vn",
        "id": "indonesian ind in",
        "yi": "ji",
        "tl": "fil tagalog filipino",
    }.items()
    for name in names.split()
}
# Too much alike for a text to overrule a feed.
_ALIKE = """
    no nb nn da; sr hr bs sh; id ms jv su; zh yue; pt gl; es an ast ca oc; cs sk; fa tg; af nl; hi ne mr; ru uk be
    bg mk; de lb gsw nds; xh zu; it scn
"""
_FAMILY = {code: i for i, family in enumerate(_ALIKE.replace("\n", ";").split(";")) for code in family.split()}
_PRIMARY = re.compile(r"\s*([^\W\d_]{2,12})(?=[-_\s;,(/]|$)")


@dataclass(frozen=True, slots=True)
class Language:
    """code: the primary subtag in lower case (BCP 47), None when nothing says it. declared: whether the feed said it.

    sure: 0 to 1; 1.0 for a declared language that the text does not contradict.
    """

    code: str | None
    is_declared: bool
    probability: float


def decide_language(declared: str | None, text: str) -> Language:
    """The language declared, when it is one and the text does not plainly say otherwise; else the text's own."""
    code = primary_subtag(declared)
    if code is not None and len(text) < MIN_CHARACTERS_TO_OVERRULE:
        return Language(code, True, 1.0)
    found: list[tuple[str, float]] = []
    for sample in take_samples(text):
        found.append(identify_language(sample))
        if code is not None and (found[-1][1] < MIN_PROBABILITY or _are_alike(found[-1][0], code)):
            return Language(code, True, 1.0)  # one sample that does not contradict is enough
        if (
            code is None
            and len(found) == 2
            and found[0][0] == found[1][0]
            and min(s for _, s in found) >= MIN_PROBABILITY
        ):
            break  # a third could say nothing against them
    if not found:
        return Language(code, code is not None, 1.0 if code else 0.0)
    totals: dict[str, float] = {}
    for name, sure in found:
        totals[name] = totals.get(name, 0.0) + sure
    best = max(totals, key=lambda name: totals[name])
    sure = round(totals[best] / len(found), 3)
    if code is None:
        return Language(best, False, sure)
    return Language(best, False, sure) if len(totals) == 1 else Language(code, True, 1.0)


def primary_subtag(tag: str | None) -> str | None:
    """The primary subtag of a declared language ("en-us", "en_US", "English"); None when it names no language."""
    match = _PRIMARY.match(tag or "")
    if match is None:
        return None
    name = match[1].lower()
    return name if name in _CODES else _NAMES.get(name)


def take_samples(text: str) -> list[str]:
    """The beginning, the middle and the end of a text, each at the border of a word; none when it says too little."""
    if len(text) <= 3 * SAMPLE_CHARACTERS:
        found = [text]
    else:
        middle = (len(text) - SAMPLE_CHARACTERS) // 2
        found = [
            text[a : a + SAMPLE_CHARACTERS].partition(" ")[2] or text[a : a + SAMPLE_CHARACTERS]
            for a in (0, middle, len(text) - SAMPLE_CHARACTERS)
        ]
    return [s for s in found if sum(map(str.isalpha, s)) >= MIN_LETTERS]


def _are_alike(one: str, other: str) -> bool:
    return one == other or _FAMILY.get(one, one) == _FAMILY.get(other, other)


def identify_language(sample: str) -> tuple[str, float]:
    """(language, probability) of a few hundred characters."""
    code, sure = _load_identifier()(sample)
    return _NAMES.get(code, code), sure


@lru_cache(maxsize=1)
def _load_identifier() -> Callable[[str], tuple[str, float]]:
    """The model, 130 MB with numpy: loaded when the first text has to be identified, once a process."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    # The same model: until 0.3 of the library, the last one before numpy 2, it was a pickle.
    load = getattr(LanguageIdentifier, "from_model_file", None) or LanguageIdentifier.from_pickled_model
    classify: Callable[[str], tuple[str, float]] = load(MODEL_FILE, norm_probs=True).classify
    return classify
