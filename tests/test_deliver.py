"""Each alert reaches Slack once, whatever breaks: stories against a real Slack-compatible server that fails on demand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from pipeline import runtime
from pipeline.deliver import deliver
from pipeline.model import DeliverMode, Mute, Pace, Quiet, State, Times
from pipeline.notifiers.slack import SlackNotifier
from pipeline.settings import Settings
from pipeline.store.deliver import DeliverRows
from tests.delivering import Desk
from tests.slack.emulator import Emulator
from tests.slack.fault_proxy import (
    POST,
    Fault,
    hang_up,
    lost_answer,
    rate_limited,
    refused,
    server_error,
    slow,
    web_page,
)

_names = itertools.count(1)


@pytest.fixture(scope="module")
def workspace() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def desk(settings: Settings, workspace: Emulator, now: datetime) -> Iterator[Desk]:
    quick = replace(settings, pace=Pace(interval=0.0, linger=0.0, timeout=0.7))
    with Desk(quick, workspace, f"#d{next(_names)}", now) as made:
        yield made


# ---- once

OUTCOMES = {
    "it goes well": [],
    "slow down": [rate_limited(5)],
    "slow down, again and again": [rate_limited(1)] * 3,
    "an error": [server_error()],
    "an error after it was accepted": [server_error(accepted=True)],
    "a page": [web_page()],
    "a page after it was accepted": [web_page(accepted=True)],
    "cut before": [hang_up()],
    "cut after": [lost_answer()],
    "cut after, twice": [lost_answer(), lost_answer()],
    "no answer in time": [slow(5.0)],
    "no answer in time, and not accepted": [slow(5.0, accepted=False)],
    "one after the other": [hang_up(), server_error(accepted=True)],
    "refused for a reason nobody knows": [refused("brand_new")],
    "Slack failed": [refused("internal_error"), refused("fatal_error"), refused("service_unavailable")],
} | {f"HTTP {status}": [server_error(status)] for status in (400, 401, 403, 404, 408, 409, 418, 502, 503, 504, 599)}


@pytest.mark.parametrize("case", OUTCOMES, ids=str)
def test_whatever_slack_answers_the_alert_is_there_once(case: str, desk: Desk) -> None:
    desk.alert("one")
    desk.slack.next(*OUTCOMES[case])
    desk.deliver()
    desk.until_quiet()
    assert desk.states() == {"sent": 1}
    assert len(desk.texts()) == 1


def test_a_message_whose_answer_was_lost_is_looked_up_and_not_posted_again(desk: Desk) -> None:
    desk.alert("one")
    desk.slack.next(lost_answer())
    desk.deliver()
    assert desk.slack.calls.count("conversations.history") == 0
    desk.later(seconds=60)
    assert desk.slack.calls.count("conversations.history") == 0, "it has to settle first"
    desk.later(seconds=30)
    assert desk.slack.calls.count("conversations.history") == 1
    assert (desk.states(), desk.slack.calls.count(POST)) == ({"sent": 1}, 1)


def test_a_history_that_lags_is_read_twice_before_the_message_is_posted_again(desk: Desk) -> None:
    desk.alert("one")
    desk.slack.next(lost_answer())
    desk.slack.next(Fault(body='{"ok":true,"messages":[]}'), method="conversations.history")
    desk.deliver()
    desk.later(seconds=90)
    desk.later(seconds=15)
    assert (desk.states(), desk.slack.calls.count(POST)) == ({"sent": 1}, 1)


def test_one_that_appears_after_both_looks_is_swept_up(desk: Desk) -> None:
    desk.alert("one")
    desk.slack.next(lost_answer())
    nothing = Fault(body='{"ok":true,"messages":[]}')
    desk.slack.next(nothing, nothing, method="conversations.history")
    desk.deliver()
    desk.later(seconds=90)
    desk.later(seconds=15)
    first, second = (m["ts"] for m in desk.messages() if "metadata" in m)
    desk.later(minutes=15)
    [left] = [m["ts"] for m in desk.messages() if "metadata" in m]
    assert left == min(first, second)
    assert desk.rows()[0].remote_id == left


# Where a sender dies: what it raises on the way, so that nothing behind it happens.
DEATHS = {
    "before the claim": (DeliverRows, "claim", "before"),
    "behind the claim": (DeliverRows, "claim", "after"),
    "behind the post": (SlackNotifier, "post", "after"),
    "before the outcome is saved": (DeliverRows, "save_delivery", "before"),
    "behind the outcome": (DeliverRows, "save_delivery", "after"),
}


class Killed(BaseException):
    """Stands for kill -9: nothing handles it."""


@pytest.mark.parametrize("case", DEATHS, ids=str)
def test_a_sender_that_dies_leaves_its_alert_to_the_next(
    case: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, name, when = DEATHS[case]
    real = getattr(owner, name)

    def dying(*arguments: object, **named: object) -> None:
        if when == "after":
            real(*arguments, **named)
        raise Killed

    desk.alert("one")
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, dying)
        with pytest.raises(Killed):
            desk.deliver()
    desk.until_quiet()
    assert desk.states() == {"sent": 1}
    assert len(desk.texts()) == 1


def test_a_sender_that_wakes_up_late_does_not_overwrite_what_another_did(desk: Desk) -> None:
    desk.alert("one")
    [due] = desk.rt.store.deliveries_due(desk.now)
    asleep = desk.rt.store.claim(due, desk.now, desk.now + timedelta(seconds=150), shown="x")
    assert asleep is not None
    desk.later(minutes=3)
    desk.later(minutes=3)
    assert desk.states() == {"sent": 1}
    assert not desk.rt.store.save_delivery(replace(asleep, state=State.DEAD), desk.now)
    assert desk.states() == {"sent": 1}


# ---- the pace


def test_a_channel_gets_a_message_a_second_whoever_sends(desk: Desk, workspace: Emulator) -> None:
    for n in range(4):
        desk.alert(f"e{n}")
    paced = replace(desk.settings, pace=Pace(linger=3.0))
    with runtime.build(paced) as other:
        deliver(other, desk.now)
    times = [float(m["ts"]) for m in desk.messages() if "metadata" in m]
    assert len(times) == 4
    assert all(0.95 < b - a < 1.6 for a, b in itertools.pairwise(times))


def test_what_one_worker_is_asked_to_wait_all_wait(desk: Desk) -> None:
    desk.alert("one")
    desk.alert("two")
    desk.slack.next(rate_limited(30))
    desk.deliver()
    with runtime.build(desk.settings) as other:
        deliver(other, desk.now + timedelta(seconds=20))
        assert desk.slack.calls.count(POST) == 1
        deliver(other, desk.now + timedelta(seconds=40))
    assert desk.states() == {"sent": 2}


# ---- channels and tokens that somebody has to mend


@pytest.mark.parametrize("code", ["channel_not_found", "not_in_channel", "is_archived", "missing_scope"])
def test_a_refused_channel_is_probed_by_one_message_and_costs_none_of_them_a_try(code: str, desk: Desk) -> None:
    for n in range(5):
        desk.alert(f"e{n}")
    desk.slack.next(*[refused(code)] * 4)
    tally = desk.deliver()
    assert code in tally.notes[0]
    for minutes in (0.5, 2, 4, 8):
        desk.later(minutes=minutes)
    assert desk.slack.calls.count(POST) == 4
    assert sum(r.failures for r in desk.rows()) == 0
    desk.later(minutes=30)
    assert desk.states() == {"sent": 5}


def test_a_revoked_token_pauses_every_channel_and_another_token_none(desk: Desk, workspace: Emulator) -> None:
    workspace.call("conversations.create", name="elsewhere")
    desk.watch("fleet", channel="#elsewhere")
    desk.alert("one", "The grain fleet.", watch="grain")
    desk.slack.next(refused("token_revoked"))
    desk.deliver()
    assert desk.slack.calls.count(POST) == 1
    desk.rt.store.mended()
    desk.until_quiet(1)
    assert desk.states() == {"sent": 2}


def test_a_channel_that_is_made_later_gets_what_waited_for_it(desk: Desk, workspace: Emulator) -> None:
    desk.watch("fleet", channel="#later")
    desk.alert("one", "A {}.", watch="fleet")
    desk.deliver()
    assert desk.states() == {"retry": 1}
    workspace.call("conversations.create", name="later")
    desk.later(minutes=5)
    assert desk.states() == {"sent": 1}


# ---- dead, and what it takes to be tried again

BAD = {
    "a sentence of 100,000 characters": "word " * 20_000 + "grain",
    "a call to everybody": "<!channel> @here grain </script>",
    "nothing but emoji": "🎧🎧 grain 🎧",
}


@pytest.mark.parametrize("case", BAD, ids=str)
def test_a_hostile_sentence_arrives_and_calls_nobody(case: str, desk: Desk) -> None:
    desk.alert("one", BAD[case], title="<!channel></script>")
    desk.deliver()
    assert desk.states() == {"sent": 1}
    assert "<!channel>" not in str(desk.messages())


def test_an_alert_that_slack_never_takes_is_dead_with_the_reason_until_it_is_mended(desk: Desk) -> None:
    desk.alert("one")
    desk.slack.next(refused("invalid_metadata_format"))
    desk.deliver()
    assert desk.states() == {"dead": 1}
    assert "Slack does not take the metadata" in desk.rt.store.errors()["delivery"][0]
    desk.until_quiet(3)
    assert desk.states() == {"dead": 1}
    assert desk.rt.store.retry_dead(desk.now) == 1
    desk.deliver()
    assert desk.states() == {"sent": 1}


# ---- threads

TWELVE = tuple(f"Sentence {n} about {{}}." for n in range(12))


def test_what_one_message_does_not_show_stands_in_its_thread(desk: Desk) -> None:
    desk.alert("one", *TWELVE)
    desk.deliver()
    [root] = [m for m in desk.messages() if "metadata" in m]
    assert "and 9 more in the thread" in root["text"]
    [reply] = desk.replies(root)
    assert sum(f"Sentence {n} " in root["text"] + reply for n in range(12)) == 12


@pytest.mark.parametrize("fault", [lost_answer(), hang_up(), server_error(accepted=True)], ids=["lost", "cut", "500"])
def test_a_reply_whose_answer_was_lost_is_there_once(fault: Fault, desk: Desk) -> None:
    desk.alert("one", *TWELVE)
    desk.slack.next(Fault(forward=True), fault)
    desk.deliver()
    desk.until_quiet(4)
    [root] = [m for m in desk.messages() if "metadata" in m]
    assert len(desk.replies(root)) == 1


# ---- edits


def test_a_corrected_transcript_edits_the_message_and_strikes_what_is_gone(desk: Desk) -> None:
    desk.alert("one", "The {} came on Monday.", "And {} on Tuesday.")
    desk.deliver()
    desk.now += timedelta(hours=1)
    desk.alert("one", "The {} came on Monday.", "And rain on Tuesday.")
    desk.deliver()
    [text] = desk.texts()
    assert "~And grain on Tuesday.~ (no longer said)" in text
    assert "The *grain* came on Monday." in text
    assert desk.slack.calls.count("chat.update") == 1


def test_a_correction_that_changes_nothing_that_is_shown_edits_nothing(desk: Desk) -> None:
    desk.alert("one", "The {} came.", "Nothing else.")
    desk.deliver()
    desk.now += timedelta(hours=1)
    desk.alert("one", "The {} came.", "Nothing else at all.")
    desk.deliver()
    assert "chat.update" not in desk.slack.calls


def test_a_second_feed_with_the_same_episode_tells_nobody_again(desk: Desk) -> None:
    desk.alert("one", "The {} came.", feed="a")
    desk.deliver()
    desk.alert("one", "The {} came.", feed="b")
    desk.deliver()
    assert len(desk.texts()) == 1
    assert "chat.update" not in desk.slack.calls
    desk.alert("one", "The {} came.", "More {} came.", feed="b")
    desk.later(seconds=1)
    [text] = desk.texts()
    assert "More *grain* came." in text


def test_an_edit_that_fails_is_made_later(desk: Desk) -> None:
    desk.alert("one", "The {} came.")
    desk.deliver()
    desk.now += timedelta(hours=1)
    desk.slack.next(server_error(), method="chat.update")
    desk.alert("one", "The {} came late.")
    desk.deliver()
    desk.later(minutes=2)
    assert ["late" in t for t in desk.texts()] == [True]


def test_a_message_that_was_removed_by_hand_stays_removed(desk: Desk) -> None:
    desk.alert("one", "The {} came.")
    desk.deliver()
    row = desk.rows()[0]
    desk.workspace.call("chat.delete", channel=row.remote_channel, ts=row.remote_id)
    desk.now += timedelta(hours=1)
    desk.alert("one", "The {} came late.")
    desk.deliver()
    desk.until_quiet(2)
    assert desk.texts() == []
    assert desk.slack.calls.count("chat.update") == 1


def test_an_alert_that_was_gone_is_told_when_it_is_said_after_all(desk: Desk) -> None:
    desk.alert("one", "The {} came.")
    desk.alert("one", "Nobody came.")
    desk.deliver()
    assert desk.states() == {"held: its mentions are gone from the transcript": 1}
    desk.alert("one", "The {} came.")
    desk.deliver()
    assert desk.states() == {"sent": 1}


# ---- noise


def test_a_digest_tells_what_was_collected_in_one_message_once(desk: Desk) -> None:
    desk.rules(digest=Times(time(8)))
    desk.watch(deliver=DeliverMode.DIGEST)
    for n in range(3):
        desk.alert(f"e{n}", f"The {{}} came, number {n}.")
    desk.deliver()
    assert desk.states() == {"held: waits for the digest": 3}
    desk.slack.next(lost_answer())
    desk.later(hours=2)
    desk.until_quiet(3)
    [text] = desk.texts()
    assert text.startswith("Digest: 3 alerts")
    assert all(f"number {n}." in text for n in range(3))
    assert desk.states() == {"sent": 3}


def test_a_long_digest_goes_on_in_its_thread(desk: Desk) -> None:
    desk.watch(deliver=DeliverMode.DIGEST)
    for n in range(30):
        desk.alert(f"e{n}", f"The {{}} came, {'and came ' * 30}, number {n}.")
    desk.deliver()
    desk.later(hours=2)
    [root] = [m for m in desk.messages() if "metadata" in m]
    assert len(desk.replies(root)) >= 1


def test_a_digest_is_edited_when_one_of_its_alerts_changes(desk: Desk) -> None:
    desk.watch(deliver=DeliverMode.DIGEST)
    desk.alert("one", "The {} came.")
    desk.alert("two", "The {} left.")
    desk.deliver()
    desk.later(hours=2)
    desk.now += timedelta(hours=1)
    desk.alert("two", "The {} stayed.")
    desk.deliver()
    [text] = desk.texts()
    assert "The grain stayed." in text


def test_beyond_the_ceiling_the_rest_becomes_one_digest(desk: Desk) -> None:
    desk.rules(ceiling=2)
    for n in range(6):
        desk.alert(f"e{n}")
    desk.deliver()
    assert len(desk.texts()) == 2
    desk.later(minutes=61)
    assert len(desk.texts()) == 3
    assert desk.texts()[-1].startswith("Digest: 4 alerts")
    assert desk.states() == {"sent": 6}


def test_quiet_hours_end_and_then_it_is_told(desk: Desk) -> None:
    desk.rules(quiet=Quiet(time(22), time(7)))
    desk.alert("one")
    desk.deliver()
    assert desk.states() == {"held: waits for the end of the channel's quiet hours": 1}
    desk.later(hours=1)
    assert desk.states() == {"sent": 1}


def test_a_watch_told_a_short_while_ago_waits_for_a_digest(desk: Desk) -> None:
    desk.watch(repeat_after=3600.0)
    for n in range(3):
        desk.alert(f"e{n}")
    desk.deliver()
    assert len(desk.texts()) == 1
    desk.later(minutes=61)
    assert desk.texts()[-1].startswith("Digest: 2 alerts")


def test_what_is_muted_is_kept_and_told_to_nobody(desk: Desk) -> None:
    w = desk.watch()
    desk.rt.store.add_mute(Mute(watch_id=w.id, until=desk.now + timedelta(days=2)), desk.now)
    desk.alert("one")
    desk.deliver()
    desk.later(days=3)
    assert desk.states() == {"held: the watch was muted": 1}
    assert desk.texts() == []


def test_a_watch_that_wants_more_mentions_waits_for_them(desk: Desk) -> None:
    desk.watch(minimum=2)
    desk.alert("one", "The {} came.")
    desk.deliver()
    assert desk.states() == {"held: it has fewer mentions than the watch's minimum": 1}
    desk.alert("one", "The {} came.", "And {} again.")
    desk.deliver()
    assert desk.states() == {"sent": 1}
