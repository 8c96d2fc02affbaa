"""Saves what people answer to an alert, with its audit, and confirms it. Slack's buttons and the page call it."""

from __future__ import annotations

from datetime import datetime

from podwatch.model import Answer, Verdict
from podwatch.policy.mutes import mute_from_answer
from podwatch.store.audit import Action
from podwatch.store.database import Store


def save_answer(store: Store, answer: Answer, now: datetime, *, who: str = "", about: str = "") -> str:
    """Saves the answer once, however often it is received; returns the confirmation for its giver, in plain text.

    who, about: the giver and the alert as the audit names them.
    """
    subject = store.alert_subject(answer.key)
    if subject is None:
        return "podwatch no longer has this alert; nothing was noted."
    mute = mute_from_answer(answer, subject.watch_id, subject.feed_id)
    before = store.answers_to(answer.key)
    if store.save_answer(answer, subject, mute, now):
        named = about or f"alert of {subject.watch} in {subject.show}"
        after = {"answer": answer.verdict.value} | ({"muted until": f"{mute.until:%Y-%m-%dT%H:%MZ}"} if mute else {})
        store.add_audit(who or answer.user, Action.ANSWER, named, {"answers": before}, after, now)
    if mute is None:
        judged = "relevant" if answer.verdict is Verdict.RELEVANT else "wrong"
        return f"Noted: {judged}. Answers like this give the precision of the watch {subject.watch}."
    what = f"The show {subject.show}" if mute.feed_id is not None else f"The watch {subject.watch}"
    return (
        f"Noted: {what} tells nobody until {mute.until:%Y-%m-%d %H:%M} UTC. What it finds is kept. "
        "To end it: podwatch mute list, podwatch mute end."
    )
