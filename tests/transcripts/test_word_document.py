"""A .docx of Teams or Otter is read as the text that it shows; another archive is refused in a line."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from podwatch.errors import TranscriptError
from podwatch.transcripts.formats import parse_transcript


def as_docx(*paragraphs: str, name: str = "word/document.xml") -> bytes:
    """Paragraphs in which \\n is a line break."""
    runs = ["</w:t><w:br/><w:t>".join(p.split("\n")) for p in paragraphs]
    body = "".join(f'<w:p w:rsidR="1"><w:pPr/><w:r><w:t xml:space="preserve">{r}</w:t></w:r></w:p>' for r in runs)
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(name, f'<?xml version="1.0"?><w:document><w:body>{body}</w:body></w:document>')
    return packed.getvalue()


RIGHT = [
    (3.0, "Ann Lee", "We sailed the black sea &c."),
    (9.0, "Bo Wren", "And the grain?"),
    (70.0, "Ann Lee", "It came."),
]
EXPORTS = {
    "Teams": as_docx("Ann Lee   0:03\nWe sailed the black sea &amp;c.", "Bo Wren   0:09\nAnd the grain?", "Ann Lee   1:10\nIt came."),
    "Otter": as_docx("Ann Lee  0:03", "We sailed the black sea &amp;c.", "", "Bo Wren  0:09", "And the grain?", "", "Ann Lee  1:10", "It came."),
}  # fmt: skip


@pytest.mark.parametrize("export", EXPORTS)
def test_times_and_speakers_of_an_export_are_read(export: str) -> None:
    t = parse_transcript(EXPORTS[export], name="x.docx")[1].transcript()
    assert [(s.start, s.speaker, s.text) for s in t.segments()] == RIGHT


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (as_docx("x", name="other.xml"), "is a zip file, not text"),
        (EXPORTS["Teams"][:200], "is a zip file, not text"),
        (b"PK\x03\x04xx", "is a zip file, not text"),
        (as_docx(""), "is empty"),
        (as_docx("a " * 1_000_000), "unpacks to more than 1,000,000 bytes"),
    ],
)
def test_another_archive_and_a_bomb_are_refused(data: bytes, said: str) -> None:
    with pytest.raises(TranscriptError, match=said):
        parse_transcript(data, limit=1_000_000)
