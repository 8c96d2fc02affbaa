"""Decides what an answer mutes, and for how long. Pure."""

from __future__ import annotations

from datetime import timedelta

from podwatch.model import Answer, Mute, Verdict

SHOW_MUTE = timedelta(days=30)
WATCH_SNOOZE = timedelta(days=7)


def mute_from_answer(answer: Answer, watch_id: int, feed_id: int) -> Mute | None:
    """The mute that an answer to an alert of this watch and feed asks for; None when it only judges the alert.

    It runs from the press, so that the same press, received twice, is the same mute.
    """
    if answer.verdict is Verdict.MUTE_SHOW:
        return Mute(feed_id=feed_id, until=answer.at + SHOW_MUTE, reason="Mute show was pressed")
    if answer.verdict is Verdict.SNOOZE_WATCH:
        return Mute(watch_id=watch_id, until=answer.at + WATCH_SNOOZE, reason="Snooze watch was pressed")
    return None
