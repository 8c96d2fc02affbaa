"""The expected failures, one family: each says in one line what failed, where and what to do, and if a retry helps."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from podwatch.redaction import redact_text

NEAR_NAME = 0.6  # how alike a mistyped name and the one that was meant are at least, from 0 to 1


class PodwatchError(Exception):
    """An expected failure. what, where, todo: the parts of its line; where and todo may be "".

    Its parts are shown, logged and stored, so the addresses in them lose their secrets here.

    retryable: True when the same call may succeed later without a change by anybody (a time-out, a 503), False when it
    will not (a malformed address). The raiser decides it.
    """

    retryable = False

    def __init__(self, what: str, *, where: str = "", todo: str = "", retryable: bool | None = None) -> None:
        self.what, self.where, self.todo = redact_text(what), redact_text(where), redact_text(todo)
        if retryable is not None:
            self.retryable = retryable
        super().__init__(self.line)

    @property
    def line(self) -> str:
        """The message on one line: white space in its parts is a single blank."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        return " ".join((f"{text} - {self.todo}" if self.todo else text).split())

    def __str__(self) -> str:
        return self.line


class SettingsError(PodwatchError):
    """A setting that cannot be used."""


class StoreError(PodwatchError):
    """A database that cannot be reached, or is of another version."""


class HttpError(PodwatchError):
    """A request without a usable response.

    status: the HTTP status, 0 when there was no response. retry_after: seconds that the server asks to wait.
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


class StorageError(PodwatchError):
    """A file that cannot be written: the disk is full, or its folder may not be written to."""

    retryable = True


class Postponed(PodwatchError):
    """No request was made, since the host asks for a longer wait than a run's. It counts as no failure."""

    retryable = True


class RunEnded(Postponed):
    """No request was made, since the time of the run was over."""


class FeedError(PodwatchError):
    """Bytes that are not a podcast feed. Retryable: a server may send an error page instead for an hour."""

    retryable = True


class TranscriptError(PodwatchError):
    """Bytes that are not a transcript of a known format, or an empty one."""


class SpeechError(PodwatchError):
    """Audio that cannot be heard, or a recogniser that cannot be used. retryable: another time may help."""


class RecogniserError(SpeechError):
    """A recogniser that nothing can be heard with until a setting, a key or an account is mended: the audio is fine."""


class WatchlistError(PodwatchError):
    """A mistake in a watchlist. at: its line and column, from 1; 0 when not known. watch: the watch's name, or ""."""

    def __init__(
        self, what: str, *, where: str = "", todo: str = "", at: tuple[int, int] = (0, 0), watch: str = ""
    ) -> None:
        super().__init__(what, where=where, todo=todo)
        self.at, self.watch = at, watch


class ChannelError(PodwatchError):
    """A channel that did not accept a message.

    outcome_unknown: the message may have arrived: look for it before it is sent again.
    route: nothing reaches this channel until somebody corrects it; the message is fine.
    busy: the service cannot accept a message now; the message and the channel are fine.
    service: route or busy holds for every channel of the service.
    retry_after: seconds that the service asks to wait. code: the service's own word for it, "" when it has none.
    """

    code = ""

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


def suggest_name(given: str, known: Iterable[str], otherwise: str) -> str:
    """What to do about a name that nothing has: ``did you mean X?`` where one is near, else ``otherwise``."""
    by_folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(given.strip().casefold(), list(by_folded), 1, NEAR_NAME)
    return f"did you mean {by_folded[near[0]]}?" if near else otherwise
