"""Builds what the verbs act through - store, HTTP client, notifiers - from the settings: the only place that does."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Self

from podwatch.errors import SettingsError
from podwatch.logins import Keyring
from podwatch.notifiers import NOTIFIERS, Notifier, scheme_of
from podwatch.redaction import redact_text
from podwatch.settings import Secret, Settings
from podwatch.store.database import Store, open_store

if TYPE_CHECKING:
    from podwatch.net.client import HttpClient
    from podwatch.net.robots import RobotsRules
    from podwatch.speech.recognisers import Recogniser

log = logging.getLogger("podwatch")


def hide_secrets(record: logging.LogRecord) -> bool:
    """A filter of the log: the addresses in a line lose their secrets, whoever wrote it."""
    if record.args and any("://" in a for a in map(str, _arguments(record))):
        record.msg, record.args = redact_text(record.getMessage()), ()
    if record.exc_info and not record.exc_text:  # what a Formatter shows of a bug
        record.exc_text = redact_text(logging.Formatter().formatException(record.exc_info))
    return True


def _arguments(record: logging.LogRecord) -> Iterable[object]:
    return record.args.values() if isinstance(record.args, Mapping) else record.args or ()


@dataclass(slots=True)
class Runtime:
    """What the verbs act through. Close it, or use it in a ``with`` block."""

    settings: Settings
    store: Store
    keyring: Keyring = field(default_factory=lambda: Keyring(Secret("")))
    _http: HttpClient | None = None
    _robots: RobotsRules | None = None
    _notifiers: dict[str, Notifier] = field(default_factory=dict)
    _recogniser: Recogniser | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def http(self) -> HttpClient:
        """What asks other hosts, one for all threads; it is built when it is first needed."""
        if self._http is None:
            with self._lock:
                if self._http is None:
                    from podwatch.net.client import HttpClient

                    self._http = HttpClient(self.settings)
        return self._http

    @property
    def robots(self) -> RobotsRules:
        """What the hosts allow robots; built when it is first needed."""
        if self._robots is None:
            with self._lock:
                if self._robots is None:
                    from podwatch.net.robots import RobotsRules

                    self._robots = RobotsRules(self.http)
        return self._robots

    def notifier(self, channel: str) -> tuple[str, Notifier]:
        """(scheme, notifier) of a channel; each notifier is built once, when it is first needed."""
        scheme = scheme_of(channel, self.settings)
        if scheme not in self._notifiers:
            self._notifiers[scheme] = NOTIFIERS[scheme](self.settings)
        return scheme, self._notifiers[scheme]

    def built_notifiers(self) -> tuple[Notifier, ...]:
        """The notifiers that were needed so far."""
        return tuple(self._notifiers.values())

    def recogniser(self) -> Recogniser:
        """What hears speech, as the settings say; it is built, and its model loaded, when it is first needed.

        Raises SpeechError when it cannot be used.
        """
        if self._recogniser is None:
            from podwatch.speech.recognisers import build_recogniser

            self._recogniser = build_recogniser(self.settings)
        return self._recogniser

    def close(self) -> None:
        if self._recogniser is not None:
            self._recogniser.close()
        if self._http is not None:
            self._http.close()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def build(settings: Settings) -> Runtime:
    """The runtime of these settings; raises SettingsError for a data folder that cannot be made, StoreError for a
    database that cannot be opened."""
    log.addFilter(hide_secrets)  # added once, however often
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        what = f"the data folder cannot be made ({e.strerror})"
        todo = "set PODWATCH_HOME to a folder you may write"
        raise SettingsError(what, where=str(settings.home), todo=todo) from None
    return Runtime(settings=settings, store=open_store(settings), keyring=Keyring(settings.secret_keys))
