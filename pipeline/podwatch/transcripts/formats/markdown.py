"""Markdown: edited transcripts with **Name:** before the words, as repositories and notebooks hold them.

Source: CommonMark, as far as transcripts use it: emphasis, links, headings and escapes become words, front matter and
the title's heading are left out, and the result is read as plain text.
"""

from __future__ import annotations

import re
from collections import Counter

from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats import plain_text
from podwatch.transcripts.formats.front_matter import NO_TALK, split_front
from podwatch.transcripts.formats.markdown_tables import read_tables
from podwatch.transcripts.formats.markup import unescape_terminated as unescape
from podwatch.transcripts.formats.segment_columns import Columns
from podwatch.transcripts.formats.source_document import SourceDocument
from podwatch.transcripts.formats.speaker_names import is_name_alone
from podwatch.transcripts.formats.written_times import CLOCK

HEAD_CHARACTERS = 20_000  # in which bold names are looked for
_TIME = rf"[\[(]?{CLOCK}[\])]?"
_BOLD = lazy_pattern(
    rf"^(?:[-*>][ \t]+)?((?:{_TIME}[ \t]+)?)"
    rf"(?:\*\*([^*\n]{{1,80}}?)\*\*|__((?:[^_\n]|_(?!_)){{1,80}}?)__)(:?)(?=[ \t\n]|$)",
    re.MULTILINE,
)
# A name in bold whose colon is glued to the words, or is that of East Asian text; inside the stars, or behind them.
_TIGHT = lazy_pattern(
    rf"^((?:[-*>][ \t]+)?(?:{_TIME}[ \t]+)?\*\*[^*\n]{{1,80}}?)"
    r"(?:(?P<in>[:：])\*\*(?=\S|[ \t])|\*\*[ \t]?(?:：|:(?=[^\s/*])))[ \t]*",
    re.MULTILINE,
)
_GLUED = (lazy_pattern(r"\*\*:[^\s/*]"), lazy_pattern(r":\*\*\S"))  # signs of the next, found fast
_DASHED = lazy_pattern(r"^((?:[-*>][ \t]+)?\*\*[^*\n:]{1,60}\*\*)[ \t]+[-–—|][ \t]+", re.MULTILINE)
_AUTOLINK = lazy_pattern(r"<((?:https?|mailto|ftp):[^<>\s]{1,2000}|[\w.+-]{1,60}@[\w.-]{1,60})>")
_HTML = lazy_pattern(
    r"</?(?:details|summary|div|span|p|br|hr|a|b|i|u|em|strong|small|sup|sub|center|figure|figcaption|iframe|img|audio|"
    r"video|source|blockquote|cite|section|table|tbody|thead|tr|td|th|ul|ol|li|h[1-6]|time|mark|font)"
    r"(?:[ \t\n][^<>]{0,1000})?[ \t]?/?>",
    re.IGNORECASE,
)
_TIMES = lazy_pattern(rf"^{_TIME}[ \t]*[-–—|]?[ \t]*|[ \t]*{_TIME}$")
_LINK = lazy_pattern(r"!?\[([^\[\]\n]{0,500})\]\((?:[^()\s]|\([^()\s]{0,200}\)){0,2000}(?:[ \t]\"[^\"\n]{0,200}\")?\)")
_EMPHASIS = lazy_pattern(r"(?<![\w*])(\*{1,3}|_{1,3})(?=[^\s*_])([^*_\n]{1,500}?)(?<=\S)\1(?![\w*])")
_INNER_BOLD = lazy_pattern(r"\*\*(?=[^\s*])([^*\n]{1,500}?)(?<=\S)\*\*")  # as East Asian text has it, without blanks
_ESCAPE = lazy_pattern(r"\\([\\`*_{}\[\]()#+\-.!<>|~])")
_LINE = lazy_pattern(
    r"^[ \t]{0,3}(?:#{1,6}[ \t]+|>[ \t]?|(?:[-*_][ \t]*){3,100}$|[-*+][ \t]+|\d{1,3}\.[ \t]+(?=\*\*))", re.MULTILINE
)
_COMMENT = lazy_pattern(r"<!--.{0,5000}?-->", re.DOTALL)
_CODED_TIME = lazy_pattern(rf"`(\[?{CLOCK}\]?)`")
_CALLOUT = lazy_pattern(r"^(?:>[ \t]?)*\[![\w-]{1,30}\][-+]?[ \t]*(.*)$", re.MULTILINE)
_TRANSCRIPT_HEADING = lazy_pattern(
    rf"^#{{1,6}}[ \t]+(?:{'|'.join(sorted(map(re.escape, NO_TALK)))})[ \t]*#*[ \t]*$", re.MULTILINE | re.IGNORECASE
)
_DEFINITION = lazy_pattern(r"^([^\n:]{1,60})\n:[ \t]+", re.MULTILINE)
_SIGN = lazy_pattern(r"^(?:---|#{1,6}[ \t])|\]\(|\*\*|__", re.MULTILINE)


