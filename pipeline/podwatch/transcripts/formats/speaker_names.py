"""What could be a speaker's name: by its form, since there is no list of names.

In scripts with capitals each word of a name begins with one, or is a particle (von, de). In the others, and where
people write "host:", the form says nothing, and speaker_prefixes.py asks for more evidence.
"""

from __future__ import annotations

import re
from functools import lru_cache

from podwatch.lazy_patterns import lazy_pattern

MAX_NAME_LENGTH = 60  # characters
_MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0dff\u0e00-\u0eff"  # combine with letters, are none for Python
)
_REST = rf"[\w.'’{_MARKS}\-]{{0,30}}"
_WORD = rf"(?:[^\W\d_]{_REST}|\d{{1,3}})"
_SIMPLE_NAME = rf"[^\W\d_]{_REST}(?: {_WORD}){{0,4}}"
# With a role, an organisation or pronouns: Ann Lee (host), Kim Lee (she/her). A clock in brackets is none of these.
_ADDITION = r"[ \t]?\((?=[^()\n]{0,38}[^\W\d_])[^()\n]{1,40}\)"
NAME_PATTERN = rf"{_SIMPLE_NAME}(?:, {_SIMPLE_NAME})?(?:{_ADDITION})?"
_UNCASED_WORD = r"[^\s:：.,，。、!?！？…;\"“”«»()（）\[\]<>|/\\*_#&]{1,30}"
UNCASED_PATTERN = rf"(?!\d){_UNCASED_WORD}(?: {_UNCASED_WORD}){{0,2}}(?:[ \t]?[(（][^()（）\n]{{1,30}}[)）])?"
NUMBERED = lazy_pattern(
    r"(?:speaker|spk|sprecher(?:in)?|guest|host|interlocuteur|locutor)(?:[ _](?:\d{1,2}|[a-z])|\d{1,2})", re.IGNORECASE
)
_PARTICLES = {"de", "del", "della", "den", "der", "di", "du", "van", "von", "al", "bin", "la", "le", "the", "of", "and"}
_ROLES = {"member", "participant", "speaker", "voice"}  # Audience member
_NO_NAMES = {
    "absolutely", "again", "also", "and", "answer", "because", "but", "chapter", "conclusion", "correct",
    "correction", "disclaimer", "edit", "episode", "exactly", "example", "first", "finally", "hello", "hey", "hi",
    "hmm", "http", "https", "look", "mhm", "no", "note", "number", "oh", "ok", "okay", "part", "question", "quote",
    "really", "right", "second", "so", "spoiler", "step", "summary", "sure", "thanks", "third", "tip", "title",
    "today", "true", "uh", "um", "update", "warning", "well", "what", "wow", "yeah", "yep", "yes",
    # What stands above a transcript and says something of it.
    "agenda", "author", "category", "channel", "date", "description", "duration", "editor", "file", "language",
    "length", "link", "links", "location", "published", "recorded", "references", "resources", "slides", "source",
    "subscribers", "tags", "topic", "topics", "transcriber", "transcript", "transcription", "url", "video", "views",
    "website",
}  # fmt: skip
# A sentence begins so, no name of several words: "So I", "And Then", "What The".
_SENTENCE_STARTS = {
    "so", "and", "but", "or", "if", "when", "while", "because", "then", "well", "yeah", "yes", "no", "okay", "oh",
    "what", "why", "how", "where", "who", "which", "this", "that", "these", "those", "there", "here", "it", "i",
    "you", "he", "she", "we", "they", "my", "your", "his", "our", "their", "is", "are", "was", "in", "on", "at",
    "for", "from", "with", "i'm", "i've", "i'll", "it's", "that's", "we're", "you're", "let's",
}  # fmt: skip
# Of several words: what begins or ends so is a topic or a credit, whoever says it.
_TOPIC_STARTS = {
    "breaking", "captions", "episode", "operation", "part", "project", "season", "step", "subtitles", "transcribed",
    "translated", "translation", "undertekster",
}  # fmt: skip
_TOPIC_ENDS = {"news", "update", "updates", "headline", "headlines", "note", "notes", "by", "af"}
# What people talk about, and nobody is called: no speaker where it stands once before a colon.
_TOPICS = {
    "afghanistan", "africa", "america", "argentina", "asia", "australia", "austria", "belarus", "belgium", "berlin",
    "brazil", "brexit", "britain", "brussels", "business", "canada", "cancer", "china", "climate", "congress", "covid",
    "crime", "crypto", "cuba", "culture", "defense", "defence", "democracy", "democrats", "economics", "economy",
    "education", "egypt", "elections", "energy", "england", "entertainment", "ethiopia", "europe", "finance", "france",
    "gaza", "germany", "greece", "haiti", "health", "healthcare", "history", "housing", "hungary", "immigration",
    "india", "indonesia", "inflation", "iran", "iraq", "ireland", "israel", "italy", "japan", "kenya", "korea", "kyiv",
    "lebanon", "libya", "markets", "media", "mexico", "moscow", "myanmar", "nato", "nigeria", "pakistan", "palestine",
    "philippines", "poland", "politics", "privacy", "racism", "religion", "republicans", "russia", "science",
    "security", "society", "somalia", "spain", "sports", "sudan", "sweden", "switzerland", "syria", "taiwan",
    "technology", "terrorism", "trade", "traffic", "turkey", "ukraine", "unemployment", "venezuela", "vietnam",
    "war", "washington", "weather", "women", "world", "yemen",
}  # fmt: skip
# "He said", "I asked", "that is": what stands before a colon in running text of scripts without capitals.
_SAYING = (
    "说",
    "說",
    "道",
    "问",
    "問",
    "答",
    "是",
    "叫",
    "为",
    "為",
    "曰",
    "は",
    "も",
    "の",
    "と",
    "に",
    "を",
    "고",
    "는",
    "은",
)
MAX_UNSPACED_LENGTH = 12  # characters of a name in a script that writes no blanks


