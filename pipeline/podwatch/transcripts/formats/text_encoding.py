"""Decodes the bytes of a document: what they show beats what is declared of them, and that beats a guess.

In this order: a byte order mark; UTF-16 without one, by its zeros; UTF-8, when the bytes are valid; the charset that
the server declares; the one that the document declares (XML, HTML); a guess (charset_detection.py). Servers declare
ISO-8859-1 for whatever they have, so that this one holds only where a guess finds no other script.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from podwatch.errors import TranscriptError
from podwatch.transcripts.formats.charset_detection import guess_encoding

MAX_BYTES = 64 * 1024 * 1024
HEAD_BYTES = 4096
_BINARY = {b"%PDF": "a PDF file", b"PK\x03\x04": "a zip file", b"\x1f\x8b": "a gzip file", b"ID3": "an audio file"}
_CONTROL = bytes(c for c in range(32) if c not in b"\t\n\r\f\v\x1b\0") + b"\x7f"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_DECLARED = re.compile(rb"""\b(?:charset|encoding)\s*=\s*["']?([A-Za-z0-9_:.\-]{2,30})""", re.IGNORECASE)
_MARKUP = re.compile(rb"\s*<")
_ISO_2022 = re.compile(rb"\x1b\$[@B]")
# The names of the Encoding Standard (WHATWG) that are still met -> Python's codec, the larger one where a name is used
# for what is beyond it, too. No others are looked up: Python has codecs that are no encodings of text.
_CODECS = {
    "utf8": "utf-8", "utf16": "utf-16-le", "utf16le": "utf-16-le", "utf16be": "utf-16-be", "unicode": "utf-16-le",
    "ascii": "cp1252", "usascii": "cp1252", "latin1": "cp1252", "iso88591": "cp1252", "iso885915": "iso8859_15",
    "iso88592": "iso8859_2", "latin2": "iso8859_2", "iso88593": "iso8859_3", "iso88594": "iso8859_4",
    "iso88595": "iso8859_5", "iso88596": "iso8859_6", "iso88597": "iso8859_7", "iso88598": "iso8859_8",
    "iso88598i": "iso8859_8", "iso88599": "cp1254", "latin5": "cp1254", "iso885910": "iso8859_10",
    "iso885911": "cp874", "iso885913": "iso8859_13", "iso885914": "iso8859_14", "iso885916": "iso8859_16",
    "windows874": "cp874", "tis620": "cp874", "koi8r": "koi8_r", "koi8": "koi8_r", "koi8u": "koi8_u",
    "ibm866": "cp866", "cp866": "cp866", "macintosh": "mac_roman", "xmaccyrillic": "mac_cyrillic",
    "gbk": "gb18030", "gb2312": "gb18030", "gb18030": "gb18030", "xgbk": "gb18030", "cp936": "gb18030",
    "windows936": "gb18030", "euccn": "gb18030", "big5": "big5hkscs", "big5hkscs": "big5hkscs", "xxbig5": "big5hkscs",
    "cp950": "big5hkscs", "shiftjis": "cp932", "sjis": "cp932", "xsjis": "cp932", "windows31j": "cp932",
    "mskanji": "cp932", "cp932": "cp932", "eucjp": "euc_jp", "xeucjp": "euc_jp", "iso2022jp": "iso2022_jp",
    "euckr": "cp949", "ksc56011987": "cp949", "ksc5601": "cp949", "windows949": "cp949", "uhc": "cp949",
    "cp949": "cp949",
    **{f"{prefix}125{n}": f"cp125{n}" for prefix in ("windows", "cp", "xcp") for n in range(9)},
}  # fmt: skip


class DecodedText(NamedTuple):
    """charset: what it was decoded as, Python's name. is_guess: whether that was guessed, and without confidence."""

    text: str
    charset: str = "utf-8"
    is_guess: bool = False


def codec_of(charset: str) -> str:
    """Python's codec for the name of a charset, "" for one that is not known."""
    return _CODECS.get(re.sub(r"[\s_:\-]", "", charset.strip("\"' ").lower()), "")


