"""The output of `make run`: on stderr what it waits for, on stdout each alert, once and as soon as it is delivered."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status

from podwatch.notifiers import escaping as plain
from podwatch.notifiers import scheme_of
from podwatch.notifiers.console import print_alert
from podwatch.runtime import Runtime

OVERLAP = timedelta(minutes=1)  # two deliveries may commit in another order than that of their times


class Progress:
    """A spinner on a terminal, a line for each new step in a pipe."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._status: Status | None = None
        self._now = ""

    def show_step(self, text: str) -> None:
        """Shows what is being waited for from now on; prints nothing when that is the same as before."""
        new, self._now = text != self._now, text
        if not self._console.is_terminal:
            if new:
                self.print_line(text)
        elif self._status is None:
            self._status = self._console.status(text)
            self._status.start()
        else:
            self._status.update(text)

    def print_line(self, text: str) -> None:
        """Prints a line that stays."""
        self._console.print(f"podwatch: {text}", markup=False, soft_wrap=True)

    def clear(self) -> None:
        """Removes the spinner, so that something else can be printed."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.clear()


class AlertPrinter:
    """Prints the alerts that were delivered since a moment, each once."""

    def __init__(self, rt: Runtime, since: datetime) -> None:
        self._rt, self._since, self._next = rt, since, since
        self._shown: set[str] = set()
        self._console = Console(highlight=False)

    @property
    def count(self) -> int:
        return len(self._shown)

    def print_new(self, progress: Progress) -> None:
        """Prints new alerts: in full when they went to the console, else which Slack channel they went to."""
        for at, alert in self._rt.store.alerts_sent_after(self._next):
            self._next = max(self._since, at - OVERLAP)
            if alert.key in self._shown:
                continue
            self._shown.add(alert.key)
            progress.clear()
            if scheme_of(alert.channel, self._rt.settings) == "console":
                print_alert(alert, self._console)
            else:
                where = self._rt.settings.slack_base_url
                print(
                    plain.clean_line(
                        f"sent to Slack ({where}) {alert.channel}: {alert.watch.name} in {alert.episode.title}"
                    )
                )
            sys.stdout.flush()
