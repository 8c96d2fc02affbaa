"""The part of a web page that the page itself calls its transcript: paragraphs of one speaker have no other sign.

A link to a transcript, or a heading above nothing, is none: the part needs as many words as a minute of talk.
"""

from __future__ import annotations

import re

from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.markup import attribute, unescape
from podwatch.transcripts.formats.page_turns import SKIPPED

MIN_WORDS, MIN_WORDS_A_PARAGRAPH = 80, 6
_SAYS = lazy_pattern(
    r"transcri(?:pt|ção|pci|ption|zione)|trascrizione|transkript|транскрипт|расшифровка|стенограмма|逐字稿|文字稿|文字起こし|"
    r"書き起こし|全文|녹취|대본",
    re.IGNORECASE,
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "summary")
_PARTS = ("div", "section", "article", "main")
_BREAKS = {"p", "div", "li", "section", "article", "blockquote", "tr", "br", "dd", "dt", "pre", "figure", *_HEADINGS}
_UNSPACED = lazy_pattern(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0eff]")


def paragraphs_of_transcript(tags: list[str]) -> list[str]:
    """The paragraphs below the heading that says so, or in an element of such a name; [] when there is none."""
    begin = _find_beginning(tags)
    if not begin:
        return []
    paragraphs, parts, skip = list[str](), list[str](), ""
    for at in range(begin, len(tags), 3):
        tag = tags[at].lower()
        if skip:
            skip = "" if tag == skip else skip
            continue
        if tag.lstrip("/").rstrip("/") in _BREAKS:
            paragraphs.append(" ".join(unescape("".join(parts)).split()))
            parts = []
        if tag in SKIPPED:
            skip = f"/{tag}"
        else:
            parts.append(tags[at + 2])
    paragraphs = [p for p in (*paragraphs, " ".join(unescape("".join(parts)).split())) if p]
    words = sum(map(_count_words, paragraphs))
    return paragraphs if words >= max(MIN_WORDS, MIN_WORDS_A_PARAGRAPH * len(paragraphs)) else []


def says_transcript(tags: list[str]) -> bool:
    """Whether a heading, the title or the name of an element says that the page holds a transcript."""
    return _find_beginning(tags) > 0


def _count_words(text: str) -> int:
    return len(text.split()) + len(_UNSPACED.findall(text)) // 2


def _find_beginning(tags: list[str]) -> int:
    """The index of the tag behind which the transcript begins, 0 without any."""
    says_title, last_h1 = False, 0
    for at in range(1, len(tags), 3):
        tag = tags[at].lower()
        if tag in _HEADINGS:
            end = next((i for i in range(at + 3, min(len(tags), at + 40), 3) if tags[i].lower() == f"/{tag}"), 0)
            if end and _SAYS.search(unescape(" ".join(tags[at + 2 : end : 3]))):
                return end
            last_h1 = end if tag == "h1" and not last_h1 else last_h1
        elif tag == "title":
            says_title = _SAYS.search(tags[at + 2]) is not None
        elif tag in _PARTS and "transcript" in tags[at + 1].lower():
            names = f"{attribute(tags[at + 1], 'id')} {attribute(tags[at + 1], 'class')}".lower().split()
            if any(name.endswith("transcript") or name.startswith("transcript") for name in names):
                return at
    return last_h1 if says_title else 0
