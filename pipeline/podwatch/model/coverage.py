"""Coverage: of the feeds of a scope and a period, what was polled and listened to, what was not, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from podwatch.model.hearings import HearingOutcome
from podwatch.model.watches import Watch


class NotListened(StrEnum):
    """Why an episode was not listened to."""

    NAMES_NONE = "names none"  # its feed names no transcript
    FAILED = "failed"  # it could not be fetched: given up, or to be tried again
    WAITS = "waits"  # not yet due, or being fetched
    TO_BE_HEARD = "waits to be heard"  # podwatch listens to its audio, and has not yet
    BACKLOG = "backlog"  # older than the feed's first poll: a backfill fetches it
    NOT_SEARCHED = "not searched yet"  # its transcript is stored, and detect is behind


@dataclass(frozen=True, slots=True)
class Period:
    """A period: episodes published from ``since`` (None: ever) to before ``until``, and the days that it touches."""

    since: datetime | None
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedFeed:
    """A feed with what was recorded of its days in a period.

    days_polled: on which it answered; days_failed: on which each poll failed. last_day: the last day recorded.
    """

    id: int
    url: str
    title: str
    tags: tuple[str, ...]
    added_at: datetime
    was_polled: bool  # ever
    days_polled: int = 0
    days_failed: int = 0
    last_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeCount:
    """How many episodes of a feed, published in a period, are alike.

    language: of the transcript, or what the feed says while there is none. why: None when a transcript is stored.
    error: why it failed. searched_through: of stored transcripts in which some watch was not looked for: the largest
    number of a watch that was; they are among those with why None, too. unread: of stored transcripts that were not
    read for names, and so are not in any surge; also among those.
    """

    feed_id: int
    language: str | None
    why: NotListened | None
    error: str = ""
    searched_through: int = 0
    unread: bool = False
    episodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeDoubt:
    """A name in doubt in an episode of a period. outcome: why it was left to the text; None: it waits."""

    feed_id: int
    episode_id: int
    language: str | None
    name: str
    outcome: HearingOutcome | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingCounts:
    """Episodes with names in doubt: how many wait to be heard again, and why others were left to the text."""

    awaiting: int = 0
    left: Mapping[HearingOutcome, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageFacts:
    """What the store knows of a period. recorded_from: the first day of which it is known what was polled.

    watches: those that are enabled, with the number of their revision. broken: the ids of those that detect cannot look
    for. doubts: those that the audio has not decided.
    """

    period: Period
    recorded_from: date | None
    feeds: Sequence[FollowedFeed]
    counts: Sequence[EpisodeCount]
    watches: Sequence[tuple[int, Watch]]
    broken: frozenset[int] = frozenset()
    doubts: Sequence[EpisodeDoubt] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Coverage of some feeds: the days of all of them together, their episodes, and why some were not listened to.

    days: from when a feed was added; of the others nothing is asked. errors: why fetching failed. hearings: of names in
    doubt in what was listened to.
    """

    feeds: int = 0
    days: int = 0
    days_polled: int = 0
    days_failed: int = 0
    days_unknown: int = 0
    episodes: int = 0
    why: Mapping[NotListened, int] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    hearings: HearingCounts = field(default_factory=HearingCounts)

    @property
    def not_listened(self) -> int:
        return sum(self.why.values())

    @property
    def listened(self) -> int:
        return self.episodes - self.not_listened

    @property
    def days_not_polled(self) -> int:
        return self.days - self.days_polled - self.days_failed - self.days_unknown
