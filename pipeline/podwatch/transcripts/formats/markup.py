"""Splits HTML and XML into tags and text, one flat list: what every transcript in markup needs, and no more.

There is no parser of XML or HTML behind it, on purpose. Entities other than characters are not expanded, nothing is
loaded, nothing nests, so that neither a billion laughs nor a million open tags cost more than their bytes; and a file
that is cut off gives what is there. lxml stops at 10 MB of text and 256 levels unless it is told to trust the file.
"""

from __future__ import annotations

import html
import re

from podwatch.errors import TranscriptError
from podwatch.lazy_patterns import lazy_pattern

MAX_TAGS = 3_000_000
_TAG = lazy_pattern(r"<(/?[A-Za-z][^\s<>/]*)([^<>]*)>")
_ATTRIBUTE = lazy_pattern(r"""([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_REFERENCE = lazy_pattern(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_BREAK = lazy_pattern(r"</?(?:br|p|div)(?:[ \t\n][^<>]{0,200})?[ \t]?/?>", re.IGNORECASE)
_FORMATTING = lazy_pattern(
    r"</?(?:i|b|u|s|em|strong|font|span|c|v|lang|ruby|rt|sub|sup|a)(?:[. \t\n][^<>]{0,300})?>", re.IGNORECASE
)
_ROOT = lazy_pattern(r"<([A-Za-z][^\s<>/]*)")
_NO_TEXT = (("<!--", "-->"), ("<?", "?>"), ("<!DOCTYPE", ">"), ("<!doctype", ">"))


def split_tags(text: str) -> list[str]:
    """[text, tag, attributes, text, tag, attributes, ..., text]; an end tag begins with /."""
    if text.count("<") > MAX_TAGS:
        raise TranscriptError(f"holds more than {MAX_TAGS:,} tags")
    for opening, closing in _NO_TEXT:
        text = remove_between(text, opening, closing)
    if "<![CDATA[" in text:
        text = _escape_cdata(text)
    return _TAG.split(text)


def remove_between(text: str, opening: str, closing: str) -> str:
    """The text without each stretch from ``opening`` to ``closing``; an opening that is never closed stays."""
    at = text.find(opening)
    if at < 0:
        return text
    kept, after = [], 0
    while at >= 0:
        end = text.find(closing, at + len(opening))
        if end < 0:
            break
        kept.append(text[after:at])
        after = end + len(closing)
        at = text.find(opening, after)
    kept.append(text[after:])
    return "".join(kept)


def _escape_cdata(text: str) -> str:
    before, *sections = text.split("<![CDATA[")
    out = [before]
    for section in sections:
        content, _, rest = section.partition("]]>")
        out += (html.escape(content), rest)
    return "".join(out)


def attribute(attributes: str, name: str) -> str:
    """The value of an attribute, "" when it is not there; a name without a prefix finds it under any prefix."""
    at = attributes.find(name)
    while at >= 0:
        m = _ATTRIBUTE.match(attributes, at)
        if m is not None and m[1] == name and (at == 0 or attributes[at - 1] in ' \t\r\n:"'):
            return unescape(m[2] if m[2] is not None else m[3])
        at = attributes.find(name, at + 1)
    return ""


def class_names(attributes: str) -> list[str]:
    return attribute(attributes, "class").split() if "class" in attributes else []


def unescape(text: str) -> str:
    """The text with its character references replaced by their characters."""
    return html.unescape(text) if "&" in text else text


def unescape_terminated(text: str) -> str:
    """unescape for text that is no markup otherwise: only what ends with a semicolon, and once more where it was
    escaped twice, as YouTube does: AT&amp;T, O&amp;#39;Brien, but R&notes as it is."""
    if "&" not in text:
        return text
    text = _REFERENCE.sub(lambda m: html.unescape(m[0]), text)
    return _REFERENCE.sub(lambda m: html.unescape(m[0]), text) if "&" in text else text


def strip_markup(text: str) -> str:
    """Words without the tags of captions (i, b, u, font, c, v, lang, ruby), a line break as a blank, and unescaped."""
    if "<" in text:
        text = _FORMATTING.sub("", _BREAK.sub(" ", text))
    return unescape_terminated(text)


def root_name(text: str) -> str:
    """The name of the first element, without prefix, in lower case; "" when the text is no markup."""
    if not text.lstrip("\ufeff \t\r\n").startswith("<"):
        return ""
    m = _ROOT.search(remove_between(remove_between(text, "<!--", "-->"), "<?", "?>"))
    return m[1].rpartition(":")[2].lower() if m else ""
