"""Adds feeds to the list of those that are polled, for the command line and the page alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from podwatch.errors import PodwatchError
from podwatch.feeds import opml
from podwatch.model import Feed
from podwatch.runtime import Runtime


def add_feeds(rt: Runtime, feeds: Iterable[Feed], now: datetime) -> tuple[int, int]:
    """Adds the feeds with their logins sealed; returns how many different ones there are, and how many are new."""
    once: dict[str, Feed] = {}
    for feed in feeds:
        once[feed.url] = opml.merge_feeds(once.get(feed.url, feed), feed)
    known = {f.url: f.login for f in rt.store.feeds()}
    sealed = [replace(f, login=_seal_new(rt, f, known.get(f.url))) for f in once.values()]
    new = rt.store.add_feeds(sealed, now)
    encrypt_logins(rt)
    return len(once), new


def _seal_new(rt: Runtime, feed: Feed, stored: str | None) -> str | None:
    """The login of a feed as it is stored; None when it has none, or has had this one before."""
    if feed.login is None:
        return None
    try:
        if stored is not None and rt.keyring.open(stored, feed.url) == feed.login:
            return None
    except PodwatchError:
        pass  # the new one takes the place of one that no key opens
    return rt.keyring.seal(feed.login)


def encrypt_logins(rt: Runtime) -> tuple[int, list[str]]:
    """Encrypts what is not yet, with the newest key: (how many, a line for each that no key opens)."""
    errors: list[str] = []

    def replacement(url: str, stored: str) -> str | None:
        try:
            return None if rt.keyring.is_current(stored) else rt.keyring.seal(rt.keyring.open(stored, url))
        except PodwatchError as e:
            errors.append(e.line)
            return None

    return (rt.store.replace_logins(replacement) if rt.keyring.has_key else 0), errors
