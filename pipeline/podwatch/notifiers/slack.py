"""Sends alerts to Slack, and finds in a channel's history what was sent there earlier."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from podwatch.errors import ChannelError
from podwatch.model import Alert, Digest
from podwatch.notifiers import Receipt, card
from podwatch.notifiers.block_kit import Message, context_block
from podwatch.notifiers.digest_card import digest_messages
from podwatch.notifiers.page_links import with_page
from podwatch.notifiers.slack_api import NO_PROXY, SlackApi, parse_date
from podwatch.notifiers.slack_buttons import actions_block
from podwatch.notifiers.slack_channel_ids import ChannelDirectory, next_cursor
from podwatch.notifiers.slack_errors import BLOCK_ERRORS, Fault, SlackError, error_from_code
from podwatch.settings import Secret

EVENT_TYPE = "podwatch_alert"  # of the message metadata that carry an alert's key
TIMEOUT = 30.0  # seconds, for a whole call
HISTORY_MARGIN = timedelta(minutes=10)  # history is read so much further back than asked: an answer takes its time
_PAGE_SIZE = 200  # messages; Slack recommends no more
_EMPTY = Message("(no longer said)", [context_block("no longer said")])
# What replaces refused blocks: an edit would leave those of before.
_WITHOUT_BLOCKS: dict[str, dict[str, Any]] = {"chat.postMessage": {}, "chat.update": {"blocks": []}}


class SlackNotifier:
    """Slack through its Web API.

    Needs the scope chat:write; channels:read (groups:read for private channels) to look up a ``#name``, which Slack
    does itself without; channels:history (groups:history) for find_copies(); users:read and im:write for an ``@name``.
    buttons: whether somebody listens for presses of buttons. page: where links to sentences lead; "": to the publisher.
    """

    def __init__(
        self,
        token: Secret,
        base_url: str = "https://slack.com/api/",
        timeout: float = TIMEOUT,
        *,
        buttons: bool = False,
        proxy: Secret = NO_PROXY,
        page: str = "",
    ) -> None:
        self._token, self._buttons, self._page = token, buttons, page
        self._api = SlackApi(base_url, timeout, proxy)
        self._directory = ChannelDirectory(self._call)
        self._refused_blocks: set[str] = set()  # messages whose blocks Slack did not take, by key and page

    def __repr__(self) -> str:
        return f"SlackNotifier({self._api.host})"

    @property
    def clock_ahead(self) -> timedelta | None:
        """How far Slack's clock is ahead of this machine's; None before its first answer."""
        return self._api.clock_ahead

    def send(self, alert: Alert) -> Receipt:
        """Post the first message of the alert."""
        return self.post(alert, 0, alert.key, None)

    def find(self, key: str, channel: str, age: timedelta) -> Receipt | None:
        """The first message that carries ``key``; see find_copies()."""
        return next(iter(self.find_copies(key, channel, age, None)), None)

    def locate(self, channel: str) -> str | None:
        """Slack's id of the channel; None when the app lacks the scope to look it up. Raises SlackError."""
        try:
            return self._directory.id(channel)
        except ChannelError as e:
            e.outcome_unknown = False  # whatever happened, nothing was posted
            raise

    def message_hashes(self, content: Alert | Digest) -> Sequence[str]:
        """A hash of each message that it takes."""
        return [_hash(m) for m in _messages(with_page(content, self._page))]

    def post(self, content: Alert | Digest, page: int, key: str, thread: Receipt | None) -> Receipt:
        """Post a message; as plain text once Slack has refused its blocks. The key is in its metadata."""
        arguments = self._message(content, page, key)
        arguments["channel"] = thread.channel if thread else self._channel_id(content.channel)
        # The text is a stranger's: no names made into mentions, no pages fetched on its behalf.
        arguments |= {"mrkdwn": True, "unfurl_links": False, "unfurl_media": False}
        if thread:
            arguments["thread_ts"] = thread.id
        return self._send_message("chat.postMessage", content.channel, arguments, f"{key} {page}")

    def edit(self, content: Alert | Digest, page: int, key: str, at: Receipt) -> None:
        """Change a message to how it would look now. Repeating that is harmless."""
        arguments = self._message(content, page, key) | {"channel": at.channel, "ts": at.id}
        self._send_message("chat.update", content.channel, arguments, f"{key} {page}")

    def find_copies(self, key: str, channel: str, age: timedelta, thread: Receipt | None) -> list[Receipt]:
        """The messages that carry ``key``, the oldest first, posted within the last ``age`` by Slack's own clock.

        Reads every page of the channel's history, or of the thread. Each ChannelError has ``outcome_unknown`` set.
        """
        try:
            channel_id = thread.channel if thread else self._directory.id(channel)
            if channel_id is None:
                raise error_from_code("missing_scope", channel, "channels:read")
            history = self._history(channel, channel_id, age + HISTORY_MARGIN, thread)
            copies = [Receipt(channel_id, str(message["ts"])) for message in history if _key_of(message) == key]
        except ChannelError as e:
            e.outcome_unknown = True
            raise
        return sorted(copies, key=lambda copy: float(copy.id))

    def delete(self, at: Receipt) -> None:
        """Delete a message; fine when it is gone."""
        try:
            self._call("chat.delete", at.channel, "chat:write", json={"channel": at.channel, "ts": at.id})
        except SlackError as e:
            if e.code != "message_not_found":
                raise

    def _message(self, content: Alert | Digest, page: int, key: str) -> dict[str, Any]:
        messages = _messages(with_page(content, self._page))
        message = messages[page] if page < len(messages) else _EMPTY
        # The buttons judge the alert, so they stand under its first message, and not in its thread or on a digest.
        buttons = [actions_block(key)] if self._buttons and page == 0 and isinstance(content, Alert) else []
        return {
            "text": message.text,
            "blocks": [*message.blocks, *buttons],
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": key}},
            "parse": "none",
            "link_names": False,
        }

    def _channel_id(self, channel: str) -> str:
        """The id to post to; the name as it is when the app may not look it up, for Slack to resolve."""
        return self.locate(channel) or channel

    def _send_message(self, method: str, channel: str, arguments: dict[str, Any], name: str) -> Receipt:
        """Where the message ``name`` is, after one call.

        When Slack refuses its blocks the error says that it can be sent again, and then it is sent as plain text.
        """
        if name in self._refused_blocks:
            arguments = {k: v for k, v in arguments.items() if k != "blocks"} | _WITHOUT_BLOCKS[method]
        try:
            answer = self._call(method, channel, "chat:write", json=arguments)
        except SlackError as e:
            if e.fault is Fault.ROUTE:
                self._directory.forget(channel)
            if e.code not in BLOCK_ERRORS or name in self._refused_blocks:
                raise
            self._refused_blocks.add(name)
            what = f"{e.what}; it goes out as plain text"
            raise SlackError(Fault.BUSY, what, code=e.code, where=channel) from None
        where, ts = answer.get("channel"), answer.get("ts")
        if not (isinstance(where, str) and isinstance(ts, str) and where and ts):
            what = f"{self._api.host} took the message but did not say where it is"
            raise SlackError(Fault.UNKNOWN, what, where=channel)
        return Receipt(where, ts)

    def _history(
        self, channel: str, channel_id: str, age: timedelta, thread: Receipt | None
    ) -> Iterator[dict[str, Any]]:
        """The messages of the channel from the newest, or of the thread from its oldest, posted within ``age``.

        How old one is the clock in Slack's own answer says, by which Slack also dates messages: ours may be wrong.
        """
        method = "conversations.replies" if thread else "conversations.history"
        params = {"channel": channel_id, "limit": _PAGE_SIZE, "include_all_metadata": True}
        if thread:
            params["ts"] = thread.id
        oldest, cursor = None, ""
        while True:
            page, headers = self._answer(method, channel, "channels:history", params={**params, "cursor": cursor})
            if oldest is None:
                oldest = ((parse_date(headers.get("date")) or datetime.now(UTC)) - age).timestamp()
            for message in page.get("messages") or ():
                if float(message.get("ts", 0)) >= oldest:
                    yield message
                elif not thread:
                    return
            if not (cursor := next_cursor(page)):
                return

    def _call(self, method: str, channel: str, scope: str, **arguments: Any) -> dict[str, Any]:
        return self._answer(method, channel, scope, **arguments)[0]

    def _answer(self, method: str, channel: str, scope: str, **arguments: Any) -> tuple[dict[str, Any], dict[str, str]]:
        try:
            return self._api.call(method, self._token, channel, scope, **arguments)
        except SlackError as e:
            # Slack limits posts by channel, which holds for this one; other methods for the whole workspace.
            e.service |= e.code == "ratelimited" and not method.startswith("chat.")
            raise


def _messages(content: Alert | Digest) -> list[Message]:
    return card.alert_messages(content) if isinstance(content, Alert) else digest_messages(content)


def _hash(message: Message) -> str:
    parts = json.dumps([message.text, message.blocks], sort_keys=True).encode("utf-8", "replace")
    return hashlib.blake2b(parts, digest_size=16).hexdigest()


def _key_of(message: dict[str, Any]) -> str | None:
    """The key of a message that podwatch posted; None of others."""
    metadata = message.get("metadata") or {}
    return (metadata.get("event_payload") or {}).get("key") if metadata.get("event_type") == EVENT_TYPE else None
