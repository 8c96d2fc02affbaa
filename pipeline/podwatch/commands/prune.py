"""podwatch prune: removes the text of old transcripts, and keeps what was found in it."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from podwatch.commands import cli
from podwatch.commands.audit_notes import note
from podwatch.commands.choices import known_feed
from podwatch.commands.options import Json, ShowName
from podwatch.commands.output import emit_json, open_runtime, print_stderr
from podwatch.commands.progress import progress_bar
from podwatch.policy.wording import agree, count_of

if TYPE_CHECKING:
    from podwatch.policy.retention import ExpiredTexts
    from podwatch.runtime import Runtime
    from podwatch.store.prune import PrunableTexts

MB = 1024 * 1024


def parse_days(text: str) -> int:
    """Days of 90d, 12w, 2y or forever, as the command line takes them."""
    from podwatch.policy.retention import parse_keep

    try:
        return parse_keep(text)
    except ValueError as e:
        raise cli.BadParameter(f"{text} {e}") from None


def prune(
    older_than: Annotated[
        int | None,
        cli.Option(
            "--older-than",
            parser=parse_days,
            metavar="AGE",
            help="What came in longer ago than 90d, 12w, 2y. Without it: as the settings and the feeds say.",
        ),
    ] = None,
    feed: ShowName = None,
    dry_run: Annotated[bool, cli.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Annotated[bool, cli.Option("--yes", help="Prune without asking.")] = False,
    json: Json = False,
) -> None:
    """Removes the text of old transcripts, and keeps what was found in it.

    Mentions, alerts and coverage stay as they are. Feeds that are kept forever are left out unless named. Only a
    backfill brings a text back.

    Example: podwatch prune --older-than 365d --dry-run
    """
    if feed is not None and older_than is None:
        raise cli.BadParameter("--feed needs --older-than")
    with open_runtime() as rt:
        expired = _choose(rt, older_than, feed)
        found = [rt.store.count_prunable(e) for e in expired]
        count, size = sum(f.transcripts for f in found), sum(f.bytes for f in found)
        if not dry_run and count and not yes and not _confirm(count, size, json):
            raise cli.Exit(1)
        pruned = 0 if dry_run else _prune(rt, expired, count)
        if pruned:
            _note(rt, pruned, feed)
    _print_result(found, pruned, dry_run, json)


def _note(rt: Runtime, pruned: int, feed: str | None) -> None:
    from podwatch.store.audit import Action

    note(rt, Action.PRUNE, f"the text of {count_of(pruned, 'transcript')}", None, {"feed": feed} if feed else None)


def _choose(rt: Runtime, older_than: int | None, feed: str | None) -> list[ExpiredTexts]:
    from podwatch.policy.retention import FOR_EVER, ExpiredTexts, find_expired

    now, own = rt.store.clock(), rt.store.keep_choices()
    if older_than is None:
        return list(find_expired(rt.settings.keep_days, own, now))
    if older_than == FOR_EVER:
        raise cli.BadParameter("--older-than needs an age like 365d")
    before = now - timedelta(days=older_than)
    if (chosen := known_feed(rt.store, feed)) is not None:
        return [ExpiredTexts(before, (chosen.id,))]
    return [ExpiredTexts(before), ExpiredTexts(before, tuple(n for n, days in own if days != FOR_EVER))]


def _prune(rt: Runtime, expired: list[ExpiredTexts], count: int) -> int:
    from podwatch.line.retention import PART

    pruned = 0
    with progress_bar("transcripts", piped=False) as progress:
        for e in expired:
            while ids := rt.store.prunable_ids(e, PART):
                done = rt.store.prune_texts(ids, rt.store.clock())
                pruned += done
                progress(pruned, max(count, pruned))
                if not done:
                    break
    return pruned


def _confirm(count: int, size: int, json: bool) -> bool:
    what = f"the text of {count_of(count, 'transcript')} ({size / MB:,.1f} MB)"
    if sys.stdin.isatty() and sys.stdout.isatty() and not json:
        return cli.confirm(f"Remove {what}?")
    print_stderr(f"podwatch: would remove {what}; nothing was changed - to do it: --yes; to look: --dry-run")
    return False


def _print_result(found: list[PrunableTexts], pruned: int, dry_run: bool, json: bool) -> None:
    count, size = sum(f.transcripts for f in found), sum(f.bytes for f in found)
    unsearched = sum(f.unsearched for f in found)
    if json:
        emit_json({"found": count, "bytes": size, "pruned": pruned, "unsearched": unsearched, "dry_run": dry_run})
        return
    said = f"would prune {count_of(count, 'transcript')}" if dry_run else f"pruned {count_of(pruned, 'transcript')}"
    print(f"{said}, {size / MB:,.1f} MB of text" if count else "nothing to prune")
    if unsearched:
        kept = f"{count_of(unsearched, 'transcript')} as old {agree(unsearched, 'is', 'are')} kept"
        print_stderr(f"{kept} until every watch was looked for in it: podwatch detect")
