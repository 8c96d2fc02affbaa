"""Finds what recognisers write over music or silence, since it stands there under the films that they learned from.

"Thanks for watching!", "Subtitles by ...": people say some of it, too. So it counts only where something else makes it
doubtful: the recogniser is unsure, it lasts too long for its words, or it stands alone between pauses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from podwatch.model import RecognisedChunk, clean_text
from podwatch.speech.transcribing import place_words, spoken_segments

UNSURE = 0.5  # mean probability of words below which a phantom is one
UNSURE_OF_CREDITS = 0.8  # the same for what nobody says in a podcast
SLOW, LONG = 0.8, 3.0  # fewer words a second, over more seconds: it lies over music or silence
PAUSE = 4.0  # seconds without talk
LITTLE_SPEECH = 0.05  # of a chunk, as voice activity detection has it

# Each is the whole of a sentence, in small letters and without punctuation. What is said in earnest, too, is not among
# them: "thank you", "goodbye".
CREDITS = (
    r"(?:sub ?titles?|captions?|transcri(?:bed|ption)|translat(?:ed|ion)) (?:by|provided by|made by)\b.*",
    r".*\bamara org\b.*",
    r"sous ?titr(?:es|age)(?: réalisés?| fait)? (?:par|st|fr|société)\b.*",
    r"untertitel(?:ung)?(?: im auftrag)? (?:des|der|von|im)\b.*|untertitelung\b.*\b(?:zdf|funk|ard)\b.*",
    r"subtítulos (?:realizados |creados |hechos )?por\b.*|legendas? (?:pela|por)\b.*",
    r"sottotitoli\b.*\b(?:a cura di|creati da)\b.*",
    r"субтитры (?:сделал|создавал|делал|подготов)\w*.*|(?:редактор|корректор) субтитров\b.*|продолжение следует",
    r"napisy stworzone przez\b.*|ondertitel(?:s|ing|d)\b.*\b(?:door|in opdracht)\b.*",
    r"undertexter?(?:na)? (?:från|av)\b.*|altyazı\b.*",
    r"字幕.*|.*字幕由.*提供|请不吝点赞.*|ご視聴ありがとうございました",
)
FAREWELLS = (
    r"(?:thank you|thanks)(?: so much| very much)? for (?:watching|viewing)(?: (?:this|the|my) video)?",
    r"(?:thank you|thanks) for watching(?: and)? (?:please|don t forget to) (?:like|subscribe)\b.*",
    r"please (?:like|subscribe)\b.*|subscribe to (?:my|the|our) channel.*|see you in (?:the|my) next (?:video|one)",
    r"merci d avoir regardé(?: cette vidéo)?|abonnez vous(?: à la chaîne)?",
    r"(?:danke|vielen dank)(?:schön)? fürs? zuschauen|bis zum nächsten video",
    r"gracias por ver(?: el v[ií]deo)?|suscríbete(?: al canal)?|obrigad[oa] por assistir",
    r"grazie per (?:aver guardato|la visione)(?: (?:il|questo) video)?",
    r"спасибо за (?:просмотр|внимание)|подписывайтесь на (?:мой |наш )?канал.*",
    r"dziękuję za (?:oglądanie|uwagę)|bedankt voor het kijken|tack för att ni (?:tittade|tittat)",
    r"izlediğiniz için teşekkürler|시청해 ?주셔서 감사합니다|谢谢观看|感谢观看|感謝觀看",
)
_CREDITS, _FAREWELLS = re.compile("|".join(CREDITS)), re.compile("|".join(FAREWELLS))
# A full stop within a word ("Amara.org") ends none.
_SENTENCE = re.compile(r"""\S.*?(?:[.!?…]["'”’»)]*(?=\s|$)|[。！？]+|$)""")
_BREAK = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Phantom:
    """What nobody is likely to have said: a half-open span of the transcript's text, how sure that is, and why."""

    start: int
    end: int
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence as it stands in the transcript: half-open span, seconds, mean probability of its words."""

    start: int
    end: int
    text: str
    begins: float
    ends: float
    words: int
    probability: float | None
    is_over_silence: bool


def find_phantoms(chunks: Sequence[RecognisedChunk]) -> list[Phantom]:
    """The phantoms in to_transcript(chunks), in order."""
    sentences = list(_sentences(chunks))
    found = []
    for i, s in enumerate(sentences):
        said = " ".join(_BREAK.split(s.text.lower())).strip()
        is_credit = _CREDITS.fullmatch(said) is not None
        if not is_credit and not _FAREWELLS.fullmatch(said):
            continue
        before = s.begins - sentences[i - 1].ends if i else s.begins
        after = sentences[i + 1].begins - s.ends if i + 1 < len(sentences) else PAUSE
        if why := _why_doubtful(s, before, after, UNSURE_OF_CREDITS if is_credit else UNSURE):
            found.append(Phantom(s.start, s.end, 0.95 if is_credit else 0.85, f"stands under films, and {why}"))
    return found


def _why_doubtful(s: _Sentence, before: float, after: float, unsure: float) -> str:
    """What speaks against its having been said, "" when nothing does. before, after: seconds without talk."""
    if s.probability is not None and s.probability < unsure:
        return f"the recogniser was unsure ({s.probability:.2f})"
    if s.is_over_silence:
        return "there is hardly any speech around it"
    if s.ends - s.begins >= LONG and s.words / (s.ends - s.begins) < SLOW:
        return f"lasts {s.ends - s.begins:.0f} s"
    if before >= PAUSE and after >= PAUSE:
        return "stands alone between pauses"
    return ""


def _sentences(chunks: Sequence[RecognisedChunk]) -> Iterator[_Sentence]:
    """The sentences of to_transcript(chunks) with what is known of each."""
    silent = [(c.start, c.end) for c in chunks if _has_little_speech(c)]
    offset = 0
    for segment in spoken_segments(chunks):
        text = clean_text(segment.text)
        placed = place_words(segment)
        is_over_silence = any(start <= segment.start < end for start, end in silent)
        for found in _SENTENCE.finditer(text):
            words = [w for at, w in placed if found.start() <= at < found.end()]
            known = [w.probability for w in words if w.probability is not None]
            whole = found[0].rstrip()
            yield _Sentence(
                offset + found.start(),
                offset + found.start() + len(whole),
                whole,
                words[0].start if words else segment.start,
                words[-1].end if words else segment.end,
                len(whole.split()),
                sum(known) / len(known) if known else None,
                is_over_silence,
            )
        offset += len(text) + 1


def _has_little_speech(chunk: RecognisedChunk) -> bool:
    seconds = chunk.end - chunk.start
    return chunk.speech_seconds is not None and seconds > 0 and chunk.speech_seconds < LITTLE_SPEECH * seconds
