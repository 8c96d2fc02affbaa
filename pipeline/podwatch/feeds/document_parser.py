"""Puts a Document together from what feedparser and the podcast tags say. Runs in the worker: it loads both parsers."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from typing import Any

from podwatch.feeds import feedparser_adapter as watched
from podwatch.feeds import podcast_namespace as podcasting
from podwatch.feeds import sanitizer as values
from podwatch.feeds.known_items import guid_key
from podwatch.feeds.parsed_document import ParsedDocument, to_json
from podwatch.feeds.podcast_namespace import NO_TAG, DocumentTags, Tag, Tags
from podwatch.model import Episode, FeedFacts, Person, Soundbite, TranscriptRef
from podwatch.policy.episode_identity import canonical_url

MAX_TAGS = 200  # of any repeated tag: an item with more is a mistake or an attack


def parse_document(data: bytes, url: str, content_type: str) -> ParsedDocument:
    """What a document says; see Document."""
    data = values.remove_bad_references(data)
    seen = watched.parse_with_feedparser(data, url, content_type)
    raw = seen.raw
    encoding = values.clean_text(raw.get("encoding"))
    extras = podcasting.read_tags(data, encoding)
    language = values.clean_text(raw.feed.get("language")).strip() or None
    return ParsedDocument(
        is_feed=bool(raw.get("version") or raw.entries),
        is_well_formed=seen.is_well_formed,
        has_leaks=seen.has_leaks,
        context_hash=guid_key(f"{seen.context_hash} {language}"),  # the feed's language is also that of every episode
        encoding=encoding.lower(),
        facts=_facts(raw.feed, extras.channel, url, language),
        episodes=tuple(_episode(e, t, url, language) for e, t in _pair_tags(raw.entries, extras)),
    )


def _pair_tags(entries: list[Any], extras: DocumentTags) -> Iterable[tuple[Any, Tags]]:
    """Each entry with its tags: by position when both parsers saw as many items, else by guid."""
    if len(entries) == len(extras.items):
        return zip(entries, extras.items, strict=True)
    by_guid: dict[str, Tags] = {}
    for tags in extras.items:
        for tag in tags.get("guid", []) + tags.get("atom:id", []):
            by_guid.setdefault(tag.text.strip(), tags)
    return [(entry, by_guid.get(str(entry.get("id") or ""), {})) for entry in entries]


def _facts(feed: Any, tags: Tags, url: str, language: str | None) -> FeedFacts:
    rel: dict[str, list[str]] = {}
    for link in feed.get("links", ()):
        address = values.web_address(link.get("href"), url)
        if address:
            rel.setdefault(str(link.get("rel")), []).append(address)
    sy, updates = _first_tag(tags, "sy:updatePeriod"), _first_tag(tags, "podcast:updateFrequency")
    ttl = values.parse_number(_first_tag(tags, "ttl").text)
    hours = [values.parse_integer(hour.text) for hour in _first_tag(tags, "skipHours").children[:24]]
    return FeedFacts(
        title=values.html_to_text(feed.get("title")),
        language=language,
        link=_link(tags, feed, url),
        author=_author(tags, feed),
        podcast_guid=_first_text(tags, "podcast:guid"),
        blocked=_is_blocked(tags),
        complete=values.parse_boolean(_first_tag(tags, "itunes:complete").text)
        or values.parse_boolean(updates.attributes.get("complete")),
        moved_to=values.web_address(_first_tag(tags, "itunes:new-feed-url").text, url),
        self_url=next(iter(rel.get("self", ())), None),
        next_page=next(iter(rel.get("next", ())), None),
        prev_archive=next(iter(rel.get("prev-archive", ())), None),
        hubs=tuple(dict.fromkeys(rel.get("hub", ())))[:10],
        ttl=ttl * 60 if ttl else None,
        period=values.parse_update_period(sy.text, _first_tag(tags, "sy:updateFrequency").text),
        rhythm=values.parse_recurrence(updates.attributes.get("rrule")),
        skip_hours=tuple(sorted({h for h in hours if h is not None and h < 24})),
        persons=_persons(tags, url),
    )


def _episode(entry: Any, tags: Tags, url: str, language: str | None) -> Episode:
    audio = [values.web_address(a, url) for a in _enclosures(entry)]
    first = next((a for a in audio if a), None)
    others = dict.fromkeys(a for a in (*audio, *_alternate_enclosures(tags, url)) if a and a != first)
    link = values.web_address(entry.get("link"), url)
    title = values.html_to_text(entry.get("title"))
    season, number = _first_tag(tags, "podcast:season"), _first_tag(tags, "podcast:episode")
    return Episode(
        guid=values.clean_text(entry.get("id"))
        or (f"https://{canonical_url(first)}" if first else link)
        or _derive_guid(title, entry),
        title=title,
        link=link,
        audio_url=first,
        published_at=values.parse_date(entry.get("published_parsed") or dict.get(entry, "updated_parsed")),
        duration=values.parse_duration(entry.get("itunes_duration") or _first_tag(tags, "itunes:duration").text),
        notes=_notes(entry, tags),
        note_links=_note_links(entry, tags, url),
        language=language,
        transcripts=_transcripts(tags, url),
        author=_author(tags, entry),
        persons=_persons(tags, url),
        season=values.parse_integer(season.text)
        if season.text
        else values.parse_integer(_first_tag(tags, "itunes:season").text),
        number=values.parse_number(number.text or _first_tag(tags, "itunes:episode").text),
        episode_type=(_first_text(tags, "itunes:episodeType") or "").lower() or None,
        chapters_url=values.web_address(_first_tag(tags, "podcast:chapters").attributes.get("url"), url),
        soundbites=_soundbites(tags),
        other_audio=tuple(others)[:MAX_TAGS],
        blocked=_is_blocked(tags),
    )


def _enclosures(entry: Any) -> list[Any]:
    """The addresses of an item's enclosures that are no pictures, RSS and Atom alike."""
    found = [e for e in entry.get("links", ()) if e.get("rel") == "enclosure"]
    return [e.get("href") for e in found[:MAX_TAGS] if not str(e.get("type", "")).startswith("image/")]


