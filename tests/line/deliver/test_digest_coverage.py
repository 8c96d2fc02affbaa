"""A digest says once what was listened to for its channel's watches, as it was when the digest was made."""

from __future__ import annotations

from podwatch.model import DeliverMode, HearingOutcome
from tests.support.delivery_scenario import DeliveryScenario
from tests.support.slack.fault_proxy import lost_answer
from tests.support.stored_doubts import save_doubt
from tests.support.stored_transcripts import save_text, store_episodes


def test_a_digest_ends_with_what_was_listened_to_for_its_channel(scenario: DeliveryScenario) -> None:
    scenario.add_watch(deliver=DeliverMode.DIGEST)
    scenario.add_watch("elsewhere", channel="#elsewhere")
    store_episodes(scenario.rt.store, scenario.now, "silent", 1.0, 2.0, 30.0)
    scenario.add_alert("one")
    scenario.deliver()
    scenario.slack.fail_next(lost_answer())
    scenario.deliver_after(hours=2)
    scenario.deliver_until_done(3)
    [text] = scenario.channel_texts()
    assert text.endswith("\nlistened to 1 of 3 episodes of the last 7 days; 2 had no transcript")
    [message] = [m for m in scenario.messages() if "metadata" in m]
    assert message["blocks"][-1]["type"] == "context"
    scenario.now = scenario.now.replace(hour=20)
    store_episodes(scenario.rt.store, scenario.now, "later", 0.1)
    scenario.add_alert("two")
    scenario.deliver()
    scenario.deliver_after(hours=24)
    assert scenario.channel_texts()[-1].endswith(
        "\nlistened to 1 of 2 episodes since the last digest; 1 had no transcript"
    )


def test_what_is_listened_to_later_does_not_edit_a_digest(scenario: DeliveryScenario) -> None:
    scenario.add_watch(deliver=DeliverMode.DIGEST)
    [late] = store_episodes(scenario.rt.store, scenario.now, "late", 1.0)
    scenario.add_alert("one", "The {} came.")
    scenario.deliver()
    scenario.deliver_after(hours=2)
    line = "listened to 1 of 2 episodes of the last 7 days; 1 had no transcript"
    assert line in scenario.channel_texts()[0]
    save_text(scenario.rt.store, late, "Nothing of it.", scenario.now)
    scenario.now += scenario.now - scenario.now.replace(hour=7)
    scenario.add_alert("one", "The {} came late.")
    scenario.deliver()
    [text] = scenario.channel_texts()
    assert "came late" in text
    assert line in text


def test_a_digest_says_which_names_were_not_heard_again(scenario: DeliveryScenario) -> None:
    scenario.add_watch(deliver=DeliverMode.DIGEST)
    names = {"deliver": DeliverMode.DIGEST, "query": None, "sounds_like": True}
    scenario.add_watch("witkoff", entity="Steve Witkoff", **names)
    scenario.add_watch("elsewhere", entity="Kaja Kallas", **names | {"channel": "#elsewhere"})
    waits, gone, other = store_episodes(scenario.rt.store, scenario.now, "talk", 1.0, 2.0, 3.0)
    save_doubt(scenario.rt.store, waits, scenario.now)
    save_doubt(scenario.rt.store, gone, scenario.now, outcome=HearingOutcome.NO_AUDIO)
    save_doubt(scenario.rt.store, other, scenario.now, name="Kaja Kallas")
    scenario.add_alert("one")
    scenario.deliver()
    scenario.deliver_after(hours=2)
    assert scenario.channel_texts()[0].endswith(
        "of the last 7 days; 1 episode has a name in doubt that waits to be heard again;"
        " 1 episode has one that was left to the text: 1 as the audio is gone"
    )
