"""Where an alert can be sent: the protocols that services fulfil, and the table of those podwatch knows.

To add a service: a module here with a class that fulfils ``Notifier``, a line in ``NOTIFIERS``, a rule in
``scheme``. tests/notifiers/test_contract.py then holds it to what is promised below. A service that can tell several
alerts in one message fulfils ``Digester`` too, one with threads and changeable messages ``Board``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from podwatch.errors import ChannelError
from podwatch.model import Alert, Digest
from podwatch.settings import Settings


@dataclass(frozen=True)
class Receipt:
    """What the service calls the channel and the message; for Slack the channel's id and the message's ts."""

    channel: str
    id: str


class Notifier(Protocol):
    """A service that alerts are handed to. It takes no decision about when, and remembers no alert."""

    def send(self, alert: Alert) -> Receipt:
        """Hand over one alert, once: no retries in here.

        Raises ChannelError, whose ``outcome_unknown`` says that the alert may have arrived all the same.
        """
        ...

    def find(self, key: str, channel: str, since: datetime) -> Receipt | None:
        """The message of the alert with this key, if one arrived after ``since`` (aware); None when there is none.

        Asked before a send whose outcome is unknown is repeated. None means: not there now. A service's history may
        lag behind what it accepted, so let a send settle before believing it. Raises ChannelError with
        ``outcome_unknown`` set, because as long as nobody could look, it is.
        """
        ...


@runtime_checkable
class DigestNotifier(Protocol):
    """A service that tells several alerts in one message. Where there is none, they are sent one by one."""

    def send_digest(self, digest: Digest) -> Receipt:
        """Hand over the digest, as ``Notifier.send`` does an alert."""
        ...


@runtime_checkable
class ThreadedNotifier(Protocol):
    """A service whose messages carry a key, have threads, and can be changed and deleted: Slack.

    What is said takes one message or several; the first is number 0, the others stand in its thread.
    Every method raises ChannelError. A message that was removed by hand is one that is not retryable.
    """

    def message_hashes(self, said: Alert | Digest) -> Sequence[str]:
        """A hash of each message that it takes: equal hashes look the same."""
        ...

    def post(self, said: Alert | Digest, page: int, key: str, thread: Receipt | None) -> Receipt:
        """Posts message number ``page`` with this key, in the thread when there is one. No retries."""
        ...

    def edit(self, said: Alert | Digest, page: int, key: str, at: Receipt) -> None:
        """Makes a posted message say what it would say now; a ``page`` beyond the last says that it is empty."""
        ...

    def find_copies(self, key: str, channel: str, since: datetime, thread: Receipt | None) -> list[Receipt]:
        """Every message with this key that arrived after ``since``, the oldest first. See ``Notifier.find``."""
        ...

    def delete(self, at: Receipt) -> None:
        """Removes a message; fine when it is gone."""
        ...


def _slack(settings: Settings) -> Notifier:
    from podwatch.notifiers.slack import SlackNotifier  # slack_sdk costs 0.2 s, which `podwatch scan` need not pay

    # Buttons only where `podwatch slack` can hear them: without it Slack shows a warning to whoever presses one.
    buttons = bool(settings.slack_app_token)
    return SlackNotifier(settings.slack_token, settings.slack_base_url, settings.pace.timeout, buttons=buttons)


def _console(settings: Settings) -> Notifier:
    from podwatch.notifiers.console import ConsoleNotifier

    return ConsoleNotifier()


def _mail(settings: Settings) -> Notifier:
    from podwatch.notifiers.mail import MailNotifier

    return MailNotifier(settings.smtp, settings.mail_from)


def _webhook(settings: Settings) -> Notifier:
    from podwatch.notifiers.webhook import WebhookNotifier

    return WebhookNotifier(settings)


NOTIFIERS: Mapping[str, Callable[[Settings], Notifier]] = MappingProxyType(
    {"slack": _slack, "mail": _mail, "webhook": _webhook, "console": _console}
)


def scheme_of(channel: str, settings: Settings) -> str:
    """Which of NOTIFIERS serves a channel as a watchlist writes it.

    ``mailto:`` is mail; ``webhook:NAME`` and addresses (``https://...``) are webhooks; ``console:`` and whatever
    follows it is the console, and so is everything else while there is no Slack token. With a token the rest is
    Slack's: ``#name``, ``@name``, an id, and also what is none of these, because Slack's refusal of a mistyped channel
    reaches its owner, and a line on some worker's console does not.
    """
    kind = channel.partition(":")[0].strip().lower() if ":" in channel else ""
    if kind in SCHEMES:
        return SCHEMES[kind]
    return "slack" if settings.slack_token else "console"


def find_channel_mistake(channel: str) -> ChannelError | None:
    """What is wrong with a channel as it is written, whatever is set up here: with addresses of mail and webhooks.

    Slack's names are Slack's to know.
    """
    service = SCHEMES.get(channel.partition(":")[0].strip().lower()) if ":" in channel else None
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


SCHEMES = MappingProxyType(
    {"mailto": "mail", "webhook": "webhook", "https": "webhook", "http": "webhook", "console": "console"}
)
