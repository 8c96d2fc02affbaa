"""Alerts and deliveries: what is sent to a channel, when, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from podwatch.model.feeds import Episode
from podwatch.model.watches import Mention, Watch


class DeliveryState(StrEnum):
    """Where a delivery stands. SENT, HELD and DEAD are ends, unless a HELD one has a time to be looked at again."""

    DUE = "due"
    ATTEMPTING = "attempting"
    RETRY = "retry"
    SENT = "sent"
    HELD = "held"
    DEAD = "dead"


class HoldReason(StrEnum):
    """Why an alert is kept back."""

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


class DeliveryKind(StrEnum):
    """What a row of the deliveries is: an alert, a digest of several, or what continues one of them in its thread."""

    ALERT = "alert"
    DIGEST = "digest"
    REPLY = "reply"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The mentions of one watch in one episode, for one channel.

    gone: mentions that were part of a sent message and are no longer in the transcript. They are shown struck through.
    """

    key: str
    watch: Watch
    episode: Episode
    channel: str
    mentions: Sequence[Mention]
    gone: Sequence[Mention] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Several alerts for one channel, sent as one message; why: what held them back until now."""

    key: str
    channel: str
    alerts: Sequence[Alert]
    why: HoldReason = HoldReason.DIGEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The record of an alert, a digest or a reply handed to a channel.

    attempts counts the claims and is the fence: whoever saves an outcome must have made the latest claim.
    failures counts the tries that failed through the message itself. attempted_at: when the first attempt began whose
    outcome is not known; looks: how often the channel was read since without finding it.
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
    posted_at: datetime | None = None  # when the last post was tried
    check_at: datetime | None = None  # when something may have changed what it says
    notifier: str | None = None
    remote_channel: str | None = None  # Slack's own id of the channel
    remote_id: str | None = None  # Slack's ts
    shown: str | None = None  # hash of what it says there
    error: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryTiming:
    """How long deliver waits for what, in seconds of the clock that all workers share (Store.clock).

    The rules between them make an alert arrive once: see ``check``. Tests and the crash test scale them down.
    """

    timeout: float = 30.0  # a whole call of a service may take; after it the outcome is unknown
    settle: float = 80.0  # from the end of such a call until the channel is read
    recheck_after: float = 10.0  # the channel is read twice before the message counts as absent
    lease: float = 150.0  # a claim lasts; after it the claimer counts as dead
    interval: float = 1.03  # between two messages to one channel
    channel_lease: float = (
        32.0  # a channel waits for the answer to a message before the next may go; of one that died, so long
    )
    first_pause: float = 1.0  # a channel rests after a failure of the service; doubles
    longest_pause: float = 30.0
    first_retry: float = 60.0  # of a message that failed by itself; doubles
    longest_retry: float = 6 * 3600.0
    probe_after: float = 900.0  # until a channel that somebody has to mend is probed
    duplicate_check_after: float = 600.0  # after a repeated message, until the channel is read for a second copy
    stay: float = 180.0  # deliver stays for what comes due within this
    longest_run: float = 2700.0  # and ends after this
    max_attempts: int = 20  # of a message that fails by itself; then it is dead

    skew: float = 5.0  # two workers' readings of the shared clock may be apart

    def check(self) -> str:
        """What is wrong with these numbers; "" when they keep the promise."""
        if self.settle < self.timeout + self.skew:
            return "settle must be longer than timeout: a call that was given up may still be under way"
        if self.channel_lease < self.timeout + self.interval:
            return "hold must be longer than timeout: else two messages may be on the way to one channel"
        if self.lease < self.timeout + self.settle:
            return "lease must be longer than timeout and settle: its end says that the post has settled"
        return ""
