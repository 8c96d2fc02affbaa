"""Notes what people say of an alert, and says what was noted; whoever brings answers (Slack's buttons) calls this."""

from __future__ import annotations

from datetime import datetime, timedelta

from podwatch.model import Answer, Mute, Verdict
from podwatch.store.answers import AlertSubject
from podwatch.store.database import Store

SHOW_MUTE = timedelta(days=30)  # of a show
WATCH_SNOOZE = timedelta(days=7)  # of a watch


def save_answer(store: Store, answer: Answer, now: datetime) -> str:
    """Notes the answer once, however often it comes in; returns what its giver is told, in plain text."""
    asked = store.alert_subject(answer.key)
    if asked is None:
        return "podwatch no longer has this alert; nothing was noted."
    mute = _mute_from(answer, asked)
    store.save_answer(answer, asked, mute, now)
    if mute is None:
        judged = "relevant" if answer.verdict is Verdict.RELEVANT else "wrong"
        return f"Noted: {judged}. Answers like this give the precision of the watch {asked.watch}."
    what = f"The show {asked.show}" if mute.feed_id is not None else f"The watch {asked.watch}"
    return (
        f"Noted: {what} tells nobody until {mute.until:%Y-%m-%d %H:%M} UTC. What it finds is kept. "
        "To end it: podwatch mute list, podwatch mute end."
    )


def _mute_from(answer: Answer, asked: AlertSubject) -> Mute | None:
    """What the answer mutes. It runs from the press, so that the same press twice is the same mute."""
    if answer.verdict is Verdict.MUTE_SHOW:
        return Mute(feed_id=asked.feed_id, until=answer.at + SHOW_MUTE, reason="Mute show was pressed")
    if answer.verdict is Verdict.SNOOZE_WATCH:
        return Mute(watch_id=asked.watch_id, until=answer.at + WATCH_SNOOZE, reason="Snooze watch was pressed")
    return None
