"""A week of five-minute runs: each alert goes out in the first run in which it may, in the form that the rules say.

The rules of docs/delivery.md together: digests, quiet hours in three time zones (one changes its clocks), ceilings,
repeat_after, an outage. What has to happen is worked out by tests/support/delivery_oracle.py.

Whole weeks are long. In short: tests/line/deliver/test_week.py::test_in_two_days_each_alert_goes_out_in_the_first_run_in_which_it_may
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from podwatch import runtime
from podwatch.line import deliver as deliver_module
from podwatch.line.deliver import deliver
from podwatch.model import Alert, ChannelRules, DeliverMode, Digest, QuietHours, Schedule, Watch
from podwatch.notifiers import Receipt, channel_error
from podwatch.policy.delivery_timing import DeliveryTiming
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings
from podwatch.store import clock as clock_module
from podwatch.store.tables import deliveries, episodes, feeds, mentions, transcripts, watches
from tests.support.delivery_oracle import Arrival, ChannelOracle, Sent, WatchRules, is_quiet, moments
from tests.support.hypothesis_profiles import NAME as PROFILE
from tests.support.hypothesis_profiles import examples
from tests.support.migrated_database import place_database

EVERY = timedelta(minutes=5)
START = datetime(2026, 10, 24, tzinfo=UTC)  # a Saturday; clocks change in Berlin on the 25th, in New York on November 1
NEW_YORK, BERLIN, TOKYO = "America/New_York", "Europe/Berlin", "Asia/Tokyo"
WEEKDAYS = (0, 1, 2, 3, 4)
Outage = tuple[datetime, datetime]


class Recorder:
    """A service that keeps what it was sent, and refuses while it is down."""

    def __init__(self) -> None:
        self.now, self.up = START, True
        self.sent: list[Sent] = []

    def send(self, alert: Alert) -> Receipt:
        return self._keep(Sent(self.now, alert.channel, "single", (alert.key,)))

    def send_digest(self, digest: Digest) -> Receipt:
        return self._keep(Sent(self.now, digest.channel, "digest", tuple(sorted(a.key for a in digest.alerts))))

    def find(self, key: str, channel: str, age: timedelta) -> Receipt | None:
        raise AssertionError("no outcome is unknown here")

    def _keep(self, message: Sent) -> Receipt:
        if not self.up:
            raise channel_error("is down", message.channel)
        self.sent.append(message)
        return Receipt(message.channel, str(len(self.sent)))


@contextmanager
def clock_that_stands() -> Iterator[None]:
    """A run takes no time: what it sends bears the moment at which it was called."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (deliver_module, clock_module):
            patch.setattr(module, "monotonic_seconds", lambda: 1000.0)
        yield


def run_ticks(
    home: Path, rules: dict[str, WatchRules], channels: Sequence[ChannelRules], arrivals: Sequence[Arrival],
    ticks: Sequence[datetime], outages: Sequence[Outage],
) -> tuple[list[Sent], dict[str, str]]:  # fmt: skip
    """(what was sent, the state of each alert at the end) when deliver runs at each tick."""
    place_database(home)
    url = Secret(f"sqlite:///{home / 'podwatch.db'}")
    pace = DeliveryTiming(interval=0.0, stay=0.0)
    with clock_that_stands(), runtime.build(Settings(home=home, database_url=url, console=True, pace=pace)) as rt:
        recorder = Recorder()
        rt._notifiers["console"] = recorder
        wanted = [
            Watch(name=name, query=name, channel=w.channel, deliver=w.deliver,
                  repeat_after=w.repeat_after.total_seconds())
            for name, w in rules.items()
        ]  # fmt: skip
        rt.store.sync_watches(wanted, ticks[0])
        rt.store.sync_channels(channels, ticks[0])
        store_mentions(rt, arrivals)
        left = sorted(arrivals, key=lambda a: (a.at, a.key))
        for tick in ticks:
            recorder.now, recorder.up = tick, not is_down(outages, tick)
            while left and left[0].at <= tick:
                add_delivery(rt, left.pop(0), rules)
            deliver(rt, tick)
        with rt.store.reading() as c:
            query = select(deliveries.c.key, deliveries.c.state, deliveries.c.reason).where(
                deliveries.c.kind == "alert"
            )
            states = {r.key: r.state if r.state != "held" else f"held {r.reason}" for r in c.execute(query)}
        return recorder.sent, states


