"""Calls of Slack's Web API: within a time-out for the whole call, never retried, with errors that hold no secret.

slack_sdk's retry handlers are off: after a connection that closed *behind* an accepted message they post it again and
report success. Whoever calls decides about retries, by the SlackError.
"""

from __future__ import annotations

import logging
import re
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from slack_sdk import WebClient

from podwatch.notifiers.slack_errors import Fault, SlackError, error_from_code, error_from_exception
from podwatch.settings import Secret

NO_PROXY = Secret("")
_SENDABLE = re.compile(r"[!-~]+")
# slack_sdk logs whole messages at DEBUG, bodies of answers at ERROR. All that matters is in the SlackError.
SILENT_LOGGER = logging.Logger("slack_sdk.silent", logging.CRITICAL + 1)


@cache
def _tls_context() -> ssl.SSLContext:
    """One context for all: making one costs 40 ms, which slack_sdk would pay for each client."""
    return ssl.create_default_context()


def is_sendable(token: Secret) -> bool:
    """Whether a header can carry the token."""
    return _SENDABLE.fullmatch(token.reveal()) is not None


class SlackApi:
    """base_url: with the closing slash. timeout: seconds, for a whole call.

    proxy: the address of an HTTP proxy; empty: the one of the variable HTTPS_PROXY, if it is set.
    """

    def __init__(self, base_url: str, timeout: float, proxy: Secret) -> None:
        self.clock_ahead: timedelta | None = None  # Slack's clock against this machine's, by its last answer
        self.host = urlsplit(base_url).hostname or "Slack"
        self._timeout = timeout
        self.client = WebClient(
            base_url=base_url,
            timeout=timeout,  # type: ignore[arg-type]  # it may be a part of a second, too
            ssl=_tls_context(),
            proxy=proxy.reveal() or None,
            retry_handlers=[],
            logger=SILENT_LOGGER,
        )

    def call(
        self, method: str, token: Secret, where: str, scope: str, **arguments: Any
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """(Slack's answer, its headers by lower-case names). Raises SlackError.

        where: what the error is about: a channel, or the host. scope: the one that the method needs.
        """
        if not is_sendable(token):
            raise error_from_code("invalid_auth", where, scope)
        error: SlackError | None = None
        data: Any = None
        headers: dict[str, str] = {}
        try:
            answer = _within(self._timeout, lambda: self._api_call(method, token, arguments))
            data, headers = answer.data, {str(k).lower(): str(v) for k, v in dict(answer.headers or {}).items()}
            if (said := parse_date(headers.get("date"))) is not None:
                self.clock_ahead = said - datetime.now(UTC)
        except Exception as e:  # noqa: BLE001 - slack_sdk lets anything out; a call that was made has an outcome
            error = error_from_exception(e, where, self.host, scope)
        # Raised outside the except clause on purpose: a chained slack_sdk error brings frames along that hold the
        # request's headers, and tracebacks with local variables would print the token.
        if error is not None:
            raise error
        if not isinstance(data, dict):
            raise SlackError(Fault.UNKNOWN, "no JSON answer", where=where)
        return data, headers

    def _api_call(self, method: str, token: Secret, arguments: dict[str, Any]) -> Any:
        return self.client.api_call(method, headers={"Authorization": f"Bearer {token.reveal()}"}, **arguments)


def parse_date(date: str | None) -> datetime | None:
    """The moment of a Date header (RFC 9110, 5.6.7), aware; None for none, or for what is no date."""
    try:
        found = parsedate_to_datetime(date) if date else None
    except (ValueError, TypeError):
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def _within(seconds: float, call: Callable[[], Any]) -> Any:
    """What ``call`` returns or raises; TimeoutError when it takes longer: slack_sdk has no time-out for a whole call.

    A thread that is left behind reads an answer that trickles; it has sent what it had to send long before.
    """
    outcome: list[tuple[Any, BaseException | None]] = []

    def work() -> None:
        try:
            outcome.append((call(), None))
        except BaseException as e:  # noqa: BLE001 - raised again in the caller's thread
            outcome.append((None, e))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds + 0.5)  # the socket's own time-out goes first
    if not outcome:
        raise TimeoutError
    result, error = outcome.pop()  # else the error would hold itself, and with it a socket, until it is collected
    if error is None:
        return result
    try:
        raise error
    finally:
        del error
