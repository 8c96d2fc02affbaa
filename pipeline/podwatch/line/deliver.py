"""deliver: hands each alert to its channel once, and writes down what became of it."""

from __future__ import annotations

import random
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

from podwatch.errors import PodwatchError
from podwatch.line.bugs import Bugs
from podwatch.line.held_alerts import AlertHolder
from podwatch.line.send import Sender
from podwatch.line.sent_messages import maintain_messages
from podwatch.model import ALL, Delivery, Shard, Tally
from podwatch.runtime import Runtime
from podwatch.store.clock import monotonic_seconds

RESYNC_SECONDS = 5.0  # seconds after which the shared clock is read again
MAX_CALLER_AGE = timedelta(seconds=5)  # the caller's `now` is a reading of the same clock, and a little old by now
# Seconds before a channel is free in which a message to it is made ready, so that it goes out on time. Each worker has
# a moment of its own between the two, so that they do not all make the same one ready.
CLAIM_AHEAD_SECONDS = (0.05, 0.2)
SENDERS = 8  # messages that one worker has on the way at a time, each to another channel


def deliver(rt: Runtime, now: datetime, shard: Shard = ALL) -> Tally:
    """Sends what is due, at the pace of each channel, and stays for what comes due soon (Pace.linger).

    now: what the clock says that all workers share (Store.clock); their own may be hours apart, and a lease judged by
    two clocks is none. The attempt is written before the call and its outcome after it. An attempt that left no
    outcome behind (the process died, the answer was lost) is looked up in the channel before it is repeated.
    """
    return Deliverer(rt, now, shard).run()


class SharedClock:
    """The shared clock, read now and then and counted on by this machine's own in between (sleep included)."""

    def __init__(self, rt: Runtime, now: datetime) -> None:
        self._rt = rt
        self._shared, self._ticks = rt.store.clock_and_monotonic()
        apart = now - self._shared
        self._ahead = apart if abs(apart) > MAX_CALLER_AGE else timedelta()

    def __call__(self) -> datetime:
        if monotonic_seconds() - self._ticks > RESYNC_SECONDS:
            self._shared, self._ticks = self._rt.store.clock_and_monotonic()
        return self._shared + self._ahead + timedelta(seconds=monotonic_seconds() - self._ticks)


class Deliverer:
    """One worker. Any number of them may run at once, here and elsewhere: they meet in the database's rows.

    It has several messages on the way at a time, each to another channel, so that a service that is slow to answer
    does not make one channel wait for the next.
    """

    def __init__(self, rt: Runtime, now: datetime, shard: Shard = ALL) -> None:
        problem = rt.settings.pace.check()
        if problem:
            raise PodwatchError(problem, where="pace")
        self.rt, self.shard, self.clock = rt, shard, SharedClock(rt, now)
        self.pace = rt.settings.pace
        self.bugs = Bugs("deliver")
        self._ahead = random.uniform(*CLAIM_AHEAD_SECONDS)
        self.holder = AlertHolder(rt, self.clock)
        self.sender = Sender(rt, self.clock, self.bugs, self._ahead)
        self._in_flight: dict[str, Future[bool]] = {}  # channel -> what is being sent there

    def run(self) -> Tally:
        end = monotonic_seconds() + self.pace.longest_run
        with ThreadPoolExecutor(SENDERS, "deliver") as crew:
            while monotonic_seconds() < end:
                moved = self._send_due(crew) | maintain_messages(self.rt, self.clock, self.sender.notes, self.bugs)
                moved |= self._collect_finished()
                if moved:
                    continue
                at = self.clock()
                soon = self.rt.store.next_due_before(at, at + timedelta(seconds=self.pace.linger), self.shard)
                if soon is None and not self._in_flight:
                    break
                naps = 1.0 if soon is None else min(max((soon - at).total_seconds() - self._ahead, 0.01), 1.0)
                if self._in_flight:
                    full = len(self._in_flight) >= SENDERS
                    wait(self._in_flight.values(), 1.0 if full else naps, FIRST_COMPLETED)
                else:
                    time.sleep(naps)
        self._collect_finished()
        self.bugs.raise_all()
        done, notes = self.holder.held_count + self.sender.done, tuple(dict.fromkeys(self.sender.notes))
        return Tally("deliver", done, self.sender.new, self.sender.failures, notes)

    def _collect_finished(self) -> bool:
        """Whether one of those under way has come to its end, and was not another worker's."""
        moved = False
        for channel, sending in list(self._in_flight.items()):
            if sending.done():
                del self._in_flight[channel]
                moved |= sending.result()
        return moved

    def _send_due(self, crew: ThreadPoolExecutor) -> bool:
        """Once through what is due; whether anything was done or begun.

        A message is made ready shortly before its channel is free, and waits for that moment with its claim.
        """
        moved = False
        at = self.clock()
        self.holder.new_round()
        states = self.rt.store.channel_states()
        busy = set(self._in_flight)
        for due in self._shuffle_channels(
            self.rt.store.deliveries_due(at, self.shard, free=at + timedelta(seconds=self._ahead))
        ):
            if due.channel in busy or len(self._in_flight) >= SENDERS:
                continue
            try:
                said = self.holder.content_to_send(due)
                if said is None:
                    moved = True
                    continue
            except Exception as e:  # noqa: BLE001 - raised with the others at the end
                self.sender.stamp_bug(due, e)
                moved = True
                continue
            busy.add(due.channel)
            name, _ = self.rt.notifier(due.channel)
            if not self.sender.is_known_to_work(name, states):
                moved |= self.sender.send(due, said, states)
                break
            moved = True
            self._in_flight[due.channel] = crew.submit(self.sender.send, due, said, states)
        return moved

    @staticmethod
    def _shuffle_channels(due: list[Delivery]) -> list[Delivery]:
        """Each channel's in their order, the channels in any: so that workers do not all make the same ready."""
        place = {channel: random.random() for channel in {d.channel for d in due}}
        return sorted(due, key=lambda d: place[d.channel])
