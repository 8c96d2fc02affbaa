"""Makes a ParsedDocument of what feedparser and lxml read in a document; it loads both, so it runs in a worker."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from podwatch.feeds.derived_guids import derive_guid
from podwatch.feeds.document_repair import repair_document
from podwatch.feeds.enclosures import choose_audio
from podwatch.feeds.feedparser_adapter import parse_with_feedparser
from podwatch.feeds.item_scanner import is_json
from podwatch.feeds.json_feed import parse_json_feed
from podwatch.feeds.known_items import guid_key
from podwatch.feeds.parsed_document import ParsedDocument, to_json
from podwatch.feeds.podcast_namespace import NO_TAG, DocumentTags, Tag, Tags, read_tags
from podwatch.feeds.sanitizer import (
    MAX_NOTES_LENGTH,
    clean_text,
    find_links,
    html_to_text,
    media_address,
    parse_boolean,
    parse_date,
    parse_duration,
    parse_integer,
    parse_number,
    parse_recurrence,
    parse_update_period,
    plain_to_text,
    remove_bad_references,
    title_to_text,
    web_address,
)
from podwatch.model import Chapter, Episode, FeedFacts, Person, Soundbite, TranscriptRef
from podwatch.redaction import display_address

MAX_CHAPTER_TITLE = 300  # characters
MAX_TAGS = 200  # of any repeated tag: an item with more is a mistake or an attack
NOTES_TAGS = ("description", "itunes:summary", "content:encoded")


class _Where(NamedTuple):
    """What a document says of all its items. link: of the feed's own page."""

    url: str
    language: str | None
    link: str | None
    is_atom: bool


def parse_document(data: bytes, url: str, content_type: str) -> ParsedDocument:
    """The feed's facts and an episode for each item; url: against which relative addresses are resolved."""
    if is_json(data):
        return parse_json_feed(data, url)
    data = repair_document(remove_bad_references(data))
    result = parse_with_feedparser(data, url, content_type)
    raw = result.raw
    encoding = clean_text(raw.get("encoding"))
    tags = read_tags(data, encoding)
    language = clean_text(raw.feed.get("language")).strip() or None
    # The channel's own link: feedparser would also take that of a live item.
    own_link = _first_tag(tags.channel, "link").text.strip()
    link = web_address(own_link or ("" if "podcast:liveItem" in tags.channel else raw.feed.get("link")), url)
    where = _Where(url, language, link, str(raw.get("version") or "").startswith("atom"))
    return ParsedDocument(
        is_feed=bool(raw.get("version") or raw.entries),
        is_well_formed=result.is_well_formed,
        has_leaks=result.has_leaks,
        # The feed's language is also every episode's, and its link tells which link is of no episode's own.
        context_hash=guid_key(f"{result.context_hash} {language} {link}"),
        encoding=encoding.lower(),
        facts=_facts(raw.feed, tags.channel, where),
        episodes=tuple(_episode(e, t, where) for e, t in _pair_tags(raw.entries, tags, url)),
    )


def run_job(body: bytes, job: dict[str, Any], started: float) -> bytes:
    """For a sandbox's worker: the document as JSON. started: the process's CPU seconds at the start of the job."""
    return to_json(parse_document(body, job["url"], job["content_type"]), time.process_time() - started)


def _pair_tags(entries: list[Any], tags: DocumentTags, url: str) -> Iterable[tuple[Any, Tags]]:
    """Each entry with its tags: by position when both parsers saw as many items, else by guid."""
    if len(entries) == len(tags.items):
        return zip(entries, tags.items, strict=True)
    by_guid: dict[str, Tags] = {}
    for item in tags.items:
        for tag in item.get("guid", []) + item.get("atom:id", []):
            by_guid.setdefault(tag.text.strip(), item)
            by_guid.setdefault(web_address(tag.text, url) or "", item)  # as feedparser resolves it
    return [(entry, by_guid.get(str(entry.get("id") or ""), {})) for entry in entries]


