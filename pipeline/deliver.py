"""deliver: hands each alert to its channel once, and writes down what became of it."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime, timedelta

from pipeline.alerts import prepared
from pipeline.bugs import Bugs
from pipeline.errors import ChannelError, PodwatchError
from pipeline.model import (
    ALL,
    Alert,
    ChannelRules,
    Delivery,
    DeliveryKind,
    Digest,
    Held,
    Mute,
    Pace,
    Shard,
    State,
    Tally,
)
from pipeline.noise import HOUR, IN_DIGEST, Situation, decide, digest_waits, refused
from pipeline.notifiers import Board, Digester, Notifier, Receipt
from pipeline.outcomes import absent, failed, must_look, rest
from pipeline.runtime import Runtime, log
from pipeline.store.channels import SERVICE, ChannelState
from pipeline.store.clock import ticks
from pipeline.upkeep import upkeep

RESYNC = 5.0  # seconds after which the shared clock is read again
OLD = timedelta(seconds=5)  # the caller's `now` is a reading of the same clock, and a little old by now
# Seconds before a channel is free in which a message to it is made ready, so that it goes out on time. Each worker has
# a moment of its own between the two, so that they do not all make the same one ready.
AHEAD = (0.05, 0.2)
SURELY = 0.98  # of the interval lies between an answer and the next call; the rest is for clocks that differ
SENDERS = 8  # messages that one worker has on the way at a time, each to another channel


def deliver(rt: Runtime, now: datetime, shard: Shard = ALL) -> Tally:
    """Sends what is due, at the pace of each channel, and stays for what comes due soon (Pace.linger).

    now: what the clock says that all workers share (Store.clock); their own may be hours apart, and a lease judged by
    two clocks is none. The attempt is written before the call and its outcome after it. An attempt that left no
    outcome behind (the process died, the answer was lost) is looked up in the channel before it is repeated.
    """
    return Deliverer(rt, now, shard).run()


class Clock:
    """The shared clock, read now and then and counted on by this machine's own in between (sleep included)."""

    def __init__(self, rt: Runtime, now: datetime) -> None:
        self._rt = rt
        self._shared, self._ticks = rt.store.clock_and_ticks()
        apart = now - self._shared
        self._ahead = apart if abs(apart) > OLD else timedelta()

    def __call__(self) -> datetime:
        if ticks() - self._ticks > RESYNC:
            self._shared, self._ticks = self._rt.store.clock_and_ticks()
        return self._shared + self._ahead + timedelta(seconds=ticks() - self._ticks)