def declared_codec(media_type: str) -> str:
    """The codec that the parameter of a media type names: application/x-subrip; charset=gbk."""
    m = re.search(r";\s*charset\s*=\s*([^;]{1,40})", media_type, re.IGNORECASE)
    return codec_of(m[1]) if m else ""


def decode_text(data: bytes, declared: str = "", limit: int = MAX_BYTES, language: str = "") -> DecodedText:
    """The text of the bytes. declared: the codec that the server names; language: that the feed names; "" for none.

    Raises TranscriptError when there are more than ``limit`` bytes, and for what is binary or empty.
    """
    if len(data) > limit:
        raise TranscriptError(f"is larger than {limit:,} bytes")
    for magic, what in _BINARY.items():
        if data.startswith(magic):
            raise TranscriptError(f"is {what}, not text")
    decoded = _decode_wide(data, declared) or _decode_bytes(data, declared, language)
    if "\0" in decoded.text:
        decoded = decoded._replace(text=decoded.text.replace("\0", ""))
    if not decoded.text.strip("\ufeff \t\r\n\f\v"):
        raise TranscriptError("is empty")
    return decoded


def _decode_wide(data: bytes, declared: str) -> DecodedText | None:
    """UTF-16 and UTF-32: by their marks; UTF-16 also where every second byte is zero, or where it is declared."""
    for mark, codec in _MARKS[1:]:
        if data.startswith(mark):
            return DecodedText(data[len(mark) :].decode(codec, "replace"), codec)
    head = data[:HEAD_BYTES]
    if len(head) < 4 or head.count(b"\0") * 40 < len(head):
        return None
    even, odd = head[::2].count(b"\0"), head[1::2].count(b"\0")
    if min(even, odd) * 10 <= max(even, odd):
        codec = "utf-16-le" if odd > even else "utf-16-be"
    elif declared.startswith("utf-16"):
        codec = declared
    else:
        return None
    text = data[: len(data) & ~1].decode(codec, "replace")
    start = text[:HEAD_BYTES]
    return (
        None
        if start.count("\ufffd") * 20 > len(start) or _has_control(start.encode("utf-8", "ignore"))
        else (DecodedText(text, codec))
    )


def _has_control(head: bytes) -> bool:
    return len(head) - len(head.translate(None, _CONTROL)) > len(head) // 50


def _decode_bytes(data: bytes, declared: str, language: str) -> DecodedText:
    head = data[:HEAD_BYTES]
    if b"\0" in head or _has_control(head):
        raise TranscriptError("is not text")
    if b"\x1b" in data and data.isascii() and _ISO_2022.search(data):
        return DecodedText(data.decode("iso2022_jp", "replace"), "iso2022_jp")
    try:
        return DecodedText(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        text = data.decode("utf-8-sig", "replace")
    broken = text.count("\ufffd")
    leads = len(data) - len(data.translate(None, bytes(range(0xC0, 0x100))))
    if leads - broken >= broken or (broken == 1 and text.endswith("\ufffd")):
        return DecodedText(text)  # UTF-8 with a few broken bytes, or cut off within a character
    inner = _DECLARED.search(data[:1024]) if _MARKUP.match(data) else None
    for codec in (declared, codec_of(inner[1].decode()) if inner else ""):
        if codec and not codec.startswith("utf") and _is_text(data, codec):
            other = guess_encoding(data, language) if codec == "cp1252" else None
            if other is None or not other.is_sure or other.encoding in ("cp1252", "cp1250", "cp1254", "cp1257"):
                return DecodedText(data.decode(codec, "replace"), codec)
    guess = guess_encoding(data, language)
    return DecodedText(data.decode(guess.encoding, "replace"), guess.encoding, not guess.is_sure)


def _is_text(data: bytes, codec: str) -> bool:
    """Whether hardly any bytes are wrong in an encoding."""
    text = data.decode(codec, "replace")
    return text.count("\ufffd") * 50 <= len(data)
