"""Decides which alerts the mentions make, and whether one is never to be told, and why. Pure: values in, values out.

When one that is to be told goes out is decided in noise.py.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from podwatch.model import Alert, DeliverMode, Digest, Episode, HoldReason, Mention, Watch
from podwatch.policy.mention_revisions import Place, diff_mentions


def alert_key(watch: str, identity: str, channel: str) -> str:
    """The name of an alert, the same whoever makes it when: one watch, one episode, one channel.

    Opaque, since Slack shows the metadata that carries it to everybody in the workspace.
    """
    parts = "\x1f".join((watch, identity, channel))
    return hashlib.blake2b(parts.encode("utf-8", "replace"), digest_size=16).hexdigest()


def build_alerts(mentions: Iterable[Mention], watches: Sequence[Watch], episode: Episode) -> tuple[Alert, ...]:
    """One alert for each watch that is mentioned in the episode."""
    groups: dict[str, list[Mention]] = defaultdict(list)
    for m in mentions:
        groups[m.watch].append(m)
    return tuple(
        Alert(
            key=alert_key(w.name, episode.identity, w.channel),
            watch=w,
            episode=episode,
            channel=w.channel,
            mentions=tuple(groups[w.name]),
        )
        for w in watches
        if w.name in groups
    )


def digest_key(channel: str, members: Iterable[str]) -> str:
    """The name of a digest: of the alerts in it, by their keys."""
    return alert_key("digest", "\x1f".join(sorted(members)), channel)


def reply_key(parent: str, part: int) -> str:
    """The name of what continues the message with the key ``parent`` in its thread."""
    return alert_key("reply", parent, str(part))


def merge_feeds(found: Sequence[Sequence[Mention]]) -> list[Mention]:
    """The mentions of one episode that several feeds carry, each with a transcript of its own: none of them twice.

    Those of the first transcript, and of each other what it has more of.
    """
    all_: list[Mention] = []
    for mentions in found:
        laid = diff_mentions([_place(m) for m in all_], [_place(m) for m in mentions], same_text=False)
        all_ += [mentions[i] for i in (laid.fresh if all_ else range(len(mentions)))]
    return all_


def find_retracted(gone: Sequence[Mention], now: Sequence[Mention]) -> list[Mention]:
    """Those of the mentions that were told and left which did not come back in the same words."""
    there = {(m.surface, m.snippet) for m in now}
    return [m for m in gone if (m.surface, m.snippet) not in there]


def _place(m: Mention) -> Place:
    return Place(0, m.start, m.end, m.surface, m.snippet)


def without_skipped(alert: Alert) -> Alert:
    """The alert without the mentions that stand in what its watch skips."""
    kept, gone = ([m for m in ms if m.label not in alert.watch.skip] for ms in (alert.mentions, alert.gone))
    same = len(kept) == len(alert.mentions) and len(gone) == len(alert.gone)
    return alert if same else replace(alert, mentions=tuple(kept), gone=tuple(gone))


def prepare_content(said: Alert | Digest) -> Alert | Digest:
    """What is shown of an alert or a digest: told() of each."""
    if isinstance(said, Alert):
        return without_skipped(said)
    return replace(said, alerts=tuple(without_skipped(a) for a in said.alerts))


def hold_reason(alert: Alert, enabled: bool, live: timedelta) -> HoldReason | None:
    """Why nobody is to be told of this alert, whatever the hour; None when somebody is.

    live: an episode that was known longer than this before its watch was made is the past, not news.
    """
    watch, episode = alert.watch, alert.episode
    if not enabled:
        return HoldReason.DISABLED
    if not alert.mentions:
        return HoldReason.GONE
    if not without_skipped(alert).mentions:
        return HoldReason.BOILERPLATE
    if watch.deliver is DeliverMode.NONE:
        return HoldReason.MODE_NONE
    if _is_older(episode.first_seen_at, watch.revised_at, live):
        return HoldReason.OLD_EPISODE
    return None


def _is_older(seen: datetime | None, made: datetime | None, live: timedelta) -> bool:
    return seen is not None and made is not None and made - seen > live
