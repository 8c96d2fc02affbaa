"""Holds the alerts that are not to be sent now, and puts those that were held for it into a digest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from podwatch.model import (
    Alert,
    ChannelRules,
    DeliverMode,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Digest,
    HoldReason,
    Mute,
    Period,
    Report,
)
from podwatch.notifiers import DigestNotifier, ThreadedNotifier
from podwatch.policy.coverage import describe_listening, measure_watches
from podwatch.policy.holds import (
    HOUR,
    IN_DIGEST,
    LATE_AFTER,
    Hold,
    Situation,
    decide_hold,
    decide_suppression,
    digest_quiet_until,
    message_quiet_until,
)
from podwatch.policy.send_outcomes import LOOKUPS, must_reconcile
from podwatch.runtime import Runtime

FIRST_PERIOD = timedelta(days=7)  # of which a channel's first digest says what was listened to


class AlertHolder:
    """Applies podwatch.policy.holds to due deliveries. Mutes and rules are read once a round: hundreds may be due.

    held_count: the deliveries held so far.
    """

    def __init__(self, rt: Runtime, clock: Callable[[], datetime]) -> None:
        self.rt, self.clock = rt, clock
        self.held_count = 0
        self._mutes: list[Mute] | None = None
        self._rules: dict[str, ChannelRules] = {}

    def new_round(self) -> None:
        """Forgets the mutes and rules that were read: they may have changed."""
        self._mutes = None
        self._rules.clear()

    def content_to_send(self, due: Delivery) -> Alert | Digest | None:
        """The content to send now; None when the delivery was held, or put into a digest, and that is saved."""
        if due.kind is not DeliveryKind.ALERT or due.attempted_at is not None or due.state is DeliveryState.ATTEMPTING:
            if self._was_redirected(due):
                return None
            content = self.rt.store.content_of(due)
            if content is None:
                self._hold(due, Hold(HoldReason.REMOVED))
            elif due.posted_at is None and _is_empty(content):
                self._hold(due, Hold(HoldReason.GONE))
                return None
            elif (quiet_until := self._quiet_until(due)) is not None:
                of_digest = due.reason if due.kind is DeliveryKind.DIGEST else None  # says why its alerts were held
                self._hold(due, Hold(of_digest or HoldReason.QUIET, quiet_until))
                return None
            return content
        held_before = due.reason if due.state is DeliveryState.HELD else None
        _, notifier = self.rt.notifier(due.channel)
        if held_before in IN_DIGEST and isinstance(notifier, ThreadedNotifier | DigestNotifier):
            self._make_digest(due.channel, held_before or HoldReason.DIGEST)
            return None
        judged = self._situation(due, held_before)
        if judged is None:
            self._hold(due, Hold(HoldReason.REMOVED))
            return None
        alert, situation = judged
        if alert.watch.channel != due.channel and self.rt.store.reroute_moved(due, situation.now):
            return None  # the watch was moved while this was being found, or sent
        hold = decide_hold(alert, situation)
        if hold is None:
            return alert
        self._hold(due, hold)
        if hold.why is HoldReason.LATE:  # all of the channel at once: they come as one digest
            self.rt.store.hold_late(due.channel, situation.now - LATE_AFTER, situation.now)
        return None

    def _was_redirected(self, due: Delivery) -> bool:
        """Whether it goes another way: a watch was moved, or a feed removed, while it was being sent in vain."""
        certain = due.attempted_at is None or due.looks >= LOOKUPS
        if (
            due.kind not in (DeliveryKind.ALERT, DeliveryKind.DIGEST)
            or not certain
            or due.state is DeliveryState.ATTEMPTING
        ):
            return False
        at, store = self.clock(), self.rt.store
        return store.reroute_moved(due, at) or (due.kind is DeliveryKind.DIGEST and store.drop_lost(due))

    def _hold(self, due: Delivery, hold: Hold) -> None:
        self.held_count += 1
        self.rt.store.hold_delivery(due, hold.why, hold.until)

    def _rules_of(self, channel: str) -> ChannelRules:
        if channel not in self._rules:
            self._rules[channel] = self.rt.store.channel_rules(channel)
        return self._rules[channel]

    def _quiet_until(self, due: Delivery) -> datetime | None:
        """Until when a message that was decided on, and is certainly not there, waits for the end of quiet hours."""
        if due.kind is DeliveryKind.REPLY or must_reconcile(due):
            return None
        why = due.reason if due.kind is DeliveryKind.DIGEST else None
        return message_quiet_until(why, self._rules_of(due.channel), self.clock())

    def _situation(self, due: Delivery, held_before: HoldReason | None) -> tuple[Alert, Situation] | None:
        """The alert and what is to be looked at; None when its feed was removed."""
        at, store = self.clock(), self.rt.store
        if (found := store.alert_of(due)) is None:
            return None
        alert, enabled = found
        if self._mutes is None:
            self._mutes = store.active_mutes(at)
        rules = self._rules_of(due.channel)
        counts_messages = alert.watch.repeat_after or rules.ceiling is not None
        last_sent_at, sent_last_hour = store.recent_messages(due, at - HOUR) if counts_messages else (None, [])
        return alert, Situation(
            now=at,
            rules=rules,
            live=timedelta(days=self.rt.settings.live_days),
            enabled=enabled,
            mutes=self._mutes,
            last_sent_at=last_sent_at,
            sent_last_hour=sent_last_hour,
            held_before=held_before,
            due_since=due.next_attempt_at if due.state is DeliveryState.DUE else None,
        )

    def _make_digest(self, channel: str, why: HoldReason) -> None:
        """Puts the alerts that were held for ``why`` into one digest, which is then due as a delivery of its own."""
        at, store = self.clock(), self.rt.store
        if why is HoldReason.DIGEST:  # what was found before the digest's time, and not looked at yet, is in it, too
            self._hold_for_digest(channel, at)
        members = []
        for due in store.held_for_digest(channel, why, at):
            judged = self._situation(due, why)
            if judged is None:
                store.hold_delivery(due, HoldReason.REMOVED, None)
                continue
            alert, situation = judged
            suppressed = decide_suppression(alert, situation)
            quiet_until = digest_quiet_until(why, due.next_attempt_at or at, situation)
            if suppressed is not None:
                store.hold_delivery(due, suppressed.why, suppressed.until)
            elif quiet_until is not None:
                store.hold_delivery(due, why, quiet_until)
            else:
                members.append(due)
        if members:
            store.make_digest(channel, why, members, at, note=self._coverage(channel, at))

    def _hold_for_digest(self, channel: str, at: datetime) -> None:
        for due in self.rt.store.due_for_digest(channel, at):
            judged = self._situation(due, None)
            if judged is None or judged[0].watch.channel != channel:
                continue  # content_to_send sees to it
            if (hold := decide_hold(*judged)) is not None:
                self._hold(due, hold)

    def _coverage(self, channel: str, at: datetime) -> str:
        """What was listened to for the channel's watches since its last digest, in words."""
        last = self.rt.store.last_digest_at(channel)
        facts = self.rt.store.coverage_facts(Period(last or at - FIRST_PERIOD, at))
        mine = [(seq, w) for seq, w in facts.watches if w.channel == channel and w.deliver is not DeliverMode.NONE]
        within = "since the last digest" if last else f"of the last {FIRST_PERIOD.days} days"
        return describe_listening(measure_watches(facts, mine, at), within)


def _is_empty(content: Alert | Digest) -> bool:
    """Whether it is a digest whose alerts have all lost their mentions meanwhile. A report has no alerts."""
    if isinstance(content, Alert | Report):
        return False
    return not any(alert.mentions or alert.gone for alert in content.alerts)
