"""A scenario for tests of deliver: a store with alerts in it, a Slack that fails on demand, a clock that is set.

with DeliveryScenario(settings, workspace, "#channel", now) as scenario:
    scenario.add_alert("one", watch="grain")
    scenario.slack.fail_next(lost_answer())
    scenario.deliver()
    scenario.deliver_after(minutes=5)
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from sqlalchemy import select

from podwatch import runtime
from podwatch.line.deliver import deliver
from podwatch.model import ChannelRules, Episode, Feed, Kind, Mention, Segment, Tally, Watch, join_segments
from podwatch.policy.alerts import build_alerts
from podwatch.settings import Secret, Settings
from podwatch.store.detect import Detection
from podwatch.store.episodes import SELECT_EPISODES, episode_of
from podwatch.store.tables import deliveries, episodes
from tests.support.migrated_database import place_database
from tests.support.slack.emulator import Emulator
from tests.support.slack.fault_proxy import FaultProxy
from tests.support.stored_transcripts import save_poll, save_transcript


class DeliveryScenario:
    """One new channel in a workspace; alerts come from stored feeds, transcripts and mentions.

    slack: the fault proxy before the workspace. now: the time at which deliver runs.
    """

    def __init__(self, settings: Settings, workspace: Emulator, channel: str, now: datetime) -> None:
        self._stack = ExitStack()
        self.workspace, self.channel, self.now = workspace, channel, now
        self.slack = self._stack.enter_context(FaultProxy(workspace.base_url))
        workspace.call("conversations.create", name=channel.removeprefix("#"))
        token = Secret(workspace.token)
        self.settings = replace(settings, slack_token=token, slack_base_url=self.slack.base_url)
        place_database(settings.home)
        self.rt = self._stack.enter_context(runtime.build(self.settings))
        self._watches: dict[str, Watch] = {}
        self._feeds: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self._stack.close()

    # ---- steps

    def add_watch(self, name: str = "grain", **facts: Any) -> Watch:
        """Puts a watch on the watchlist; the one of an alert is added with it."""
        self._watches[name] = Watch(name=name, **({"query": name, "channel": self.channel} | facts))
        self.rt.store.sync_watches(list(self._watches.values()), self.now)
        return next(w for w in self.rt.store.watches() if w.name == name)

    def set_channel_rules(self, **rules: Any) -> None:
        self.rt.store.sync_channels([ChannelRules(name=self.channel, **rules)], self.now)

    def add_alert(self, guid: str, *sentences: str, watch: str = "grain", feed: str = "a", title: str = "") -> None:
        """Stores an episode in which the watch's word is said in these sentences; the same again: a correction."""
        if watch not in self._watches:
            self.add_watch(watch)
        self.add_transcript(guid, *[s.format(watch) for s in sentences or ("The {} came.",)], feed=feed, title=title)
        self.detect_mentions()

    def add_transcript(self, guid: str, *sentences: str, feed: str = "a", title: str = "") -> None:
        """Stores an episode with a transcript of these sentences, in which nothing was looked for yet."""
        url = f"https://{feed}.example/feed"
        if url not in self._feeds:
            self._feeds.append(url)
            self.rt.store.add_feeds([Feed(url=url, title=f"Show {feed}")], self.now)
        row = next(f for f in self.rt.store.feeds() if f.url == url)
        # The same audio file: the same episode, whatever the feed.
        item = Episode(
            guid=guid, title=title or f"Episode {guid}", audio_url=f"https://cdn.example/{guid}-{'x' * 9}.mp3"
        )
        save_poll(self.rt.store, row, self.now, item)
        episode = self._episode(row.id, guid)
        text = join_segments([Segment(float(60 * n), 60.0 * n + 5, s) for n, s in enumerate(sentences)])
        save_transcript(self.rt.store, episode, text, self.now)

    def remove_feed(self, name: str) -> None:
        """Removes the feed of this name; the next alert of it adds it again."""
        url = f"https://{name}.example/feed"
        assert self.rt.store.remove_feed(url)
        self._feeds.remove(url)

    def detect_mentions(self) -> None:
        """Saves a mention wherever a watch's name is said."""
        todo = self.rt.store.watches_to_detect()
        for source in self.rt.store.transcripts_due(todo.latest, self.now):
            asked = todo.after(source.detected_through)
            text = source.transcript.text
            found = [self._mention(w, source.transcript, at) for w in asked for at in _occurrences(text, w.name)]
            alerts = build_alerts(found, asked, source.episode)
            by_name = {w.name: w for w in asked}
            self.rt.store.save_detections([Detection(source, by_name, found, alerts)], todo.latest, self.now)

    def deliver(self) -> Tally:
        return deliver(self.rt, self.now)

    def deliver_after(self, **by: float) -> Tally:
        """Sets the clock forward, and delivers."""
        self.now += timedelta(**by)
        return self.deliver()

    def deliver_until_done(self, times: int = 12) -> None:
        """Delivers every two minutes, so often that nothing is left to do."""
        for _ in range(times):
            self.deliver_after(minutes=2)

    # ---- what can be asserted

    def messages(self) -> list[dict[str, Any]]:
        return self.workspace.messages(self.channel)

    def channel_texts(self) -> list[str]:
        """The texts of the channel's messages without replies, oldest first."""
        return [m["text"] for m in self.messages() if m.get("thread_ts", m["ts"]) == m["ts"] and "subtype" not in m]

    def replies(self, root: dict[str, Any]) -> list[str]:
        channel = self.workspace.channel_id(self.channel)
        page = self.workspace.call("conversations.replies", channel=channel, ts=root["ts"])
        return [m["text"] for m in page["messages"] if m["ts"] != root["ts"]]

    def count_states(self) -> dict[str, int]:
        return self.rt.store.alert_states()

    def delivery_rows(self) -> list[Any]:
        with self.rt.store.reading() as c:
            return list(c.execute(select(deliveries).order_by(deliveries.c.id)).all())

    def _episode(self, feed: int, guid: str) -> Episode:
        with self.rt.store.reading() as c:
            return episode_of(
                c.execute(SELECT_EPISODES.where(episodes.c.guid == guid, episodes.c.feed_id == feed)).one()
            )

    def _mention(self, watch: Watch, transcript: Any, at: int) -> Mention:
        segment = max(i for i, offset in enumerate(transcript.offsets) if offset <= at)
        start = transcript.offsets[segment]
        stop = transcript.offsets[segment + 1] if segment + 1 < len(transcript) else len(transcript.text) + 1
        return Mention(
            watch=watch.name, kind=Kind.EXACT, score=1.0, surface=watch.name, start=at, end=at + len(watch.name),
            seconds=60.0 * segment, segment=segment, speaker=None, snippet=transcript.text[start : stop - 1],
            snippet_start=at - start,
        )  # fmt: skip


def _occurrences(text: str, word: str) -> list[int]:
    found, at = [], text.find(word)
    while at >= 0:
        found.append(at)
        at = text.find(word, at + 1)
    return found
