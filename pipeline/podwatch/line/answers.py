"""Saves what people answer to an alert, and confirms it. Whoever receives answers (Slack's buttons) calls it."""

from __future__ import annotations

from datetime import datetime

from podwatch.model import Answer, Verdict
from podwatch.policy.mutes import mute_from_answer
from podwatch.store.database import Store


def save_answer(store: Store, answer: Answer, now: datetime) -> str:
    """Saves the answer once, however often it is received; returns the confirmation for its giver, in plain text."""
    subject = store.alert_subject(answer.key)
    if subject is None:
        return "podwatch no longer has this alert; nothing was noted."
    mute = mute_from_answer(answer, subject.watch_id, subject.feed_id)
    store.save_answer(answer, subject, mute, now)
    if mute is None:
        judged = "relevant" if answer.verdict is Verdict.RELEVANT else "wrong"
        return f"Noted: {judged}. Answers like this give the precision of the watch {subject.watch}."
    what = f"The show {subject.show}" if mute.feed_id is not None else f"The watch {subject.watch}"
    return (
        f"Noted: {what} tells nobody until {mute.until:%Y-%m-%d %H:%M} UTC. What it finds is kept. "
        "To end it: podwatch mute list, podwatch mute end."
    )
