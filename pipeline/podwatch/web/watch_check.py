"""What the editor says beside a watch while it is typed: what is wrong with it, and what it would have found lately."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from podwatch.diagnose.watch_checks import check_watch
from podwatch.errors import PodwatchError
from podwatch.history.backtest import most_frequent_surfaces, per_week
from podwatch.history.watch_backtest import WatchBacktest, backtest_watch
from podwatch.model import DeliverMode, Mention, Watch
from podwatch.notifiers import lacks_token
from podwatch.query.check_warnings import Finding, Level
from podwatch.watchlist.entries import EntryMistakes, FieldMistake, format_entry, parse_entry
from podwatch.web.backtests import BacktestJobs
from podwatch.web.page import Page
from podwatch.web.watch_form import Values, entry_from, known_addresses

DAYS = 90


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding at its field. before, at, behind: the line of the query in which it is, cut where it begins."""

    level: str
    field: str
    column: int
    what: str
    todo: str
    before: str = ""
    behind: str = ""


@dataclass(frozen=True, slots=True)
class ShownSample:
    """A sentence that is gained or lost, and the episode that it is in."""

    mention: Mention
    episode: int
    title: str
    show: str
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShownBacktest:
    """What a backtest says so far. running: there is more to come; error: why there is none."""

    found: WatchBacktest | None
    running: bool
    error: str = ""
    is_new: bool = True
    alerts: float = 0.0
    alerts_now: float = 0.0
    surfaces: tuple[tuple[str, int], ...] = ()
    gained: tuple[ShownSample, ...] = ()
    lost: tuple[ShownSample, ...] = ()


@dataclass(frozen=True, slots=True)
class WatchReport:
    """All that is said of what was typed. watch: None when it is none; yaml: its entry."""

    watch: Watch | None
    findings: tuple[ShownFinding, ...]
    backtest: ShownBacktest | None = None

    @property
    def has_errors(self) -> bool:
        return self.watch is None or any(f.level == Level.ERROR for f in self.findings)

    def of(self, field: str) -> tuple[ShownFinding, ...]:
        """The findings of one field of the form."""
        return tuple(f for f in self.findings if f.field == field)


def examine(page: Page, values: Values, present: Watch | None, editor: str, *, backtest: bool = True) -> WatchReport:
    """present: the watch that is edited, None for a new one. editor: who asks, one backtest at a time."""
    store = page.store
    feeds, watches = store.feeds(), store.watches()
    others = [w for w in watches if present is None or w.name != present.name]
    try:
        channels = [w.channel for w in watches]
        watch = parse_entry(entry_from(values, known_addresses(watches, feeds), channels))
    except EntryMistakes as e:
        shown = [_show_mistake(m, values) for m in e.mistakes if not _is_untouched(m, values)]
        return WatchReport(None, tuple(shown))
    taken = [w for w in others if w.name == watch.name]
    mistakes = [ShownFinding("error", "name", 0, "another watch has this name", "choose another one") for _ in taken]
    tried = _try(page, watch, present, editor) if backtest and not taken else None
    rate = tried.found.match_rate if tried and tried.found and not tried.running else None
    findings = [_show_finding(f, watch) for f in check_watch(watch, others, feeds, rate)]
    if watch.deliver is not DeliverMode.NONE and lacks_token(watch.channel, page.rt.settings):
        what, todo = "what is for Slack waits until podwatch has a token", "see docs/slack.md"
        findings.append(ShownFinding("note", "channel", 0, what, todo))
    return WatchReport(watch, (*mistakes, *findings), tried)


def _try(page: Page, watch: Watch, present: Watch | None, editor: str) -> ShownBacktest:
    """The backtest of the watch; another one only where it is told otherwise, or looks for something else."""
    now, store = page.clock(), page.store
    since = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    parts = (format_entry({"name": "x", "watch": watch.fingerprint, "told": [watch.deliver, str(watch.minimum),
             *watch.skip]}), str(present and (present.id, present.fingerprint)), since.isoformat())  # fmt: skip
    key = hashlib.blake2b("\n".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()
    jobs: BacktestJobs = page.backtests
    job = jobs.ask(key, editor, lambda report: backtest_watch(store, present, watch, since, report))
    if job.error is not None:
        return ShownBacktest(None, False, job.error.line)
    if job.found is None:
        return ShownBacktest(None, not job.ended.is_set(), is_new=present is None)
    return _show_backtest(job.found, running=not job.ended.is_set(), is_new=present is None)


def _show_backtest(found: WatchBacktest, *, running: bool, is_new: bool) -> ShownBacktest:
    o, result = found.outcome, found.result

    def shown(samples: Sequence[object]) -> tuple[ShownSample, ...]:
        return tuple(
            ShownSample(s.mention, s.episode, s.title, s.show, s.published_at)  # type: ignore[attr-defined]
            for s in samples
        )

    return ShownBacktest(
        found,
        running,
        o.error,
        is_new,
        per_week(len(o.alerts), result),
        per_week(len(o.alerts_now), result),
        tuple(most_frequent_surfaces(o)),
        shown(o.samples_gained),
        shown(o.samples_lost),
    )


def _is_untouched(m: FieldMistake, values: Values) -> bool:
    """Whether it is only said of what nobody has typed yet."""
    return values["kind"] != "surge" and not values[values["kind"]] and not values["name"]


def _show_mistake(m: FieldMistake, values: Values) -> ShownFinding:
    before, behind = _cut(str(values.get("query", "")), m.column) if m.field == "query" else ("", "")
    what = "is missing" if m.field in ("name", "query", "entity") and not values.get(m.field) else m.what
    return ShownFinding("error", m.field, m.column, what, m.todo, before, behind)


def _show_finding(f: Finding, watch: Watch) -> ShownFinding:
    field = "query" if f.column and watch.query is not None else "channel" if f.message.startswith("channel ") else ""
    before, behind = _cut(watch.query or "", f.column) if field == "query" else ("", "")
    return ShownFinding(f.level.value, field, f.column, f.message, f.todo, before, behind)


def _cut(query: str, column: int) -> tuple[str, str]:
    """The line of the query with that column, cut there; ("", "") for none."""
    if not column:
        return "", ""
    at = min(len(query), column - 1)
    start = query.rfind("\n", 0, at) + 1
    end = query.find("\n", at)
    return query[start:at], query[at : len(query) if end < 0 else end]


def explain(e: PodwatchError) -> ShownFinding:
    """What the store says against a watch, as a finding of the form."""
    return ShownFinding("error", e.where if e.where == "name" else "", 0, e.what, e.todo)
