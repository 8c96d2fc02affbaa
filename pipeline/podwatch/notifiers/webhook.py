"""Posts alerts as signed JSON to an address of the team's own, by the rules of Standard Webhooks.

Their signature (HMAC-SHA256 over id, timestamp and body; standardwebhooks.com) has libraries in every language, so a
receiver need not trust an example of ours. docs/webhook.md is the receiver's side. A webhook keeps no history that
could be searched, so an alert whose answer was lost is posted again, under the same id: at least once.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from podwatch.errors import ChannelError, HttpError
from podwatch.model import Alert, Digest
from podwatch.net.addresses import resolve
from podwatch.net.client import HttpClient
from podwatch.net.http_messages import parse_retry_after
from podwatch.net.transport import NotSentError
from podwatch.notifiers import Receipt, channel_error
from podwatch.notifiers.escaping import clean_line, truncate_end
from podwatch.notifiers.page_links import with_page
from podwatch.notifiers.webhook_body import alert_body, digest_body
from podwatch.settings import Secret, Settings, Webhook

DEADLINE = 20.0  # seconds for the whole answer; well within a delivery's lease
_CORRECT = "correct the webhook's address or its receiver"


class WebhookNotifier:
    """``webhook:NAME`` (of the settings) and ``https://...`` channels."""

    def __init__(self, settings: Settings, deadline: float = DEADLINE, clock: Callable[[], float] = time.time) -> None:
        self._named, self._secret = settings.webhooks, settings.webhook_secret
        self._http, self._deadline, self._clock = HttpClient(settings), deadline, clock
        self._allowed, self._page = settings.allow_addresses, settings.page_url

    def __repr__(self) -> str:
        return f"WebhookNotifier({', '.join(sorted(self._named))})"

    def send(self, alert: Alert) -> Receipt:
        """Post the alert. Its key is the ``webhook-id`` and the ``Idempotency-Key``, the same at every repetition."""
        return self._send_body(alert, alert_body(with_page(alert, self._page)))

    def send_digest(self, digest: Digest) -> Receipt:
        """Post a digest as one body, with the alerts in it."""
        return self._send_body(digest, digest_body(with_page(digest, self._page)))

    def _send_body(self, content: Alert | Digest, body: bytes) -> Receipt:
        label = display_channel(content.channel)
        error = self._post(self.target(content.channel), content.key, body, label)
        if error is not None:
            raise error
        return Receipt(label, content.key)

    def find(self, key: str, channel: str, age: timedelta) -> Receipt | None:
        """Always None: a receiver cannot be searched. It recognises a repeated alert by its id."""
        return None

    def check(self, channel: str) -> None:
        """Everything but the post: the name, the secret, whether the address may be reached. Raises ChannelError."""
        label, to = display_channel(channel), self.target(channel)
        try:
            parts = urlsplit(to.url.reveal())
            host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            host, port = "", 0
        if not host or not port:
            raise channel_error("is not an http(s) address", label, _CORRECT, route=True)
        error: ChannelError | None = None
        try:
            resolve(host, port, self._allowed)
        except HttpError as e:
            error = _error_before_send(e, label)
        if error is not None:
            raise error

    def target(self, channel: str) -> Webhook:
        """The address and secret of a channel; raises ChannelError when nobody has set that up."""
        kind, _, name = channel.partition(":")
        if kind.strip().lower() != "webhook":
            check_channel(channel)
            to = Webhook(Secret(channel), self._secret)
        elif name.strip() in self._named:
            to = self._named[name.strip()]
        else:
            todo = f"add {truncate_end(clean_line(name.strip()), 40)} to PODWATCH_WEBHOOKS"
            raise channel_error("there is no webhook of this name", display_channel(channel), todo, route=True)
        if not to.secret:
            todo = "set PODWATCH_WEBHOOK_SECRET"
            raise channel_error("has no secret to sign with", display_channel(channel), todo, route=True)
        return to

    def _post(self, to: Webhook, key: str, body: bytes, label: str) -> ChannelError | None:
        """What went wrong. Returned and raised by the caller, so that no frame of its traceback holds the secret."""
        timestamp = str(int(self._clock()))
        headers = {name: value.reveal() for name, value in to.headers.items()} | {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": key,
            "webhook-id": key,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join(sign(s, key, timestamp, body) for s in (to.secret, *to.former)),
        }
        try:
            status, answer = self._http.post(to.url.reveal(), body, headers, deadline=self._deadline)
        except NotSentError as e:
            return _error_before_send(e.cause, label)
        except HttpError as e:
            what = "is not an http(s) address" if e.what.startswith("is not an") else "cannot be asked"
            return channel_error(what, label, _CORRECT, route=True)
        except (OSError, http.client.HTTPException, EOFError) as e:
            return channel_error(f"no usable answer ({type(e).__name__})", label, unknown=True)
        return error_from_status(status, answer, label, self._clock())


