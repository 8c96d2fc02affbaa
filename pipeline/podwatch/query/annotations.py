"""What a transcript says of sounds, not of words: [Music], (Applause), *sigh*. It takes no place between words.

In square brackets one word for a sound is enough; in all others, where people's asides and what they stress stand too,
every word has to be one, or say what kind of sound it is.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from podwatch.lazy_patterns import lazy_pattern

MAX_CHARACTERS = 60
MAX_WORDS = 6
_BRACKETS = {"[": "]", "(": ")", "［": "］", "（": "）", "【": "】", "*": "*", "{": "}", "<": ">"}
_STRICT = "(（*{<"  # where people's asides stand, too, or markup
_WITHIN = rf"(?! )[^\[\]()［］（）【】*{{}}<>\n]{{1,{MAX_CHARACTERS}}}(?<! )"
_ANNOTATION = lazy_pattern("|".join(re.escape(a) + _WITHIN + re.escape(b) for a, b in _BRACKETS.items()))
# As captions have it, and the automatic ones of YouTube in their languages.
_SOUND_WORDS = """
    music musical applause laughter laughs laugh laughing laughed chuckle chuckles chuckling chuckled giggles giggling
    cheers cheering clapping claps crosstalk inaudible unintelligible indiscernible indistinct silence noise static
    coughs coughing cough sneezes sighs sighing sigh sniffs sniffles gasps gasping groans groaning grunts snorts
    screams screaming shouting yelling whispering crying sobbing beep beeps beeping bleep buzzer ding chime chimes
    sniff sob sobs yawn yawns yawning gulp gulps gulping wheeze wheezes wheezing snores snoring panting hiccups burps
    sneeze gasp groan chuckle giggle snort scoff scoffs whimpers whimpering squeals exhale inhale
    whoosh jingle singing humming hums whistling whistles gunshot gunfire explosion siren sirens barking thunder
    footsteps ringing knocking typing rustling pause blank_audio laughters applauds clears throat exhales inhales
    musik applaus gelächter lachen musique rires applaudissements música musica risas risos aplausos applausi risate
    muziek gelach applaus muzyka śmiech oklaski музыка смех аплодисменты музика сміх оплески müzik alkış kahkaha
    musiikkia naurua skratt musikk latter hudba smích potlesk zene nevetés taps μουσική γέλια χειροκρότημα
    音楽 拍手 笑 笑い 笑い声 音乐 音樂 掌声 掌聲 笑声 笑聲 음악 박수 웃음 웃음소리 संगीत हंसी तालियां موسيقى ضحك تصفيق
    מוזיקה צחוק מחיאות เพลง ดนตรี เสียงหัวเราะ เสียงปรบมือ nhạc
"""
_WORDS_OF_SOUNDS = """
    the and a of in on both all soft softly loud loudly upbeat gentle dramatic background audience crowd theme intro
    outro playing plays continues stops fades ends starts scattered light heavy tense somber sombre lively quiet speaker
    speakers he she they people man woman host guest together phone door bell dog speaks speaking foreign language
    deep deeply heavily nervously softly loudly quietly again
    over overlapping instrumental orchestral electronic rock jazz piano guitar ambient âm
"""
_IN_SQUARE_ONLY = frozenset(("foreign", "speaking", "opens", "closes", "slams", "buzzes", "rings"))
_SOUNDS, _OF_SOUNDS = frozenset(_SOUND_WORDS.split()), frozenset(_WORDS_OF_SOUNDS.split())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


@lru_cache(maxsize=4096)
def is_annotation(text: str) -> bool:
    """Whether a text is a note of a sound, in brackets: [Music], (audience laughs)."""
    if not _ANNOTATION.fullmatch(text):
        return False
    words = [w.strip(".,;:!♪♫*_-–—'\"0123456789") for w in _plain(text[1:-1]).replace("/", " ").split()]
    words = [w for w in words if w]
    is_strict = text[0] in _STRICT
    sounds = sum(w in _SOUNDS or (not is_strict and w in _IN_SQUARE_ONLY) for w in words)
    if not sounds or len(words) > MAX_WORDS:
        return False
    return not is_strict or all(w in _SOUNDS or w in _OF_SOUNDS for w in words)


def blank_annotations(text: str) -> str:
    """The text with blanks for its annotations, one for one."""
    for bracket in _BRACKETS:
        if bracket not in text:
            continue
        pieces: list[str] = []
        at, done = text.find(bracket), 0
        while at >= 0:  # many times faster than one expression over the text
            if (m := _ANNOTATION.match(text, at)) and is_annotation(m[0]):
                pieces += [text[done:at], " " * len(m[0])]
                done = m.end()
            at = text.find(bracket, max(at + 1, done))
        text = "".join((*pieces, text[done:])) if pieces else text
    return text


def annotation_pattern(text: str) -> str:
    """The regular expression for an annotation that is looked for, whatever its brackets."""
    return r"[\[(［（【*{<]\s*" + r"\s+".join(map(re.escape, text[1:-1].split())) + r"\s*[\])］）】*}>]"
