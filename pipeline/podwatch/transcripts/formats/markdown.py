"""Markdown: edited transcripts with **Name:** before the words, as repositories and notebooks hold them.

Source: CommonMark, as far as transcripts use it: emphasis, links, headings and escapes become words, front matter and
the title's heading are left out, and the result is read as plain text.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice

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
_BOLD = lazy_pattern(  # of one line: see match_bold
    rf"(?:[-*>][ \t]+)?((?:{_TIME}[ \t]+)?)"
    r"(?:\*\*([^*\n]{1,80})\*\*|__((?:[^_\n]|_(?!_)){1,80}?)__)(:?)(?=[ \t]|$)"
)
_BEGINS_BOLD = "*_->[("  # or a digit
# A name in bold whose colon is glued to the words, or is that of East Asian text; inside the stars, or behind them.
_TIGHT = lazy_pattern(
    rf"^((?:[-*>][ \t]+)?(?:{_TIME}[ \t]+)?\*\*[^*\n]{{1,80}}?)"
    r"(?:(?P<in>[:：])\*\*(?=\S|[ \t])|\*\*[ \t]?(?:：|:(?=[^\s/*])))[ \t]*",
    re.MULTILINE,
)
_GLUED = (lazy_pattern(r"\*\*:[^\s/*]"), lazy_pattern(r":\*\*\S"))  # signs of the next, found fast
_DASHES = lazy_pattern(r"\*\*[ \t]+[-–—|][ \t]")  # signs of the next
_DASHED = lazy_pattern(r"^((?:[-*>][ \t]+)?\*\*[^*\n:]{1,60}\*\*)[ \t]+[-–—|][ \t]+", re.MULTILINE)
_AUTOLINK = lazy_pattern(r"<((?:https?|mailto|ftp):[^<>\s]{1,2000}|[\w.+-]{1,60}@[\w.-]{1,60})>")
_HTML = lazy_pattern(
    r"</?(?:details|summary|div|span|p|br|hr|a|b|i|u|em|strong|small|sup|sub|center|figure|figcaption|iframe|img|audio|"
    r"video|source|blockquote|cite|section|table|tbody|thead|tr|td|th|ul|ol|li|h[1-6]|time|mark|font)"
    r"(?:[ \t\n][^<>]{0,1000})?[ \t]?/?>",
    re.IGNORECASE,
)
_TIMES = lazy_pattern(rf"^{_TIME}[ \t]*[-–—|]?[ \t]*|[ \t]*{_TIME}$")
_LINK = lazy_pattern(
    r"(?:!\[|\[)([^\[\]\n]{0,500})\]\((?:[^()\s]|\([^()\s]{0,200}\)){0,2000}(?:[ \t]\"[^\"\n]{0,200}\")?\)"
)
# Begins with the character that it looks for, and looks back behind it: so it is found several times as fast.
_EMPHASIS = lazy_pattern(r"(\*(?<![\w*]\*)\*{0,2}|_(?<![\w*]_)_{0,2})(?=[^\s*_])([^*_\n]{1,500}?)(?<=\S)\1(?![\w*])")
_INNER_BOLD = lazy_pattern(r"\*\*(?=[^\s*])([^*\n]{1,500}?)(?<=\S)\*\*")  # as East Asian text has it, without blanks
_ESCAPE = lazy_pattern(r"\\([\\`*_{}\[\]()#+\-.!<>|~])")
_LINE = lazy_pattern(  # of one line
    r"[ \t]{0,3}(?:#{1,6}[ \t]+|>[ \t]?|(?:[-*_][ \t]*){3,100}$|[-*+][ \t]+|\d{1,3}\.[ \t]+(?=\*\*))"
)
_BEGINS_MARK = "#>-*+_ \t"  # or a digit
_COMMENT = lazy_pattern(r"<!--.{0,5000}?-->", re.DOTALL)
_CODED_TIME = lazy_pattern(rf"`(\[?{CLOCK}\]?)`")
_CALLOUT = lazy_pattern(r"^(?:>[ \t]?)*\[![\w-]{1,30}\][-+]?[ \t]*(.*)$", re.MULTILINE)
_TRANSCRIPT_HEADING = lazy_pattern(
    rf"#{{1,6}}[ \t]+(?:{'|'.join(sorted(map(re.escape, NO_TALK)))})[ \t]*#*[ \t]*", re.IGNORECASE
)
_DEFINITION = lazy_pattern(r"^([^\n:]{1,60})\n:[ \t]+", re.MULTILINE)
_HEADING = lazy_pattern(r"^#{1,6}[ \t]", re.MULTILINE)


def looks_like(doc: SourceDocument) -> bool:
    """Whether names are bold, or times tell that it is a transcript and signs that it is Markdown."""
    if doc.root_element or not _has_sign(doc.head):
        return False
    if _has_bold_names(doc.head) or plain_text.looks_like(doc):
        return True
    return doc.head[:1] not in "{[" and _has_bold_names(doc.text[:HEAD_CHARACTERS])


def _has_sign(head: str) -> bool:
    if head.startswith("---") or ("-" in head and "\n---" in head):
        return True
    if ("*" in head and "**" in head) or ("]" in head and "](" in head) or ("_" in head and "__" in head):
        return True
    return "#" in head and _HEADING.search(head) is not None


def _has_bold_names(text: str) -> bool:
    """Whether more than one line begins in bold."""
    if not (("*" in text and "**" in text) or ("_" in text and "__" in text)):
        return False
    return len(list(islice(filter(None, map(match_bold, text.split("\n"))), 2))) > 1


def match_bold(line: str) -> re.Match[str] | None:
    """_BOLD at the beginning of a line; most lines show by their first character that they have none."""
    if not line or not (line[0] in _BEGINS_BOLD or line[0].isdecimal()) or ("**" not in line and "__" not in line):
        return None
    return _BOLD.match(line)


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
    if "*" in text and "**" in text:
        has_dashes = _DASHES.search(text, 0, HEAD_CHARACTERS) is not None
        if has_dashes and _DASHED.search(text, 0, HEAD_CHARACTERS) and len(_DASHED.findall(text)) > 2:
            text = _DASHED.sub(r"\1: ", text)
        if "：" in text or any(sign.search(text) for sign in _GLUED):
            text = _TIGHT.sub(lambda m: f"{m[1]}:** " if m["in"] else f"{m[1]}**: ", text)
    has_links = "]" in text and "](" in text
    text, names = unmark_names(plain_text.unlink_times(text) if has_links else text)
    if has_links:
        text = _LINK.sub(r"\1", text)
    has_headings = "# " in head
    text = "\n".join([strip_mark(line, has_headings=has_headings) for line in text.split("\n")])
    if "*" in text or "_" in text:
        text = strip_emphasis(text)
        text = _INNER_BOLD.sub(r"\1", text) if "*" in text and "**" in text else text
    if "\\" in text:
        text = _ESCAPE.sub(r"\1", text)
    columns = plain_text.read_paragraphs(unescape(text), names)
    columns.title = _LINK.sub(r"\1", title)
    columns.notes[:0] = notes
    return columns


def strip_emphasis(text: str) -> str:
    """The text without the stars and underscores around words."""
    return _EMPHASIS.sub(lambda m: m[2], text)


def strip_mark(line: str, *, has_headings: bool) -> str:
    """The line without what makes it a heading, a quotation, a ruler or an item of a list."""
    if not line or not (line[0] in _BEGINS_MARK or line[0].isdecimal()):
        return line
    if has_headings and line[0] == "#" and _TRANSCRIPT_HEADING.fullmatch(line):
        return ""
    return line[m.end() :] if (m := _LINE.match(line)) else line


def unmark_names(text: str) -> tuple[str, set[str] | None]:
    """The text with **Ann:** as Ann:, and the names that are marked so; None when none of them recurs."""
    lines = text.split("\n")
    matches = {i: m for i, line in enumerate(lines) if (m := match_bold(line)) is not None}
    bold = {i: (m[1], m[2], m[3], m[4]) for i, m in matches.items()}
    found = Counter(bold.values())
    counts: Counter[tuple[str, bool]] = Counter()
    for (_, starred, underlined, colon), n in found.items():
        inner = starred or underlined or ""
        counts[_bare_name(inner), bool(colon) or _has_colon(inner)] += n
    words = {groups: _unmark(groups, counts) for groups in found}
    for i, m in matches.items():
        lines[i] = f"{words[bold[i]]}{lines[i][m.end() :]}"
    text = "\n".join(lines)
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