def _facts(feed: Any, tags: Tags, where: _Where) -> FeedFacts:
    url = where.url
    by_rel: dict[str, list[str]] = {}
    for link in feed.get("links", ()):
        address = web_address(link.get("href"), url)
        if address:
            by_rel.setdefault(str(link.get("rel")), []).append(address)
    updates = _first_tag(tags, "podcast:updateFrequency").attributes
    ttl = parse_number(_first_tag(tags, "ttl").text)
    hours = [parse_integer(hour.text) for hour in _first_tag(tags, "skipHours").children[:24]]
    return FeedFacts(
        title=_title(feed, tags, is_atom=where.is_atom),
        language=where.language,
        link=where.link,
        author=_author(tags, feed),
        podcast_guid=_first_text(tags, "podcast:guid"),
        blocked=_is_blocked(tags),
        complete=parse_boolean(_first_tag(tags, "itunes:complete").text) or parse_boolean(updates.get("complete")),
        moved_to=web_address(_first_tag(tags, "itunes:new-feed-url").text, url),
        self_url=display_address(next(iter(by_rel.get("self", ())), "")) or None,  # nobody requests it
        next_page=next(iter(by_rel.get("next", ())), None),
        prev_archive=next(iter(by_rel.get("prev-archive", ())), None),
        hubs=tuple(dict.fromkeys(by_rel.get("hub", ())))[:10],
        ttl=ttl * 60 if ttl else None,
        period=parse_update_period(
            _first_tag(tags, "sy:updatePeriod").text, _first_tag(tags, "sy:updateFrequency").text
        ),
        rhythm=parse_recurrence(updates.get("rrule")),
        skip_hours=tuple(sorted({h for h in hours if h is not None and h < 24})),
        persons=_persons(tags, url),
    )


def _title(said: Any, tags: Tags, *, is_atom: bool) -> str:
    title = said.get("title")
    if is_atom and said.get("title_detail", {}).get("type") == "text/plain":
        return plain_to_text(title)  # whatever it looks like (RFC 4287, 3.1.1.1)
    return title_to_text(title) or title_to_text(_first_tag(tags, "itunes:title").text)


def _own_guid(entry: Any, tags: Tags) -> str:
    """As it is written: feedparser resolves it against the feed's address, so that it would change when that moves."""
    written = next((t.text.strip() for name in ("guid", "atom:id", "id") for t in tags.get(name, ())), "")
    return clean_text(written or entry.get("id")).strip()


def _link(entry: Any, guid: str, url: str) -> str | None:
    """The item's page; not what feedparser makes of a guid that is no address."""
    link = web_address(entry.get("link"), url)
    if not guid or guid.startswith(("http://", "https://")) or not entry.get("guidislink"):
        return link
    return None if link == web_address(guid, url) and media_address(guid, url) is None else link


def _is_own_page(link: str | None, where: _Where) -> bool:
    """Whether it is no other item's, too: without guid and audio many items may link to the show's page."""
    return link is not None and link.rstrip("/") != (where.link or "").rstrip("/")


def _episode(entry: Any, tags: Tags, where: _Where) -> Episode:
    url = where.url
    audio, further = choose_audio(entry, url)
    other_audio = dict.fromkeys(a for a in (*further, *_alternate_enclosures(tags, url)) if a and a != audio)
    guid = _own_guid(entry, tags)
    link = _link(entry, guid, url)
    title = _title(entry, tags, is_atom=where.is_atom)
    season = _first_tag(tags, "podcast:season").text or _first_tag(tags, "itunes:season").text
    number = _first_tag(tags, "podcast:episode").text or _first_tag(tags, "itunes:episode").text
    return Episode(
        guid=guid
        or derive_guid(title, str(entry.get("published", "")), audio, link if _is_own_page(link, where) else None),
        title=title,
        link=link,
        audio_url=audio,
        published_at=parse_date(entry.get("published_parsed") or dict.get(entry, "updated_parsed")),
        duration=parse_duration(entry.get("itunes_duration") or _first_tag(tags, "itunes:duration").text),
        notes=_notes(entry, tags),
        note_links=_note_links(entry, tags, url),
        language=where.language,
        transcripts=_transcripts(tags, url),
        author=_author(tags, entry),
        persons=_persons(tags, url),
        season=parse_integer(season),
        number=parse_number(number),
        episode_type=(_first_text(tags, "itunes:episodeType") or "").lower() or None,
        chapters_url=web_address(_first_tag(tags, "podcast:chapters").attributes.get("url"), url),
        chapters=_chapters(tags),
        soundbites=_soundbites(tags),
        other_audio=tuple(other_audio)[:MAX_TAGS],
        blocked=_is_blocked(tags),
    )


