"""Records that the line ran through, and tells the monitoring service that waits for it: silence of podwatch is heard.

A service such as Healthchecks.io raises an alarm when its address was not asked for too long: that is the one failure
that podwatch cannot report itself.
"""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from podwatch.errors import HttpError
from podwatch.runtime import Runtime, log
from podwatch.store.marks import COMPLETE_LINE, FULL_LINE, HEARTBEAT

DEADLINE = 10.0  # seconds for the answer
MAX_BYTES = 64 * 1024  # of the answer, which nobody reads
_ADDRESS = re.compile(r"\S*://\S*")


def finish_line(rt: Runtime, now: datetime, *, is_full: bool = True) -> str | None:
    """Records that all four verbs have run, and asks the heartbeat's address; what went wrong with that, or None.

    is_full: whatever was due; False: those ran that had something to do (see line/idle.py).
    """
    rt.store.set_mark(COMPLETE_LINE, now)
    if is_full:
        rt.store.set_mark(FULL_LINE, now)
    warning = _ask(rt, rt.settings.heartbeat_url.reveal())
    if warning is None and rt.settings.heartbeat_url:
        rt.store.set_mark(HEARTBEAT, now)
    return warning


def report_broken_line(rt: Runtime) -> str | None:
    """Asks the address with /fail behind it, where the settings want that; what went wrong with it, or None."""
    if not rt.settings.heartbeat_fail:
        return None
    parts = urlsplit(rt.settings.heartbeat_url.reveal())
    return _ask(rt, urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/fail")) if parts.netloc else "")


def _ask(rt: Runtime, address: str) -> str | None:
    """One GET; no failure of it is raised. The address is a secret: only its host is said."""
    if not address:
        return None
    try:
        rt.http.get(address, max_bytes=MAX_BYTES, deadline=DEADLINE)
    except HttpError as e:
        if 200 <= e.status < 300:
            return None
        what = "is not an http(s) address" if e.what.startswith("is not an http") else _ADDRESS.sub("...", e.what)
        todo = "if it is yours, add its network to PODWATCH_ALLOW_ADDRESSES" if "not a public" in what else ""
        line = HttpError(what, where=f"heartbeat to {_host(address)}", todo=todo, retryable=e.retryable).line
        log.warning("podwatch: %s", line)
        return line
    return None


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or "?"
    except ValueError:
        return "?"
