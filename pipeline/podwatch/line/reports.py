"""Makes the reports that are due, before deliver sends what is due: they are deliveries like all others."""

from __future__ import annotations

from datetime import datetime

from podwatch.line.bugs import Bugs
from podwatch.model import Period
from podwatch.policy.coverage import measure_watches
from podwatch.policy.holds import quiet_until
from podwatch.policy.reports import (
    is_silence_due,
    plan_report,
    silence_key,
    silence_report,
    silence_start,
    week_report,
)
from podwatch.runtime import Runtime
from podwatch.store.database import Store


def make_reports(rt: Runtime, now: datetime, bugs: Bugs) -> None:
    """Saves the reports that are due now. A bug in one keeps nothing else from being sent."""
    for make in (make_silence_reports, make_week_reports):
        try:
            make(rt.store, now)
        except Exception as e:  # noqa: BLE001 - raised with the others at the end
            bugs.note(make.__name__, e)


def make_silence_reports(store: Store, now: datetime) -> None:
    """A report for each watch that found nothing for as long as its silent_after says, once for each silence."""
    watches = store.watches_told_of_silence()
    if not watches:
        return
    found, mutes = store.last_found_at(watches), store.active_mutes(now)
    silences = [(w, start) for w in watches if (start := silence_start(w, found.get(w.id))) is not None]
    due = {silence_key(w, start): (w, start) for w, start in silences if is_silence_due(w, start, mutes, now)}
    made = store.made_reports(due)
    for key, (watch, start) in due.items():
        if key not in made:
            facts = store.coverage_facts(Period(start, now))
            coverage = measure_watches(facts, [(seq, w) for seq, w in facts.watches if w.id == watch.id], now)
            report = silence_report(watch, start, coverage, now)
            store.save_report(report, _free_at(store, watch.channel, now), now)


def make_week_reports(store: Store, now: datetime) -> None:
    """The reports of channels whose time for one has come; plans the next ones."""
    for rules, planned in store.report_schedules():
        if rules.report is None:  # it had one
            store.plan_report(rules.name, planned, None)
            continue
        plan = plan_report(rules.report, planned, now)
        if plan.period is None or planned is None:
            if plan.next_at != planned:
                store.plan_report(rules.name, planned, plan.next_at)
            continue
        facts = store.coverage_facts(plan.period)
        mine = [(seq, w) for seq, w in facts.watches if w.channel == rules.name]
        if not mine:
            store.plan_report(rules.name, planned, plan.next_at)
            continue
        counts = store.watch_counts([w for _, w in mine], plan.period)
        found = [(w, counts[w.id], measure_watches(facts, [(seq, w)], now)) for seq, w in mine]
        whole = measure_watches(facts, mine, now)
        report = week_report(rules.name, plan.period, sorted(found, key=lambda x: x[0].name), whole)
        store.save_planned_report(report, planned, plan.next_at, _free_at(store, rules.name, now), now)


def _free_at(store: Store, channel: str, now: datetime) -> datetime:
    """Now, or the end of the channel's quiet hours."""
    quiet = store.channel_rules(channel).quiet
    return (quiet_until(quiet, now) if quiet is not None else None) or now
