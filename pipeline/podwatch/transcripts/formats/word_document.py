"""The text of a .docx, as Teams and Otter export transcripts: a paragraph a line, which is then read as plain text.

Of the archive only word/document.xml is unpacked, up to a limit, and split as all markup here. python-docx builds a
tree of the whole document with lxml, which costs many times the memory of its words, for what two tags tell.
"""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO

from podwatch.errors import TranscriptError
from podwatch.transcripts.formats.markup import split_tags, unescape

ZIP = b"PK\x03\x04"
_CONTENT = "word/document.xml"
_BREAKS = {"/w:p": "\n", "w:br": "\n", "w:br/": "\n", "w:cr/": "\n", "w:tab": "\t", "w:tab/": "\t"}


def read_word_document(data: bytes, limit: int) -> str:
    """The text; raises TranscriptError for another archive, and for one that unpacks to more than ``limit`` bytes."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive, archive.open(_CONTENT) as file:
            content = file.read(limit + 1)
    except (KeyError, EOFError, OSError, RuntimeError, NotImplementedError, ValueError, zipfile.BadZipFile, zlib.error):
        raise TranscriptError("is a zip file, not text") from None
    if len(content) > limit:
        raise TranscriptError(f"unpacks to more than {limit:,} bytes")
    parts: list[str] = []
    tags = split_tags(content.decode("utf-8-sig", "replace"))
    for tag, text in zip(tags[1::3], tags[3::3], strict=True):
        if tag == "w:t":
            parts.append(unescape(text))
        elif tag in _BREAKS:
            parts.append(_BREAKS[tag])
    return "".join(parts)
