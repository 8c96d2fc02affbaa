"""Each alert reaches Slack once, whatever breaks: against a real Slack-compatible server that fails on demand."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from podwatch import runtime
from podwatch.line.deliver import deliver
from podwatch.model import DeliverMode, DeliveryState
from podwatch.notifiers.slack import SlackNotifier
from podwatch.policy.delivery_timing import DeliveryTiming
from podwatch.settings import Secret
from podwatch.store.deliver import DeliverRows
from tests.support.delivery_scenario import DeliveryScenario
from tests.support.slack.emulator import Emulator
from tests.support.slack.fault_proxy import (
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
def test_whatever_slack_answers_the_alert_is_there_once(case: str, scenario: DeliveryScenario) -> None:
    scenario.add_alert("one")
    scenario.slack.fail_next(*OUTCOMES[case])
    scenario.deliver()
    scenario.deliver_until_done()
    assert scenario.count_states() == {"sent": 1}
    assert len(scenario.channel_texts()) == 1


def test_a_message_whose_answer_was_lost_is_looked_up_and_not_posted_again(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one")
    scenario.slack.fail_next(lost_answer())
    scenario.deliver()
    assert scenario.slack.calls.count("conversations.history") == 0
    scenario.deliver_after(seconds=60)
    assert scenario.slack.calls.count("conversations.history") == 0, "it has to settle first"
    scenario.deliver_after(seconds=30)
    assert scenario.slack.calls.count("conversations.history") == 1
    assert (scenario.count_states(), scenario.slack.calls.count(POST)) == ({"sent": 1}, 1)


def test_a_history_that_lags_is_read_twice_before_the_message_is_posted_again(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one")
    scenario.slack.fail_next(lost_answer())
    scenario.slack.fail_next(Fault(body='{"ok":true,"messages":[]}'), method="conversations.history")
    scenario.deliver()
    scenario.deliver_after(seconds=90)
    scenario.deliver_after(seconds=15)
    assert (scenario.count_states(), scenario.slack.calls.count(POST)) == ({"sent": 1}, 1)


def send_twice(scenario: DeliveryScenario) -> None:
    """Loses the answer to the message that is due, and lets both lookups find nothing, so that it is sent again."""
    scenario.slack.fail_next(lost_answer())
    nothing = Fault(body='{"ok":true,"messages":[]}')
    scenario.slack.fail_next(nothing, nothing, method="conversations.history")
    scenario.deliver()
    scenario.deliver_after(seconds=90)
    scenario.deliver_after(seconds=15)


def test_a_copy_that_appears_after_both_lookups_is_deleted(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one")
    send_twice(scenario)
    first, second = (m["ts"] for m in scenario.messages() if "metadata" in m)
    scenario.deliver_after(minutes=15)
    [left] = [m["ts"] for m in scenario.messages() if "metadata" in m]
    assert left == min(first, second)
    assert scenario.delivery_rows()[0].remote_id == left


def test_of_two_copies_the_one_with_the_thread_stays(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one", *[f"The {{}} number {n}." for n in range(6)])
    send_twice(scenario)
    scenario.deliver_after(minutes=15)
    [left] = [m for m in scenario.messages() if "metadata" in m]
    assert scenario.replies(left)
    assert scenario.delivery_rows()[0].remote_id == left["ts"]


# Where a sender dies: a method, and whether it dies before or after it.
DEATHS = {
    "before the claim": (DeliverRows, "claim_delivery", "before"),
    "behind the claim": (DeliverRows, "claim_delivery", "after"),
    "behind the post": (SlackNotifier, "post", "after"),
    "before the outcome is saved": (DeliverRows, "save_delivery", "before"),
    "behind the outcome": (DeliverRows, "save_delivery", "after"),
}


class Killed(BaseException):
    """Like kill -9: nothing handles it."""


@pytest.mark.parametrize("case", DEATHS, ids=str)
def test_a_sender_that_dies_leaves_its_alert_to_the_next(
    case: str, scenario: DeliveryScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, name, when = DEATHS[case]
    real = getattr(owner, name)

    def dying(*arguments: object, **named: object) -> None:
        if when == "after":
            real(*arguments, **named)
        raise Killed

    scenario.add_alert("one")
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, dying)
        with pytest.raises(Killed):
            scenario.deliver()
    scenario.deliver_until_done()
    assert scenario.count_states() == {"sent": 1}
    assert len(scenario.channel_texts()) == 1


def test_a_sender_that_wakes_up_late_does_not_overwrite_what_another_did(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one")
    [due] = scenario.rt.store.deliveries_due(scenario.now)
    claim = scenario.rt.store.claim_delivery(due, scenario.now, scenario.now + timedelta(seconds=150), shown="x")
    assert claim is not None
    asleep, _ = claim
    scenario.deliver_after(minutes=3)
    scenario.deliver_after(minutes=3)
    assert scenario.count_states() == {"sent": 1}
    assert not scenario.rt.store.save_delivery(replace(asleep, state=DeliveryState.DEAD), scenario.now)
    assert scenario.count_states() == {"sent": 1}


# ---- the pace


def test_a_channel_gets_a_message_a_second_whoever_sends(scenario: DeliveryScenario, workspace: Emulator) -> None:
    for n in range(4):
        scenario.add_alert(f"e{n}")
    paced = replace(scenario.settings, pace=DeliveryTiming(stay=3.0))
    with runtime.build(paced) as other:
        deliver(other, scenario.now)
    times = [float(m["ts"]) for m in scenario.messages() if "metadata" in m]
    assert len(times) == 4
    assert min(b - a for a, b in itertools.pairwise(times)) > 0.8  # as they arrive, on a machine with more to do
    assert times[-1] - times[0] > 2.9


def test_a_retry_after_holds_for_all_workers(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one")
    scenario.add_alert("two")
    scenario.slack.fail_next(rate_limited(30))
    scenario.deliver()
    with runtime.build(scenario.settings) as other:
        deliver(other, scenario.now + timedelta(seconds=20))
        assert scenario.slack.calls.count(POST) == 1
        deliver(other, scenario.now + timedelta(seconds=40))
    assert scenario.count_states() == {"sent": 2}


# ---- channels and tokens that somebody has to mend


@pytest.mark.parametrize("code", ["channel_not_found", "not_in_channel", "is_archived", "missing_scope"])
def test_a_refused_channel_is_probed_by_one_message_and_costs_none_of_them_a_try(
    code: str, scenario: DeliveryScenario
) -> None:
    for n in range(5):
        scenario.add_alert(f"e{n}")
    scenario.slack.fail_next(*[refused(code)] * 4)
    tally = scenario.deliver()
    assert code in tally.notes[0]
    for minutes in (0.5, 2, 4, 8):
        scenario.deliver_after(minutes=minutes)
    assert scenario.slack.calls.count(POST) == 4
    assert sum(r.failures for r in scenario.delivery_rows()) == 0
    scenario.deliver_after(minutes=30)
    assert scenario.count_states() == {"sent": 5}


def test_a_revoked_token_pauses_every_channel_and_another_token_none(
    scenario: DeliveryScenario, workspace: Emulator
) -> None:
    workspace.call("conversations.create", name="elsewhere")
    scenario.add_watch("fleet", channel="#elsewhere")
    scenario.add_alert("one", "The grain fleet.", watch="grain")
    scenario.slack.fail_next(refused("token_revoked"))
    scenario.deliver()
    assert scenario.slack.calls.count(POST) == 1
    scenario.rt.store.retry_paused(scenario.now)
    scenario.deliver_until_done(1)
    assert scenario.count_states() == {"sent": 2}


def test_a_token_that_is_revoked_in_the_middle_leaves_the_rest_to_the_next_token(
    scenario: DeliveryScenario, workspace: Emulator
) -> None:
    for n in range(5):
        scenario.add_alert(f"e{n}")
    scenario.slack.fail_next(*[Fault(forward=True)] * 2, refused("token_revoked"))
    scenario.deliver()
    assert scenario.count_states() == {"sent": 2, "retry": 1, "due": 2}
    assert (
        scenario.delivery_rows()[2].error
        == f"{scenario.channel}: the token was revoked (token_revoked) - set a new SLACK_BOT_TOKEN"
    )
    with runtime.build(replace(scenario.settings, slack_token=Secret(workspace.token))) as renewed:
        deliver(renewed, scenario.now)
        assert scenario.count_states() == {"sent": 2, "retry": 1, "due": 2}, (
            "the channel rests as long as the old token did"
        )
        deliver(renewed, scenario.now + timedelta(minutes=30))
    assert scenario.count_states() == {"sent": 5}
    assert len(scenario.channel_texts()) == len(set(scenario.channel_texts())) == 5


def test_an_archived_channel_says_so_and_gets_everything_once_it_is_open(
    scenario: DeliveryScenario, workspace: Emulator
) -> None:
    token, where = scenario.settings.slack_token.reveal(), workspace.channel_id(scenario.channel)
    scenario.add_alert("one")
    workspace.call("conversations.archive", token, channel=where)
    scenario.deliver()
    assert scenario.count_states() == {"retry": 1}
    assert "the channel is archived (is_archived) - unarchive it" in scenario.delivery_rows()[0].error
    workspace.call("conversations.unarchive", token, channel=where)
    scenario.deliver_after(minutes=5)
    assert scenario.count_states() == {"sent": 1}
    assert len(scenario.channel_texts()) == 1


def test_a_channel_that_is_made_later_gets_what_waited_for_it(scenario: DeliveryScenario, workspace: Emulator) -> None:
    scenario.add_watch("fleet", channel="#later")
    scenario.add_alert("one", "A {}.", watch="fleet")
    scenario.deliver()
    assert scenario.count_states() == {"retry": 1}
    workspace.call("conversations.create", name="later")
    scenario.deliver_after(minutes=5)
    assert scenario.count_states() == {"sent": 1}


# ---- dead, and what it takes to be tried again

BAD = {
    "a sentence of 100,000 characters": "word " * 20_000 + "grain",
    "a call to everybody": "<!channel> @here grain </script>",
    "nothing but emoji": "🎧🎧 grain 🎧",
}


def test_a_sentence_of_emoji_alone_arrives(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one", "{}🎙🎧", watch="🎧")
    scenario.deliver()
    assert scenario.count_states() == {"sent": 1}
    assert "*🎧*🎙🎧" in scenario.channel_texts()[0]


@pytest.mark.parametrize("case", BAD, ids=str)
def test_a_hostile_sentence_arrives_and_mentions_nobody(case: str, scenario: DeliveryScenario) -> None:
    scenario.add_alert("one", BAD[case], title="<!channel></script>")
    scenario.deliver()
    assert scenario.count_states() == {"sent": 1}
    assert "<!channel>" not in str(scenario.messages())


def test_an_alert_that_slack_never_takes_is_dead_with_the_reason_until_it_is_mended(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one")
    scenario.slack.fail_next(refused("invalid_metadata_format"))
    scenario.deliver()
    assert scenario.count_states() == {"dead": 1}
    assert "Slack does not take the metadata" in scenario.rt.store.errors()["delivery"][0]
    scenario.deliver_until_done(3)
    assert scenario.count_states() == {"dead": 1}
    assert scenario.rt.store.retry_dead(scenario.now) == 1
    scenario.deliver()
    assert scenario.count_states() == {"sent": 1}


@pytest.mark.parametrize("fault", [hang_up(), lost_answer()], ids=["it did not arrive", "it did"])
@pytest.mark.parametrize("digest", [False, True])
def test_what_may_have_arrived_in_a_channel_is_found_under_its_new_name(
    scenario: DeliveryScenario, fault: Fault, digest: bool
) -> None:
    watch = scenario.add_watch(deliver=DeliverMode.DIGEST if digest else DeliverMode.EACH)
    scenario.add_alert("one")
    scenario.deliver()
    scenario.slack.fail_next(fault)
    if digest:
        scenario.deliver_after(hours=2)
    else:
        scenario.add_alert("two")
        scenario.deliver()
    channel = scenario.workspace.channel_id(scenario.channel)
    scenario.workspace.call("conversations.rename", channel=channel, name=f"{scenario.channel[1:]}-new")
    scenario.channel += "-new"
    scenario.rt._notifiers.clear()  # another run, which knows no channel yet
    scenario.add_watch(deliver=watch.deliver)
    scenario.deliver_until_done()
    assert len(scenario.channel_texts()) == (1 if digest else 2)
    assert scenario.count_states() == {"sent": 1 if digest else 2}
