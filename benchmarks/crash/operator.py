"""An operator who changes everything at random while workers deliver: the watchlist, the channels, the token."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, time, timedelta

from sqlalchemy import func, select

from benchmarks.crash.recording_proxy import RecordingProxy
from podwatch.model import ChannelRules, DeliverMode, QuietHours, Schedule, Watch
from podwatch.store.database import Store
from podwatch.store.tables import deliveries
from tests.support.slack.emulator import Emulator


class Operator:
    """``act`` does one thing at random; ``mend`` puts everything right, as the watchlist now says.

    acts: how often each was done.
    """

    def __init__(
        self,
        store: Store,
        emulator: Emulator,
        proxy: RecordingProxy,
        channels: list[str],
        watches: list[Watch],
        seed: int,
    ) -> None:
        self.store, self.emulator, self.proxy = store, emulator, proxy
        self.rng = random.Random(seed)
        self.acts: Counter[str] = Counter()
        self.ids = {name: emulator.channel_id(name) for name in channels}  # by their names of today
        self.archived: set[str] = set()  # names
        self.watches = {w.name: w for w in watches}
        self.missing: str | None = None  # a watch that a wrong sync has removed
        self.rules: dict[str, ChannelRules] = {}
        self._numbers = 0
        self._acts = (
            self.rename_by_was, self.rename_by_search, self.move, self.sync_wrongly, self.rename_channel,
            self.change_rules, self.change_mode, self.archive, self.unarchive, self.revoke_token, self.renew_token,
            self.retry,
        )  # fmt: skip

    def act(self) -> None:
        what = self.rng.choice(self._acts)
        self.acts[what.__name__] += 1
        what()

    def mend(self) -> None:
        """Everything works again, and the watchlist is whole; what was given up is tried again."""
        for name in sorted(self.archived):
            self.emulator.call("conversations.unarchive", channel=self.ids[name])
        self.archived.clear()
        self.renew_token()
        self.missing = None
        self.watches = {n: replace(w, deliver=DeliverMode.EACH) for n, w in self.watches.items()}
        self.rules.clear()
        self._correct_channels()
        self._sync()
        self.retry()

    def mend_some(self) -> None:
        """What somebody would notice within minutes: a token, a wrong list, an archived channel."""
        self.renew_token()
        self.unarchive()
        self._sync()
        self.retry()

    # ---- the watchlist

    def rename_by_was(self) -> None:
        watch = self._take_one()
        self._put(replace(watch, name=self._fresh("watch"), was=(watch.name,)))

    def rename_by_search(self) -> None:
        """The entry says nothing: only what it looks for is the same."""
        watch = self._take_one()
        self._put(replace(watch, name=self._fresh("watch"), was=()))

    def move(self) -> None:
        self._put(replace(self._take_one(), channel=self.rng.choice(sorted(self.ids))))

    def sync_wrongly(self) -> None:
        """A watch is not on the list, until the next sync."""
        self.missing = self.rng.choice(sorted(self.watches))
        self._sync()
        self.missing = None

    def change_rules(self) -> None:
        now, name = self.store.clock(), self.rng.choice(sorted(self.ids))
        quiet = QuietHours(_clock(now, -1), _clock(now, 2)) if self.rng.random() < 0.4 else None
        ceiling = self.rng.choice((None, 3, 30))
        self.rules[name] = ChannelRules(
            name=name, digest=Schedule(_clock(now, self.rng.choice((-2, 3)))), quiet=quiet, ceiling=ceiling
        )
        self._sync()

    def change_mode(self) -> None:
        self._put(replace(self._take_one(), deliver=self.rng.choice((DeliverMode.EACH, DeliverMode.DIGEST))))

    # ---- Slack

    def rename_channel(self) -> None:
        """Slack knows the channel by another name at once, the watchlist later, or it gets its old name back."""
        name = self.rng.choice(sorted(self.ids))
        if name in self.archived:
            return
        new = self._fresh("#r")
        if self.emulator.call("conversations.rename", channel=self.ids[name], name=new[1:])["ok"]:
            self.ids[new] = self.ids.pop(name)
            if self.rng.random() < 0.5:
                self._correct_channels(name, new)
                self._sync()

    def archive(self) -> None:
        name = self.rng.choice(sorted(self.ids))
        if self.emulator.call("conversations.archive", channel=self.ids[name])["ok"]:
            self.archived.add(name)

    def unarchive(self) -> None:
        if self.archived:
            name = self.archived.pop()
            self.emulator.call("conversations.unarchive", channel=self.ids[name])

    def revoke_token(self) -> None:
        self.proxy.revoked = True

    def renew_token(self) -> None:
        self.proxy.revoked = False

    def retry(self) -> None:
        """``podwatch deliver --retry-dead``."""
        self.store.retry_dead(self.store.clock())
        self.store.retry_paused(self.store.clock())

    # ---- what they have in common

    def _take_one(self) -> Watch:
        return self.watches.pop(self.rng.choice(sorted(self.watches)))

    def _put(self, watch: Watch) -> None:
        self.watches[watch.name] = watch
        self._sync()

    def _correct_channels(self, old: str = "", new: str = "") -> None:
        """Writes the present names of channels into the watchlist; of one that is gone another's."""
        for name, w in self.watches.items():
            if w.channel == old or (not old and w.channel not in self.ids):
                self.watches[name] = replace(w, channel=new or min(self.ids))

    def _sync(self) -> None:
        now = self.store.clock()
        wanted = [w for w in self.watches.values() if w.name != self.missing]
        self.store.sync_watches(wanted, now)
        self.store.sync_channels(list(self.rules.values()), now)
        self.watches = {name: replace(w, was=()) for name, w in self.watches.items()}

    def _fresh(self, prefix: str) -> str:
        self._numbers += 1
        return f"{prefix}n{self._numbers:04d}"


def _clock(now: datetime, hours: int) -> time:
    return (now + timedelta(hours=hours)).time().replace(minute=0, second=0, microsecond=0)


def describe_stranded(store: Store) -> list[str]:
    """A line for each alert that was not sent though everything is mended: how many, in which state and why."""
    d = deliveries.c
    query = select(d.kind, d.state, d.reason, d.error, func.count().label("n")).where(d.state != "sent")
    with store.reading() as c:
        rows = c.execute(query.group_by(d.kind, d.state, d.reason, d.error)).all()
    return [f"{r.n} {r.kind} {r.state} {r.reason or ''} {r.error or ''}".strip() for r in rows]