def store_mentions(rt: Runtime, arrivals: Sequence[Arrival]) -> None:
    """An episode for each alert, in which its watch is mentioned."""
    with rt.store.writing() as c:
        feed = c.execute(
            insert(feeds).values(url="https://a.example/f", title="Show", added_at=START).returning(feeds.c.id)
        ).scalar_one()
        ids = {r.name: r.id for r in c.execute(select(watches.c.id, watches.c.name))}
        latest = len(ids)
        rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for n, a in enumerate(arrivals, 1):
            rows["e"].append({"id": n, "feed_id": feed, "guid": a.key, "identity": a.key, "title": a.key,
                              "audio_url": f"https://a.example/{n}.mp3", "published_at": a.at, "first_seen_at": a.at,
                              "notes": "", "transcripts": [], "details": {}})  # fmt: skip
            rows["t"].append({"id": n, "episode_id": n, "source": "s", "digest": "x", "fetched_at": a.at,
                              "characters": 9, "segments": 1, "body": b"", "labels": b"",
                              "detected_through": latest})  # fmt: skip
            rows["m"].append({"watch_id": ids[a.watch], "watch_revision": 1, "transcript_id": n,
                              "transcript_revision": 1, "episode_id": n, "start": 0, "end": 5, "kind": "exact",
                              "score": 1.0, "surface": "grain", "seconds": 1.0, "segment": 0,
                              "snippet": "grain came", "snippet_start": 0, "reason": "", "found_at": a.at})  # fmt: skip
        for table, key in ((episodes, "e"), (transcripts, "t"), (mentions, "m")):
            if rows[key]:
                c.execute(insert(table), rows[key])


def add_delivery(rt: Runtime, a: Arrival, rules: dict[str, WatchRules]) -> None:
    """What detect leaves when it finds the alert."""
    with rt.store.writing() as c:
        episode = select(episodes.c.id).where(episodes.c.guid == a.key).scalar_subquery()
        watch = select(watches.c.id).where(watches.c.name == a.watch).scalar_subquery()
        c.execute(
            insert(deliveries).values(
                key=a.key, watch_id=watch, episode_id=episode, identity=a.key, channel=rules[a.watch].channel,
                state="due", next_attempt_at=a.at, created_at=a.at,
            )
        )  # fmt: skip


def expect(
    rules: dict[str, WatchRules], channels: Sequence[ChannelRules], arrivals: Sequence[Arrival],
    ticks: Sequence[datetime], outages: Sequence[Outage],
) -> list[Sent]:  # fmt: skip
    """What the oracle says is sent."""
    oracles = {c.name: ChannelOracle(c, rules) for c in channels}
    left = sorted(arrivals, key=lambda a: (a.at, a.key))
    for tick in ticks:
        while left and left[0].at <= tick:
            a = left.pop(0)
            oracles[rules[a.watch].channel].arrive(a)
        for oracle in oracles.values():
            oracle.step(tick, up=not is_down(outages, tick))
    return [s for oracle in oracles.values() for s in oracle.sent]


def is_down(outages: Sequence[Outage], at: datetime) -> bool:
    return any(start <= at < end for start, end in outages)


