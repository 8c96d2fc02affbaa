"""SOURCES: where the transcript of an episode may be, in the order in which it is asked for.

Each source is a pure function: from an episode to the addresses that are worth asking. A further source has its
place at the end: speech to text, for what nobody has written down.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from string import Formatter
from types import MappingProxyType
from urllib.parse import quote, urlsplit

from podwatch.errors import TranscriptError
from podwatch.model import Episode, TranscriptRef, TranscriptRequest

TEMPLATE_FIELDS = ("guid", "title", "slug", "date", "year", "number", "season", "link")
NOTES_PREFIX = "notes:"


def refs_from_feed(wanted: TranscriptRequest) -> list[TranscriptRef]:
    """What the feed itself names (podcast:transcript): the show's language first, then the finest times."""
    from podwatch.transcripts.formats import media_type_rank

    language = wanted.episode.language

    def rank(ref: TranscriptRef) -> tuple[bool, int]:
        other = bool(ref.language and language and ref.language[:2].lower() != language[:2].lower())
        return other, media_type_rank(ref.media_type)

    return sorted(wanted.episode.transcripts, key=rank)


def refs_from_page(wanted: TranscriptRequest) -> list[TranscriptRef]:
    """A page about the episode, where the feed's owner here has said how to find it; off unless they did.

    Nothing for episodes whose makers ask to be left out of other places (itunes:block, podcast:block).
    """
    template, episode = wanted.page_template, wanted.episode
    if not template or wanted.blocked or episode.blocked:
        return []
    if template.startswith(NOTES_PREFIX):
        host = template.removeprefix(NOTES_PREFIX).strip().lower()
        found = [u for u in episode.note_links if _host(u) == host or _host(u).endswith("." + host)]
        return [TranscriptRef(url=u, media_type="text/html", rel="page") for u in found[:3]]
    url = fill_template(template, episode)
    return [TranscriptRef(url=url, media_type="text/html", rel="page")] if url else []


SOURCES: Mapping[str, Callable[[TranscriptRequest], Sequence[TranscriptRef]]] = MappingProxyType(
    {"feed": refs_from_feed, "page": refs_from_page}
)


def check_template(template: str) -> str:
    """A template as it may be stored; raises TranscriptError for one that cannot work.

    ``https://site.example/{slug}/transcript`` with the fields of FIELDS, or ``notes:site.example`` for the first
    links of the show notes to that site.
    """
    template = template.strip()
    if template.startswith(NOTES_PREFIX):
        if not re.fullmatch(r"[a-z0-9.-]+\.[a-z]+", template.removeprefix(NOTES_PREFIX).strip().lower()):
            raise TranscriptError("names no site", where=template, todo="write notes:site.example")
        return template
    try:
        parts = [(name, spec, change) for _, name, spec, change in Formatter().parse(template) if name is not None]
    except ValueError as e:
        raise TranscriptError(f"has a brace too many or too few ({e})", where=template) from None
    fields = [name for name, _, _ in parts]
    if any(spec or change for _, spec, change in parts):
        raise TranscriptError("has a format inside its braces", where=template, todo="write the field alone: {slug}")
    for name in fields:
        if name not in TEMPLATE_FIELDS:
            raise TranscriptError(f"{{{name}}} is not known", where=template, todo=f"use {', '.join(TEMPLATE_FIELDS)}")
    if not fields:
        raise TranscriptError("is the same for every episode", where=template, todo="use {slug}, {guid}, {link}, ...")
    if not template.startswith(("http://", "https://", "{link}")):
        raise TranscriptError("is not an http(s) address", where=template)
    return template


def fill_template(template: str, episode: Episode) -> str | None:
    """The template's address for an episode; None when the episode lacks what it needs."""
    at = episode.published_at
    values = {
        "guid": quote(episode.guid, safe=""),
        "title": quote(episode.title, safe=""),
        "slug": slugify(episode.title),
        "date": f"{at:%Y-%m-%d}" if at else "",
        "year": f"{at:%Y}" if at else "",
        "number": f"{episode.number:g}" if episode.number is not None else "",
        "season": f"{episode.season}" if episode.season is not None else "",
        "link": (episode.link or "").rstrip("/"),
    }
    needed = [name for _, name, _, _ in Formatter().parse(template) if name is not None]
    if not all(values.get(name) for name in needed):
        return None
    url = "".join(text + (values[name] if name is not None else "") for text, name, _, _ in Formatter().parse(template))
    return url if urlsplit(url).scheme in ("http", "https") else None


def slugify(title: str) -> str:
    """A title as sites write it in addresses: ``The Talk: Part 2`` is ``the-talk-part-2``."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower().replace("'", "")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
