"""What keeps an alert back for now, or makes it part of a digest: asked of each before it is sent, written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from podwatch.model import Alert, ChannelRules, Delivery, DeliveryKind, Digest, HoldReason, Mute, DeliveryState
from podwatch.notifiers import DigestNotifier, ThreadedNotifier
from podwatch.policy.holds import HOUR, IN_DIGEST, Situation, decide_hold, decide_suppression, digest_quiet_until
from podwatch.runtime import Runtime


class AlertHolder:
    """Asks podwatch.policy.holds what holds; mutes and rules are read once a round, for hundreds may be due."""

    def __init__(self, rt: Runtime, clock: Callable[[], datetime]) -> None:
        self.rt, self.clock = rt, clock
        self.held_count = 0  # deliveries
        self._mutes: list[Mute] | None = None
        self._rules: dict[str, ChannelRules] = {}

    def new_round(self) -> None:
        """Mutes and rules may have changed since the last."""
        self._mutes = None
        self._rules.clear()

    def content_to_send(self, due: Delivery) -> Alert | Digest | None:
        """What is to be said now; None when it is kept back, and that is written down, or is a part of a digest now."""
        if due.kind is not DeliveryKind.ALERT or due.attempted_at is not None or due.state is DeliveryState.ATTEMPTING:
            return self.rt.store.content_of(due)
        waited = due.reason if due.state is DeliveryState.HELD else None
        _, notifier = self.rt.notifier(due.channel)
        if waited in IN_DIGEST and isinstance(notifier, ThreadedNotifier | DigestNotifier):
            self._make_digest(due.channel, waited or HoldReason.DIGEST)
            return None
        alert, s = self._situation(due, waited)
        holding = decide_hold(alert, s)
        if holding is None:
            return alert
        self.held_count += 1
        self.rt.store.hold_delivery(due, holding.why, holding.until)
        return None

    def _situation(self, due: Delivery, waited: HoldReason | None) -> tuple[Alert, Situation]:
        at, store = self.clock(), self.rt.store
        alert, enabled = store.alert_of(due)
        if self._mutes is None:
            self._mutes = store.active_mutes(at)
        if due.channel not in self._rules:
            self._rules[due.channel] = store.channel_rules(due.channel)
        rules = self._rules[due.channel]
        asked = alert.watch.repeat_after or rules.ceiling is not None
        last, hour = store.recent_messages(due, at - HOUR) if asked else (None, [])
        return alert, Situation(
            now=at,
            rules=rules,
            live=timedelta(days=self.rt.settings.live_days),
            enabled=enabled,
            mutes=self._mutes,
            last_sent_at=last,
            sent_last_hour=hour,
            held_before=waited,
        )

    def _make_digest(self, channel: str, why: HoldReason) -> None:
        """Puts what waited for it into one digest, which is then due as a delivery of its own."""
        at, store = self.clock(), self.rt.store
        members = []
        for due in store.held_for_digest(channel, why, at):
            alert, s = self._situation(due, why)
            final, quiet = decide_suppression(alert, s), digest_quiet_until(why, s)
            if final is not None:
                store.hold_delivery(due, final.why, final.until)
            elif quiet is not None:
                store.hold_delivery(due, why, quiet)
            else:
                members.append(due)
        store.make_digest(channel, why, members, at)
