"""What the API answers, as records from which its OpenAPI document is made; and how they are made of what is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from podwatch.model import Coverage, Feed, Mention, NotListened, Precision
from podwatch.notifiers import show_channel
from podwatch.policy.hearing_schedule import decided_by
from podwatch.redaction import display_address, redact_text
from podwatch.store.alert_stream import StreamedAlert
from podwatch.store.audit import AuditEntry
from podwatch.store.page_figures import ListedEpisode, WatchState
from podwatch.web.coverage import ListedState, describe_listed
from podwatch.web.describe import describe_match, describe_outcome, message_link
from podwatch.web.doubts import ShownDoubt
from podwatch.web.rendering import seconds_or_none


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request was not answered, in a line."""

    detail: str


# What every operation may answer besides what it is for.
REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Refusal, "description": "a value, or the query, has a mistake: its line"},
    401: {"model": Refusal, "description": "not logged in"},
    403: {"model": Refusal, "description": "not allowed, or a change that another site may have asked for"},
    404: {"model": Refusal, "description": "there is no such thing"},
    413: {"description": "more than 4 MB in one request"},
    422: {"model": Refusal, "description": "a value that does not fit its form: which, and why"},
    503: {"model": Refusal, "description": "the database does not answer"},
}


@dataclass(frozen=True, slots=True)
class MentionRecord:
    id: int
    watch: str
    kind: str
    score: float
    surface: str
    start: int
    end: int
    seconds: float | None
    approximate: bool
    segment: int
    speaker: str | None
    snippet: str
    snippet_start: int
    why: str
    label: str | None


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    user: str
    verdict: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """mentions: the first ones; mention_count: of all. outcome: sent, waiting, held or dead; what: in words."""

    id: int
    key: str
    watch: str
    feed: int | None
    show: str
    episode: int | None
    title: str
    published_at: datetime | None
    found_at: datetime
    channel: str
    outcome: str
    what: str
    sent_at: datetime | None
    next_attempt_at: datetime | None
    message: str | None
    mentions: list[MentionRecord]
    mention_count: int
    answers: list[AnswerRecord]


@dataclass(frozen=True, slots=True)
class AlertPage:
    """next: what to give as `before` for the older ones; null: there are none."""

    alerts: list[AlertRecord]
    next: int | None


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """state: listened, not_searched, failed, names_none, backlog or waits; what: the same in words."""

    id: int
    feed: int
    show: str
    guid: str
    title: str
    link: str | None
    published_at: datetime | None
    duration: float | None
    language: str | None
    state: str
    what: str


@dataclass(frozen=True, slots=True)
class EpisodePage:
    """next: what to give as `offset` for the older ones; null: there are none."""

    episodes: list[EpisodeRecord]
    next: int | None


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    start: float | None
    end: float | None
    speaker: str | None
    text: str


@dataclass(frozen=True, slots=True)
class TranscriptRecord:
    """text: what the spans of mentions count in; segments in its order."""

    episode: int
    source: str
    media_type: str
    language: str | None
    revision: int
    text: str
    segments: list[SegmentRecord]


@dataclass(frozen=True, slots=True)
class WordTimes:
    """For each segment when its words, the parts between blanks, are said; empty where that is not known."""

    segments: list[list[float]]


@dataclass(frozen=True, slots=True)
class WatchRecord:
    name: str
    kind: str
    target: str
    channel: str
    deliver: str
    revision: int
    revised_at: datetime | None
    error: str | None
    relevant: int
    wrong: int
    mentions_by_day: dict[str, int]


@dataclass(frozen=True, slots=True)
class HearingRecord:
    """A place where a watched name was in doubt. state: waits, found (a mention), not_found, or left (to the text).

    text_score: null where only the wider net proposes the place; score: with the audio, null where it was not asked.
    until: when it is left to the text at the latest, while it waits.
    """

    name: str
    surface: str
    start: int
    end: int
    seconds: float | None
    segment: int
    state: str
    why: str
    text_score: float | None
    score: float | None
    asked_at: datetime
    until: datetime | None
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class FeedRecord:
    """state: fine, failing, dead, never or gone."""

    id: int
    url: str
    title: str
    tags: list[str]
    login: bool
    state: str
    last_poll: datetime | None
    last_episode: datetime | None
    next_poll: datetime | None
    failing_since: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class FeedPage:
    """next: what to give as `offset` for more; null: there are none."""

    feeds: list[FeedRecord]
    next: int | None


