"""Keeps sent messages right: edits those whose alert has changed, and deletes the later of two copies."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from podwatch.errors import ChannelError
from podwatch.line.bugs import RETRY_AFTER_BUG, Bugs
from podwatch.line.send import Sender, receipt_of
from podwatch.model import Delivery
from podwatch.notifiers import ThreadedNotifier
from podwatch.policy.alerts import without_skipped
from podwatch.policy.send_outcomes import CallKind, channel_pause
from podwatch.runtime import Runtime, log

EMPTY = "-"  # stands for the hash of a message of a thread that has nothing left to say
RETRY_LATER = timedelta(minutes=1)  # after a failure of the channel
# Slack's codes for a message that is there and stays as it is: what changed is said in its thread.
MUST_STAY = frozenset({"edit_window_closed", "cant_update_message"})


def maintain_messages(
    rt: Runtime, clock: Callable[[], datetime], sender: Sender, bugs: Bugs, without: Collection[str] = ()
) -> bool:
    """Edits and checks what is due; whether anything was done. Failures go to ``sender.notes`` and ``bugs``.

    without: channels that are left out.
    """
    store, moved = rt.store, False
    for maintain, due in (
        (edit_if_changed, store.edits_due(clock(), without)),
        (delete_duplicates, store.duplicate_checks_due(clock(), without)),
    ):
        for d in due:
            service, notifier = rt.notifier(d.channel)
            if not isinstance(notifier, ThreadedNotifier):  # its messages can be neither read nor edited
                store.save_edit(d, None, 0, clock())
                store.save_duplicate_check(d, None)
                continue
            began = clock()
            slot = began + timedelta(seconds=rt.settings.pace.channel_lease)
            if not store.claim_channel(d.channel, began, slot):
                continue
            moved, called, error = True, True, None
            try:
                called = maintain(rt, notifier, d, clock)
            except ChannelError as e:
                error = e
                sender.notes.append(e.line)
                log.warning("deliver: %s", e.line)
            except Exception as e:  # noqa: BLE001 - raised with the others at the end
                bugs.note(f"alert {d.key}", e)
                store.save_edit(d, None, 0, clock(), again=clock() + RETRY_AFTER_BUG)
            next_call = began + timedelta(seconds=rt.settings.pace.interval if called else 0.0)
            kind = CallKind.LOOKUP if maintain is delete_duplicates else CallKind.POST
            row = sender.service_row(service) if error is not None and error.service else d.channel
            _set_next_call(rt, d.channel, row, error, kind, next_call, clock(), slot)
            if row != d.channel:  # a token that was revoked: nothing else of this service can be done now
                break
    return moved


def edit_if_changed(rt: Runtime, notifier: ThreadedNotifier, d: Delivery, clock: Callable[[], datetime]) -> bool:
    """Edits the message when its alert would now look different; whether the service was called."""
    stored = rt.store.content_of(d)
    if stored is None:  # its feed was removed: it stays as it is
        rt.store.save_edit(d, None, 0, clock())
        return False
    content = without_skipped(stored)
    hashes = notifier.message_hashes(content)
    wanted, replies = hashes[d.part] if d.part < len(hashes) else EMPTY, len(hashes) - 1
    if wanted == d.shown:
        rt.store.save_edit(d, None, replies, clock())
        return False
    try:
        notifier.edit(content, d.part, d.key, receipt_of(d))
    except ChannelError as e:
        if e.retryable:
            rt.store.save_edit(d, None, 0, clock(), again=clock() + RETRY_LATER)
        else:  # it was deleted by hand, or may no longer be edited: that is how it stays
            rt.store.save_edit(d, wanted, 0, clock())
            if e.code in MUST_STAY:
                rt.store.add_correction(d, clock())
        raise
    rt.store.save_edit(d, wanted, replies, clock())
    return True


def delete_duplicates(rt: Runtime, notifier: ThreadedNotifier, d: Delivery, clock: Callable[[], datetime]) -> bool:
    """Leaves one copy of a message of which a second may have arrived after the channel was read.

    The oldest stays, unless the one on the row has replies: they would be deleted with it.
    """
    store = rt.store
    store.save_duplicate_check(d, None, again=clock() + RETRY_LATER)
    now = clock()
    age = now - (d.attempted_at or d.posted_at or now) + timedelta(seconds=rt.settings.pace.lease)
    thread = receipt_of(store.parent_of(d)) if d.parent_id is not None else None
    copies = notifier.find_copies(d.key, d.channel, age, thread)
    with_thread = [copy for copy in copies if copy.id == d.remote_id] if store.has_replies(d) else []
    kept = next(iter(with_thread or copies), None)
    for copy in copies:
        if copy != kept:
            log.warning("deliver: %s: a second copy of a message is removed", d.channel)
            notifier.delete(copy)
    store.save_duplicate_check(d, kept.id if kept else None)
    return True


def _set_next_call(
    rt: Runtime,
    channel: str,
    row: str,
    error: ChannelError | None,
    kind: CallKind,
    next_call: datetime,
    at: datetime,
    slot: datetime,
) -> None:
    """Edits keep to the rate of posts, and a pause that they meet holds for posts too.

    row: what is paused, the channel or its whole service.
    """
    state = rt.store.channel_state(row)
    failures = state.failures if state else 0
    pause = None if error is None else channel_pause(error, failures, at, rt.settings.pace, kind)
    if error is None or pause is None:
        rt.store.delay_channel(channel, next_call, own_slot=slot)
        return
    if pause.paused:
        rt.store.pause_channel(row, pause.until, error.line, pause.failures)
    elif row != channel:
        rt.store.delay_channel(row, pause.until, failures=pause.failures)
    shared = pause.paused or row != channel
    rt.store.delay_channel(
        channel, next_call if shared else pause.until, own_slot=slot, failures=None if shared else pause.failures
    )
