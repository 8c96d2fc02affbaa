"""Keeps what was sent right: changed alerts are edited, and of two copies of a message the later goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from podwatch.errors import ChannelError
from podwatch.line.bugs import Bugs
from podwatch.model import Delivery
from podwatch.notifiers import Receipt, ThreadedNotifier
from podwatch.policy.alerts import without_skipped
from podwatch.policy.send_outcomes import channel_pause
from podwatch.runtime import Runtime, log

EMPTY = "-"  # stands for the hash of a message of a thread that has nothing to say any more
LATER = timedelta(minutes=1)  # after a failure that the channel is not to blame for
MUCH_LATER = timedelta(hours=1)  # after a bug


def maintain_messages(rt: Runtime, clock: Callable[[], datetime], notes: list[str], bugs: Bugs) -> bool:
    """Looks after what is due for it; whether anything was done. What failed is in ``notes``, and ``bugs``."""
    moved = False
    for work, due in (
        (edit_if_changed, rt.store.edits_due(clock())),
        (remove_duplicates, rt.store.duplicate_checks_due(clock())),
    ):
        for d in due:
            _, notifier = rt.notifier(d.channel)
            if not isinstance(notifier, ThreadedNotifier):  # what was said cannot be changed there
                rt.store.save_edit(d, None, 0, clock())
                rt.store.save_duplicate_check(d, None)
                continue
            at = clock()
            held = at + timedelta(seconds=rt.settings.pace.channel_lease)
            if not rt.store.claim_channel(d.channel, at, held):
                continue
            moved = True
            calm: ChannelError | None = None
            called = True
            try:
                called = work(rt, notifier, d, clock)
            except ChannelError as e:
                calm = e
                notes.append(e.line)
                log.warning("deliver: %s", e.line)
            except Exception as e:  # noqa: BLE001 - raised with the others at the end
                bugs.note(f"alert {d.key}", e)
                rt.store.save_edit(d, None, 0, clock(), again=clock() + MUCH_LATER)
            _set_channel_pace(rt, d, calm, at, clock(), held, called=called)
    return moved


def edit_if_changed(rt: Runtime, board: ThreadedNotifier, d: Delivery, clock: Callable[[], datetime]) -> bool:
    """Edits the message when it would say something else now; whether the service was asked."""
    said = without_skipped(rt.store.content_of(d))
    pages = board.message_hashes(said)
    now = pages[d.part] if d.part < len(pages) else EMPTY
    if now == d.shown:
        rt.store.save_edit(d, None, len(pages) - 1, clock())
        return False
    try:
        board.edit(said, d.part, d.key, Receipt(d.remote_channel or "", d.remote_id or ""))
    except ChannelError as e:
        if not e.retryable:  # it was removed by hand, or may not be edited any more: that is how it stays
            rt.store.save_edit(d, now, 0, clock())
        else:
            rt.store.save_edit(d, None, 0, clock(), again=clock() + LATER)
        raise
    rt.store.save_edit(d, now, len(pages) - 1, clock())
    return True


def remove_duplicates(rt: Runtime, board: ThreadedNotifier, d: Delivery, clock: Callable[[], datetime]) -> bool:
    """Leaves one copy of a message of which a second may have arrived after it was looked for.

    The oldest stays, unless replies hang under the one that is known: they would go with it.
    """
    rt.store.save_duplicate_check(d, None, again=clock() + LATER)
    since = (d.attempted_at or d.posted_at or clock()) - timedelta(seconds=rt.settings.pace.lease)
    thread = None
    if d.parent_id is not None:
        parent = rt.store.parent_of(d)
        thread = Receipt(parent.remote_channel or "", parent.remote_id or "")
    copies = board.find_copies(d.key, d.channel, since, thread)
    known = [copy for copy in copies if copy.id == d.remote_id] if rt.store.has_replies(d) else []
    for kept in (known or copies)[:1]:
        for copy in copies:
            if copy != kept:
                log.warning("deliver: %s: a second copy of a message is removed", d.channel)
                board.delete(copy)
        rt.store.save_duplicate_check(d, kept.id)
    if not copies:
        rt.store.save_duplicate_check(d, None)
    return True


def _set_channel_pace(
    rt: Runtime, d: Delivery, error: ChannelError | None, began: datetime, at: datetime, held: datetime, *, called: bool
) -> None:
    """Edits keep to the pace of posts, and what they meet holds for posts too."""
    state = rt.store.channel_states().get(d.channel)
    pause = channel_pause(error, state.failures if state else 0, at, rt.settings.pace) if error is not None else None
    if pause is None:
        next_at = began + timedelta(seconds=rt.settings.pace.interval) if called else began
        rt.store.delay_channel(d.channel, next_at, own_slot=held)
    elif pause.paused:
        rt.store.pause_channel(d.channel, pause.until, error.line if error else "", pause.failures)
    else:
        rt.store.delay_channel(d.channel, pause.until, own_slot=held, failures=pause.failures)
