"""Feeds and episodes: what is polled, what a feed's document says, and the result of a poll."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The address of an RSS, Atom or JSON feed that is polled, with its validators (RFC 9110, 8.8) and its failures.

    url: without its login, which is stored apart; it may hold a token, so it is shown through redaction.py.
    """

    url: str
    login: str | None = field(default=None, repr=False)  # as it is stored: see logins.py
    id: int = 0
    title: str = ""
    tags: tuple[str, ...] = ()
    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None  # of the last body, so that the same bytes again cost one hash
    last_polled_at: datetime | None = None
    next_poll_at: datetime | None = None
    disabled_at: datetime | None = None  # when somebody had it rest; None: it is polled
    recent: tuple[datetime, ...] = ()  # when its newest episodes were published, newest first
    facts: FeedFacts | None = None  # what its document said last
    failures: int = 0  # in a row
    failing_since: datetime | None = None
    error: str | None = None

    @property
    def last_episode_at(self) -> datetime | None:
        return self.recent[0] if self.recent else None

    @property
    def requested_interval(self) -> float | None:
        """Seconds between polls that the feed asks for (RSS ttl, sy:updatePeriod); a day when it is complete."""
        if self.facts is None:
            return None
        if self.facts.complete:
            return 86400.0
        return max(self.facts.ttl or 0.0, self.facts.period or 0.0) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptRef:
    """A podcast:transcript tag: where a transcript is said to be, and in what format."""

    url: str
    media_type: str = ""
    language: str | None = None
    rel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A podcast:person tag: who speaks or worked on it. Role and group as the namespace names them, in lower case."""

    name: str
    role: str = "host"
    group: str = "cast"
    href: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Soundbite:
    """A podcast:soundbite tag: a passage of the audio that its makers recommend, in seconds."""

    start: float
    duration: float
    title: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of an episode as its makers cut it. start: in seconds."""

    start: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFacts:
    """What a feed's document says of the feed.

    ttl, period, rhythm: seconds between two updates as <ttl>, sy:updatePeriod and podcast:updateFrequency say.
    next_page, prev_archive: addresses of older episodes (RFC 5005). moved_to: itunes:new-feed-url.
    newest_page: found by poll, of a feed whose pages begin with the oldest: where what is new appears.
    """

    title: str = ""
    language: str | None = None
    link: str | None = None
    author: str | None = None
    podcast_guid: str | None = None
    blocked: bool = False
    complete: bool = False
    moved_to: str | None = None
    self_url: str | None = None
    next_page: str | None = None
    prev_archive: str | None = None
    newest_page: str | None = None
    hubs: tuple[str, ...] = ()
    ttl: float | None = None
    period: float | None = None
    rhythm: float | None = None
    skip_hours: tuple[int, ...] = ()
    persons: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One item of a feed."""

    guid: str
    id: int = 0
    feed_id: int = 0
    show: str = ""
    title: str = ""
    link: str | None = None
    audio_url: str | None = None
    published_at: datetime | None = None
    duration: float | None = None  # seconds
    notes: str = ""
    note_links: tuple[str, ...] = ()
    language: str | None = None
    transcripts: tuple[TranscriptRef, ...] = ()
    author: str | None = None
    persons: tuple[Person, ...] = ()
    season: int | None = None
    number: float | None = None  # podcast:episode may have a fraction
    episode_type: str | None = None  # full, trailer or bonus
    chapters_url: str | None = None
    chapters: tuple[Chapter, ...] = ()  # those that the feed itself has (psc:chapters)
    soundbites: tuple[Soundbite, ...] = ()
    other_audio: tuple[str, ...] = ()  # further enclosures and alternate ones
    blocked: bool = False  # itunes:block, podcast:block
    first_seen_at: datetime | None = None
    backlog: bool = False  # only a backfill requests its transcript
    fetch_failures: int = 0
    identity: str = ""  # the same for one episode in several feeds


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptRequest:
    """An episode whose transcript is to be requested.

    page_template: how to find a page about it, where the feed has such a template. blocked: the feed asks not to be
    listed elsewhere. feed_url, login: of its feed, whose server may keep the transcript behind the same login.
    source, etag, last_modified: of the transcript that is stored already; checks: how often it was requested since.
    """

    episode: Episode
    page_template: str | None = None
    blocked: bool = False
    feed_url: str = ""
    login: str | None = field(default=None, repr=False)
    source: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    checks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PollResult:
    """The result of a poll: the feed's new state, and the episodes of its document that are new or changed.

    lists: whether the document lists a guid; None when it was not read (nothing changed, or the poll failed).
    items: what the next poll needs to parse only new items, the bytes of KnownItems; None when that is unchanged.
    newest_known: when the newest episode was published that was known before the poll.
    answer: what the feed answered, its status or the line of the failure; empty when it was not asked.
    """

    feed: Feed
    episodes: tuple[Episode, ...] = ()
    lists: Callable[[str], bool] | None = None
    items: bytes | None = None
    newest_known: datetime | None = None
    answer: str = ""
