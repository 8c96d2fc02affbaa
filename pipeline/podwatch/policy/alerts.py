"""Decides which alerts the mentions of an episode make, under which keys, and what of an alert is shown. Pure."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from podwatch.model import Alert, Digest, Episode, Mention, Watch
from podwatch.policy.mention_revisions import Place, diff_mentions

Content = TypeVar("Content", bound=Alert | Digest)


def alert_key(watch: str, identity: str, channel: str) -> str:
    """The key of an alert, the same whoever makes it when: one watch, one episode, one channel.

    A hash, since Slack shows the metadata that carry it to everybody in the workspace.
    """
    parts = "\x1f".join((watch, identity, channel))
    return hashlib.blake2b(parts.encode("utf-8", "replace"), digest_size=16).hexdigest()


def digest_key(channel: str, members: Iterable[str]) -> str:
    """The key of a digest: of the alerts in it, by their keys."""
    return alert_key("digest", "\x1f".join(sorted(members)), channel)


def reply_key(parent: str, part: int) -> str:
    """The key of a part of a thread, below the message with the key ``parent``."""
    return alert_key("reply", parent, str(part))


def build_alerts(mentions: Iterable[Mention], watches: Sequence[Watch], episode: Episode) -> tuple[Alert, ...]:
    """One alert for each watch that is mentioned in the episode."""
    groups: dict[str, list[Mention]] = defaultdict(list)
    for m in mentions:
        groups[m.watch].append(m)
    return tuple(
        Alert(
            key=alert_key(w.alert_name, episode.identity, w.channel),
            watch=w,
            episode=episode,
            channel=w.channel,
            mentions=tuple(groups[w.name]),
        )
        for w in watches
        if w.name in groups
    )


def merge_feeds(by_feed: Sequence[Sequence[Mention]]) -> list[Mention]:
    """The mentions of one episode that several feeds carry, each with a transcript of its own: none of them twice.

    Those of the first transcript, and those that each of the others has beyond them.
    """
    merged: list[Mention] = []
    for mentions in by_feed:
        diff = diff_mentions(
            [_place(m) for m in merged], [_place(m) for m in mentions], same_text=False, any_sentence=True
        )
        merged += [mentions[i] for i in diff.fresh]
    return merged


def find_retracted(gone: Sequence[Mention], present: Sequence[Mention]) -> list[Mention]:
    """The alerted mentions that a correction removed and that did not come back in the same words."""
    there = {(m.surface, m.snippet) for m in present}
    return [m for m in gone if (m.surface, m.snippet) not in there]


def _place(m: Mention) -> Place:
    return Place(0, m.start, m.end, m.surface, m.snippet)


def without_skipped(content: Content) -> Content:
    """The alert, or a digest's alerts, without the mentions that stand in what the watch skips (its ``skip``)."""
    if isinstance(content, Digest):
        return replace(content, alerts=tuple(without_skipped(a) for a in content.alerts))
    skip = content.watch.skip
    shown, gone = (tuple(m for m in ms if m.label not in skip) for ms in (content.mentions, content.gone))
    return replace(content, mentions=shown, gone=gone)