def check_week(
    home: Path, rules: dict[str, WatchRules], channels: Sequence[ChannelRules], arrivals: Sequence[Arrival],
    ticks: Sequence[datetime], outages: Sequence[Outage],
) -> list[Sent]:  # fmt: skip
    """Runs the week, holds it against the oracle and against what holds in any week; returns what was sent."""
    sent, states = run_ticks(home, rules, channels, arrivals, ticks, outages)
    ours, oracle = show(sent), show(expect(rules, channels, arrivals, ticks, outages))
    assert ([s for s in ours if s not in oracle], [s for s in oracle if s not in ours]) == ([], [])
    keys = [key for s in sent for key in s.keys]
    assert len(keys) == len(set(keys)), "nothing twice"
    assert {k for k, state in states.items() if state == "sent"} == set(keys)
    assert set(states.values()) <= {"sent", "held DIGEST", "held QUIET", "held REPEATED",
                                                    "held CEILING", "held MODE_NONE"}  # fmt: skip
    for c in channels:
        mine = [s for s in sent if s.channel == c.name]
        if c.quiet is not None:
            in_hours = [s for s in mine if is_quiet(c.quiet, s.at)]
            assert all(s.form == "digest" and has_own_time(c.digest, s.at) for s in in_hours)
        if c.ceiling is not None:
            counts = [sum(m.at > s.at - timedelta(hours=1) for m in mine[:n]) for n, s in enumerate(mine)]
            alone = [count for s, count in zip(mine, counts, strict=True) if s.form == "single"]
            assert max(alone, default=0) < c.ceiling, "no alert by itself beyond the ceiling"
    return sent


def has_own_time(schedule: Schedule, at: datetime) -> bool:
    return any(timedelta() <= at - m <= timedelta(minutes=15) for m in moments(schedule, at.date()))


def show(sent: Sequence[Sent]) -> list[str]:
    """A line each, in an order of their own: a run serves its channels in any."""
    return [f"{s.at:%a %d %H:%M} {s.channel} {s.form} {' '.join(s.keys)}" for s in sorted(sent)]


WEEK_CHANNELS = [
    ChannelRules(name="console:ny", digest=Schedule(time(8), WEEKDAYS, NEW_YORK),
                 quiet=QuietHours(time(22), time(7), NEW_YORK), ceiling=3),
    ChannelRules(name="console:berlin", digest=Schedule(time(6, 30), zone=BERLIN),  # in its quiet hours
                 quiet=QuietHours(time(20), time(7, 30), BERLIN)),
    ChannelRules(name="console:tokyo", digest=Schedule(time(9), (0, 3), TOKYO),
                 quiet=QuietHours(time(12), time(13), TOKYO), ceiling=2),
    ChannelRules(name="console:plain"),
]  # fmt: skip
WEEK_WATCHES = {
    f"{place}-{kind}": WatchRules(f"console:{place}", mode, timedelta(hours=pause))
    for place in ("ny", "berlin", "tokyo", "plain")
    for kind, mode, pause in (
        ("each", DeliverMode.EACH, 0),
        ("digest", DeliverMode.DIGEST, 0),
        ("rare", DeliverMode.EACH, 12 if place == "berlin" else 3),
        ("none", DeliverMode.NONE, 0),
    )
}


def random_arrivals(
    rng: random.Random, count: int, names: Sequence[str], first: datetime, span: timedelta
) -> list[Arrival]:
    """Alerts at any second; four of ten come in bursts, since an episode is found by several watches."""
    found: list[Arrival] = []
    for n in range(count):
        at = first + timedelta(seconds=rng.randrange(int(span.total_seconds())), milliseconds=rng.randrange(1, 999))
        if found and rng.random() < 0.4:
            at = found[-1].at + timedelta(seconds=rng.randrange(600))
        elif rng.random() < 0.5:  # close to a full or half hour, when digests go out and quiet hours begin and end
            at = at.replace(minute=rng.choice((26, 29, 31, 56, 58, 59)))
        found.append(Arrival(f"a{n:04d}", at, rng.choice(names)))
    return found


SEEDS = [1] if PROFILE != "ci" else [1, 2, 3]