@lru_cache(4096)
def is_name(text: str) -> bool:
    """Whether the words could be a speaker's name: each begins with a capital or is a particle (von, de)."""
    name, _, addition = text.partition("(")
    family, comma, given = name.partition(",")
    words = name.replace(",", " ").split()
    if not words or len(words) > 6 or not words[0][0].isalpha() or (addition and not addition.endswith(")")):
        return False
    if comma and (len(family.split()) > 2 or not 0 < len(given.split()) < 3 or len(family) == 1):
        return False
    named = all(
        w[0].isupper() or w[0].isdigit() or w in _PARTICLES or (i and w in _ROLES) for i, w in enumerate(words)
    ) or NUMBERED.fullmatch(text)
    first, last = words[0].rstrip(".").lower(), words[-1].lower()
    if len(words) == 1 or comma:
        return bool(named) and first not in _NO_NAMES
    is_topic = first in _TOPIC_STARTS or last in _TOPIC_ENDS
    return bool(named) and not is_topic and words[0].replace("’", "'").lower() not in _SENTENCE_STARTS


def is_head_name(text: str) -> bool:
    """Whether what stands beside a time could be a name: also in a script without capitals."""
    first = text[:1]
    return is_name(text) or (first.isalpha() and first.lower() == first.upper() and is_uncased_name(text))


def is_name_alone(text: str) -> bool:
    """Whether a whole line could be a name: not a short sentence ("Yeah.", "Use Sentry.")."""
    if len(text) > MAX_NAME_LENGTH or not is_head_name(text):
        return False
    return text[-1] not in ".!?," or len(text.split()[-1]) <= 3  # Jr., Ann L.


def is_uncased_name(text: str) -> bool:
    """Whether words without capitals could be a name: 主持人, ведущий, मार्टा, host."""
    name = re.split(r"[(（]", text)[0].strip()
    if not name or name.lower() in _NO_NAMES or name.split()[0].lower() in _SENTENCE_STARTS:
        return False
    is_unspaced = name[0] >= "\u2e80" or "\u0e00" <= name[0] <= "\u0eff"
    return not (is_unspaced and (len(name) > MAX_UNSPACED_LENGTH or name.endswith(_SAYING)))


def is_topic(name: str) -> bool:
    return name.lower() in _TOPICS
