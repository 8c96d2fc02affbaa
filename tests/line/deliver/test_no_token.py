"""Without a token nothing meant for Slack is printed or lost; what waited for days comes as one digest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import time, timedelta

import pytest

from podwatch import runtime
from podwatch.line.deliver import deliver
from podwatch.model import QuietHours, Tally
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Smtp
from tests.support.delivery_scenario import DeliveryScenario
from tests.support.mail_server import MailServer


@contextmanager
def without_token(
    scenario: DeliveryScenario, *, console: bool = False, mail: MailServer | None = None
) -> Iterator[Runtime]:
    settings = replace(scenario.settings, slack_token=Secret(""), console=console)
    if mail is not None:
        settings = replace(settings, smtp=Smtp("127.0.0.1", mail.port, "none"), mail_from="podwatch@example.org")
    with runtime.build(settings) as rt:
        yield rt


def deliver_without_token(scenario: DeliveryScenario, *, console: bool = False) -> Tally:
    with without_token(scenario, console=console) as rt:
        return deliver(rt, scenario.now)


def test_without_a_token_alerts_stay_due_and_other_channels_go_on(
    scenario: DeliveryScenario, mail_server: MailServer, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario.add_watch("mailed", channel="mailto:a@example.org")
    scenario.add_watch("printed", channel="console:")
    scenario.add_alert("one", "The grain, mailed and printed.", watch="grain")
    scenario.add_alert("two")
    with without_token(scenario, mail=mail_server) as rt:
        tally = deliver(rt, scenario.now)
    [note] = tally.notes
    assert note.startswith(f"2 messages wait for {scenario.channel}: there is no SLACK_BOT_TOKEN here")
    shown = capsys.readouterr().out
    assert ("printed" in shown, len(mail_server.mails)) == (True, 1)
    assert "grain in" not in shown
    assert scenario.count_states() == {"sent": 2, "due": 2}
    scenario.deliver()
    assert (scenario.count_states(), len(scenario.channel_texts())) == ({"sent": 4}, 2)


def test_what_was_printed_instead_counts_as_sent_until_it_is_to_be_sent_again(
    scenario: DeliveryScenario, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(3):
        scenario.add_alert(f"e{n}", f"The {{}} number {n}.")
    deliver_without_token(scenario, console=True)
    assert capsys.readouterr().out.count("grain in") == 3
    assert scenario.count_states() == {"sent": 3}
    scenario.deliver_after(minutes=5)
    assert scenario.channel_texts() == []
    assert scenario.rt.store.resend_printed(scenario.now) == 3
    scenario.deliver()
    assert scenario.rt.store.resend_printed(scenario.now) == 0
    scenario.deliver_until_done(2)
    [text] = scenario.channel_texts()
    assert all(f"number {n}." in text for n in range(3))
    assert scenario.count_states() == {"sent": 3}


# name: (days that each alert has waited, how many of them come in one digest)
WAITED: dict[str, tuple[list[float], int]] = {
    "shortly": ([2.9, 1], 0),
    "for days": ([4, 3.1], 2),
    "some for days": ([4, 3.5, 2, 0], 2),
    "many, for days": ([5] * 60, 60),
}


@pytest.mark.parametrize("case", WAITED)
@pytest.mark.parametrize("quiet", [False, True], ids=["at any hour", "in quiet hours"])
def test_what_waited_for_days_comes_in_one_digest_and_the_rest_singly(
    case: str, quiet: bool, scenario: DeliveryScenario
) -> None:
    ages, together = WAITED[case]
    start = scenario.now
    if quiet:
        scenario.set_channel_rules(quiet=QuietHours(time(5), time(7)))
    for n, days in enumerate(ages):
        scenario.now = start - timedelta(days=days)
        scenario.add_alert(f"e{n}", f"The {{}} number {n}.")
    scenario.now = start
    deliver_without_token(scenario)
    scenario.deliver()
    if quiet:
        assert scenario.channel_texts() == []
        scenario.deliver_after(hours=1)
    digests = [t for t in scenario.channel_texts() if t.startswith("Digest: ")]
    assert [t.split()[1] for t in digests] == ([str(together)] if together else [])
    assert len(scenario.channel_texts()) == len(digests) + len(ages) - together
    assert scenario.count_states() == {"sent": len(ages)}


def test_what_waited_for_days_in_a_channel_that_was_mistyped_comes_in_one_digest(scenario: DeliveryScenario) -> None:
    start = scenario.now
    scenario.add_watch(channel="#mistyped")
    scenario.now = start - timedelta(days=5)
    for n in range(12):
        scenario.add_alert(f"e{n}")
    scenario.deliver()
    scenario.now = start
    scenario.add_watch(channel=scenario.channel)
    scenario.deliver_until_done(1)
    begin = sorted(t[:17] for t in scenario.channel_texts())
    assert begin == ["Digest: 11 alerts", "grain in “Episode"]
    assert scenario.count_states() == {"sent": 12}