def check_days(home: Path, seed: int, ticks: Sequence[datetime], outages: Sequence[Outage], count: int) -> None:
    """Random alerts, so many a day: each form of a message has to be among what every channel is sent."""
    span = ticks[-1] - ticks[0]
    count *= round(span / timedelta(days=1))
    arrivals = random_arrivals(random.Random(seed), count, list(WEEK_WATCHES), ticks[0], span)
    sent = check_week(home, WEEK_WATCHES, WEEK_CHANNELS, arrivals, ticks, outages)
    assert {(s.channel, s.form) for s in sent} >= {
        (c.name, form) for c in WEEK_CHANNELS for form in ("single", "digest")
    }


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_in_a_week_each_alert_goes_out_in_the_first_run_in_which_it_may(tmp_path: Path, seed: int) -> None:
    down = START + timedelta(days=2, hours=random.Random(seed).randrange(24))
    second = START + timedelta(days=5, hours=3)
    outages = [(down, down + timedelta(hours=5)), (second, second + timedelta(hours=4))]
    ticks = [START + n * EVERY for n in range((7 if PROFILE != "ci" else 10) * 288)]
    check_days(tmp_path / "home", seed, ticks, outages, count=30)


@pytest.mark.parametrize("seed", SEEDS)
def test_in_two_days_each_alert_goes_out_in_the_first_run_in_which_it_may(tmp_path: Path, seed: int) -> None:
    """A Sunday, on which clocks change in Berlin, and the Monday on which New York and Tokyo have a digest."""
    first = START + timedelta(days=1)
    ticks = [first + n * 2 * EVERY for n in range(2 * 144)]
    down = first + timedelta(hours=random.Random(seed).randrange(40))
    check_days(tmp_path / "home", seed, ticks, [(down, down + timedelta(hours=5))], count=60)


@st.composite
def small_weeks(draw: Callable[[Any], Any]) -> dict[str, Any]:
    """A channel, three watches and a dozen alerts within ten hours."""
    zone = draw(st.sampled_from([NEW_YORK, BERLIN, TOKYO]))
    first = START.astimezone(ZoneInfo(zone)).hour
    hours = st.integers(1, 8).map(lambda n: (first + n) % 24)
    near = st.sampled_from([-1500, -290, -200, -10, 10, 100, 250, 310])  # seconds from a full hour
    start, end = draw(st.lists(hours, min_size=2, max_size=2, unique=True))
    quiet = draw(st.sampled_from([None, QuietHours(time(start), time(end), zone)]))
    days = draw(st.sampled_from([tuple(range(7)), WEEKDAYS, (6,)]))
    channel = ChannelRules(
        name="console:a",
        digest=Schedule(time(draw(hours), draw(st.sampled_from([0, 5, 30]))), days, zone),
        quiet=quiet,
        ceiling=draw(st.sampled_from([None, 1, 2])),
    )
    rules = {
        "each": WatchRules("console:a"),
        "digest": WatchRules("console:a", DeliverMode.DIGEST),
        "rare": WatchRules("console:a", repeat_after=timedelta(minutes=draw(st.sampled_from([20, 60, 240])))),
    }
    second = st.one_of(st.integers(0, 8 * 3600), st.builds(lambda h, s: h * 3600 + s, st.integers(1, 8), near))
    moment = st.tuples(second, st.sampled_from(sorted(rules)))
    found = draw(st.lists(moment, min_size=1, max_size=12))
    arrivals = [
        Arrival(f"a{n:02d}", START + timedelta(seconds=at, milliseconds=500), name)
        for n, (at, name) in enumerate(found)
    ]
    down = START + timedelta(minutes=5 * draw(st.integers(0, 80)))
    outage = (down, down + timedelta(minutes=5 * draw(st.integers(0, 30))))
    return {"rules": rules, "channels": [channel], "arrivals": arrivals, "outages": [outage]}


@settings(max_examples=examples(40))
@given(week=small_weeks())
def test_so_it_is_in_any_small_week(week: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder:
        check_week(Path(folder), ticks=[START + n * EVERY for n in range(120)], **week)
