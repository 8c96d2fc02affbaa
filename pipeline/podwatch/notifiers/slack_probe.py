"""Checks that Slack gives podwatch what it needs, without posting anything: for ``podwatch doctor``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from podwatch.notifiers.slack_api import NO_PROXY, SlackApi, parse_date
from podwatch.notifiers.slack_channel_ids import ChannelDirectory
from podwatch.notifiers.slack_errors import error_from_code
from podwatch.settings import Secret

TIMEOUT = 15.0  # seconds
# scope -> what podwatch does with it; the second group only for private channels
REQUIRED_SCOPES = {
    "chat:write": "to post",
    "channels:read": "to find a channel by its name",
    "channels:history": "to look whether a message whose answer was lost has arrived",
}
PRIVATE_CHANNEL_SCOPES = {
    "groups:read": "to find private channels",
    "groups:history": "to look for messages in private channels",
}


@dataclass(frozen=True, slots=True)
class Bot:
    """Who the token is. scopes: None when the server does not say; clock: Slack's, when it answered."""

    name: str
    team: str
    scopes: frozenset[str] | None
    clock: datetime | None


class SlackProbe:
    """Reads only. Each method raises ChannelError, with what to do, when something is missing."""

    def __init__(self, token: Secret, base_url: str, proxy: Secret = NO_PROXY) -> None:
        self._token, self._api = token, SlackApi(base_url, TIMEOUT, proxy)
        self._directory = ChannelDirectory(self._call)

    def identify_bot(self) -> Bot:
        """Who the bot token belongs to (auth.test; Slack names the token's scopes in a header of each answer)."""
        data, headers = self._api.call("auth.test", self._token, self._api.host, "chat:write")
        listed = headers.get("x-oauth-scopes")
        scopes = None if listed is None else frozenset(part.strip() for part in listed.split(",") if part.strip())
        return Bot(str(data.get("user") or "?"), str(data.get("team") or "?"), scopes, parse_date(headers.get("date")))

    def check_app_token(self, app_token: Secret) -> None:
        """Whether the app-level token opens Socket Mode connections; none is opened."""
        self._api.call("apps.connections.open", app_token, self._api.host, "connections:write")

    def check_channel(self, channel: str) -> str:
        """The channel's id, when podwatch can post there and read its history."""
        channel_id = self._directory.id(channel)
        if channel_id is None:
            raise error_from_code("missing_scope", channel, "channels:read")
        if not channel_id.startswith("D"):  # direct messages can be neither archived nor left
            info = self._call("conversations.info", channel, "channels:read", params={"channel": channel_id})
            facts = info.get("channel") or {}
            if facts.get("is_archived"):
                raise error_from_code("is_archived", channel, "")
            if facts.get("is_member") is False:
                raise error_from_code("not_in_channel", channel, "")
        page = {"channel": channel_id, "limit": 1}
        self._call("conversations.history", channel, "channels:history", params=page)
        return channel_id

    def _call(self, method: str, channel: str, scope: str, **arguments: Any) -> dict[str, Any]:
        return self._api.call(method, self._token, channel, scope, **arguments)[0]
