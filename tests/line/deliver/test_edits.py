"""Threads and edits: mentions beyond the first message are replies, a changed alert is edited, each once."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.support.delivery_scenario import DeliveryScenario
from tests.support.slack.fault_proxy import Fault, hang_up, lost_answer, refused, server_error

# ---- threads

TWELVE = tuple(f"Sentence {n} about {{}}." for n in range(12))


def test_what_one_message_does_not_show_stands_in_its_thread(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one", *TWELVE)
    scenario.deliver()
    [root] = [m for m in scenario.messages() if "metadata" in m]
    assert "and 9 more in the thread" in root["text"]
    [reply] = scenario.replies(root)
    assert sum(f"Sentence {n} " in root["text"] + reply for n in range(12)) == 12


@pytest.mark.parametrize("fault", [lost_answer(), hang_up(), server_error(accepted=True)], ids=["lost", "cut", "500"])
def test_a_reply_whose_answer_was_lost_is_there_once(fault: Fault, scenario: DeliveryScenario) -> None:
    scenario.add_alert("one", *TWELVE)
    scenario.slack.fail_next(Fault(forward=True), fault)
    scenario.deliver()
    scenario.deliver_until_done(4)
    [root] = [m for m in scenario.messages() if "metadata" in m]
    assert len(scenario.replies(root)) == 1


# ---- edits


def test_a_corrected_transcript_edits_the_message_and_strikes_what_is_gone(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one", "The {} came on Monday.", "And {} on Tuesday.")
    scenario.deliver()
    scenario.now += timedelta(hours=1)
    scenario.add_alert("one", "The {} came on Monday.", "And rain on Tuesday.")
    scenario.deliver()
    [text] = scenario.channel_texts()
    assert "~And grain on Tuesday.~ (no longer said)" in text
    assert "The *grain* came on Monday." in text
    assert scenario.slack.calls.count("chat.update") == 1


def test_a_correction_that_changes_nothing_that_is_shown_edits_nothing(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one", "The {} came.", "Nothing else.")
    scenario.deliver()
    scenario.now += timedelta(hours=1)
    scenario.add_alert("one", "The {} came.", "Nothing else at all.")
    scenario.deliver()
    assert "chat.update" not in scenario.slack.calls


def test_a_second_feed_with_the_same_episode_sends_nothing_again(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one", "The {} came.", feed="a")
    scenario.deliver()
    scenario.add_alert("one", "The {} came.", feed="b")
    scenario.deliver()
    assert len(scenario.channel_texts()) == 1
    assert "chat.update" not in scenario.slack.calls
    scenario.add_alert("one", "The {} came.", "More {} came.", feed="b")
    scenario.deliver_after(minutes=1)
    [text] = scenario.channel_texts()
    assert "More *grain* came." in text


def test_an_edit_that_fails_is_made_later(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one", "The {} came.")
    scenario.deliver()
    scenario.now += timedelta(hours=1)
    scenario.slack.fail_next(server_error(), method="chat.update")
    scenario.add_alert("one", "The {} came late.")
    scenario.deliver()
    scenario.deliver_after(minutes=2)
    assert ["late" in t for t in scenario.channel_texts()] == [True]


def test_a_message_that_was_removed_by_hand_stays_removed(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one", "The {} came.")
    scenario.deliver()
    row = scenario.delivery_rows()[0]
    scenario.workspace.call("chat.delete", channel=row.remote_channel, ts=row.remote_id)
    scenario.now += timedelta(hours=1)
    scenario.add_alert("one", "The {} came late.")
    scenario.deliver()
    scenario.deliver_until_done(2)
    assert scenario.channel_texts() == []
    assert scenario.slack.calls.count("chat.update") == 1


def test_an_alert_whose_mentions_were_gone_is_sent_when_they_are_back(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one", "The {} came.")
    scenario.add_alert("one", "Nobody came.")
    scenario.deliver()
    assert scenario.count_states() == {"held: its mentions are gone from the transcript": 1}
    scenario.add_alert("one", "The {} came.")
    scenario.deliver()
    assert scenario.count_states() == {"sent": 1}


@pytest.mark.parametrize("code", ["edit_window_closed", "cant_update_message"])
def test_what_changed_in_a_message_that_may_not_be_edited_is_said_in_its_thread_once(
    code: str, scenario: DeliveryScenario
) -> None:
    scenario.add_alert("one", "The {} came.")
    scenario.deliver()
    for sentences in (("The {} came.", "More {} came by ship."), ("The {} came.", "No {} came by ship at all.")):
        scenario.add_alert("one", *sentences)
        scenario.slack.fail_next(refused(code), method="chat.update")
        scenario.deliver_until_done(3)
    [root] = [m for m in scenario.messages() if m.get("thread_ts", m["ts"]) == m["ts"]]
    [reply] = scenario.replies(root)
    assert "at all" in reply


def test_a_sentence_that_is_gone_is_struck_also_when_its_word_stands_elsewhere(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one", "The minister sold all of the {} to Turkey.")
    scenario.deliver()
    scenario.now += timedelta(hours=1)
    scenario.add_alert("one", "Later somebody else asked for {} prices.")
    scenario.deliver_after(minutes=2)
    [message] = scenario.messages()
    assert "~" in message["text"] or '"strike": true' in json.dumps(message)
    assert "sold all of the" in json.dumps(message)
    assert "asked for" in json.dumps(message)


def test_a_sentence_with_a_corrected_word_is_not_struck(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one", "The minister sold all of the {} to Turky.")
    scenario.deliver()
    scenario.add_alert("one", "The minister sold all of the {} to Turkey.")
    scenario.deliver_after(minutes=2)
    [message] = scenario.messages()
    assert '"strike": true' not in json.dumps(message)
    assert "Turkey" in json.dumps(message)
