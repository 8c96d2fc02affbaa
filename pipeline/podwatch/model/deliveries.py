"""Alerts, digests and deliveries: what is sent to a channel, and the state, attempts and timing of sending it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from podwatch.model.feeds import Episode
from podwatch.model.watches import Mention, Watch


class DeliveryState(StrEnum):
    """The state of a delivery. SENT, HELD and DEAD are final, except a HELD one that has a next attempt."""

    DUE = "due"
    ATTEMPTING = "attempting"
    RETRY = "retry"
    SENT = "sent"
    HELD = "held"
    DEAD = "dead"


class HoldReason(StrEnum):
    """Why an alert is held. The name is stored; the value is what people read."""

    MODE_NONE = "the watch says deliver: none"
    DIGEST = "waits for the digest"
    OLD_EPISODE = "the episode was known long before the watch"
    BACKFILL = "it came with a backfill, which tells nobody unless asked"
    DISABLED = "the watch was removed from the watchlist"
    BOILERPLATE = "it is only mentioned in what the watch skips: sponsors, promotion or repeated passages"
    GONE = "its mentions are gone from the transcript"
    MUTED_WATCH = "the watch was muted"
    MUTED_SHOW = "the show was muted"
    MINIMUM = "it has fewer mentions than the watch's minimum"
    QUIET = "waits for the end of the channel's quiet hours"
    REPEATED = "the watch's last alert is not as old as its repeat_after: waits for a digest"
    CEILING = "the channel had its messages of this hour: waits for a digest"
    LATE = "it waited for days until its channel could be reached: comes in a digest"
    UNKNOWN_OUTCOME = "it may have arrived, and the channel cannot be read to find out"
    RELEASED = "it was held, and somebody released it"
    UNUSED = "the watchlist no longer sends anything to its channel"
    REMOVED = "its feed was removed before it was sent"


class DeliveryKind(StrEnum):
    """What is delivered: an alert, a digest of several, a reply that continues one of them in its thread, a report."""

    ALERT = "alert"
    DIGEST = "digest"
    REPLY = "reply"
    REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The mentions of one watch in one episode, for one channel.

    gone: mentions that a sent message shows and the transcript no longer has. They are shown struck through.
    is_recognised: podwatch itself has recognised the audio that they were found in. page: where readers reach the page,
    so that a message links to its sentences there; "": it links to the publisher.
    """

    key: str
    watch: Watch
    episode: Episode
    channel: str
    mentions: Sequence[Mention]
    gone: Sequence[Mention] = ()
    is_recognised: bool = False
    page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Several alerts for one channel, sent as one message.

    why: why they were held. coverage: what was listened to, in words, as it was when the digest was made.
    """

    key: str
    channel: str
    alerts: Sequence[Alert]
    why: HoldReason = HoldReason.DIGEST
    coverage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Digest):
    """A message of its own words, such as that a watch found nothing for long: a digest without alerts.

    It goes wherever a digest goes. name: what it is about, for programs. columns, rows: its table, if it has one.
    """

    alerts: Sequence[Alert] = ()
    name: str
    title: str
    lines: Sequence[str] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The record of an alert, a digest, a reply or a report handed to a channel.

    attempts: how many claims there were; a fence, since only the latest claimer can save an outcome. failures: attempts
    that failed because of the message itself. attempted_at: when the first attempt began whose outcome is not known;
    looks: how often the channel was read since without finding the message.
    """

    id: int
    key: str
    state: DeliveryState
    channel: str
    kind: DeliveryKind = DeliveryKind.ALERT
    parent_id: int | None = None  # of a reply: the delivery whose thread it is in
    part: int = 0  # of a reply: 1, 2, ...
    digest_id: int | None = None  # the digest that holds it
    reason: HoldReason | None = None  # held, digest: why
    attempts: int = 0
    failures: int = 0
    looks: int = 0
    next_attempt_at: datetime | None = None
    attempted_at: datetime | None = None
    posted_at: datetime | None = None  # of the last attempt to post
    check_at: datetime | None = None  # when its content may have changed
    notifier: str | None = None
    remote_channel: str | None = None  # Slack's own id of the channel
    remote_id: str | None = None  # Slack's ts
    shown: str | None = None  # hash of its content there
    error: str | None = None
