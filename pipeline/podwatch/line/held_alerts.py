"""Holds the alerts that are not to be sent now, and puts those that were held for it into a digest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from podwatch.model import Alert, ChannelRules, Delivery, DeliveryKind, DeliveryState, Digest, HoldReason, Mute
from podwatch.notifiers import DigestNotifier, ThreadedNotifier
from podwatch.policy.holds import HOUR, IN_DIGEST, Situation, decide_hold, decide_suppression, digest_quiet_until
from podwatch.runtime import Runtime


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
            return self.rt.store.content_of(due)
        held_before = due.reason if due.state is DeliveryState.HELD else None
        _, notifier = self.rt.notifier(due.channel)
        if held_before in IN_DIGEST and isinstance(notifier, ThreadedNotifier | DigestNotifier):
            self._make_digest(due.channel, held_before or HoldReason.DIGEST)
            return None
        alert, situation = self._situation(due, held_before)
        hold = decide_hold(alert, situation)
        if hold is None:
            return alert
        self.held_count += 1
        self.rt.store.hold_delivery(due, hold.why, hold.until)
        return None

    def _situation(self, due: Delivery, held_before: HoldReason | None) -> tuple[Alert, Situation]:
        at, store = self.clock(), self.rt.store
        alert, enabled = store.alert_of(due)
        if self._mutes is None:
            self._mutes = store.active_mutes(at)
        if due.channel not in self._rules:
            self._rules[due.channel] = store.channel_rules(due.channel)
        rules = self._rules[due.channel]
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
        )

    def _make_digest(self, channel: str, why: HoldReason) -> None:
        """Puts the alerts that were held for ``why`` into one digest, which is then due as a delivery of its own."""
        at, store = self.clock(), self.rt.store
        members = []
        for due in store.held_for_digest(channel, why, at):
            alert, situation = self._situation(due, why)
            suppressed, quiet_until = decide_suppression(alert, situation), digest_quiet_until(why, situation)
            if suppressed is not None:
                store.hold_delivery(due, suppressed.why, suppressed.until)
            elif quiet_until is not None:
                store.hold_delivery(due, why, quiet_until)
            else:
                members.append(due)
        store.make_digest(channel, why, members, at)
