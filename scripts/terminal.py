"""What `make run` shows: on stderr what it waits for, on stdout each alert, once and as soon as it is delivered."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status

from podwatch.notifiers import escaping as plain
from podwatch.notifiers import scheme_of
from podwatch.notifiers.console import show
from podwatch.runtime import Runtime

OVERLAP = timedelta(minutes=1)  # two deliveries may commit in another order than their times say


class Progress:
    """A spinner on a terminal, a line for each new step in a pipe."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._status: Status | None = None
        self._now = ""

    def step(self, text: str) -> None:
        """What is being waited for from now on; the same again says nothing."""
        new, self._now = text != self._now, text
        if not self._console.is_terminal:
            if new:
                self.say(text)
        elif self._status is None:
            self._status = self._console.status(text)
            self._status.start()
        else:
            self._status.update(text)

    def say(self, text: str) -> None:
        """A line that stays."""
        self._console.print(f"podwatch: {text}", markup=False, soft_wrap=True)

    def rest(self) -> None:
        """The spinner goes away: something else is printed."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.rest()


class Alerts:
    """The alerts that were delivered since a moment, each shown once."""

    def __init__(self, rt: Runtime, since: datetime) -> None:
        self._rt, self._since, self._next = rt, since, since
        self._shown: set[str] = set()
        self._console = Console(highlight=False)

    @property
    def count(self) -> int:
        return len(self._shown)

    def show_new(self, progress: Progress) -> None:
        """Prints what is new: as Slack would show it, or where in Slack it is."""
        for at, alert in self._rt.store.alerts_sent_after(self._next):
            self._next = max(self._since, at - OVERLAP)
            if alert.key in self._shown:
                continue
            self._shown.add(alert.key)
            progress.rest()
            if scheme_of(alert.channel, self._rt.settings) == "console":
                show(alert, self._console)
            else:
                where = self._rt.settings.slack_base_url
                print(
                    plain.clean_line(
                        f"sent to Slack ({where}) {alert.channel}: {alert.watch.name} in {alert.episode.title}"
                    )
                )
            sys.stdout.flush()
