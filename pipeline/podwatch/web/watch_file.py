"""What is to be committed where the watchlist is a file that is synced: the page changes nothing, it shows the diff."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from podwatch.errors import WatchlistError
from podwatch.model import Watch
from podwatch.redaction import redact_text
from podwatch.watchlist.entry_edits import diff_of, edit_watch
from podwatch.watchlist.loader import read_text
from podwatch.web.watch_form import shown_yaml


@dataclass(frozen=True, slots=True)
class FileChange:
    """diff: what changes in the file; "" when the file says all of it already. entry: what to write by hand where the
    file cannot be read or edited from here, and why not."""

    name: str
    diff: str = ""
    entry: str = ""
    why: str = ""


def propose_change(path: Path, name: str | None, watch: Watch | None) -> FileChange:
    """name: the watch that is changed, None for a new one; watch: as it is to be, None when it is to go."""
    if name is not None and watch is not None and watch.name != name:
        watch = replace(watch, was=(name,))
    try:
        text = read_text(path)
        edited = edit_watch(text, str(path), name, watch)
    except (WatchlistError, ExceptionGroup) as e:
        why = e.line if isinstance(e, WatchlistError) else "; ".join(str(x) for x in e.exceptions[:3])
        entry = shown_yaml(watch) if watch is not None else f"# take out the watch {name}\n"
        return FileChange(path.name, entry=entry, why=why)
    return FileChange(path.name, diff=redact_text(diff_of(text, edited, path.name)))