def _alternate_enclosures(tags: Tags, url: str) -> list[str | None]:
    """The http(s) sources of podcast:alternateEnclosure."""
    sources = [c for tag in tags.get("podcast:alternateEnclosure", ())[:MAX_TAGS] for c in tag.children[:MAX_TAGS]]
    return [values.web_address(s.attributes.get("uri"), url) for s in sources[:MAX_TAGS]]


def _notes(entry: Any, tags: Tags) -> str:
    """The longest of what an item says of itself: feedparser's choice depends on the order, and on the item's place."""
    return max((values.html_to_text(s) for s in _descriptions(entry, tags)), key=len, default="")[
        : values.MAX_NOTES_LENGTH
    ]


def _descriptions(entry: Any, tags: Tags) -> list[Any]:
    """Everything an item says of itself, as it was written."""
    said = [entry.get("summary"), *(c.get("value") for c in entry.get("content", ())[:MAX_TAGS])]
    return said + [_first_tag(tags, name).text for name in ("description", "itunes:summary", "content:encoded")]


def _note_links(entry: Any, tags: Tags, url: str) -> tuple[str, ...]:
    """The http(s) addresses that the notes lead to, in their order.

    From the document's own words where it has some: feedparser reads the first item's a little differently.
    """
    own = [_first_tag(tags, name).text for name in ("description", "itunes:summary", "content:encoded")]
    found = [
        address for said in (own if any(own) else _descriptions(entry, tags)) for address in values.find_links(said)
    ]
    return tuple(dict.fromkeys(a for address in found if (a := values.web_address(address, url))))[:MAX_TAGS]


def _transcripts(tags: Tags, url: str) -> tuple[TranscriptRef, ...]:
    found: dict[TranscriptRef, None] = {}
    for tag in tags.get("podcast:transcript", ())[:MAX_TAGS]:
        address = values.web_address(tag.attributes.get("url"), url)
        if address:
            ref = TranscriptRef(
                url=address,
                media_type=values.clean_text(tag.attributes.get("type")).partition(";")[0].strip().lower(),
                language=values.clean_text(tag.attributes.get("language")) or None,
                rel=values.clean_text(tag.attributes.get("rel")) or None,
            )
            found[ref] = None
    return tuple(found)


def _persons(tags: Tags, url: str) -> tuple[Person, ...]:
    found: dict[Person, None] = {}
    for tag in tags.get("podcast:person", ())[:MAX_TAGS]:
        name = values.html_to_text(tag.text)
        if name:
            role = values.clean_text(tag.attributes.get("role")).strip().lower() or "host"
            group = values.clean_text(tag.attributes.get("group")).strip().lower() or "cast"
            found[
                Person(name=name, role=role, group=group, href=values.web_address(tag.attributes.get("href"), url))
            ] = None
    return tuple(found)


def _soundbites(tags: Tags) -> tuple[Soundbite, ...]:
    found = []
    for tag in tags.get("podcast:soundbite", ())[:MAX_TAGS]:
        start, duration = (
            values.parse_number(tag.attributes.get("startTime")),
            values.parse_number(tag.attributes.get("duration")),
        )
        if start is not None and duration is not None:
            found.append(Soundbite(start=start, duration=duration, title=values.html_to_text(tag.text)))
    return tuple(found)


def _author(tags: Tags, said: Any) -> str | None:
    return values.html_to_text(_first_tag(tags, "itunes:author").text or said.get("author")) or None


def _is_blocked(tags: Tags) -> bool:
    """itunes:block, or podcast:block for everybody: with an id it speaks to one platform only."""
    everybody = [t for t in tags.get("podcast:block", ()) if not t.attributes.get("id")]
    return any(values.parse_boolean(t.text) for t in (*tags.get("itunes:block", ()), *everybody))


def _link(tags: Tags, feed: Any, url: str) -> str | None:
    """The channel's own link: feedparser would also take that of a live item."""
    return values.web_address(_first_tag(tags, "link").text.strip() or feed.get("link"), url)


def _first_tag(tags: Tags, name: str) -> Tag:
    found = tags.get(name)
    return found[0] if found else NO_TAG


def _first_text(tags: Tags, name: str) -> str | None:
    return values.clean_text(_first_tag(tags, name).text).strip() or None


def _derive_guid(title: str, entry: Any) -> str:
    seed = f"{title}|{entry.get('published', '')}"
    return "podwatch:" + hashlib.blake2b(seed.encode("utf-8", "replace"), digest_size=12).hexdigest()


def run_job(body: bytes, job: dict[str, Any], started: float) -> bytes:
    """For a sandbox's worker: the document as JSON. started: the CPU seconds at the start of the job."""
    return to_json(parse_document(body, job["url"], job["content_type"]), time.process_time() - started)
