"""The step of detect that alerts on surges: each watch of surges gets an alert for a name that surges, once a week.

A surge is about many episodes, an alert about one. So the alert is about a lead: of the episodes on which the watch has
raised no alert yet, the one that names it most often. Its sentences are the mentions, their reason gives the figures.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from podwatch.entities.surges import SurgingName, find_surges
from podwatch.line.entities import known_names
from podwatch.line.repeated_passages import PassageLabeller
from podwatch.line.watch_errors import stamp_watches
from podwatch.model import Alert, Kind, Mention, Shard, Watch
from podwatch.policy.alerts import alert_key
from podwatch.policy.scopes import is_in_scope
from podwatch.query.context import MatchDetail
from podwatch.query.snippets import MentionBuilder
from podwatch.runtime import Runtime, log
from podwatch.store.database import FAILURES
from podwatch.store.detect import TranscriptSource
from podwatch.store.trends import SURGES

PERIOD = timedelta(days=7)  # in which a name raises one alert
SENTENCES = 3  # of the lead: what one card shows
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def alert_surges(rt: Runtime, now: datetime, shard: Shard) -> tuple[tuple[str, ...], dict[str, str]]:
    """Stores alerts, due for delivery, on the names that surge now. (notes, by its name why each watch failed), lines.

    The first shard does it alone, since a surge is about all feeds. A watch that fails stops no other.
    """
    watches = rt.store.watches()
    surge_watches = [w for w in watches if w.surge is not None]
    if not surge_watches or shard.index:
        return (), {}
    if not rt.settings.entities:
        off = "surges are not looked for: PODWATCH_ENTITIES is off"
        return tuple(f"watch {w.name}: {off}" for w in surge_watches), {}
    failures: dict[str, Exception] = {}
    known, feeds, labeller = known_names(watches), rt.store.feeds(), PassageLabeller(rt.store)
    for watch in surge_watches:
        try:
            wanted = {f.id for f in feeds if is_in_scope(watch.scope, f.url, f.tags, None)}
            for found in find_surges(rt.store, now, known, watch.surge or (), wanted.__contains__):
                _alert_surge(rt, watch, found, labeller, now)
        except FAILURES:
            raise
        except Exception as e:  # noqa: BLE001 - reported on the watch's row, the others go on
            log.debug("detect: surges for %s", watch.name, exc_info=True)
            failures[watch.name] = e
    return (), stamp_watches(rt, watches, failures)


def surge_reason(found: SurgingName) -> str:
    """The reason of a mention: the name before the first colon, the figures of its surge behind it."""
    return f"{found.name.replace(':', ' ')}{SURGES}{found.surge.reason}"


def _alert_surge(rt: Runtime, watch: Watch, found: SurgingName, labeller: PassageLabeller, now: datetime) -> bool:
    """Whether there is a new alert. The name may be stored under another of its forms than last time: all are tried."""
    period = (now - EPOCH) // PERIOD
    keys = {_key(watch, form, p) for form in found.keys for p in (period - 1, period)}
    if rt.store.has_delivery_after(keys, now - PERIOD):
        return False
    alerted = rt.store.alerted_identities(watch)
    for naming in found.episodes:
        source = None if naming.identity in alerted else rt.store.source_of_episode(naming.episode_id)
        if source is None or not (mentions := _mentions(rt, watch, found, source, labeller)):
            continue
        key = _key(watch, max(found.keys, key=lambda k: (len(k), k)), period)
        alert = Alert(key=key, watch=watch, episode=source.episode, channel=watch.channel, mentions=mentions)
        return rt.store.save_surge(source, mentions, alert, now)
    log.info("detect: %s: no episode is left for an alert on the surge of %s", watch.name, found.name)
    return False


def _key(watch: Watch, form: str, period: int) -> str:
    return alert_key(watch.alert_name, f"surge:{form}:{period}", watch.channel)


def _mentions(
    rt: Runtime, watch: Watch, found: SurgingName, source: TranscriptSource, labeller: PassageLabeller
) -> tuple[Mention, ...]:
    """The first sentences of an episode that name it outside boilerplate, each once."""
    t = source.transcript
    entities = rt.store.entities_of([t.id]).get(t.id, ())
    spans = sorted(span for e in entities if e.key in found.keys for span in e.spans)
    builder, detail = MentionBuilder(t), MatchDetail(Kind.ENTITY, 1.0, surge_reason(found))
    mentions = [builder.build(watch.name, start, end, detail) for start, end in spans]
    first: dict[str, Mention] = {}
    for m in labeller.label_mentions(source, mentions):
        if m.label is None:
            first.setdefault(m.snippet, m)
    return tuple(first.values())[:SENTENCES]
