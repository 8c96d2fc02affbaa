"""Markdown: edited transcripts with **Name:** before the words, as kept in repositories and written by notebooks.

Source: CommonMark, as far as it matters here: front matter, emphasis, links, headings and escapes become plain words,
and what is left is read as plain text.
"""

from __future__ import annotations

import re

from podwatch.transcripts.formats import plain_text as plain
from podwatch.transcripts.formats.segment_columns import Columns
from podwatch.transcripts.formats.source_document import SourceDocument

_SPOKEN = re.compile(r"^(?:[-*>][ \t]+)?(\*\*|__)([^*_\n]{1,60}?):?[ \t]*\1:?(?=[ \t\n]|$)", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]\n]{0,500})\]\((?:[^()\s]|\([^()\s]{0,200}\)){0,2000}(?:[ \t]\"[^\"\n]{0,200}\")?\)")
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3}|_{1,3})(?=[^\s*_])([^*_\n]{1,500}?)(?<=\S)\1(?![\w*])")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!<>|~])")
_LINE = re.compile(
    r"^[ \t]{0,3}(?:#{1,6}[ \t]+|>[ \t]?|(?:[-*_][ \t]*){3,100}$|[-*+][ \t]+|\d{1,3}\.[ \t]+(?=\*\*))", re.MULTILINE
)
_TITLE = re.compile(r"^title:[ \t]*['\"]?(.{1,300}?)['\"]?[ \t]*$", re.MULTILINE)


def looks_like(doc: SourceDocument) -> bool:
    return not doc.root_element and len(_SPOKEN.findall(doc.head)) > 1


def parse(doc: SourceDocument) -> Columns:
    text, title = doc.text.lstrip("\ufeff\n"), ""
    if text.startswith("---\n") and (end := text.find("\n---", 4)) > 0:
        found = _TITLE.search(text[:end])
        title = found[1] if found else ""
        text = text[end + 4 :].partition("\n")[2]
    names: set[str] = set()

    def spoken(m: re.Match[str]) -> str:
        names.add(m[2])
        return f"{m[2]}:"

    text = _SPOKEN.sub(spoken, text)
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    text = _LINE.sub("", text)
    if "*" in text or "_" in text:
        text = _EMPHASIS.sub(r"\2", text)
    if "\\" in text:
        text = _ESCAPE.sub(r"\1", text)
    columns = plain.read_paragraphs(text, names)
    columns.title = title
    return columns
