"""Sends one message: claims its delivery, calls the service, saves the outcome, and sets when the next one may go."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from podwatch.errors import ChannelError, PodwatchError
from podwatch.line.bugs import Bugs
from podwatch.line.restored_copy import RestoredCopy, RunCounter
from podwatch.model import Alert, Delivery, DeliveryKind, DeliveryState, Digest
from podwatch.notifiers import DigestNotifier, Notifier, Receipt, ThreadedNotifier
from podwatch.policy.alerts import without_skipped
from podwatch.policy.send_outcomes import (
    CallKind,
    after_failure,
    after_not_found,
    after_success,
    channel_pause,
    must_reconcile,
)
from podwatch.runtime import Runtime, log
from podwatch.store.channels import SERVICE, ChannelState

RETRY_SOON = timedelta(seconds=5)  # until a channel asks again whether its paused service works
ARRIVAL_MARGIN = 0.98  # of the interval lies between an answer and the next call; the rest is for clocks that differ


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of a service: what it was, when it began and ended, and its error.

    slot: until when the call has claimed its channel.
    """

    service: str
    channel: str
    slot: datetime
    began: datetime
    ended: datetime
    kind: CallKind
    error: PodwatchError | None


class Sender:
    """Used by several threads at a time, each with a delivery of another channel.

    ahead: seconds before its channel is free from which a delivery may be claimed; the call waits for that moment.
    done, new, failures: deliveries tried, messages that arrived, tries that failed. notes: a line for each failure.
    restored: a restore of the database after which channels are read before what may be there is sent.
    """

    def __init__(
        self, rt: Runtime, clock: Callable[[], datetime], bugs: Bugs, ahead: float, runs: RunCounter | None = None
    ) -> None:
        self.rt, self.clock, self.bugs, self.ahead = rt, clock, bugs, ahead
        self.timing = rt.settings.pace
        self.done = self.new = self.failures = 0
        self.notes: list[str] = []
        self.runs = runs or RunCounter(rt, clock())
        self.restored: RestoredCopy | None = None
        self._working_services: set[str] = set()  # that were called and did not fail as a whole
        self._targets: dict[str, str | None] = {}  # what was saved of the services' own ids, by channel
        self._count_lock = threading.Lock()

    def is_known_to_work(self, service: str, states: Mapping[str, ChannelState]) -> bool:
        """Whether the service is known to work: while it is not, one message alone finds out."""
        return service in self._working_services and not _failures(states, self.service_row(service))

    def send(self, due: Delivery, content: Alert | Digest, states: Mapping[str, ChannelState]) -> bool:
        """One try of a delivery with this content; False when another worker has it, or its channel.

        states: the channels as they were read in this round.
        """
        store, timing = self.rt.store, self.timing
        service, notifier = self.rt.notifier(due.channel)
        if self._delay_while_service_paused(service, due.channel):
            return True
        hashes: Sequence[str] = [""]
        error: PodwatchError | None = None
        where: str | None = None
        in_doubt = self.restored is not None and self.restored.may_hold(content)
        reconciles = must_reconcile(due, in_doubt=in_doubt)
        try:
            content = without_skipped(content)
            thread = self._thread(due)
            if isinstance(notifier, ThreadedNotifier):
                hashes = notifier.message_hashes(content)
                # It is looked for, and posted again, where it may have arrived: the name may be another channel's.
                known = due.remote_channel if reconciles or due.attempted_at is not None else None
                where, error = self._locate(service, notifier, due.channel, thread.channel if thread else known)
                if known is not None:
                    content = replace(content, channel=known)
        except Exception as e:  # noqa: BLE001 - raised with the others at the end
            self.stamp_bug(due, e)
            return True
        shown = hashes[due.part] if due.part < len(hashes) else None  # None: a reply that is no longer needed
        kind = CallKind.NONE if error or (shown is None and not reconciles) else CallKind.POST
        kind = CallKind.LOOKUP if reconciles and error is None else kind
        self.runs.begin_sending(self.clock())
        claimed_at = self.clock()
        slot = claimed_at + timedelta(seconds=timing.channel_lease)
        lease = claimed_at + timedelta(seconds=timing.lease)
        posts = {"shown": shown, "where": where} if kind is CallKind.POST else {}
        claim = store.claim_delivery(due, claimed_at, lease, slot, ahead=self.ahead, **posts)
        if claim is None:
            return False
        claimed, free_at = claim
        time.sleep(max(0.0, (free_at - self.clock()).total_seconds()))
        with self._count_lock:
            self.done += 1
        began = self.clock()
        if began > claimed_at + (slot - claimed_at) / 2:  # stopped or starved: the channel may soon be another's
            store.save_delivery(replace(claimed, state=DeliveryState.RETRY, next_attempt_at=began), began)
            store.delay_channel(due.channel, began, own_slot=slot)
            return True
        receipt: Receipt | None = None
        try:
            if error is not None:
                pass  # the channel was not found, so nothing is called
            elif reconciles:
                receipt = self._find_earlier(notifier, claimed, thread)
            elif shown is None:
                raise ChannelError("there is no longer anything to add", where=due.channel, retryable=False)
            else:
                receipt = post_content(notifier, content, claimed, thread)
        except PodwatchError as e:
            error = e
        except Exception as e:  # noqa: BLE001 - raised with the others at the end
            error = ChannelError(self.bugs.note(f"alert {claimed.key}", e), retryable=True, outcome_unknown=True)
        call = _Call(service, due.channel, slot, began, self.clock(), kind, error)
        self._save_outcome(claimed, call, receipt, shown, replies=len(hashes) - 1)
        self._set_next_call(call, states)
        if receipt is not None and isinstance(notifier, ThreadedNotifier):
            self._set_target(due.channel, f"{service}:{receipt.channel}")
        return True

    def _locate(
        self, service: str, notifier: ThreadedNotifier, channel: str, known: str | None
    ) -> tuple[str | None, PodwatchError | None]:
        """Looks up which of the service's channels this is, before it is claimed: that may take several calls.

        known: its id, where that need not be asked. Returns its id, or what kept it from being found. Names of one
        channel share its rate limit from now on.
        """
        try:
            found = known or notifier.locate(channel)
        except PodwatchError as e:
            if isinstance(e, ChannelError) and e.route and not e.service:  # the name may be another channel's by now
                self._set_target(channel, None)
            return None, e
        if found is not None:
            self._set_target(channel, f"{service}:{found}")
        return found, None

    def _set_target(self, channel: str, target: str | None) -> None:
        if self._targets.get(channel, "") != target:
            self.rt.store.set_channel_target(channel, target)
            self._targets[channel] = target

    def _save_outcome(
        self, claimed: Delivery, call: _Call, receipt: Receipt | None, shown: str | None, *, replies: int
    ) -> None:
        at = call.ended
        if call.error is not None:
            outcome = after_failure(claimed, call.error, at, self.timing, call.kind)
        elif receipt is None:
            outcome = after_not_found(claimed, at, self.timing)
        else:
            outcome = after_success(claimed, call.service, receipt.channel, receipt.id)
            if shown is not None and claimed.shown != shown:  # an earlier post, with what was true then
                outcome = replace(outcome, check_at=at)
        check_at = at + timedelta(seconds=self.timing.duplicate_check_after)
        repeated = receipt is not None and claimed.attempted_at is not None
        if not self.rt.store.save_delivery(
            outcome, at, replies=replies if receipt else 0, sweep_at=check_at if repeated else None
        ):
            self.rt.store.schedule_duplicate_check(claimed, check_at)
        elif outcome.state in (DeliveryState.RETRY, DeliveryState.DEAD):
            self.rt.store.reroute_moved(outcome, at)  # its channel may be paused for long, and not its watch's any more
        with self._count_lock:
            self.new += outcome.state is DeliveryState.SENT and outcome.kind is not DeliveryKind.REPLY
            self.failures += call.error is not None
        if receipt is not None and receipt.note:
            self.notes.append(receipt.note)
            log.warning("deliver: %s", receipt.note)
        if call.error is not None:
            self.notes.append(outcome.error or "")
            log.warning("deliver: %s", outcome.error)

    def _thread(self, due: Delivery) -> Receipt | None:
        if due.kind is not DeliveryKind.REPLY:
            return None
        return receipt_of(self.rt.store.parent_of(due))

    def _find_earlier(self, notifier: Notifier, d: Delivery, thread: Receipt | None) -> Receipt | None:
        """The message, if an earlier attempt brought it there. A second copy is removed later, by sent_messages."""
        now = self.clock()
        unknown_since = d.attempted_at or (self.restored.unknown_since if self.restored else now)
        age = now - unknown_since + timedelta(seconds=self.timing.lease)
        if not isinstance(notifier, ThreadedNotifier):
            return notifier.find(d.key, d.channel, age)
        return next(iter(notifier.find_copies(d.key, d.remote_channel or d.channel, age, thread)), None)

    def service_row(self, service: str) -> str:
        """The channel row that stands for a service as this token reaches it: a new token begins anew."""
        token = self.rt.settings.slack_token.reveal() if service == "slack" else ""
        return f"{SERVICE}{service}:{hashlib.blake2b(token.encode(), digest_size=6).hexdigest()}"

    def _delay_while_service_paused(self, service: str, channel: str) -> bool:
        """Whether the whole service is paused at this moment; then the channel waits, too.

        As long as the service where somebody has to mend it. Otherwise it asks again soon, because a service that
        works again does not know the channels that wait for it.
        """
        at = self.clock()
        state = self.rt.store.channel_state(self.service_row(service))
        if state is None or (free_at := state.free_at(at)) <= at:
            return False
        recovers = state.paused_until is None or state.paused_until <= at
        self.rt.store.delay_channel(channel, min(free_at, at + RETRY_SOON) if recovers else free_at)
        return True

    def _set_next_call(self, call: _Call, states: Mapping[str, ChannelState]) -> None:
        """Saves when the next message may go to the channel: after the interval, or when what is wrong is mended."""
        store, error, at = self.rt.store, call.error, call.ended
        interval, row = timedelta(seconds=self.timing.interval_of(call.service)), self.service_row(call.service)
        pause = None
        if error is not None:
            counted = row if getattr(error, "service", False) else call.channel
            pause = channel_pause(error, _failures(states, counted), at, self.timing, call.kind)
        if pause is None or not pause.service:
            self._working_services.add(call.service)
        if pause is None and call.kind is not CallKind.POST:
            store.delay_channel(call.channel, at, own_slot=call.slot)
        elif pause is None:
            # The service counts from when a message arrived: after our call, and before its answer.
            next_at = max(call.began + interval, at + ARRIVAL_MARGIN * interval)
            store.delay_channel(call.channel, next_at, own_slot=call.slot, failures=0 if error is None else None)
            if error is None and _failures(states, row):
                store.delay_channel(row, at, failures=0)
        else:
            if pause.paused:
                paused = row if pause.service else call.channel
                store.pause_channel(paused, pause.until, error.line if error else "", pause.failures)
            elif pause.service:
                store.delay_channel(row, pause.until, failures=pause.failures)
            until = at if pause.paused and not pause.service else pause.until
            if call.kind is CallKind.POST:  # it counts as a message there, taken or refused
                until = max(until, at + interval)
            failures = None if pause.paused or pause.service else pause.failures
            store.delay_channel(call.channel, until, own_slot=call.slot, failures=failures)

    def stamp_bug(self, due: Delivery, bug: Exception) -> None:
        """A bug met before anything was sent: saved on its row, which is tried again later, and raised at the end."""
        line = self.bugs.note(f"alert {due.key}", bug)
        at = self.clock()
        claim = self.rt.store.claim_delivery(due, at, at + timedelta(seconds=self.timing.lease))
        if claim is not None:
            error = ChannelError(line, retryable=True)
            self.rt.store.save_delivery(after_failure(claim[0], error, at, self.timing, CallKind.NONE), at)


def post_content(notifier: Notifier, content: Alert | Digest, d: Delivery, thread: Receipt | None) -> Receipt:
    """Posts the message of this delivery. Raises ChannelError."""
    if isinstance(notifier, ThreadedNotifier):
        return notifier.post(content, d.part, d.key, thread)
    if isinstance(content, Alert):
        return notifier.send(content)
    if isinstance(notifier, DigestNotifier):
        return notifier.send_digest(content)
    raise ChannelError("this service has no digests", where=d.channel, retryable=False)


def receipt_of(d: Delivery) -> Receipt:
    """Where the message of a sent delivery is."""
    return Receipt(d.remote_channel or "", d.remote_id or "")


def _failures(states: Mapping[str, ChannelState], row: str) -> int:
    return states[row].failures if row in states else 0