def _alternate_enclosures(tags: Tags, url: str) -> list[str | None]:
    """The http(s) sources of podcast:alternateEnclosure."""
    sources = [c for tag in tags.get("podcast:alternateEnclosure", ())[:MAX_TAGS] for c in tag.children[:MAX_TAGS]]
    return [web_address(s.attributes.get("uri"), url) for s in sources[:MAX_TAGS]]


def _notes(entry: Any, tags: Tags) -> str:
    """The longest text that an item says of itself: feedparser's choice depends on their order and the item's place."""
    texts = (html_to_text(text) for text in _descriptions(entry, tags))
    return max(texts, key=len, default="")[:MAX_NOTES_LENGTH]


def _descriptions(entry: Any, tags: Tags) -> list[Any]:
    """All texts that an item says of itself, as they were written."""
    contents = (c.get("value") for c in entry.get("content", ())[:MAX_TAGS])
    return [entry.get("summary"), *contents, *(_first_tag(tags, name).text for name in NOTES_TAGS)]


def _note_links(entry: Any, tags: Tags, url: str) -> tuple[str, ...]:
    """The http(s) addresses that the notes link to, in their order.

    From the document's own tags where it has some: feedparser reads the first item's a little differently.
    """
    own = [_first_tag(tags, name).text for name in NOTES_TAGS]
    links = [link for text in (own if any(own) else _descriptions(entry, tags)) for link in find_links(text)]
    return tuple(dict.fromkeys(a for link in links if (a := web_address(link, url))))[:MAX_TAGS]


def _transcripts(tags: Tags, url: str) -> tuple[TranscriptRef, ...]:
    refs: dict[TranscriptRef, None] = {}
    for tag in tags.get("podcast:transcript", ())[:MAX_TAGS]:
        address = web_address(tag.attributes.get("url"), url)
        if address:
            ref = TranscriptRef(
                url=address,
                media_type=clean_text(tag.attributes.get("type")).partition(";")[0].strip().lower(),
                language=clean_text(tag.attributes.get("language")) or None,
                rel=clean_text(tag.attributes.get("rel")) or None,
            )
            refs[ref] = None
    return tuple(refs)


def _persons(tags: Tags, url: str) -> tuple[Person, ...]:
    persons: dict[Person, None] = {}
    for tag in tags.get("podcast:person", ())[:MAX_TAGS]:
        name = html_to_text(tag.text)
        if name:
            role = clean_text(tag.attributes.get("role")).strip().lower() or "host"
            group = clean_text(tag.attributes.get("group")).strip().lower() or "cast"
            href = web_address(tag.attributes.get("href"), url)
            persons[Person(name=name, role=role, group=group, href=href)] = None
    return tuple(persons)


def _chapters(tags: Tags) -> tuple[Chapter, ...]:
    """Those of psc:chapters (Podlove Simple Chapters 1.2), in the order of their times."""
    found = []
    for tag in _first_tag(tags, "psc:chapters").children[:MAX_TAGS]:
        start, title = parse_duration(tag.attributes.get("start")), html_to_text(tag.attributes.get("title"))
        if start is not None and title:
            found.append(Chapter(start, title[:MAX_CHAPTER_TITLE]))
    return tuple(sorted(found, key=lambda c: c.start))


def _soundbites(tags: Tags) -> tuple[Soundbite, ...]:
    soundbites = []
    for tag in tags.get("podcast:soundbite", ())[:MAX_TAGS]:
        start, duration = (parse_number(tag.attributes.get(name)) for name in ("startTime", "duration"))
        if start is not None and duration is not None:
            soundbites.append(Soundbite(start=start, duration=duration, title=html_to_text(tag.text)))
    return tuple(soundbites)


def _author(tags: Tags, entry: Any) -> str | None:
    return html_to_text(_first_tag(tags, "itunes:author").text or entry.get("author")) or None


def _is_blocked(tags: Tags) -> bool:
    """itunes:block, or podcast:block for everybody: with an id it speaks to one platform only."""
    for_all = [t for t in tags.get("podcast:block", ()) if not t.attributes.get("id")]
    return any(parse_boolean(t.text) for t in (*tags.get("itunes:block", ()), *for_all))


def _first_tag(tags: Tags, name: str) -> Tag:
    return next(iter(tags.get(name, ())), NO_TAG)


def _first_text(tags: Tags, name: str) -> str | None:
    return clean_text(_first_tag(tags, name).text).strip() or None