@dataclass(frozen=True, slots=True)
class CoverageRecord:
    """day: null for the whole period. Of that alone: awaiting_hearing, the episodes with a name in doubt that waits
    to be heard again; left_to_text, those with one that was left to the text, by why. Null for a day.
    """

    day: date | None
    episodes: int
    listened: int
    not_listened: dict[str, int]
    awaiting_hearing: int | None = None
    left_to_text: dict[str, int] | None = None


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """total: of the whole period. days: those on which something came out."""

    since: date
    until: date
    feeds: int
    days_polled: int
    days_failed: int
    days_not_polled: int
    days_unknown: int
    total: CoverageRecord
    days: list[CoverageRecord]


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    id: int
    at: datetime
    who: str
    action: str
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class ChangePage:
    """next: what to give as `before` for the older ones; null: there are none."""

    changes: list[ChangeRecord]
    next: int | None


def to_json(record: object) -> str:
    """A record as JSON at once, for long lists: FastAPI would build it twice over, and check what is typed already."""
    return orjson.dumps(record, option=orjson.OPT_UTC_Z).decode()


def mention_record(id: int, m: Mention) -> MentionRecord:
    return MentionRecord(
        id, m.watch, m.kind.value, m.score, m.surface, m.start, m.end, seconds_or_none(m), m.approximate, m.segment,
        m.speaker, m.snippet, m.snippet_start, describe_match(m), m.label,
    )  # fmt: skip


def alert_record(a: StreamedAlert) -> AlertRecord:
    return AlertRecord(
        id=a.id,
        key=a.key,
        watch=a.watch,
        feed=a.feed_id,
        show=a.show or display_address(a.feed_url),
        episode=a.episode_id,
        title=a.episode,
        published_at=a.published_at,
        found_at=a.created_at,
        channel=show_channel(a.channel),
        outcome=a.outcome.value,
        what=describe_outcome(a),
        sent_at=a.sent_at,
        next_attempt_at=a.next_attempt_at,
        message=message_link(a) or None,
        mentions=[mention_record(number, m) for number, m in a.mentions],
        mention_count=a.mention_count,
        answers=[AnswerRecord(g.user, g.verdict.value, g.at) for g in a.answers],
    )


def episode_record(e: ListedEpisode, latest: int) -> EpisodeRecord:
    return listed_record(e, describe_listed(e, latest))


def listed_record(e: ListedEpisode, state: ListedState) -> EpisodeRecord:
    one = e.episode
    return EpisodeRecord(
        one.id, one.feed_id, one.show or display_address(e.feed_url), one.guid, one.title, one.link, one.published_at,
        one.duration, e.language, state.kind, state.text,
    )  # fmt: skip


def watch_record(s: WatchState, precision: Precision, by_day: dict[str, int]) -> WatchRecord:
    w = s.watch
    return WatchRecord(
        w.name, w.kind, w.target, show_channel(w.channel), w.deliver.value, w.revision, w.revised_at,
        redact_text(s.error) if s.error else None, precision.relevant, precision.wrong, by_day,
    )  # fmt: skip


def feed_record(f: Feed, state: str) -> FeedRecord:
    return FeedRecord(
        f.id, display_address(f.url), redact_text(f.title), list(f.tags), f.login is not None, state, f.last_polled_at,
        f.last_episode_at, f.next_poll_at, f.failing_since, redact_text(f.error) if f.error else None,
    )  # fmt: skip


def coverage_record(day: date | None, c: Coverage) -> CoverageRecord:
    why = {reason.name.lower(): c.why[reason] for reason in NotListened if c.why.get(reason)}
    if day is not None:
        return CoverageRecord(day, c.episodes, c.listened, why)
    left = {outcome.value: n for outcome, n in c.hearings.left.items()}
    return CoverageRecord(None, c.episodes, c.listened, why, c.hearings.awaiting, left)


def hearing_record(d: ShownDoubt) -> HearingRecord:
    p, doubt = d.described.place, d.described.place.hearing.doubt
    waits = not p.is_decided
    return HearingRecord(
        doubt.name, doubt.surface, doubt.start, doubt.end, d.seconds, d.segment, d.kind, d.described.text,
        None if doubt.is_wide else doubt.score, d.described.score if d.kind in ("found", "not_found") else None,
        p.asked_at, decided_by(p.asked_at) if waits else None, p.heard_at,
    )  # fmt: skip


def change_record(c: AuditEntry) -> ChangeRecord:
    before, after = (None if facts is None else dict(facts) for facts in (c.before, c.after))
    return ChangeRecord(c.id, c.at, c.who, c.action, c.subject, before, after)
