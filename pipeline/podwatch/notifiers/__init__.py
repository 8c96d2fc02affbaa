"""The services that alerts are sent to: the protocols that they fulfil, and the table of those podwatch knows.

To add a service: a module here with a class that fulfils ``Notifier``, a line in ``NOTIFIERS``, a line in ``SCHEMES``.
tests/notifiers/test_contract.py then holds it to what is promised below. A service that takes several alerts in one
message fulfils ``DigestNotifier`` too, one with threads and editable messages ``ThreadedNotifier``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from podwatch.errors import ChannelError
from podwatch.model import Alert, Digest
from podwatch.settings import Settings

MAX_RETRY_AFTER = 3600.0  # seconds; a Retry-After beyond that is a mistake, and would hold an alert for ever


@dataclass(frozen=True)
class Receipt:
    """What the service calls the channel and the message; for Slack the channel's id and the message's ts.

    note: what somebody should know although the message arrived.
    """

    channel: str
    id: str
    note: str = ""


class Notifier(Protocol):
    """A service that alerts are sent to. It does not decide when, and remembers no alert."""

    def send(self, alert: Alert) -> Receipt:
        """Send one alert, once: a notifier does not retry.

        Raises ChannelError, whose ``outcome_unknown`` says that the alert may have arrived all the same.
        """
        ...

    def find(self, key: str, channel: str, age: timedelta) -> Receipt | None:
        """The message of the alert with this key, if one arrived within the last ``age``; None when there is none.

        Called before a send whose outcome is unknown is repeated. None means: not there now. A service's history may
        lag behind what it accepted, so let a send settle before believing it. Raises ChannelError with
        ``outcome_unknown`` set: as long as the channel cannot be read, it is.
        """
        ...


@runtime_checkable
class DigestNotifier(Protocol):
    """A service that takes several alerts in one message. To others they are sent one by one."""

    def send_digest(self, digest: Digest) -> Receipt:
        """Send the digest, as ``Notifier.send`` does an alert."""
        ...


@runtime_checkable
class ThreadedNotifier(Protocol):
    """A service whose messages carry a key, have threads, and can be edited and deleted: Slack.

    An alert or a digest takes one message or several: page 0 stands in the channel, the others in its thread.
    Every method raises ChannelError. A message that was deleted by hand is one that is not retryable.
    """

    def message_hashes(self, content: Alert | Digest) -> Sequence[str]:
        """A hash of each message that it takes: messages with equal hashes look the same."""
        ...

    def post(self, content: Alert | Digest, page: int, key: str, thread: Receipt | None) -> Receipt:
        """Post message number ``page`` with this key, in the thread when there is one. No retries."""
        ...

    def edit(self, content: Alert | Digest, page: int, key: str, at: Receipt) -> None:
        """Make a posted message look as it would now; one with a ``page`` beyond the last says that it is empty."""
        ...

    def find_copies(self, key: str, channel: str, age: timedelta, thread: Receipt | None) -> list[Receipt]:
        """Every message with this key that arrived within the last ``age``, the oldest first. See ``Notifier.find``."""
        ...

    @property
    def clock_ahead(self) -> timedelta | None:
        """How far the service's clock is ahead of this machine's; None when that is not known."""
        ...

    def locate(self, channel: str) -> str | None:
        """The service's own id of the channel; None when it may not be looked up, and only a post tells."""
        ...

    def delete(self, at: Receipt) -> None:
        """Delete a message; fine when it is gone."""
        ...


def channel_error(
    what: str,
    where: str,
    todo: str = "",
    *,
    retryable: bool = True,
    unknown: bool = False,
    route: bool = False,
    service: bool = False,
    wait: float | None = None,
) -> ChannelError:
    """The error of a service without codes of its own: busy, unless the message or the channel is at fault."""
    return ChannelError(
        what,
        where=where,
        todo=todo,
        retryable=retryable,
        outcome_unknown=unknown,
        route=route,
        busy=retryable and not route,
        service=service,
        retry_after=cap_wait(wait),
    )


def cap_wait(seconds: float | None) -> float | None:
    """What a service asks to wait, at most MAX_RETRY_AFTER."""
    return None if seconds is None else min(seconds, MAX_RETRY_AFTER)


def _slack(settings: Settings) -> Notifier:
    from podwatch.notifiers.slack import SlackNotifier  # slack_sdk costs 0.2 s, which `podwatch scan` need not pay

    # Buttons only where `podwatch slack` can hear them: without it Slack shows a warning to whoever presses one.
    buttons = bool(settings.slack_app_token)
    timeout = min(settings.pace.timeout, settings.slack_timeout)
    proxy = settings.slack_proxy
    base, page = settings.slack_base_url, settings.page_url
    return SlackNotifier(settings.slack_token, base, timeout, buttons=buttons, proxy=proxy, page=page)


def _console(settings: Settings) -> Notifier:
    from podwatch.notifiers.console import ConsoleNotifier

    return ConsoleNotifier(page=settings.page_url)


def _mail(settings: Settings) -> Notifier:
    from podwatch.notifiers.mail import MailNotifier

    return MailNotifier(
        settings.smtp, settings.mail_from, unsubscribe=settings.mail_unsubscribe, page=settings.page_url
    )


def _webhook(settings: Settings) -> Notifier:
    from podwatch.notifiers.webhook import WebhookNotifier

    return WebhookNotifier(settings)


NOTIFIERS: Mapping[str, Callable[[Settings], Notifier]] = MappingProxyType(
    {"slack": _slack, "mail": _mail, "webhook": _webhook, "console": _console}
)
# What a channel begins with, before a colon, and the service that it names.
SCHEMES = MappingProxyType(
    {"mailto": "mail", "webhook": "webhook", "https": "webhook", "http": "webhook", "console": "console"}
)


def scheme_of(channel: str, settings: Settings) -> str:
    """Which of NOTIFIERS serves a channel as a watchlist writes it.

    ``mailto:`` is mail; ``webhook:NAME`` and addresses (``https://...``) are webhooks; ``console:`` and whatever
    follows it is the console. The rest is Slack's: ``#name``, ``@name``, an id, and also what is none of these, because
    Slack's refusal of a mistyped channel reaches its owner. It is printed instead only where that was asked for
    (``settings.console``) and there is no token.
    """
    return _named_scheme(channel) or ("console" if settings.console and not settings.slack_token else "slack")


def lacks_token(channel: str, settings: Settings) -> bool:
    """Whether alerts for the channel have to wait until there is a token of Slack's."""
    return scheme_of(channel, settings) == "slack" and not settings.slack_token


def _named_scheme(channel: str) -> str | None:
    prefix, colon, _ = channel.partition(":")
    return SCHEMES.get(prefix.strip().lower()) if colon else None


def show_channel(channel: str) -> str:
    """A channel as lists may show it: of a webhook's address only its host, since the rest may be a token."""
    if _named_scheme(channel) != "webhook":
        return channel
    from podwatch.notifiers.webhook import display_channel

    return display_channel(channel)


def find_channel_mistake(channel: str) -> ChannelError | None:
    """What is wrong with how a mail or webhook channel is written, whatever the settings; None when nothing is.

    Slack's names only Slack can judge.
    """
    service = _named_scheme(channel)
    try:
        if service == "mail":
            from podwatch.notifiers.mail import parse_recipients

            parse_recipients(channel)
        elif service == "webhook":
            from podwatch.notifiers.webhook import check_channel

            check_channel(channel)
    except ChannelError as e:
        return e
    return None