def sign(secret: Secret, key: str, timestamp: str, body: bytes) -> str:
    """``v1,`` and the HMAC-SHA256 of id, timestamp and body in base64 (Standard Webhooks, "Signature scheme").

    secret: ``whsec_`` and base64, as that standard writes it, or any other text, whose bytes are then the key.
    """
    raw = secret.reveal()
    secret_bytes = raw.encode()
    if raw.startswith("whsec_"):
        try:
            secret_bytes = base64.b64decode(raw.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass  # then it is text that happens to begin so
    signed = f"{key}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret_bytes, signed, hashlib.sha256).digest()).decode()


def error_from_status(status: int, headers: Mapping[str, str], label: str, now: float) -> ChannelError | None:
    """What an answer means for an alert; None: it arrived. now: Unix seconds."""
    what = f"the receiver answered {status} {http.client.responses.get(status, '')}".strip()
    wait = parse_retry_after(headers.get("retry-after"), now)
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        todo = "give the address that it leads to"
        return channel_error(f"{what}: redirects are not followed", label, todo, route=True)
    if status in (408, 409, 425) or status >= 500 or status < 200:
        # 409: an earlier try with this key is still being worked on (draft-ietf-httpapi-idempotency-key-header, 2.6)
        return channel_error(what, label, unknown=True, wait=wait)
    if status == 429:
        return channel_error(what, label, wait=wait)
    if status in (401, 403):
        todo = "check the secret on both sides, and what the receiver allows"
        return channel_error(what, label, todo, route=True, wait=wait)
    if status in (404, 405, 407, 410, 421, 426):
        return channel_error(what, label, _CORRECT, route=True, wait=wait)
    return channel_error(f"{what}: it does not take this alert", label, retryable=False)


def display_channel(channel: str) -> str:
    """The channel as it may be shown: of an address only its host, since the rest may be a token."""
    if channel.partition(":")[0].strip().lower() == "webhook":
        return truncate_end(clean_line(channel), 80)
    try:
        parts = urlsplit(channel.strip())
        return f"{parts.scheme}://{parts.hostname or '?'}/..."
    except ValueError:
        return "webhook"


def check_channel(channel: str) -> None:
    """Raises ChannelError when this is neither ``webhook:NAME`` nor an address that could be one."""
    kind, _, name = channel.partition(":")
    if kind.strip().lower() == "webhook":
        if not name.strip():
            todo = "write webhook:NAME, as in PODWATCH_WEBHOOKS"
            raise channel_error("names no webhook", display_channel(channel), todo, route=True)
        return
    try:
        parts = urlsplit(channel.strip())
        has_login = "@" in parts.netloc
        is_address = bool(parts.hostname) and parts.port != 0 and channel.isprintable() and " " not in channel.strip()
    except ValueError:
        has_login = is_address = False
    if has_login:
        todo = "name the address in PODWATCH_WEBHOOKS, and write webhook:NAME"
        raise channel_error(
            "holds a login, which everybody who reads the watchlist would see",
            display_channel(channel),
            todo,
            route=True,
        )
    if not is_address:
        raise channel_error("is not an http(s) address", display_channel(channel), _CORRECT, route=True)


def _error_before_send(e: OSError | HttpError, label: str) -> ChannelError:
    """What kept the post from being sent: it cannot have arrived."""
    if isinstance(e, HttpError):
        if e.retryable:
            return channel_error("the host has no address", label, "check the address, the network and its DNS")
        todo = "if the receiver is yours, add its network to PODWATCH_ALLOW_ADDRESSES"
        return channel_error("is an internal address", label, todo, route=True)
    if isinstance(e, ConnectionRefusedError):
        return channel_error("refuses connections", label)
    if isinstance(e, ssl.SSLCertVerificationError):
        return channel_error("its certificate is not valid", label, "renew it, or check this machine's clock")
    return channel_error(f"cannot be reached ({type(e).__name__})", label)
