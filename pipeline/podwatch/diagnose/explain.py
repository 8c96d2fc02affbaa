"""Why a watch raised an alert on an episode, or not: each step of the line in turn. Pure: values in, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from podwatch import query as detectors
from podwatch.line.detect import episode_fields
from podwatch.model import Entity, Mention, DeliveryState, Transcript, Watch
from podwatch.policy.scopes import out_of_scope_reason
from podwatch.query import EpisodeFields
from podwatch.query.explanation import Explanation, explain
from podwatch.store.detect import TranscriptSource
from podwatch.store.diagnosis import FetchState, StoredDelivery, StoredWatch

# Of a watch of surges; it stops nobody.
NO_TEXT = "it tells of names that are suddenly in many episodes, not of one text: see podwatch entities --surges"


class Step(StrEnum):
    """Where along the line something was decided."""

    WATCH = "watch"
    TRANSCRIPT = "transcript"
    SCOPE = "scope"
    QUERY = "query"
    SKIP = "skip"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class Reason:
    """What was decided there. stops: it is why no alert was sent."""

    step: Step
    text: str
    stops: bool = True


@dataclass(frozen=True, slots=True)
class MentionState:
    """A mention as it is stored: of which revision of the watch, and when it went."""

    revision: int
    mention: Mention
    gone_at: datetime | None


@dataclass(frozen=True, slots=True)
class WatchExplanation:
    """tree: None when there is nothing to look in, or the watch cannot be built."""

    tree: Explanation | None
    reasons: tuple[Reason, ...]


def explain_text(watch: Watch, transcript: Transcript, facts: EpisodeFields) -> WatchExplanation:
    """One watch over one transcript, without a store."""
    tree, reasons = _evaluate(watch, transcript, facts)
    return WatchExplanation(tree, reasons)


def explain_episode(
    listed: StoredWatch,
    source: TranscriptSource | None,
    entities: Sequence[Entity] | None,
    fetching: FetchState,
    said: Sequence[MentionState],
    kept: Sequence[StoredDelivery],
) -> WatchExplanation:
    """One watch over one episode of the store. source: its transcript, None when it has none; entities: those in it."""
    watch = listed.watch
    reasons: list[Reason] = []
    if not listed.enabled:
        reasons.append(Reason(Step.WATCH, "it was removed from the watchlist"))
    if listed.error:
        reasons.append(Reason(Step.WATCH, f"it could not be looked for: {listed.error}"))
    if source is None:
        return WatchExplanation(None, (*reasons, _fetching(fetching)))
    tree, query = _evaluate(watch, source.transcript, episode_fields(source, entities))
    feed = (source.feed_url, source.feed_tags, source.transcript.language)
    if (outside := out_of_scope_reason(watch.scope, *feed)) is not None:
        reasons.append(Reason(Step.SCOPE, outside.value))
    reasons += query
    if watch.surge is not None and said:
        reasons.append(Reason(Step.QUERY, said[0].mention.reason, stops=False))
    if source.detected_through < listed.seq and listed.enabled and watch.surge is None:
        text = f"revision {watch.revision} of the watch was not yet looked for in it: podwatch detect"
        reasons.append(Reason(Step.TRANSCRIPT, text))
    there = [s for s in said if s.gone_at is None]
    skipped = [s for s in there if s.mention.label in watch.skip]
    if skipped:
        labels = ", ".join(sorted({str(s.mention.label) for s in skipped}))
        text = f"{len(skipped)} of {len(there)} mentions stand in what the watch skips: {labels}"
        reasons.append(Reason(Step.SKIP, text, stops=len(skipped) == len(there)))
    if said and not there:
        last = max(s.gone_at for s in said if s.gone_at)
        reasons.append(Reason(Step.TRANSCRIPT, f"its mentions are gone since {last:%Y-%m-%d %H:%M} UTC"))
    reasons += [_delivery(k) for k in kept]
    if there and not kept:
        reasons.append(Reason(Step.DELIVERY, "there is no delivery of it"))
    return WatchExplanation(tree, tuple(reasons))


def _evaluate(
    watch: Watch, transcript: Transcript, facts: EpisodeFields
) -> tuple[Explanation | None, tuple[Reason, ...]]:
    if watch.surge is not None:
        return None, (Reason(Step.WATCH, NO_TEXT, stops=False),)
    engine = detectors.build([watch])
    node = engine.node(watch.name)
    if node is None:
        return None, (Reason(Step.WATCH, f"it cannot be looked for: {engine.broken[watch.name].line}"),)
    tree = explain(node, engine.read(transcript, facts))
    if not tree.count:
        why = tree.because.value if tree.because else "true, but without a place"
        return tree, (Reason(Step.QUERY, f"not found: {why}{f' ({tree.detail})' if tree.detail else ''}"),)
    reasons = [Reason(Step.QUERY, f"found {'once' if tree.count == 1 else f'{tree.count} times'}", stops=False)]
    left = len(engine(transcript, facts).mentions)
    if left < tree.count:
        text = f"{tree.count - left} of {tree.count} are spellings that the watch excludes"
        reasons.append(Reason(Step.QUERY, text, stops=not left))
    return tree, tuple(reasons)


def _fetching(f: FetchState) -> Reason:
    if f.error:
        text = f"there is none: {f.error}"
    elif f.backlog:
        text = "there is none: the episode is older than the feed's first poll"
    elif f.next_fetch_at:
        text = f"there is none yet: it is asked for at {f.next_fetch_at:%Y-%m-%d %H:%M} UTC"
    else:
        text = "there is none, and the feed names none" if not f.offered else "there is none, and nobody asks for it"
    return Reason(Step.TRANSCRIPT, text)


def _delivery(k: StoredDelivery) -> Reason:
    d = k.delivery
    if d.state is DeliveryState.SENT:
        return Reason(Step.DELIVERY, f"sent to {d.channel} at {k.sent_at:%Y-%m-%d %H:%M} UTC", stops=False)
    again = f", next try {d.next_attempt_at:%Y-%m-%d %H:%M} UTC" if d.next_attempt_at else ""
    waiting = d.state in (DeliveryState.DUE, DeliveryState.ATTEMPTING)
    text = f"{d.state.value} for {d.channel}{f': {d.error}' if d.error else ''}{again}"
    return Reason(Step.DELIVERY, text, stops=not waiting)