def looks_like(doc: SourceDocument) -> bool:
    """Whether names are bold, or times tell that it is a transcript and signs that it is Markdown."""
    if doc.root_element or _SIGN.search(doc.head) is None:
        return False
    if len(_BOLD.findall(doc.head)) > 1 or plain_text.looks_like(doc):
        return True
    return doc.head[:1] not in "{[" and len(_BOLD.findall(doc.text[:HEAD_CHARACTERS])) > 1


def parse(doc: SourceDocument) -> Columns:
    title, text, notes = split_front(doc.text)
    if "|" in text:
        text = read_tables(text)
    if "`" in text:
        text = _CODED_TIME.sub(r"\1", text)
    head = text[:HEAD_CHARACTERS]
    if "[!" in head:
        text = _CALLOUT.sub(lambda m: "" if m[1].strip().lower() in NO_TALK else m[1], text)
    if "\n: " in head:
        text = _DEFINITION.sub(r"\1: ", text)
    if "<" in text:
        text = _COMMENT.sub("", text)
        text = _HTML.sub(" ", _AUTOLINK.sub(r"\1", text))
    if "**" in text:
        if _DASHED.search(text, 0, HEAD_CHARACTERS) and len(_DASHED.findall(text)) > 2:
            text = _DASHED.sub(r"\1: ", text)
        if "：" in text or any(sign.search(text) for sign in _GLUED):
            text = _TIGHT.sub(lambda m: f"{m[1]}:** " if m["in"] else f"{m[1]}**: ", text)
    has_links = "](" in text
    text, names = unmark_names(plain_text.unlink_times(text) if has_links else text)
    if has_links:
        text = _LINK.sub(r"\1", text)
    text = _LINE.sub("", _TRANSCRIPT_HEADING.sub("", text) if "# " in head else text)
    if "*" in text or "_" in text:
        text = _EMPHASIS.sub(r"\2", text)
        text = _INNER_BOLD.sub(r"\1", text) if "**" in text else text
    if "\\" in text:
        text = _ESCAPE.sub(r"\1", text)
    columns = plain_text.read_paragraphs(unescape(text), names)
    columns.title = _LINK.sub(r"\1", title)
    columns.notes[:0] = notes
    return columns


def unmark_names(text: str) -> tuple[str, set[str] | None]:
    """The text with **Ann:** as Ann:, and the names that are marked so; None when none of them recurs."""
    parts = _BOLD.split(text)
    bold = list(zip(parts[1::5], parts[2::5], parts[3::5], parts[4::5], strict=True))
    found = Counter(bold)
    counts: Counter[tuple[str, bool]] = Counter()
    for (_, starred, underlined, colon), n in found.items():
        inner = starred or underlined or ""
        counts[_bare_name(inner), bool(colon) or _has_colon(inner)] += n
    words = {groups: _unmark(groups, counts) for groups in found}
    parts[1::5] = [words[groups] for groups in bold]
    for at in (4, 3, 2):  # the other groups
        del parts[at :: at + 1]
    text = "".join(parts)
    names = {name for (name, has_colon), n in counts.items() if has_colon or (n > 1 and is_name_alone(name))}
    recurs = any(n > 1 and name in names for (name, _), n in counts.items())
    return text, names if recurs else None


def _unmark(groups: tuple[str, str | None, str | None, str], counts: Counter[tuple[str, bool]]) -> str:
    """What is bold, with a time before it and a colon behind it: a colon is added behind a name that recurs."""
    time, starred, underlined, colon = groups
    bold = (starred or underlined or "").strip()
    if not colon and not _has_colon(bold):
        name = _bare_name(bold)
        if name != bold or counts[name, False] < 2 or not is_name_alone(name):
            return f"{time}{bold}"
        colon = ":"
    return f"{time}{bold}{colon}"


def _has_colon(bold: str) -> bool:
    return bold.rstrip().endswith(":")


def _bare_name(bold: str) -> str:
    """The name in what is bold, without a time beside it."""
    return _TIMES.sub("", bold.strip().removesuffix(":").strip()).strip()
