"""deliver: sends each alert to its channel once, and saves the outcome."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

from podwatch.errors import PodwatchError
from podwatch.line.bugs import Bugs
from podwatch.line.held_alerts import AlertHolder
from podwatch.line.reports import make_reports
from podwatch.line.restored_copy import RunCounter
from podwatch.line.send import Sender
from podwatch.line.sent_messages import maintain_messages
from podwatch.model import ALL, Delivery, DeliveryState, Shard, Tally
from podwatch.notifiers import ThreadedNotifier, lacks_token, scheme_of
from podwatch.policy.holds import IN_DIGEST
from podwatch.runtime import Runtime, log
from podwatch.store.channels import SERVICE, ChannelState
from podwatch.store.clock import MAX_APART, monotonic_seconds

RESYNC_SECONDS = 5.0  # after which the shared clock is read again
MAX_CALLER_AGE = timedelta(seconds=5)  # the caller's `now` is a reading of the same clock, and a little old by now
# Seconds before its channel is free in which a message is claimed, so that it goes out on time. Each worker has a
# moment of its own between the two, so that they do not all claim the same one.
CLAIM_AHEAD_SECONDS = (0.05, 0.2)
SENDERS = 8  # messages that one worker has in flight, each to another channel


def deliver(rt: Runtime, now: datetime, shard: Shard = ALL) -> Tally:
    """Sends what is due, as fast as each channel allows, and stays for what is due soon (``timing.stay``).

    now: by the clock that all workers share (Store.clock); their own may be hours apart, and leases judged by two
    clocks overlap. The attempt is saved before the call and its outcome after it. An attempt without an outcome (the
    process died, the answer was lost) is looked up in the channel before it is repeated.
    """
    return Deliverer(rt, now, shard).run()


class SharedClock:
    """The shared clock, read now and then, and extrapolated in between by this machine's own (sleep included)."""

    def __init__(self, rt: Runtime, now: datetime) -> None:
        self._rt = rt
        self._shared, self._monotonic = rt.store.clock_and_monotonic()
        offset = now - self._shared
        self._offset = offset if abs(offset) > MAX_CALLER_AGE else timedelta()  # a caller with a clock of its own

    def __call__(self) -> datetime:
        if monotonic_seconds() - self._monotonic > RESYNC_SECONDS:
            self._shared, self._monotonic = self._rt.store.clock_and_monotonic()
        return self._shared + self._offset + timedelta(seconds=monotonic_seconds() - self._monotonic)


