"""HTML transcripts: the podcast namespace's cite, time and p, and pages whose paragraphs have times or speakers.

Source: the transcript chapter of the podcast namespace. Many feeds give a whole web page instead: it is read when its
paragraphs have times, and refused as a web page otherwise, so that no error page ever becomes a transcript.
"""

from __future__ import annotations

import math
import re
from collections import Counter

from podwatch.errors import TranscriptError
from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.line_heads import MAX_MARK_LENGTH, parse_mark
from podwatch.transcripts.formats.markup import remove_between, unescape
from podwatch.transcripts.formats.page_turns import SKIPPED, read_table, read_turns
from podwatch.transcripts.formats.plain_text import MIN_MARKS, read_paragraphs
from podwatch.transcripts.formats.segment_columns import Columns
from podwatch.transcripts.formats.source_document import SourceDocument
from podwatch.transcripts.formats.speaker_names import is_name_alone
from podwatch.transcripts.formats.speaker_prefixes import parse_prefix
from podwatch.transcripts.formats.transcript_part import paragraphs_of_transcript, says_transcript
from podwatch.transcripts.formats.transcript_site import BLOCK_START, has_blocks, read_blocks
from podwatch.transcripts.formats.written_times import may_hold_units, parse_written

ROOTS = {"html", "head", "body", "cite", "time", "p", "div", "article", "section", "main", "span", "h1", "h2", "h3"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
MIN_TURNS = 4
MIN_WORDS_A_MINUTE = 4  # of talk; headings of chapters have fewer
_BLOCKS = {
    "p", "div", "li", "ul", "ol", "tr", "td", "table", "section", "article", "main", "blockquote", "header", "dl",
    "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "body", "html", "figure", "pre",
}  # fmt: skip
_TITLE = lazy_pattern(r"<title[^<>]*>([^<]{0,300})", re.IGNORECASE)


def looks_like(doc: SourceDocument) -> bool:
    return doc.root_element in ROOTS or _has_doctype(doc)


def _has_doctype(doc: SourceDocument) -> bool:
    return doc.head[:14].lower() == "<!doctype html"


def parse(doc: SourceDocument) -> Columns:
    is_page = doc.root_element in ("html", "head", "body") or _has_doctype(doc)
    columns, paragraphs = read_flow(doc.tags)
    if columns and (not is_page or _is_talk(columns)):
        return columns
    if columns:
        _, paragraphs = read_flow(doc.tags, with_marks=False)
    for columns in (read_table(doc.tags), read_turns(doc.text, doc.tags)):
        if columns and not (is_page and _is_list_of_chapters(columns)):
            return columns
    # The page of a transcript site in other HTML than its own: its lines stand between tags, or in a <pre>.
    if BLOCK_START in doc.text and has_blocks(lines := unescape("\n".join(doc.tags[0::3]))):
        return read_blocks(lines)
    title = ""
    if is_page and "<h1" in doc.text.lower():
        title, paragraphs = _without_title(doc, paragraphs)
    columns = read_paragraphs("\n\n".join(paragraphs))
    is_named = len({*columns.speakers} - {None}) > 1 and says_transcript(doc.tags)
    if is_page and not is_named and not _has_turns(paragraphs, columns):
        part = paragraphs_of_transcript(doc.tags) if not _is_filled_by_script(doc, min_words=60) else []
        if not part:
            raise _refusal(doc)
        columns = read_paragraphs("\n\n".join(part))
        columns.notes.append("no turns and no times: the paragraphs of what the page calls its transcript")
    elif not is_page and _is_filled_by_script(doc, min_words=20):
        raise _refusal(doc)
    columns.title = columns.title or title
    return columns


def _without_title(doc: SourceDocument, paragraphs: list[str]) -> tuple[str, list[str]]:
    """The first heading of a page, which is its title and no talk, and the other paragraphs."""
    at = next((i for i in range(1, len(doc.tags), 3) if doc.tags[i].lower() == "h1"), 0)
    end = next((i for i in range(at, len(doc.tags), 3) if doc.tags[i].lower() == "/h1"), 0)
    title = " ".join(unescape(" ".join(doc.tags[at + 2 : end : 3])).split()) if at and end else ""
    first = next((i for i, p in enumerate(paragraphs[:20]) if " ".join(p.split()) == title), None)
    return title, paragraphs if first is None else paragraphs[:first] + paragraphs[first + 1 :]


def _refusal(doc: SourceDocument) -> TranscriptError:
    m = _TITLE.search(remove_between(doc.head, "<!--", "-->"))
    title = " ".join(unescape(m[1]).split())[:80] if m else ""
    what = "is a web page that a script fills" if _is_filled_by_script(doc, min_words=60) else "is a web page"
    return TranscriptError(f"{what}, not a transcript" + (f": {title!r}" if title else ""))


def _is_filled_by_script(doc: SourceDocument, *, min_words: int) -> bool:
    """Whether a page has scripts, and but for its headings and menus hardly a word."""
    words, skip = 0, ""
    has_script = False
    for at in range(1, len(doc.tags), 3):
        tag = doc.tags[at].lower()
        has_script = has_script or tag == "script"
        if skip:
            skip = "" if tag == skip else skip
        elif tag in SKIPPED or tag in _HEADINGS:
            skip = f"/{tag}"
        if not skip:
            words += len(doc.tags[at + 2].split())
    return has_script and words < min_words


def _has_turns(paragraphs: list[str], columns: Columns) -> bool:
    """Whether a page's paragraphs have times, or names before colons that recur, and are no list of chapters."""
    lines = [line.lstrip() for p in paragraphs for line in p.split("\n") if line.strip()]
    marks = (parse_mark(line, has_units=may_hold_units(line[:MAX_MARK_LENGTH])) for line in lines)
    if sum(mark is not None for mark in marks) >= MIN_MARKS:
        return not _is_list_of_chapters(columns)
    names = Counter(name for line in lines if (name := parse_prefix(line)[0]))
    return sum(n > 1 for n in names.values()) > 1 and sum(names.values()) >= MIN_TURNS


def _is_talk(columns: Columns) -> bool:
    """Whether a page's elements of time and cite are those of a transcript, not the date of the page."""
    times = sum(s == s for s in columns.starts)
    speakers = sum(s is not None for s in columns.speakers)
    return (times > 1 or (speakers > 1 and speakers * 2 > len(columns))) and not _is_list_of_chapters(columns)


def _is_list_of_chapters(columns: Columns) -> bool:
    """Whether so few words belong to the times that they are headings."""
    known = [s for s in columns.starts if s == s]
    minutes = (max(known) - min(known)) / 60 if known else 0.0
    words = sum(len(t.split()) for t in columns.texts)
    return len({*columns.speakers} - {None}) < 2 and minutes > 2 and words < MIN_WORDS_A_MINUTE * minutes


def read_flow(tags: list[str], *, with_marks: bool = True) -> tuple[Columns, list[str]]:
    """(segments, []) of a page with cite or time elements, (empty, its paragraphs) of another.

    with_marks: look for these elements.
    """
    columns = Columns()
    paragraphs: list[str] = []
    last_end = {tags[i]: i for i in range(1, len(tags), 3) if tags[i][0] == "/"}
    has_marks = with_marks and ("/cite" in last_end or "/time" in last_end)
    parts, skip = [tags[0]], ""
    start, speaker = math.nan, None
    is_preformatted = False

    def flush() -> str:
        nonlocal parts
        text = unescape("".join(parts)).strip()
        parts = []
        return text

    for at in range(1, len(tags), 3):
        tag, text = tags[at].lower(), tags[at + 2]
        is_preformatted = (is_preformatted or tag == "pre") and tag != "/pre"
        if skip:
            if tag == skip:
                skip = ""
                parts.append(text)
            continue
        if "\n" in text and not is_preformatted:
            text = text.replace("\n", " ")
        if tag in SKIPPED and last_end.get(f"/{tag}", -1) > at:
            skip = f"/{tag}"
        elif has_marks and tag in ("cite", "time", "/cite", "/time"):
            words = flush()
            if tag == "/cite":
                speaker = words.rstrip(" :") or None
                start = math.nan
            elif tag == "/time":
                start = parse_written(words.strip("[]() \t"))
                if start != start and words:  # no time: "yesterday"
                    columns.add(words, start, math.nan, speaker)
            elif tag == "time" and words and is_name_alone(name := words.rstrip(" :-–—|")) and " " in name:
                speaker = name
            elif words:
                columns.add(words, start, math.nan, speaker)
                start = math.nan
            parts.append(text)
        elif tag.lstrip("/") in _BLOCKS:
            words = flush()
            if words and has_marks:
                columns.add(words, start, math.nan, speaker)
                start = math.nan
            elif words:
                paragraphs.append(words)
            parts.append(text)
        else:
            parts.append(f"\n{text}" if tag in ("br", "br/") else text)
    words = flush()
    if words and has_marks:
        columns.add(words, start, math.nan, speaker)
    elif words:
        paragraphs.append(words)
    return columns, paragraphs
