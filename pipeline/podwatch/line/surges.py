"""The part of detect that tells surges: a watch of the third kind gets an alert for each name that surges, once a week.

A surge is about many episodes, an alert about one. So the alert is about a lead: the episode that names it most often
and that the watch has not been told of for another name. Its sentences are the alert's; the reason says the rest.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from podwatch.entities.surges import SurgingName, find_surges
from podwatch.line.entities import known_names
from podwatch.line.repeated_passages import PassageLabeller
from podwatch.model import Alert, Kind, Mention, Shard, Watch
from podwatch.policy.alerts import alert_key
from podwatch.policy.scopes import is_in_scope
from podwatch.query.context import MatchDetail
from podwatch.query.snippets import MentionBuilder
from podwatch.runtime import Runtime, log
from podwatch.store.database import FAILURES
from podwatch.store.detect import TranscriptSource

PERIOD = timedelta(days=7)  # in which a name is told once
SENTENCES = 3  # of the lead: what one card shows
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def alert_surges(rt: Runtime, now: datetime, shard: Shard) -> tuple[tuple[str, ...], dict[str, Exception]]:
    """Hands what surges now to deliver, for each watch of surges.

    Returns what there is to say about it, in lines, and by their names the watches that failed: the others go on.
    The first shard does it alone, since a surge is about all feeds.
    """
    watches = rt.store.watches()
    asking = [w for w in watches if w.surge is not None]
    if not asking or shard.index:
        return (), {}
    if not rt.settings.entities:
        off = "surges are not looked for: PODWATCH_ENTITIES is off"
        return tuple(f"watch {w.name}: {off}" for w in asking), {}
    failed: dict[str, Exception] = {}
    known, feeds, labelling = known_names(watches), rt.store.feeds(), PassageLabeller(rt.store)
    for watch in asking:
        try:
            wanted = {f.id for f in feeds if is_in_scope(watch.scope, f.url, f.tags, None)}
            for found in find_surges(rt.store, now, known, watch.surge or (), wanted.__contains__):
                _alert_surge(rt, watch, found, labelling, now)
        except FAILURES:
            raise
        except Exception as e:  # noqa: BLE001 - reported on the watch's row, the others go on
            log.debug("detect: surges for %s", watch.name, exc_info=True)
            failed[watch.name] = e
    return (), failed


def reason(found: SurgingName) -> str:
    """What a mention says of the surge: whose it is before the first colon, its figures behind."""
    return f"{found.name.replace(':', ' ')} is suddenly talked about: {found.surge.reason}"


def _alert_surge(rt: Runtime, watch: Watch, found: SurgingName, labelling: PassageLabeller, now: datetime) -> bool:
    """Whether there is a new alert. The name may be known by another of its forms than last time: each is asked for."""
    period = (now - EPOCH) // PERIOD
    made = {_key(watch, form, p) for form in found.keys for p in (period - 1, period)}
    if rt.store.has_delivery_after(made, now - PERIOD):
        return False
    told = rt.store.alerted_identities(watch)
    for naming in found.namings:
        source = None if naming.identity in told else rt.store.source_of_episode(naming.episode_id)
        if source is None or not (mentions := _mentions(rt, watch, found, source, labelling)):
            continue
        alert = Alert(
            key=_key(watch, max(found.keys, key=lambda k: (len(k), k)), period),
            watch=watch,
            episode=source.episode,
            channel=watch.channel,
            mentions=mentions,
        )
        return rt.store.save_surge(source, mentions, alert, now)
    log.info("detect: %s: no episode is left to tell the surge of %s by", watch.name, found.name)
    return False


def _key(watch: Watch, form: str, period: int) -> str:
    return alert_key(watch.name, f"surge:{form}:{period}", watch.channel)


def _mentions(
    rt: Runtime, watch: Watch, found: SurgingName, source: TranscriptSource, labelling: PassageLabeller
) -> tuple[Mention, ...]:
    """The first sentences that name it outside boilerplate, each once."""
    t = source.transcript
    here = rt.store.entities_of([t.id]).get(t.id, ())
    spans = sorted(span for e in here if e.key in found.keys for span in e.spans)
    snippets, how = MentionBuilder(t), MatchDetail(Kind.ENTITY, 1.0, reason(found))
    said = [snippets.mention(watch.name, start, end, how) for start, end in spans]
    first: dict[str, Mention] = {}
    for m in labelling.label_mentions(source, said):
        if m.label is None:
            first.setdefault(m.snippet, m)
    return tuple(first.values())[:SENTENCES]