class Deliverer:
    """One worker. Any number of them may run at once, here and elsewhere: they coordinate by rows of the database.

    It has several messages in flight, each to another channel, so that a service that is slow to answer does not make
    one channel wait for the next.
    """

    def __init__(self, rt: Runtime, now: datetime, shard: Shard = ALL) -> None:
        self.timing = rt.settings.pace
        if problem := self.timing.check():
            raise PodwatchError(problem, where="pace")
        self.rt, self.shard, self.clock, self.bugs = rt, shard, SharedClock(rt, now), Bugs("deliver")
        self._claim_ahead = random.uniform(*CLAIM_AHEAD_SECONDS)
        self.holder = AlertHolder(rt, self.clock)
        self.runs = RunCounter(rt, self.clock())
        self.sender = Sender(rt, self.clock, self.bugs, self._claim_ahead, self.runs)
        self._in_flight: dict[str, Future[bool]] = {}  # by channel, whatever its names
        self._without: frozenset[str] = frozenset()  # channels whose service cannot be used now

    def run(self) -> Tally:
        make_reports(self.rt, self.clock(), self.bugs)
        end = monotonic_seconds() + self.timing.longest_run
        self.sender.restored = self.runs.find_restore(self.clock())
        with ThreadPoolExecutor(SENDERS, "deliver") as pool:
            while monotonic_seconds() < end:
                self._without = self._unusable_channels()
                moved = self._send_due(pool)
                moved |= maintain_messages(self.rt, self.clock, self.sender, self.bugs, self._without)
                moved |= self._collect_finished()
                if moved:
                    continue
                at = self.clock()
                soon = at + timedelta(seconds=self.timing.stay)
                due_at = self.rt.store.next_due_before(at, soon, self.shard, self._without)
                if due_at is None and not self._in_flight:
                    break
                pause = 1.0
                if due_at is not None:
                    pause = min(max((due_at - at).total_seconds() - self._claim_ahead, 0.01), 1.0)
                if not self._in_flight:
                    time.sleep(pause)
                else:  # with all senders busy nothing can begin before one has finished
                    wait(self._in_flight.values(), 1.0 if self._all_busy() else pause, FIRST_COMPLETED)
        self._collect_finished()
        self.runs.end(self.clock())
        self._correct_clock()
        self.bugs.raise_all()
        done, notes = self.holder.held_count + self.sender.done, [*self.sender.notes, *self._waiting_notes()]
        return Tally("deliver", done, self.sender.new, self.sender.failures, tuple(dict.fromkeys(notes)))

    def _correct_clock(self) -> None:
        """Sets the shared clock right where a service's says that this machine's is, and the two are far apart."""
        aheads = [n.clock_ahead for n in self.rt.built_notifiers() if isinstance(n, ThreadedNotifier)]
        trusted = any(ahead is not None and abs(ahead) < MAX_APART for ahead in aheads)
        if trusted and self.rt.store.correct_clock():
            log.warning("deliver: the shared clock was wrong, and was set to this machine's")

    def _unusable_channels(self) -> frozenset[str]:
        """The channels to which something waits and whose service has no token here, or is paused until it is mended.

        They are left alone, as if there were none: this run neither sends there, nor waits for them.
        """
        at, states = self.clock(), self.rt.store.channel_states()
        paused = {n for n, s in states.items() if n.startswith(SERVICE) and s.paused_until and s.paused_until > at}
        if self.rt.settings.slack_token and not paused:
            return frozenset()
        return frozenset(c for c in self.rt.store.waiting_channels() if self._is_unusable(c, paused))

    def _is_unusable(self, channel: str, paused: set[str]) -> bool:
        service = scheme_of(channel, self.rt.settings)
        return lacks_token(channel, self.rt.settings) or self.sender.service_row(service) in paused

    def _waiting_notes(self) -> list[str]:
        """A line for each reason why something that is due is not sent: this run has not tried it, or not again."""
        at, states = self.clock(), self.rt.store.channel_states()
        channels: dict[str, list[str]] = defaultdict(list)
        counts = self.rt.store.count_due(at)
        for channel in counts:
            if why := self._waiting_reason(channel, states, at):
                channels[why].append(channel)
        notes = []
        for why, names in channels.items():
            count = sum(counts[name] for name in names)
            where = ", ".join(sorted(names)[:3]) + (", ..." if len(names) > 3 else "")
            notes.append(f"{count} {'message waits' if count == 1 else 'messages wait'} for {where}: {why}")
        for note in notes:
            log.warning("deliver: %s", note)
        return notes

    def _waiting_reason(self, channel: str, states: Mapping[str, ChannelState], at: datetime) -> str:
        if lacks_token(channel, self.rt.settings):
            return "there is no SLACK_BOT_TOKEN here: set it, or print them with --console"
        for name in (self.sender.service_row(scheme_of(channel, self.rt.settings)), channel):
            state = states.get(name)
            if state is not None and state.paused_until is not None and state.paused_until > at:
                return state.error or "it is paused"
        return ""

    def _all_busy(self) -> bool:
        return len(self._in_flight) >= SENDERS

    def _collect_finished(self) -> bool:
        """Whether one of those in flight has finished, and its delivery was not another worker's."""
        moved = False
        for channel, sending in list(self._in_flight.items()):
            if sending.done():
                del self._in_flight[channel]
                moved |= sending.result()
        return moved

    def _send_due(self, pool: ThreadPoolExecutor) -> bool:
        """Goes once through what is due; whether anything was done or begun.

        A message is claimed shortly before its channel is free, and waits for that moment with its claim.
        """
        moved = False
        at = self.clock()
        self.holder.new_round()
        states = self.rt.store.channel_states()
        busy = set(self._in_flight)
        ahead = at + timedelta(seconds=self._claim_ahead)
        due_now = self.rt.store.deliveries_due(at, self.shard, channel_free_at=ahead, without=self._without)
        for due in _shuffle_channels(due_now):
            channel = _own_name(due.channel, states)
            if channel in busy or self._all_busy():
                continue
            try:
                content = self.holder.content_to_send(due)
            except Exception as e:  # noqa: BLE001 - raised with the others at the end
                self.sender.stamp_bug(due, e)
                content = None
            if content is None:
                moved = True
                if due.state is DeliveryState.HELD and due.reason in IN_DIGEST:  # a digest was made, and goes first
                    busy.add(channel)
                continue
            busy.add(channel)
            service, _ = self.rt.notifier(due.channel)
            if not self.sender.is_known_to_work(service, states):
                moved |= self.sender.send(due, content, states)
                break
            moved = True
            self._in_flight[channel] = pool.submit(self.sender.send, due, content, states)
        return moved


def _own_name(channel: str, states: Mapping[str, ChannelState]) -> str:
    """One name for all that a channel is called by: two messages to it would be decided on without each other."""
    return states[channel].name if channel in states else channel


def _shuffle_channels(due: list[Delivery]) -> list[Delivery]:
    """The deliveries of a channel in their order, the channels in any: so that workers do not all claim the same."""
    place = {channel: random.random() for channel in {d.channel for d in due}}
    return sorted(due, key=lambda d: place[d.channel])
