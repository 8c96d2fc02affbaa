"""Hands alerts to Slack, and finds in a channel's history what it handed over earlier.

slack_sdk's retry handlers are off: after a connection that closed *behind* an accepted message they post it
again and report success. Whoever calls decides about retries, by the ChannelError.
"""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from slack_sdk import WebClient

from pipeline.errors import ChannelError
from pipeline.model import Alert
from pipeline.notifiers import Receipt, card
from pipeline.notifiers.buttons import actions_block
from pipeline.notifiers.slack_directory import Directory
from pipeline.notifiers.slack_errors import OF_BLOCKS, Fault, Refusal, coded, refusal
from pipeline.settings import Secret

EVENT_TYPE = "podwatch_alert"  # of the message metadata that carries an alert's key
TIMEOUT = 15  # seconds, for each operation on the socket; slack_sdk knows no limit for a whole call
CLOCKS_APART = timedelta(hours=1)  # how far this machine's clock may be ahead of Slack's without find() missing a post
_PAGE = 200  # messages; Slack recommends no more
_SENDABLE = re.compile(r"[!-~]+")

# slack_sdk logs whole messages at DEBUG, bodies of answers at ERROR. All that matters is in the ChannelError.
_SILENT = logging.Logger("slack_sdk.silent", logging.CRITICAL + 1)


@cache
def _tls() -> ssl.SSLContext:
    """One context for all: making one costs 40 ms, which slack_sdk would pay for each message."""
    return ssl.create_default_context()


class SlackNotifier:
    """Slack through its Web API.

    Needs the scope chat:write; channels:read (groups:read for private channels) to look up a ``#name``, which Slack
    does itself without; channels:history (groups:history) for find(); users:read and im:write for an ``@name``.
    """

    def __init__(
        self, token: Secret, base_url: str = "https://slack.com/api/", timeout: int = TIMEOUT, *, buttons: bool = False
    ) -> None:
        self._token, self._buttons = token, buttons
        self._host = urlsplit(base_url).hostname or "Slack"
        self._client = WebClient(
            token=token.reveal(), base_url=base_url, timeout=timeout, ssl=_tls(), retry_handlers=[], logger=_SILENT
        )
        self._directory = Directory(self._call)

    def __repr__(self) -> str:
        return f"SlackNotifier({self._host})"

    def send(self, alert: Alert) -> Receipt:
        """Post the alert; as plain text when Slack refuses its blocks. The key travels in the message's metadata."""
        message = {
            "channel": self._address(alert.channel),
            "text": card.text(alert),
            "blocks": [*card.blocks(alert), *([actions_block(alert.key)] if self._buttons else ())],
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": alert.key}},
            # The text is a stranger's: no names made into mentions, no pages fetched on its behalf.
            "mrkdwn": True,
            "parse": "none",
            "link_names": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        try:
            return self._post(alert.channel, message)
        except Refusal as refused:
            if refused.code not in OF_BLOCKS:
                raise
        del message["blocks"]
        return self._post(alert.channel, message)

    def find(self, key: str, channel: str, since: datetime) -> Receipt | None:
        """The message that carries ``key``, among those posted since an hour before ``since`` (for clocks that differ).

        Reads every page of the channel's history. Each ChannelError has ``outcome_unknown`` set.
        """
        try:
            return self._find(key, channel, (since - CLOCKS_APART).timestamp())
        except ChannelError as e:
            e.outcome_unknown = True
            raise

    def _address(self, channel: str) -> str:
        """The id to post to; the name as it is when the app may not look it up, for Slack to resolve."""
        try:
            return self._directory.id(channel) or channel
        except ChannelError as e:
            e.outcome_unknown = False  # whatever happened, it happened before the post
            raise

    def _post(self, channel: str, message: dict[str, Any]) -> Receipt:
        answer = self._call("chat.postMessage", channel, "chat:write", json=message)
        where, ts = answer.get("channel"), answer.get("ts")
        if not (isinstance(where, str) and isinstance(ts, str) and where and ts):
            raise Refusal(Fault.UNKNOWN, f"{self._host} took the message but did not say where it is", where=channel)
        return Receipt(where, ts)

    def _find(self, key: str, channel: str, oldest: float) -> Receipt | None:
        channel_id = self._directory.id(channel)
        if channel_id is None:
            raise coded("missing_scope", channel, "channels:read")
        for message in self._history(channel, channel_id, oldest):
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == EVENT_TYPE and (metadata.get("event_payload") or {}).get("key") == key:
                return Receipt(channel_id, str(message["ts"]))
        return None

    def _history(self, channel: str, channel_id: str, oldest: float) -> Iterator[dict[str, Any]]:
        cursor = ""
        asked = {"channel": channel_id, "limit": _PAGE, "include_all_metadata": True, "oldest": f"{oldest:.6f}"}
        while True:
            page = self._call("conversations.history", channel, "channels:history", params={**asked, "cursor": cursor})
            for message in page.get("messages") or ():
                if float(message.get("ts", 0)) < oldest:  # a compatible server may not know `oldest`
                    return
                yield message
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _call(self, method: str, channel: str, scope: str, **arguments: Any) -> dict[str, Any]:
        """Slack's answer, or a Refusal that names the channel.

        The refusal is raised outside the except clause on purpose: a chained slack_sdk error brings frames along that
        hold the request's headers, and tracebacks with local variables would print the token.
        """
        if not _SENDABLE.fullmatch(self._token.reveal()):
            raise coded("invalid_auth", channel, scope)
        try:
            data = self._client.api_call(method, **arguments).data
            refused = None if isinstance(data, dict) else Refusal(Fault.UNKNOWN, "no JSON answer", where=channel)
        except Exception as error:  # noqa: BLE001 - slack_sdk lets anything out; asked for, it has an outcome
            data, refused = {}, refusal(error, channel, self._host, scope)
        if refused is not None:
            raise refused
        assert isinstance(data, dict)
        return data
