"""Mends what feeds commonly get wrong in their bytes, so that one slip does not garble a document or what stands in it.

What ``repair_document`` does to an item depends on nothing outside of it, so that an item reads the same in a part of
the document and in the whole. Which encoding a document has is decided on the whole, by ``mend_encoding``. Both take
time linear in the bytes, whoever wrote them.
"""

from __future__ import annotations

import codecs
import re
from html.entities import html5

_CHARSET = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([\w.:-]{1,40})[\"']", re.IGNORECASE)
# No reference of XML (1.0, 4.1), with the name of another entity if it is one; and a < that begins nothing (2.4).
_SLIP = re.compile(
    rb"&(?!#[0-9]{1,40};|#x[0-9a-fA-F]{1,40};|(?:amp|lt|gt|quot|apos);)(?:([A-Za-z][A-Za-z0-9._-]{1,60});)?"
    rb"|<(?![A-Za-z_:/!?\x80-\xff])"
)
_CONTROL = bytes({*range(32)} - {9, 10, 13})  # XML has none of them (1.0, 2.2)
_ENTITY = re.compile(
    rb"<!ENTITY\s{1,9}([A-Za-z][A-Za-z0-9._-]{1,60})\s{1,9}(?:\"([^\"&<%]{0,100})\"|'([^'&<%]{0,100})')?"
)
_BEGIN = re.compile(rb"<\?xml(?=\s)|<(?:rss|feed|rdf:RDF)(?=[\s>])")
_SECTION = re.compile(rb"<!\[CDATA\[|<!--|<!DOCTYPE|<\?")
_SECTION_END = {b"<![CDATA[": b"]]>", b"<!--": b"-->", b"<!DOCTYPE": b">", b"<?": b"?>"}
_HTML = {name[:-1].encode(): "".join(f"&#{ord(c)};" for c in text).encode() for name, text in html5.items()}
_CUT = re.compile(rb"[\xe1-\xef][\x80-\xbf](?![\x80-\xbf])|[\xf1-\xf3][\x80-\xbf]{1,2}(?![\x80-\xbf])")
_HIGH = bytes(range(128, 256))
_PIECE = 1 << 16  # bytes decoded at once


def repair_document(data: bytes) -> bytes:
    """The document with bare & and < escaped, HTML's entities as references to characters, and no control characters.

    CDATA sections, comments and the DOCTYPE keep their & and <. What entities the document itself declares as a few
    words become these, since feedparser does not know them all. A document in whose encoding these bytes may mean
    something else is left alone (UTF-16, ISO-2022-JP).
    """
    if b"\x1b" in data or b"\0" in data[:4] or data.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)):
        return data
    data = data.translate(None, _CONTROL)
    if _SLIP.search(data) is None:
        return data
    known = dict(_HTML)
    if b"<!ENTITY" in data:
        for name, double, single in _ENTITY.findall(data, 0, 100_000):
            known[name] = double or single or b"&" + name + b";"  # what is more than a few words is the parser's affair

    def mend(slip: re.Match[bytes]) -> bytes:
        name = slip[1]
        if name is None:
            return b"&amp;" if slip[0] == b"&" else b"&lt;"
        return known.get(name) or b"&amp;" + slip[0][1:]

    parts: list[bytes] = []
    at = 0
    while section := _SECTION.search(data, at):
        parts.append(_SLIP.sub(mend, data[at : section.start()]))
        at = _section_end(data, section)
        parts.append(data[section.start() : at])
    parts.append(_SLIP.sub(mend, data[at:]))
    return b"".join(parts)


def cut_junk_before(body: bytes) -> bytes:
    """The document from where it begins: blank lines, or what a server's program complains of, may stand before.

    feedparser would read a well-formed feed as an ill-formed one. A web page is left as it is.
    """
    found = _BEGIN.search(body, 0, 10_000)
    if found is None or found.start() == 0 or body[: found.start()] == codecs.BOM_UTF8:
        return body
    before = body[: found.start()].removeprefix(codecs.BOM_UTF8).strip().lower()
    if not before and found[0] != b"<?xml":
        return body  # blanks, which may stand before what is no declaration
    is_page = before.startswith((b"<!doctype html", b"<html", b"<body"))
    is_prolog = found[0] != b"<?xml" and before.startswith(b"<!")  # a comment or a DOCTYPE
    return body if is_page or is_prolog else body[found.start() :]


def _section_end(data: bytes, section: re.Match[bytes]) -> int:
    closer = _SECTION_END[section[0]]
    end = data.find(closer, section.end())
    if section[0] == b"<!DOCTYPE" and data.find(b"[", section.end(), max(end, 0)) >= 0:
        closer = b"]>"
        end = data.find(closer, section.end())
    return len(data) if end < 0 else end + len(closer)


def mend_encoding(body: bytes, content_type: str) -> tuple[bytes, str]:
    """(the body with U+FFFD for each sequence that is no UTF-8, the Content-Type to read it by), of a whole document.

    Only where the document, or else its Content-Type, names UTF-8 or nothing, and where what is UTF-8 outweighs what is
    not, counted in sequences beyond ASCII. Otherwise the name is wrong, and the parser looks for the encoding. A
    document that says so itself and is UTF-8 is read as that, whatever charset its server gives to all that it sends.
    """
    if body.isascii() or body.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)) or b"\0" in body[:4]:
        return body, content_type
    charset = _CHARSET.search(content_type)
    named = declared_encoding(body) or (charset[1] if charset else "utf-8")
    if _codec_name(named) not in ("utf-8", "ascii"):
        return body, content_type
    if not is_utf8(body):
        mended = _replace_non_utf8(body)
        if mended is None:
            return body, content_type
        body = mended
    if charset and _codec_name(charset[1]) != "utf-8":
        content_type = content_type.partition(";")[0]
    return body, content_type


def declared_encoding(body: bytes) -> str:
    """What an XML declaration says; "" without one."""
    found = _DECLARED.search(body, 0, 1000)
    return found[1].decode() if found else ""


def _codec_name(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return ""


def is_utf8(body: bytes) -> bool:
    view, at = memoryview(body), 0
    try:
        while at < len(body):
            is_last = at + _PIECE >= len(body)
            at += codecs.utf_8_decode(view[at : at + _PIECE], "strict", is_last)[1]
    except UnicodeDecodeError:
        return False
    return True


def _replace_non_utf8(body: bytes) -> bytes | None:
    """The body with U+FFFD for what is no UTF-8; None when that outweighs what is."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    parts, view, bad, characters = list[bytes](), memoryview(body), 0, 0
    for at in range(0, len(body), _PIECE):
        text = decoder.decode(view[at : at + _PIECE], at + _PIECE >= len(body))
        characters += len(text)
        bad += text.count("\ufffd")
        parts.append(text.encode())
    bad -= body.count("\ufffd".encode())
    good = characters - len(body.translate(None, _HIGH)) - bad
    cut = sum(1 for _ in _CUT.finditer(body))  # a sequence that lost its end was UTF-8, too
    return b"".join(parts) if 0 < good + cut >= bad - cut else None
