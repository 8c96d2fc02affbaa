"""FORMATS: which parser reads which transcript. The content decides; the declared type only breaks a tie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from podwatch.errors import TranscriptError
from podwatch.transcripts.formats import (
    html_page as webpage,
)
from podwatch.transcripts.formats import (
    json_segments as listed,
)
from podwatch.transcripts.formats import (
    markdown,
    ttml,
    youtube,
)
from podwatch.transcripts.formats import (
    plain_text as plain,
)
from podwatch.transcripts.formats import (
    speech_services as recognisers,
)
from podwatch.transcripts.formats import (
    subtitles as cues,
)
from podwatch.transcripts.formats import (
    transcript_site as page,
)
from podwatch.transcripts.formats import (
    tsv as table,
)
from podwatch.transcripts.formats.segment_columns import Columns, clean_columns
from podwatch.transcripts.formats.source_document import MAX_BYTES, SourceDocument, decode_text

__all__ = ["FORMATS", "MAX_BYTES", "Columns", "Format", "media_type_rank", "parse_transcript"]


@dataclass(frozen=True, slots=True)
class Format:
    """A transcript format. looks_like: whether a document can be of this format by what it holds.

    free: anything might be it, so that the declared type alone is enough.
    """

    name: str
    media_types: tuple[str, ...]
    endings: tuple[str, ...]
    looks_like: Callable[[SourceDocument], bool]
    parse: Callable[[SourceDocument], Columns]
    fits_any_text: bool = False


_JSON = ("application/json",)
_VTT = ("text/vtt", "application/vtt", "text/webvtt", "application/x-vtt")
_SRT = ("application/srt", "application/x-subrip", "text/srt", "text/x-subrip", "application/x-srt", "text/x-srt")
_HTML = ("text/html", "application/xhtml+xml")
_TTML = ("application/ttml+xml", "application/x-ttml", "text/ttml", "application/ttml")
_XML = ("application/xml", "text/xml")

# In the order of preference when a feed offers several: those with the finest times first. Where the content fits two
# (cues without a header are WebVTT or SubRip), the declared type chooses, and the first when it names neither.
FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        f.name: f
        for f in (
            Format("podcast-json", _JSON, (".json",), listed.looks_like_podcast, listed.parse),
            Format("youtube-json3", _JSON, (".json3", ".json"), youtube.looks_like_json3, youtube.parse_json3),
            Format("deepgram", _JSON, (".json",), recognisers.looks_like_deepgram, recognisers.parse_deepgram),
            Format("assemblyai", _JSON, (".json",), recognisers.looks_like_assemblyai, recognisers.parse_assemblyai),
            Format("google-speech", _JSON, (".json",), recognisers.looks_like_google, recognisers.parse_google),
            Format("whisper", _JSON, (".json",), listed.looks_like_whisper, listed.parse),
            Format("json", _JSON, (".json",), listed.looks_like_list, listed.parse),
            Format("srt", _SRT, (".srt",), cues.looks_like_srt, cues.parse),
            Format("vtt", _VTT, (".vtt",), cues.looks_like_vtt, cues.parse),
            Format("ttml", _TTML, (".ttml", ".dfxp"), ttml.looks_like, ttml.parse),
            Format("youtube-xml", _XML, (".srv1", ".srv3", ".xml"), youtube.looks_like_srv, youtube.parse_srv),
            Format("speech-xml", _XML, (".xml",), ttml.looks_like_speech, ttml.parse_speech),
            Format("sbv", ("text/sbv",), (".sbv",), cues.looks_like_sbv, cues.parse_sbv),
            Format("tsv", ("text/tab-separated-values",), (".tsv",), table.looks_like, table.parse),
            Format("page", (), (), page.looks_like, page.parse),
            Format("html", _HTML, (".html", ".htm"), webpage.looks_like, webpage.parse),
            Format(
                "markdown",
                ("text/markdown",),
                (".md", ".markdown"),
                markdown.looks_like,
                markdown.parse,
                fits_any_text=True,
            ),
            Format("plain", ("text/plain",), (".txt", ".text"), plain.looks_like, plain.parse, fits_any_text=True),
        )
    }
)


def media_type_rank(media_type: str) -> int:
    """The rank of a declared media type: lower is better, types nobody knows come last."""
    media_type = media_type.partition(";")[0].strip().lower()
    for rank, f in enumerate(FORMATS.values()):
        if media_type in f.media_types:
            return rank
    return len(FORMATS)


def parse_transcript(
    data: bytes, media_type: str = "", name: str = "", *, limit: int = MAX_BYTES
) -> tuple[str, Columns]:
    """(format name, columns) of a transcript document; raises TranscriptError when there is nothing to read in it.

    media_type, name: what the server and the address say; about one feed in 25 says it wrong.
    limit: how many bytes are read at most.
    """
    doc = SourceDocument(decode_text(data, limit), media_type, name)
    f = choose_format(doc)
    columns = f.parse(doc)
    if doc.needs_cleaning:
        clean_columns(columns)
    columns.check()
    return f.name, columns


_GENERAL = ("json", "html", "plain")  # which fit what others fit better


def choose_format(doc: SourceDocument) -> Format:
    """The format that the content fits; among several the declared one; none fits: the declared one when it is free."""
    declared = [f for f in FORMATS.values() if doc.media_type in f.media_types]
    declared += [f for f in FORMATS.values() if doc.name.endswith(f.endings or ("\0",))]
    for general in (False, True):
        fits = [f for f in FORMATS.values() if (f.name in _GENERAL) is general and f.looks_like(doc)]
        if fits:
            return next((f for f in declared if f in fits), fits[0])
    for f in declared:
        if f.fits_any_text and not doc.root_element and doc.json is None:
            return f
    if doc.json is not None:
        raise TranscriptError("is JSON, but holds no segments")
    if doc.root_element:
        raise TranscriptError(f"is markup ({doc.root_element[:40]}), but no transcript")
    said = _describe_declaration(doc)
    raise TranscriptError(f"is in no known transcript format ({said})")


def _describe_declaration(doc: SourceDocument) -> str:
    return f"declared as {doc.media_type[:80]}" if doc.media_type else "no type declared"