class Deliverer:
    """One worker. Any number of them may run at once, here and elsewhere: they meet in the database's rows.

    It has several messages on the way at a time, each to another channel, so that a service that is slow to answer
    does not make one channel wait for the next.
    """

    def __init__(self, rt: Runtime, now: datetime, shard: Shard = ALL) -> None:
        problem = rt.settings.pace.check()
        if problem:
            raise PodwatchError(problem, where="pace")
        self.rt, self.shard, self.clock = rt, shard, Clock(rt, now)
        self.pace: Pace = rt.settings.pace
        self.bugs = Bugs("deliver")
        self.done = self.new = self.failures = 0
        self.notes: list[str] = []
        self._mutes: list[Mute] | None = None  # as they were at the beginning of the round
        self._rules: dict[str, ChannelRules] = {}
        self._met: set[str] = set()  # services that were asked and did not fail as a whole
        self._ahead = random.uniform(*AHEAD)
        self._count = threading.Lock()
        self._under_way: dict[str, Future[bool]] = {}  # channel -> what is being sent there

    def run(self) -> Tally:
        end = ticks() + self.pace.longest_run
        with ThreadPoolExecutor(SENDERS, "deliver") as crew:
            while ticks() < end:
                moved = self._round(crew) | upkeep(self.rt, self.clock, self.notes, self.bugs)
                moved |= self._finished()
                if moved:
                    continue
                at = self.clock()
                soon = self.rt.store.due_within(at, at + timedelta(seconds=self.pace.linger), self.shard)
                if soon is None and not self._under_way:
                    break
                naps = 1.0 if soon is None else min(max((soon - at).total_seconds() - self._ahead, 0.01), 1.0)
                if self._under_way:
                    full = len(self._under_way) >= SENDERS
                    wait(self._under_way.values(), 1.0 if full else naps, FIRST_COMPLETED)
                else:
                    time.sleep(naps)
        self._finished()
        self.bugs.raise_all()
        return Tally("deliver", self.done, self.new, self.failures, tuple(dict.fromkeys(self.notes)))

    def _finished(self) -> bool:
        """Whether one of those under way has come to its end, and was not another worker's."""
        moved = False
        for channel, sending in list(self._under_way.items()):
            if sending.done():
                del self._under_way[channel]
                moved |= sending.result()
        return moved

    def _round(self, crew: ThreadPoolExecutor) -> bool:
        """Once through what is due; whether anything was done or begun.

        A message is made ready shortly before its channel is free, and waits for that moment with its claim.
        """
        moved = False
        at = self.clock()
        self._mutes = None
        self._rules.clear()
        states = self.rt.store.channel_states()
        busy = set(self._under_way)
        for due in self._shuffled(
            self.rt.store.deliveries_due(at, self.shard, free=at + timedelta(seconds=self._ahead))
        ):
            if due.channel in busy or len(self._under_way) >= SENDERS:
                continue
            try:
                said = self._keep_back(due)
                if said is None:
                    moved = True
                    continue
            except Exception as e:  # noqa: BLE001 - raised with the others at the end
                self._stamp(due, e)
                moved = True
                continue
            busy.add(due.channel)
            name, _ = self.rt.notifier(due.channel)
            service = states.get(self.service(name))
            if name not in self._met or (service is not None and service.failures):  # one alone finds out if it works
                moved |= self._send(due, said, states)
                break
            moved = True
            self._under_way[due.channel] = crew.submit(self._send, due, said, states)
        return moved

    @staticmethod
    def _shuffled(due: list[Delivery]) -> list[Delivery]:
        """Each channel's in their order, the channels in any: so that workers do not all make the same ready."""
        place = {channel: random.random() for channel in {d.channel for d in due}}
        return sorted(due, key=lambda d: place[d.channel])

    # ---- kept back

    def _keep_back(self, due: Delivery) -> Alert | Digest | None:
        """What is to be said now; None when it is kept back, and that is written down, or is a part of a digest now."""
        if due.kind is not DeliveryKind.ALERT or due.attempted_at is not None or due.state is State.ATTEMPTING:
            return self.rt.store.said_by(due)
        waited = due.reason if due.state is State.HELD else None
        _, notifier = self.rt.notifier(due.channel)
        if waited in IN_DIGEST and isinstance(notifier, Board | Digester):
            self._digest(due.channel, waited or Held.DIGEST)
            return None
        alert, s = self._situation(due, waited)
        holding = decide(alert, s)
        if holding is None:
            return alert
        self.done += 1
        self.rt.store.hold(due, holding.why, holding.until)
        return None

    def _situation(self, due: Delivery, waited: Held | None) -> tuple[Alert, Situation]:
        at, store = self.clock(), self.rt.store
        alert, enabled = store.alert_of(due)
        if self._mutes is None:
            self._mutes = store.active_mutes(at)
        if due.channel not in self._rules:
            self._rules[due.channel] = store.channel_rules(due.channel)
        rules = self._rules[due.channel]
        asked = alert.watch.repeat_after or rules.ceiling is not None
        last, hour = store.heard(due, at - HOUR) if asked else (None, [])
        return alert, Situation(
            now=at,
            rules=rules,
            live=timedelta(days=self.rt.settings.live_days),
            enabled=enabled,
            mutes=self._mutes,
            last=last,
            hour=hour,
            waited=waited,
        )

    def _digest(self, channel: str, why: Held) -> None:
        """Puts what waited for it into one digest, which is then due as a delivery of its own."""
        at, store = self.clock(), self.rt.store
        members = []
        for due in store.waiting_for_digest(channel, why, at):
            alert, s = self._situation(due, why)
            final, quiet = refused(alert, s), digest_waits(why, s)
            if final is not None:
                store.hold(due, final.why, final.until)
            elif quiet is not None:
                store.hold(due, why, quiet)
            else:
                members.append(due)
        store.make_digest(channel, why, members, at)

    # ---- sent

    def _send(self, due: Delivery, said: Alert | Digest, states: Mapping[str, ChannelState]) -> bool:
        """One try; whether the delivery was to be had."""
        store, pace = self.rt.store, self.pace
        name, notifier = self.rt.notifier(due.channel)
        if self._service_rests(states.get(self.service(name)), due.channel):
            return True
        look = must_look(due)
        posted = False
        pages: Sequence[str] = ()
        error: PodwatchError | None = None
        try:
            said = prepared(said)
            pages = notifier.pages(said) if isinstance(notifier, Board) else [""]
            thread = self._thread(due)
        except Exception as e:  # noqa: BLE001 - raised with the others at the end
            self._stamp(due, e)
            return True
        shown = pages[due.part] if due.part < len(pages) else None
        began = self.clock()
        held = began + timedelta(seconds=pace.hold)
        lease = began + timedelta(seconds=pace.lease)
        claim = store.claim(due, began, lease, held, None if look else shown or "", self._ahead)
        if claim is None:
            return False
        claimed, free = claim
        time.sleep(max(0.0, (free - self.clock()).total_seconds()))
        with self._count:
            self.done += 1
        called = self.clock()
        if called > began + (held - began) / 2:  # stopped or starved meanwhile: the channel may soon be another's
            store.save_delivery(replace(claimed, state=State.RETRY, next_attempt_at=called), called)
            return True
        receipt: Receipt | None = None
        try:
            if look:
                receipt = self._look(notifier, claimed, thread)
            elif shown is None:  # a reply that is not needed any more
                raise ChannelError("there is no longer anything to add", where=due.channel, retryable=False)
            else:
                posted = True
                receipt = post(notifier, said, claimed, thread)
        except PodwatchError as e:
            error = e
        except Exception as e:  # noqa: BLE001 - raised with the others at the end
            line = self.bugs.note(f"alert {claimed.key}", e)
            error = ChannelError(line, retryable=True, outcome_unknown=True)
        at = self.clock()
        if error is not None:
            outcome = failed(claimed, error, at, pace, posted=posted)
        elif receipt is None:
            outcome = absent(claimed, at, pace)
        else:
            outcome = sent(claimed, name, receipt)
            if shown is not None and claimed.shown != shown:  # it was posted before, and says what was true then
                outcome = replace(outcome, check_at=at)
        repeated = claimed.attempted_at is not None
        sweep_at = at + timedelta(seconds=pace.sweep) if repeated and receipt is not None else None
        if not store.save_delivery(outcome, at, replies=len(pages) - 1 if receipt else 0, sweep_at=sweep_at):
            store.sweep(claimed, at + timedelta(seconds=pace.sweep))
        self._pace(name, due.channel, called, at, held, error, states, posted=posted)
        with self._count:
            self.new += outcome.state is State.SENT and outcome.kind is not DeliveryKind.REPLY
            self.failures += error is not None
        if error is not None:
            self.notes.append(outcome.error or "")
            log.warning("deliver: %s", outcome.error)
        return True

    def _thread(self, due: Delivery) -> Receipt | None:
        if due.kind is not DeliveryKind.REPLY:
            return None
        parent = self.rt.store.parent_of(due)
        return Receipt(parent.remote_channel or "", parent.remote_id or "")

    def _look(self, notifier: Notifier, d: Delivery, thread: Receipt | None) -> Receipt | None:
        """The message, if an earlier attempt brought it there; a second copy of it is removed."""
        since = (d.attempted_at or self.clock()) - timedelta(seconds=self.pace.lease)
        if not isinstance(notifier, Board):
            return notifier.find(d.key, d.channel, since)
        copies = notifier.copies(d.key, d.channel, since, thread)
        return copies[0] if copies else None  # others are swept up later, when nothing is under way

    def service(self, name: str) -> str:
        """The row that stands for a service as this token reaches it: a new token begins anew."""
        token = self.rt.settings.slack_token.reveal() if name == "slack" else ""
        return f"{SERVICE}{name}:{hashlib.blake2b(token.encode(), digest_size=6).hexdigest()}"

    def _service_rests(self, state: ChannelState | None, channel: str) -> bool:
        """Whether the whole service rests; then this channel rests as long."""
        at = self.clock()
        if state is None or state.free_at(at) <= at:
            return False
        self.rt.store.rest_channel(channel, state.free_at(at))
        return True

    def _pace(
        self,
        name: str,
        channel: str,
        called: datetime,
        at: datetime,
        held: datetime,
        error: PodwatchError | None,
        states: Mapping[str, ChannelState],
        *,
        posted: bool,
    ) -> None:
        """When the next message may go to the channel: a second after this one, or when what is wrong is mended."""
        store = self.rt.store
        failures = ((state := states.get(channel)) and state.failures) or 0
        pause = rest(error, failures, at, self.pace) if error is not None else None
        if pause is None or not pause.service:
            self._met.add(name)
        if pause is not None:
            row = self.service(name) if pause.service else channel
            if pause.paused:
                store.pause_channel(row, pause.until, error.line if error else "", pause.failures)
            elif pause.service:
                store.rest_channel(row, pause.until, failures=pause.failures)
            until = at if pause.paused and not pause.service else pause.until
            if (
                posted and isinstance(error, ChannelError) and error.outcome_unknown
            ):  # it may have arrived as late as now
                until = max(until, at + timedelta(seconds=self.pace.interval))
            own = None if pause.paused or pause.service else pause.failures
            store.rest_channel(channel, until, held=held, failures=own)
            return
        if not posted:
            store.rest_channel(channel, at, held=held)
            return
        # The service counts from when a message arrived: sometime between our call and its answer. The next needs some
        # time for its way, too, half of what the quickest answer took; while few are known, that counts for nothing.
        # The service counts from when a message arrived: after our call, and before its answer.
        interval = timedelta(seconds=self.pace.interval)
        next_at = max(called + interval, at + SURELY * interval)
        store.rest_channel(channel, next_at, held=held, failures=0 if error is None else None)
        if error is None and (service := states.get(self.service(name))) is not None and service.failures:
            store.rest_channel(self.service(name), at, failures=0)

    def _stamp(self, due: Delivery, bug: Exception) -> None:
        """A bug met before anything was sent: noted on its row, which is tried again later, and raised at the end."""
        line = self.bugs.note(f"alert {due.key}", bug)
        at = self.clock()
        claim = self.rt.store.claim(due, at, at + timedelta(seconds=self.pace.lease))
        if claim is not None:
            error = ChannelError(line, retryable=True)
            self.rt.store.save_delivery(failed(claim[0], error, at, self.pace, posted=False), at)


def post(notifier: Notifier, said: Alert | Digest, d: Delivery, thread: Receipt | None) -> Receipt:
    """Hands it over. Raises ChannelError."""
    if isinstance(notifier, Board):
        return notifier.post(said, d.part, d.key, thread)
    if isinstance(said, Alert):
        return notifier.send(said)
    if isinstance(notifier, Digester):
        return notifier.digest(said)
    raise ChannelError("this service has no digests", where=d.channel, retryable=False)


def sent(d: Delivery, name: str, receipt: Receipt) -> Delivery:
    """The delivery of which a message is there."""
    return replace(
        d,
        state=State.SENT,
        error=None,
        next_attempt_at=None,
        looks=0,
        notifier=name,
        remote_channel=receipt.channel,
        remote_id=receipt.id,
    )
