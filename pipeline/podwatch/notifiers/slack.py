"""Hands alerts to Slack, and finds in a channel's history what it handed over earlier.

slack_sdk's retry handlers are off: after a connection that closed *behind* an accepted message they post it
again and report success. Whoever calls decides about retries, by the ChannelError.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from slack_sdk import WebClient

from podwatch.errors import ChannelError
from podwatch.model import Alert, Digest
from podwatch.notifiers import Receipt, card, digest_card
from podwatch.notifiers.card import Message
from podwatch.notifiers.slack_buttons import actions_block
from podwatch.notifiers.slack_channel_ids import ChannelDirectory
from podwatch.notifiers.slack_errors import BLOCK_ERRORS, Fault, SlackError, error_from_code, error_from_exception
from podwatch.settings import Secret

EVENT_TYPE = "podwatch_alert"  # of the message metadata that carries an alert's key
TIMEOUT = 30.0  # seconds, for a whole call
MAX_CLOCK_SKEW = timedelta(
    hours=1
)  # how far this machine's clock may be ahead of Slack's without find() missing a post
_PAGE = 200  # messages; Slack recommends no more
_SENDABLE = re.compile(r"[!-~]+")
_NO_LONGER = Message("(no longer said)", [card.context_block("no longer said")])

# slack_sdk logs whole messages at DEBUG, bodies of answers at ERROR. All that matters is in the ChannelError.
_SILENT = logging.Logger("slack_sdk.silent", logging.CRITICAL + 1)


@cache
def _tls() -> ssl.SSLContext:
    """One context for all: making one costs 40 ms, which slack_sdk would pay for each message."""
    return ssl.create_default_context()


class SlackNotifier:
    """Slack through its Web API.

    Needs the scope chat:write; channels:read (groups:read for private channels) to look up a ``#name``, which Slack
    does itself without; channels:history (groups:history) for copies(); users:read and im:write for an ``@name``.
    """

    def __init__(
        self,
        token: Secret,
        base_url: str = "https://slack.com/api/",
        timeout: float = TIMEOUT,
        *,
        buttons: bool = False,
    ) -> None:
        self._token, self._buttons = token, buttons
        self._host = urlsplit(base_url).hostname or "Slack"
        self._timeout = timeout
        self._client = WebClient(
            token=token.reveal(),
            base_url=base_url,
            timeout=timeout,  # type: ignore[arg-type]  # it may be a part of a second, too
            ssl=_tls(),
            retry_handlers=[],
            logger=_SILENT,
        )
        self._directory = ChannelDirectory(self._call)

    def __repr__(self) -> str:
        return f"SlackNotifier({self._host})"

    def send(self, alert: Alert) -> Receipt:
        """Post the first message of the alert."""
        return self.post(alert, 0, alert.key, None)

    def find(self, key: str, channel: str, since: datetime) -> Receipt | None:
        """The first message that carries ``key``; see copies()."""
        return next(iter(self.find_copies(key, channel, since, None)), None)

    def message_hashes(self, said: Alert | Digest) -> Sequence[str]:
        """A hash of each message that it takes."""
        return [_hash(m) for m in _messages(said)]

    def post(self, said: Alert | Digest, page: int, key: str, thread: Receipt | None) -> Receipt:
        """Post a message; as plain text when Slack refuses its blocks. The key travels in its metadata."""
        message = self._message(said, page, key)
        message["channel"] = thread.channel if thread else self._channel_id(said.channel)
        # The text is a stranger's: no names made into mentions, no pages fetched on its behalf.
        message |= {"mrkdwn": True, "unfurl_links": False, "unfurl_media": False}
        if thread:
            message["thread_ts"] = thread.id
        return self._without_blocks_if_refused("chat.postMessage", said.channel, message)

    def edit(self, said: Alert | Digest, page: int, key: str, at: Receipt) -> None:
        """Change a message to what it would say now. Repeating that is harmless."""
        message = self._message(said, page, key) | {"channel": at.channel, "ts": at.id}
        self._without_blocks_if_refused("chat.update", said.channel, message)

    def find_copies(self, key: str, channel: str, since: datetime, thread: Receipt | None) -> list[Receipt]:
        """The messages that carry ``key``, the oldest first, posted since an hour before ``since`` (clocks differ).

        Reads every page of the channel's history, or of the thread. Each ChannelError has ``outcome_unknown`` set.
        """
        try:
            return sorted(self._copies(key, channel, (since - MAX_CLOCK_SKEW).timestamp(), thread), key=_age)
        except ChannelError as e:
            e.outcome_unknown = True
            raise

    def delete(self, at: Receipt) -> None:
        """Remove a message; fine when it is gone."""
        try:
            self._call("chat.delete", at.channel, "chat:write", json={"channel": at.channel, "ts": at.id})
        except SlackError as refused:
            if refused.code != "message_not_found":
                raise

    def _message(self, said: Alert | Digest, page: int, key: str) -> dict[str, Any]:
        built = _messages(said)
        message = built[page] if page < len(built) else _NO_LONGER
        # The buttons judge the alert, so they stand under its first message, and not in its thread or on a digest.
        buttons = [actions_block(key)] if self._buttons and page == 0 and isinstance(said, Alert) else []
        return {
            "text": message.text,
            "blocks": [*message.blocks, *buttons],
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": key}},
            "parse": "none",
            "link_names": False,
        }

    def _channel_id(self, channel: str) -> str:
        """The id to post to; the name as it is when the app may not look it up, for Slack to resolve."""
        try:
            return self._directory.id(channel) or channel
        except ChannelError as e:
            e.outcome_unknown = False  # whatever happened, it happened before the post
            raise

    def _without_blocks_if_refused(self, method: str, channel: str, message: dict[str, Any]) -> Receipt:
        try:
            return self._post_message(method, channel, message)
        except SlackError as refused:
            if refused.fault is Fault.ROUTE:
                self._directory.forget(channel)
            if refused.code not in BLOCK_ERRORS:
                raise
        # An edit would leave blocks that are not named as they are.
        return self._post_message(
            method, channel, {k: v for k, v in message.items() if k != "blocks"} | _NO_BLOCKS.get(method, {})
        )

    def _post_message(self, method: str, channel: str, message: dict[str, Any]) -> Receipt:
        answer = self._call(method, channel, "chat:write", json=message)
        where, ts = answer.get("channel"), answer.get("ts")
        if not (isinstance(where, str) and isinstance(ts, str) and where and ts):
            raise SlackError(Fault.UNKNOWN, f"{self._host} took the message but did not say where it is", where=channel)
        return Receipt(where, ts)

    def _copies(self, key: str, channel: str, oldest: float, thread: Receipt | None) -> Iterator[Receipt]:
        channel_id = thread.channel if thread else self._directory.id(channel)
        if channel_id is None:
            raise error_from_code("missing_scope", channel, "channels:read")
        for message in self._history(channel, channel_id, oldest, thread):
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == EVENT_TYPE and (metadata.get("event_payload") or {}).get("key") == key:
                yield Receipt(channel_id, str(message["ts"]))

    def _history(
        self, channel: str, channel_id: str, oldest: float, thread: Receipt | None
    ) -> Iterator[dict[str, Any]]:
        cursor = ""
        method = "conversations.replies" if thread else "conversations.history"
        asked = {"channel": channel_id, "limit": _PAGE, "include_all_metadata": True, "oldest": f"{oldest:.6f}"}
        if thread:
            asked["ts"] = thread.id
        while True:
            page = self._call(method, channel, "channels:history", params={**asked, "cursor": cursor})
            for message in page.get("messages") or ():
                # A compatible server may not know `oldest`. A thread begins with its oldest.
                if float(message.get("ts", 0)) >= oldest:
                    yield message
                elif not thread:
                    return
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _call(self, method: str, channel: str, scope: str, **arguments: Any) -> dict[str, Any]:
        """Slack's answer, or a Refusal that names the channel.

        The refusal is raised outside the except clause on purpose: a chained slack_sdk error brings frames along that
        hold the request's headers, and tracebacks with local variables would print the token.
        """
        if not _SENDABLE.fullmatch(self._token.reveal()):
            raise error_from_code("invalid_auth", channel, scope)
        try:
            data = _within(self._timeout, lambda: self._client.api_call(method, **arguments).data)
            refused = None if isinstance(data, dict) else SlackError(Fault.UNKNOWN, "no JSON answer", where=channel)
        except Exception as error:  # noqa: BLE001 - slack_sdk lets anything out; asked for, it has an outcome
            data, refused = {}, error_from_exception(error, channel, self._host, scope)
        if refused is not None:
            # What Slack counts by message is for this channel; what it counts by method is for all.
            refused.service |= refused.code == "ratelimited" and not method.startswith("chat.")
            raise refused
        assert isinstance(data, dict)
        return data


_NO_BLOCKS: dict[str, dict[str, Any]] = {"chat.update": {"blocks": []}}


def _messages(said: Alert | Digest) -> list[Message]:
    return card.alert_messages(said) if isinstance(said, Alert) else digest_card.digest_messages(said)


def _hash(message: Message) -> str:
    parts = json.dumps([message.text, message.blocks], sort_keys=True).encode("utf-8", "replace")
    return hashlib.blake2b(parts, digest_size=16).hexdigest()


def _age(at: Receipt) -> float:
    return float(at.id)


def _within(seconds: float, call: Callable[[], Any]) -> Any:
    """What ``call`` returns or raises; TimeoutError when it takes longer: slack_sdk has no limit for a call.

    A thread that is left behind reads an answer that trickles; it has sent what it had to send long before.
    """
    done: list[Any] = []

    def work() -> None:
        try:
            done.append((True, call()))
        except BaseException as e:  # noqa: BLE001 - raised again in the caller's thread
            done.append((False, e))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds + 0.5)  # the socket's own time-out goes first
    if not done:
        raise TimeoutError
    fine, result = done.pop()  # else the error would hold itself, and with it a socket, until the collector comes
    if fine:
        return result
    try:
        raise result
    finally:
        del result
