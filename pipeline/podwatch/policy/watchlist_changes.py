"""Decides what a new watchlist changes in the one in use: what is new, renamed, moved, changed, back or gone. Pure.

A watch is renamed when its entry says so (``was``), or when one that is gone and one that is new look for exactly the
same. What is found, muted, answered and sent stays with a watch whatever it is called.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from podwatch.errors import WatchlistError
from podwatch.model import Watch

# Fields of a watch that change what is told of what it finds, and not what it finds.
TOLD_BY = ("deliver", "minimum", "repeat_after", "skip")


@dataclass(frozen=True, slots=True)
class StoredState:
    """A watch of the watchlist in use, or (not enabled) of an earlier one.

    fingerprint: as it was when it was stored. disabled_at: None when that is not known.
    """

    watch: Watch
    enabled: bool
    fingerprint: str
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WatchlistChanges:
    """Names of watches by what happens to them; of a renamed one the new name stands everywhere.

    was: the stored watch that each wanted one continues, by the wanted one's name. renamed: (old, new); moved: (name,
    old channel, new channel); back: they were removed before; told: only how they are told has changed.
    """

    was: Mapping[str, StoredState]
    new: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    moved: tuple[tuple[str, str, str], ...] = ()
    changed: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0

    @property
    def is_empty(self) -> bool:
        return not any((self.new, self.renamed, self.moved, self.changed, self.told, self.back, self.removed))


def plan_changes(wanted: Sequence[Watch], stored: Sequence[StoredState]) -> WatchlistChanges:
    """What happens when ``wanted`` becomes the watchlist. stored: every watch that ever was on it.

    Raises WatchlistError when an entry says that it was a watch that is still on the list, or that two say they were.
    """
    was = match_watches(wanted, stored)
    kept = {state.watch.id for state in was.values()}
    listed = [(w, was[w.name]) for w in wanted if w.name in was]
    active = [(w, s) for w, s in listed if s.enabled]
    changed = tuple(w.name for w, s in active if w.fingerprint != s.fingerprint)
    return WatchlistChanges(
        was=was,
        new=tuple(w.name for w in wanted if w.name not in was),
        renamed=tuple((s.watch.name, w.name) for w, s in listed if s.watch.name != w.name),
        moved=tuple((w.name, s.watch.channel, w.channel) for w, s in active if w.channel != s.watch.channel),
        changed=changed,
        told=tuple(w.name for w, s in active if w.name not in changed and is_told_otherwise(w, s.watch)),
        back=tuple(w.name for w, s in listed if not s.enabled),
        removed=tuple(s.watch.name for s in stored if s.enabled and s.watch.id not in kept),
        unchanged=sum(_is_unchanged(w, s) for w, s in active),
    )


def match_watches(wanted: Sequence[Watch], stored: Sequence[StoredState]) -> dict[str, StoredState]:
    """The stored watch that each wanted one continues, by the wanted one's name.

    First what the entry says, then the same name for the same search, then the same search under another name, and at
    last the same name for another search: so two watches may swap their names, and a new one take an old one's.
    """
    matching = _Matching(wanted, stored)
    matching.match_said()
    matching.match_names(same_search=True)
    matching.match_searches()
    matching.match_names(same_search=False)
    return matching.was


class _Matching:
    """was: the pairs found so far. Each stored watch is continued by one wanted one at most."""

    def __init__(self, wanted: Sequence[Watch], stored: Sequence[StoredState]) -> None:
        self.was: dict[str, StoredState] = {}
        self._wanted, self._stored = wanted, stored
        self._by_name = {s.watch.name: s for s in stored}
        self._taken: dict[int, str] = {}

    def match_said(self) -> None:
        """The watches that say what they were. One that is on the list under its own name was renamed long ago."""
        listed = {w.name: w for w in self._wanted}
        for watch in self._wanted:
            own = self._by_name.get(watch.name)
            if own is not None and own.enabled:
                continue
            for old in watch.was:
                state = self._by_name.get(old)
                if state is None or old == watch.name:
                    continue
                if old in listed and listed[old].fingerprint == state.fingerprint:
                    what = f"says that it was {old}, which is still on the list"
                    raise WatchlistError(what, where=watch.name, todo="take one of them out")
                if (other := self._taken.get(state.watch.id)) is not None:
                    what = f"says that it was {old}, and so does {other}"
                    raise WatchlistError(what, where=watch.name, todo="drop one")
                self._match(watch, state)
                break

    def match_names(self, *, same_search: bool) -> None:
        for watch in self._left():
            state = self._by_name.get(watch.name)
            if state is None or state.watch.id in self._taken:
                continue
            if not same_search or state.fingerprint == watch.fingerprint:
                self._match(watch, state)

    def match_searches(self) -> None:
        """Watches that only got another name: one that is left and one stored look for the same, and no third does."""
        fresh: dict[str, list[Watch]] = defaultdict(list)
        gone: dict[str, list[StoredState]] = defaultdict(list)
        for watch in self._left():
            fresh[watch.fingerprint].append(watch)
        for state in self._stored:
            if state.enabled and state.watch.id not in self._taken:
                gone[state.fingerprint].append(state)
        for fingerprint, ours in fresh.items():
            if len(ours) == 1 and len(theirs := gone.get(fingerprint, [])) == 1:
                self._match(ours[0], theirs[0])

    def _left(self) -> list[Watch]:
        return [w for w in self._wanted if w.name not in self.was]

    def _match(self, watch: Watch, state: StoredState) -> None:
        self.was[watch.name], self._taken[state.watch.id] = state, watch.name


def is_told_otherwise(new: Watch, old: Watch) -> bool:
    """Whether what the watch finds is delivered in another way than before."""
    return any(getattr(new, name) != getattr(old, name) for name in TOLD_BY)


def returned_soon(state: StoredState, now: datetime, live: timedelta) -> bool:
    """Whether a watch was off the list so shortly that what waits for it is still news: a list synced by mistake."""
    return state.disabled_at is not None and now - state.disabled_at <= live


def _is_unchanged(new: Watch, state: StoredState) -> bool:
    old = state.watch
    same = new.name == old.name and new.channel == old.channel and new.fingerprint == state.fingerprint
    return same and not is_told_otherwise(new, old)
