"""Markdown: edited transcripts with **Name:** before the words, as repositories and notebooks hold them.

Source: CommonMark, as far as transcripts use it: front matter, emphasis, links, headings and escapes become words,
and the result is read as plain text.
"""

from __future__ import annotations

import re

from podwatch.transcripts.formats.plain_text import read_paragraphs
from podwatch.transcripts.formats.segment_columns import Columns
from podwatch.transcripts.formats.source_document import SourceDocument

_SPEAKER = re.compile(r"^(?:[-*>][ \t]+)?(\*\*|__)([^*_\n]{1,60}?):?[ \t]*\1:?(?=[ \t\n]|$)", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]\n]{0,500})\]\((?:[^()\s]|\([^()\s]{0,200}\)){0,2000}(?:[ \t]\"[^\"\n]{0,200}\")?\)")
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3}|_{1,3})(?=[^\s*_])([^*_\n]{1,500}?)(?<=\S)\1(?![\w*])")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!<>|~])")
_LINE = re.compile(
    r"^[ \t]{0,3}(?:#{1,6}[ \t]+|>[ \t]?|(?:[-*_][ \t]*){3,100}$|[-*+][ \t]+|\d{1,3}\.[ \t]+(?=\*\*))", re.MULTILINE
)
_TITLE = re.compile(r"^title:[ \t]*['\"]?(.{1,300}?)['\"]?[ \t]*$", re.MULTILINE)


def looks_like(doc: SourceDocument) -> bool:
    return not doc.root_element and len(_SPEAKER.findall(doc.head)) > 1


def parse(doc: SourceDocument) -> Columns:
    text, title = doc.text.lstrip("\ufeff\n"), ""
    if text.startswith("---\n") and (end := text.find("\n---", 4)) > 0:
        m = _TITLE.search(text[:end])
        title = m[1] if m else ""
        text = text[end + 4 :].partition("\n")[2]
    names: set[str] = set()

    def record_name(m: re.Match[str]) -> str:
        names.add(m[2])
        return f"{m[2]}:"

    text = _SPEAKER.sub(record_name, text)
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    text = _LINE.sub("", text)
    if "*" in text or "_" in text:
        text = _EMPHASIS.sub(r"\2", text)
    if "\\" in text:
        text = _ESCAPE.sub(r"\1", text)
    columns = read_paragraphs(text, names)
    columns.title = title
    return columns
