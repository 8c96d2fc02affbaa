"""podwatch watches sync: shows what a list changes, and makes it the one in use; nothing goes without a word."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from podwatch.commands import cli
from podwatch.commands.audit_notes import note_sync
from podwatch.commands.output import StyledLine, emit_json, open_runtime, print_line, print_stderr, strip_control
from podwatch.commands.watches_check import find_errors, find_silent_mistakes, print_finding
from podwatch.notifiers import show_channel
from podwatch.policy.wording import count_of
from podwatch.watchlist.loader import parse_watchlist, read_text

if TYPE_CHECKING:
    from podwatch.policy.watchlist_changes import WatchlistChanges

MAX_NAMES = 5  # of removed watches, in the question


def sync_watchlist(file: Path, *, dry_run: bool, yes: bool, json: bool) -> None:
    """Shows the changes and makes them; raises cli.Exit(1), with nothing changed, for a list that has mistakes, or
    that would remove watches when nobody agrees."""
    text = read_text(file)
    watches, channels = parse_watchlist(text, str(file))
    if errors := list(find_errors(watches, text)):
        for error in errors:
            print_finding(file, error, json)
        print_stderr(f"podwatch: {file}: the watchlist in use stays as it is - correct it, then sync again")
        raise cli.Exit(1)
    with open_runtime() as rt:
        for warning in find_silent_mistakes(watches, text, rt.store.feeds()):
            print_finding(file, warning, json, on_stderr=True)
        plan = rt.store.plan_sync(watches)
        waiting = rt.store.count_unsent(plan.removed)
        if not json:
            for line in _describe(plan, waiting):
                print_line(line)
        if dry_run:
            _print_result(plan, len(watches), json, dry_run=True)
            return
        if plan.removed and not yes and not _confirm(file, plan, json):
            raise cli.Exit(1)
        now = rt.store.clock()
        rt.store.sync_watches(watches, now, timedelta(days=rt.settings.live_days))
        rt.store.sync_channels(channels, now)
        note_sync(rt, plan, watches)
    _print_result(plan, len(watches), json, dry_run=False)


def _confirm(file: Path, plan: WatchlistChanges, json: bool) -> bool:
    names = ", ".join(plan.removed[:MAX_NAMES]) + (", ..." if len(plan.removed) > MAX_NAMES else "")
    count = f"{count_of(len(plan.removed), 'watch')} ({names})"
    if sys.stdin.isatty() and sys.stdout.isatty() and not json:
        return cli.confirm(strip_control(f"Remove {count}?"))
    print_stderr(f"podwatch: {file}: would remove {count}; nothing was changed - to do it: --yes; to look: --dry-run")
    return False


def _describe(plan: WatchlistChanges, waiting: dict[str, int]) -> Iterator[StyledLine]:
    """A line a watch, as a diff has them."""
    for name in plan.new:
        yield [("green", f"+ {strip_control(name)}")]
    for old, name in plan.renamed:
        yield [("yellow", f"~ {strip_control(name)}"), ("", f"  was {strip_control(old)}")]
    for name, old, channel in plan.moved:
        move = f"  {show_channel(old)} -> {show_channel(channel)}"
        yield [("yellow", f"~ {strip_control(name)}"), ("", strip_control(move))]
    for name in plan.changed:
        yield [("yellow", f"~ {strip_control(name)}"), ("", "  looks for something else: all transcripts are searched")]
    for name in plan.told:
        yield [("yellow", f"~ {strip_control(name)}"), ("", "  is delivered in another way")]
    for name in plan.back:
        yield [("green", f"+ {strip_control(name)}"), ("", "  is back")]
    for name in plan.removed:
        count = waiting.get(name, 0)
        held = f"  {count_of(count, 'alert')} not sent yet will be held" if count else ""
        yield [("red", f"- {strip_control(name)}"), ("", held)]


def _print_result(plan: WatchlistChanges, count: int, json: bool, *, dry_run: bool) -> None:
    changed = len(plan.changed) + len(plan.back)
    notes = [f"{changed} changed", f"{len(plan.removed)} removed"]
    notes += [f"{len(plan.renamed)} renamed"] if plan.renamed else []
    notes += [f"{len(plan.moved)} moved"] if plan.moved else []
    if not json:
        would = "would be " if dry_run else ""
        print(f"{count_of(count, 'watch')}: {would}{len(plan.new)} new, {', '.join(notes)}")
        return
    emit_json(
        {
            "watches": count,
            "new": len(plan.new),
            "notes": notes,
            "dry_run": dry_run,
            "added": list(plan.new),
            "changed": [*plan.changed, *plan.back],
            "renamed": [list(pair) for pair in plan.renamed],
            "moved": [[name, show_channel(old), show_channel(new)] for name, old, new in plan.moved],
            "removed": list(plan.removed),
        }
    )
