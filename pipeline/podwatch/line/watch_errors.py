"""Stamps the watches that cannot be looked for with the reason, so that they stop no other watch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from podwatch.errors import PodwatchError, WatchlistError
from podwatch.model import Watch
from podwatch.runtime import Runtime, log


def stamp_watches(rt: Runtime, watches: Sequence[Watch], failures: Mapping[str, Exception]) -> dict[str, str]:
    """failures: by the name of a watch why it cannot be looked for. Returns by the name the line that reports it."""
    lines: dict[str, str] = {}
    for watch in watches:
        if watch.name in failures:
            e = failures[watch.name]
            if not isinstance(e, PodwatchError):
                e = WatchlistError(f"{type(e).__name__}: {e}", todo="please report it")
            lines[watch.name] = f"watch {watch.name}: {e.line}"
            log.warning("detect: %s", lines[watch.name])
            rt.store.save_watch_error(watch, e.line)
    return lines
