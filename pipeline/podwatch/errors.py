"""One family of errors: whoever catches one knows what to tell the user, and whether a retry helps."""

from __future__ import annotations


class PodwatchError(Exception):
    """An expected failure: one line that says what, where, and what to do.

    ``retryable`` is the raiser's own verdict: True when the same call may succeed later without
    anybody changing anything (a time-out, a 503), False when it will not (a 404, a typing error).
    """

    retryable = False

    def __init__(self, what: str, *, where: str = "", todo: str = "", retryable: bool | None = None) -> None:
        self.what, self.where, self.todo = what, where, todo
        if retryable is not None:
            self.retryable = retryable
        super().__init__(self.line)

    @property
    def line(self) -> str:
        """The message on one line, whatever its parts contained."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        return " ".join((f"{text} - {self.todo}" if self.todo else text).split())

    def __str__(self) -> str:
        return self.line


class SettingsError(PodwatchError):
    """A setting that cannot be used."""


class StoreError(PodwatchError):
    """The database cannot be reached or is of another version."""


class HttpError(PodwatchError):
    """A request that gave no usable answer.

    status: the HTTP status, 0 when there was none. retry_after: seconds the server asked to wait.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        todo: str = "",
        retryable: bool,
        status: int = 0,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(what, where=where, todo=todo, retryable=retryable)
        self.status, self.retry_after = status, retry_after


class Postponed(PodwatchError):
    """Not asked at all, since the host wants to be left alone for longer than a run waits. Nobody's failure."""

    retryable = True


class FeedError(PodwatchError):
    """Bytes that are not a podcast feed. Retryable: servers show error pages for an hour, then mend."""

    retryable = True


class TranscriptError(PodwatchError):
    """Bytes that are not a transcript of a known format, or an empty one."""


class WatchlistError(PodwatchError):
    """A mistake in a watchlist: ``where`` is for people; at: its line and column there, from 1, 0 when not known.

    watch: the name of the watch it is in, "" when in none.
    """

    def __init__(
        self, what: str, *, where: str = "", todo: str = "", at: tuple[int, int] = (0, 0), watch: str = ""
    ) -> None:
        super().__init__(what, where=where, todo=todo)
        self.at, self.watch = at, watch


class ChannelError(PodwatchError):
    """A channel that did not take a message.

    outcome_unknown: the message may have arrived all the same, so look before sending again.
    route: nothing is wrong with the message, and nothing reaches this channel until somebody mends it.
    busy: nothing is wrong with the message, nor with the channel; the service cannot take it now.
    service: what route or busy says holds for every channel of the service.
    retry_after: seconds the service asked to wait.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        todo: str = "",
        retryable: bool,
        outcome_unknown: bool = False,
        route: bool = False,
        busy: bool = False,
        service: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(what, where=where, todo=todo, retryable=retryable)
        self.outcome_unknown, self.route, self.retry_after = outcome_unknown, route, retry_after
        self.busy, self.service = busy, service
