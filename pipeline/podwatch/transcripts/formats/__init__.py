"""FORMATS: the parsers of transcripts. The content decides which one reads a document; the type breaks ties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from podwatch.errors import TranscriptError
from podwatch.transcripts.formats import (
    delimited_tables,
    html_page,
    json_segments,
    lrc,
    markdown,
    plain_text,
    sami,
    speech_services,
    sub_station,
    subtitles,
    transcript_site,
    ttml,
    youtube,
)
from podwatch.transcripts.formats.recognisers import RECOGNISERS, Recogniser
from podwatch.transcripts.formats.rolling_captions import cut_loops
from podwatch.transcripts.formats.segment_columns import Columns, clean_columns
from podwatch.transcripts.formats.source_document import SourceDocument
from podwatch.transcripts.formats.text_encoding import MAX_BYTES, declared_codec, decode_text
from podwatch.transcripts.formats.word_document import ZIP, read_word_document

__all__ = ["FORMATS", "MAX_BYTES", "Columns", "Format", "media_type_rank", "parse_transcript"]


@dataclass(frozen=True, slots=True)
class Format:
    """A transcript format.

    looks_like: whether the content of a document can be of this format. fits_any_text: any text can be, so that the
    declared type alone is enough.
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
_MD = ("text/markdown",)


def _json_format(r: Recogniser) -> Format:
    return Format(r.name, _JSON, (".json",), lambda doc: r.looks_like(doc.json), lambda doc: r.parse(doc.json))


_ALL = (
    Format("podcast-json", _JSON, (".json",), json_segments.looks_like_podcast, json_segments.parse),
    Format("youtube-json3", _JSON, (".json3", ".json"), youtube.looks_like_json3, youtube.parse_json3),
    Format("deepgram", _JSON, (".json",), speech_services.looks_like_deepgram, speech_services.parse_deepgram),
    Format("assemblyai", _JSON, (".json",), speech_services.looks_like_assemblyai, speech_services.parse_assemblyai),
    *(_json_format(r) for r in RECOGNISERS),
    Format("whisper", _JSON, (".json",), json_segments.looks_like_whisper, json_segments.parse),
    Format("json", _JSON, (".json", ".jsonl", ".ndjson"), json_segments.looks_like_list, json_segments.parse),
    Format("srt", _SRT, (".srt",), subtitles.looks_like_srt, subtitles.parse),
    Format("vtt", _VTT, (".vtt",), subtitles.looks_like_vtt, subtitles.parse),
    Format("ttml", _TTML, (".ttml", ".dfxp"), ttml.looks_like, ttml.parse),
    Format("youtube-xml", _XML, (".srv1", ".srv2", ".srv3", ".xml"), youtube.looks_like_srv, youtube.parse_srv),
    Format("speech-xml", _XML, (".xml",), ttml.looks_like_speech, ttml.parse_speech),
    Format("ass", ("text/x-ssa", "text/x-ass"), (".ass", ".ssa"), sub_station.looks_like, sub_station.parse),
    Format("sami", ("application/x-sami",), (".smi", ".sami"), sami.looks_like, sami.parse),
    Format("lrc", ("application/x-lrc", "text/x-lrc"), (".lrc",), lrc.looks_like, lrc.parse),
    Format("sbv", ("text/sbv",), (".sbv",), subtitles.looks_like_sbv, subtitles.parse_sbv),
    Format(
        "tsv",
        ("text/tab-separated-values", "text/csv"),
        (".tsv", ".csv"),
        delimited_tables.looks_like,
        delimited_tables.parse,
    ),
    Format("page", (), (), transcript_site.looks_like, transcript_site.parse),
    Format("html", _HTML, (".html", ".htm"), html_page.looks_like, html_page.parse),
    Format("markdown", _MD, (".md", ".markdown"), markdown.looks_like, markdown.parse, fits_any_text=True),
    Format("plain", ("text/plain",), (".txt", ".text"), plain_text.looks_like, plain_text.parse, fits_any_text=True),
)
# In the order of preference when a feed offers several: those with the finest times first. Where the content fits two
# (cues without a header are WebVTT or SubRip), the declared type chooses, and the first when it names neither.
FORMATS: Mapping[str, Format] = MappingProxyType({f.name: f for f in _ALL})
_NO_JSON = tuple(f for f in _ALL if f.media_types != _JSON)  # what a document can be that is no JSON
_GENERAL = ("json", "html", "plain")  # also fit what other formats fit better


def media_type_rank(media_type: str) -> int:
    """The rank of a declared media type: lower is better; unknown types come last."""
    media_type = media_type.partition(";")[0].strip().lower()
    return next((rank for rank, f in enumerate(_ALL) if media_type in f.media_types), len(_ALL))


def parse_transcript(
    data: bytes, media_type: str = "", name: str = "", *, limit: int = MAX_BYTES, language: str = ""
) -> tuple[str, Columns]:
    """(format name, columns) of a transcript document; raises TranscriptError when there is nothing to read in it.

    media_type: as the server declares it, which about one feed in 25 does wrongly; its charset counts where the bytes
    are no UTF-8. name: the file's name or address.
    limit: bytes that a document may have. language: what the feed says; a guess of the encoding goes by it.
    """
    if data.startswith(ZIP) and len(data) <= limit:
        data, media_type, name = read_word_document(data, limit).encode(), "text/plain", ""
    decoded = decode_text(data, declared_codec(media_type), limit, language)
    doc = SourceDocument(decoded.text, media_type, name)
    chosen = choose_format(doc)
    columns = chosen.parse(doc)
    columns.notes.insert(0, f"format {chosen.name}: {doc.choice}")
    cut_loops(columns)
    if doc.needs_cleaning:
        clean_columns(columns)
    columns.check()
    columns.charset, columns.is_charset_guessed = decoded.charset, decoded.is_guess
    return chosen.name, columns


def choose_format(doc: SourceDocument) -> Format:
    """The format that the content fits, the declared one among several; if none, a declared one that fits any text.

    Raises TranscriptError when there is neither.
    """
    declared = [f for f in _ALL if doc.media_type in f.media_types]
    declared += [f for f in _ALL if doc.name.endswith(f.endings or ("\0",))]
    candidates = _ALL if doc.json is not None else _NO_JSON
    for is_general in (False, True):
        fits = [f for f in candidates if (f.name in _GENERAL) is is_general and f.looks_like(doc)]
        if fits:
            chosen = next((f for f in declared if f in fits), fits[0])
            doc.choice = "the content fits it" + (", as its type or its name says" if chosen in declared else "")
            return chosen
    for f in declared:
        if f.fits_any_text and not doc.root_element and doc.json is None:
            doc.choice = "its type or its name says so, and any text can be that"
            return f
    if doc.json is not None:
        raise TranscriptError("is JSON, but holds no segments")
    if doc.root_element:
        raise TranscriptError(f"is markup ({doc.root_element[:40]}), but no transcript")
    declaration = f"declared as {doc.media_type[:80]}" if doc.media_type else "no type declared"
    raise TranscriptError(f"is in no known transcript format ({declaration})")
