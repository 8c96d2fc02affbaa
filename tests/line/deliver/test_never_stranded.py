"""Whatever happens in whatever order: once everything is mended, each alert is sent once, or held for a true reason."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from podwatch import runtime
from podwatch.line.deliver import deliver
from podwatch.line.detect import detect
from podwatch.model import DeliverMode, QuietHours, Schedule, Watch
from podwatch.settings import Secret
from podwatch.store.tables import episodes, mentions, watches
from tests.support import hypothesis_profiles
from tests.support.delivery_scenario import DeliveryScenario
from tests.support.slack.fault_proxy import hang_up, lost_answer, rate_limited, refused, server_error

SEEDS = 40 if hypothesis_profiles.NAME == "ci" else 8
STEPS = 60 if hypothesis_profiles.NAME == "ci" else 25
EACH, DIGEST = DeliverMode.EACH, DeliverMode.DIGEST
# Held for one of these, an alert stays so for good: it is no news any more, or nobody wants it.
FINAL = {"GONE", "REMOVED", "DISABLED", "MODE_NONE", "OLD_EPISODE"}


@dataclass
class World:
    """A random sequence of what people, feeds and Slack do. log: what was done, to be read when it went wrong."""

    scenario: DeliveryScenario
    dice: random.Random
    log: list[str] = field(default_factory=list)
    feeds: set[str] = field(default_factory=set)  # those that are there
    texts: dict[tuple[str, str], str] = field(default_factory=dict)  # of each transcript, by feed and guid
    archived: bool = False
    revoked: bool = False
    names: dict[str, str] = field(default_factory=lambda: {"grain": "grain", "sea": "sea"})
    wanted: dict[str, Watch] = field(default_factory=dict)
    corrections: int = 0

    def __post_init__(self) -> None:
        channel = self.scenario.channel
        self.channels = (channel, f"{channel}-b")
        self.scenario.workspace.call("conversations.create", name=self.channels[1][1:])
        self.wanted = {q: Watch(name=q, query=q, channel=channel) for q in self.names}
        self.sync(self.wanted)

    def sync(self, listed: dict[str, Watch]) -> None:
        self.scenario.rt.store.sync_watches(list(listed.values()), self.scenario.now)
        self.detect()

    def detect(self) -> None:
        detect(self.scenario.rt, self.scenario.now)

    # ---- what happens

    def add_alert(self) -> None:
        feed = self.dice.choice("ab")
        guid = f"e{self.dice.randrange(8)}"
        self.corrections += 1
        word = self.dice.choice(("grain", "sea", "grain and the sea"))
        self.texts[feed, guid] = f"The {word} number {self.corrections}."
        self.add_transcript(feed, guid)

    def add_transcript(self, feed: str, guid: str) -> None:
        self.scenario.add_transcript(guid, self.texts[feed, guid], feed=feed)
        self.feeds.add(feed)
        self.detect()

    def deliver(self) -> None:
        settings = self.scenario.settings
        settings = replace(settings, slack_token=Secret(""), console=False) if self.revoked else settings
        with runtime.build(settings) as rt:
            deliver(rt, self.scenario.now)

    def wait(self) -> None:
        self.scenario.now += timedelta(minutes=self.dice.choice((1, 2, 2, 15, 60, 60 * 12, 60 * 24)))

    def change_watch(self) -> None:
        query = self.dice.choice(list(self.wanted))
        facts: dict[str, Any] = self.dice.choice(
            (
                {"channel": self.dice.choice(self.channels)},
                {"channel": "#mistyped"},
                {"deliver": self.dice.choice((EACH, DIGEST))},
                {"repeat_after": self.dice.choice((0.0, 7200.0))},
                {"name": f"{query}{self.dice.randrange(3)}"},
                {"name": query},
                {"name": f"x{query}", "channel": self.dice.choice(self.channels), "deliver": DIGEST},
            )
        )
        if facts.get("name") in {w.name for q, w in self.wanted.items() if q != query}:
            return
        self.wanted[query] = replace(self.wanted[query], **facts)
        self.log.append(str(facts))
        self.sync(self.wanted)

    def swap_names(self) -> None:
        a, b = self.wanted["grain"], self.wanted["sea"]
        self.wanted = {"grain": replace(a, name=b.name), "sea": replace(b, name=a.name)}
        self.sync(self.wanted)

    def remove_watch_for_a_while(self) -> None:
        gone = self.dice.choice(list(self.wanted))
        self.sync({q: w for q, w in self.wanted.items() if q != gone})
        for _ in range(self.dice.randrange(3)):
            self.scenario.now += timedelta(minutes=10)
            self.deliver()
        self.sync(self.wanted)

    def change_rules(self) -> None:
        rules: dict[str, Any] = self.dice.choice(
            (
                {},
                {"quiet": QuietHours(self.scenario.now.time(), (self.scenario.now + timedelta(hours=3)).time())},
                {"ceiling": 1},
                {"digest": Schedule((self.scenario.now + timedelta(hours=5)).time())},
            )
        )
        self.scenario.set_channel_rules(**rules)

    def fail(self) -> None:
        fault = self.dice.choice(
            (
                lost_answer(),
                lost_answer(),
                hang_up(),
                rate_limited(5),
                server_error(accepted=True),
                refused("is_archived"),
            )
        )
        self.log.append(str(fault))
        self.scenario.slack.fail_next(fault)

    def toggle_archive(self) -> None:
        self.archived = not self.archived
        self._set_archived()

    def _set_archived(self) -> None:
        verb = "archive" if self.archived else "unarchive"
        token, where = self.scenario.settings.slack_token.reveal(), self.scenario.workspace.channel_id(self.channels[1])
        self.scenario.workspace.call(f"conversations.{verb}", token, channel=where)

    def toggle_token(self) -> None:
        self.revoked = not self.revoked

    def toggle_feed(self) -> None:
        if self.feeds and self.dice.random() < 0.7:
            feed = self.dice.choice(sorted(self.feeds))
            self.scenario.remove_feed(feed)
            self.feeds.remove(feed)
            self.log.append(feed)

    def run(self) -> None:
        steps = [self.add_alert] * 5 + [self.deliver] * 5 + [self.wait] * 4 + [self.change_watch] * 4
        steps += [self.swap_names, self.remove_watch_for_a_while, self.change_rules, self.change_rules]
        steps += [self.fail] * 3 + [self.toggle_archive, self.toggle_token, self.toggle_feed]
        for _ in range(STEPS):
            step = self.dice.choice(steps)
            self.log.append(step.__name__)
            step()

    def mend(self) -> None:
        """Everything is put right, and days go by."""
        if self.archived:
            self.toggle_archive()
        self.revoked = False
        self.wanted = {
            q: replace(w, channel=self.channels[0]) if w.channel == "#mistyped" else w for q, w in self.wanted.items()
        }
        self.sync(self.wanted)
        for feed, guid in list(self.texts):
            self.add_transcript(feed, guid)
        self.scenario.set_channel_rules()
        self.scenario.slack.clear_faults()
        for hours in (0.05, 0.05, 0.5, 1, 3, 24, 0.05, 24, 0.05, 24, 0.05, 24, 0.05):
            self.scenario.now += timedelta(hours=hours)
            self.deliver()

    # ---- what holds afterwards

    def check(self) -> None:
        rows = self.scenario.delivery_rows()
        by_about = Counter((r.watch_id, r.identity) for r in rows if r.kind == "alert")
        assert all(n == 1 for n in by_about.values()), "an alert twice"
        with self.scenario.rt.store.reading() as c:
            said = select(mentions.c.watch_id, episodes.c.identity).join(
                episodes, episodes.c.id == mentions.c.episode_id
            )
            present = {tuple(r) for r in c.execute(said.where(mentions.c.gone_at.is_(None)))}
            enabled = set(c.execute(select(watches.c.id).where(watches.c.enabled)).scalars())
        assert len(enabled) == 2
        assert present <= set(by_about), "what is said in an episode has no alert"
        for r in rows:
            settled = r.state == "sent" or (r.state == "held" and r.reason in FINAL) or (r.state == "dead" and r.error)
            assert settled, f"stranded: {dict(r._mapping)}"
            if r.state == "held" and r.kind == "alert" and r.reason in ("REMOVED", "GONE"):
                assert (r.watch_id, r.identity) not in present, f"not true any more: {dict(r._mapping)}"
            assert not (r.state == "held" and r.reason == "DISABLED"), "it was removed for minutes"
        posted = [m for channel in self.channels for m in self.scenario.workspace.messages(channel)]
        keys = Counter(m["metadata"]["event_payload"]["key"] for m in posted if "metadata" in m)
        assert all(n == 1 for n in keys.values()), "a message twice"
        # A feed that was removed while an answer was lost, and whose episode another feed brought since.
        lost = {r.key for r in rows if r.state == "held" and r.reason == "REMOVED" and r.attempted_at is not None}
        sent = {r.key for r in rows if r.state == "sent" and r.digest_id is None and r.kind in ("alert", "digest")}
        assert sent == set(keys) - lost


@pytest.mark.parametrize("seed", range(SEEDS))
def test_once_everything_is_mended_no_alert_is_stranded_or_twice(seed: int, scenario: DeliveryScenario) -> None:
    world = World(scenario, random.Random(seed))
    try:
        world.run()
        world.mend()
        world.check()
    except BaseException:
        print(*world.log, sep="\n")
        raise
