"""Posts alerts as signed JSON to an address of the team's own, by the rules of Standard Webhooks.

Their signature (HMAC-SHA256 over id, timestamp and body; standardwebhooks.com) has libraries in every language, so a
receiver need not trust an example of ours. docs/webhook.md is the receiver's side. A webhook keeps no history that
could be asked, so an alert whose answer was lost is posted again, under the same id: at least once.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import ssl
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from podwatch.errors import ChannelError, HttpError
from podwatch.model import Alert, Digest, Mention
from podwatch.net.addresses import resolve
from podwatch.net.client import HttpClient, parse_retry_after
from podwatch.net.transport import NotSentError
from podwatch.notifiers import Receipt, card, digest_card
from podwatch.notifiers import escaping as plain
from podwatch.notifiers.mention_ranking import best_mentions
from podwatch.settings import Secret, Settings, Webhook

DEADLINE = 20.0  # seconds for the whole answer; well within a delivery's lease
MAX_MENTIONS = 100  # mentions in one body
MAX_TEXT = 2000  # characters of a snippet, and of any other text
MAX_BODY_BYTES = 256 * 1024  # bytes
_LONGEST_WAIT = 3600.0
_MEND = "correct the webhook's address or its receiver"


class WebhookNotifier:
    """``webhook:NAME`` (of the settings) and ``https://...`` channels."""

    def __init__(self, settings: Settings, deadline: float = DEADLINE, clock: Callable[[], float] = time.time) -> None:
        self._named, self._secret = settings.webhooks, settings.webhook_secret
        self._http, self._deadline, self._clock = HttpClient(settings), deadline, clock
        self._allowed = settings.allow_addresses

    def __repr__(self) -> str:
        return f"WebhookNotifier({', '.join(sorted(self._named))})"

    def send(self, alert: Alert) -> Receipt:
        """Post the alert. Its key is the ``webhook-id`` and the ``Idempotency-Key``, the same at every repetition."""
        return self._send_body(alert.channel, alert.key, alert_body(alert))

    def send_digest(self, digest: Digest) -> Receipt:
        """Post a digest as one body, with the alerts in it."""
        return self._send_body(digest.channel, digest.key, digest_body(digest))

    def _send_body(self, channel: str, key: str, content: bytes) -> Receipt:
        label = display_channel(channel)
        refused = self._post(self.target(channel), key, content, label)
        if refused is not None:
            raise refused
        return Receipt(label, key)

    def find(self, key: str, channel: str, since: datetime) -> Receipt | None:
        """Never anything: a receiver cannot be asked. What repeats an alert repeats its id, and the receiver tells."""
        return None

    def check(self, channel: str) -> None:
        """Everything but the post: the name, the secret, whether the address may be reached. Raises ChannelError."""
        to = self.target(channel)
        label = display_channel(channel)
        try:
            parts = urlsplit(to.url.reveal())
            host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            host, port = "", 0
        if not host or not port:
            raise _error("is not an http(s) address", label, _MEND, route=True)
        refused: ChannelError | None = None
        try:
            resolve(host, port, self._allowed)
        except HttpError as e:
            refused = _not_sent(e, label)
        if refused is not None:
            raise refused

    def target(self, channel: str) -> Webhook:
        """Where a channel leads; raises ChannelError when nobody has set that up."""
        kind, _, name = channel.partition(":")
        if kind.strip().lower() != "webhook":
            to = Webhook(Secret(channel), self._secret)
        elif name.strip() in self._named:
            to = self._named[name.strip()]
        else:
            todo = f"add {plain.truncate_end(plain.clean_line(name.strip()), 40)} to PODWATCH_WEBHOOKS"
            raise _error("there is no webhook of this name", display_channel(channel), todo, route=True)
        if not to.secret:
            raise _error(
                "has no secret to sign with", display_channel(channel), "set PODWATCH_WEBHOOK_SECRET", route=True
            )
        return to

    def _post(self, to: Webhook, key: str, content: bytes, label: str) -> ChannelError | None:
        """What went wrong. Returned and raised by the caller, so that no frame of its traceback holds the secret."""
        stamp = str(int(self._clock()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": key,
            "webhook-id": key,
            "webhook-timestamp": stamp,
            "webhook-signature": signature(to.secret, key, stamp, content),
        }
        try:
            status, answer = self._http.post(to.url.reveal(), content, headers, deadline=self._deadline)
        except NotSentError as e:
            return _not_sent(e.cause, label)
        except HttpError as e:
            what = "is not an http(s) address" if e.what.startswith("is not an") else "cannot be asked"
            return _error(what, label, _MEND, route=True)
        except (OSError, http.client.HTTPException, EOFError) as e:
            what = f"no usable answer ({type(e).__name__})"
            return _error(what, label, unknown=True)
        return error_from_status(status, answer, label, self._clock())


def signature(secret: Secret, key: str, timestamp: str, content: bytes) -> str:
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
    signed = f"{key}.{timestamp}.".encode() + content
    return "v1," + base64.b64encode(hmac.new(secret_bytes, signed, hashlib.sha256).digest()).decode()


def error_from_status(status: int, headers: Any, label: str, now: float) -> ChannelError | None:
    """What an answer means for an alert; None: it arrived."""
    reason = http.client.responses.get(status, "")
    said = f"the receiver answered {status} {reason}".strip()
    wait = parse_retry_after(headers.get("retry-after"), now)
    wait = None if wait is None else min(wait, _LONGEST_WAIT)
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return _error(f"{said}: redirects are not followed", label, "give the address that it leads to", route=True)
    if status in (408, 409, 425) or status >= 500 or status < 200:
        # 409: an earlier try with this key is still being worked on (draft-ietf-httpapi-idempotency-key-header, 2.6)
        return _error(said, label, unknown=True, wait=wait)
    if status == 429:
        return _error(said, label, wait=wait)
    if status in (401, 403):
        return _error(
            said, label, "check the secret on both sides, and what the receiver allows", route=True, wait=wait
        )
    if status in (404, 405, 407, 410, 421, 426):
        return _error(said, label, _MEND, route=True, wait=wait)
    return _error(f"{said}: it does not take this alert", label, retryable=False)


def alert_body(alert: Alert) -> bytes:
    """The alert as JSON, as docs/webhook.md describes it; within BODY_ROOM whatever it holds.

    Texts of strangers are cleaned and defused as for a channel (no control characters, no ``@here``), because
    receivers pass them on to chats and terminals.
    """
    for mentions, room in ((MAX_MENTIONS, MAX_TEXT), (MAX_MENTIONS, 300), (10, 300), (3, 100)):
        content = orjson.dumps(_alert_json(alert, mentions, room))
        if len(content) <= MAX_BODY_BYTES:
            break
    return content


def digest_body(digest: Digest) -> bytes:
    """The digest as JSON, within BODY_ROOM: as many of its alerts, with their best mentions, as there is room for."""
    shown = [a for a in digest.alerts if a.mentions]
    kept: list[dict[str, Any]] = []
    text = digest_card.digest_messages(digest)[0].text
    room = MAX_BODY_BYTES - 1000 - len(orjson.dumps(text))
    for alert in shown:
        tree = _alert_fields(alert, 3, 300)
        room -= len(orjson.dumps(tree)) + 1
        if room < 0:
            break
        kept.append(tree)
    about = {"type": "podwatch.digest", "key": digest.key, "why": digest.why.value}
    return orjson.dumps(about | {"alerts": kept, "alerts_total": len(shown), "text": text})


def _alert_json(alert: Alert, mentions: int, room: int) -> dict[str, Any]:
    return {"type": "podwatch.alert", **_alert_fields(alert, mentions, room), "text": card.text(alert)}


def _alert_fields(alert: Alert, mentions: int, room: int) -> dict[str, Any]:
    e = alert.episode
    surest = best_mentions(alert.mentions)
    rest = [m for m in alert.mentions if m not in surest][: max(0, mentions - len(surest))]
    listed = sorted([*surest, *rest], key=lambda m: m.start)
    return {
        "key": alert.key,
        "watch": {"name": _text(alert.watch.name, 200), "revision": alert.watch.revision},
        "episode": {
            "show": _text(e.show, 300),
            "title": _text(e.title, 500),
            "published_at": e.published_at.isoformat() if e.published_at else None,
            "link": plain.link_address(e.link),
            "audio_url": plain.link_address(e.audio_url),
        },
        "mentions": [_mention_fields_fields(alert, m, room) for m in listed],
        "mentions_total": len(alert.mentions),
    }


def _mention_fields_fields(alert: Alert, m: Mention, room: int) -> dict[str, Any]:
    audio = plain.link_address(alert.episode.audio_url)
    at = plain.at_second(audio, m.seconds) if audio else None
    return {
        "surface": _text(m.surface, room),
        "kind": m.kind.value,
        "score": round(m.score, 4) if 0 <= m.score <= 1 else None,
        "reason": _text(m.reason, 300),
        "seconds": m.seconds if 0 <= m.seconds < 1e9 else None,
        "link": at,
        "speaker": _text(m.speaker, 200) if m.speaker else None,
        "snippet": _text(_around(m, room), room),
    }


def _around(m: Mention, room: int) -> str:
    """The snippet, or the part of it that holds the surface where it is too long."""
    if len(m.snippet) <= room:
        return m.snippet
    start = max(0, m.snippet_start - (room - len(m.surface)) // 2)
    return m.snippet[start : start + room]


def _text(text: str, room: int) -> str:
    return plain.defuse_mentions(plain.truncate_end(plain.clean_line(text[: 4 * room]).strip(), room))


def display_channel(channel: str) -> str:
    """The channel as it may be shown: of an address only its host, since the rest may be a token."""
    if channel.partition(":")[0].strip().lower() == "webhook":
        return plain.truncate_end(plain.clean_line(channel), 80)
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
            raise _error(
                "names no webhook", display_channel(channel), "write webhook:NAME, as in PODWATCH_WEBHOOKS", route=True
            )
        return
    try:
        parts = urlsplit(channel.strip())
        fine = bool(parts.hostname) and parts.port != 0 and channel.isprintable() and " " not in channel.strip()
    except ValueError:
        fine = False
    if not fine:
        raise _error("is not an http(s) address", display_channel(channel), _MEND, route=True)


def _not_sent(e: OSError | HttpError, label: str) -> ChannelError:
    if isinstance(e, HttpError):
        if e.retryable:
            return _error("the host has no address", label, "check the address, the network and its DNS")
        todo = "if the receiver is yours, add its network to PODWATCH_ALLOW_ADDRESSES"
        return _error("is an internal address", label, todo, route=True)
    if isinstance(e, ConnectionRefusedError):
        return _error("refuses connections", label)
    if isinstance(e, ssl.SSLCertVerificationError):
        return _error("its certificate is not valid", label, "renew it, or check this machine's clock")
    return _error(f"cannot be reached ({type(e).__name__})", label)


def _error(
    what: str,
    label: str,
    todo: str = "",
    *,
    retryable: bool = True,
    unknown: bool = False,
    route: bool = False,
    wait: float | None = None,
) -> ChannelError:
    return ChannelError(
        what,
        where=label,
        todo=todo,
        retryable=retryable,
        outcome_unknown=unknown,
        route=route,
        busy=retryable and not route,
        retry_after=wait,
    )
