"""The nouns of podwatch as frozen values: what the verbs pass around and the store keeps.

Every time is an aware UTC datetime, every second a float from the start of the episode's audio,
every span half-open in characters of ``Transcript.text``. An ``id`` of 0 means: not stored yet.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import accumulate


class Kind(StrEnum):
    """How a mention was recognised."""

    EXACT = "exact"
    ALIAS = "alias"
    SOUNDS_LIKE = "sounds_like"
    ENTITY = "entity"


class DeliverMode(StrEnum):
    """When a watch's alerts leave: each on its own, collected, or never."""

    EACH = "each"
    DIGEST = "digest"
    NONE = "none"


class State(StrEnum):
    """Where a delivery stands. SENT, HELD and DEAD are ends; the rest is work to do."""

    DUE = "due"
    ATTEMPTING = "attempting"
    RETRY = "retry"
    SENT = "sent"
    HELD = "held"
    DEAD = "dead"


class Held(StrEnum):
    """Why an alert is kept back."""

    MODE_NONE = "the watch says deliver: none"
    DIGEST = "waits for the digest"
    OLD_EPISODE = "the episode was known long before the watch"
    DISABLED = "the watch was removed from the watchlist"
    GONE = "its mentions are gone from the transcript"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """An RSS or Atom address that is polled, with its validators (RFC 9110, 8.8) and its health."""

    url: str
    id: int = 0
    title: str = ""
    tags: tuple[str, ...] = ()
    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None  # of the last body, so that the same bytes again cost one hash
    last_polled_at: datetime | None = None
    next_poll_at: datetime | None = None
    recent: tuple[datetime, ...] = ()  # when its newest episodes came out, newest first: its rhythm
    facts: FeedFacts | None = None  # what its document said last
    failures: int = 0  # in a row
    failing_since: datetime | None = None
    error: str | None = None

    @property
    def last_episode_at(self) -> datetime | None:
        return self.recent[0] if self.recent else None

    @property
    def hint(self) -> float | None:
        """Seconds between polls that the feed itself asks for (RSS ttl, sy:updatePeriod); a day when it is complete."""
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
    """A podcast:soundbite tag: a stretch of the audio that its makers point at, in seconds."""

    start: float
    duration: float
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFacts:
    """What a feed says of itself.

    ttl, period, rhythm: seconds between two updates as <ttl>, sy:updatePeriod and podcast:updateFrequency say.
    next_page, prev_archive: addresses of older episodes (RFC 5005). moved_to: itunes:new-feed-url.
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
    language: str | None = None
    transcripts: tuple[TranscriptRef, ...] = ()
    author: str | None = None
    persons: tuple[Person, ...] = ()
    season: int | None = None
    number: float | None = None  # podcast:episode may have a fraction
    episode_type: str | None = None  # full, trailer or bonus
    chapters_url: str | None = None
    soundbites: tuple[Soundbite, ...] = ()
    other_audio: tuple[str, ...] = ()  # further enclosures and alternate ones
    blocked: bool = False  # itunes:block, podcast:block
    first_seen_at: datetime | None = None
    fetch_failures: int = 0
    identity: str = ""  # the same for one episode in several feeds


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What a poll makes of a feed: the feed as it is now, and what in its document is new or changed.

    lists: whether the document lists a guid now; None when it was not read (nothing changed, or it failed).
    items: what the next poll needs in order to read only what is new; None: as it was.
    """

    feed: Feed
    episodes: tuple[Episode, ...] = ()
    lists: Callable[[str], bool] | None = None
    items: bytes | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of talk. start and end in seconds, nan when the source does not say."""

    start: float
    end: float
    text: str
    speaker: str | None = None


class Words:
    """When single words are said, where the source says so: offsets of words in the text, and their seconds.

    read: gives the two columns. It is called when the first second is asked for: looking through a text needs none.
    """

    __slots__ = ("_columns", "_read")

    def __init__(self, read: Callable[[], tuple[array[int], array[float]]]) -> None:
        self._read = read
        self._columns: tuple[array[int], array[float]] | None = None

    @property
    def columns(self) -> tuple[array[int], array[float]]:
        """(offsets, starts), both ascending."""
        if self._columns is None:
            self._columns = self._read()
        return self._columns

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Words) and self.columns == other.columns

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """One document for an episode: a single text, and where each segment begins in it.

    text: the segments joined by one space, so that a phrase may straddle two of them.
    offsets, starts, ends, speakers: one entry a segment; offsets in characters, times in seconds (nan: unknown).
    words: the times of single words, None when the source has times of segments only.
    """

    text: str
    offsets: array[int]
    starts: array[float]
    ends: array[float]
    speakers: tuple[str | None, ...]
    words: Words | None = None
    id: int = 0
    episode_id: int = 0
    source: str = ""
    media_type: str = ""
    language: str | None = None
    revision: int = 1
    title: str = ""

    def __len__(self) -> int:
        return len(self.offsets)

    @property
    def digest(self) -> str:
        """Equal for equal words and times (to the millisecond, as they are stored), whatever file they came from."""
        h = hashlib.blake2b(self.text.encode(), digest_size=16)
        columns = [self.starts, self.ends, *([self.words.columns[1]] if self.words else ())]
        for times in columns:
            h.update(array("q", [-1 if x != x else round(x * 1000) for x in times]).tobytes())
        return h.hexdigest()

    def segment(self, index: int) -> Segment:
        after = self.offsets[index + 1] - 1 if index + 1 < len(self) else len(self.text)
        return Segment(
            self.starts[index], self.ends[index], self.text[self.offsets[index] : after], self.speakers[index]
        )

    def segments(self) -> list[Segment]:
        return [self.segment(i) for i in range(len(self))]

    def index_at(self, offset: int) -> int:
        """The index of the segment that holds the character at ``offset``."""
        return max(0, bisect_right(self.offsets, offset) - 1)

    def seconds_at(self, offset: int) -> float:
        """When the character at ``offset`` is said: its word's own second where the source has it.

        Else a second between the two nearest known ones, in proportion to the characters; nan when there are none.
        """
        return self._when(offset)[0]

    def exact_at(self, offset: int) -> bool:
        """Whether seconds_at(offset) is what the source says of this word, and not a guess between two times."""
        return self._when(offset)[1]

    def _when(self, offset: int) -> tuple[float, bool]:
        i = self.index_at(offset)
        known, start, after, end = self._between(i)
        if self.words:
            offsets, starts = self.words.columns
            k = bisect_right(offsets, offset) - 1
            if k >= 0 and offsets[k] >= known:
                known, start = offsets[k], starts[k]
                if self.text.find(" ", known, offset) < 0:
                    return start, True
            if k + 1 < len(offsets) and offsets[k + 1] < after:
                after, end = offsets[k + 1], starts[k + 1]
        if known == self.offsets[i] and not any(c.isalnum() for c in self.text[known : min(offset, known + 9)]):
            return start, start == start and not math.isnan(self.starts[i])
        if math.isnan(end) or end <= start or after <= known:
            return start, False
        return round(start + (end - start) * (offset - known) / (after - known), 2), False

    def _between(self, i: int) -> tuple[int, float, int, float]:
        """(offset, second, offset, second) of the two known times around segment ``i``; nan: not known."""
        later = next(
            (j for j in range(i + 1, min(len(self), i + UNTIMED)) if not math.isnan(self.starts[j])), len(self)
        )
        after, following = (
            (self.offsets[later], self.starts[later]) if later < len(self) else (len(self.text), math.nan)
        )
        for j in range(i, max(-1, i - UNTIMED), -1):
            if math.isnan(self.starts[j]):
                continue
            stop = self.offsets[j + 1] if j + 1 < len(self) else len(self.text)
            closed = not math.isnan(self.ends[j]) and not self.ends[j] > following
            if j == i:
                return self.offsets[j], self.starts[j], *((stop, self.ends[j]) if closed else (after, following))
            if later == len(self):
                break
            return *((stop, self.ends[j]) if closed else (self.offsets[j], self.starts[j])), after, following
        return self.offsets[i], math.nan, after, math.nan


UNTIMED = 1000  # how many segments without a time in a row are bridged


def joined(segments: Iterable[Segment], **facts: object) -> Transcript:
    """The transcript of these segments: blanks folded, segments without words left out.

    NUL and lone surrogates are dropped here: SQLite would take the first, nothing takes the second.
    facts: the other fields of Transcript (source, language, ...).
    """
    kept = [s for s in ((clean(s.text), s) for s in segments) if s[0]]
    texts = [text for text, _ in kept]
    return Transcript(
        text=" ".join(texts),
        offsets=array("I", accumulate((len(t) + 1 for t in texts[:-1]), initial=0)) if texts else array("I"),
        starts=array("d", [s.start for _, s in kept]),
        ends=array("d", [s.end for _, s in kept]),
        speakers=tuple(s.speaker or None for _, s in kept),
        **facts,  # type: ignore[arg-type]
    )


def clean(text: str) -> str:
    """The text with its blanks folded, without what a database refuses."""
    return " ".join(text.replace("\0", "").encode("utf-8", "ignore").decode().split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which feeds a watch looks at: all of them, unless it names tags, addresses or languages."""

    tags: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    not_tags: tuple[str, ...] = ()
    not_urls: tuple[str, ...] = ()
    not_languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One thing to look for: a query or an entity, never both. Line and column say where it was written."""

    name: str
    query: str | None = None
    entity: str | None = None
    type: str | None = None
    aliases: tuple[str, ...] = ()
    sounds_like: bool = False
    scope: Scope = field(default_factory=Scope)
    channel: str = "#podcasts"
    deliver: DeliverMode = DeliverMode.EACH
    id: int = 0
    revision: int = 0
    revised_at: datetime | None = None
    line: int = field(default=0, compare=False)
    column: int = field(default=0, compare=False)

    @property
    def kind(self) -> str:
        return "entity" if self.entity is not None else "query"

    @property
    def fingerprint(self) -> str:
        """Equal for watches that find the same: a new channel makes no new revision, a new alias does."""
        parts = (self.query, self.entity, self.type, self.aliases, self.sounds_like, self.scope)
        return hashlib.blake2b(repr(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One occurrence of a watch in a transcript: half-open character span, second, and why it counts."""

    watch: str
    kind: Kind
    score: float  # 0..1
    surface: str
    start: int
    end: int
    seconds: float  # nan when the transcript has no times
    segment: int
    speaker: str | None
    snippet: str
    snippet_start: int  # where the surface begins within the snippet
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The mentions of one watch in one episode, for one channel."""

    key: str
    watch: Watch
    episode: Episode
    channel: str
    mentions: Sequence[Mention]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The record of an alert handed to a channel."""

    id: int
    key: str
    state: State
    channel: str
    attempts: int = 0
    next_attempt_at: datetime | None = None
    attempted_at: datetime | None = None
    notifier: str | None = None
    remote_channel: str | None = None  # Slack's own id of the channel
    remote_id: str | None = None  # Slack's ts
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of the to-do list, for tasks that share the work: the items whose id leaves ``index`` modulo ``count``."""

    index: int = 0
    count: int = 1


ALL = Shard()


@dataclass(frozen=True, slots=True)
class Tally:
    """What a verb did: how many items it looked at, how many changed something, how many failed as expected."""

    verb: str
    done: int = 0
    new: int = 0
    failed: int = 0
    notes: tuple[str, ...] = ()
