"""What one message does not show stands in its thread; what changes is edited, and said once all the same."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.delivery_scenario import DeliveryScenario
from tests.support.slack.fault_proxy import Fault, hang_up, lost_answer, server_error

# ---- threads

TWELVE = tuple(f"Sentence {n} about {{}}." for n in range(12))


def test_what_one_message_does_not_show_stands_in_its_thread(desk: DeliveryScenario) -> None:
    desk.add_alert("one", *TWELVE)
    desk.deliver()
    [root] = [m for m in desk.messages() if "metadata" in m]
    assert "and 9 more in the thread" in root["text"]
    [reply] = desk.replies(root)
    assert sum(f"Sentence {n} " in root["text"] + reply for n in range(12)) == 12


@pytest.mark.parametrize("fault", [lost_answer(), hang_up(), server_error(accepted=True)], ids=["lost", "cut", "500"])
def test_a_reply_whose_answer_was_lost_is_there_once(fault: Fault, desk: DeliveryScenario) -> None:
    desk.add_alert("one", *TWELVE)
    desk.slack.fail_next(Fault(forward=True), fault)
    desk.deliver()
    desk.deliver_until_done(4)
    [root] = [m for m in desk.messages() if "metadata" in m]
    assert len(desk.replies(root)) == 1


# ---- edits


def test_a_corrected_transcript_edits_the_message_and_strikes_what_is_gone(desk: DeliveryScenario) -> None:
    desk.add_alert("one", "The {} came on Monday.", "And {} on Tuesday.")
    desk.deliver()
    desk.now += timedelta(hours=1)
    desk.add_alert("one", "The {} came on Monday.", "And rain on Tuesday.")
    desk.deliver()
    [text] = desk.channel_texts()
    assert "~And grain on Tuesday.~ (no longer said)" in text
    assert "The *grain* came on Monday." in text
    assert desk.slack.calls.count("chat.update") == 1


def test_a_correction_that_changes_nothing_that_is_shown_edits_nothing(desk: DeliveryScenario) -> None:
    desk.add_alert("one", "The {} came.", "Nothing else.")
    desk.deliver()
    desk.now += timedelta(hours=1)
    desk.add_alert("one", "The {} came.", "Nothing else at all.")
    desk.deliver()
    assert "chat.update" not in desk.slack.calls


def test_a_second_feed_with_the_same_episode_tells_nobody_again(desk: DeliveryScenario) -> None:
    desk.add_alert("one", "The {} came.", feed="a")
    desk.deliver()
    desk.add_alert("one", "The {} came.", feed="b")
    desk.deliver()
    assert len(desk.channel_texts()) == 1
    assert "chat.update" not in desk.slack.calls
    desk.add_alert("one", "The {} came.", "More {} came.", feed="b")
    desk.deliver_after(minutes=1)
    [text] = desk.channel_texts()
    assert "More *grain* came." in text


def test_an_edit_that_fails_is_made_later(desk: DeliveryScenario) -> None:
    desk.add_alert("one", "The {} came.")
    desk.deliver()
    desk.now += timedelta(hours=1)
    desk.slack.fail_next(server_error(), method="chat.update")
    desk.add_alert("one", "The {} came late.")
    desk.deliver()
    desk.deliver_after(minutes=2)
    assert ["late" in t for t in desk.channel_texts()] == [True]


def test_a_message_that_was_removed_by_hand_stays_removed(desk: DeliveryScenario) -> None:
    desk.add_alert("one", "The {} came.")
    desk.deliver()
    row = desk.delivery_rows()[0]
    desk.workspace.call("chat.delete", channel=row.remote_channel, ts=row.remote_id)
    desk.now += timedelta(hours=1)
    desk.add_alert("one", "The {} came late.")
    desk.deliver()
    desk.deliver_until_done(2)
    assert desk.channel_texts() == []
    assert desk.slack.calls.count("chat.update") == 1


def test_an_alert_that_was_gone_is_told_when_it_is_said_after_all(desk: DeliveryScenario) -> None:
    desk.add_alert("one", "The {} came.")
    desk.add_alert("one", "Nobody came.")
    desk.deliver()
    assert desk.count_states() == {"held: its mentions are gone from the transcript": 1}
    desk.add_alert("one", "The {} came.")
    desk.deliver()
    assert desk.count_states() == {"sent": 1}
