"""One message on its way to a channel: claimed, called, written down, and what its outcome means for the next."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from podwatch.errors import ChannelError, PodwatchError
from podwatch.line.bugs import Bugs
from podwatch.model import Alert, Delivery, DeliveryKind, DeliveryState, DeliveryTiming, Digest
from podwatch.notifiers import DigestNotifier, Notifier, Receipt, ThreadedNotifier
from podwatch.policy.alerts import without_skipped
from podwatch.policy.send_outcomes import (
    after_failure,
    after_not_found,
    after_success,
    channel_pause,
    must_reconcile,
)
from podwatch.runtime import Runtime, log
from podwatch.store.channels import SERVICE, ChannelState

RETRY_SOON = timedelta(seconds=5)  # until a channel asks again whether its service rests
ARRIVAL_MARGIN = 0.98  # of the interval lies between an answer and the next call; the rest is for clocks that differ


class Sender:
    """Used by several threads at a time, each with a delivery of another channel.

    ahead: seconds before its channel is free from which a delivery may be claimed; the call waits for that moment.
    """

    def __init__(self, rt: Runtime, clock: Callable[[], datetime], bugs: Bugs, ahead: float) -> None:
        self.rt, self.clock, self.bugs, self.ahead = rt, clock, bugs, ahead
        self.pace: DeliveryTiming = rt.settings.pace
        self.done = self.new = self.failures = 0
        self.notes: list[str] = []
        self._working_services: set[str] = set()  # services that were asked and did not fail as a whole
        self._count = threading.Lock()

    def is_known_to_work(self, name: str, states: Mapping[str, ChannelState]) -> bool:
        """Whether the service is known to work: while it is not, one message alone finds out."""
        service = states.get(self.service_row(name))
        return name in self._working_services and (service is None or not service.failures)

    def send(self, due: Delivery, said: Alert | Digest, states: Mapping[str, ChannelState]) -> bool:
        """One try; whether the delivery was to be had."""
        store, pace = self.rt.store, self.pace
        name, notifier = self.rt.notifier(due.channel)
        if self._service_is_paused(name, due.channel):
            return True
        look = must_reconcile(due)
        posted = False
        pages: Sequence[str] = ()
        error: PodwatchError | None = None
        try:
            said = without_skipped(said)
            pages = notifier.message_hashes(said) if isinstance(notifier, ThreadedNotifier) else [""]
            thread = self._thread(due)
        except Exception as e:  # noqa: BLE001 - raised with the others at the end
            self.stamp_bug(due, e)
            return True
        shown = pages[due.part] if due.part < len(pages) else None
        began = self.clock()
        held = began + timedelta(seconds=pace.channel_lease)
        lease = began + timedelta(seconds=pace.lease)
        claim = store.claim_delivery(due, began, lease, held, None if look else shown or "", self.ahead)
        if claim is None:
            return False
        claimed, free = claim
        time.sleep(max(0.0, (free - self.clock()).total_seconds()))
        with self._count:
            self.done += 1
        called = self.clock()
        if called > began + (held - began) / 2:  # stopped or starved meanwhile: the channel may soon be another's
            store.save_delivery(replace(claimed, state=DeliveryState.RETRY, next_attempt_at=called), called)
            store.delay_channel(due.channel, called, own_slot=held)
            return True
        receipt: Receipt | None = None
        try:
            if look:
                receipt = self._reconcile(notifier, claimed, thread)
            elif shown is None:  # a reply that is not needed any more
                raise ChannelError("there is no longer anything to add", where=due.channel, retryable=False)
            else:
                posted = True
                receipt = post_content(notifier, said, claimed, thread)
        except PodwatchError as e:
            error = e
        except Exception as e:  # noqa: BLE001 - raised with the others at the end
            line = self.bugs.note(f"alert {claimed.key}", e)
            error = ChannelError(line, retryable=True, outcome_unknown=True)
        at = self.clock()
        if error is not None:
            outcome = after_failure(claimed, error, at, pace, posted=posted)
        elif receipt is None:
            outcome = after_not_found(claimed, at, pace)
        else:
            outcome = after_success(claimed, name, receipt.channel, receipt.id)
            if shown is not None and claimed.shown != shown:  # it was posted before, and says what was true then
                outcome = replace(outcome, check_at=at)
        repeated = claimed.attempted_at is not None
        sweep_at = at + timedelta(seconds=pace.duplicate_check_after) if repeated and receipt is not None else None
        if not store.save_delivery(outcome, at, replies=len(pages) - 1 if receipt else 0, sweep_at=sweep_at):
            store.schedule_duplicate_check(claimed, at + timedelta(seconds=pace.duplicate_check_after))
        self._set_channel_pace(name, due.channel, called, at, held, error, states, posted=posted)
        with self._count:
            self.new += outcome.state is DeliveryState.SENT and outcome.kind is not DeliveryKind.REPLY
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

    def _reconcile(self, notifier: Notifier, d: Delivery, thread: Receipt | None) -> Receipt | None:
        """The message, if an earlier attempt brought it there; a second copy of it is removed."""
        since = (d.attempted_at or self.clock()) - timedelta(seconds=self.pace.lease)
        if not isinstance(notifier, ThreadedNotifier):
            return notifier.find(d.key, d.channel, since)
        copies = notifier.find_copies(d.key, d.channel, since, thread)
        return copies[0] if copies else None  # others are swept up later, when nothing is under way

    def service_row(self, name: str) -> str:
        """The row that stands for a service as this token reaches it: a new token begins anew."""
        token = self.rt.settings.slack_token.reveal() if name == "slack" else ""
        return f"{SERVICE}{name}:{hashlib.blake2b(token.encode(), digest_size=6).hexdigest()}"

    def _service_is_paused(self, name: str, channel: str) -> bool:
        """Whether the whole service rests, as it is now; then this channel rests as long, or looks again soon.

        Soon where it rests by itself, because one that works again knows nothing of the channels that wait for it;
        one that somebody has to mend is not asked again and again.
        """
        at = self.clock()
        state = self.rt.store.channel_state(self.service_row(name))
        if state is None or (free := state.free_at(at)) <= at:
            return False
        mended_by_itself = state.paused_until is None or state.paused_until <= at
        self.rt.store.delay_channel(channel, min(free, at + RETRY_SOON) if mended_by_itself else free)
        return True

    def _set_channel_pace(
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
        pause = channel_pause(error, failures, at, self.pace) if error is not None else None
        if pause is None or not pause.service:
            self._working_services.add(name)
        if pause is not None:
            row = self.service_row(name) if pause.service else channel
            if pause.paused:
                store.pause_channel(row, pause.until, error.line if error else "", pause.failures)
            elif pause.service:
                store.delay_channel(row, pause.until, failures=pause.failures)
            until = at if pause.paused and not pause.service else pause.until
            if (
                posted and isinstance(error, ChannelError) and error.outcome_unknown
            ):  # it may have arrived as late as now
                until = max(until, at + timedelta(seconds=self.pace.interval))
            own = None if pause.paused or pause.service else pause.failures
            store.delay_channel(channel, until, own_slot=held, failures=own)
            return
        if not posted:
            store.delay_channel(channel, at, own_slot=held)
            return
        # The service counts from when a message arrived: after our call, and before its answer.
        interval = timedelta(seconds=self.pace.interval)
        next_at = max(called + interval, at + ARRIVAL_MARGIN * interval)
        store.delay_channel(channel, next_at, own_slot=held, failures=0 if error is None else None)
        if error is None and (service := states.get(self.service_row(name))) is not None and service.failures:
            store.delay_channel(self.service_row(name), at, failures=0)

    def stamp_bug(self, due: Delivery, bug: Exception) -> None:
        """A bug met before anything was sent: noted on its row, which is tried again later, and raised at the end."""
        line = self.bugs.note(f"alert {due.key}", bug)
        at = self.clock()
        claim = self.rt.store.claim_delivery(due, at, at + timedelta(seconds=self.pace.lease))
        if claim is not None:
            error = ChannelError(line, retryable=True)
            self.rt.store.save_delivery(after_failure(claim[0], error, at, self.pace, posted=False), at)


def post_content(notifier: Notifier, said: Alert | Digest, d: Delivery, thread: Receipt | None) -> Receipt:
    """Hands it over. Raises ChannelError."""
    if isinstance(notifier, ThreadedNotifier):
        return notifier.post(said, d.part, d.key, thread)
    if isinstance(said, Alert):
        return notifier.send(said)
    if isinstance(notifier, DigestNotifier):
        return notifier.send_digest(said)
    raise ChannelError("this service has no digests", where=d.channel, retryable=False)
