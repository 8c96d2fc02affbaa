"""Why a watch raised an alert on an episode, or did not, step after step along the line. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from podwatch import query
from podwatch.diagnose.names_in_doubt import PlaceState, describe_place
from podwatch.line.detect import episode_fields
from podwatch.model import DeliveryState, Entity, Mention, Transcript, Watch
from podwatch.notifiers import show_channel
from podwatch.policy.scopes import out_of_scope_reason
from podwatch.query import EpisodeFields
from podwatch.query.explanation import Explanation, explain
from podwatch.redaction import redact_text
from podwatch.store.detect import TranscriptSource
from podwatch.store.diagnosis import FetchState, StoredDelivery, StoredWatch
from podwatch.store.hearings import StoredHearing

MAX_PLACES = 12  # in doubt, of one name, that are told one by one
# Of a watch of surges; no reason against an alert.
NO_TEXT = "it tells of names that are suddenly in many episodes, not of one text: see podwatch entities --surges"


class Step(StrEnum):
    """Where along the line something was decided."""

    WATCH = "watch"
    TRANSCRIPT = "transcript"
    SCOPE = "scope"
    QUERY = "query"
    HEARING = "hearing"
    SKIP = "skip"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class Reason:
    """What was decided at a step. stops: whether it is why no alert was sent."""

    step: Step
    text: str
    stops: bool = True


@dataclass(frozen=True, slots=True)
class MentionState:
    """A stored mention. revision: of the watch; gone_at: since when it is no longer found."""

    revision: int
    mention: Mention
    gone_at: datetime | None


@dataclass(frozen=True, slots=True)
class WatchExplanation:
    """The parts of the query, and the reasons. tree: None without a transcript, or when the query cannot be built."""

    tree: Explanation | None
    reasons: tuple[Reason, ...]


def explain_text(watch: Watch, transcript: Transcript, fields: EpisodeFields) -> WatchExplanation:
    """One watch over a transcript that is not stored."""
    return WatchExplanation(*_evaluate(watch, transcript, fields))


def explain_episode(
    stored: StoredWatch,
    source: TranscriptSource | None,
    entities: Sequence[Entity] | None,
    fetch_state: FetchState,
    mentions: Sequence[MentionState],
    deliveries: Sequence[StoredDelivery],
    places: Sequence[StoredHearing] = (),
) -> WatchExplanation:
    """One watch over a stored episode. source: its transcript, or None; entities: those of the transcript.

    places: of the transcript where a name was in doubt, and what became of them.
    """
    watch = stored.watch
    reasons: list[Reason] = []
    if not stored.enabled:
        reasons.append(Reason(Step.WATCH, "it was removed from the watchlist"))
    if stored.error:
        reasons.append(Reason(Step.WATCH, f"it could not be looked for: {redact_text(stored.error)}"))
    if source is None:
        reasons.append(_fetch_reason(fetch_state))
        if fetch_state.pruned_at is not None:
            reasons += [_delivery_reason(d) for d in deliveries]
        return WatchExplanation(None, tuple(reasons))
    hearings = tuple(p.hearing for p in places if p.is_decided)
    fields = replace(episode_fields(source, entities), hearings=hearings)
    tree, query_reasons = _evaluate(watch, source.transcript, fields)
    if charset := source.transcript.guessed_charset:
        reasons.append(Reason(Step.TRANSCRIPT, f"it says no encoding; it was read as {charset}, a guess", stops=False))
    feed = (source.feed_url, source.feed_tags, source.transcript.language)
    if (outside := out_of_scope_reason(watch.scope, *feed)) is not None:
        reasons.append(Reason(Step.SCOPE, outside.value))
    reasons += query_reasons
    reasons += _hearing_reasons([p for p in places if p.hearing.doubt.name in watch.names_by_sound])
    if watch.surge is not None and mentions:
        reasons.append(Reason(Step.QUERY, mentions[0].mention.reason, stops=False))
    if source.detected_through < stored.seq and stored.enabled and watch.surge is None:
        text = f"revision {watch.revision} of the watch was not yet looked for in it: podwatch detect"
        reasons.append(Reason(Step.TRANSCRIPT, text))
    current = [m for m in mentions if m.gone_at is None]
    skipped = [m for m in current if m.mention.label in watch.skip]
    if skipped:
        labels = ", ".join(sorted({str(m.mention.label) for m in skipped}))
        text = f"{len(skipped)} of {len(current)} mentions stand in what the watch skips: {labels}"
        reasons.append(Reason(Step.SKIP, text, stops=len(skipped) == len(current)))
    if mentions and not current:
        last = max(m.gone_at for m in mentions if m.gone_at)
        reasons.append(Reason(Step.TRANSCRIPT, f"its mentions are gone since {last:%Y-%m-%d %H:%M} UTC"))
    reasons += [_delivery_reason(d) for d in deliveries]
    if current and not deliveries:
        reasons.append(Reason(Step.DELIVERY, "there is no delivery of it"))
    return WatchExplanation(tree, tuple(reasons))


def _evaluate(
    watch: Watch, transcript: Transcript, fields: EpisodeFields
) -> tuple[Explanation | None, tuple[Reason, ...]]:
    if watch.surge is not None:
        return None, (Reason(Step.WATCH, NO_TEXT, stops=False),)
    engine = query.build_engine([watch])
    node = engine.node_of(watch.name)
    if node is None:
        return None, (Reason(Step.WATCH, f"it cannot be looked for: {engine.broken[watch.name].line}"),)
    tree = explain(node, engine.build_context(transcript, fields))
    if not tree.count:
        because = tree.because.value if tree.because else "true, but without a place"
        return tree, (Reason(Step.QUERY, f"not found: {because}{f' ({tree.detail})' if tree.detail else ''}"),)
    reasons = [Reason(Step.QUERY, f"found {'once' if tree.count == 1 else f'{tree.count} times'}", stops=False)]
    left = len(engine(transcript, fields).mentions)
    if left < tree.count:
        text = f"{tree.count - left} of {tree.count} are spellings that the watch excludes"
        reasons.append(Reason(Step.QUERY, text, stops=not left))
    return tree, tuple(reasons)


def _hearing_reasons(places: Sequence[StoredHearing]) -> Iterator[Reason]:
    """What became of the places where the name was in doubt, those alike in one line."""
    alike: dict[tuple[PlaceState, str], list[str]] = defaultdict(list)
    for p in places:
        described = describe_place(p)
        alike[described.state, described.text].append(described.surface)
    for (state, text), surfaces in list(alike.items())[:MAX_PLACES]:
        written = ", ".join(dict.fromkeys(surfaces))
        todo = ": podwatch listen --again" if state is PlaceState.WAITS else ""
        yield Reason(Step.HEARING, f"{written}: {text}{todo}", stops=state is PlaceState.WAITS)
    if len(alike) > MAX_PLACES:
        yield Reason(Step.HEARING, f"{len(alike) - MAX_PLACES} more names in doubt: podwatch hearings", stops=False)


def _fetch_reason(f: FetchState) -> Reason:
    if f.pruned_at is not None:
        text = f"its text was pruned at {f.pruned_at:%Y-%m-%d %H:%M} UTC; what was found in it until then is kept"
        return Reason(Step.TRANSCRIPT, text, stops=False)
    if f.error:
        text = f"there is none: {redact_text(f.error)}"
    elif f.backlog:
        text = "there is none: the episode is older than the feed's first poll"
    elif f.next_fetch_at:
        text = f"there is none yet: it is asked for at {f.next_fetch_at:%Y-%m-%d %H:%M} UTC"
    else:
        text = "there is none, and the feed names none" if not f.offered else "there is none, and nobody asks for it"
    return Reason(Step.TRANSCRIPT, text)


def _delivery_reason(stored: StoredDelivery) -> Reason:
    d = stored.delivery
    if d.state is DeliveryState.SENT:
        return Reason(
            Step.DELIVERY, f"sent to {show_channel(d.channel)} at {stored.sent_at:%Y-%m-%d %H:%M} UTC", stops=False
        )
    next_try = f", next try {d.next_attempt_at:%Y-%m-%d %H:%M} UTC" if d.next_attempt_at else ""
    waiting = d.state in (DeliveryState.DUE, DeliveryState.ATTEMPTING)
    error = f": {redact_text(d.error)}" if d.error else ""
    text = f"{d.state.value} for {show_channel(d.channel)}{error}{next_try}"
    return Reason(Step.DELIVERY, text, stops=not waiting)
